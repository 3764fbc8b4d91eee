"""Evaluation of a bolus test: each bolus by settled readings before and after it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from results.bench import GravimetricBench
from results.bolus_duration import bolus_duration
from results.bolus_outcome import (
    BOLUS_OUTCOME_SCHEMA,
    BolusOutcome,
    BolusResult,
    ExcludedBolus,
)
from results.bolus_statistics import (
    MEASURAND_UNITS,
    MEASURANDS,
    bolus_statistics,
    decide_bolus,
    error_percent,
    mean_budget,
    sd_of_errors,
)
from results.bolus_windows import FEWEST_READINGS, BolusTiming, SettledMean, bolus_steps, refuse_overlap, settled_mean
from results.cleaning.findings import Finding, findings_notes
from results.cleaning.readings import CleanReadings, clean_readings
from results.cleaning.tare import refuse_tare
from results.decision import Criterion, DecisionRule, MeasuredValue, combined_verdict
from results.evaluation import VolumeEvaluation
from results.flow_notes import evaporation_notes
from results.flow_uncertainty import rescaled
from results.gravimetry.collection import Collection, collected_from
from results.gravimetry_outcome import air_outcome, blank_outcomes, lost_g
from results.refusal import EvaluationRefused
from results.series import NUMBER_CODES, FlowPhases, FlowSeries, Phase
from results.uncertainty.budget import Budget, combine
from results.uncertainty.drift import Drift, drift_of
from results.uncertainty.flow_lines import volume_lines
from results.uncertainty.lines import normal, rectangular

__all__ = ["MEASURANDS", "BolusEvaluation", "bolus_criterion_problem", "bolus_phases", "evaluate_bolus"]

_SETTLED_SIGMA = 6.0
_LEAST_USED = 0.75
CORRECTED = "fully corrected: evaporation, basal flow, air buoyancy, immersion, density at the reference temperature"


class BolusEvaluation(VolumeEvaluation):
    """How a bolus test is evaluated. `density_g_per_ml` is d of the formula as it is written; see `BolusTiming`.

    Each bolus takes the place of the basal flow for `basal_paused_s`; 0: it comes on top.
    """

    set_volume_ul: float = Field(gt=0.0)
    duration_s: float = Field(ge=0.0)
    settle_s: float = Field(ge=0.0)
    reading_s: float = Field(gt=0.0)
    settled_range_mg: float | None = Field(default=None, gt=0.0)
    units_per_ml: float | None = Field(default=None, gt=0.0)
    basal_flow_ul_per_h: float = Field(default=0.0, ge=0.0)
    basal_flow_u_ul_per_h: float = Field(default=0.0, ge=0.0)
    basal_paused_s: float = Field(default=0.0, ge=0.0)
    density_g_per_ml: float = Field(default=0.998, gt=0.5, lt=2.0)
    criteria: Annotated[tuple[Criterion, ...], Field(strict=False)] = ()
    decision_rule: DecisionRule = DecisionRule(kind="guarded")

    @field_validator("criteria")
    @classmethod
    def _measurands_exist(cls, criteria: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        for criterion in criteria:
            problem = bolus_criterion_problem(criterion)
            if problem:
                raise ValueError(problem)
        return criteria

    @property
    def timing(self) -> BolusTiming:
        """How each bolus is weighed."""
        return BolusTiming(duration_s=self.duration_s, settle_s=self.settle_s, reading_s=self.reading_s)


def bolus_criterion_problem(criterion: Criterion) -> str:
    """Return what is wrong with a criterion of a bolus test; empty when nothing is."""
    if criterion.measurand not in MEASURANDS:
        return f"{criterion.measurand!r} is no measurand of a bolus test; there are {', '.join(map(repr, MEASURANDS))}"
    unit = MEASURAND_UNITS[criterion.measurand]
    if criterion.unit == unit:
        return ""
    return f"criterion {criterion.id!r} is in {criterion.unit!r}; {criterion.measurand!r} is in {unit!r}"


def bolus_phases(
    boluses_s: Sequence[float],
    timing: BolusTiming,
    *,
    blank_before: Phase | None = None,
    blank_after: Phase | None = None,
) -> FlowPhases:
    """Return the phases of a bolus test: from the first reading of the first bolus to the last of the last.

    Raises `EvaluationRefused` without a bolus, or when one starts before the one before it is weighed.
    """
    refuse_overlap(boluses_s, timing)
    test = Phase(timing.before(boluses_s[0])[0], timing.after(boluses_s[-1])[1])
    return FlowPhases(analysis=test, blank_before=blank_before, blank_after=blank_after)


def evaluate_bolus(
    series: FlowSeries, boluses_s: Sequence[float], evaluation: BolusEvaluation, *, bench: GravimetricBench
) -> BolusOutcome:
    """Return the outcome of a bolus test from its readings and the instants (s, rising) at which each bolus starts.

    `series.phases` are those of `bolus_phases`. The volume of a bolus is the rise of the settled mean reading, less
    basal flow and plus evaporation between the two means, corrected as `collect` does. Raises `EvaluationRefused`
    where no honest number can be computed.
    """
    phases = series.phases
    refuse_overlap(boluses_s, evaluation.timing)
    refuse_tare(series)
    readings = _clean(series, boluses_s, evaluation.timing, readability_g=bench.balance_readability_mg * 1e-3)
    collection = collected_from(series, readings, evaluation=evaluation, bench=bench)
    drift = drift_of(bench, collection.evaporation.blanks)
    carries = np.isin(series.status, NUMBER_CODES)
    weighing = _Weighing(
        collection,
        readings.mass_g,
        series.time_s,
        series.time_s[carries],
        series.mass_g[carries],
        evaluation,
        bench,
        drift,
    )
    results: list[BolusResult] = []
    budgets: list[Budget] = []
    excluded: list[ExcludedBolus] = []
    for number, at_s in enumerate(boluses_s, start=1):
        weighed = weighing.bolus(number, at_s)
        if isinstance(weighed, ExcludedBolus):
            excluded.append(weighed)
        else:
            results.append(weighed[0])
            budgets.append(weighed[1])
    if not results:
        raise EvaluationRefused(f"no bolus can be weighed: bolus {excluded[0].number}: {excluded[0].reason}")
    corrected = bolus_statistics(
        CORRECTED, [one.volume.value for one in results], set_volume_ul=evaluation.set_volume_ul
    )
    mean = mean_budget(
        budgets, corrected, set_volume_ul=evaluation.set_volume_ul, coverage_percent=evaluation.coverage_percent
    )
    sd = sd_of_errors(results, set_volume_ul=evaluation.set_volume_ul, coverage_percent=evaluation.coverage_percent)
    decisions = tuple(
        decide_bolus(criterion, evaluation.decision_rule, mean=mean, sd=sd, results=results, excluded=len(excluded))
        for criterion in evaluation.criteria
    )
    return BolusOutcome(
        schema=BOLUS_OUTCOME_SCHEMA,
        run_id=series.run_id,
        title=series.title,
        simulated=series.simulated,
        measurand=(
            f"volume of each bolus beyond the basal flow, at {evaluation.volume_reference_temperature_c:g} Celsius"
        ),
        set_volume_ul=evaluation.set_volume_ul,
        units_per_ml=evaluation.units_per_ml,
        basal_flow_ul_per_h=evaluation.basal_flow_ul_per_h,
        volume_reference_temperature_c=evaluation.volume_reference_temperature_c,
        boluses=tuple(results),
        excluded=tuple(excluded),
        corrected=corrected,
        as_written=bolus_statistics(
            f"as the formula is written: (m_n - m_n-1) / d, d = {evaluation.density_g_per_ml:g} g/mL, evaporation and "
            "basal flow taken off, no buoyancy",
            [one.as_written_volume_ul for one in results],
            set_volume_ul=evaluation.set_volume_ul,
        ),
        mean_error=mean,
        sd_error=sd,
        evaporation_model=collection.evaporation.model,
        evaporation_mean_ug_per_min=lost_g(collection, phases.analysis) / phases.analysis.duration_s * 60e6,
        blanks=blank_outcomes(collection),
        air=air_outcome(collection, phases.analysis),
        recorded_readings=readings.recorded,
        used_readings=readings.time_s.size,
        exclusions=readings.exclusions,
        findings=readings.findings,
        decisions=decisions,
        verdict=combined_verdict(decision.verdict for decision in decisions),
        notes=_notes(
            collection, drift, readings.findings, test=phases.analysis, excluded=excluded, simulated=series.simulated
        ),
    )


@dataclass(frozen=True, slots=True)
class _Weighing:
    """Everything a bolus is weighed with; `reading_g` has the shape of the collection's times.

    `recorded_s` are the times of all readings recorded, fit for evaluation or not; `numbers_s`, `numbers_g`: of those
    with a number.
    """

    collection: Collection
    reading_g: NDArray[np.float64]
    recorded_s: NDArray[np.float64]
    numbers_s: NDArray[np.float64]
    numbers_g: NDArray[np.float64]
    evaluation: BolusEvaluation
    bench: GravimetricBench
    drift: Drift

    def bolus(self, number: int, at_s: float) -> tuple[BolusResult, Budget] | ExcludedBolus:
        """Return a bolus and the budget of its volume, or why it cannot be weighed."""
        timing = self.evaluation.timing
        before, after = self._settled(timing.before(at_s), "before"), self._settled(timing.after(at_s), "after")
        if isinstance(before, str):
            return ExcludedBolus(number=number, at_s=at_s, reason=before)
        if isinstance(after, str):
            return ExcludedBolus(number=number, at_s=at_s, reason=after)
        return self._weighed(number, at_s, before, after)

    def _settled(self, window_s: tuple[float, float], when: str) -> SettledMean | str:
        """Return the mean over a window, or why there is none."""
        mean = self._mean(window_s)
        recorded = np.count_nonzero((self.recorded_s >= window_s[0]) & (self.recorded_s <= window_s[1]))
        if mean is None:
            numbers = np.count_nonzero((self.numbers_s >= window_s[0]) & (self.numbers_s <= window_s[1]))
            few = f"fewer than {FEWEST_READINGS}"
            if numbers < FEWEST_READINGS:
                return f"{few} usable readings {when} it"
            return f"not settled {when} it: of {recorded} readings, {few} are fit for evaluation"
        if mean.readings < _LEAST_USED * recorded:
            return f"not settled {when} it: of {recorded} readings, {mean.readings} are fit for evaluation"
        if not mean.span <= self._settled_range_ul:
            span_mg, limit_mg = (1e3 * ul / self.collection.ul_per_g for ul in (mean.span, self._settled_range_ul))
            return f"not settled {when} it: the readings span {span_mg:.3g} mg, more than {limit_mg:.3g} mg"
        return mean

    @property
    def _settled_range_ul(self) -> float:
        bench, stated = self.bench, self.evaluation.settled_range_mg
        usual_mg = _SETTLED_SIGMA * math.hypot(bench.balance_repeatability_mg, bench.balance_readability_mg)
        return (usual_mg if stated is None else stated) * 1e-3 * self.collection.ul_per_g

    def _mean(self, window_s: tuple[float, float]) -> SettledMean | None:
        collection = self.collection
        inside = slice(
            int(np.searchsorted(collection.time_s, window_s[0], side="left")),
            int(np.searchsorted(collection.time_s, window_s[1], side="right")),
        )
        time_s = collection.time_s[inside]
        basal_ul = self.evaluation.basal_flow_ul_per_h / 3600.0 * (time_s - window_s[0])
        lost = collection.evaporation.lost_g(time_s)
        plain_g = collection.sign * (self.reading_g[inside] + lost)
        return settled_mean(time_s, (collection.volume_ul[inside] - basal_ul, basal_ul, plain_g, lost), window_s)

    def _weighed(self, number: int, at_s: float, before: SettledMean, after: SettledMean) -> tuple[BolusResult, Budget]:
        evaluation, per_g = self.evaluation, self.collection.ul_per_g
        basal_s = max(0.0, after.time_s - before.time_s - evaluation.basal_paused_s)
        basal_ul = evaluation.basal_flow_ul_per_h / 3600.0 * basal_s
        rise_ul = (after.values[0] + after.values[1]) - (before.values[0] + before.values[1])
        volume_ul = rise_ul - basal_ul
        plain_ul = (after.values[2] - before.values[2]) * 1e3 / evaluation.density_g_per_ml - basal_ul
        budget = self._budget(Phase(before.time_s, after.time_s), volume_ul)
        set_ul = evaluation.set_volume_ul
        result = BolusResult(
            number=number,
            at_s=at_s,
            volume=budget.measured,
            budget=budget.lines,
            error=rescaled(budget.measured, value=error_percent(volume_ul, set_ul), unit="%", factor=100.0 / set_ul),
            dose_units=None if evaluation.units_per_ml is None else volume_ul * 1e-3 * evaluation.units_per_ml,
            as_written_volume_ul=plain_ul,
            as_written_error_percent=error_percent(plain_ul, set_ul),
            basal_ul=basal_ul,
            evaporated_ul=self.collection.sign * (after.values[3] - before.values[3]) * per_g,
            duration=self._duration(before, after, volume_ul),
            readings_before=before.readings,
            readings_after=after.readings,
            range_before_mg=before.span / per_g * 1e3,
            range_after_mg=after.span / per_g * 1e3,
        )
        return result, budget

    def _duration(self, before: SettledMean, after: SettledMean, volume_ul: float) -> MeasuredValue | None:
        """Return how long a bolus took, by all readings between its two means: while it flows, none looks settled."""
        collection, evaluation = self.collection, self.evaluation
        inside = slice(*np.searchsorted(self.numbers_s, (before.time_s, after.time_s)))
        time_s = self.numbers_s[inside]
        rise_g = collection.sign * (self.numbers_g[inside] - self.numbers_g[inside.start])
        basal_ul = evaluation.basal_flow_ul_per_h / 3600.0 * (time_s - time_s[0])
        return bolus_duration(
            time_s,
            rise_g * collection.ul_per_g - basal_ul,
            total_ul=volume_ul,
            reading_sd_ul=self.bench.balance_repeatability_mg * 1e-3 * collection.ul_per_g,
            stroke_ul=evaluation.stroke_volume_ul or 0.0,
            response_s=self.bench.balance_response_s,
            coverage_percent=evaluation.coverage_percent,
        )

    def _budget(self, between: Phase, volume_ul: float) -> Budget:
        """Return the budget of a bolus; when it is weighed matters through the basal flow only."""
        evaluation = self.evaluation
        bench = self.bench.model_copy(update={"timing_u_s": 0.0})
        lines = volume_lines(
            self.collection, period=between, volume_ul=volume_ul, evaluation=evaluation, bench=bench, drift=self.drift
        )
        lines += [
            normal(
                "basal flow between the readings",
                value=evaluation.basal_flow_ul_per_h,
                unit="uL/h",
                u=evaluation.basal_flow_u_ul_per_h,
                sensitivity=-max(0.0, between.duration_s - evaluation.basal_paused_s) / 3600.0,
                shared=True,
            ),
            normal(
                "timing of the readings, by the basal flow",
                unit="s",
                u=self.bench.timing_u_s,
                sensitivity=-evaluation.basal_flow_ul_per_h / 3600.0,
            ),
        ]
        if evaluation.basal_flow_ul_per_h > 0.0 and evaluation.stroke_volume_ul is not None:
            # How many whole strokes fall between the readings depends on where the bolus interrupts them: always alike.
            lines.append(
                rectangular(
                    "strokes of the basal flow",
                    unit="uL",
                    half_width=evaluation.stroke_volume_ul,
                    sensitivity=1.0,
                    shared=True,
                )
            )
        return combine(value=volume_ul, unit="uL", lines=lines, coverage_percent=evaluation.coverage_percent)


def _clean(
    series: FlowSeries, boluses_s: Sequence[float], timing: BolusTiming, *, readability_g: float
) -> CleanReadings:
    """Return the readings fit for evaluation; the boluses are known, so they are taken off while spikes are sought."""
    steps = bolus_steps(series.time_s, series.mass_g, boluses_s, timing)
    readings = clean_readings(
        replace(series, mass_g=series.mass_g - steps.at(series.time_s)), readability_g=readability_g
    )
    return replace(readings, mass_g=readings.mass_g + steps.at(readings.time_s))


def _notes(
    collection: Collection,
    drift: Drift,
    findings: tuple[Finding, ...],
    *,
    test: Phase,
    excluded: Sequence[ExcludedBolus],
    simulated: bool,
) -> tuple[str, ...]:
    notes = []
    if simulated:
        notes.append("SIMULATED: no pump was measured; not to be used as verification evidence")
    if excluded:
        notes.append(f"{len(excluded)} boluses could not be weighed and are left out of every mean")
    notes += findings_notes(findings)
    notes += evaporation_notes(collection, drift, test)
    if drift.note:
        notes.append(drift.note)
    if not collection.air.measured:
        notes.append("no air record: laboratory air was assumed, and U widened for the weather")
    elif not collection.air.recorded:
        notes.append("the air is stated, not recorded: U is widened for how much it may have changed")
    return tuple(notes)
