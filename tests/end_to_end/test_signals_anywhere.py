"""Signals where pytest or a library would lose them: while connecting, in a fixture, in somebody's `except`."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.end_to_end.bench_runs import Finished, copy_protocols, run_protocols

STRIKE = """

import os, signal
import pytest
import rig.running.case_run

def strike():
    os.kill(os.getpid(), signal.SIGTERM)
"""

LOSE = """
def lose():
    try:
        strike()
    except KeyboardInterrupt:
        pass
"""

CONNECTING = """
@pytest.fixture(autouse=True)
def struck(monkeypatch):
    monkeypatch.setattr(rig.running.case_run, "refuse_unfit_pump", lambda *_: {call}())
"""

IN_A_FIXTURE = """
@pytest.fixture(autouse=True)
def primed(bench, case):
    bench.prime(case.prime)
    {call}()
    bench.wait(3600.0)
"""


BETWEEN = """

import os, signal

def pytest_runtest_logreport(report):
    if report.when == "setup":
        os.kill(os.getpid(), signal.SIGTERM)
"""


def struck_session(folder: Path, place: str, call: str) -> Finished:
    copied = copy_protocols(folder / "copied", {})
    protocol = copied / "protocols" / "flow_accuracy.py"
    with protocol.open("a", encoding="utf-8") as file:
        file.write(STRIKE + LOSE + place.format(call=call))
    return run_protocols(
        folder / "runs",
        *("--station", "simulated", f"--junitxml={folder / 'junit.xml'}"),
        protocols=str(protocol),
        cwd=copied,
    )


def only_case(junit: Path) -> ElementTree.Element:
    """Return the only case that a JUnit file tells of."""
    (suite,) = ElementTree.parse(junit).getroot()
    assert {what: suite.attrib[what] for what in ("tests", "errors", "failures")} == {
        "tests": "1",
        "errors": "1",
        "failures": "0",
    }
    (case,) = suite.findall("testcase")
    return case


@pytest.mark.parametrize("call", ["strike", "lose"])
def test_a_signal_while_connecting_ends_the_session_and_the_case_is_reported(tmp_path: Path, call: str) -> None:
    done = struck_session(tmp_path, CONNECTING, call)
    assert done.status == pytest.ExitCode.INTERRUPTED, done.output
    assert done.runs == ()
    (error,) = only_case(tmp_path / "junit.xml").findall("error")
    assert "NOT RUN" in (error.text or "")
    assert "ended by SIGTERM" in (error.text or "")
    assert "ended by SIGTERM" in done.output


@pytest.mark.parametrize("call", ["strike", "lose"])
def test_a_signal_in_a_fixture_ends_the_run_and_the_case_is_reported(tmp_path: Path, call: str) -> None:
    done = struck_session(tmp_path, IN_A_FIXTURE, call)
    assert done.status == pytest.ExitCode.INTERRUPTED, done.output
    assert (done.record["verdict"], done.record["reason"]) == ("ABORTED", "ended by SIGTERM")
    assert done.record["safe_state"]["failed"] == []
    (error,) = only_case(tmp_path / "junit.xml").findall("error")
    assert "ABORTED: ended by SIGTERM" in (error.text or "")
    assert "Traceback" not in done.output


def test_a_signal_between_set_up_and_protocol_ends_the_run_as_aborted(tmp_path: Path) -> None:
    copied = copy_protocols(tmp_path / "copied", {})
    with (copied / "conftest.py").open("a", encoding="utf-8") as file:
        file.write(BETWEEN)
    done = run_protocols(
        tmp_path / "runs",
        *("--station", "simulated", "--case", "maintenance"),
        protocols=str(copied / "protocols" / "flow_accuracy.py"),
        cwd=copied,
    )
    assert done.status == pytest.ExitCode.INTERRUPTED, done.output
    assert (done.record["verdict"], done.record["reason"]) == ("ABORTED", "ended by SIGTERM")
    assert done.record["safe_state"]["failed"] == []
