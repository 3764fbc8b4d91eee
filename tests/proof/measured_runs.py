"""What the programmes on the twin share: what they are evaluated with, a pump that calculates, and error over U."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from results import bolus_statistics
from results.bench import GravimetricBench
from results.bolus_outcome import BolusOutcome
from results.decision import DecisionRule, MeasuredValue
from results.evaluation import Liquid
from results.measured.outcome import MeasuredOutcome
from results.measured.pump_log import PumpLog
from results.measured.run_record import RunRecord
from results.trace.schema import TraceEvent
from rig.stations.file import load_station_file
from tests.proof.measured_bench import Stretch, TwinRun

HOUR_S = 3600.0
POLL_S = 10.0
BLANK_S = 2.0 * HOUR_S
COMMON: dict[str, Any] = {
    "volume_reference_temperature_c": 20.0,
    "liquid": Liquid(kind="water"),
    "stroke_volume_ul": 1.0,
    "decision_rule": DecisionRule(kind="guarded"),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """The outcome of one run, and the truth of each of its measurands that has one."""

    outcome: MeasuredOutcome | BolusOutcome
    truth: Mapping[str, float]

    def value(self, name: str) -> MeasuredValue | None:
        """Return a measured value by its name, None where it is absent."""
        return self.values()[name]

    def values(self) -> dict[str, MeasuredValue | None]:
        """Return every measured value by its name."""
        if isinstance(self.outcome, MeasuredOutcome):
            return {one.name: one.value for one in self.outcome.measurands}
        errors = [one.error for one in self.outcome.boluses]
        values: dict[str, MeasuredValue | None] = {f"bolus error {n}": error for n, error in enumerate(errors, 1)}
        values |= {f"bolus duration {n}": one.duration for n, one in enumerate(self.outcome.boluses, 1)}
        values[bolus_statistics.MEAN_ERROR] = self.outcome.mean_error.measured
        values[bolus_statistics.SD_ERROR] = self.outcome.sd_error.sd if self.outcome.sd_error else None
        return values

    def misses(self) -> dict[str, float]:
        """Return error over U of every value whose error exceeds its U."""
        return {name: share for name, share in self.shares().items() if not abs(share) <= 1.0}

    def shares(self) -> dict[str, float]:
        """Return error over U of every value."""
        return {
            name: (value.value - self.truth[name]) / value.expanded_uncertainty
            for name, value in self.values().items()
            if value is not None and name in self.truth
        }


def shipped(station: str = "simulated") -> GravimetricBench:
    """Return what a shipped station states of its bench."""
    return load_station_file(station).setup


def between_blanks(*stretches: Stretch) -> list[Stretch]:
    """Return a programme with a blank before and after."""
    return [Stretch("blank_before", BLANK_S, 0.0), *stretches, Stretch("blank_after", BLANK_S, 0.0)]


def calculated_log(
    run: TwinRun, program: list[Stretch], *, fill_ul: float, alarms: Mapping[str, float] | None = None
) -> PumpLog:
    """Return what a pump says that calculates: it delivers what it is set to, and alarms at given instants (s)."""
    begin_s = run.record.phase("blank_before").begin_s
    edges_s = begin_s + np.concatenate(([0.0], np.cumsum([one.duration_s for one in program])))
    volumes_ul = np.concatenate(([0.0], np.cumsum([one.flow_ul_per_h * one.duration_s / 3600.0 for one in program])))
    time_s = np.arange(3.0, float(edges_s[-1]), POLL_S)
    delivered_ul = np.interp(time_s, edges_s, volumes_ul)
    up = [frozenset(name for name, at_s in (alarms or {}).items() if t >= at_s) for t in time_s]
    return PumpLog(
        time_s=time_s,
        set_flow_ul_per_h=np.zeros(time_s.size),
        delivered_ul=delivered_ul,
        reservoir_ul=fill_ul - delivered_ul,
        states=("infusing",) * time_s.size,
        alarms=tuple(up),
    )


def with_log(run: TwinRun, log: PumpLog, *events: TraceEvent) -> RunRecord:
    """Return the record of a run with what the pump said, and events."""
    return replace(run.record, pump=lambda: log, events=events)


def error_percent(true: float, nominal: float) -> float:
    """Return 100 (true / nominal - 1)."""
    return 100.0 * (true / nominal - 1.0)
