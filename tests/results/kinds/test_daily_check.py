"""The daily check computed by hand, with a good bench and with each fault it exists to find."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from results.decision import Criterion, DecisionRule, Verdict
from results.kinds.daily_check import CheckWeight, DailyCheckEvaluation, LineCheck, TransducerCheck, measure
from results.measured.outcome import MeasuredOutcome
from results.measured.run_record import RunRecord, Samples
from results.refusal import EvaluationRefused
from results.series import Phase
from tests.results.kinds.hand import QUIET, consecutive, record

PHASES = consecutive(
    ("zero", 60.0),
    ("check weight 1", 60.0),
    ("check weight 2", 60.0),
    ("drift", 600.0),
    ("pressure hold", 300.0),
    ("transducer zero", 60.0),
    ("transducer span", 60.0),
)
CRITERIA = (
    Criterion(id="W1", measurand="check weight 1", unit="mg", low=-0.06, high=0.06, source="3 x repeatability"),
    Criterion(id="W2", measurand="check weight 2", unit="mg", low=-0.06, high=0.06, source="3 x repeatability"),
    Criterion(id="D", measurand="drift over 10 min", unit="mg", low=-0.05, high=0.05, source="plan"),
    Criterion(id="L", measurand="leak rate", unit="uL/h", high=0.5, source="plan"),
    Criterion(id="Z", measurand="transducer zero, line", unit="kPa", low=-0.3, high=0.3, source="plan"),
    Criterion(id="S", measurand="transducer span error, line", unit="%", low=-1.0, high=1.0, source="plan"),
)


def evaluation_of(**changes: Any) -> DailyCheckEvaluation:
    values: dict[str, Any] = {
        "kind": "daily_check",
        "weights": (CheckWeight(mass_g=0.2, u_mg=0.002), CheckWeight(mass_g=1.0, u_mg=0.005)),
        "line": LineCheck(channel="line", compliance_ul_per_kpa=0.1, compliance_u_ul_per_kpa=0.01),
        "transducers": (TransducerCheck(channel="line", span_kpa=100.0, span_u_kpa=0.1),),
        "criteria": CRITERIA,
        "decision_rule": DecisionRule(kind="guarded"),
    }
    return DailyCheckEvaluation(**values | changes)


def run(
    *,
    zero_mg: float = 0.0,
    weights_mg: tuple[float, float] = (200.0, 1000.0),
    drift_mg: float = 0.0,
    fall_kpa_per_h: float = 0.0,
    at_zero_kpa: float = 0.0,
    at_span_kpa: float = 100.0,
) -> RunRecord:
    still = record(lambda times: np.zeros_like(times), PHASES, period_s=1.0)
    times = still.series.time_s
    load_mg = np.zeros(times.size)
    for number, mg in enumerate(weights_mg, start=1):
        phase = PHASES[f"check weight {number}"]
        load_mg[(times >= phase.begin_s) & (times < phase.end_s)] = mg
    drift = PHASES["drift"]
    load_mg += np.clip((times - drift.begin_s) / 600.0, 0.0, 1.0) * drift_mg
    mass_g = still.series.mass_g - 20.0 + (zero_mg + load_mg) * 1e-3

    def pressure(channel: str, period: Phase) -> Samples:
        assert channel == "line"
        at_s = np.arange(period.begin_s, period.end_s, 0.1)
        hold = PHASES["pressure hold"]
        kpa = np.select(
            [at_s < hold.end_s, at_s < PHASES["transducer zero"].end_s],
            [50.0 - fall_kpa_per_h * (at_s - hold.begin_s) / 3600.0, np.full(at_s.size, at_zero_kpa)],
            at_span_kpa,
        )
        return at_s, kpa + 0.02 * np.random.default_rng(2).standard_normal(at_s.size)

    return replace(still, series=replace(still.series, mass_g=mass_g), pressure=pressure)


def checked(made: RunRecord, **changes: Any) -> MeasuredOutcome:
    return measure(made, evaluation_of(**changes), QUIET)


def test_a_good_bench_by_hand() -> None:
    outcome = checked(run(zero_mg=0.05, drift_mg=0.012, fall_kpa_per_h=1.0, at_zero_kpa=0.1, at_span_kpa=100.5))
    values = {one.name: one.value.value for one in outcome.measurands if one.value is not None}
    assert values["zero"] == pytest.approx(0.05, abs=0.001)
    # The zero is taken off the weights.
    assert values["check weight 1"] == pytest.approx(0.0, abs=0.002)
    assert values["drift over 10 min"] == pytest.approx(0.012, abs=0.001)
    assert values["leak rate"] == pytest.approx(0.1 * 1.0, abs=0.03)
    assert values["transducer zero, line"] == pytest.approx(0.1, abs=0.01)
    assert values["transducer span error, line"] == pytest.approx(0.4, abs=0.02)
    assert outcome.verdict is Verdict.PASS
    span = outcome.measurand("transducer span error, line").value
    assert span is not None
    assert span.expanded_uncertainty == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize(
    ("fault", "criterion"),
    [
        ({"weights_mg": (200.1, 1000.0)}, "W1"),
        ({"weights_mg": (200.0, 1000.1)}, "W2"),
        ({"drift_mg": 0.1}, "D"),
        ({"fall_kpa_per_h": 20.0}, "L"),
        ({"at_zero_kpa": 1.0}, "Z"),
        ({"at_span_kpa": 97.0}, "S"),
    ],
)
def test_each_fault_fails_its_own_criterion(fault: dict[str, Any], criterion: str) -> None:
    outcome = checked(run(**fault))
    assert [one.criterion_id for one in outcome.decisions if one.verdict is Verdict.FAIL] == [criterion]


def test_what_is_not_checked_needs_no_phase() -> None:
    made = run()
    balance_only = {name: phase for name, phase in PHASES.items() if "transducer" not in name and "hold" not in name}
    outcome = checked(replace(made, phases=balance_only), line=None, transducers=(), criteria=CRITERIA[:3])
    assert outcome.verdict is Verdict.PASS
    with pytest.raises(EvaluationRefused, match="no completed phase 'pressure hold'"):
        checked(replace(made, phases=balance_only))


def test_too_few_readings_are_refused() -> None:
    made = run()
    made.series.status[made.series.time_s < 56.0] = 2
    with pytest.raises(EvaluationRefused, match="zero: 4 readings are too few"):
        checked(made)
    short = replace(made, phases={**PHASES, "zero": Phase(0.0, 60.0), "drift": Phase(200.0, 215.0)})
    made.series.status[:] = 0
    with pytest.raises(EvaluationRefused, match="drift: 15 samples are too few"):
        checked(short)


def test_a_criterion_on_a_weight_that_is_not_laid_on_is_refused() -> None:
    third = Criterion(id="W3", measurand="check weight 3", unit="mg", high=1.0, source="plan")
    with pytest.raises(ValueError, match="'check weight 3' is not measured"):
        evaluation_of(criteria=(third,))
