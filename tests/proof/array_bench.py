"""A plan's case on the digital twin, straight to arrays: what the rig would have recorded, and the truth."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instruments.simulated.physics.arrays import BalanceSet, BenchArrays, Command, PumpFlow, Valve, simulate_arrays
from instruments.simulated.physics.water import density_kg_per_m3
from instruments.simulated.truth import TwinConfig, twin_from_mapping
from results.bench import GravimetricBench
from results.evaluate_flow import evaluate_flow
from results.outcome import FlowOutcome
from results.series import AmbientSeries, FlowPhases, FlowSeries, Phase
from rig.plan import load_plan
from rig.procedures.flow_accuracy import FlowCase
from rig.stations.file import load_station_file

_ROOT = Path(__file__).parents[2]
_TWIN = _ROOT / "rig" / "stations" / "simulated" / "twin.toml"
FLOW_ACCURACY = _ROOT / "protocols" / "flow_accuracy.toml"


@dataclass(frozen=True, slots=True)
class ArrayRun:
    """One run: what was recorded, the twin's truth over the analysis period, and the twin as drawn.

    `true_flow_ul_per_h`: mean flow out of the catheter tip, its volume at the reference temperature.
    `evaporated_g`: what had left the vessel as vapour at each reading.
    """

    series: FlowSeries
    case: FlowCase
    true_flow_ul_per_h: float
    evaporated_g: NDArray[np.float64]
    drawn: TwinConfig

    @property
    def true_error_percent(self) -> float:
        """True error of the mean flow against the set flow, %."""
        return 100.0 * (self.true_flow_ul_per_h / self.case.flow_ul_per_h - 1.0)

    def evaluated(self, bench: GravimetricBench) -> FlowOutcome:
        """Return the outcome as an engineer at `bench` would get it."""
        return evaluate_flow(self.series, self.case.evaluation, bench=bench)


def shipped_case(name: str) -> FlowCase:
    """Return a case of the shipped plan."""
    return load_plan(FLOW_ACCURACY).case(name, FlowCase)


def shipped_bench() -> GravimetricBench:
    """Return what the shipped simulated station states of its bench."""
    return load_station_file("simulated").setup


def twin(changes: Mapping[str, object] | None = None, *, events: Sequence[Mapping[str, object]] = ()) -> TwinConfig:
    """Return the shipped twin with changes such as {"meniscus.capillary_ul": 0.1} and with events."""
    with _TWIN.open("rb") as file:
        table: dict[str, Any] = copy.deepcopy(tomllib.load(file))
    for key, value in (changes or {}).items():
        *path, name = key.split(".")
        place = table
        for part in path:
            place = place[part]
        if name not in place:
            raise KeyError(key)
        place[name] = value
    return twin_from_mapping(table | {"event": [dict(event) for event in events]})


def phases_of(case: FlowCase) -> FlowPhases:
    """Return the phases of a case that begins with its prime at 0 s."""
    at_s = case.prime.duration_s or 0.0
    phases = []
    for duration_s in (case.blank_s, case.stabilisation_s, case.analysis_s, case.blank_s):
        phases.append(Phase(at_s, at_s + duration_s) if duration_s > 0.0 else None)
        at_s += duration_s
    before, stabilisation, analysis, after = phases
    if analysis is None:
        raise ValueError(f"case {case.name!r} has no analysis period")
    return FlowPhases(
        analysis=analysis,
        stabilisation=stabilisation,
        blank_before=before,
        blank_after=after,
        infusion_start_s=(stabilisation or analysis).begin_s,
    )


def run_case(
    case: FlowCase,
    truth: TwinConfig,
    seed: int,
    *,
    reading_interval_s: float = 1.0,
    timing_error_s: tuple[float, float] = (0.0, 0.0),
) -> ArrayRun:
    """Run a case as the flow-accuracy protocol does, on the twin of a seed; the air is read every 10 s.

    `timing_error_s`: how much later than the record says the analysis period really began and ended.
    """
    phases = phases_of(case)
    times_s = np.arange(0.0, phases.end_s, reading_interval_s)
    # Beyond the last reading stand the two instants between which the truth is wanted.
    ends_s = np.array([phases.analysis.begin_s, phases.analysis.end_s]) + timing_error_s
    arrays = simulate_arrays(truth, seed, _schedule(case, phases), np.concatenate((times_s, ends_s)))
    delivered_g = float(np.diff(arrays.tip_mass_g[-2:])[0])
    reference = float(density_kg_per_m3(case.evaluation.volume_reference_temperature_c))
    return ArrayRun(
        series=FlowSeries(
            time_s=times_s,
            mass_g=arrays.indication_g[:-2],
            status=np.ones(times_s.size, dtype=np.uint8),
            phases=phases,
            ambient=_ambient(arrays, times_s.size, every=max(1, round(10.0 / reading_interval_s))),
            simulated=True,
        ),
        case=case,
        true_flow_ul_per_h=delivered_g / reference * 1e6 / phases.analysis.duration_s * 3600.0,
        evaporated_g=arrays.evaporated_g[:-2],
        drawn=arrays.drawn,
    )


def _schedule(case: FlowCase, phases: FlowPhases) -> list[Command]:
    if phases.blank_before is None or phases.infusion_start_s is None:
        raise ValueError(f"case {case.name!r} has no blank")
    return [
        BalanceSet(0.0, "zero_tracking", False),
        BalanceSet(0.0, "adaptive", False),
        BalanceSet(0.0, "filter", "very stable"),
        PumpFlow(0.0, case.prime.flow_ul_per_h),
        PumpFlow(phases.blank_before.begin_s, 0.0),
        Valve(phases.blank_before.begin_s, "outlet", True),
        PumpFlow(phases.infusion_start_s, case.flow_ul_per_h),
        PumpFlow(phases.analysis.end_s, 0.0),
    ]


def _ambient(arrays: BenchArrays, readings: int, *, every: int) -> AmbientSeries:
    """Return what the ambient sensor says: the room's air with the sensor's drawn errors."""
    chosen = slice(0, readings, every)
    errors = arrays.drawn.ambient_sensor
    return AmbientSeries(
        time_s=arrays.times_s[chosen],
        temperature_c=arrays.temperature_c[chosen] + errors.temperature_error_k.value,
        humidity_percent=arrays.humidity_percent[chosen] + errors.humidity_error_percent.value,
        pressure_hpa=arrays.pressure_hpa[chosen] + errors.pressure_error_hpa.value,
    )
