"""The standard deviation of a pump's boluses, with its uncertainty, against spreads that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from results.bolus_outcome import BolusResult, BolusSpread
from results.bolus_statistics import SD_ERROR, sd_of_errors
from results.decision import Criterion, DecisionRule, MeasuredValue, Verdict
from tests.results.test_bolus import VOLUMES, evaluated

GUARDED = DecisionRule(kind="guarded")
SPREAD = Criterion(id="SD", measurand=SD_ERROR, unit="%", high=6.0, source="plan")


def with_errors(errors_percent: list[float], weighing_percent: float) -> list[BolusResult]:
    """Boluses of 10 uL with given errors, each weighed with a given standard uncertainty of its own."""
    (one, *_) = evaluated(VOLUMES[:1]).boluses
    line = replace(one.budget[0], standard_uncertainty=weighing_percent / 10.0, sensitivity=1.0, shared=False)
    return [replace(one, error=replace(one.error, value=error), budget=(line,)) for error in errors_percent]


def sd_of(errors_percent: list[float], weighing_percent: float = 0.0) -> MeasuredValue:
    return spread_of(errors_percent, weighing_percent).sd


def spread_of(errors_percent: list[float], weighing_percent: float = 0.0) -> BolusSpread:
    found = sd_of_errors(with_errors(errors_percent, weighing_percent), set_volume_ul=10.0, coverage_percent=95.0)
    assert found is not None
    return found


def test_the_bounds_are_those_of_chi_square() -> None:
    """For n = 25, 95 %: s 0.781 to s 1.391 (any table of confidence limits of a standard deviation)."""
    errors = [float(error) for error in np.linspace(-1.0, 1.0, 25)]
    sd = float(np.std(errors, ddof=1))
    found = sd_of(errors)
    assert found.value == pytest.approx(sd)
    assert found.expanded_uncertainty == pytest.approx(0.391 * sd, abs=0.001)
    assert found.degrees_of_freedom == 24.0
    assert spread_of(errors).low_percent == pytest.approx(0.781 * sd, abs=0.001)


@pytest.mark.parametrize("weighing_percent", [0.0, 0.5, 2.0])
def test_the_true_spread_lies_within_u(weighing_percent: float) -> None:
    generator = np.random.default_rng(1)
    inside = 0
    for _ in range(300):
        errors = generator.normal(3.0, 1.0, 25) + generator.normal(0.0, weighing_percent, 25)
        found = sd_of([float(error) for error in errors], weighing_percent)
        inside += bool(abs(found.value - 1.0) <= found.expanded_uncertainty)
    assert inside >= 0.93 * 300


def test_what_weighing_adds_is_taken_off() -> None:
    errors = [float(error) for error in np.random.default_rng(2).normal(0.0, 5.0, 400)]
    assert sd_of(errors, 4.0).value == pytest.approx(3.0, abs=0.4)
    assert sd_of(errors, 10.0).value == 0.0
    assert sd_of(errors, 10.0).expanded_uncertainty > 5.0


def test_a_criterion_on_the_spread() -> None:
    outcome = evaluated(VOLUMES, noise_ug=2.0, criteria=(SPREAD,), decision_rule=GUARDED)
    assert outcome.sd_error is not None
    assert outcome.corrected.sd_ul is not None
    # The capillary pull of the bench, 2 % of 10 uL, is most of what the 8 boluses show.
    assert outcome.sd_error.sd.value < 10.0 * outcome.corrected.sd_ul
    assert outcome.decisions[0].verdict is Verdict.PASS
    wild = [volume + (2.0 if n % 2 else -2.0) for n, volume in enumerate(VOLUMES)]
    assert evaluated(wild, criteria=(SPREAD,), decision_rule=GUARDED).verdict is Verdict.FAIL


def test_a_single_bolus_has_no_spread() -> None:
    outcome = evaluated(VOLUMES[:1], criteria=(SPREAD,), decision_rule=GUARDED)
    assert outcome.sd_error is None
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert outcome.decisions[0].reason == "a single bolus has no standard deviation"
