"""The safe-state path: ordered, idempotent, never cut short by a failing step."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from instruments.clock import VirtualClock, WallClock
from instruments.errors import InstrumentTimeout
from rig.safety import safe_state as safe_state_module
from rig.safety.safe_state import SafeAction, SafeState, SafeStateEntered, SafeStateReport


class Steps:
    """Records the steps that ran; those named in `failing` raise."""

    def __init__(self, *names: str) -> None:
        self.ran: list[str] = []
        self.failing: set[str] = set()
        self.safe_state = SafeState([SafeAction(name, partial(self.run, name)) for name in names], clock=WallClock())

    def run(self, name: str) -> None:
        self.ran.append(name)
        if name in self.failing:
            raise InstrumentTimeout("no answer", instrument=name)


def test_all_steps_run_in_order() -> None:
    steps = Steps("stop", "confirm", "waste")
    report = steps.safe_state.enter("end")
    assert steps.ran == ["stop", "confirm", "waste"]
    assert report.is_safe
    assert report.reason == "end"


def test_a_failing_step_does_not_keep_the_next_from_running() -> None:
    steps = Steps("stop", "confirm", "waste")
    steps.failing = {"stop", "confirm"}
    report = steps.safe_state.enter("end")
    assert steps.ran == ["stop", "confirm", "waste"]
    assert not report.is_safe
    assert [name for name, _ in report.failed] == ["stop", "confirm"]
    assert "no answer" in report.failed[0][1]


def test_what_failed_at_the_first_entry_is_kept_though_it_works_later() -> None:
    steps = Steps("stop", "waste")
    steps.failing = {"stop"}
    steps.safe_state.enter("trip")
    steps.failing = set()
    assert steps.safe_state.enter("end").is_safe
    first = steps.safe_state.first_report
    assert first is not None
    assert (first.reason, [name for name, _ in first.failed]) == ("trip", ["stop"])


def test_every_entry_runs_every_step_again() -> None:
    steps = Steps("stop", "waste")
    steps.failing = {"stop"}
    assert not steps.safe_state.enter("interlock").is_safe
    steps.failing = set()
    report = steps.safe_state.enter("end")
    assert steps.ran == ["stop", "waste"] * 2
    assert report.is_safe
    assert report.reason == "end"


def test_a_step_that_fails_in_an_unforeseen_way_does_not_end_the_rest() -> None:
    ran: list[str] = []

    def broken() -> None:
        raise ZeroDivisionError

    actions = [SafeAction("broken", broken), SafeAction("waste", partial(ran.append, "waste"))]
    report = SafeState(actions, clock=WallClock()).enter("end")
    assert ran == ["waste"]
    assert report.failed == [("broken", "ZeroDivisionError")]


def test_two_who_enter_at_once_take_turns_while_station_time_passes() -> None:
    clock = VirtualClock()
    log: list[tuple[str, float]] = []

    def slow() -> None:
        log.append(("begin", clock.now()))
        clock.charge(4.0)
        log.append(("end", clock.now()))

    safe_state = SafeState([SafeAction("slow", slow)], clock=clock)
    with clock.participate("protocol"):
        task = clock.spawn("sampler", lambda: void(safe_state.enter("interlock")))
        clock.sleep_until(1.0)
        safe_state.enter("end of phase")
        task.join()
    assert log == [("begin", 0.0), ("end", 4.0), ("begin", 4.0), ("end", 8.0)]


def test_nothing_is_energised_after_the_first_entry() -> None:
    steps = Steps("stop")
    with steps.safe_state.energising():
        steps.run("start")
    steps.safe_state.enter("burst pressure")
    with pytest.raises(SafeStateEntered, match="burst pressure"), steps.safe_state.energising():
        steps.run("start")
    assert steps.ran == ["start", "stop"]


def test_what_is_being_energised_is_made_safe_after_it() -> None:
    clock = VirtualClock()
    log: list[tuple[str, float]] = []
    safe_state = SafeState([SafeAction("stop", lambda: log.append(("stop", clock.now())))], clock=clock)

    def trip() -> None:
        clock.sleep_until(1.0)
        void(safe_state.enter("interlock"))

    with clock.participate("protocol"):
        task = clock.spawn("sampler", trip)
        with safe_state.energising():
            clock.charge(4.0)
            log.append(("started", clock.now()))
        task.join()
        assert log == [("started", 4.0), ("stop", 4.0)]
        with pytest.raises(SafeStateEntered), safe_state.energising():
            log.append(("started again", clock.now()))
    assert len(log) == 2


def test_a_thread_that_a_signal_kept_from_ending_its_turn_does_not_wait_for_itself() -> None:
    steps = Steps("stop")
    left_open = steps.safe_state.energising()
    left_open.__enter__()
    assert steps.safe_state.enter("signal").is_safe
    assert steps.ran == ["stop"]


def test_an_action_that_hangs_is_failed_after_its_bound_and_the_next_one_runs() -> None:
    ran: list[str] = []
    never = threading.Event()
    actions = [
        SafeAction("hanging", lambda: void_wait(never), bound_s=0.05),
        SafeAction("waste", partial(ran.append, "waste")),
    ]
    try:
        report = SafeState(actions, clock=WallClock()).enter("end")
    finally:
        never.set()
    assert ran == ["waste"]
    assert report.done == ["waste"]
    assert report.failed == [("hanging", "did not return within 0.05 s")]


def test_a_command_that_hangs_while_it_energises_does_not_keep_the_safe_state_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(safe_state_module, "_COMMAND_BOUND_S", 0.05)
    steps = Steps("stop")
    begun, never = threading.Event(), threading.Event()

    def hang() -> None:
        with steps.safe_state.energising():
            begun.set()
            void_wait(never)

    thread = threading.Thread(target=hang)
    thread.start()
    try:
        assert begun.wait(60.0)
        assert steps.safe_state.enter("burst pressure").is_safe
    finally:
        never.set()
        thread.join()
    assert steps.ran == ["stop"]
    with pytest.raises(SafeStateEntered), steps.safe_state.energising():
        steps.run("start")


def void_wait(event: threading.Event) -> None:
    event.wait()


def void(report: SafeStateReport) -> None:
    assert report.is_safe


def test_where_the_system_has_no_thread_left_each_step_runs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Steps("stop", "waste", "power off")

    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    steps.failing = {"stop"}
    report = steps.safe_state.enter("end")
    assert steps.ran == ["stop", "waste", "power off"]
    assert [name for name, _ in report.failed] == ["stop"]
