"""When a fault that nobody named is harmless, and when it is silently wrong."""

from __future__ import annotations

import pytest
from scipy import stats

from tests.proof.coverage_document import CELL_PERCENT
from tests.proof.fault_matrix import judge
from tests.proof.fault_matrix_document import counts
from tests.proof.fault_matrix_faults import WHOLE, Fault, faults
from tests.proof.fault_matrix_verdict import HARMLESS_SHARE_OF_U, Verdict

SEED = 1


def _verdict(
    *, sound: float, displaced: float, expanded: float = 1.0, sound_expanded: float = 1.0, named: bool = False
) -> Verdict:
    return Verdict(
        fault=Fault("nothing", "at all", WHOLE),
        seed=SEED,
        names=frozenset({"step"} if named else ()),
        others=frozenset(),
        treatment="repaired" if named else "",
        refusal="",
        error_percent=sound + displaced,
        expanded_percent=expanded,
        displaced_percent=displaced,
        sound_percent=sound,
        sound_expanded_percent=sound_expanded,
    )


def test_a_harmless_displacement_leaves_the_coverage_of_u_what_a_cell_of_the_study_must_have() -> None:
    def coverage_percent(displaced_share: float) -> float:
        normal = stats.norm(loc=2.0 * displaced_share)
        return 100.0 * float(normal.cdf(2.0) - normal.cdf(-2.0))

    assert coverage_percent(0.0) == pytest.approx(95.45, abs=0.005)
    assert coverage_percent(HARMLESS_SHARE_OF_U) > CELL_PERCENT[0] > coverage_percent(0.25)


@pytest.mark.parametrize(
    ("sound", "displaced", "named", "fate", "by_chance"),
    [
        (0.0, 0.19, False, "harmless within U", False),
        (0.0, 0.21, False, "SILENTLY WRONG", False),
        (0.5, -0.9, False, "SILENTLY WRONG", False),
        (0.95, 0.1, False, "harmless within U", True),
        (1.1, 0.1, False, "harmless within U", True),
        (1.1, -0.3, False, "SILENTLY WRONG", False),
        (0.5, 0.4, True, "repaired", False),
        (0.7, 0.4, True, "WRONG, named", False),
        (0.95, 0.1, True, "repaired", True),
    ],
)
def test_what_the_fault_itself_did_is_judged_not_where_chance_put_the_truth(
    sound: float, displaced: float, named: bool, fate: str, by_chance: bool
) -> None:
    verdict = _verdict(sound=sound, displaced=displaced, named=named)
    assert (verdict.fate, verdict.by_chance) == (fate, by_chance)


def test_a_wider_u_excuses_no_displacement() -> None:
    verdict = _verdict(sound=0.0, displaced=0.3, expanded=3.0)
    assert verdict.covered
    assert verdict.fate == "SILENTLY WRONG"
    assert _verdict(sound=0.0, displaced=0.3, sound_expanded=3.0).fate == "SILENTLY WRONG"


def test_the_strict_counts_are_of_the_truth_whatever_the_cause() -> None:
    lines = list(counts([_verdict(sound=0.95, displaced=0.1), *[_verdict(sound=0.0, displaced=0.1)] * 9]))
    assert any(line.startswith("| fault not named | 1 | 10 | 90.0 % (55.5 to 99.7 %)") for line in lines)


def test_a_pump_that_drifts_ends_at_another_level_whose_pull_is_not_its_doing() -> None:
    (drifting,) = [fault for fault in faults() if fault.label == "drift of the pump: 5 %/d"]
    verdict = judge(drifting, SEED)
    assert verdict.error_percent is not None
    assert abs(verdict.error_percent - verdict.sound_percent) > 0.1 * verdict.sound_expanded_percent
    assert abs(verdict.displaced_share) < 0.05


def test_a_load_displaces_by_what_it_weighs() -> None:
    """0.05 mg of the 224.6 mg that are due, with the pump running: the pull is as it was."""
    (shifted,) = [fault for fault in faults() if fault.label == "zero shifted: -0.05 mg"]
    verdict = judge(shifted, SEED)
    assert verdict.displaced_percent == pytest.approx(-0.05 / 224.6 * 100.0, abs=0.002)
