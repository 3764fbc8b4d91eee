"""The simulated syringe pump on its bench, behind a pseudo-terminal and in words."""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from instruments.clock import VirtualClock
from instruments.errors import ProtocolError
from instruments.program import ProgramMode, bolus, continuous
from instruments.pumps.ne1000.driver import Ne1000Options, Ne1000Pump, open_ne1000
from instruments.readings import PumpAlarm, PumpState
from instruments.simulated.devices.ne1000 import Ne1000Firmware, Ne1000Session
from instruments.simulated.physics.bench import Bench
from instruments.simulated.wires.faults import LinkFaults
from instruments.simulated.wires.pty import PtyWire
from tests.instruments.simulated.benches import hand_clock, truth


@contextmanager
def syringe(
    folder: Path, changes: dict[str, Any] | None = None, **told: object
) -> Iterator[tuple[Bench, VirtualClock, Ne1000Pump]]:
    with hand_clock() as clock:
        bench = Bench(truth(changes, station="simulated-external"), seed=1)
        wire = PtyWire("pump", Ne1000Session(Ne1000Firmware(bench)), clock, LinkFaults([]), folder / "pump")
        wire.start()
        try:
            options = {"port": wire.port, "serial": "283411", "deadline_s": 5.0, "syringe_diameter_mm": 14.43}
            pump = open_ne1000("pump", Ne1000Options.model_validate(options | told), clock)
            try:
                pump.configure()
                yield bench, clock, pump
            finally:
                pump.close()
        finally:
            wire.close()


def poll_until(clock: VirtualClock, pump: Ne1000Pump, until_s: float) -> None:
    """Ask often enough that the communication time-out never ends."""
    while clock.now() < until_s:
        clock.sleep_until(min(until_s, clock.now() + 30.0))
        pump.status()


@pytest.mark.parametrize("timeout_s", [60, 0], ids=["safe mode", "basic mode"])
def test_an_hour_at_a_flow_is_counted_and_delivered(tmp_path: Path, timeout_s: int) -> None:
    with syringe(tmp_path, communication_timeout_s=timeout_s) as (bench, clock, pump):
        pump.upload(continuous(10_000.0 / 24.0))
        pump.start()
        began_ul = bench.tip_volume_ul(clock.now())
        poll_until(clock, pump, clock.now() + 3600.0)
        assert pump.status().delivered_ul == pytest.approx(416.7, abs=1.0)
        assert bench.tip_volume_ul(clock.now()) - began_ul == pytest.approx(416.7, rel=0.06)
        pump.stop()
        assert bench.pump_mechanics(clock.now()).flow_ul_per_h == 0.0


def test_silence_stops_the_pump_and_only_an_acknowledgement_lets_it_start_again(tmp_path: Path) -> None:
    with syringe(tmp_path, communication_timeout_s=60) as (bench, clock, pump):
        pump.upload(continuous(1000.0))
        pump.start()
        clock.sleep_until(clock.now() + 59.0)
        assert bench.pump_mechanics(clock.now()).flow_ul_per_h == 1000.0
        clock.sleep_until(clock.now() + 2.0)
        assert bench.pump_mechanics(clock.now()).flow_ul_per_h == 0.0
        status = pump.status()
        assert (status.state, status.alarms) == (PumpState.ALARM, frozenset({PumpAlarm.COMMUNICATION_TIMEOUT}))
        with pytest.raises(ProtocolError, match="an alarm stands"):
            pump.start()
        assert pump.acknowledge() == {PumpAlarm.COMMUNICATION_TIMEOUT}
        pump.start()
        assert pump.status().state is PumpState.INFUSING


def test_against_a_closed_line_the_motor_stalls_at_the_truth_s_pressure(tmp_path: Path) -> None:
    with syringe(tmp_path, {"pump.slip_pressure_kpa": 90.0}) as (bench, clock, pump):
        pump.upload(continuous(10_000.0))
        bench.set_valve(clock.now(), "occluder", energised=True)
        pump.start()
        poll_until(clock, pump, clock.now() + 120.0)
        assert pump.status().alarms == {PumpAlarm.MOTOR_STALL}
        assert bench.outlet_pressure_kpa(clock.now()) == pytest.approx(90.0, abs=4.0)
        assert bench.pump_mechanics(clock.now()).flow_ul_per_h == 0.0


def test_a_priming_bolus_ends_at_its_volume(tmp_path: Path) -> None:
    with syringe(tmp_path) as (_, clock, pump):
        pump.upload(bolus(ProgramMode.PRIMING_BOLUS, volume_ul=100.0, duration_s=360.0))
        pump.start()
        poll_until(clock, pump, clock.now() + 400.0)
        status = pump.status()
        assert (status.state, status.alarms) == (PumpState.STOPPED, frozenset())
        assert status.delivered_ul == pytest.approx(100.0, abs=1.0)


def packet(words: bytes) -> bytes:
    return b"\x02" + bytes([len(words) + 4]) + words + binascii.crc_hqx(words, 0).to_bytes(2, "big") + b"\x03"


def test_words_of_both_modes() -> None:
    session = Ne1000Session(Ne1000Firmware(Bench(truth(), seed=1)))
    talk = [
        (b"VER\r", b"\x0200A?R\x03"),  # power-up: the alarm is reported, the command is not carried out
        (b" v e r\r", b"\x0200SNE1000V3.928\x03"),
        (b"00XYZ\r", b"\x0200S?\x03"),
        (b"07VER\r", b""),
        (b"RAT99999MH\r", b"\x0200S?\x03"),
        (b"RAT9999MM\r", b"\x0200S?OOR\x03"),
        (b"RUN\r", b"\x0200I\x03"),
        (b"DIA10.\r", b"\x0200I?NA\x03"),
        (b"STP\r", b"\x0200P\x03"),
        (b"STP\r", b"\x0200S\x03"),
        (b"STP\r", b"\x0200S?NA\x03"),
        (packet(b"SAF0"), packet(b"00S")),
        (packet(b"VER")[:-3] + b"\x00\x00\x03", packet(b"00S?COM")),
    ]
    for number, (said, answered) in enumerate(talk):
        assert session.receive(said, float(number)) == answered
