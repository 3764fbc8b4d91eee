"""A part of the fault matrix; `python -m tests.proof.fault_matrix` prints the whole table."""

from __future__ import annotations

import json

import pytest

from tests.proof.array_bench import run_case, shipped_bench, shipped_case, twin
from tests.proof.fault_matrix import AT_S, Fault, faults, judge

_FAULTS = {fault.label: fault for fault in faults()}
_NAMED = {
    "knock: 5 mg, 20 s": "spike",
    "door open in a blank: 20 mg, 5 min": "load on and off",
    "laid on and left: 1 mg": "surge of the delivery",
    "laid on and left: 5 mg": "jump",
    "laid on and taken off: 2 g, 8 min": "load on and off",
    "touched off: 5 mg": "step",
    "frozen balance: 600 s": "frozen balance",
    "overload: 600 s": "no number",
    "repeated times: 5.0%": "time order",
    "hole in the record: 600 s": "silence in the record",
    "clock set back: 60 s": "clock set back",
    "lone wrong time: +1e+09 s": "time out of line",
    "drops: 20 uL": "drops",
    "bubble through the outlet: 1 uL": "pause of the delivery",
}
_REFUSED = {
    "laid on and left: 2 g": "jumps by",
    "re-zero: to 0 mg": "jumps by",
    "tare by the rig: 0.1 mg": "tared at",
    "clock set back: 3600 s": "set back by 3600 s",
    "frozen balance: 10800 s": "gap of 1080",
}


def test_every_kind_of_fault_has_three_severities() -> None:
    table = faults()
    kinds = [fault.kind for fault in table]
    assert {kinds.count(kind) for kind in kinds} == {3}
    assert len(_FAULTS) == len(table)


@pytest.mark.parametrize("label", _NAMED)
def test_a_fault_is_named_where_it_is_and_u_holds_the_truth(label: str) -> None:
    verdict = judge(_FAULTS[label], seed=1)
    assert _NAMED[label] in verdict.names
    assert verdict.covered, verdict


@pytest.mark.parametrize("label", _REFUSED)
def test_a_fault_that_leaves_no_number_is_refused(label: str) -> None:
    verdict = judge(_FAULTS[label], seed=1)
    assert _REFUSED[label] in verdict.refusal
    assert verdict.error_percent is None


def test_sound_runs_hold_no_finding_and_strokes_are_no_steps() -> None:
    verdict = judge(Fault("nothing", "at all"), seed=1)
    assert verdict.covered
    assert verdict.names == ()


def test_a_stall_of_three_hours_is_reported_and_not_repaired() -> None:
    fault = _FAULTS["stall of the pump: 10800 s"]
    run = run_case(shipped_case("maintenance"), twin(events=fault.events), 1)
    outcome = run.evaluated(shipped_bench())
    assert outcome.continuity.interrupted
    assert outcome.continuity.gap_begin_s == pytest.approx(AT_S, abs=500.0)
    assert abs(outcome.error_a.measured.value - run.true_error_percent) < 0.5
    assert all(finding.treatment == "kept, U widened" for finding in outcome.findings)


def test_findings_stand_in_the_record_and_in_the_notes_and_the_raw_readings_stay() -> None:
    run = run_case(shipped_case("maintenance"), twin(events=_FAULTS["touched off: 5 mg"].events), 1)
    before = run.series.mass_g.copy()
    outcome = run.evaluated(shipped_bench())
    assert (run.series.mass_g == before).all()
    record = json.loads(json.dumps(outcome.as_record()))
    (step,) = [finding for finding in record["findings"] if finding["rule"] == "step"]
    assert step["treatment"] == "repaired"
    assert step["begin_s"] == pytest.approx(AT_S, abs=10.0)
    assert step["size_mg"] == pytest.approx(-5.0, abs=0.3)
    assert any(note.startswith("step: once") for note in outcome.notes)
