"""Events and holds of the virtual clock: none is lost, none comes late."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from instruments.clock import Event, VirtualClock
from instruments.clock.interface import host_sleep
from tests.instruments.clock.races import HANG_S, SEEDS, HostNoise, finish, wait_on_host


@pytest.mark.parametrize("seed", SEEDS)
def test_no_set_event_is_lost_between_two_participants(seed: int) -> None:
    clock = VirtualClock()
    noise = HostNoise(seed)
    ping, pong = clock.event(), clock.event()
    rallies = 300

    def player(mine: Event, other: Event, *, serves: bool) -> Callable[[], None]:
        def run() -> None:
            for rally in range(rallies):
                if serves or rally:
                    noise()
                    other.set()
                assert clock.wait(mine)
                mine.clear()
            if not serves:
                other.set()

        return run

    finish(clock, player(ping, pong, serves=True), player(pong, ping, serves=False))
    assert clock.now() == 0.0


@pytest.mark.parametrize("seed", SEEDS)
def test_no_event_set_from_outside_is_lost(seed: int) -> None:
    """The outsider sets at any moment: before the wait, within it, while others move time."""
    clock = VirtualClock()
    noise = HostNoise(seed)
    events = [clock.event() for _ in range(300)]

    def outsider() -> None:
        for event in events:
            noise()
            event.set()

    def waiter() -> None:
        for event in events:
            assert clock.wait(event)

    def ticker() -> None:
        while not events[-1].is_set():
            clock.sleep_until(clock.now() + 1.0)

    thread = threading.Thread(target=outsider, daemon=True)
    thread.start()
    finish(clock, waiter, waiter, ticker)
    thread.join(HANG_S)


def test_a_pulse_wakes_its_waiters_though_the_flag_is_down_again() -> None:
    clock = VirtualClock()
    event = clock.event()
    woken: list[bool] = []

    def waiter() -> None:
        woken.append(clock.wait(event, until=100.0))

    def pulses() -> None:
        clock.sleep_until(1.0)
        event.set()
        event.clear()

    finish(clock, waiter, waiter, pulses)
    assert woken == [True, True]
    assert clock.now() == 1.0


def test_a_wait_that_runs_out_says_so_at_its_time() -> None:
    clock = VirtualClock()
    event = clock.event()
    seen: list[tuple[bool, float]] = []

    def waiter() -> None:
        seen.append((clock.wait(event, until=7.0), clock.now()))
        seen.append((clock.wait(event, until=9.0), clock.now()))

    def setter() -> None:
        clock.sleep_until(8.0)
        event.set()

    finish(clock, waiter, setter)
    assert seen == [(False, 7.0), (True, 8.0)]


def test_a_waiter_that_gave_up_is_not_woken_by_the_late_event() -> None:
    clock = VirtualClock()
    event = clock.event()
    seen: list[float] = []

    def waiter() -> None:
        assert not clock.wait(event, until=1.0)
        clock.sleep_until(10.0)
        seen.append(clock.now())

    def late_setter() -> None:
        clock.sleep_until(5.0)
        event.set()

    finish(clock, waiter, late_setter)
    assert seen == [10.0]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_time_passes_while_something_posted_is_not_consumed(seed: int) -> None:
    clock = VirtualClock()
    noise = HostNoise(seed)
    posted: list[float] = []
    late: list[tuple[float, float]] = []
    stop = threading.Event()

    def consume() -> None:
        while not (stop.is_set() and not posted):
            if posted:
                noise()
                time_s = posted.pop(0)
                if clock.now() != time_s:
                    late.append((time_s, clock.now()))
                clock.release()
            else:
                host_sleep(1e-5)

    def producer(offset_s: float) -> Callable[[], None]:
        def run() -> None:
            for k in range(60):
                clock.sleep_until(k + offset_s)
                clock.hold()
                posted.append(clock.now())

        return run

    consumer = threading.Thread(target=consume, daemon=True)
    consumer.start()
    finish(clock, producer(0.25), producer(0.5), producer(0.5))
    stop.set()
    consumer.join(HANG_S)
    assert not consumer.is_alive()
    assert not late


def test_a_hold_stops_time_but_not_the_events_of_the_instant() -> None:
    clock = VirtualClock()
    event = clock.event()
    seen: list[tuple[str, float]] = []

    def waiter() -> None:
        clock.wait(event)
        seen.append(("event", clock.now()))
        clock.sleep_until(2.0)
        seen.append(("sleep", clock.now()))

    clock.hold()
    clock.hold()
    runner = threading.Thread(target=finish, args=(clock, waiter), daemon=True)
    runner.start()
    event.set()
    wait_on_host(lambda: bool(seen))
    clock.release()
    host_sleep(0.05)
    assert seen == [("event", 0.0)]
    assert clock.now() == 0.0
    clock.release()
    runner.join(HANG_S)
    assert seen == [("event", 0.0), ("sleep", 2.0)]


def test_a_release_without_a_hold_is_refused() -> None:
    clock = VirtualClock()
    clock.hold()
    clock.release()
    with pytest.raises(RuntimeError, match="without a hold"):
        clock.release()
