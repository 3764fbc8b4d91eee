"""Protocols that are not as they should be: a fixture that fails ends the run; what verifies nothing passes nothing."""

from __future__ import annotations

from pathlib import Path

from results.trace.reader import read_trace
from tests.end_to_end.bench_runs import copy_protocols, run_protocols

FIXTURE = """

import pytest


@pytest.fixture(autouse=True)
def primed(bench, case):
    bench.prime(case.prime)
    raise ZeroDivisionError("of an unforeseen kind")
"""


def test_a_fixture_that_fails_makes_the_run_invalid_and_says_why(tmp_path: Path) -> None:
    copied = copy_protocols(tmp_path / "copied", {})
    with (copied / "protocols" / "flow_accuracy.py").open("a", encoding="utf-8") as file:
        file.write(FIXTURE)
    done = run_protocols(
        tmp_path / "runs",
        *("--station", "simulated", "--case", "maintenance"),
        protocols=str(copied / "protocols" / "flow_accuracy.py"),
        cwd=copied,
    )
    assert done.status != 0
    assert done.record["verdict"] == "INVALID"
    assert done.record["reason"] == "ZeroDivisionError: of an unforeseen kind"
    assert done.record["safe_state"]["failed"] == []
    assert "INVALID" in done.output
    assert read_trace(done.run.trace, sha256=done.record["files"]["trace.h5"]).complete


def test_a_protocol_that_verifies_nothing_is_no_pass(tmp_path: Path) -> None:
    copied = copy_protocols(tmp_path / "copied", {})
    protocol = copied / "protocols" / "bolus_accuracy.py"
    text = protocol.read_text(encoding="utf-8")
    begin = text.index("    bench.prime(")
    protocol.write_text(f"{text[:begin]}    bench.prime(case.prime)\n", encoding="utf-8")
    done = run_protocols(
        tmp_path / "runs",
        *("--station", "simulated", "--case", "bolus_short"),
        protocols=str(protocol),
        cwd=copied,
    )
    assert done.record["verdict"] == "NOT RUN"
    assert done.status != 0, done.output
    assert "the protocol ended before its evaluation" in done.output
