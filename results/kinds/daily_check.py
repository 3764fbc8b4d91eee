"""The daily check: balance against weights, its drift, the line's tightness, the transducers' zero and span."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from results.bench import GravimetricBench
from results.decision import StrictModel
from results.kinds.kind import measured_kind
from results.measured.block_means import mean_of, slope_of
from results.measured.conclude import concluded
from results.measured.evaluation import MeasuredEvaluation
from results.measured.measurand import Measurand, measured
from results.measured.outcome import MeasuredOutcome
from results.measured.run_record import RunRecord, Samples
from results.refusal import EvaluationRefused
from results.series import NUMBER_CODES, Phase
from results.uncertainty.budget import Budget, BudgetLine, combine
from results.uncertainty.lines import normal, rectangular

DRIFT_S = 600.0
_MG_PER_G = 1e3
_FEWEST_READINGS = 5


class CheckWeight(StrictModel):
    """A check weight by its certificate: conventional mass (g) and standard uncertainty (mg)."""

    mass_g: float = Field(gt=0.0)
    u_mg: float = Field(ge=0.0)


class LineCheck(StrictModel):
    """The pressure hold: channel, and the compliance of what is shut in (uL/kPa) with its standard uncertainty."""

    channel: str = Field(min_length=1)
    compliance_ul_per_kpa: float = Field(gt=0.0)
    compliance_u_ul_per_kpa: float = Field(ge=0.0)


class TransducerCheck(StrictModel):
    """A transducer at gauge pressure zero, then at `span_kpa`; `span_u_kpa`: standard uncertainty of both."""

    channel: str = Field(min_length=1)
    span_kpa: float = Field(gt=0.0)
    span_u_kpa: float = Field(ge=0.0)


class DailyCheckEvaluation(MeasuredEvaluation):
    """What a daily check checks: the first weight in phase "check weight 1", and so on.

    Phases: "zero", "check weight n", "drift", "pressure hold", "transducer zero", "transducer span"; those of what is
    not checked are not needed. The transducers share their phases. `settle_s` at the begin of each is left out.
    """

    kind: Literal["daily_check"]
    weights: Annotated[tuple[CheckWeight, ...], Field(strict=False)] = ()
    line: LineCheck | None = None
    transducers: Annotated[tuple[TransducerCheck, ...], Field(strict=False)] = ()
    settle_s: float = Field(default=0.0, ge=0.0)

    def measurand_units(self) -> Mapping[str, str]:
        """Return what is checked of the balance, the line and each transducer."""
        units = {"zero": "mg"} | {f"check weight {n}": "mg" for n in range(1, len(self.weights) + 1)}
        units |= {"drift over 10 min": "mg"}
        if self.line is not None:
            units |= {"leak rate": "uL/h"}
        for transducer in self.transducers:
            units |= {
                f"transducer zero, {transducer.channel}": "kPa",
                f"transducer span error, {transducer.channel}": "%",
            }
        return units


def measure(record: RunRecord, evaluation: DailyCheckEvaluation, bench: GravimetricBench) -> MeasuredOutcome:
    """Return the outcome of a daily check. Raises `EvaluationRefused` where no honest number can be computed."""
    found = [*_balance(record, evaluation, bench), *_line(record, evaluation), *_transducers(record, evaluation)]
    return concluded("daily_check", record, evaluation, found)


def _balance(record: RunRecord, evaluation: DailyCheckEvaluation, bench: GravimetricBench) -> Iterator[Measurand]:
    """Yield zero, weights and drift. A mean counts as one reading: slow noise is not averaged away."""

    def readings(sensitivity: float) -> list[BudgetLine]:
        return [
            normal("repeatability", unit="mg", u=bench.balance_repeatability_mg, sensitivity=sensitivity),
            rectangular(
                "readability", unit="mg", half_width=bench.balance_readability_mg / 2.0, sensitivity=sensitivity
            ),
        ]

    zero_mg = _mean_mg(record, "zero", evaluation.settle_s)
    yield measured("zero", _budget(zero_mg, "mg", readings(1.0)))
    for n, weight in enumerate(evaluation.weights, start=1):
        name = f"check weight {n}"
        mean_mg = _mean_mg(record, name, evaluation.settle_s)
        certificate = normal("certificate of the weight", unit="mg", u=weight.u_mg, sensitivity=1.0)
        difference_mg = mean_mg - zero_mg - weight.mass_g * _MG_PER_G
        yield measured(name, _budget(difference_mg, "mg", [*readings(math.sqrt(2.0)), certificate]))
    slope = slope_of(*_readings_mg(record, "drift", evaluation.settle_s), "drift")
    noise = normal("noise about the line", unit="mg/s", u=slope.u, sensitivity=DRIFT_S, dof=slope.degrees_of_freedom)
    yield measured("drift over 10 min", _budget(slope.value * DRIFT_S, "mg", [noise]))


def _line(record: RunRecord, evaluation: DailyCheckEvaluation) -> Iterator[Measurand]:
    """Yield the leak: what must flow out of a compliance for its pressure to fall as it does."""
    check = evaluation.line
    if check is None:
        return
    held = _settled(record.phase("pressure hold"), evaluation.settle_s)
    slope = slope_of(*record.pressure(check.channel, held), "pressure hold")
    per_kpa = 3600.0 * check.compliance_ul_per_kpa
    lines = [
        normal("noise about the line", unit="kPa/s", u=slope.u, sensitivity=-per_kpa, dof=slope.degrees_of_freedom),
        normal(
            "compliance of what is shut in",
            value=check.compliance_ul_per_kpa,
            unit="uL/kPa",
            u=check.compliance_u_ul_per_kpa,
            sensitivity=-3600.0 * slope.value,
        ),
    ]
    yield measured("leak rate", _budget(-per_kpa * slope.value, "uL/h", lines))


def _transducers(record: RunRecord, evaluation: DailyCheckEvaluation) -> Iterator[Measurand]:
    for check in evaluation.transducers:
        zero, span = (
            mean_of(record.pressure(check.channel, _settled(record.phase(name), evaluation.settle_s))[1], name)
            for name in ("transducer zero", "transducer span")
        )
        at_zero = normal("noise at zero", unit="kPa", u=zero.u, sensitivity=1.0, dof=zero.degrees_of_freedom)
        applied = normal("pressure applied", unit="kPa", u=check.span_u_kpa, sensitivity=-1.0)
        yield measured(f"transducer zero, {check.channel}", _budget(zero.value, "kPa", [at_zero, applied]))
        percent = 100.0 / check.span_kpa
        lines = [
            at_zero.scaled(-percent),
            normal("noise at span", unit="kPa", u=span.u, sensitivity=percent, dof=span.degrees_of_freedom),
            normal("pressure applied", value=check.span_kpa, unit="kPa", u=check.span_u_kpa, sensitivity=-percent),
        ]
        error = (span.value - zero.value - check.span_kpa) * percent
        yield measured(f"transducer span error, {check.channel}", _budget(error, "%", lines))


def _budget(value: float, unit: str, lines: list[BudgetLine]) -> Budget:
    return combine(value=value, unit=unit, lines=lines)


def _settled(phase: Phase, settle_s: float) -> Phase:
    return Phase(phase.begin_s + settle_s, phase.end_s)


def _mean_mg(record: RunRecord, name: str, settle_s: float) -> float:
    """Return the mean reading (mg) of a phase. Raises `EvaluationRefused` when there are too few."""
    readings = _readings_mg(record, name, settle_s)[1]
    if readings.size < _FEWEST_READINGS:
        raise EvaluationRefused(f"{name}: {readings.size} readings are too few; {_FEWEST_READINGS} are needed")
    return float(np.mean(readings))


def _readings_mg(record: RunRecord, name: str, settle_s: float) -> Samples:
    """Return times (s) and readings (mg) of a phase, those that carry a number."""
    phase = _settled(record.phase(name), settle_s)
    series = record.series
    inside = (series.time_s >= phase.begin_s) & (series.time_s < phase.end_s) & np.isin(series.status, NUMBER_CODES)
    mass_mg: NDArray[np.float64] = series.mass_g[inside] * _MG_PER_G
    return series.time_s[inside], mass_mg


DAILY_CHECK = measured_kind(DailyCheckEvaluation, measure)
