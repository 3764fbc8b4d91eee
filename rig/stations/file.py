"""Station files: what is plugged in, where, and what an engineer at the bench knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from instruments.drivers import DriverError, driver_names, load_driver
from results.bench import GravimetricBench
from results.input_file import UnreadableFile, open_regular
from rig.configuration import ConfigurationError, Fault, SourceFile, check_table, parse_toml, read_source
from rig.configuration.words import found, quoted
from rig.stations.device_checks import device_contradictions
from rig.stations.tables import (
    DEVICES,
    ChecksTable,
    LimitsTable,
    PowerTable,
    SamplingTable,
    StationTables,
    WatchdogTable,
)

_SHIPPED = Path(__file__).parent
_FILE_NAME = "station.toml"


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """One instrument of a station: the name errors carry, its driver, and the driver's checked options.

    In a simulated station addresses among the options still read `twin://<name>`.
    """

    name: str
    driver: str
    options: BaseModel


@dataclass(frozen=True, slots=True)
class StationFile:
    """A checked station file. `twin_file` and `attach` are None for a hardware station."""

    source: SourceFile
    id: str
    title: str
    is_simulated: bool
    twin_file: Path | None
    attach: Path | None
    pump: DeviceEntry
    balance: DeviceEntry
    ambient: DeviceEntry
    pressure: DeviceEntry
    lines: DeviceEntry
    sampling: SamplingTable
    setup: GravimetricBench
    limits: LimitsTable
    power: PowerTable
    watchdog: WatchdogTable
    checks: ChecksTable

    @property
    def path(self) -> Path:
        """Where the file was read from."""
        return self.source.path

    @property
    def is_shared(self) -> bool:
        """Whether its devices live outside this process: hardware, or a twin that runs already."""
        return not self.is_simulated or self.attach is not None

    @property
    def text(self) -> str:
        """The file, word for word."""
        return self.source.text

    @property
    def sha256(self) -> str:
        """SHA-256 of the file's bytes, hexadecimal."""
        return self.source.sha256


def available_stations() -> tuple[str, ...]:
    """Return the names of the stations that ship with the rig, sorted."""
    return tuple(sorted(folder.name for folder in _SHIPPED.iterdir() if (folder / _FILE_NAME).is_file()))


def find_station(name_or_path: str) -> Path:
    """Return the station file behind a shipped name, a path, or a folder with a station.toml."""
    if name_or_path in available_stations():
        return _SHIPPED / name_or_path / _FILE_NAME
    path = Path(name_or_path)
    inside = path / _FILE_NAME
    try:
        return inside if inside.is_file() else path
    except OSError:
        return path  # what is wrong with it is told when it is read


def load_station_file(name_or_path: str | Path) -> StationFile:
    """Read a station by its shipped name or its path.

    Raises `ConfigurationError` with every fault of the file, faults of driver options included, or with the names
    that can be given where there is no such station.
    """
    known = ", ".join(available_stations())
    remedy = f"Give the path of a station.toml, or the name of a shipped station: {known}"
    station = parse_station(read_source(find_station(str(name_or_path)), remedy=remedy))
    if station.twin_file is not None:
        _refuse_unreadable_twin(station, station.twin_file)
    return station


def _refuse_unreadable_twin(station: StationFile, twin: Path) -> None:
    try:
        open_regular(twin).close()
    except FileNotFoundError:
        problem = f"no such file: {quoted(str(twin))}"
    except UnreadableFile as error:
        problem = f"{quoted(str(twin))} {error.problem}"
    else:
        return
    raise ConfigurationError(station.path, [Fault("twin.file", problem)])


def parse_station(source: SourceFile) -> StationFile:
    """Return the station in a file that was read before; needs no other file.

    Raises `ConfigurationError` with every fault of the file.
    """
    checked = check_table(parse_toml(source), StationTables)
    faults = list(checked.faults)
    devices: dict[str, DeviceEntry] = {}
    for name in DEVICES:
        table = getattr(checked.partial, name, None)
        if isinstance(table, Mapping):
            device, device_faults = _device(name, table)
            faults += device_faults
            if device is not None:
                devices[name] = device
    options = {name: device.options for name, device in devices.items()}
    faults += device_contradictions(options, checked.partial)
    if faults or checked.value is None:
        raise ConfigurationError(source.path, faults)
    tables = checked.value
    twin, folder = tables.twin, source.path.parent
    return StationFile(
        source=source,
        id=tables.station.id,
        title=tables.station.title,
        is_simulated=tables.station.kind == "simulated",
        twin_file=folder / twin.file if twin else None,
        attach=folder / twin.attach if twin and twin.attach else None,
        sampling=tables.sampling,
        setup=tables.setup,
        limits=tables.limits,
        power=tables.power,
        watchdog=tables.watchdog,
        checks=tables.checks,
        **devices,
    )


def _device(name: str, table: Mapping[str, Any]) -> tuple[DeviceEntry | None, list[Fault]]:
    """Check a device table against the options of the driver it names."""
    options = dict(table)
    driver = options.pop("driver", None)
    try:
        known = driver_names(name)
        if driver not in known:
            was = "missing" if driver is None else f"found {found(driver)}"
            return None, [Fault(f"{name}.driver", f"{was}; drivers for it: {', '.join(known)}")]
        model = load_driver(name, driver).options
    except DriverError as error:
        return None, [Fault(f"{name}.driver", str(error))]
    checked = check_table(options, model, prefix=(name,))
    if checked.value is None:
        return None, list(checked.faults)
    return DeviceEntry(name=name, driver=driver, options=checked.value), []
