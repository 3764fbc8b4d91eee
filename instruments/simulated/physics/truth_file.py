"""The truth of a run as HDF5: what really left the tip, to compare a measurement with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from instruments.simulated.physics.climate import Climate, Slow
from instruments.simulated.physics.growing import FloatArray
from instruments.simulated.physics.room import CELL_S
from instruments.simulated.physics.segments import Seg, Segments
from instruments.simulated.truth.config import TwinConfig, drawn_values

_NEARLY_LINEAR_UL = 0.01
_TIME_CONSTANTS = np.array([0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0])
_SERIES = (
    ("vessel_water_ug", "ug", Seg.WATER_G, "mass of water in the weighed vessel"),
    ("evaporated_ug", "ug", Seg.EVAPORATED_G, "mass evaporated from the weighed vessel"),
    ("line_pressure_kpa", "kPa", Seg.PRESSURE_KPA, "gauge pressure at the pump's outlet"),
    ("leaked_ul", "uL", Seg.LEAKED_UL, "volume lost before the tip"),
    ("reservoir_ul", "uL", Seg.RESERVOIR_UL, "volume left in the pump's reservoir"),
    ("strokes_begun", "1", Seg.STROKES_BEGUN, "strokes begun"),
    ("strokes_made", "1", Seg.STROKES_MADE, "strokes that delivered"),
)
_ROOM = (
    ("air_temperature_c", "C", Slow.AIR_C),
    ("humidity_percent", "%", Slow.HUMIDITY_PERCENT),
    ("air_pressure_hpa", "hPa", Slow.PRESSURE_HPA),
    ("liquid_temperature_c", "C", Slow.LIQUID_C),
    ("pump_temperature_c", "C", Slow.PUMP_C),
)


@dataclass(frozen=True, slots=True)
class LoggedCommand:
    """What somebody or something did to the bench, and what truly came of it."""

    at_s: float
    name: str
    values: Mapping[str, float]


def write_truth_file(
    path: Path,
    *,
    drawn: TwinConfig,
    seed: int,
    segments: Segments,
    climate: Climate,
    commands: Sequence[LoggedCommand],
    until_s: float,
) -> None:
    """Write what left the tip (/time_s, /tip_volume_ul, /tip_mass_ug), the rest of the path, commands, room, draws.

    Rows stand at each edge of the 10-s grid, each begin and end of a stroke and each command, exact there. The tip has
    further rows where its flow dies away, so that between any two rows its volume is linear within 0.02 uL. Drawn
    values are attributes of /drawn. `until_s` must have been computed.
    """
    with h5py.File(path, "w") as file:
        file.attrs["simulated"] = True
        file.attrs["seed"] = seed
        file.attrs["truth_json"] = drawn.model_dump_json()
        values = file.create_group("drawn")
        for name, value in drawn_values(drawn):
            values.attrs[name] = value
        rows = segments.index_at(until_s) + 1
        tip_s = _tip_times_s(segments, rows, until_s)
        _put(file, "time_s", tip_s, "s", "bench time")
        _put(
            file, "tip_volume_ul", segments.tip_ul(tip_s), "uL", "volume out of the catheter's tip, at its temperature"
        )
        _put(file, "tip_mass_ug", 1e6 * segments.tip_g(tip_s), "ug", "mass out of the catheter's tip")
        group = file.create_group("path")
        _put(group, "time_s", segments.column(Seg.START_S)[:rows], "s", "bench time")
        for name, units, column, meaning in _SERIES:
            scale = 1e6 if units == "ug" else 1.0
            _put(group, name, scale * segments.column(column)[:rows], units, meaning)
        _put_commands(file, [command for command in commands if command.at_s <= until_s])
        room = file.create_group("room")
        edges = int(until_s // CELL_S) + 1
        _put(room, "time_s", CELL_S * np.arange(edges, dtype=np.float64), "s", "bench time")
        for name, units, slow in _ROOM:
            _put(room, name, climate.column(slow, edges)[:edges], units, name.replace("_", " "))


def _put_commands(file: h5py.File, commands: Sequence[LoggedCommand]) -> None:
    """Write /commands: time, name, and the true values as JSON: {"volume_ul": 0.998} where 1 was to be injected."""
    group = file.create_group("commands")
    _put(group, "time_s", np.array([command.at_s for command in commands]), "s", "bench time")
    text = h5py.string_dtype()
    group.create_dataset("name", data=[command.name for command in commands], dtype=text)
    group.create_dataset("true_values", data=[json.dumps(dict(command.values)) for command in commands], dtype=text)


def _tip_times_s(segments: Segments, rows: int, until_s: float) -> FloatArray:
    """Return the beginnings of all pieces, and instants within those whose flow dies away in time."""
    starts = segments.column(Seg.START_S)[:rows]
    per_tau = segments.column(Seg.PER_TAU)[:rows]
    dying = (np.abs(segments.column(Seg.TIP_SWING)[:rows]) > _NEARLY_LINEAR_UL) & (per_tau > 0.0)
    ends = np.append(starts[1:], until_s)
    within = starts[dying, np.newaxis] + _TIME_CONSTANTS / per_tau[dying, np.newaxis]
    inside = within < ends[dying, np.newaxis]
    return np.unique(np.concatenate((starts, within[inside], [until_s])))


def _put(group: h5py.Group, name: str, values: FloatArray, units: str, meaning: str) -> None:
    data = group.create_dataset(name, data=values)
    data.attrs["units"] = units
    data.attrs["meaning"] = meaning
