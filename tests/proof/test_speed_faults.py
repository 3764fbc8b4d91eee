"""What is done to the pan in a test of several speeds is not silently wrong: of `tests.proof.speed_faults`, a few."""

from __future__ import annotations

import pytest

from tests.proof.speed_faults import KINDS, fault_of, verdict_on

SEED = 1


@pytest.mark.parametrize(
    ("kind", "stage", "fault", "end"),
    [
        ("occlusion", "steady", "taken off, 20 mg", "no number"),
        ("occlusion", "closed", "taken off, 20 mg", "held"),
        ("occlusion", "5 s before the release", "laid on, 20 mg", "held"),
        ("occlusion", "30 s after the release", "re-zeroed", "no number"),
        ("catheter occlusion", "2 s after the release", "taken off, 20 mg", "no number"),
        ("lockout", "bolus", "taken off, 20 mg", "no number"),
        ("lockout", "lockout", "taken off, 3 mg", "held"),
        ("priming and bridge", "bridge", "laid on, 20 mg", "held"),
        ("priming and bridge", "4 s after priming", "taken off, 20 mg", "no number"),
    ],
)
def test_no_fault_is_silently_wrong(kind: str, stage: str, fault: str, end: str) -> None:
    one = KINDS[kind]
    assert verdict_on(one, SEED, fault, one.stages[stage] + 0.37, frozenset()) == (end, [])


@pytest.mark.parametrize("kind", list(KINDS))
def test_without_a_fault_nothing_is_kept_from_a_number(kind: str) -> None:
    outcome, _ = KINDS[kind].run(SEED, None)
    assert not [found for found in outcome.findings if found.treatment == "no volume across it"]


def test_a_fault_is_named_where_it_happened() -> None:
    at_s = KINDS["occlusion"].stages["30 s after the release"]
    outcome, _ = KINDS["occlusion"].run(SEED, fault_of("laid on, 20 mg", at_s))
    assert any(found.begin_s - 5.0 <= at_s <= found.end_s + 5.0 for found in outcome.findings)
