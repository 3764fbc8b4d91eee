"""Valve lines against a gRPC server on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from pydantic import ValidationError

from instruments.clock import WallClock
from instruments.daq.lines import DaqLines, LinesOptions, open_lines
from instruments.errors import LinkLost, ProtocolError
from instruments.simulated.wires.faults import LinkFaultMode, LinkFaults
from instruments.simulated.wires.ni_grpc import NiGrpcWire
from tests.instruments.daq_peer import SERIAL, BenchDaq, served

LINES: list[dict[str, object]] = [
    {"name": "outlet", "line": "port0/line0"},
    {"name": "occluder", "line": "port0/line1", "active_low": True},
]


def options(**changes: object) -> LinesOptions:
    return LinesOptions.model_validate({"device": "Dev1", "serial": SERIAL, "lines": LINES, **changes})


@dataclass
class Bench:
    """A device behind a wire with faults, and a connected driver."""

    device: BenchDaq
    wire: NiGrpcWire
    faults: LinkFaults
    valves: DaqLines


@contextmanager
def bench(**changes: object) -> Iterator[Bench]:
    device = BenchDaq()
    with served(device, WallClock()) as (wire, faults):
        valves = open_lines("valves", options(**changes), WallClock(), grpc_address=wire.target)
        try:
            yield Bench(device, wire, faults, valves)
        finally:
            valves.close()


def test_a_line_is_set_confirmed_and_read_back_without_touching_another() -> None:
    with bench() as b:
        assert b.valves.lines == ("outlet", "occluder")
        b.valves.write("outlet", True)
        assert b.device.levels == {"port0/line0": True, "port0/line1": False, "port0/line2": False}
        assert b.valves.read("outlet") is True
        b.valves.write("outlet", False)
        assert b.valves.read("outlet") is False
        assert b.device.levels["port0/line0"] is False


def test_an_active_low_line_is_energised_by_a_low_level() -> None:
    with bench() as b:
        b.valves.write("occluder", False)
        assert b.device.levels["port0/line1"] is True
        assert b.valves.read("occluder") is False
        b.valves.write("occluder", True)
        assert b.device.levels["port0/line1"] is False
        assert b.valves.read("occluder") is True


def test_opening_changes_no_level() -> None:
    with bench() as b:
        assert not any(b.device.levels.values())
        assert b.valves.connection.bytes_sent > 0


@pytest.mark.parametrize("stuck", [True, False])
def test_a_line_that_does_not_follow_is_an_error(stuck: bool) -> None:
    with bench() as b:
        b.device.stuck["port0/line0"] = stuck
        b.valves.write("outlet", stuck)
        with pytest.raises(ProtocolError, match=r"'outlet' was set .* and reads .*Check the wiring"):
            b.valves.write("outlet", not stuck)


def test_an_unknown_line_names_those_there_are() -> None:
    with bench() as b:
        for ask in (lambda: b.valves.read("drain"), lambda: b.valves.write("drain", True)):
            with pytest.raises(ProtocolError, match=r"no line 'drain'.*outlet, occluder"):
                ask()


def test_a_line_the_device_does_not_have_is_refused_when_it_is_opened() -> None:
    wrong = [{"name": "outlet", "line": "port7/line0"}]
    with pytest.raises(ProtocolError, match=r"reserve outlet.*port7/line0"), bench(lines=wrong):
        pass


def test_after_a_lost_link_the_device_is_identified_and_the_lines_work_again() -> None:
    with bench() as b:
        b.valves.write("outlet", True)
        b.faults.inject(LinkFaultMode.DROP_CONNECTION)
        for _ in range(2):
            with pytest.raises(LinkLost):
                b.valves.write("outlet", False)
        b.faults.clear()
        b.valves.write("outlet", False)
        assert b.device.levels["port0/line0"] is False


def test_another_device_after_a_lost_link_is_refused() -> None:
    with bench() as b:
        b.wire.inject_error(-201003)
        with pytest.raises(LinkLost, match="Dev1 cannot be reached"):
            b.valves.write("outlet", True)
        b.wire.inject_error(None)
        b.device.serial = 7
        for _ in range(2):
            with pytest.raises(ProtocolError, match="another device"):
                b.valves.write("outlet", True)
        assert b.device.levels["port0/line0"] is False


def test_without_a_driver_one_clear_message_says_what_to_do() -> None:
    with pytest.raises(LinkLost, match=r"valves: the NI-DAQmx driver is not installed"):
        open_lines("valves", options(), WallClock())


def test_a_driver_that_was_never_connected_says_so() -> None:
    with pytest.raises(LinkLost, match="not connected"):
        DaqLines("valves", options(), WallClock()).read("outlet")


def test_the_record_says_which_level_energises() -> None:
    with bench() as b:
        record = b.valves.configure()
        assert record["outlet"] == "Dev1/port0/line0, energised when high"
        assert record["occluder"] == "Dev1/port0/line1, energised when low"
        assert record["simulated"] == "true"
        assert b.valves.is_simulated
        assert b.valves.identify().serial == SERIAL


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": []},
        {"lines": [{"name": "a", "line": "port0/line0"}, {"name": "a", "line": "port0/line1"}]},
        {"lines": [{"name": "a", "line": "port0/line0"}, {"name": "b", "line": "port0/line0"}]},
        {"lines": [{"name": "a", "line": "port0/line0", "active_low": 1}]},
        {"lines": [{"name": "", "line": "port0/line0"}]},
        {"port": "x"},
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        options(**wrong)
