"""Drivers by role and name: the rig's own, and those other packages bring along.

A package adds a driver with an entry point in the group `pump_bench_rig.drivers`. The entry point is named
`<role>.<name>` (for instance `balance.sbi`) and leads to a `Driver`. A module is imported only when its driver is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import BaseModel

from instruments.clock import Clock
from instruments.interfaces import Instrument

GROUP = "pump_bench_rig.drivers"
ROLES = ("pump", "balance", "pressure", "ambient", "lines")

_OWN = {
    "pump.bench-interface": "instruments.pumps.bench_interface.driver:DRIVER",
    "pump.ne1000": "instruments.pumps.ne1000.driver:DRIVER",
    "balance.mt-sics": "instruments.balances.mt_sics:DRIVER",
    "balance.sbi": "instruments.balances.sbi:DRIVER",
    "pressure.ni-pressure": "instruments.daq.pressure:DRIVER",
    "ambient.ptu300": "instruments.ambient.ptu300:DRIVER",
    "lines.ni-lines": "instruments.daq.lines:DRIVER",
}


class DriverError(ValueError):
    """A driver that does not exist, cannot be loaded, or is offered twice."""


@dataclass(frozen=True, slots=True)
class Driver:
    """How to check the options of a station file, and how to open the instrument they describe.

    `options` is a strict pydantic model. `open` takes the instrument's name, the checked options and the station's
    clock, and returns it connected and identified; it raises an `InstrumentError` when it cannot. `open_on_server`
    takes the address of an NI gRPC device server besides; None where the driver does not use NI-DAQmx.
    """

    options: type[BaseModel]
    open: Callable[[str, Any, Clock], Instrument]
    open_on_server: Callable[[str, Any, Clock, str], Instrument] | None = None


def driver_names(role: str) -> tuple[str, ...]:
    """Return the names of the drivers for a role, sorted; nothing is imported."""
    return tuple(sorted(full.partition(".")[2] for full in _offered() if full.partition(".")[0] == role))


def load_driver(role: str, name: str) -> Driver:
    """Import and return a driver; `DriverError` names the drivers there are, or what is wrong with this one."""
    offer = _offered().get(f"{role}.{name}")
    if offer is None:
        raise DriverError(f"no driver {name!r} for the {role}; there are: {', '.join(driver_names(role)) or 'none'}")
    source = "this package" if offer.dist is None else f"package {offer.dist.name}"
    try:
        driver = offer.load()
    except Exception as error:  # whatever a foreign module does when it is imported
        raise DriverError(f"driver {name!r} for the {role} ({source}) cannot be loaded: {error!r}") from error
    if not isinstance(driver, Driver):
        raise DriverError(f"driver {name!r} for the {role} ({source}) is no instruments.drivers.Driver")
    return driver


def _offered() -> Mapping[str, EntryPoint]:
    offers = {full: EntryPoint(full, value, GROUP) for full, value in _OWN.items()}
    for foreign in entry_points(group=GROUP):
        if foreign.name.partition(".")[0] not in ROLES:
            raise DriverError(f"entry point {foreign.name!r} of group {GROUP}: the roles are {', '.join(ROLES)}")
        if foreign.name in offers:
            raise DriverError(f"two packages offer the driver {foreign.name!r}: remove one of them")
        offers[foreign.name] = foreign
    return offers
