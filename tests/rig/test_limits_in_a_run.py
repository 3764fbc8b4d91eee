"""A limit of the rig reached in a run: the run ends ABORTED, and event, record and trace agree on the sample."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from results.decision import Verdict
from results.measured.outcome import Outcome
from results.trace.reader import read_trace
from results.trace.schema import AMBIENT, MASS
from results.trace.status import SampleStatus
from rig.acquisition.sample import Sample, to_ns
from rig.bench import Bench
from rig.faults import RigLimit
from rig.running import case_run
from tests.rig.bench_sessions import ended_by, events_of, record_of, session_on

SILENT = "silent_after_s = 60.0"
BAND = {SILENT: f"{SILENT}\nair_temperature_c = [15.0, 21.0]"}
"""The simulated room is at 21.5 degC."""


def wait_long(bench: Bench) -> None:
    bench.blank("blank", 1000.0)


def test_event_record_and_trace_agree_on_the_sample_that_tripped(tmp_path: Path) -> None:
    run = ended_by(session_on(tmp_path, changes=BAND), wait_long, RigLimit, "outside 15 to 21 degC")
    record = record_of(run)
    assert record["verdict"] == Verdict.ABORTED.value
    assert record["safe_state"]["failed"] == []
    (event,) = events_of(run, "interlock")
    assert event.data == record["interlock"]
    sample = record["interlock"]["sample"]
    assert (sample["stream"], sample["quantity"], sample["status"]) == (AMBIENT, "temperature_c", "GOOD")
    stream = read_trace(run.folder.trace).stream(AMBIENT)
    (at,) = np.flatnonzero(stream.time_ns == sample["time_ns"])
    assert stream.column("temperature_c")[at] == sample["value"] > 21.0
    assert event.time_ns >= sample["time_ns"]


def test_a_run_without_a_trip_has_none_on_record(tmp_path: Path) -> None:
    with session_on(tmp_path).bench() as (run, bench):
        bench.blank("blank", 30.0)
    assert record_of(run)["interlock"] is None


def test_a_limit_reached_while_the_bench_is_made_safe_is_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_run, "evaluate_trace", no_evaluation)

    def protocol(bench: Bench) -> None:
        bench.blank("blank", 30.0)
        acquisition = bench._acquisition._own  # type: ignore[attr-defined]
        record = acquisition.event

        def overfill_after(
            kind: str, source: str, data: Mapping[str, object] | None = None, *, at_s: float | None = None
        ) -> None:
            record(kind, source, data, at_s=at_s)
            if kind == "safe_state":
                time_ns = to_ns(bench._clock.now() - acquisition.origin_s) + 1
                acquisition._stream.publish(Sample(MASS, time_ns, SampleStatus.GOOD, (100.0, b"")))

        monkeypatch.setattr(acquisition, "event", overfill_after)
        bench.evaluate()

    run = ended_by(session_on(tmp_path), protocol, RigLimit, "vessel full")
    record = record_of(run)
    assert record["verdict"] == Verdict.ABORTED.value
    assert record["interlock"]["sample"]["value"] == 100.0
    assert read_trace(run.folder.trace).stream(MASS).time_ns[-1] == record["interlock"]["sample"]["time_ns"]


def no_evaluation(*args: object) -> Outcome:
    raise AssertionError("a run that reached a limit is not evaluated")
