"""Whose turn it is in one instant of the virtual clock, whatever the host's scheduler does."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from instruments.clock import VirtualClock
from tests.instruments.clock.races import HANG_S, SEEDS, HostNoise, finish


@pytest.mark.parametrize("seed", SEEDS)
def test_wake_ups_of_one_instant_run_one_at_a_time_in_the_order_of_registration(seed: int) -> None:
    clock = VirtualClock()
    noise = HostNoise(seed)
    order: list[int] = []
    inside: list[int] = []

    def at_the_same_instants(index: int) -> Callable[[], None]:
        def run() -> None:
            for due_s in range(1, 21):
                clock.sleep_until(float(due_s))
                inside.append(index)
                noise()
                order.append(index)
                assert inside.pop() == index
                assert not inside

        return run

    finish(clock, *(at_the_same_instants(index) for index in range(6)))
    assert order == list(range(6)) * 20


@pytest.mark.parametrize("seed", SEEDS)
def test_those_whose_event_was_set_run_before_those_whose_time_has_come(seed: int) -> None:
    clock = VirtualClock()
    noise = HostNoise(seed)
    event = clock.event()
    order: list[str] = []

    def setter() -> None:
        clock.sleep_until(1.0)
        noise()
        event.set()
        order.append("setter")

    def sleeper() -> None:
        clock.sleep_until(1.0)
        order.append("sleeper")

    def waiter(name: str) -> Callable[[], None]:
        def run() -> None:
            assert clock.wait(event, until=50.0)
            order.append(name)

        return run

    finish(clock, setter, sleeper, waiter("waiter 1"), waiter("waiter 2"))
    assert order == ["setter", "waiter 1", "waiter 2", "sleeper"]
    assert clock.now() == 1.0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_thread_that_comes_later_takes_its_turn(seed: int) -> None:
    clock = VirtualClock()
    noise = HostNoise(seed)
    inside: list[str] = []
    collisions: list[list[str]] = []

    def alone(name: str) -> None:
        inside.append(name)
        noise()
        if inside != [name]:
            collisions.append(list(inside))
        inside.remove(name)

    def resident() -> None:
        for due_s in range(200):
            clock.sleep_until(float(due_s))
            alone("resident")

    def visits() -> None:
        for _ in range(20):
            with clock.participate("visitor"):
                alone("visitor")
                clock.charge(0.5)
                alone("visitor")

    visitor = threading.Thread(target=visits, daemon=True)
    visitor.start()
    finish(clock, resident)
    visitor.join(HANG_S)
    assert not visitor.is_alive()
    assert not collisions
