"""What the shipped station with a syringe pump can be asked for, and what it is not run for."""

from __future__ import annotations

from instruments.clock import WallClock
from instruments.links.serial import SerialTransport
from instruments.program import ProgramMode
from instruments.pumps.ne1000.driver import Ne1000Options, Ne1000Pump
from rig.cases.needs import PumpNeeds, unmet
from rig.stations.file import load_station_file


def syringe_pump() -> Ne1000Pump:
    options = load_station_file("simulated-syringe").pump.options
    assert isinstance(options, Ne1000Options)
    return Ne1000Pump("pump", SerialTransport("nowhere", terminator=b"\x03"), options, WallClock())


def test_it_meets_the_fast_flow_case() -> None:
    assert unmet(PumpNeeds(flows_ul_per_h=(10_000.0 / 24.0,)), syringe_pump().capabilities) == ()


def test_each_thing_it_has_not_got_is_a_reason_of_its_own() -> None:
    needs = PumpNeeds(
        modes=frozenset({ProgramMode.FLEX}),
        flows_ul_per_h=(2.0,),
        occlusion_thresholds_kpa=(30.0,),
        functions=frozenset({"lockout", "reservoir", "stall_alarm"}),
    )
    reasons = unmet(needs, syringe_pump().capabilities)
    assert "the pump's occlusion threshold cannot be chosen; the case asks for 30 kPa" in reasons
    assert len(reasons) == 5
    assert not any("stall" in reason for reason in reasons)
