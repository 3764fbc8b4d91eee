"""The twin's balance on its SBI port: the real driver over the wire, and the bytes a plain client sees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from instruments.balances.sbi import SbiBalance, SbiOptions, open_sbi
from instruments.clock import VirtualClock
from instruments.readings import ReadingState
from instruments.simulated.devices.mt_sics.balance import ADJUSTMENT_S
from instruments.simulated.devices.sbi import SbiSession, sbi_identity
from instruments.simulated.twin import TwinStation
from instruments.simulated.wires.faults import LinkFaultMode
from tests.instruments.simulated.benches import hand_clock, truth

MENU: dict[str, Any] = dict.fromkeys(
    ("auto_zero", "internal_adjustment", "print_after_stability", "automatic_print"), "off at the menu"
)


@contextmanager
def bench(events: list[dict[str, Any]] | None = None) -> Iterator[tuple[TwinStation, VirtualClock, SbiBalance]]:
    with hand_clock() as clock, TwinStation(truth(None, events), seed=1, clock=clock) as twin:
        told = {
            "address": twin.addresses()["balance_sbi"]["visa"],
            "serial": twin.bench.drawn.serials.balance,
            "deadline_s": 5.0,
            "environment": "very stable",
        }
        balance = open_sbi("balance", SbiOptions.model_validate({**told, **MENU}), clock)
        try:
            yield twin, clock, balance
        finally:
            balance.close()


def session(twin: TwinStation) -> SbiSession:
    return SbiSession(twin.balance, lambda t_s: sbi_identity(twin.balance.identity(t_s)))


def test_what_the_driver_reads_is_what_the_balance_indicates() -> None:
    with bench() as (twin, clock, balance):
        balance.configure()
        clock.sleep_until(20.0)
        balance.tare()
        twin.operate("place_weight", {"mass_g": 20.0})
        clock.sleep_until(60.0)
        reading, signal = balance.read(), twin.bench.balance_signal(clock.now())
        assert reading.mass_g == round(signal.indication_g, 5)
        assert reading.mass_g == pytest.approx(20.0, abs=0.05)
        assert (reading.state is ReadingState.STABLE) is signal.stable
        assert balance.identify().maker == "Sartorius"


def test_a_fresh_load_is_unstable_and_its_line_has_no_unit() -> None:
    with bench() as (twin, clock, _):
        port = session(twin)
        clock.sleep_until(30.0)
        twin.operate("place_weight", {"mass_g": 20.0})
        clock.sleep_until(30.2)
        line = port.receive(b"\x1bP\r\n", clock.now())
        assert (len(line), line[:6], line[17:]) == (22, b"N     ", b"   \r\n")


@pytest.mark.parametrize(("mass_g", "state"), [(300.0, ReadingState.OVERLOAD), (-1.0, None)], ids=["overload", "plain"])
def test_an_overload_carries_no_number(mass_g: float, state: ReadingState | None) -> None:
    with bench() as (twin, clock, balance):
        if mass_g > 0.0:
            twin.operate("place_weight", {"mass_g": mass_g})
        clock.sleep_until(10.0)
        reading = balance.read()
        assert (reading.mass_g is None) is (state is not None)
        assert state is None or reading.state is state


def test_an_adjustment_keeps_the_balance_busy_until_it_is_done() -> None:
    with bench() as (twin, clock, balance):
        port = session(twin)
        clock.sleep_until(10.0)
        assert port.receive(b"\x1bZ", clock.now()) == b""
        assert balance.read().state is ReadingState.BUSY
        clock.sleep_until(10.0 + ADJUSTMENT_S + 1.0)
        assert balance.read().mass_g is not None


def test_an_error_of_the_electronics_is_a_state() -> None:
    with bench() as (twin, clock, balance):
        twin.balance.fault = "10b"
        clock.sleep_until(10.0)
        assert balance.read().state is ReadingState.DEVICE_ERROR


def test_commands_come_in_any_split_and_unknown_ones_are_ignored() -> None:
    with bench() as (twin, clock, _):
        port = session(twin)
        said = [port.receive(bytes([byte]), clock.now()) for byte in b"P\r\n\x1bQ\x1by9_junk\x1bx2_\r\n"]
        assert b"".join(said).split() == [twin.bench.drawn.serials.balance.encode()]


def test_another_balance_on_the_port_is_never_read() -> None:
    with bench(
        [{"kind": "link_fault", "device": "balance_sbi", "mode": "wrong_device", "at_s": 5.0, "duration_s": 45.0}]
    ) as (
        twin,
        clock,
        balance,
    ):
        assert twin.faults["balance_sbi"].is_active(LinkFaultMode.WRONG_DEVICE, 6.0)
        clock.sleep_until(6.0)
        assert balance.identify().serial == f"X{twin.bench.drawn.serials.balance[1:]}"
