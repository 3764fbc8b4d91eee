from __future__ import annotations

import numpy as np
import pytest

from results.cleaning.timing import time_faults
from results.refusal import EvaluationRefused
from results.series import FlowPhases, Phase

_PHASES = FlowPhases(analysis=Phase(1000.0, 9000.0))


def test_even_and_mildly_jittered_times_are_sound() -> None:
    time_s = np.arange(10_000.0)
    for times in (time_s, time_s + 0.2 * np.random.default_rng(1).standard_normal(time_s.size)):
        found = time_faults(times, _PHASES)
        assert not found.lone.any()
        assert found.findings == ()


@pytest.mark.parametrize("by_s", [30.0, -30.0, 1e9])
def test_a_lone_wrong_time_is_no_clock_step(by_s: float) -> None:
    time_s = np.arange(10_000.0)
    time_s[5000] += by_s
    found = time_faults(time_s, _PHASES)
    assert np.flatnonzero(found.lone).tolist() == [5000]
    assert found.findings == ()


def test_a_clock_set_back_a_little_is_named_with_its_size() -> None:
    time_s = np.arange(10_000.0)
    time_s[5000:] -= 6.0
    (found,) = time_faults(time_s, _PHASES).findings
    assert (found.rule, found.drift_s, found.begin_s) == ("clock set back", 6.0, 4999.0)


def test_a_clock_set_back_by_more_than_a_thousandth_of_the_analysis_is_refused() -> None:
    time_s = np.arange(10_000.0)
    time_s[5000:] -= 9.0
    with pytest.raises(EvaluationRefused, match="set back by 9 s"):
        time_faults(time_s, _PHASES)


def test_a_clock_set_forward_is_a_silence_as_long() -> None:
    time_s = np.arange(10_000.0)
    time_s[5000:] += 50.0
    (found,) = time_faults(time_s, _PHASES).findings
    assert (found.rule, found.drift_s) == ("silence in the record", 50.0)


def test_what_befalls_the_clock_outside_the_phases_does_not_matter() -> None:
    time_s = np.arange(10_000.0)
    time_s[9500:] -= 300.0
    assert time_faults(time_s, _PHASES).findings == ()
