"""Any programme of phases on the digital twin, straight to arrays: the record a rig would have made, and the truth."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instruments.simulated.physics.arrays import BalanceSet, BenchArrays, Command, PumpFlow, Valve, simulate_arrays
from instruments.simulated.physics.water import density_kg_per_m3
from instruments.simulated.truth import TwinConfig, twin_from_mapping
from results.measured.run_record import RunRecord
from results.measured.weighing import weighed_phases
from results.series import AmbientSeries, FlowSeries, Phase

STATIONS = Path(__file__).parents[2] / "rig" / "stations"
PRIME_S = 300.0
PRIME_UL_PER_H = 1000.0
REFERENCE_C = 20.0
AMBIENT_S = 10.0
Fault = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
"""Makes the readings (g) at times (s) what a fault makes of them."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One phase of a programme: its name ("" for none), how long (s), and what the pump's mechanism is set to."""

    name: str
    duration_s: float
    flow_ul_per_h: float


@dataclass(frozen=True, slots=True)
class TwinRun:
    """The record, and the true volume (uL at 20 Celsius) out of the tip by each reading's time."""

    record: RunRecord
    time_s: NDArray[np.float64]
    tip_ul: NDArray[np.float64]

    def true_ul(self, begin_s: float, end_s: float) -> float:
        """Return the volume that truly left the tip between two instants (s), uL at 20 Celsius."""
        return float(np.diff(np.interp((begin_s, end_s), self.time_s, self.tip_ul))[0])

    def true_phase_ul(self, name: str) -> float:
        """Return the volume that truly left the tip in a phase, uL at 20 Celsius."""
        phase = self.record.phase(name)
        return self.true_ul(phase.begin_s, phase.end_s)


def run_programme(
    stretches: Sequence[Stretch],
    seed: int,
    *,
    reading_s: float = 1.0,
    station: str = "simulated",
    events: Sequence[Mapping[str, object]] = (),
    fault: Fault | None = None,
) -> TwinRun:
    """Run a programme after a prime to waste on the twin of a shipped station, with events of the twin's truth.

    `fault`: what is made of the readings before anybody sees them.
    """
    schedule: list[Command] = [
        BalanceSet(0.0, "zero_tracking", False),
        BalanceSet(0.0, "adaptive", False),
        BalanceSet(0.0, "filter", "very stable"),
        PumpFlow(0.0, PRIME_UL_PER_H),
        PumpFlow(PRIME_S, 0.0),
        Valve(PRIME_S, "outlet", True),
    ]
    phases: dict[str, Phase] = {}
    at_s, flow = PRIME_S, 0.0
    for stretch in stretches:
        if stretch.flow_ul_per_h != flow:
            schedule.append(PumpFlow(at_s, stretch.flow_ul_per_h))
            flow = stretch.flow_ul_per_h
        if stretch.name:
            phases[stretch.name] = Phase(at_s, at_s + stretch.duration_s)
        at_s += stretch.duration_s
    time_s = np.arange(0.0, at_s + reading_s, reading_s)
    arrays = simulate_arrays(_twin(station, events), seed, schedule, time_s)
    series = FlowSeries(
        time_s=time_s,
        mass_g=arrays.indication_g if fault is None else fault(time_s, arrays.indication_g),
        status=np.ones(time_s.size, dtype=np.uint8),
        phases=weighed_phases(phases, phases.values()),
        ambient=_ambient(arrays, every=max(1, round(AMBIENT_S / reading_s))),
        simulated=True,
    )
    tip_ul = arrays.tip_mass_g / float(density_kg_per_m3(REFERENCE_C)) * 1e6
    return TwinRun(RunRecord(series=series, phases=phases), time_s, tip_ul)


def _twin(station: str, events: Sequence[Mapping[str, object]]) -> TwinConfig:
    with (STATIONS / station / "twin.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)
    return twin_from_mapping(table | {"event": [dict(event) for event in events]})


def _ambient(arrays: BenchArrays, *, every: int) -> AmbientSeries:
    errors = arrays.drawn.ambient_sensor
    return AmbientSeries(
        time_s=arrays.times_s[::every],
        temperature_c=arrays.temperature_c[::every] + errors.temperature_error_k.value,
        humidity_percent=arrays.humidity_percent[::every] + errors.humidity_error_percent.value,
        pressure_hpa=arrays.pressure_hpa[::every] + errors.pressure_error_hpa.value,
    )
