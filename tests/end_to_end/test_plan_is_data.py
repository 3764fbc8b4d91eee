"""Changing a limit, a rate or a duration takes an editor: the protocol's code is the shipped one, word for word."""

from __future__ import annotations

import numpy as np
import pytest

from results.trace.reader import read_trace
from tests.end_to_end.bench_runs import ROOT, Finished, copy_protocols, run_protocols

RATE = {"flow_ml_per_day = 10.0": "flow_ml_per_day = 12.0"}
DURATION = {
    "prime_flow_ml_per_day = 24.0\nprime_s = 300.0\nblank_s = 300.0": (
        "prime_flow_ml_per_day = 24.0\nprime_s = 300.0\nblank_s = 240.0"
    )
}
LIMITS = {"low = -14.5\nhigh = 14.5": "low = 4.0\nhigh = 20.0"}


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The fast case with one rate, one duration and the limits edited in its plan, and nothing else."""
    folder = tmp_path_factory.mktemp("edited")
    cwd = copy_protocols(folder / "copy", RATE | DURATION | LIMITS)
    for path in (ROOT / "protocols").glob("*.py"):
        assert (cwd / "protocols" / path.name).read_bytes() == path.read_bytes()
    return run_protocols(
        folder / "runs",
        *("--station", "simulated", "--case", "fast"),
        protocols="protocols/flow_accuracy.py",
        cwd=cwd,
    )


def test_the_pump_runs_at_the_edited_rate(edited: Finished) -> None:
    stream = read_trace(edited.run.trace).stream("pump")
    set_flow = np.asarray(stream.column("set_flow_ul_per_h"), dtype=float)
    assert np.isclose(set_flow, 12_000.0 / 24.0).any()
    assert not np.isclose(set_flow, 10_000.0 / 24.0).any()


def test_the_blank_lasts_as_long_as_the_plan_says(edited: Finished) -> None:
    events = read_trace(edited.run.trace).events
    begin, end = (
        next(event.time_ns for event in events if event.kind == kind and event.data["phase"] == "blank_before")
        for kind in ("phase_begin", "phase_end")
    )
    assert (end - begin) / 1e9 == pytest.approx(240.0, abs=1.0)


def test_the_verdict_is_by_the_edited_limits(edited: Finished) -> None:
    record = edited.record
    assert record["verdict"] == "FAIL", edited.output
    (decision,) = record["outcome"]["decisions"]
    assert (decision["tolerance_low"], decision["tolerance_high"]) == (4.0, 20.0)
