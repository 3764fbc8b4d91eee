"""The external pump behind its pseudo-terminal, spoken to by the driver: occlusion, restart, faults of the line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from instruments.clock import VirtualClock
from instruments.errors import InstrumentTimeout, ProtocolError
from instruments.program import FlowStep, ProgramError, ProgramMode, bolus, continuous, flex
from instruments.pumps.bench_interface.driver import BenchInterfaceOptions, BenchInterfacePump, open_bench_interface
from instruments.readings import PumpAlarm, PumpState
from instruments.simulated.twin import TwinStation
from instruments.simulated.wires.faults import LinkFaultMode
from tests.instruments.simulated.benches import hand_clock, truth


@dataclass
class ExternalStation:
    """The twin with its pump's driver connected."""

    twin: TwinStation
    clock: VirtualClock
    pump: BenchInterfacePump

    def wait(self, duration_s: float) -> None:
        """Let time pass; the pump is asked often enough not to time out."""
        end_s = self.clock.now() + duration_s
        while self.clock.now() < end_s:
            self.clock.sleep_until(min(end_s, self.clock.now() + 30.0))
            self.pump.status()

    def occlude(self, closed: bool = True) -> None:
        self.twin.bench.set_valve(self.clock.now(), "occluder", energised=closed)

    def infuse(self, flow_ul_per_h: float) -> None:
        self.pump.upload(continuous(flow_ul_per_h))
        self.pump.start()


@contextmanager
def station(changes: dict[str, Any] | None = None) -> Iterator[ExternalStation]:
    config = truth(changes, station="simulated-external")
    with hand_clock() as clock, TwinStation(config, seed=3, clock=clock) as twin:
        options = BenchInterfaceOptions(
            port=twin.addresses()["pump"]["port"], serial=twin.bench.drawn.serials.pump, deadline_s=0.5
        )
        pump = open_bench_interface("pump", options, clock)
        try:
            pump.configure()
            yield ExternalStation(twin, clock, pump)
            traffic = twin.traffic()["pump"]
            assert pump.link.bytes_sent == traffic.received
        finally:
            pump.close()


def test_what_the_driver_declares_is_what_the_twin_can_do() -> None:
    with station() as made:
        can = made.pump.capabilities
        assert made.pump.identify().model == "SIM-AMB-100"
        assert can.occlusion_thresholds_kpa == (30.0, 50.0, 75.0, 100.0, 120.0)
        assert can.occlusion_alarm
        assert can.bolus_reduction
        assert can.automatic_restart
        assert can.stall_alarm
        assert ProgramMode.FLEX not in can.modes
        for threshold_kpa in can.occlusion_thresholds_kpa:
            made.pump.set_occlusion_threshold(threshold_kpa)
        # The last step of the catheter trial at 50 ug/mL, the bolus trial's greatest bolus, and no day-steps.
        made.pump.upload(continuous(90.0))
        made.pump.upload(bolus(ProgramMode.SINGLE_BOLUS, volume_ul=2000.0, duration_s=60.0))
        with pytest.raises(ProgramError, match="no mode 'flex'"):
            made.pump.upload(flex([FlowStep(90.0, 86400.0)]))


def test_an_occlusion_from_valve_to_release() -> None:
    with station() as made:
        made.pump.set_occlusion_threshold(75.0)
        made.infuse(10_000.0)
        made.wait(120.0)
        made.occlude()
        made.wait(29.0)
        status = made.pump.status()
        assert (status.state, status.alarms) == (PumpState.BOLUS_REDUCTION, frozenset({PumpAlarm.OCCLUSION}))
        made.wait(60.0)
        assert made.pump.status().state is PumpState.ALARM
        assert made.pump.status().set_flow_ul_per_h == 0.0
        ((raised_s, _),) = made.twin.pump.alarm_times_s
        assert made.pump.alarms()[PumpAlarm.OCCLUSION] == pytest.approx(raised_s, rel=1e-4)
        assert 40.0 < made.pump.drawn_back_ul() < 90.0
        made.occlude(False)
        with pytest.raises(ProtocolError, match=r"alarm occlusion.*acknowledge it"):
            made.pump.start()
        assert made.pump.acknowledge() == {PumpAlarm.OCCLUSION}
        made.pump.start()
        assert made.pump.status().state is PumpState.INFUSING


def test_automatic_restart_and_the_end_of_the_infusion() -> None:
    with station() as made:
        made.pump.set_automatic_restart(True)
        made.pump.set_volume_to_be_infused(1000.0)
        made.infuse(20_000.0)
        made.wait(60.0)
        made.occlude()
        made.wait(12.0)
        assert made.pump.status().state is PumpState.CHECKING_LINE
        made.occlude(False)
        made.wait(2.0)
        status = made.pump.status()
        assert (status.state, status.alarms) == (PumpState.INFUSING, frozenset())
        made.wait(180.0)
        status = made.pump.status()
        assert (status.state, status.alarms) == (PumpState.KEEP_OPEN, frozenset({PumpAlarm.END_OF_INFUSION}))
        assert status.set_flow_ul_per_h == 100.0
        made.pump.stop()


@pytest.mark.parametrize("mode", [LinkFaultMode.DUPLICATE, LinkFaultMode.LATE])
def test_duplicate_and_late_replies_to_settings_leave_the_pump_as_the_driver_believes(mode: LinkFaultMode) -> None:
    with station() as made:
        made.twin.faults["pump"].inject(mode, delay_s=2.0)
        if mode is LinkFaultMode.LATE:
            with pytest.raises(InstrumentTimeout):
                made.pump.set_occlusion_threshold(100.0)
            made.clock.sleep_until(made.clock.now() + 10.0)
            made.twin.faults["pump"].clear()
        made.pump.set_occlusion_threshold(120.0)
        made.pump.set_automatic_restart(True)
        made.pump.set_automatic_restart(False)
        made.twin.faults["pump"].clear()
        unit = made.twin.pump.occlusion
        assert unit is not None
        assert (unit.threshold_kpa, unit.restart_on) == (120.0, False)


def test_an_alarm_while_the_line_is_silent_is_found_afterwards() -> None:
    with station() as made:
        made.infuse(10_000.0)
        made.wait(60.0)
        made.twin.faults["pump"].inject(LinkFaultMode.SILENT)
        made.occlude()
        with pytest.raises(InstrumentTimeout):
            made.pump.status()
        made.clock.sleep_until(made.clock.now() + 40.0)
        made.twin.faults["pump"].clear()
        assert made.pump.status().alarms == frozenset({PumpAlarm.OCCLUSION})
