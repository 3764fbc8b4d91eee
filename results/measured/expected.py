"""A test as planned, and the record it is expected to make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.bench import GravimetricBench
from results.cleaning.readings import CleanReadings
from results.evaluation import VolumeEvaluation
from results.expected_record import EXPECTED_CHANGE_PERCENT, steady_air
from results.gravimetry.air import air_record
from results.gravimetry.level import level_record
from results.measured.outcome import Outcome
from results.measured.pump_log import PumpLog
from results.measured.run_record import RunRecord
from results.measured.weighing import weighed_phases
from results.series import FlowSeries, Phase
from results.uncertainty.evaporation_lines import UG_PER_MIN

_G_PER_UL = 0.998e-3
_MOST_READINGS = 100_000
_SEED = 20_240_103
_POLL_S = 10.0


@dataclass(frozen=True, slots=True)
class PlannedPhase:
    """A phase as planned: its name ("" where the record names none), how long (s), the pump's set flow (uL/h)."""

    name: str
    duration_s: float
    flow_ul_per_h: float


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """A test as planned, from its first blank to its last; `measure` evaluates the record it will make.

    `lengthen`: the phases whose names begin so could be made longer, were the test not feasible; "" for none.
    """

    programme: tuple[PlannedPhase, ...]
    evaluation: VolumeEvaluation
    measure: Callable[[RunRecord, Any, GravimetricBench], Outcome]
    reading_interval_s: float
    lengthen: str = ""

    def longer(self, prefix: str, times: float) -> PlannedTest:
        """Return the test with the phases whose names begin with a prefix so many times as long."""
        return replace(
            self,
            programme=tuple(
                replace(one, duration_s=one.duration_s * times) if one.name.startswith(prefix) else one
                for one in self.programme
            ),
        )


def expected_record(test: PlannedTest, bench: GravimetricBench) -> RunRecord:
    """Return the record of a pump at its set flows in a steady room, with the bench's stated noise and evaporation.

    Evaporation changes by `EXPECTED_CHANGE_PERCENT` of itself from one end to the other. Raises `EvaluationRefused`
    for a vessel that would run over.
    """
    edges_s = np.concatenate(([0.0], np.cumsum([one.duration_s for one in test.programme])))
    volumes_ul = np.concatenate(
        ([0.0], np.cumsum([one.duration_s * one.flow_ul_per_h / 3600.0 for one in test.programme]))
    )
    phases = {
        one.name: Phase(float(begin_s), float(begin_s) + one.duration_s)
        for one, begin_s in zip(test.programme, edges_s, strict=False)
        if one.name
    }
    end_s = float(edges_s[-1])
    interval_s = max(test.reading_interval_s, end_s / _MOST_READINGS)
    time_s = np.arange(0.0, end_s + interval_s, interval_s)
    delivered_ul = np.interp(time_s, edges_s, volumes_ul)
    sign = 1.0 if test.evaluation.direction == "collect" else -1.0
    mass_g = sign * _G_PER_UL * delivered_ul
    ambient = steady_air(float(time_s[-1]))
    clean = CleanReadings(time_s=time_s, mass_g=mass_g, recorded=time_s.size, exclusions=())
    air = air_record(
        ambient, begin_s=0.0, end_s=float(time_s[-1]), bench=bench, level=level_record(clean, bench, filled_s=0.0)
    )
    change = 1.0 + EXPECTED_CHANGE_PERCENT / 100.0 * (time_s / end_s - 0.5)
    lost_g = (bench.evaporation_limit_ug_per_min or 0.0) / UG_PER_MIN * air.drive_at(time_s) * change
    generator = np.random.Generator(np.random.Philox(_SEED))
    noise_g = bench.balance_repeatability_mg * 1e-3 * generator.standard_normal(time_s.size)
    series = FlowSeries(
        time_s=time_s,
        mass_g=mass_g - lost_g + noise_g,
        status=np.zeros(time_s.size, dtype=np.uint8),
        phases=weighed_phases(phases, phases.values()),
        ambient=ambient,
    )
    log = _calculated(edges_s, volumes_ul)
    return RunRecord(series=series, phases=phases, pump=lambda: log)


def _calculated(edges_s: NDArray[np.float64], volumes_ul: NDArray[np.float64]) -> PumpLog:
    """Return what a pump says of itself that delivers as set and has nothing to alarm for."""
    time_s = np.arange(0.0, float(edges_s[-1]) + _POLL_S, _POLL_S)
    delivered_ul = np.asarray(np.interp(time_s, edges_s, volumes_ul))
    return PumpLog(
        time_s=time_s,
        set_flow_ul_per_h=np.zeros(time_s.size),
        delivered_ul=delivered_ul,
        reservoir_ul=-delivered_ul,
        states=("",) * time_s.size,
        alarms=(frozenset[str](),) * time_s.size,
    )
