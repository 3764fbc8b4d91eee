"""The whole twin behind its real transports, spoken to by the drivers of real instruments."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import pytest
import pyvisa
import serial

from instruments.errors import InstrumentError
from instruments.program import continuous
from instruments.pumps.bench_interface.frames import FrameDecoder, encode_frame
from instruments.readings import PumpState, ReadingState
from instruments.simulated.twin import DEVICES, TwinStation
from tests.instruments.simulated.benches import descriptors, hand_clock, threads, truth
from tests.instruments.simulated.twin_bench import bench, open_ambient, open_balance, open_pump


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
