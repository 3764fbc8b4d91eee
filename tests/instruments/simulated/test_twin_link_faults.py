"""Link faults of the twin, scheduled as data, and what a pump does when its link or its power is gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from instruments.clock import VirtualClock, WallClock
from instruments.daq.lines import LinesOptions, open_lines
from instruments.errors import InstrumentError, InstrumentTimeout, LinkLost, ProtocolError
from instruments.program import continuous
from instruments.readings import PumpAlarm, PumpState, ReadingState
from instruments.simulated.truth import TwinConfigError
from instruments.simulated.twin import TwinStation
from instruments.simulated.wires.faults import LinkFaultMode
from tests.instruments.simulated.benches import descriptors, hand_clock, truth
from tests.instruments.simulated.twin_bench import DEADLINE_S, OPENERS, bench, open_balance, open_pump


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
