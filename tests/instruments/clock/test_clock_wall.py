"""The wall clock keeps the same promises where they apply: nothing early, nothing lost, errors kept."""

from __future__ import annotations

import math
import random
import signal
import threading
from collections.abc import Callable

import pytest

from instruments.clock import Clock, Event, VirtualClock, WallClock, host_monotonic_s, utc_now
from instruments.clock.interface import host_sleep

HANG_S = 60.0


def test_it_starts_near_zero_and_never_goes_back() -> None:
    clock = WallClock()
    readings = [clock.now() for _ in range(1000)]
    assert readings == sorted(readings)
    assert 0.0 <= readings[0] < HANG_S


@pytest.mark.parametrize("seed", range(1, 5))
def test_no_thread_wakes_up_early(seed: int) -> None:
    clock = WallClock()
    never = clock.event()
    early: list[tuple[float, float]] = []

    def sleeper(sleeper_seed: int) -> Callable[[], None]:
        draws = random.Random(sleeper_seed)

        def run() -> None:
            for k in range(20):
                due_s = clock.now() + draws.uniform(0.0, 0.01)
                if k % 2:
                    clock.sleep_until(due_s)
                else:
                    assert not clock.wait(never, until=due_s)
                if clock.now() < due_s:
                    early.append((due_s, clock.now()))

        return run

    tasks = [clock.spawn(f"sleeper {k}", sleeper(10 * seed + k)) for k in range(4)]
    for task in tasks:
        assert task.join(until=clock.now() + HANG_S)
        assert task.error is None
    assert not early


def test_time_that_has_passed_is_not_waited_for() -> None:
    clock = WallClock()
    clock.sleep_until(-1.0)
    clock.sleep_until(-math.inf)
    assert not clock.wait(clock.event(), until=-1.0)
    event = clock.event()
    event.set()
    assert clock.wait(event, until=-1.0)


def test_no_set_event_is_lost() -> None:
    clock = WallClock()
    ping, pong = clock.event(), clock.event()
    rallies = 500

    def answer() -> None:
        for _ in range(rallies):
            assert clock.wait(ping, until=clock.now() + HANG_S)
            ping.clear()
            pong.set()

    task = clock.spawn("answer", answer)
    for _ in range(rallies):
        ping.set()
        assert clock.wait(pong, until=clock.now() + HANG_S)
        pong.clear()
    assert task.join(until=clock.now() + HANG_S)
    assert task.error is None


def test_a_pulse_wakes_a_waiter_though_the_flag_is_down_again() -> None:
    clock = WallClock()
    event = clock.event()
    woken: list[bool] = []
    task = clock.spawn("waiter", lambda: woken.append(clock.wait(event)))
    deadline_s = host_monotonic_s() + HANG_S
    while not task.finished.is_set() and host_monotonic_s() < deadline_s:
        event.set()
        event.clear()
        host_sleep(1e-3)
    assert task.join(until=clock.now() + HANG_S)
    assert woken == [True]


def test_an_error_is_kept_for_the_one_who_joins() -> None:
    clock = WallClock()

    def fails() -> None:
        raise LookupError("gone")

    task = clock.spawn("fails", fails)
    assert task.join(until=clock.now() + HANG_S)
    assert isinstance(task.error, LookupError)
    assert task.name == "fails"


def test_a_join_that_runs_out_says_so() -> None:
    clock = WallClock()
    event = clock.event()

    def waits() -> None:
        clock.wait(event)

    task = clock.spawn("waits", waits)
    assert not task.join(until=clock.now() + 0.01)
    event.set()
    assert task.join(until=clock.now() + HANG_S)


def test_time_is_nobody_s_to_hold_or_charge() -> None:
    clock = WallClock()
    clock.hold()
    before_s = clock.now()
    clock.charge(1e6)
    clock.sleep_until(before_s + 0.002)
    clock.release()
    assert before_s + 0.002 <= clock.now() < before_s + 1e6


@pytest.mark.parametrize("call", [lambda c: c.sleep_until(math.nan), lambda c: c.wait(c.event(), until=math.nan)])
def test_a_wake_up_that_would_never_come_is_refused(call: Callable[[Clock], None]) -> None:
    with pytest.raises(ValueError, match="never come"):
        call(WallClock())


def test_events_of_another_clock_are_refused() -> None:
    for other in (WallClock(), VirtualClock()):
        with pytest.raises(TypeError, match="events made by this clock"):
            WallClock().wait(other.event(), until=0.0)


def test_any_thread_may_participate() -> None:
    clock = WallClock()
    with clock.participate("main"), pytest.raises(LookupError), clock.participate("again"):
        raise LookupError


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="this host cannot send a signal to a thread")
@pytest.mark.parametrize(
    "wait",
    [
        lambda clock, _event: clock.sleep_until(math.inf),
        lambda clock, event: clock.wait(event),
        lambda clock, event: clock.wait(event, until=1e12),
    ],
    ids=["sleep for ever", "wait for ever", "wait for long"],
)
def test_ctrl_c_ends_a_wait_and_leaves_the_clock_usable(wait: Callable[[Clock, Event], None]) -> None:
    main = threading.main_thread().ident
    assert main is not None
    assert threading.current_thread() is threading.main_thread()
    clock = WallClock()
    event = clock.event()
    about_to_wait = threading.Event()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt() -> None:
        about_to_wait.wait(HANG_S)
        host_sleep(0.005)
        signal.pthread_kill(main, signal.SIGINT)

    def wait_announced() -> None:
        about_to_wait.set()
        wait(clock, event)

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            wait_announced()
    finally:
        signal.signal(signal.SIGINT, before)
    thread.join(HANG_S)
    task = clock.spawn("sets", event.set)
    assert clock.wait(event, until=clock.now() + HANG_S)
    assert task.join(until=clock.now() + HANG_S)


def test_the_anchor_is_in_utc() -> None:
    offset = utc_now().utcoffset()
    assert offset is not None
    assert offset.total_seconds() == 0.0
