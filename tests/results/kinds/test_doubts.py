"""What weighing cannot lay to the pump widens U: a bubble, something laid on the pan, evaporation that changed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from results.kinds.steps import measure
from results.measured.outcome import MeasuredOutcome
from tests.results.kinds.hand import HOUR_S, QUIET, piecewise, record
from tests.results.kinds.test_steps import BLANK_S, PHASES, STEP_S, evaluation_of, value

PLAIN = piecewise((BLANK_S, 0.0), (STEP_S, 30.0), (STEP_S, 60.0), (STEP_S, 90.0))


def outcome_with(extra_ul: NDArray[np.float64] | None = None, *, pause_s: float = 0.0) -> MeasuredOutcome:
    """Three steps with a pause in the middle of the first, or with what is added to the readings."""
    middle_s = PHASES["step 1"].middle_s

    def delivered(times: NDArray[np.float64]) -> NDArray[np.float64]:
        waited = np.where(times < middle_s, times, np.maximum(times - pause_s, middle_s))
        lost = PLAIN(times) - PLAIN(waited)
        after = times > middle_s + pause_s
        volume = np.where(after, PLAIN(times) - 30.0 / HOUR_S * pause_s, PLAIN(times) - lost)
        return np.asarray(volume if extra_ul is None else volume + extra_ul)

    bench = QUIET.model_copy(update={"outlet_tube_volume_ul": 60.0, "capillary_u_ul": 0.02})
    return measure(record(delivered, PHASES, period_s=5.0), evaluation_of(), bench)


def u_of(outcome: MeasuredOutcome, name: str) -> float:
    found = outcome.measurand(name).value
    assert found is not None
    return found.expanded_uncertainty


def test_a_pause_that_a_bubble_could_be_widens_u_of_its_step_and_of_the_dose_alone() -> None:
    plain, paused = outcome_with(), outcome_with(pause_s=600.0)
    (pause,) = paused.findings
    assert (pause.rule, pause.treatment) == ("pause of the delivery", "kept, U widened")
    # 5 uL of 115: out by all of it or by nothing.
    assert value(paused, "mean flow error, step 1") == pytest.approx(-100.0 * 5.0 / 115.0, abs=0.1)
    assert u_of(paused, "mean flow error, step 1") == pytest.approx(2.0 * 100.0 * 5.0 / 115.0 * 0.5**0.5, rel=0.15)
    assert u_of(paused, "mean flow error, step 2") == pytest.approx(u_of(plain, "mean flow error, step 2"), rel=0.01)
    assert u_of(paused, "total dose error") > 5.0 * u_of(plain, "total dose error")


def test_a_change_that_comes_late_is_the_pump_s_and_no_pause() -> None:
    late = piecewise((BLANK_S, 0.0), (STEP_S + 3600.0, 30.0), (STEP_S - 3600.0, 60.0), (STEP_S, 90.0))
    outcome = measure(record(late, PHASES, period_s=5.0), evaluation_of(), QUIET)
    assert outcome.findings == ()
    assert u_of(outcome, "mean flow error, step 2") < 0.5


def test_what_is_laid_on_the_pan_widens_u_of_when_the_flow_changed() -> None:
    times = record(PLAIN, PHASES, period_s=5.0).series.time_s
    outcome = outcome_with(np.where(times > PHASES["step 2"].middle_s, 20.0, 0.0))
    assert [found.rule for found in outcome.findings] == ["jump"]
    delay = outcome.measurand("response delay, step 2")
    assert "jumps and pauses that may be no delivery" in {line.name for line in delay.budget}
    assert delay.value is not None
    assert abs(delay.value.value) <= delay.value.expanded_uncertainty


def test_evaporation_that_changed_nobody_knows_when_widens_it_too() -> None:
    times = record(PLAIN, PHASES, period_s=5.0).series.time_s
    torn_s = PHASES["step 1"].middle_s
    lost_ul = 30e-3 / 60.0 * np.clip(times - torn_s, 0.0, None)
    outcome = outcome_with(-lost_ul)
    for n in (1, 2):
        delay = outcome.measurand(f"response delay, step {n}")
        assert "evaporation, when it changed" in {line.name for line in delay.budget}
        assert delay.value is not None
        assert abs(delay.value.value) <= delay.value.expanded_uncertainty
