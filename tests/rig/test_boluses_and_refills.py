"""What plans of boluses, refills and factors may not say, and what their cases make of what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments.program import ProgramMode
from rig.configuration import ConfigurationError, read_source
from rig.plan import Plan, load_plan, parse_plan
from rig.procedures.boluses import BolusesCase
from rig.procedures.flow_factors import FlowFactorCase
from rig.procedures.priming_bridge import PrimingBridgeCase

PROTOCOLS = Path(__file__).parents[2] / "protocols"


def changed(folder: Path, protocol: str, old: str, new: str) -> Plan:
    text = (PROTOCOLS / f"{protocol}.toml").read_text(encoding="utf-8")
    assert old in text
    path = folder / f"{protocol}.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return parse_plan(read_source(path, remedy=""))


@pytest.mark.parametrize(
    ("protocol", "old", "new", "told"),
    [
        ("bolus_accuracy", "boluses = 25", "boluses = 24", "boluses = 24, not 25: say why"),
        (
            "bolus_accuracy",
            "boluses = 5\n",
            "boluses = 25\n",
            "the boluses are the method.s 25",
        ),
        ("refill", "fill_ul = 2000.0", "fill_ul = 700.0", "uL go with the prime and the first infusion"),
        ("low_reservoir", "low_reservoir_ul = 200.0", "low_reservoir_ul = 600.0", "it is low from the beginning"),
        ("low_reservoir", "deadline_s = 21600.0", "deadline_s = 18000.0", "a pump without fault would miss it"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path: Path, protocol: str, old: str, new: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        changed(tmp_path, protocol, old, new)


def test_a_dose_becomes_a_volume_and_needs_a_fast_pump() -> None:
    case = load_plan(PROTOCOLS / "bolus_trial.toml").case("trial_50", BolusesCase)
    assert case.evaluation.set_volume_ul == pytest.approx(1000.0)
    assert case.needs.bolus_flows_ul_per_h == pytest.approx((40_000.0,))


def test_the_bridge_lasts_as_long_as_the_old_drug_is_in_the_catheter() -> None:
    """The example of the programming guides: 441 uL of 500 ug/mL at 108 ug/day take 2.042 days."""
    case = load_plan(PROTOCOLS / "priming_bridge.toml").case("bridge", PrimingBridgeCase)
    (step,) = case.bridge.steps
    assert case.bridge.mode is ProgramMode.BRIDGE_BOLUS
    assert step.flow_ul_per_h == pytest.approx(9.0)
    assert step.duration_s == pytest.approx(2.042 * 86400.0, rel=2e-4)


def test_a_factor_is_set_up_by_hand_and_nothing_else_is() -> None:
    cases = {case.name: case for case in load_plan(PROTOCOLS / "flow_factors.toml").cases}
    values = {
        name: [(step.action, *step.values.values()) for step in case.steps]
        for name, case in cases.items()
        if isinstance(case, FlowFactorCase)
    }
    assert values["plain"] == []
    assert values["back_pressure_low"] == [("set_back_pressure", -13.33)]
    assert values["bath_37"] == [("set_bath", 37.0)]
    assert values["reservoir_low"] == [("refill", 3000.0)]
    assert values["air_low"] == [("set_ambient_pressure", 750.0)]
    assert cases["reservoir_low"].needs.reservoir_ul == 3000.0
