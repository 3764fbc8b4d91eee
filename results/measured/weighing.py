"""The kit to weigh a delivery with: every volume of a test from one record, each with its whole budget."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from results.bench import GravimetricBench
from results.cleaning.disturbances import Undisturbed
from results.cleaning.findings import NOT_WEIGHED, findings_notes
from results.cleaning.readings import CleanReadings, clean_readings
from results.cleaning.tare import refuse_tare
from results.evaluation import VolumeEvaluation
from results.flow_notes import air_notes, evaporation_notes
from results.gravimetry.collection import Collection, collected_from
from results.measured.bursts import Burst, Pan, undisturbed_about
from results.measured.steady import pauses_in
from results.refusal import EvaluationRefused
from results.series import FlowPhases, FlowSeries, Phase
from results.uncertainty.budget import Budget, BudgetLine, combine
from results.uncertainty.cleaning_lines import cleaning_lines
from results.uncertainty.drift import Drift, drift_of
from results.uncertainty.flow_lines import volume_lines
from results.uncertainty.lines import rectangular

_G_PER_UL = 1e-3
_PULLS = 2.0
_GAP_PERIODS = 3.0
"""A gap of more than so many reading periods at an end of a period leaves open when the delivery in it came."""


def weighed_phases(phases: Mapping[str, Phase], parts: Iterable[Phase]) -> FlowPhases:
    """Return the phases to weigh by: all parts of the test as one, between its blanks."""
    chosen = tuple(parts)
    return FlowPhases(
        analysis=Phase(min(part.begin_s for part in chosen), max(part.end_s for part in chosen)),
        blank_before=phases.get("blank_before"),
        blank_after=phases.get("blank_after"),
    )


def steady_part(step: Phase, settle_s: float) -> Phase:
    """Return what is left of a step after its begin was left out. Raises `EvaluationRefused` when nothing is."""
    if not settle_s < step.duration_s:
        raise EvaluationRefused(f"a step of {step.duration_s:g} s leaves nothing to measure after {settle_s:g} s")
    return Phase(step.begin_s + settle_s, step.end_s)


@dataclass(frozen=True, slots=True)
class Weighing:
    """A record ready to weigh any volume of; made by `of`."""

    readings: CleanReadings
    collection: Collection
    evaluation: VolumeEvaluation
    bench: GravimetricBench
    drift: Drift
    test: Phase
    quantum_g: float

    @classmethod
    def of(
        cls,
        series: FlowSeries,
        evaluation: VolumeEvaluation,
        bench: GravimetricBench,
        *,
        fastest_ul_per_h: float,
        bursts: Sequence[Burst] = (),
    ) -> Weighing:
        """Return the kit for a record. Raises `EvaluationRefused` where no honest number can be computed.

        `fastest_ul_per_h`: the highest flow the pump is set to; what is faster is taken for a disturbance of the
        balance and treated as in a flow test. `bursts`: when another flow than that is due, or delivery comes at once
        (a bolus, an occlusion let go).
        """
        phases = series.phases
        refuse_tare(series)
        treated = _treated(series, evaluation, bench, fastest_ul_per_h, bursts)
        readings = treated.readings
        collection = collected_from(series, readings, evaluation=evaluation, bench=bench)
        drift = drift_of(bench, collection.evaporation.blanks)
        return cls(readings, collection, evaluation, bench, drift, phases.analysis, treated.quantum_g)

    def with_pauses(self, steady: Iterable[Phase]) -> Weighing:
        """Return the kit with what paused within periods of even flow as findings that widen U, as in a flow test.

        By weighing alone a pump that pauses and a bubble that passes the outlet are one. What lasts from the begin or
        until the end of a period is no such pause: there the flow was changed.
        """
        pauses = [found for period in steady for found in pauses_in(self, period)]
        return replace(self, readings=replace(self.readings, findings=(*self.readings.findings, *pauses)))

    def volume(self, period: Phase) -> Budget:
        """Return the volume (uL) delivered in a period, with its budget."""
        volume_ul = float(np.diff(self.volumes_ul((period.begin_s, period.end_s)))[0])
        return self._combined(volume_ul, "uL", self.lines(period, volume_ul), 1.0)

    def mean_flow(self, period: Phase) -> Budget:
        """Return the mean flow (uL/h) of a period, with its budget."""
        return self.scaled(self.volume(period), 3600.0 / period.duration_s, "uL/h")

    def error(self, period: Phase, *, set_volume_ul: float) -> Budget:
        """Return the error (%) of the volume of a period against the one it should be, with its budget."""
        volume = self.volume(period)
        per_ul = 100.0 / set_volume_ul
        return self._combined(volume.measured.value * per_ul - 100.0, "%", volume.lines, per_ul)

    def flow_error(self, period: Phase, *, set_flow_ul_per_h: float) -> Budget:
        """Return the error (%) of the mean flow of a period against the set flow, with its budget."""
        return self.error(period, set_volume_ul=set_flow_ul_per_h * period.duration_s / 3600.0)

    def scaled(self, budget: Budget, factor: float, unit: str) -> Budget:
        """Return a budget in another unit: value and lines times a factor."""
        return self._combined(budget.measured.value * factor, unit, budget.lines, factor)

    def lines(self, period: Phase, volume_ul: float) -> tuple[BudgetLine, ...]:
        """Return every budget line of the volume (uL) of a period.

        Raises `EvaluationRefused` where nobody can tell by how much the pan was touched.
        """
        for found in self.readings.findings:
            if found.treatment == NOT_WEIGHED and found.begin_s < period.end_s and found.end_s > period.begin_s:
                raise EvaluationRefused(
                    f"{found.rule}, by {found.begin_s:.0f} to {found.end_s:.0f} s ({found.size_mg:+.3g} mg): "
                    f"{found.explanation}; run the test again"
                )
        lines = volume_lines(
            self.collection,
            period=period,
            volume_ul=volume_ul,
            evaluation=self.evaluation,
            bench=self.bench,
            drift=self.drift,
        )
        lines += cleaning_lines(self.readings.findings, self.collection, period, volume_ul=volume_ul)
        gaps_ul = [self._across_gap_ul(at_s) for at_s in (period.begin_s, period.end_s)]
        lines += [
            rectangular("no readings at an end of the period", unit="uL", half_width=gap_ul / 2.0, sensitivity=1.0)
            for gap_ul in gaps_ul
            if gap_ul > 0.0
        ]
        return tuple(lines)

    def volumes_ul(self, at_s: Iterable[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the volume (uL, arbitrary zero) delivered by given instants (s).

        Raises `EvaluationRefused` for an instant the readings do not reach.
        """
        times = np.asarray(tuple(at_s) if not isinstance(at_s, np.ndarray) else at_s, dtype=np.float64)
        known_s = self.collection.time_s
        slack_s = _GAP_PERIODS * self.reading_period_s
        if times.min() < known_s[0] - slack_s or times.max() > known_s[-1] + slack_s:
            raise EvaluationRefused(
                f"the readings span {known_s[0]:g} to {known_s[-1]:g} s, not {times.min():g} to {times.max():g} s"
            )
        return np.asarray(np.interp(times, known_s, self.collection.volume_ul))

    @property
    def reading_period_s(self) -> float:
        """Usual time between readings (s)."""
        return float(np.median(np.diff(self.collection.time_s)))

    @property
    def reading_sd_ul(self) -> float:
        """Standard deviation of one reading (uL): as the blanks show it, else as stated."""
        blanks = self.collection.evaporation.blanks
        sd_g = max((one.noise.sd_g for one in blanks), default=self.bench.balance_repeatability_mg * 1e-3)
        return sd_g * self.collection.ul_per_g

    def notes(self) -> tuple[str, ...]:
        """Return what was found, assumed and fallen back on, in words."""
        drift = (self.drift.note,) if self.drift.note else ()
        return (
            *findings_notes(self.readings.findings),
            *evaporation_notes(self.collection, self.drift, self.test),
            *drift,
            *air_notes(self.collection),
        )

    def _across_gap_ul(self, at_s: float) -> float:
        """Return the volume that came in the gap between readings at an instant; 0 where there is none."""
        times = self.collection.time_s
        right = int(np.clip(np.searchsorted(times, at_s), 1, times.size - 1))
        if times[right] - times[right - 1] <= _GAP_PERIODS * self.reading_period_s:
            return 0.0
        return abs(float(self.collection.volume_ul[right] - self.collection.volume_ul[right - 1]))

    def _combined(self, value: float, unit: str, lines: Iterable[BudgetLine], per_ul: float) -> Budget:
        return combine(
            value=value,
            unit=unit,
            lines=[line.scaled(per_ul) for line in lines],
            coverage_percent=self.evaluation.coverage_percent,
        )


def _treated(
    series: FlowSeries,
    evaluation: VolumeEvaluation,
    bench: GravimetricBench,
    fastest_ul_per_h: float,
    bursts: Sequence[Burst],
) -> Undisturbed:
    pan = Pan(
        sign=1.0 if evaluation.direction == "collect" else -1.0,
        readability_g=bench.balance_readability_mg * 1e-3,
        noise_g=math.hypot(bench.balance_repeatability_mg, bench.balance_readability_mg) * 1e-3,
        stroke_g=(evaluation.stroke_volume_ul or 0.0) * _G_PER_UL,
        pull_g=_PULLS * bench.capillary_u_ul * _G_PER_UL,
    )
    readings = clean_readings(series, readability_g=pan.readability_g)
    return undisturbed_about(readings, phases=series.phases, bursts=bursts, fastest_ul_per_h=fastest_ul_per_h, pan=pan)
