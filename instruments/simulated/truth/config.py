"""The twin's truth as one table, its file, and the drawing of what is stated with an uncertainty."""

from __future__ import annotations

import math
import tomllib
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from instruments.simulated.truth.drawn import Drawn, Strict
from instruments.simulated.truth.events import BenchEvent
from instruments.simulated.truth.fluid_path import (
    CatheterTruth,
    FixtureTruth,
    MeniscusTruth,
    OutletTruth,
    PumpTruth,
    VesselTruth,
)
from instruments.simulated.truth.measuring import (
    AmbientSensorTruth,
    BalanceTruth,
    Channels,
    DaqTruth,
    HandlingTruth,
    RoomTruth,
    Serials,
)


class TwinConfigError(ValueError):
    """A truth file that cannot be used; `faults` holds every fault found, each with its key."""

    def __init__(self, source: str, faults: tuple[str, ...]) -> None:
        self.source = source
        self.faults = faults
        super().__init__("\n".join([f"{source}: {len(faults)} fault(s) in the twin's truth", *faults]))


class TwinConfig(Strict):
    """Everything the simulated bench is, whether an engineer at the bench could know it or not."""

    serials: Serials
    pump: PumpTruth
    catheter: CatheterTruth
    fixture: FixtureTruth = FixtureTruth()
    outlet: OutletTruth
    vessel: VesselTruth
    meniscus: MeniscusTruth
    balance: BalanceTruth
    room: RoomTruth
    ambient_sensor: AmbientSensorTruth
    handling: HandlingTruth = HandlingTruth()
    daq: DaqTruth
    channel: Channels
    event: Annotated[tuple[BenchEvent, ...], Field(strict=False)] = ()


def load_twin(path: Path) -> TwinConfig:
    """Read a truth file. Raises `TwinConfigError` with all faults of the file at once."""
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        raise TwinConfigError(str(path), (f"cannot be read: {error.strerror}",)) from error
    except (ValueError, RecursionError) as error:
        raise TwinConfigError(str(path), (f"is not TOML: {error}",)) from error
    return twin_from_mapping(table, source=str(path))


def twin_from_mapping(table: Mapping[str, object], *, source: str = "twin") -> TwinConfig:
    """Check a truth table. Raises `TwinConfigError` with all its faults at once."""
    try:
        return TwinConfig.model_validate(dict(table))
    except ValidationError as error:
        faults = tuple(f"{_key(fault['loc'])}: {fault['msg']}" for fault in error.errors())
        raise TwinConfigError(source, faults) from error


def _key(location: tuple[int | str, ...]) -> str:
    key = ""
    for part in location:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else part
    return key or "file"


def draw(config: TwinConfig, seed: int) -> TwinConfig:
    """Return the bench of one seed: every stated value replaced by a drawn one (whose `u` is 0).

    Each value has its own generator, keyed by the seed and its dotted name, so a new key changes no other draw.
    """
    drawn = _draw_table(config, seed, "")
    if not isinstance(drawn, TwinConfig):
        raise TypeError("a drawn truth is a truth")
    return drawn


def _draw_table(table: BaseModel, seed: int, prefix: str) -> BaseModel:
    changed: dict[str, object] = {}
    for name in type(table).model_fields:
        value = getattr(table, name)
        if isinstance(value, Drawn):
            changed[name] = Drawn(value=_draw_value(value, seed, prefix + name), u=0.0, distribution=value.distribution)
        elif isinstance(value, BaseModel):
            changed[name] = _draw_table(value, seed, f"{prefix}{name}.")
    return table.model_copy(update=changed)


def _draw_value(stated: Drawn, seed: int, name: str) -> float:
    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, zlib.crc32(name.encode())))))
    if stated.distribution == "normal":
        return stated.value + stated.u * float(generator.standard_normal())
    return stated.value + stated.u * math.sqrt(3.0) * float(generator.uniform(-1.0, 1.0))


def drawn_values(config: TwinConfig) -> Iterator[tuple[str, float]]:
    """Yield (dotted name, value) of every drawn quantity, for the truth file."""
    yield from _walk(config, "")


def _walk(table: BaseModel, prefix: str) -> Iterator[tuple[str, float]]:
    for name in type(table).model_fields:
        value = getattr(table, name)
        if isinstance(value, Drawn):
            yield prefix + name, value.value
        elif isinstance(value, BaseModel):
            yield from _walk(value, f"{prefix}{name}.")
