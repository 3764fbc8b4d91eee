"""The one place that imports the digital twin: behind a simulated station, or alone for other programs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, TypeAdapter, ValidationError

from instruments.clock import Clock
from instruments.simulated.standalone import run_until_signal
from instruments.simulated.truth import TwinConfig, TwinConfigError, load_twin
from instruments.simulated.twin import TwinStation
from rig.configuration import ConfigurationError, Fault
from rig.station_file import StationFile
from rig.station_tables import TWIN_ADDRESSES, TWIN_SCHEME

Addresses = Mapping[str, Mapping[str, str]]
"""Where each device of a twin is, by its name."""

_ADDRESSES = TypeAdapter(dict[str, dict[str, str]])


class RunningTwin(Protocol):
    """A digital twin in this process."""

    def addresses(self) -> Addresses:
        """Return where its devices are."""

    def operate(self, action: str, values: Mapping[str, float]) -> None:
        """Do at the bench, now, what a person would; `ValueError` for what nobody can."""

    def write_truth(self, path: Path) -> None:
        """Save what really happened."""

    def close(self) -> None:
        """End it; idempotent."""


def start_twin(station: StationFile, *, clock: Clock, seed: int) -> RunningTwin:
    """Start the digital twin of a simulated station in this process."""
    twin = TwinStation(_load_truth(station), seed=seed, clock=clock, pump_power_relay=station.power.relay)
    twin.start()
    return twin


def simulate_forever(station: StationFile, *, seed: int, witness_log: Path | None) -> None:
    """Run the twin of a station alone, at wall-clock time, until a signal ends it; its addresses go to stdout."""
    run_until_signal(_load_truth(station), seed=seed, output=sys.stdout, witness_path=witness_log)


def read_addresses(path: Path) -> Addresses:
    """Read the addresses of a twin that runs elsewhere, as `rig simulate` prints them."""
    try:
        found = _ADDRESSES.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        problem = f"holds no addresses of a running twin ({reason}); put there what rig simulate prints"
        raise ConfigurationError(path, [Fault("", problem)]) from error
    missing = sorted(set(TWIN_ADDRESSES) - set(found))
    if missing:
        raise ConfigurationError(path, [Fault(name, "missing among the addresses") for name in missing])
    return found


def resolve(options: BaseModel, addresses: Addresses) -> tuple[BaseModel, str | None]:
    """Return driver options with their `twin://` references replaced, and the gRPC server they lead to if any."""
    replaced: dict[str, str] = {}
    grpc: str | None = None
    for key, value in options.model_dump().items():
        if isinstance(value, str) and value.startswith(TWIN_SCHEME):
            entry = addresses[value.removeprefix(TWIN_SCHEME)]
            replaced[key] = next(entry[kind] for kind in ("port", "visa", "device") if kind in entry)
            grpc = entry.get("grpc", grpc)
    return options.model_copy(update=replaced), grpc


def _load_truth(station: StationFile) -> TwinConfig:
    if station.twin_file is None:
        raise ConfigurationError(station.path, [Fault("station.kind", 'only a station of kind "simulated" has a twin')])
    try:
        return load_twin(station.twin_file)
    except TwinConfigError as error:
        raise ConfigurationError(station.twin_file, [Fault("", fault) for fault in error.faults]) from error
