"""The truth of a run as HDF5: what really left the tip, to compare a measurement with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from instruments.simulated.physics.climate import Climate, Slow
from instruments.simulated.physics.growing import FloatArray
from instruments.simulated.physics.room import CELL_S
from instruments.simulated.physics.segments import Seg, Segments
from instruments.simulated.truth.config import TwinConfig, drawn_values

_SERIES = (
    ("tip_volume_ul", "uL", Seg.TIP_UL, "volume that has left the catheter's tip, at the tip's temperature"),
    ("tip_mass_ug", "ug", Seg.TIP_G, "mass that has left the catheter's tip"),
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


def write_truth_file(
    path: Path,
    *,
    drawn: TwinConfig,
    seed: int,
    segments: Segments,
    climate: Climate,
    command_times_s: Sequence[float],
    until_s: float,
) -> None:
    """Write drawn values (attributes of /drawn), the series at every change of any flow (/path) and the room (/room).

    Rows of /path stand at each edge of the 10-s grid, each begin and end of a stroke and each command, exact there;
    between them volumes are nearly linear. `until_s` must have been computed.
    """
    with h5py.File(path, "w") as file:
        file.attrs["simulated"] = True
        file.attrs["seed"] = seed
        file.attrs["truth_json"] = drawn.model_dump_json()
        values = file.create_group("drawn")
        for name, value in drawn_values(drawn):
            values.attrs[name] = value
        group = file.create_group("path")
        rows = segments.index_at(until_s) + 1
        _put(group, "time_s", segments.column(Seg.START_S)[:rows], "s", "bench time")
        for name, units, column, meaning in _SERIES:
            scale = 1e6 if units == "ug" else 1.0
            _put(group, name, scale * segments.column(column)[:rows], units, meaning)
        times_s = np.asarray(command_times_s)
        _put(group, "command_time_s", times_s[times_s <= until_s], "s", "bench times of commands")
        room = file.create_group("room")
        edges = int(until_s // CELL_S) + 1
        _put(room, "time_s", CELL_S * np.arange(edges, dtype=np.float64), "s", "bench time")
        for name, units, slow in _ROOM:
            _put(room, name, climate.column(slow, edges)[:edges], units, name.replace("_", " "))


def _put(group: h5py.Group, name: str, values: FloatArray, units: str, meaning: str) -> None:
    data = group.create_dataset(name, data=values)
    data.attrs["units"] = units
    data.attrs["meaning"] = meaning
