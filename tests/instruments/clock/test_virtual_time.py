"""The virtual clock's time: it passes when all wait, in order, and stands still while one works."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

import pytest

from instruments.clock import Clock, VirtualClock
from instruments.clock.interface import host_sleep
from tests.instruments.clock.races import SEEDS, HostNoise, finish


@pytest.mark.parametrize("seed", SEEDS)
def test_every_wake_up_comes_at_its_time_and_in_order(seed: int) -> None:
    clock = VirtualClock()
    noise = HostNoise(seed)
    woken: list[float] = []
    expected: list[float] = []

    def sleeper(sleeper_seed: int) -> Callable[[], None]:
        draws = random.Random(sleeper_seed)
        periods = [draws.uniform(0.001, 5.0) for _ in range(100)]

        def run() -> None:
            due_s = 0.0
            for period_s in periods:
                due_s += period_s
                noise()
                clock.sleep_until(due_s)
                assert clock.now() == due_s
                woken.append(due_s)

        expected.extend(itertools.accumulate(periods))
        return run

    finish(clock, *(sleeper(100 * seed + k) for k in range(5)))
    assert woken == sorted(expected)


def test_time_that_has_passed_is_not_waited_for() -> None:
    clock = VirtualClock()
    with clock.participate("only"):
        clock.sleep_until(10.0)
        clock.sleep_until(3.0)
        clock.sleep_until(-math.inf)
        assert not clock.wait(clock.event(), until=10.0)
        assert clock.now() == 10.0


def test_time_stands_still_while_a_participant_works() -> None:
    clock = VirtualClock()
    seen: list[float] = []

    def works_for_long() -> None:
        clock.sleep_until(1.0)
        for _ in range(50):
            host_sleep(1e-3)
            seen.append(clock.now())

    def sleeps_beside_it() -> None:
        clock.sleep_until(1.0)
        clock.sleep_until(1.000001)

    finish(clock, works_for_long, sleeps_beside_it)
    assert seen == [1.0] * 50


def test_charge_costs_a_participant_time_and_an_outsider_none() -> None:
    clock = VirtualClock()
    clock.charge(5.0)
    assert clock.now() == 0.0
    with clock.participate("driver"):
        clock.charge(2.5)
        assert clock.now() == 2.5
        clock.charge(0.0)
        clock.charge(-1.0)
        assert clock.now() == 2.5


def test_charge_lets_the_others_go_on_meanwhile() -> None:
    clock = VirtualClock()
    order: list[str] = []

    def silent_instrument() -> None:
        clock.sleep_until(1.0)
        clock.charge(3.0)
        order.append(f"charged {clock.now()}")

    def sampler() -> None:
        for due_s in (2.0, 3.0, 5.0):
            clock.sleep_until(due_s)
            order.append(f"sample {due_s}")

    finish(clock, silent_instrument, sampler)
    assert order == ["sample 2.0", "sample 3.0", "charged 4.0", "sample 5.0"]


@pytest.mark.parametrize("call", [lambda c: c.sleep_until(math.nan), lambda c: c.wait(c.event(), until=math.nan)])
def test_a_wake_up_that_would_never_come_is_refused(call: Callable[[Clock], None]) -> None:
    clock = VirtualClock()
    with clock.participate("only"), pytest.raises(ValueError, match="never come"):
        call(clock)
