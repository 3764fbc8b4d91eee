"""The safe-state path: ordered, idempotent, never cut short by a failing step."""

from __future__ import annotations

from functools import partial

from instruments.errors import InstrumentTimeout
from rig.safety.safe_state import SafeAction, SafeState


class Steps:
    """Records the steps that ran; those named in `failing` raise."""

    def __init__(self, *names: str) -> None:
        self.ran: list[str] = []
        self.failing: set[str] = set()
        self.safe_state = SafeState([SafeAction(name, partial(self.run, name)) for name in names])

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


def test_entering_again_repeats_only_what_failed_and_keeps_the_first_reason() -> None:
    steps = Steps("stop", "waste")
    steps.failing = {"stop"}
    steps.safe_state.enter("interlock")
    steps.failing = set()
    report = steps.safe_state.enter("end")
    assert steps.ran == ["stop", "waste", "stop"]
    assert report.is_safe
    assert report.reason == "interlock"
    steps.safe_state.enter("once more")
    assert steps.ran == ["stop", "waste", "stop"]


def test_after_leaving_every_step_runs_again() -> None:
    steps = Steps("stop", "waste")
    steps.safe_state.enter("first")
    steps.safe_state.leave()
    assert steps.safe_state.enter("second").reason == "second"
    assert steps.ran == ["stop", "waste"] * 2
