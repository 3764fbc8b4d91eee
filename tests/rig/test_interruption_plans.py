"""Plans of stall, over-infusion and lockout that contradict themselves, and what each case needs of a pump."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.trace.schema import MASS
from results.trace.status import SampleStatus
from rig.acquisition.sample import NS_PER_S, Sample
from rig.configuration import ConfigurationError
from rig.plan import Plan, load_plan
from rig.procedures.over_infusion import OverInfusionCase
from rig.procedures.stall_recovery import StallRecoveryCase
from rig.stopping import Reached

PROTOCOLS = Path(__file__).parents[2] / "protocols"


def changed(folder: Path, name: str, old: str, new: str) -> Plan:
    """Return a shipped plan with one text replaced everywhere."""
    text = (PROTOCOLS / f"{name}.toml").read_text(encoding="utf-8")
    assert old in text
    path = folder / f"{name}.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return load_plan(path)


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("stall_recovery", "hold_s = 1200.0\n", "", "needs both hold_s and recovery_s"),
        ("over_infusion", "low_reservoir_ul = 2206.0", "low_reservoir_ul = 2231.0", "2230 uL are left at the end"),
        ("lockout", "lockout_s = 3600.0", "lockout_s = 1140.0", "it has passed already"),
        ("lockout", "watched_s = 1200.0", "watched_s = 600.0", "has not passed yet"),
        ("flow_factors", "back_pressure_kpa = -13.33\n", "", "no back_pressure_kpa that it must show"),
    ],
)
def test_a_contradiction_is_told_at_its_key(tmp_path: Path, name: str, old: str, new: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        changed(tmp_path, name, old, new)


def test_a_pump_needs_a_stall_alarm_only_where_it_is_judged() -> None:
    plan = load_plan(PROTOCOLS / "stall_recovery.toml")
    needs = {case.name: case.needs.functions for case in plan.cases}
    assert needs == {
        "stall_screening": frozenset(),
        "stall_recovery": frozenset(),
        "stall_alarm": frozenset({"stall_alarm"}),
    }
    assert plan.case("stall_screening", StallRecoveryCase).hold is None


def stopped_after_h(case: OverInfusionCase, flow_ul_per_h: float) -> tuple[int, Reached] | None:
    """Return after how many hours the live sum of a steady flow ends the case within two days, and what it tells."""
    criterion = case.stopping_criterion()
    for minute in range(48 * 60):
        mass_g = 7.5 + flow_ul_per_h * minute / 60.0 * 0.998e-3
        reached = criterion.listen(Sample(MASS, minute * 60 * NS_PER_S, SampleStatus.DYNAMIC, (mass_g, b"S D")))
        if reached is not None:
            return minute // 60, reached
    return None


def test_the_live_sum_is_the_evaluation_s(tmp_path: Path) -> None:
    """9 uL/h set, 9.45 allowed: at 10.8 uL/h 1.35 uL/h add up to 10 uL in 7.4 h, to 12 uL in 8.9 h.

    The median of 10 min comes up to a quarter of an hour later.
    """
    shipped = load_plan(PROTOCOLS / "over_infusion.toml").case("over_infusion_day", OverInfusionCase)
    found = stopped_after_h(shipped, 10.8)
    assert found is not None
    assert (found[0], found[1].limit) == (7, 10.0)
    assert stopped_after_h(shipped, 9.4) is None
    later = changed(tmp_path, "over_infusion", "decision_ul = 10.0", "decision_ul = 12.0")
    found = stopped_after_h(later.case("over_infusion_day", OverInfusionCase), 10.8)
    assert found is not None
    assert (found[0], found[1].limit) == (9, 12.0)
