"""How a pump was made: what its firmware knows of itself, and what the truth says is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from instruments.readings import Identity, PumpAlarm
from instruments.simulated.devices.pump.limits import PumpLimits, external_limits
from instruments.simulated.devices.pump.line_sensor import SensorBuild
from instruments.simulated.devices.pump.occlusion import OcclusionBuild
from instruments.simulated.truth.config import TwinConfig, TwinConfigError
from instruments.simulated.truth.events import PumpFailure
from instruments.simulated.truth.fluid_path import PumpTruth


@dataclass(frozen=True, slots=True)
class PumpBuild:
    """How this pump was made. `identity` tells who answers at a bench time (s)."""

    identity: Callable[[float], Identity]
    limits: PumpLimits
    reservoir_ul: float
    """What it takes its reservoir to hold at power-up."""
    clock_error_ppm: float
    stall_detection_s: float | None
    occlusion: OcclusionBuild | None = None
    """An external pump's; an implant has none."""
    missed_change: int | None = None
    """The change of flow (1 is the first) that the firmware reports and does not pass on to the motor."""
    silent_alarms: frozenset[PumpAlarm] = frozenset()
    """Alarms it never raises."""
    ignores_lockout: bool = False
    failures: tuple[tuple[float, str], ...] = ()
    """Bench times at which the pump finds something wrong with itself, and the alarms it then raises, by name."""


def build_of(config: TwinConfig, identity: Callable[[float], Identity]) -> PumpBuild:
    """Return the build of a pump whose truth has been drawn; `TwinConfigError` for an external one without a sensor."""
    truth = config.pump
    external = truth.kind == "external"
    return PumpBuild(
        identity=identity,
        limits=(external_limits if external else PumpLimits)(truth.reservoir_capacity_ul),
        reservoir_ul=truth.reservoir_ul,
        clock_error_ppm=truth.crystal_error_ppm.value,
        stall_detection_s=truth.stall_detection_s,
        occlusion=_occlusion(truth) if external else None,
        missed_change=truth.missed_step,
        silent_alarms=frozenset(PumpAlarm[name] for name in truth.silent_alarms),
        ignores_lockout=truth.ignores_lockout,
        failures=tuple((event.at_s, event.alarm) for event in config.event if isinstance(event, PumpFailure)),
    )


def _occlusion(truth: PumpTruth) -> OcclusionBuild:
    sensor = truth.occlusion_sensor
    if sensor is None:
        fault = "pump.occlusion_sensor: the external pump of the bench interface has one; silent = true where it fails"
        raise TwinConfigError("twin", (fault,))
    return OcclusionBuild(
        SensorBuild(sensor.error_kpa.value, sensor.gain_error_percent.value, sensor.period_s),
        latency_s=sensor.latency_s,
        contact_latency_s=sensor.contact_latency_s,
        silent=sensor.silent,
        reduction_works=sensor.bolus_reduction,
    )
