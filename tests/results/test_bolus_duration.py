"""How long a bolus took, against durations that are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from results.bolus_duration import bolus_duration
from results.bolus_statistics import SHORTEST
from results.decision import Criterion, DecisionRule, MeasuredValue, Verdict
from tests.results.test_bolus import evaluated

GUARDED = DecisionRule(kind="guarded")
KNOWN: dict[str, Any] = {"reading_sd_ul": 0.0, "stroke_ul": 0.0, "response_s": 0.0, "coverage_percent": 95.45}


def weighed(duration_s: float, *, period_s: float = 1.0, begin_s: float = 20.3) -> MeasuredValue:
    """A bolus of 100 uL at a steady flow."""
    times = np.arange(0.0, 120.0, period_s)
    volume = 100.0 * np.clip((times - begin_s) / duration_s, 0.0, 1.0)
    found = bolus_duration(times, volume, total_ul=100.0, **KNOWN)
    assert found is not None
    return found


@pytest.mark.parametrize("duration_s", [5.0, 60.0, 75.5])
def test_a_steady_bolus_by_hand(duration_s: float) -> None:
    found = weighed(duration_s)
    assert found.value == pytest.approx(duration_s, abs=0.5)
    # Two ends known to a second either way, of nine tenths of the bolus.
    assert found.expanded_uncertainty == pytest.approx(2.0 / 0.9 * (2.0 / 3.0) ** 0.5, rel=1e-3)


def test_seldom_readings_widen_u_until_the_truth_is_within() -> None:
    for begin_s in np.linspace(20.0, 30.0, 11):
        found = weighed(25.0, period_s=10.0, begin_s=float(begin_s))
        assert abs(found.value - 25.0) <= found.expanded_uncertainty < 20.0


def test_strokes_hide_the_begin_and_the_end_by_one() -> None:
    """Strokes of 10 uL every 6 s: a bolus of 100 uL that is set to take 60 s."""
    times = np.arange(0.0, 120.0)
    for phase_s in np.linspace(0.0, 6.0, 7):
        made = np.clip(np.floor((times - 20.0 + phase_s) / 6.0), 0.0, 10.0)
        found = bolus_duration(times, 10.0 * made, total_ul=100.0, **KNOWN | {"stroke_ul": 10.0})
        assert found is not None
        assert abs(found.value - 60.0) <= found.expanded_uncertainty < 10.0


def test_a_bolus_at_once_or_not_in_the_readings_is_told_apart() -> None:
    times = np.arange(0.0, 60.0)
    step_ul = np.where(times > 30.0, 100.0, 0.0)
    step_ul[10] = 50.0  # a knock
    at_once = bolus_duration(times, step_ul, total_ul=100.0, **KNOWN)
    assert at_once is not None
    assert at_once.value - at_once.expanded_uncertainty < 0.0
    assert bolus_duration(times, np.full(60, 100.0), total_ul=100.0, **KNOWN) is None
    assert bolus_duration(times, np.zeros(60), total_ul=0.0, **KNOWN) is None


@pytest.mark.parametrize(
    ("low_s", "verdict"), [(7.0, Verdict.PASS), (13.5, Verdict.FAIL), (10.0, Verdict.INCONCLUSIVE)]
)
def test_a_criterion_on_the_shortest(low_s: float, verdict: Verdict) -> None:
    """The boluses of the synthetic record take 10 s each."""
    criterion = Criterion(id="T", measurand=SHORTEST, unit="s", low=low_s, source="plan")
    outcome = evaluated([10.0] * 4, noise_ug=2.0, criteria=(criterion,), decision_rule=GUARDED)
    assert outcome.verdict is verdict
    assert [round(bolus.duration.value) for bolus in outcome.boluses if bolus.duration] == [10, 10, 10, 10]


def test_a_duration_in_percent_is_refused() -> None:
    wrong = Criterion(id="T", measurand=SHORTEST, unit="%", low=60.0, source="plan")
    with pytest.raises(ValueError, match="'T' is in '%'; 'shortest bolus duration' is in 's'"):
        evaluated([10.0], criteria=(wrong,))
