"""What ended a run is what came first: an instrument that was cut off by the safe end is no cause of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from instruments.errors import InstrumentTimeout
from results.decision import Verdict
from rig.acquisition.stream import Item
from rig.bench import Bench
from rig.faults import CriterionReached
from rig.stopping import Reached
from rig.trip import Trip
from tests.rig.bench_sessions import ended_by, record_of, session_on

LIMIT = Trip("burst pressure reached", is_limit=True)
LOST = Trip("the link to the pump is lost")


class AtOnce:
    """Reached with the first sample."""

    def listen(self, item: Item) -> Reached | None:
        return Reached("STOP", 2.0, 1.0, "uL", "at once")


def reach_criterion(bench: Bench) -> None:
    bench.stop_when(AtOnce())
    bench._clock.sleep_until(bench._clock.now() + 5.0)


@pytest.mark.parametrize(
    ("happens", "verdict", "reason"),
    [
        (lambda bench: bench.trip(LIMIT), Verdict.ABORTED, "burst pressure reached"),
        (lambda bench: bench.trip(LOST), Verdict.INVALID, "the link to the pump is lost"),
        (reach_criterion, Verdict.FAIL, "STOP"),
        (lambda bench: None, Verdict.INVALID, "no answer"),
    ],
)
def test_a_pump_that_was_cut_off_in_the_middle_of_a_command_is_not_what_ended_the_run(
    tmp_path: Path, happens: Callable[[Bench], None], verdict: Verdict, reason: str
) -> None:
    def protocol(bench: Bench) -> None:
        happens(bench)
        raise InstrumentTimeout("no answer", instrument="pump", command="STA?")

    run = ended_by(session_on(tmp_path), protocol, InstrumentTimeout, "no answer")
    assert run.verdict is verdict
    assert reason in record_of(run)["reason"]


def test_a_link_lost_by_the_safe_end_after_a_criterion_leaves_a_failed_pump_failed(tmp_path: Path) -> None:
    def protocol(bench: Bench) -> None:
        reach_criterion(bench)
        bench.trip(LOST)
        bench.wait(60.0)

    assert ended_by(session_on(tmp_path), protocol, CriterionReached, "STOP").verdict is Verdict.FAIL
