"""Every kind of evaluation on the twin, against the twin's truth; `measured_coverage` is the larger study."""

from __future__ import annotations

from functools import cache

import pytest

from tests.proof.measured_infusions import stalled
from tests.proof.measured_programmes import PROGRAMMES
from tests.proof.measured_runs import Measured

SEEDS = (1, 2)


@cache
def runs(name: str) -> tuple[Measured, ...]:
    return tuple(PROGRAMMES[name](seed) for seed in SEEDS)


@pytest.mark.parametrize("name", PROGRAMMES)
def test_no_value_is_far_from_the_truth(name: str) -> None:
    for measured in runs(name):
        assert {key: share for key, share in measured.shares().items() if not abs(share) <= 2.0} == {}


def test_the_truth_lies_within_u_as_often_as_stated() -> None:
    shares = [share for name in PROGRAMMES for one in runs(name) for share in one.shares().values()]
    assert len(shares) > 150
    assert sum(abs(share) <= 1.0 for share in shares) >= 0.93 * len(shares)


@pytest.mark.parametrize("name", PROGRAMMES)
def test_a_kind_measures_what_it_says_it_measures(name: str) -> None:
    for measured in runs(name):
        values = measured.values()
        assert set(measured.truth) <= values.keys()
        assert [key for key in measured.truth if values[key] is None] == []


def test_a_pump_that_does_not_stall_has_no_stall() -> None:
    good = stalled(1, stall_s=0.0)
    assert good.misses() == {}
    values = good.values()
    assert values.pop("longest pause") is not None
    assert set(values.values()) == {None}


def test_over_infusion_is_found_and_a_good_pump_is_not_accused() -> None:
    for name, found in (("overinfusion", False), ("overinfusion, sudden", True), ("overinfusion, creeping", True)):
        for measured in runs(name):
            assert (measured.value("over-infusion detected after") is not None) is found
