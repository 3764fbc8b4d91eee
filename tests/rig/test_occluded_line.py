"""A plan that closes the line: what it expects, what it is refused for before the pump is touched, what it needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from results.feasibility import FeasibilityRefused
from rig.plan import load_plan
from rig.procedures.catheter_occlusion import CatheterOcclusionCase
from rig.procedures.occluded_line import ExpectedLine
from rig.procedures.occlusion import OcclusionCase
from rig.stations.file import load_station_file

PROTOCOLS = Path(__file__).parents[2] / "protocols"
EXTERNAL, IMPLANT = "simulated-external", "simulated"


def occlusion(name: str) -> OcclusionCase:
    case = next(one for one in load_plan(PROTOCOLS / "occlusion.toml").cases if one.name == name)
    assert isinstance(case, OcclusionCase)
    return case


def catheter(name: str) -> CatheterOcclusionCase:
    case = next(one for one in load_plan(PROTOCOLS / "catheter_occlusion.toml").cases if one.name == name)
    assert isinstance(case, CatheterOcclusionCase)
    return case


@pytest.mark.parametrize(
    ("name", "alarm_s"),
    [
        ("intermediate_lowest", 11.34),  # 1.05 uL/kPa * 30 kPa / 10 mL/h
        ("intermediate_highest", 45.36),
        ("minimum_lowest", 5670.0),
        ("minimum_highest", 22680.0),
    ],
)
def test_the_record_says_when_the_alarm_is_to_be_expected(name: str, alarm_s: float) -> None:
    case = occlusion(name)
    feasibility = case.feasibility(load_station_file(EXTERNAL))
    feasibility.refuse()
    assert feasibility.record["expected_time_to_alarm_s"] == pytest.approx(alarm_s)
    assert case.needs.occlusion_thresholds_kpa == (case.threshold_kpa,)
    assert case.needs.functions == {"occlusion_alarm", "bolus_reduction"}


def test_a_restart_needs_a_pump_that_restarts() -> None:
    case = occlusion("automatic_restart")
    assert case.needs.functions == {"occlusion_alarm", "automatic_restart"}
    assert case.restart_after_s is not None


def test_a_soft_fixture_is_refused() -> None:
    soft = ExpectedLine(pump_and_set_ul_per_kpa=1.0, fixture_ul_per_kpa=0.25)
    case = replace(occlusion("intermediate_lowest"), line=soft)
    with pytest.raises(FeasibilityRefused, match="stiffer fixture"):
        case.feasibility(load_station_file(EXTERNAL)).refuse()


def test_a_deadline_before_the_alarm_is_refused() -> None:
    case = replace(occlusion("intermediate_highest"), deadline_s=40.0)
    with pytest.raises(FeasibilityRefused, match="45 s after closing; the deadline of 40 s comes before"):
        case.feasibility(load_station_file(EXTERNAL)).refuse()


def test_an_injection_that_would_burst_the_fixture_is_refused() -> None:
    stiff = ExpectedLine(pump_and_set_ul_per_kpa=1.0, fixture_ul_per_kpa=0.009)
    case = replace(occlusion("intermediate_lowest"), line=stiff)
    with pytest.raises(FeasibilityRefused, match="an injection into the fixture would raise the pressure by 222 kPa"):
        case.feasibility(load_station_file(EXTERNAL)).refuse()


def test_a_catheter_closed_for_so_long_that_it_would_burst_is_refused() -> None:
    station = load_station_file(IMPLANT)
    catheter("catheter").feasibility(station).refuse()
    case = replace(catheter("catheter"), occluded_s=10800.0)  # 27 uL into 0.11 uL/kPa
    with pytest.raises(FeasibilityRefused, match="while the line is closed, would raise the pressure by 245 kPa"):
        case.feasibility(station).refuse()
