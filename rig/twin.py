"""The one place that imports the digital twin: behind a simulated station, or alone for other programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from instruments.clock import Clock
from instruments.simulated.standalone import run_until_signal
from instruments.simulated.truth import load_twin
from instruments.simulated.twin import TwinStation
from rig.configuration import ConfigurationError, Fault
from rig.station_file import StationFile
from rig.station_tables import TWIN_SCHEME


@dataclass(frozen=True, slots=True)
class TwinAddress:
    """Where a device of a twin is: what replaces `twin://<name>`, and its gRPC server where it is a DAQ."""

    address: str
    grpc_address: str | None = None


class RunningTwin(Protocol):
    """A digital twin in this process."""

    def addresses(self) -> Mapping[str, Mapping[str, str]]:
        """Return where its devices are."""

    def write_truth(self, path: Path) -> None:
        """Save what really happened."""

    def close(self) -> None:
        """End it; idempotent."""


def start_twin(station: StationFile, *, clock: Clock, seed: int) -> RunningTwin:
    """Start the digital twin of a simulated station in this process."""
    twin = TwinStation(load_twin(_twin_file(station)), seed=seed, clock=clock, pump_power_relay=station.power.relay)
    twin.start()
    return twin


def simulate_forever(station: StationFile, *, seed: int, witness_log: Path | None) -> None:
    """Run the twin of a station alone, at wall-clock time, until a signal ends it; its addresses go to stdout."""
    run_until_signal(load_twin(_twin_file(station)), seed=seed, output=sys.stdout, witness_path=witness_log)


def read_addresses(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Read the addresses of a twin that runs elsewhere, as `rig simulate` prints them."""
    try:
        addresses = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problem = f"holds no addresses of a running twin ({error}); rig simulate prints them"
        raise ConfigurationError(path, [Fault("", problem)]) from error
    return {str(name): dict(value) for name, value in addresses.items()}


def twin_address(addresses: Mapping[str, Mapping[str, str]], reference: str) -> TwinAddress:
    """Return where the device behind a `twin://<name>` reference is."""
    entry = addresses[reference.removeprefix(TWIN_SCHEME)]
    if "grpc" in entry:
        return TwinAddress(entry["device"], entry["grpc"])
    return TwinAddress(entry.get("port") or entry["visa"])


def resolve(options: BaseModel, addresses: Mapping[str, Mapping[str, str]]) -> tuple[BaseModel, str | None]:
    """Return driver options with their `twin://` references replaced, and the gRPC address they lead to if any."""
    found = {
        key: twin_address(addresses, value)
        for key, value in options.model_dump().items()
        if isinstance(value, str) and value.startswith(TWIN_SCHEME)
    }
    grpc = next((one.grpc_address for one in found.values() if one.grpc_address is not None), None)
    return options.model_copy(update={key: one.address for key, one in found.items()}), grpc


def _twin_file(station: StationFile) -> Path:
    if station.twin_file is None:
        raise ConfigurationError(station.path, [Fault("station.kind", 'only a station of kind "simulated" has a twin')])
    return station.twin_file
