"""The one place that imports the digital twin: behind a simulated station, or alone for other programs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from instruments.clock import Clock
from instruments.simulated.standalone import run_until_signal
from instruments.simulated.truth import TwinConfig
from instruments.simulated.twin import TwinStation
from results.input_file import UnreadableFile, read_json
from rig.configuration import ConfigurationError, Fault, Section, check_table, load_toml
from rig.stations.file import StationFile
from rig.stations.tables import TWIN_SCHEME, Text

Addresses = Mapping[str, Mapping[str, str]]
"""Where each device of a twin is, by its name."""

_MOST_BYTES = 100_000


class _Port(Section):
    port: Text


class _Visa(Section):
    visa: Text


class _Daq(Section):
    grpc: Text
    device: Text


class _Addresses(Section):
    """What `rig simulate` prints: one address for each of `TWIN_ADDRESSES`."""

    pump: _Port
    balance: _Visa
    balance_serial: _Visa
    balance_sbi: _Visa
    ambient: _Visa
    daq: _Daq
    ports: _Port


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
    twin = TwinStation(load_truth(station), seed=seed, clock=clock, pump_power_relay=station.power.relay)
    twin.start()
    return twin


def simulate_forever(station: StationFile, *, seed: int, witness_log: Path | None) -> None:
    """Run the twin of a station alone, at wall-clock time, until a signal ends it; its addresses go to stdout."""
    run_until_signal(
        load_truth(station),
        seed=seed,
        output=sys.stdout,
        witness_path=witness_log,
        pump_power_relay=station.power.relay,
    )


def read_addresses(path: Path) -> Addresses:
    """Read the addresses of a twin that runs elsewhere, as `rig simulate` prints them."""
    remedy = "put there what rig simulate prints"
    try:
        found = read_json(path, most_bytes=_MOST_BYTES)
    except FileNotFoundError:
        raise ConfigurationError(path, [Fault("", f"no such file; {remedy}")]) from None
    except UnreadableFile as error:
        raise ConfigurationError(path, [Fault("", f"{error.problem}; {remedy}")]) from None
    if not isinstance(found, dict):
        raise ConfigurationError(path, [Fault("", f"holds no addresses of a running twin; {remedy}")])
    checked = check_table(found, _Addresses)
    if checked.value is None:
        raise ConfigurationError(path, checked.faults)
    return checked.value.model_dump()


def resolve(options: BaseModel, addresses: Addresses) -> tuple[BaseModel, str | None]:
    """Return driver options with their `twin://` references replaced, and the gRPC server they lead to if any."""
    replaced: dict[str, str | tuple[str, ...]] = {}
    grpc: str | None = None
    for key, value in options.model_dump().items():
        if isinstance(value, str) and value.startswith(TWIN_SCHEME):
            replaced[key] = _address(value, addresses)
            grpc = addresses[value.removeprefix(TWIN_SCHEME)].get("grpc", grpc)
        elif isinstance(value, tuple) and value and all(isinstance(one, str) for one in value):
            replaced[key] = tuple(_address(one, addresses) for one in value)
    return options.model_copy(update=replaced), grpc


def _address(text: str, addresses: Addresses) -> str:
    if not text.startswith(TWIN_SCHEME):
        return text
    entry = addresses[text.removeprefix(TWIN_SCHEME)]
    return next(entry[kind] for kind in ("port", "visa", "device") if kind in entry)


def load_truth(station: StationFile) -> TwinConfig:
    """Return the truth behind a simulated station. Raises `ConfigurationError` with every fault of its file."""
    if station.twin_file is None:
        raise ConfigurationError(station.path, [Fault("station.kind", 'only a station of kind "simulated" has a twin')])
    return load_toml(station.twin_file, TwinConfig, remedy="twin.file of the station names it").value
