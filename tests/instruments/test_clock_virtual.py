"""The virtual clock's promises, each where it could break: rogue host scheduling, dead threads, outsiders, Ctrl-C."""

from __future__ import annotations

import itertools
import math
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from instruments.clock import Clock, Event, VirtualClock
from instruments.clock.interface import host_monotonic_s, host_sleep

HANG_S = 60.0
SEEDS = range(1, 9)


@pytest.fixture(autouse=True)
def _restless_interpreter() -> Iterator[None]:
    """Switch threads as often as the interpreter can, so that races show."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class HostNoise:
    """Random host time lost here and there, as a loaded machine would lose it."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            draw = self._random.random()
        if draw < 0.2:
            host_sleep(draw * 1e-3)


def finish(clock: VirtualClock, *targets: Callable[[], None]) -> None:
    """Run each target as a participant until all have ended; a hang is a failure, not a wait for ever."""
    outcome: list[BaseException] = []

    def conduct() -> None:
        with clock.participate("conductor"):
            tasks = [clock.spawn(f"task {index}", target) for index, target in enumerate(targets)]
            for task in tasks:
                assert task.join()
                if task.error is not None:
                    outcome.append(task.error)

    conductor = threading.Thread(target=conduct, daemon=True)
    conductor.start()
    conductor.join(HANG_S)
    assert not conductor.is_alive(), "the clock hangs"
    if outcome:
        raise outcome[0]


def wait_on_host(condition: Callable[[], bool]) -> None:
    """Wait for something only other threads can do."""
    deadline_s = host_monotonic_s() + HANG_S
    while not condition():
        assert host_monotonic_s() < deadline_s, "nothing happens"
        host_sleep(1e-4)


# ---- time


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


# ---- turns


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


# ---- events


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


# ---- holds


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


# ---- threads: their end, their errors, their right to wait


def test_an_error_ends_its_task_alone_and_is_kept_for_the_one_who_joins() -> None:
    clock = VirtualClock()
    with clock.participate("parent"):

        def fails() -> None:
            clock.sleep_until(1.0)
            raise LookupError("gone")

        task = clock.spawn("fails", fails)
        other = clock.spawn("other", lambda: clock.sleep_until(5.0))
        assert task.join()
        assert isinstance(task.error, LookupError)
        assert clock.now() == 1.0
        assert not other.join(until=4.0)
        assert not other.finished.is_set()
        assert other.join()
        assert other.error is None
        assert clock.now() == 5.0
        assert (task.name, other.name) == ("fails", "other")


def test_a_task_may_start_tasks() -> None:
    clock = VirtualClock()
    order: list[str] = []

    def parent() -> None:
        children = [clock.spawn(f"child {k}", partial(order.append, f"child {k}")) for k in range(3)]
        order.append("parent")
        for child in children:
            assert child.join()
        clock.sleep_until(1.0)
        order.append("end")

    finish(clock, parent)
    assert order == ["parent", "child 0", "child 1", "child 2", "end"]


def test_a_thread_that_dies_without_leaving_does_not_hang_the_rest() -> None:
    clock = VirtualClock()
    participation = clock.participate("dies")
    thread = threading.Thread(target=participation.__enter__, daemon=True)
    thread.start()
    thread.join(HANG_S)
    finish(clock, lambda: clock.sleep_until(1.0), lambda: clock.sleep_until(2.0))
    assert clock.now() == 2.0
    participation.__exit__(None, None, None)
    finish(clock, lambda: clock.sleep_until(3.0))
    assert clock.now() == 3.0


def test_a_thread_that_cannot_be_started_leaves_no_place_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock()

    def no_more_threads(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with clock.participate("parent"):
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", no_more_threads)
            with pytest.raises(RuntimeError, match="can't start"):
                clock.spawn("child", lambda: None)
        clock.sleep_until(1.0)
    assert clock.now() == 1.0


def test_the_clock_is_for_participants_only() -> None:
    clock = VirtualClock()
    with pytest.raises(RuntimeError, match="does not participate"):
        clock.sleep_until(1.0)
    with pytest.raises(RuntimeError, match="does not participate"):
        clock.wait(clock.event())
    with clock.participate("first"):
        with pytest.raises(RuntimeError, match="participates in this clock already"):
            clock.participate("second").__enter__()
        clock.sleep_until(1.0)
    with pytest.raises(RuntimeError, match="does not participate"):
        clock.sleep_until(2.0)
    assert clock.now() == 1.0


def test_two_clocks_do_not_share_participants_or_events() -> None:
    clock, other = VirtualClock(), VirtualClock()
    with clock.participate("here"):
        with pytest.raises(RuntimeError, match="does not participate"):
            other.sleep_until(1.0)
        with pytest.raises(TypeError, match="events made by this clock"):
            clock.wait(other.event(), until=1.0)
        with other.participate("there too"):
            other.sleep_until(1.0)
            clock.sleep_until(2.0)
    assert (clock.now(), other.now()) == (2.0, 1.0)


def test_an_error_in_the_with_block_gives_the_place_back() -> None:
    clock = VirtualClock()
    with pytest.raises(LookupError), clock.participate("fails"):
        raise LookupError
    finish(clock, lambda: clock.sleep_until(1.0))
    assert clock.now() == 1.0


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="this host cannot send a signal to a thread")
@pytest.mark.parametrize("seed", SEEDS)
def test_ctrl_c_in_a_waiter_leaves_the_clock_usable(seed: int) -> None:
    main = threading.main_thread().ident
    assert main is not None
    assert threading.current_thread() is threading.main_thread()
    draws = random.Random(seed)
    clock = VirtualClock()
    armed = threading.Event()
    ticks: list[float] = []
    stop = clock.event()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def ticker() -> None:
        while not clock.wait(stop, until=clock.now() + 0.3):
            ticks.append(clock.now())

    def use_until_interrupted(round_: int) -> None:
        never = clock.event()
        armed.set()
        while True:
            if round_ % 2:
                clock.sleep_until(clock.now() + 0.7)
            else:
                clock.wait(never, until=clock.now() + 0.7)

    def interrupt(delay_s: float) -> None:
        armed.wait(HANG_S)
        host_sleep(delay_s)
        signal.pthread_kill(main, signal.SIGINT)

    try:
        with clock.participate("main"):
            others = [clock.spawn("ticker", ticker), clock.spawn("ticker too", ticker)]
            for round_ in range(10):
                armed.clear()
                thread = threading.Thread(target=interrupt, args=(draws.uniform(0.0, 5e-3),), daemon=True)
                thread.start()
                with pytest.raises(KeyboardInterrupt):
                    use_until_interrupted(round_)
                stopped_s = clock.now()
                host_sleep(2e-3)
                assert clock.now() == stopped_s, "time moves while the interrupted thread runs"
                thread.join(HANG_S)
                due_s = clock.now() + 10.0
                clock.sleep_until(due_s)
                assert clock.now() == due_s
            stop.set()
            for other in others:
                assert other.join(until=clock.now() + 10.0)
                assert other.error is None
    finally:
        signal.signal(signal.SIGINT, before)
    assert ticks == sorted(ticks)
