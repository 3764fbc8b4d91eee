"""What stands at the head of every record: who, what, when, with which files, instruments and software."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from instruments.clock import utc_now
from instruments.readings import Identity
from results.trace.schema import (
    AMBIENT,
    AMBIENT_COLUMNS,
    MASS,
    MASS_COLUMNS,
    PRESSURE_COLUMNS,
    PRESSURE_PREFIX,
    PUMP,
    PUMP_COLUMNS,
    SAMPLE_CLOCK,
    SAMPLE_CLOCK_COLUMNS,
    VOLTAGE_COLUMNS,
    VOLTAGE_PREFIX,
    StreamSpec,
)
from rig.acquisition.acquisition import SampledInstruments
from rig.acquisition.pressure_sampler import ANCHOR_PERIOD_S
from rig.acquisition.samplers import ALARM_BIT, PUMP_STATE_CODE
from rig.cases.case import Case
from rig.run_folder import RunFolder
from rig.stations.file import StationFile

PROGRAM = "pump-bench-rig"
LIBRARIES = ("h5py", "nidaqmx", "numpy", "pyserial", "pyvisa", "pyvisa-py", "scipy", "GTC")

TWIN_IN_PROCESS = "none: the bench is a twin in the rig's own process"
"""What trace and record say of the watchdog where a crash of the rig leaves nothing to be made safe."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A connected instrument: who it is, and the settings it confirmed."""

    identity: Identity
    settings: Mapping[str, str]


def installed_version(distribution: str) -> str:
    """Return the version of an installed distribution, or "not installed"."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def run_header(
    station: StationFile, case: Case, folder: RunFolder, prepared: Mapping[str, Prepared], *, virtual: bool, seed: int
) -> dict[str, object]:
    """Return the header of a run, of JSON types; station, plan and evaluation stand in it whole."""
    return {
        "run_id": folder.run_id,
        "start_utc": utc_now().isoformat(),
        "simulated": station.is_simulated,
        "title": f"{case.plan.title}: {case.name}",
        "program": {"name": PROGRAM, "version": installed_version(PROGRAM)},
        "software": {
            "python": platform.python_version(),
            "platform": platform.platform(),
            **{name: installed_version(name) for name in LIBRARIES},
        },
        "station": {"id": station.id, "sha256": station.sha256},
        "plan": {
            "id": case.plan.id,
            "revision": case.plan.revision,
            "procedure": case.plan.procedure,
            "case": case.name,
            "sha256": case.plan.sha256,
            "requirements": list(case.plan.requirements),
            "deviation": case.deviation,
        },
        "conditions": case.conditions.model_dump(mode="json"),
        "plan_toml": case.plan.text,
        "station_toml": station.text,
        "evaluation": case.evaluation.model_dump(mode="json"),
        "after_check": _after_check(station, case),
        "gravimetric_bench": station.setup.model_dump(mode="json"),
        "simulation": simulation_words(station, virtual=virtual, seed=seed),
        "instruments": {name: {**asdict(one.identity), **one.settings} for name, one in prepared.items()},
    }


def _after_check(station: StationFile, case: Case) -> dict[str, object] | None:
    after = station.checks.after
    return after.model_dump(mode="json") if after is not None and case.is_checked_afterwards else None


def simulation_words(station: StationFile, *, virtual: bool, seed: int) -> dict[str, object] | None:
    """Return seed and clock of a simulated station, None for hardware; a twin in another process has its own seed."""
    if not station.is_simulated:
        return None
    return {"seed": None if station.attach else seed, "clock": "virtual" if virtual else "wall"}


def stream_specs(sampled: SampledInstruments, prepared: Mapping[str, Prepared]) -> list[StreamSpec]:
    """Return the streams this station records."""

    def identity(name: str) -> dict[str, str]:
        return {"instrument": name, **asdict(prepared[name].identity)}

    pump_legend = {
        "state_legend": ", ".join(f"{code}={state.value}" for state, code in PUMP_STATE_CODE.items()),
        "alarms_legend": ", ".join(f"{bit}={alarm.value}" for alarm, bit in ALARM_BIT.items()),
    }
    return [
        StreamSpec(MASS, MASS_COLUMNS, sampled.balance_period_s, attributes=identity("balance")),
        *(
            StreamSpec(
                PRESSURE_PREFIX + channel,
                PRESSURE_COLUMNS,
                1.0 / sampled.pressure_rate_hz,
                hardware_timed=True,
                attributes={**identity("pressure"), "channel": channel},
            )
            for channel in sampled.pressure.channels
        ),
        *(
            StreamSpec(
                VOLTAGE_PREFIX + voltage,
                VOLTAGE_COLUMNS,
                1.0 / sampled.pressure_rate_hz,
                hardware_timed=True,
                attributes={**identity("pressure"), "channel": voltage},
            )
            for voltage in sampled.pressure.voltages
        ),
        StreamSpec(SAMPLE_CLOCK, SAMPLE_CLOCK_COLUMNS, ANCHOR_PERIOD_S, attributes=identity("pressure")),
        StreamSpec(AMBIENT, AMBIENT_COLUMNS, sampled.ambient_period_s, attributes=identity("ambient")),
        StreamSpec(PUMP, PUMP_COLUMNS, sampled.telemetry_period_s, attributes={**identity("pump"), **pump_legend}),
    ]
