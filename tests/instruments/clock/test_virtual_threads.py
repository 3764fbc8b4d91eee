"""Threads on the virtual clock: their end, their errors, their right to wait, outsiders, Ctrl-C."""

from __future__ import annotations

import random
import signal
import threading
from functools import partial

import pytest

from instruments.clock import VirtualClock
from instruments.clock.interface import host_sleep
from tests.instruments.clock.races import HANG_S, SEEDS, finish


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
