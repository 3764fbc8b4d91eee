"""Two stations that name the same instrument, by whatever name, do not hold it at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from rig.ownership.hold import HeldByAnother
from rig.ownership.instruments import address_of, hold_instruments, release_all
from rig.stations.device import Device


class Options(BaseModel):
    """Options with every kind of address, one of them told."""

    port: str | None = None
    address: str | None = None
    device: str | None = None


def device(name: str, grpc: str | None = None, **told: str) -> Device:
    return Device(name, name, "none", Options(**told), grpc)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUMP_BENCH_RIG_STATE", str(tmp_path / "root"))


def test_a_link_by_id_and_the_port_it_leads_to_are_one(tmp_path: Path) -> None:
    (tmp_path / "ttyUSB0").touch()
    (tmp_path / "by-id").symlink_to(tmp_path / "ttyUSB0")
    names = [
        Options(port=str(tmp_path / "by-id")),
        Options(port=str(tmp_path / "ttyUSB0")),
        Options(address=f"ASRL{tmp_path / 'by-id'}::INSTR"),
    ]
    assert {address_of(one) for one in names} == {str((tmp_path / "ttyUSB0").resolve())}


def test_case_does_not_make_another_visa_address() -> None:
    one, other = Options(address="TCPIP::192.0.2.7::4305::SOCKET"), Options(address="tcpip::192.0.2.7::4305::socket")
    assert address_of(one) == address_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Options(address="TCPIP0::192.0.2.7::4305::SOCKET"), Options(address="TCPIP::192.0.2.7::4305::SOCKET")),
        (Options(address="ASRL4::INSTR"), Options(port="COM4")),
        (Options(address="asrl4"), Options(port="com4")),
    ],
)
def test_two_spellings_are_one_address(one: Options, other: Options) -> None:
    assert address_of(one) == address_of(other)


def test_another_board_is_another_address() -> None:
    assert address_of(Options(address="GPIB1::5::INSTR")) != address_of(Options(address="GPIB::5::INSTR"))


def test_devices_of_two_servers_are_two() -> None:
    options = Options(device="Dev1")
    assert address_of(options, "localhost:1") != address_of(options, "localhost:2") != address_of(options)


def test_two_stations_with_one_instrument_in_common_exclude_each_other() -> None:
    common = device("pump", port="COM3")
    held = hold_instruments([common, device("balance", address="TCPIP::a::1::SOCKET")], run_on="station 'one'")
    try:
        with pytest.raises(HeldByAnother) as refused:
            hold_instruments([device("balance", address="TCPIP::b::1::SOCKET"), common], run_on="station 'two'")
        assert "pump (COM3)" in str(refused.value)
        assert "station 'one'" in str(refused.value)
        # Nothing of the refused station is held.
        release_all(hold_instruments([device("balance", address="TCPIP::b::1::SOCKET")], run_on="station 'three'"))
    finally:
        release_all(held)
    release_all(hold_instruments([common], run_on="station 'two'"))


def test_one_device_may_stand_twice_in_a_station() -> None:
    pair = [device("pressure", device="Dev1"), device("lines", device="Dev1")]
    held = hold_instruments(pair, run_on="station 'one'")
    assert len(held) == 1
    release_all(held)
