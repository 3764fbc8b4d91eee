"""How a logger's text file is written: its separators, its columns and their units."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from results.decision import StrictModel

TIME_FACTORS_S = {"s": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0}
MASS_FACTORS_G = {"g": 1.0, "mg": 1e-3, "ug": 1e-6}
AIR_PRESSURE_FACTORS_HPA = {"hPa": 1.0, "mbar": 1.0, "kPa": 10.0, "Pa": 0.01, "mmHg": 1.33322387415}
HUMIDITY_FACTORS_PERCENT = {"%": 1.0, "1": 100.0}
GAUGE_PRESSURE_FACTORS_KPA = {"kPa": 1.0, "mbar": 0.1, "bar": 100.0, "mmHg": 0.133322387415, "psi": 6.894757293168}

ColumnName = Annotated[str | Annotated[int, Field(ge=1)], Field(description="its name in the header, or its number")]


class FileFormat(StrictModel):
    """The layout of a text file.

    `header_line`: the line (from 1) that names the columns, 0 when none does; `first_line`: the first line of data,
    when it is not the one after the header. Lines that begin with `comment` are passed over. `bad_rows`: what a row
    without a usable time and reading does: "refuse" the file, or "exclude" the row and count it, up to
    `most_bad_percent` of all rows.
    """

    delimiter: Literal[",", ";", "\t", "|"]
    decimal: Literal[".", ","]
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    header_line: int = Field(default=1, ge=0)
    first_line: int | None = Field(default=None, ge=1)
    comment: str | None = Field(default=None, min_length=1)
    bad_rows: Literal["refuse", "exclude"] = "refuse"
    most_bad_percent: float = Field(default=1.0, gt=0.0, le=50.0)


class TimeColumn(StrictModel):
    """The time of each reading; `u_s` is how well an instant is known (standard uncertainty)."""

    name: ColumnName
    unit: Literal["s", "ms", "min", "h", "iso8601"]
    u_s: float = Field(ge=0.0)


class MassColumn(StrictModel):
    """The balance's reading; `unit_column` is the column in which the logger writes the unit of each row, if any."""

    name: ColumnName
    unit: Literal["g", "mg", "ug"]
    unit_column: ColumnName | None = None


class TemperatureColumn(StrictModel):
    """An air temperature."""

    name: ColumnName
    unit: Literal["degC"] = "degC"


class HumidityColumn(StrictModel):
    """A relative humidity, in % or as a fraction."""

    name: ColumnName
    unit: Literal["%", "1"]


class AirPressureColumn(StrictModel):
    """An absolute air pressure."""

    name: ColumnName
    unit: Literal["hPa", "mbar", "kPa", "Pa", "mmHg"]


class GaugePressureColumn(StrictModel):
    """A gauge pressure in the line."""

    name: ColumnName
    unit: Literal["kPa", "mbar", "bar", "mmHg", "psi"]


class AirColumns(StrictModel):
    """The columns of the air at the balance: all three."""

    temperature: TemperatureColumn
    humidity: HumidityColumn
    pressure: AirPressureColumn


class DataColumns(StrictModel):
    """The columns of the balance's file; `air` and `reference_mass` (of a reference vessel) when in the same rows.

    A cell of these two may be empty.
    """

    time: TimeColumn
    mass: MassColumn
    air: AirColumns | None = None
    reference_mass: MassColumn | None = None


class AirFile(StrictModel):
    """A second file: the air at the balance, on the same clock. `path` is relative to the balance's file."""

    path: str = Field(min_length=1)
    file: FileFormat
    time: TimeColumn
    air: AirColumns


class ReferenceFile(StrictModel):
    """A second file: the reading of the reference vessel's balance, on the same clock."""

    path: str = Field(min_length=1)
    file: FileFormat
    time: TimeColumn
    mass: MassColumn


class PressureFile(StrictModel):
    """A second file: the pressure in the line, on the same clock."""

    path: str = Field(min_length=1)
    file: FileFormat
    time: TimeColumn
    pressure: GaugePressureColumn
