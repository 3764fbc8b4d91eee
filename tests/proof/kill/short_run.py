"""A protocol to be killed in: prime, blank, infusing, occluded, end, in about eight seconds.

It is run whole by the test, or begun by a fixture, as a protocol may be.
"""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.procedures.stop_restart import StopRestartCase


def _begin(bench: Bench, case: StopRestartCase) -> None:
    bench.prime(case.prime)
    bench.blank("blank_before", case.blank_s)
    bench.start_infusion(case.program)
    bench.infuse("before stop", case.before_s)


def _end(bench: Bench, case: StopRestartCase) -> None:
    with bench.phase("occluded", case.after_s):
        bench.occlude()
        bench.wait(case.after_s)
    bench.release()
    bench.stop_infusion()
    with bench.phase("stopped", case.stopped_s):
        bench.wait(case.stopped_s)
    bench.start_infusion(case.program)
    bench.infuse("after restart", case.stopped_s)
    bench.evaluate()


@pytest.fixture
def begun(bench: Bench, case: StopRestartCase) -> Bench:
    """The bench, infusing."""
    _begin(bench, case)
    return bench


def test_whole(bench: Bench, case: StopRestartCase) -> None:
    """Everything in the protocol."""
    _begin(bench, case)
    _end(bench, case)


def test_begun_by_a_fixture(begun: Bench, case: StopRestartCase) -> None:
    """The first half in a fixture."""
    _end(begun, case)
