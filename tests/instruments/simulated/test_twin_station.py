"""The whole twin behind its real transports, spoken to by the drivers of real instruments."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import pytest
import pyvisa
import serial

from instruments.ambient.ptu300 import Ptu300, Ptu300Options, open_ptu300
from instruments.balances.mt_sics import MtSicsBalance, MtSicsOptions, open_mt_sics
from instruments.clock import Clock, VirtualClock, WallClock
from instruments.daq.lines import DaqLines, LinesOptions, open_lines
from instruments.daq.pressure import DaqPressure, PressureOptions, open_pressure
from instruments.errors import InstrumentError, InstrumentTimeout, LinkLost, ProtocolError
from instruments.program import continuous
from instruments.pumps.bench_interface.driver import BenchInterfaceOptions, BenchInterfacePump, open_bench_interface
from instruments.pumps.bench_interface.frames import FrameDecoder, encode_frame
from instruments.readings import PumpAlarm, PumpState, ReadingState
from instruments.simulated.truth import TwinConfigError
from instruments.simulated.twin import DEVICES, TwinStation
from instruments.simulated.wires.faults import LinkFaultMode
from tests.instruments.simulated.benches import descriptors, hand_clock, threads, truth

CHANNELS: list[dict[str, Any]] = [
    {"name": "line", "kind": "current", "physical_channel": "ai0", "pressure_kpa": [0.0, 200.0]},
    {
        "name": "catheter",
        "kind": "bridge",
        "physical_channel": "ai1",
        "pressure_kpa": [0.0, 200.0],
        "electrical_mv_per_v": [0.0, 3.0],
        "limits_mv_per_v": [-0.25, 3.5],
    },
]
LINES = [{"name": "outlet", "line": "port0/line0"}, {"name": "occluder", "line": "port0/line1"}]
DEADLINE_S = 0.3


@dataclass
class Bench:
    """A twin with its drivers connected."""

    twin: TwinStation
    clock: VirtualClock
    pump: BenchInterfacePump
    balance: MtSicsBalance
    ambient: Ptu300
    pressure: DaqPressure
    lines: DaqLines

    def wait(self, duration_s: float) -> None:
        self.clock.sleep_until(self.clock.now() + duration_s)


def open_pump(twin: TwinStation, clock: Clock, deadline_s: float = DEADLINE_S) -> BenchInterfacePump:
    options = BenchInterfaceOptions(
        port=twin.addresses()["pump"]["port"], serial=twin.bench.drawn.serials.pump, deadline_s=deadline_s
    )
    return open_bench_interface("pump", options, clock)


def open_balance(
    twin: TwinStation, clock: Clock, link: str = "balance", deadline_s: float = DEADLINE_S
) -> MtSicsBalance:
    options = MtSicsOptions(
        address=twin.addresses()[link]["visa"],
        serial=twin.bench.drawn.serials.balance,
        deadline_s=deadline_s,
        environment="very stable",
    )
    return open_mt_sics("balance", options, clock)


def open_ambient(twin: TwinStation, clock: Clock) -> Ptu300:
    options = Ptu300Options(
        address=twin.addresses()["ambient"]["visa"], serial=twin.bench.drawn.serials.ambient, deadline_s=DEADLINE_S
    )
    return open_ptu300("ambient", options, clock)


OPENERS: dict[str, Callable[[TwinStation, Clock], BenchInterfacePump | MtSicsBalance | Ptu300]] = {
    "pump": open_pump,
    "balance": open_balance,
    "ambient": open_ambient,
}


@contextmanager
def bench(events: list[dict[str, Any]] | None = None, changes: dict[str, Any] | None = None) -> Iterator[Bench]:
    with hand_clock() as clock, TwinStation(truth(changes, events), seed=1, clock=clock) as twin:
        daq = twin.addresses()["daq"]
        device = {"device": daq["device"], "serial": f"{twin.bench.drawn.serials.daq:08X}", "deadline_s": 0.5}
        made = Bench(
            twin,
            clock,
            open_pump(twin, clock),
            open_balance(twin, clock),
            open_ambient(twin, clock),
            open_pressure(
                "pressure",
                PressureOptions.model_validate({**device, "channels": CHANNELS}),
                clock,
                grpc_address=daq["grpc"],
            ),
            open_lines(
                "lines", LinesOptions.model_validate({**device, "lines": LINES}), clock, grpc_address=daq["grpc"]
            ),
        )
        try:
            for instrument in (made.pump, made.balance, made.ambient, made.pressure, made.lines):
                instrument.configure()
            yield made
        finally:
            for instrument in (made.pump, made.balance, made.ambient, made.pressure, made.lines):
                instrument.close()


def test_a_pump_delivers_into_the_vessel_and_the_balance_sees_it() -> None:
    with bench() as made:
        made.lines.write("outlet", True)
        made.pump.upload(continuous(1000.0))
        made.balance.tare()
        made.pressure.start(rate_hz=10.0, block_samples=100)
        made.pump.start()
        for _ in range(60):
            made.wait(10.0)
            status = made.pump.status()
            block = made.pressure.read_available()
            air = made.ambient.read()
            reading = made.balance.read()
        assert status.state is PumpState.INFUSING
        assert status.delivered_ul == pytest.approx(1000.0 / 6.0, rel=1e-3)
        assert reading.mass_g is not None
        assert 1000.0 * reading.mass_g == pytest.approx(1000.0 / 6.0, rel=0.05)
        tip_ul = made.twin.bench.tip_volume_ul(made.clock.now())
        assert tip_ul == pytest.approx(1000.0 / 6.0, rel=0.05)
        assert block.pressure_kpa.shape in ((2, 99), (2, 100), (2, 101))
        assert set(block.states.ravel()) == {ReadingState.STABLE}
        assert air.temperature_c == pytest.approx(21.5, abs=1.0)
        made.lines.write("occluder", True)
        made.wait(10.0)
        assert made.pressure.read_available().pressure_kpa[1, -1] > 15.0
        made.pump.stop()
        assert made.pump.status().state is PumpState.STOPPED


def test_the_devices_tell_that_they_are_simulated() -> None:
    with bench() as made:
        assert made.pump.identify().model == "SIM-ITB-20"
        assert made.balance.identify().model.startswith("SIM-")
        assert made.ambient.identify().firmware.endswith("-SIM")
        assert made.pressure.identify().model.startswith("SIM-")
        assert made.lines.is_simulated


def test_every_byte_of_the_drivers_passes_the_wires() -> None:
    with bench() as made:
        made.pressure.start(rate_hz=10.0, block_samples=100)
        made.wait(10.0)
        made.pressure.read_available()
        made.pump.status()
        made.lines.write("outlet", True)
        traffic = made.twin.traffic()
        for name, link in (("pump", made.pump.link), ("balance", made.balance.link), ("ambient", made.ambient.link)):
            assert traffic[name].received == link.bytes_sent > 0, name
        # An answer of many lines may be dropped unread but for one of them.
        assert traffic["pump"].sent == made.pump.link.bytes_received
        assert traffic["balance"].sent == made.balance.link.bytes_received
        users = made.pressure.connection, made.lines.connection
        assert traffic["daq"].received == sum(user.bytes_sent for user in users) > 0
        assert traffic["daq"].sent == sum(user.bytes_received for user in users) > 0
        assert (traffic["balance_serial"].received, traffic["balance_serial"].sent) == (0, 0)


def test_the_balance_is_one_device_on_two_links() -> None:
    with bench() as made:
        serial_balance = open_balance(made.twin, made.clock, "balance_serial")
        made.balance.tare()
        assert serial_balance.read() == made.balance.read()
        assert serial_balance.identify() == made.balance.identify()
        serial_balance.close()


def test_addresses_can_be_printed() -> None:
    with hand_clock() as clock, TwinStation(truth(), seed=1, clock=clock) as twin:
        addresses = json.loads(json.dumps(twin.addresses()))
    assert set(addresses) == {*DEVICES, "ports"}
    assert set(addresses["pump"]) == {"port"}
    assert addresses["balance"]["visa"].startswith("TCPIP::127.0.0.1::")
    assert addresses["balance_serial"]["visa"].startswith("ASRL/")
    assert addresses["daq"]["device"] == "Dev1"


def test_plain_clients_of_the_wires() -> None:
    with hand_clock() as clock, TwinStation(truth(), seed=1, clock=clock) as twin:
        addresses = twin.addresses()
        with serial.Serial(addresses["pump"]["port"], 115200, timeout=10.0) as port:
            port.write(encode_frame("0001 STA?"))
            (answer,) = FrameDecoder().feed(port.read_until(b"\x03"))
        assert str(answer).startswith("0001 STA? OK STATE=STOPPED")
        manager = pyvisa.ResourceManager("@py")
        for link in ("balance", "balance_serial"):
            resource = manager.open_resource(addresses[link]["visa"], read_termination="\r\n", write_termination="\r\n")
            assert isinstance(resource, pyvisa.resources.MessageBasedResource)
            assert resource.query("I4") == f'I4 A "{twin.bench.drawn.serials.balance}"'
            resource.close()
        manager.close()


def test_a_twin_that_ends_leaves_nothing() -> None:
    truth_table = truth()
    with hand_clock() as clock:
        TwinStation(truth_table, seed=1, clock=clock).close()  # the libraries' own threads and descriptors
        before, open_before = threads(), descriptors()
        for _ in range(2):
            with TwinStation(truth_table, seed=1, clock=clock) as twin:
                folder = Path(twin.addresses()["pump"]["port"]).parent
                pump, balance = open_pump(twin, clock), open_balance(twin, clock)
                balance.read()
            twin.close()
            assert not folder.exists()
            for instrument in (pump, balance):
                with pytest.raises(InstrumentError):
                    instrument.identify()
                instrument.close()
        assert threads() == before
        assert descriptors() == open_before


def test_the_same_seed_gives_the_same_readings_and_another_seed_others() -> None:
    def readings(seed: int) -> list[str]:
        with hand_clock() as clock, TwinStation(truth(), seed=seed, clock=clock) as twin:
            balance, ambient = open_balance(twin, clock), open_ambient(twin, clock)
            said = []
            for t_s in (10.0, 100.0, 1000.0):
                clock.sleep_until(t_s)
                said += [balance.read().reply, ambient.read().reply]
            balance.close()
            ambient.close()
            return said

    assert readings(1) == readings(1)
    assert readings(1) != readings(2)


def test_the_truth_is_saved_also_after_the_end(tmp_path: Path) -> None:
    with bench() as made:
        made.lines.write("outlet", True)
        made.pump.upload(continuous(100.0))
        made.pump.start()
        for _ in range(12):
            made.wait(30.0)
            made.pump.status()
        made.pump.stop()
        twin = made.twin
    twin.write_truth(tmp_path / "truth.h5")
    with h5py.File(tmp_path / "truth.h5") as file:
        assert len(list(file)) > 0
    assert twin.bench.tip_volume_ul(360.0) == pytest.approx(10.0, rel=0.1)


# ---- link faults, scheduled as data


def fault(device: str, mode: str, at_s: float = 100.0, duration_s: float = 50.0) -> list[dict[str, Any]]:
    return [{"kind": "link_fault", "device": device, "mode": mode, "at_s": at_s, "duration_s": duration_s}]


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("silent", InstrumentTimeout),
        ("reply_lost", InstrumentTimeout),
        ("half_line", InstrumentError),
        ("late", InstrumentTimeout),
        ("garbage", InstrumentError),
        ("drop_connection", LinkLost),
    ],
)
@pytest.mark.parametrize("device", ["pump", "balance", "ambient"])
def test_a_link_fails_and_recovers(device: str, mode: str, error: type[InstrumentError]) -> None:
    with bench(fault(device, mode)) as made:
        asked = {"pump": made.pump.status, "balance": made.balance.read, "ambient": made.ambient.read}[device]
        made.wait(50.0)
        asked()
        made.clock.sleep_until(101.0)
        with pytest.raises(error) as caught:
            asked()
        assert device in str(caught.value)
        made.clock.sleep_until(160.0)
        asked()
        asked()


@pytest.mark.parametrize("device", ["pump", "balance", "ambient"])
def test_a_duplicate_does_no_harm(device: str) -> None:
    with bench(fault(device, "duplicate")) as made:
        made.clock.sleep_until(101.0)
        for _ in range(3):
            assert made.pump.status().state is PumpState.STOPPED
            assert made.balance.read().state.carries_number
            assert made.ambient.read().state is ReadingState.STABLE
            made.wait(1.0)


def test_a_silent_instrument_costs_station_time() -> None:
    with bench(fault("balance", "silent")) as made:
        made.clock.sleep_until(101.0)
        with pytest.raises(InstrumentTimeout):
            made.balance.read()
        assert made.clock.now() == pytest.approx(101.0 + DEADLINE_S)


def test_a_late_answer_is_never_taken_for_the_next_one() -> None:
    late = fault("balance", "late", duration_s=1.0)
    late[0]["delay_s"] = 3.0
    with bench(late) as made:
        made.lines.write("outlet", True)
        made.pump.upload(continuous(1000.0))
        made.pump.start()
        made.clock.sleep_until(100.5)
        with pytest.raises(InstrumentTimeout):
            made.balance.read()
        made.clock.sleep_until(300.0)
        assert made.balance.read() == made.balance.read()
        now_g = made.twin.bench.balance_signal(made.clock.now()).indication_g
        assert made.balance.read().mass_g == pytest.approx(now_g, abs=1e-9)


@pytest.mark.parametrize("device", ["pump", "balance", "ambient"])
def test_another_device_behind_the_address_is_refused_when_the_link_is_made_anew(device: str) -> None:
    others = truth(events=fault(device, "wrong_device", at_s=0.0))
    with hand_clock() as clock, TwinStation(others, seed=1, clock=clock) as twin:
        with pytest.raises(ProtocolError, match="serial number"):
            OPENERS[device](twin, clock)
        clock.sleep_until(60.0)
        OPENERS[device](twin, clock).close()


def test_another_daq_is_refused() -> None:
    with pytest.raises(ProtocolError, match="serial number"), bench(fault("daq", "wrong_device", at_s=0.0)):
        raise AssertionError("it was accepted")


@pytest.mark.parametrize(("mode", "error"), [("drop_connection", LinkLost), ("silent", InstrumentTimeout)])
def test_the_daq_is_out_of_reach(mode: str, error: type[InstrumentError]) -> None:
    with bench(fault("daq", mode)) as made:
        made.clock.sleep_until(101.0)
        with pytest.raises(error):
            made.lines.write("outlet", True)
        made.clock.sleep_until(160.0)
        made.lines.write("outlet", True)
        assert made.lines.read("outlet")


@pytest.mark.parametrize("mode", ["garbage", "half_line", "duplicate"])
def test_faults_a_call_cannot_have_are_refused_with_their_key(mode: str) -> None:
    before = descriptors()
    events = [{"kind": "stall", "at_s": 1.0, "duration_s": 1.0}, *fault("daq", mode)]
    with pytest.raises(TwinConfigError, match=r"event\[1\]\.mode"):
        TwinStation(truth(events=events), seed=1, clock=VirtualClock())
    assert descriptors() == before


def test_faults_can_be_injected_by_hand() -> None:
    with bench() as made:
        made.twin.faults["pump"].inject(LinkFaultMode.REPLY_LOST)
        with pytest.raises(InstrumentTimeout):
            made.pump.stop()
        made.twin.faults["pump"].clear()
        made.pump.stop()


# ---- the pump protects itself


def test_a_pump_whose_link_dies_stops_by_itself() -> None:
    with bench(fault("pump", "silent", duration_s=1000.0)) as made:
        made.pump.upload(continuous(100.0))
        made.pump.start()
        for t_s in (50.0, 99.0):
            made.clock.sleep_until(t_s)
            assert made.pump.status().state is PumpState.INFUSING
        made.clock.sleep_until(200.0)
        assert made.twin.bench.pump_mechanics(200.0).flow_ul_per_h == 0.0
        made.clock.sleep_until(1200.0)
        status = made.pump.status()
        assert (status.state, status.alarms) == (PumpState.ALARM, frozenset({PumpAlarm.COMMUNICATION_TIMEOUT}))
        # 60 s after the last frame, whenever anybody looked.
        assert status.delivered_ul == pytest.approx(100.0 / 3600.0 * 159.0, abs=0.01)
        assert made.pump.acknowledge() == {PumpAlarm.COMMUNICATION_TIMEOUT}
        assert made.pump.status().state is PumpState.STOPPED


def test_a_power_relay_cuts_the_pump_off() -> None:
    options = {"device": "Dev1", "lines": [{"name": "pump_power", "line": "port0/line2"}]}
    with hand_clock() as clock, TwinStation(truth(), seed=1, clock=clock, pump_power_relay=True) as twin:
        with pytest.raises(InstrumentTimeout):
            open_pump(twin, clock)
        serial_number = f"{twin.bench.drawn.serials.daq:08X}"
        lines = open_lines(
            "lines",
            LinesOptions.model_validate({**options, "serial": serial_number}),
            clock,
            grpc_address=twin.addresses()["daq"]["grpc"],
        )
        lines.write("pump_power", True)
        pump = open_pump(twin, clock)
        pump.upload(continuous(100.0))
        pump.start()
        clock.sleep_until(clock.now() + 10.0)
        assert pump.status().state is PumpState.INFUSING
        lines.write("pump_power", False)
        assert twin.bench.pump_mechanics(clock.now()).flow_ul_per_h == 0.0
        with pytest.raises(InstrumentTimeout):
            pump.status()
        lines.write("pump_power", True)
        with pytest.raises(ProtocolError, match="restarted"):
            pump.status()
        pump.close()
        lines.close()


# ---- wall clock


def test_at_wall_clock_time_the_bench_moves_by_itself(tmp_path: Path) -> None:
    clock = WallClock()
    witness = tmp_path / "witness.jsonl"
    with TwinStation(truth(), seed=1, clock=clock, witness_path=witness) as twin:
        pump = open_pump(twin, clock, deadline_s=5.0)
        balance = open_balance(twin, clock, deadline_s=5.0)
        first = pump.status()
        pump.upload(continuous(1000.0))
        pump.start()
        clock.sleep_until(clock.now() + 0.3)
        second = pump.status()
        assert second.state is PumpState.INFUSING
        assert second.delivered_ul > first.delivered_ul
        assert balance.read().state.carries_number
        pump.stop()
        pump.close()
        balance.close()
    told = [json.loads(line) for line in witness.read_text(encoding="utf-8").splitlines()]
    assert [entry["told"].split(" ", 1)[1] for entry in told if entry["device"] == "pump"][-1] == "STOP"
    assert {"SI", "@"} <= {entry["told"] for entry in told if entry["device"] == "balance"}
    assert [entry["t_s"] for entry in told] == sorted(entry["t_s"] for entry in told)
