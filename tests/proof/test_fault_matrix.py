"""A part of the fault matrix; `python -m tests.proof.fault_matrix` prints the whole table."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from results.series import Phase
from tests.proof.array_bench import run_case, shipped_bench, shipped_case, twin
from tests.proof.fault_matrix import REPORTED_SEEDS, judge
from tests.proof.fault_matrix_faults import AT_S, WHOLE, Fault, faults
from tests.proof.fault_matrix_naming import Statement

SEED = 1
"""Not one of those the table reports."""
_FAULTS = {fault.label: fault for fault in faults()}
_FATES = {
    "knock: 5 mg, 20 s": ("excluded", "spike"),
    "door open in a blank: 20 mg, 300 s": ("excluded", "load on and off"),
    "laid on and left: 1 mg": ("U widened", "surge of the delivery"),
    "laid on and left: 5 mg": ("U widened", "jump"),
    "laid on and left in a blank: 0.03 mg": ("repaired", "step"),
    "zero shifted in a blank: -0.05 mg": ("repaired", "step"),
    "laid on and taken off: 2000 mg, 8 min": ("excluded", "load on and off"),
    "laid on and taken off: 50 mg, 120 min": ("repaired", "load on and off"),
    "touched off: -0.3 mg": ("U widened", "fall within the pull on the tube"),
    "touched off: -5 mg": ("repaired", "step"),
    "frozen balance: 600 s": ("excluded", "frozen balance"),
    "overload: 600 s": ("excluded", "no number"),
    "not a number: 60 s": ("excluded", "not finite"),
    "repeated times: 5.0%": ("excluded", "time order"),
    "hole in the record: 600 s": ("U widened", "silence in the record"),
    "clock set back: 60 s": ("U widened", "clock set back"),
    "lone wrong time: +1e+09 s": ("excluded", "time out of line"),
    "drops: 20 uL": ("U widened", "drops"),
    "bubble through the outlet: 1 uL": ("U widened", "pause of the delivery"),
    "oil film lost: 10 ug/min": ("U widened", "evaporation changed"),
    "balance creeping up: 20 ug/min": ("U widened", "a drift, not evaporation"),
}
_REFUSED = {
    "laid on and left: 2000 mg": "jumps by",
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


def test_the_seeds_of_the_table_are_not_those_it_was_tuned_on() -> None:
    assert not set(REPORTED_SEEDS) & {SEED, *range(1, 61)}


@pytest.mark.parametrize("label", _FATES)
def test_a_fault_is_named_where_it_is_and_u_holds_the_truth(label: str) -> None:
    verdict = judge(_FAULTS[label], seed=SEED)
    fate, name = _FATES[label]
    assert verdict.covered, verdict
    assert verdict.fate == fate
    assert name in verdict.names


@pytest.mark.parametrize("label", _REFUSED)
def test_a_fault_that_leaves_no_number_is_refused(label: str) -> None:
    verdict = judge(_FAULTS[label], seed=SEED)
    assert verdict.fate == "INVALID"
    assert _REFUSED[label] in verdict.refusal
    assert verdict.error_percent is None


def test_a_fault_is_not_named_by_another_kind_or_at_another_time() -> None:
    touched = _FAULTS["touched off: -5 mg"]
    of_another_kind = judge(replace(touched, names=frozenset({"drops"})), seed=SEED)
    assert (of_another_kind.names, of_another_kind.fate) == (frozenset(), "harmless within U")
    assert "step" in of_another_kind.others
    later = Phase(touched.when.end_s + 120.0, touched.when.end_s + 180.0)
    assert judge(replace(touched, when=later), seed=SEED).names == frozenset()


@pytest.mark.parametrize(
    ("name", "tolerance_s"), [("spike", 5.0), ("frozen balance", 5.0), ("step", 60.0), ("pause of the delivery", 400.0)]
)
def test_a_statement_may_be_as_far_off_as_it_is_seen_by(name: str, tolerance_s: float) -> None:
    when = Phase(1000.0, 1100.0)
    for off_s, is_at in ((tolerance_s - 1.0, True), (tolerance_s + 1.0, False)):
        assert Statement(name, "", 900.0 - off_s, 1000.0 - off_s).is_at(when) is is_at
        assert Statement(name, "", 1100.0 + off_s, 1200.0 + off_s).is_at(when) is is_at


@pytest.mark.parametrize("label", ["nothing: at all", "read faster than it updates: 8 times"])
def test_sound_runs_hold_no_finding_and_strokes_are_no_steps(label: str) -> None:
    verdict = judge(_FAULTS.get(label, Fault("nothing", "at all", WHOLE)), seed=SEED)
    assert verdict.covered
    assert verdict.names == frozenset()
    assert verdict.others == frozenset()


def test_a_stall_of_three_hours_is_reported_and_not_repaired() -> None:
    fault = _FAULTS["stall of the pump: 10800 s"]
    run = run_case(shipped_case("maintenance"), twin(events=fault.events), SEED)
    outcome = run.evaluated(shipped_bench())
    assert outcome.continuity.interrupted
    assert outcome.continuity.gap_begin_s == pytest.approx(AT_S, abs=500.0)
    assert abs(outcome.error_a.measured.value - run.true_error_percent) < 0.5
    assert all(finding.treatment == "kept, U widened" for finding in outcome.findings)
    assert all(row.windows_excluded == 0 for row in outcome.corrected.trumpet)
    assert outcome.corrected.trumpet[0].ep_min_percent < -95.0


def test_findings_stand_in_the_record_and_in_the_notes_and_the_raw_readings_stay() -> None:
    run = run_case(shipped_case("maintenance"), twin(events=_FAULTS["touched off: -5 mg"].events), SEED)
    before = run.series.mass_g.copy()
    outcome = run.evaluated(shipped_bench())
    assert (run.series.mass_g == before).all()
    record = json.loads(json.dumps(outcome.as_record()))
    (step,) = [finding for finding in record["findings"] if finding["rule"] == "step"]
    assert step["treatment"] == "repaired"
    assert step["begin_s"] == pytest.approx(AT_S, abs=10.0)
    assert step["size_mg"] == pytest.approx(-5.0, abs=0.3)
    assert any(note.startswith("step: once") for note in outcome.notes)
    assert [row["windows_repaired"] for row in record["corrected"]["trumpet"]] == [1, 4, 10, 22, 32, 32]
