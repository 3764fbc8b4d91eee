"""Ports that vanish and come back on the twin, as scheduled and by hand, and what the drivers make of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from instruments.balances.mt_sics import MtSicsBalance, MtSicsOptions, open_mt_sics
from instruments.clock import Clock, VirtualClock
from instruments.daq.lines import LinesOptions, open_lines
from instruments.daq.pressure import PressureOptions, open_pressure
from instruments.errors import InstrumentError, InstrumentTimeout, LinkLost, ProtocolError
from instruments.pumps.bench_interface.driver import BenchInterfaceOptions, BenchInterfacePump, open_bench_interface
from instruments.readings import PumpState
from instruments.simulated.truth import TwinConfigError
from instruments.simulated.twin import TwinStation
from instruments.simulated.wires.faults import LinkFaultMode
from tests.instruments.simulated.benches import hand_clock, truth

DEADLINE_S = 2.0


def fault(device: str, mode: str, at_s: float = 10.0, duration_s: float = 20.0) -> dict[str, Any]:
    return {"kind": "link_fault", "device": device, "mode": mode, "at_s": at_s, "duration_s": duration_s}


@contextmanager
def bench(*events: dict[str, Any]) -> Iterator[tuple[TwinStation, VirtualClock]]:
    with hand_clock() as clock, TwinStation(truth(events=list(events)), seed=3, clock=clock) as twin:
        yield twin, clock


def open_pump(twin: TwinStation, clock: Clock, *, search: bool = True) -> BenchInterfacePump:
    addresses = twin.addresses()
    options = BenchInterfaceOptions(
        port=addresses["pump"]["port"],
        serial=twin.bench.drawn.serials.pump,
        deadline_s=DEADLINE_S,
        port_search=(addresses["ports"]["port"],) if search else (),
    )
    return open_bench_interface("pump", options, clock)


def open_balance(twin: TwinStation, clock: Clock, link: str = "balance_serial") -> MtSicsBalance:
    addresses = twin.addresses()
    options = MtSicsOptions(
        address=addresses[link]["visa"],
        serial=twin.bench.drawn.serials.balance,
        deadline_s=DEADLINE_S,
        environment="very stable",
        port_search=(addresses["ports"]["port"],),
    )
    return open_mt_sics("balance", options, clock)


def test_a_port_is_gone_from_the_instant_scheduled_and_back_under_its_name() -> None:
    with bench(fault("pump", "unplugged")) as (twin, clock):
        pump = open_pump(twin, clock)
        port = Path(twin.addresses()["pump"]["port"])
        clock.sleep_until(9.9)
        assert port.exists()
        clock.sleep_until(10.0)
        assert not port.exists()
        for _ in range(2):
            with pytest.raises(LinkLost):
                pump.status()
        clock.sleep_until(30.0)
        assert port.exists()
        assert pump.status().state is PumpState.STOPPED
        pump.close()


def test_time_does_not_pass_for_a_plug_alone() -> None:
    with TwinStation(truth(events=[fault("pump", "unplugged")]), seed=3, clock=VirtualClock()) as twin:
        assert twin.clock.now() == 0.0
        assert Path(twin.addresses()["pump"]["port"]).exists()


def test_a_replugged_pump_and_balance_are_found_among_all_ports_by_their_serial_numbers() -> None:
    with bench(fault("pump", "replugged"), fault("balance_serial", "replugged")) as (twin, clock):
        pump, balance = open_pump(twin, clock), open_balance(twin, clock)
        balance.configure()
        clock.sleep_until(10.0)
        for ask in (pump.status, balance.read):
            with pytest.raises(LinkLost):
                ask()
        clock.sleep_until(30.0)
        assert balance.read().state.carries_number
        assert pump.status().state is PumpState.STOPPED
        assert Path(pump.link.transport.address).name == "pump-2"
        assert "balance-2" in balance.link.transport.address
        pump.close()
        balance.close()


def test_a_replugged_pump_is_not_looked_for_unless_the_station_file_says_where() -> None:
    with bench(fault("pump", "replugged")) as (twin, clock):
        pump = open_pump(twin, clock, search=False)
        clock.sleep_until(30.0)
        for _ in range(2):
            with pytest.raises(LinkLost):
                pump.status()
        pump.close()


def test_a_port_pulled_by_hand_is_gone_at_once() -> None:
    with bench() as (twin, clock):
        pump = open_pump(twin, clock)
        twin.faults["pump"].inject(LinkFaultMode.REPLUGGED)
        with pytest.raises(LinkLost):
            pump.status()
        twin.faults["pump"].clear()
        assert pump.status().state is PumpState.STOPPED
        pump.close()


def test_a_balance_that_was_power_cycled_is_set_again_before_it_is_read() -> None:
    with bench(fault("balance", "power_cycled")) as (twin, clock):
        balance = open_balance(twin, clock, "balance")
        balance.configure()
        assert twin.balance.settings.auto_zero == 0
        clock.sleep_until(29.0)
        with pytest.raises(LinkLost):
            balance.read()
        clock.sleep_until(30.0)
        assert twin.balance.settings.auto_zero == 1
        assert balance.read().state.carries_number
        assert twin.balance.settings.auto_zero == 0
        assert twin.balance.settings.environment == 0
        balance.close()


def test_a_babbling_device_gives_errors_and_true_values_and_nothing_else() -> None:
    with bench(fault("balance", "babbling")) as (twin, clock):
        balance = open_balance(twin, clock, "balance")
        clock.sleep_until(10.0)
        for _ in range(20):
            with pytest.raises(InstrumentError) as caught:
                balance.read()
            assert isinstance(caught.value, ProtocolError | InstrumentTimeout)
        clock.sleep_until(max(30.0, clock.now()))
        assert balance.read().mass_g == pytest.approx(twin.bench.balance_signal(clock.now()).indication_g, abs=1e-4)
        balance.close()


def test_a_daq_that_was_unplugged_has_lost_its_tasks_and_the_levels_of_its_lines() -> None:
    with bench(fault("daq", "unplugged")) as (twin, clock):
        addresses, serial = twin.addresses()["daq"], f"{twin.bench.drawn.serials.daq:08X}"
        channel = {"name": "line", "kind": "current", "physical_channel": "ai0", "pressure_kpa": (0.0, 200.0)}
        pressure = open_pressure(
            "pressure",
            PressureOptions.model_validate({"device": "Dev1", "serial": serial, "channels": [channel]}),
            clock,
            grpc_address=addresses["grpc"],
        )
        lines = open_lines(
            "lines",
            LinesOptions.model_validate(
                {"device": "Dev1", "serial": serial, "lines": [{"name": "outlet", "line": "port0/line0"}]}
            ),
            clock,
            grpc_address=addresses["grpc"],
        )
        lines.write("outlet", True)
        pressure.start(rate_hz=10.0, block_samples=10)
        clock.sleep_until(10.0)
        for ask in (pressure.read_available, lambda: lines.read("outlet"), lines.identify, pressure.identify):
            with pytest.raises(LinkLost):
                ask()
        clock.sleep_until(31.0)
        with pytest.raises(LinkLost):
            pressure.read_available()  # the task is gone for good
        pressure.start(rate_hz=10.0, block_samples=10)
        clock.sleep_until(32.0)
        assert pressure.read_available().pressure_kpa.shape[1] in (9, 10)
        with pytest.raises(ProtocolError, match="was energised and no longer is"):
            lines.read("outlet")
        pressure.close()
        lines.close()


@pytest.mark.parametrize(
    ("device", "mode"),
    [
        ("balance", "replugged"),
        ("daq", "replugged"),
        ("daq", "babbling"),
        ("pump", "power_cycled"),
        ("daq", "power_cycled"),
    ],
)
def test_faults_that_a_link_cannot_have_are_refused(device: str, mode: str) -> None:
    with pytest.raises(TwinConfigError, match=mode):
        TwinStation(truth(events=[fault(device, mode)]), seed=1, clock=VirtualClock())
