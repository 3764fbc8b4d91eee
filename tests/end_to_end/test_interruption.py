"""Ctrl-C, SIGTERM and SIGHUP: the pump is stopped, the record closed, the run ABORTED and readable."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from results.trace.events import read_events
from results.trace.reader import read_trace
from tests.end_to_end.bench_runs import LONG_ENOUGH_S, ROOT, found_runs, protocol_command, run_protocols, wait_for_phase


def counts_in(junit: Path) -> dict[str, int]:
    """Return what a JUnit file counts."""
    (suite,) = ElementTree.parse(junit).getroot()
    return {what: int(suite.attrib[what]) for what in ("tests", "errors", "failures")}


@pytest.mark.parametrize(
    ("number", "phase", "clock"),
    [
        (signal.SIGINT, "prime", "wall"),
        (signal.SIGINT, "stabilisation", "virtual"),
        (signal.SIGTERM, "blank_before", "virtual"),
        (signal.SIGHUP, "stabilisation", "virtual"),
    ],
)
def test_an_ending_signal_leaves_a_safe_bench_and_a_readable_run(
    tmp_path: Path, number: signal.Signals, phase: str, clock: str
) -> None:
    runs = tmp_path / "runs"
    report = tmp_path / "junit.xml"
    chosen = ("--station", "simulated", "--case", "maintenance", "--clock", clock)
    command = protocol_command(runs, *chosen, f"--junitxml={report}")
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        wait_for_phase(runs, phase)
        process.send_signal(number)
        output, _ = process.communicate(timeout=LONG_ENOUGH_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "ABORTED" in output
    assert counts_in(report) == {"tests": 1, "errors": 1, "failures": 0}
    (run,) = found_runs(runs)
    record = json.loads(run.record.read_text())
    assert record["verdict"] == "ABORTED"
    assert number.name in record["reason"]
    assert record["safe_state"]["done"][:2] == ["pump stop", "pump stop confirmed"]
    assert record["safe_state"]["failed"] == []
    assert record["outcome"] is None
    trace = read_trace(run.trace, sha256=record["files"]["trace.h5"])
    assert trace.complete
    assert trace.events[-2].kind in ("safe_state", "sampler_end")
    assert phase in {event.data.get("phase") for event in trace.events if event.kind == "phase_begin"}


def test_what_the_deadline_of_a_session_ends_is_an_error_and_no_failure_of_the_pump(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    chosen = ("--station", "simulated", "--case", "maintenance", "--session-deadline", "0.03")
    finished = run_protocols(tmp_path / "runs", *chosen, f"--junitxml={report}")
    assert finished.status == 1, finished.output
    assert finished.record["verdict"] == "ABORTED"
    assert counts_in(report) == {"tests": 1, "errors": 1, "failures": 0}
    (error,) = ElementTree.parse(report).getroot().iter("error")
    assert "--session-deadline" in error.attrib["message"]


def test_a_killed_run_is_sealed_afterwards_and_lacks_nothing_committed(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    command = protocol_command(runs, "--station", "simulated", "--case", "maintenance")
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_phase(runs, "stabilisation")
    finally:
        process.kill()
        process.wait()
    (run,) = found_runs(runs)
    assert not run.record.exists()
    done = subprocess.run(
        [*command[:1], "-m", "rig", "seal", str(run.path)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert "without closing its journal" in done.stdout, done.stderr
    assert done.returncode == 1
    trace = read_trace(run.trace)
    assert not trace.closed_orderly
    assert not trace.damage
    logged = [(event.kind, event.time_ns) for event in read_events(run.events).events]
    sealed = [(event.kind, event.time_ns) for event in trace.events]
    assert sealed == logged[: len(sealed)]
    assert len(sealed) >= len(logged) - 1
    assert trace.stream("mass").count > 0
