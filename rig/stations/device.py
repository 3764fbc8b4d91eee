"""One device of a station with its address resolved, and how it is opened; for the rig and for its watchdog."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from instruments.clock import Clock
from instruments.drivers import DriverError, load_driver
from instruments.interfaces import Instrument

_DEADLINE_S = 5.0
"""Of a driver without the option `deadline_s`."""


@dataclass(frozen=True, slots=True)
class Device:
    """What opens one instrument. `grpc_address` is the NI device server of a simulated DAQ, else None."""

    role: str
    name: str
    driver: str
    options: BaseModel
    grpc_address: str | None = None

    @property
    def deadline_s(self) -> float:
        """Longest wait for one answer, s of host time."""
        return float(getattr(self.options, "deadline_s", _DEADLINE_S))

    def open(self, clock: Clock) -> Instrument:
        """Open it, connected and identified; raises `InstrumentError` or `DriverError`."""
        driver = load_driver(self.role, self.driver)
        if self.grpc_address is None:
            return driver.open(self.name, self.options, clock)
        if driver.open_on_server is None:
            raise DriverError(f"driver {self.driver!r} for the {self.role} cannot talk to an NI device server")
        return driver.open_on_server(self.name, self.options, clock, self.grpc_address)

    def with_lines(self, *, only: str = "", without: str = "") -> Device:
        """Return the same lines device with one line only, or without one."""
        lines = getattr(self.options, "lines", ())
        kept = tuple(line for line in lines if (line.name == only if only else line.name != without))
        return Device(
            self.role, self.name, self.driver, self.options.model_copy(update={"lines": kept}), self.grpc_address
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {
            "role": self.role,
            "name": self.name,
            "driver": self.driver,
            "options": json.loads(self.options.model_dump_json()),
            "grpc_address": self.grpc_address,
        }


def device_from_json(said: dict[str, Any]) -> Device:
    """Return a device from its JSON types; imports its driver."""
    options = load_driver(said["role"], said["driver"]).options.model_validate_json(json.dumps(said["options"]))
    return Device(said["role"], said["name"], said["driver"], options, said["grpc_address"])
