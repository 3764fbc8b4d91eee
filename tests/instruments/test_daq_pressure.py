"""Pressure channels: scaling and states by themselves, and the driver against a gRPC server on the loopback."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from instruments.clock import VirtualClock, WallClock
from instruments.daq.channels import BridgeChannel, CurrentChannel, VoltageChannel, scaled, scaling_of
from instruments.daq.pressure import DaqPressure, PressureOptions, open_pressure
from instruments.errors import InstrumentTimeout, LinkLost, ProtocolError, SamplesLost
from instruments.readings import ReadingState
from instruments.simulated.wires.faults import LinkFaultMode, LinkFaults
from instruments.simulated.wires.ni_grpc import NiGrpcWire, Quantity
from tests.instruments.daq_peer import SERIAL, BenchDaq, served

STABLE, BROKEN = ReadingState.STABLE, ReadingState.WIRE_BREAK
UNDER, OVER = ReadingState.UNDER_RANGE, ReadingState.OVER_RANGE
CHANNELS: list[dict[str, object]] = [
    {"name": "line", "physical_channel": "ai0", "kind": "bridge", "electrical_mv_per_v": [0.0, 2.0]},
    {"name": "tip", "physical_channel": "ai1", "kind": "voltage"},
    {"name": "air", "physical_channel": "ai2", "kind": "current"},
]
SIGNALS = {
    "ai0": (Quantity.BRIDGE_RATIO, 1e-3),
    "ai1": (Quantity.VOLTAGE, 2.5),
    "ai2": (Quantity.CURRENT, 12e-3),
}


def options(**changes: object) -> PressureOptions:
    whole: dict[str, object] = {
        "device": "Dev1",
        "serial": SERIAL,
        "channels": [{**c, "pressure_kpa": [0.0, 100.0]} for c in CHANNELS],
    }
    return PressureOptions.model_validate({**whole, **changes})


@dataclass
class Bench:
    """A clock this thread takes part in, a device behind a wire with faults, and a connected driver."""

    clock: VirtualClock
    device: BenchDaq
    wire: NiGrpcWire
    faults: LinkFaults
    pressure: DaqPressure


@contextmanager
def bench(**changes: object) -> Iterator[Bench]:
    clock, device = VirtualClock(), BenchDaq(SIGNALS)
    with clock.participate("test"), served(device, clock) as (wire, faults):
        pressure = open_pressure("pressure", options(**changes), clock, grpc_address=wire.target)
        try:
            yield Bench(clock, device, wire, faults, pressure)
        finally:
            pressure.close()


def test_samples_come_in_blocks_counted_without_a_gap() -> None:
    with bench() as b:
        assert b.pressure.channels == ("line", "tip", "air")
        b.pressure.start(rate_hz=10.0, block_samples=100)
        assert b.pressure.read_available().pressure_kpa.shape == (3, 0)
        first, size = 0, []
        for end_s in (10.0, 20.0, 20.05, 23.3):
            b.clock.sleep_until(end_s)
            block = b.pressure.read_available()
            assert block.first_sample == first
            assert block.period_s == pytest.approx(0.1)
            # Half of each span, and a millionth more per second: each sample has its own value.
            times_s = (first + np.arange(block.pressure_kpa.shape[1])) * 0.1
            assert block.pressure_kpa[0] == pytest.approx(50.0 * (1.0 + 1e-6 * times_s), rel=1e-9)
            assert block.pressure_kpa[1] == pytest.approx(50.0 * (1.0 + 1e-6 * times_s), rel=1e-9)
            assert block.pressure_kpa[2] == pytest.approx(50.0 + 75.0e-6 * times_s, rel=1e-9)
            assert (block.states == STABLE).all()
            first += block.pressure_kpa.shape[1]
            size.append(block.pressure_kpa.shape[1])
        assert size == [100, 100, 0, 33]


def test_a_block_larger_than_the_buffer_is_read_whole() -> None:
    with bench() as b:
        b.pressure.start(rate_hz=100.0, block_samples=10)
        b.clock.sleep_until(30.0)
        assert b.pressure.read_available().pressure_kpa.shape == (3, 3000)


def test_states_come_with_the_samples_and_carry_no_number() -> None:
    with bench() as b:
        b.device.signals.update(ai0=(Quantity.BRIDGE_RATIO, 5e-3), ai1=(Quantity.VOLTAGE, 2.5))
        b.device.signals["ai2"] = (Quantity.CURRENT, 0.0)
        b.pressure.start(rate_hz=10.0, block_samples=10)
        b.clock.sleep_until(1.0)
        block = b.pressure.read_available()
        assert [set(row) for row in block.states] == [{OVER}, {STABLE}, {BROKEN}]
        assert np.isnan(block.pressure_kpa).all(axis=1).tolist() == [True, False, True]


def test_it_can_be_started_again_and_counts_from_nought() -> None:
    with bench() as b:
        b.pressure.start(rate_hz=10.0, block_samples=10)
        b.clock.sleep_until(1.0)
        assert b.pressure.read_available().pressure_kpa.shape == (3, 10)
        b.pressure.stop()
        b.pressure.stop()
        b.clock.sleep_until(5.0)
        b.pressure.start(rate_hz=2.0, block_samples=10)
        b.clock.sleep_until(7.0)
        block = b.pressure.read_available()
        assert (block.first_sample, block.pressure_kpa.shape, block.period_s) == (0, (3, 4), 0.5)


def test_reading_before_starting_is_an_error() -> None:
    with bench() as b, pytest.raises(ProtocolError, match="read before start"):
        b.pressure.read_available()


def test_an_overrun_is_distinct_and_clear_and_a_start_mends_it() -> None:
    with bench() as b:
        b.pressure.start(rate_hz=10.0, block_samples=10)
        b.clock.sleep_until(2000.0)
        for _ in range(2):
            with pytest.raises(SamplesLost, match=r"overrun.*200279.*Read more often"):
                b.pressure.read_available()
        b.pressure.start(rate_hz=10.0, block_samples=10)
        b.clock.sleep_until(2001.0)
        assert b.pressure.read_available().pressure_kpa.shape == (3, 10)


def test_every_byte_passes_the_wire() -> None:
    with bench() as b:
        connection = b.pressure.connection
        sent, received = connection.bytes_sent, connection.bytes_received
        assert sent > 0
        b.pressure.start(rate_hz=10.0, block_samples=100)
        b.clock.sleep_until(100.0)
        b.pressure.read_available()
        assert connection.bytes_sent > sent
        assert connection.bytes_received > received + 3 * 1000 * 8


def test_identity_and_provenance_come_from_the_device() -> None:
    with bench() as b:
        identity = b.pressure.identify()
        assert (identity.maker, identity.model, identity.serial) == ("National Instruments", "SIM-6210", SERIAL)
        assert identity.firmware == "NI-DAQmx 25.0.0"
        assert b.pressure.is_simulated
        record = b.pressure.configure()
        assert record["simulated"] == "true"
        assert record["line"].startswith("Dev1/ai0 bridge, slope 50.0,")


def test_the_wrong_device_is_refused_when_it_is_opened() -> None:
    with (
        pytest.raises(ProtocolError, match=rf"{SERIAL}.*behind Dev1, not BADC0DE.*correct its serial"),
        bench(serial="BADC0DE"),
    ):
        pass


def test_another_device_plugged_in_later_is_refused_at_the_start() -> None:
    with bench() as b:
        b.device.serial = 7
        with pytest.raises(ProtocolError, match="another device"):
            b.pressure.start(rate_hz=10.0, block_samples=10)


@pytest.mark.parametrize("device", ["Dev2", "cDAQ1Mod1"])
def test_a_device_that_is_not_there_is_one_clear_message(device: str) -> None:
    with pytest.raises(LinkLost, match=rf"pressure: device {device} cannot be reached.*NI MAX"), bench(device=device):
        pass


def test_a_channel_that_is_not_there_is_refused_when_configured() -> None:
    wrong = {"name": "x", "physical_channel": "ai9", "kind": "voltage", "pressure_kpa": [0, 1]}
    with bench(channels=[wrong]) as b:
        for ask in (b.pressure.configure, lambda: b.pressure.start(rate_hz=1.0, block_samples=1)):
            with pytest.raises(ProtocolError, match=r"200170.*ai9.*Check the options"):
                ask()


def test_without_a_driver_one_clear_message_says_what_to_do() -> None:
    with pytest.raises(LinkLost, match=r"pressure: the NI-DAQmx driver is not installed.*ni\.com"):
        open_pressure("pressure", options(), WallClock())


def test_a_server_that_is_not_there_is_one_clear_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(LinkLost, match=rf"gRPC device server at {address} cannot be reached.*runs"):
        open_pressure("pressure", options(), WallClock(), grpc_address=address)


def test_a_server_that_never_answers_is_a_timeout_charged_to_station_time() -> None:
    clock = VirtualClock()
    with clock.participate("test"), socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(InstrumentTimeout, match=rf"no answer of the NI gRPC device server at {address}"):
            open_pressure("pressure", options(deadline_s=0.3), clock, grpc_address=address)
        assert clock.now() == pytest.approx(0.3)


def test_a_server_that_goes_and_comes_back_is_lost_and_can_be_started_again() -> None:
    with bench() as b:
        b.pressure.start(rate_hz=10.0, block_samples=10)
        b.faults.inject(LinkFaultMode.DROP_CONNECTION)
        with pytest.raises(LinkLost, match="cannot be reached"):
            b.pressure.read_available()
        with pytest.raises(LinkLost):
            b.pressure.start(rate_hz=10.0, block_samples=10)
        b.pressure.stop()
        b.faults.clear()
        b.pressure.start(rate_hz=10.0, block_samples=10)
        b.clock.sleep_until(b.clock.now() + 1.0)
        assert b.pressure.read_available().pressure_kpa.shape == (3, 10)


def test_a_device_unplugged_while_sampling_is_a_lost_link() -> None:
    with bench() as b:
        b.pressure.start(rate_hz=10.0, block_samples=10)
        b.clock.sleep_until(1.0)
        b.wire.inject_error(-201003)
        with pytest.raises(LinkLost, match=r"Dev1 cannot be reached \(DAQmx error -201003\)"):
            b.pressure.read_available()


# ---- scaling


Channel = BridgeChannel | VoltageChannel | CurrentChannel
KINDS: dict[str, type[Channel]] = {"bridge": BridgeChannel, "voltage": VoltageChannel, "current": CurrentChannel}


def channel_of(kind: str, **more: object) -> Channel:
    whole = {"name": "x", "physical_channel": "ai0", "kind": kind, "pressure_kpa": [-10.0, 190.0], **more}
    return KINDS[kind].model_validate(whole)


def states_of(channel: Channel, raw: float) -> tuple[float, ReadingState]:
    pressure_kpa, states = scaled(np.array([[raw]]), [scaling_of(channel)])
    return pressure_kpa[0, 0], states[0, 0]


@pytest.mark.parametrize(
    ("kind", "raw", "pressure_kpa", "state"),
    [
        ("current", 0.004, -10.0, STABLE),
        ("current", 0.020, 190.0, STABLE),
        ("current", 0.00383, -12.125, STABLE),
        ("current", 0.0036, None, UNDER),
        ("current", 0.0038, None, UNDER),
        ("current", 0.00359, None, BROKEN),
        ("current", 0.0, None, BROKEN),
        ("current", -0.01, None, BROKEN),
        ("current", 0.02047, 195.875, STABLE),
        ("current", 0.0205, None, OVER),
        ("current", 0.02101, None, OVER),
        ("voltage", 0.0, -10.0, STABLE),
        ("voltage", 5.0, 190.0, STABLE),
        ("voltage", -0.11, None, UNDER),
        ("voltage", -2.49, None, UNDER),
        ("voltage", -2.51, None, BROKEN),
        ("voltage", 5.26, None, OVER),
        ("bridge", 0.0, -10.0, STABLE),
        ("bridge", 2.0, 190.0, STABLE),
        ("bridge", -0.41, None, UNDER),
        ("bridge", -0.99, None, UNDER),
        ("bridge", -1.01, None, BROKEN),
        ("bridge", 2.41, None, OVER),
        ("bridge", math.nan, None, ReadingState.DEVICE_ERROR),
        ("current", math.inf, None, ReadingState.DEVICE_ERROR),
    ],
)
def test_a_signal_beyond_its_limits_is_a_state(
    kind: str, raw: float, pressure_kpa: float | None, state: ReadingState
) -> None:
    channel = channel_of("bridge", electrical_mv_per_v=[0.0, 2.0]) if kind == "bridge" else channel_of(kind)
    found_kpa, found_state = states_of(channel, raw)
    assert found_state is state
    assert math.isnan(found_kpa) if pressure_kpa is None else found_kpa == pytest.approx(pressure_kpa)


def test_a_transducer_may_fall_with_pressure() -> None:
    channel = channel_of("bridge", electrical_mv_per_v=[3.0, -1.0])
    assert states_of(channel, 3.0)[0] == pytest.approx(-10.0)
    assert states_of(channel, 1.0)[0] == pytest.approx(90.0)
    assert states_of(channel, 4.0)[1] is OVER


@given(
    st.floats(-10, 10),
    st.floats(0.1, 10),
    st.floats(-500, 500),
    st.floats(1, 1000),
    st.lists(st.floats(0, 1), min_size=1, max_size=20),
)
def test_the_line_goes_through_both_points(
    low: float, span: float, low_kpa: float, span_kpa: float, places: list[float]
) -> None:
    channel = channel_of("bridge", electrical_mv_per_v=[low, low + span], pressure_kpa=[low_kpa, low_kpa + span_kpa])
    raw = np.array([[low + place * span for place in places]])
    pressure_kpa, states = scaled(raw, [scaling_of(channel)])
    assert (states == STABLE).all()
    assert pressure_kpa[0] == pytest.approx(
        [low_kpa + place * span_kpa for place in places], abs=1e-9 * span_kpa + 1e-6
    )


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=20))
def test_a_number_goes_with_a_state_that_carries_one_and_only_then(signals: list[float]) -> None:
    pressure_kpa, states = scaled(np.array([signals]), [scaling_of(channel_of("current"))])
    for value, state in zip(pressure_kpa[0], states[0], strict=True):
        assert math.isfinite(value) is state.carries_number


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": []},
        {"channels": [{**CHANNELS[1], "pressure_kpa": [1.0, 1.0]}]},
        {"channels": [{**CHANNELS[1], "pressure_kpa": [1.0]}]},
        {"channels": [{**CHANNELS[1], "pressure_kpa": [0.0, float("nan")]}]},
        {"channels": [{**CHANNELS[1], "pressure_kpa": [0, 1], "electrical_v": [2.0, 2.0]}]},
        {"channels": [{**CHANNELS[1], "pressure_kpa": [0, 1], "limits_v": [1.0, 4.0]}]},
        {"channels": [{**CHANNELS[1], "pressure_kpa": [0, 1], "kind": "thermocouple"}]},
        {"channels": [{**CHANNELS[1], "pressure_kpa": [0, 1], "electrical_ma": [4.0, 20.0]}]},
        {"channels": [{**CHANNELS[1], "pressure_kpa": [0, 1]}] * 2},
        {
            "channels": [
                {**CHANNELS[1], "pressure_kpa": [0, 1]},
                {**CHANNELS[1], "pressure_kpa": [0, 1], "name": "other"},
            ]
        },
        {"device": ""},
        {"serial": 1},
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        options(**wrong)
