"""A plan that cannot tell what it asks is refused before it runs, with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from results.feasibility import FeasibilityRefused
from results.occlusion.feasibility import PlannedOcclusion, refuse_occlusion

PLANNED = PlannedOcclusion(
    flow_ul_per_h=5000.0,
    threshold_kpa=75.0,
    pump_and_set_ul_per_kpa=1.0,
    fixture_ul_per_kpa=0.05,
    largest_fixture_share=0.5,
    deadline_s=600.0,
)


def test_a_sound_plan_says_when_the_alarm_is_to_be_expected() -> None:
    refuse_occlusion(PLANNED)
    assert PLANNED.as_record() == pytest.approx(
        {"expected_time_to_alarm_s": 56.7, "expected_stored_volume_ul": 78.75, "fixture_share": 0.05}
    )
    assert replace(PLANNED, threshold_kpa=None).as_record()["expected_time_to_alarm_s"] is None


def test_a_fixture_that_dominates_and_a_deadline_that_comes_too_early_are_refused_together() -> None:
    with pytest.raises(FeasibilityRefused) as refused:
        refuse_occlusion(replace(PLANNED, fixture_ul_per_kpa=0.6, deadline_s=60.0))
    assert "stiffer fixture" in str(refused.value)
    assert "86 s after closing; the deadline of 60 s comes before" in str(refused.value)
