"""Drivers by name: our own, and those of other packages found through real package metadata."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from instruments.clock import WallClock
from instruments.drivers import GROUP, ROLES, Driver, DriverError, driver_names, load_driver
from instruments.errors import LinkLost

OWN = [(role, name) for role in ROLES for name in driver_names(role)]

FOREIGN = """
from pydantic import BaseModel
from instruments.drivers import Driver

class Options(BaseModel):
    address: str

def open_it(name, options, clock):
    return (name, options.address)

DRIVER = Driver(Options, open_it)
NO_DRIVER = 7
"""


def install(monkeypatch: pytest.MonkeyPatch, folder: Path, entries: str, *, package: str = "otherbalance") -> None:
    """Put a package with entry points on the path, as pip would."""
    (folder / f"{package}_module.py").write_text(FOREIGN)
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{entries}\n")
    monkeypatch.syspath_prepend(str(folder))


def test_every_role_has_a_driver() -> None:
    assert OWN == [
        ("pump", "bench-interface"),
        ("pump", "ne1000"),
        ("balance", "mt-sics"),
        ("balance", "sbi"),
        ("pressure", "ni-pressure"),
        ("ambient", "ptu300"),
        ("lines", "ni-lines"),
    ]


@pytest.mark.parametrize(("role", "name"), OWN)
def test_our_drivers_have_strict_options(role: str, name: str) -> None:
    options = load_driver(role, name).options
    assert issubclass(options, BaseModel)
    assert options.model_config["extra"] == "forbid"
    assert options.model_config["strict"] is True
    assert options.model_config["frozen"] is True
    assert options.model_config["allow_inf_nan"] is False
    with pytest.raises(ValidationError):
        options.model_validate({"no such option": 1})


def test_a_driver_opens_what_its_options_describe() -> None:
    driver = load_driver("pump", "bench-interface")
    options = driver.options.model_validate({"port": "/dev/serial/by-id/no-such-port", "serial": "P1"})
    with pytest.raises(LinkLost, match="pump A: port /dev/serial/by-id/no-such-port cannot be opened"):
        driver.open("pump A", options, WallClock())
    assert driver.open_on_server is None


@pytest.mark.parametrize(
    ("role", "name", "more"),
    [
        ("lines", "ni-lines", {"lines": [{"name": "a", "line": "port0/line0"}]}),
        (
            "pressure",
            "ni-pressure",
            {"channels": [{"name": "a", "kind": "voltage", "physical_channel": "ai0", "pressure_kpa": [0.0, 1.0]}]},
        ),
    ],
)
def test_a_daq_driver_opens_on_a_server_too(role: str, name: str, more: dict[str, object]) -> None:
    driver = load_driver(role, name)
    options = driver.options.model_validate({"device": "Dev1", "serial": "1", **more})
    assert driver.open_on_server is not None
    with pytest.raises(LinkLost, match=r"gRPC device server at 127\.0\.0\.1:1 cannot be reached"):
        driver.open_on_server("daq", options, WallClock(), "127.0.0.1:1")


def test_a_driver_of_another_package_is_found_and_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, tmp_path, "balance.other = otherbalance_module:DRIVER")
    assert driver_names("balance") == ("mt-sics", "other", "sbi")
    driver = load_driver("balance", "other")
    assert isinstance(driver, Driver)
    opened: object = driver.open("balance", driver.options.model_validate({"address": "x"}), WallClock())
    assert opened == ("balance", "x")


def test_an_unknown_driver_names_those_there_are() -> None:
    with pytest.raises(DriverError, match=r"no driver 'other' for the balance; there are: mt-sics, sbi"):
        load_driver("balance", "other")
    with pytest.raises(DriverError, match=r"for the toaster; there are: none"):
        load_driver("toaster", "sbi")


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ("balance.other = otherbalance_module:MISSING", "package otherbalance.*cannot be loaded.*MISSING"),
        ("balance.other = no_such_module:DRIVER", "package otherbalance.*cannot be loaded.*no_such_module"),
        ("balance.other = otherbalance_module:NO_DRIVER", "package otherbalance.*is no instruments"),
        ("balance.mt-sics = otherbalance_module:DRIVER", "two packages offer the driver 'balance.mt-sics'"),
        ("scale.other = otherbalance_module:DRIVER", "'scale.other'.*the roles are pump, balance"),
    ],
)
def test_a_driver_that_is_wrong_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, entries: str, words: str
) -> None:
    install(monkeypatch, tmp_path, entries)
    with pytest.raises(DriverError, match=words):
        load_driver("balance", "other")
