"""Foreign files for tests: conditions as a TOML file would hold them, and data files of every dialect."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.foreign.conditions import Conditions

Table = dict[str, Any]

FLOW: Table = {
    "kind": "flow",
    "title": "Ambulatory pump on the day-long bench",
    "direction": "collect",
    "file": {"delimiter": ",", "decimal": "."},
    "columns": {"time": {"name": "t", "unit": "s", "u_s": 0.1}, "mass": {"name": "m", "unit": "g"}},
    "flow": {"set_flow_ul_per_h": 9.0},
    "method": {"profile": "ambulatory-continuous"},
    "periods": {"analysis": [0.0, 90000.0]},
    "temperatures": {"volume_reference_c": 20.0, "pump_c": 20.0, "dose_concentration_c": 20.0},
    "liquid": {"kind": "water"},
    "balance": {"readability_mg": 0.01, "repeatability_mg": 0.015, "sensitivity_u_ppm": 100.0},
    "vessel": {
        "vessel_inner_diameter_mm": 20.0,
        "vessel_inner_diameter_u_mm": 0.05,
        "tube_outer_diameter_mm": 0.8,
        "tube_outer_diameter_u_mm": 0.08,
        "displaced_volume_ml": 28.0,
        "displaced_volume_u_ml": 0.5,
        "capillary_u_ul": 0.2,
        "liquid_temperature_u_c": 0.1,
        "evaporation_limit_ug_per_min": 1.0,
    },
}


def changed(base: Mapping[str, Any], **changes: Any) -> Table:
    """Return conditions with tables merged into (`air={...}`), replaced or (with None) removed."""
    table = copy.deepcopy(dict(base))
    for key, value in changes.items():
        if value is None:
            table.pop(key, None)
        elif isinstance(value, dict) and isinstance(table.get(key), dict):
            table[key] = {**table[key], **value}
        else:
            table[key] = value
    return table


def conditions_of(table: Mapping[str, Any]) -> Conditions:
    """Return the conditions in a table."""
    return Conditions.model_validate(dict(table))


def write_table(
    path: Path,
    header: Sequence[str],
    columns: Sequence[NDArray[np.floating[Any]] | Sequence[str] | Sequence[float]],
    *,
    delimiter: str = ",",
    decimal: str = ".",
    end: str = "\n",
) -> Path:
    """Write columns into a text file; numbers to their last digit."""
    rows = [delimiter.join(header)]
    rows += [delimiter.join(_cell(value, decimal) for value in row) for row in zip(*columns, strict=True)]
    path.write_bytes("".join(row + end for row in rows).encode())
    return path


def _cell(value: float | str, decimal: str) -> str:
    return value if isinstance(value, str) else repr(float(value)).replace(".", decimal)
