"""What the header of a trace tells of pump and plan."""

from __future__ import annotations

import hashlib
from pathlib import Path

from results.provenance import provenance_of
from results.trace.reader import read_trace
from tests.results.synthetic import simulate
from tests.results.test_evaluate_trace import SHORT, header, phase_events, written


def test_pump_plan_and_hash_are_those_of_the_trace(tmp_path: Path) -> None:
    series = simulate(SHORT, 1).series
    head = header(
        instruments={"pump": {"maker": "Bench", "model": "IP-1", "serial": "00042", "firmware": "1.4", "port": "x"}},
        plan={"id": "flow-accuracy", "revision": "3", "case": "one", "sha256": "0" * 64},
    )
    trace = written(tmp_path, series, events=phase_events(series), head=head)
    found = provenance_of(read_trace(trace))
    assert found.pump == "Bench, IP-1, serial no. 00042, firmware 1.4"
    assert found.plan == "flow-accuracy revision 3, case one"
    assert found.trace_sha256 == hashlib.sha256(trace.read_bytes()).hexdigest()


def test_what_a_header_does_not_say_is_not_made_up(tmp_path: Path) -> None:
    series = simulate(SHORT, 1).series
    found = provenance_of(read_trace(written(tmp_path, series, events=phase_events(series), head=header())))
    assert (found.pump, found.plan) == ("not recorded", "not recorded")
