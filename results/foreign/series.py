"""From the columns of a foreign file to the series an evaluation takes."""

from __future__ import annotations

import numpy as np

from results.foreign.conditions import Conditions
from results.foreign.file_format import (
    AIR_PRESSURE_FACTORS_HPA,
    HUMIDITY_FACTORS_PERCENT,
    MASS_FACTORS_G,
    TIME_FACTORS_S,
    AirColumns,
    MassColumn,
    TimeColumn,
)
from results.foreign.mapping import second_of
from results.foreign.table_file import ColumnWanted, TableData
from results.refusal import EvaluationRefused
from results.series import AmbientSeries, FlowPhases, FlowSeries, ReferenceSeries
from results.trace.status import SampleStatus

_CONSTANT_POINTS = 1001


def time_wanted(column: TimeColumn) -> ColumnWanted:
    """Return the time column to read, in s."""
    return ColumnWanted(name=column.name, unit=column.unit, factor=TIME_FACTORS_S.get(column.unit, 1.0))


def columns_wanted(conditions: Conditions) -> dict[str, ColumnWanted]:
    """Return the columns of the balance's file to read besides its time: mass in g, air in Celsius, %, hPa."""
    mass = conditions.columns.mass
    wanted = {
        "mass": ColumnWanted(
            name=mass.name, unit=mass.unit, factor=MASS_FACTORS_G[mass.unit], unit_column=mass.unit_column
        )
    }
    if conditions.columns.air is not None:
        wanted |= air_wanted(conditions.columns.air)
    if conditions.columns.reference_mass is not None:
        wanted |= reference_wanted(conditions.columns.reference_mass)
    return wanted


def reference_wanted(mass: MassColumn) -> dict[str, ColumnWanted]:
    """Return the column of the reference vessel to read, in g; each cell may be empty."""
    factor = MASS_FACTORS_G[mass.unit]
    return {
        "reference mass": ColumnWanted(
            name=mass.name, unit=mass.unit, factor=factor, unit_column=mass.unit_column, may_be_empty=True
        )
    }


def air_wanted(air: AirColumns) -> dict[str, ColumnWanted]:
    """Return the columns of the air to read: Celsius, %, hPa; each cell may be empty."""
    humidity, pressure = air.humidity, air.pressure
    return {
        "air temperature": ColumnWanted(name=air.temperature.name, unit="degC", may_be_empty=True),
        "air humidity": ColumnWanted(
            name=humidity.name,
            unit=humidity.unit,
            factor=HUMIDITY_FACTORS_PERCENT[humidity.unit],
            may_be_empty=True,
        ),
        "air pressure": ColumnWanted(
            name=pressure.name,
            unit=pressure.unit,
            factor=AIR_PRESSURE_FACTORS_HPA[pressure.unit],
            may_be_empty=True,
        ),
    }


def flow_series_of(
    conditions: Conditions,
    table: TableData,
    *,
    phases: FlowPhases,
    run_id: str,
    air: TableData | None = None,
    reference: TableData | None = None,
) -> FlowSeries:
    """Return the series of a foreign measurement; `air` and `reference` are what files of their own hold.

    Raises `EvaluationRefused` where the conditions leave it open.
    """
    mass_g = table.columns["mass"]
    status = np.zeros(mass_g.shape, dtype=np.uint8)
    if conditions.balance.capacity_g is not None:
        status[mass_g > conditions.balance.capacity_g] = SampleStatus.OVERLOAD
    return FlowSeries(
        time_s=table.time_s,
        mass_g=mass_g,
        status=status,
        phases=phases,
        ambient=_ambient(conditions, air or table, phases),
        reference=_reference(conditions, reference or table),
        tare_s=tuple(second_of(at, table) for at in conditions.events.tares),
        run_id=run_id,
        title=conditions.title,
        simulated=conditions.simulated,
    )


def _reference(conditions: Conditions, table: TableData) -> ReferenceSeries | None:
    vessel = conditions.reference_vessel
    if vessel is None:
        return None
    return ReferenceSeries(time_s=table.time_s, mass_g=table.columns["reference mass"], vessel=vessel)


def _ambient(conditions: Conditions, table: TableData, phases: FlowPhases) -> AmbientSeries | None:
    if conditions.air_is_recorded:
        time_s, rows = np.unique(table.time_s, return_index=True)
        temperature, humidity, pressure = (
            table.columns[f"air {name}"][rows] for name in ("temperature", "humidity", "pressure")
        )
        sounding = np.isfinite(temperature) | np.isfinite(humidity) | np.isfinite(pressure)
        return AmbientSeries(
            time_s=time_s[sounding],
            temperature_c=temperature[sounding],
            humidity_percent=humidity[sounding],
            pressure_hpa=pressure[sounding],
        )
    if conditions.air is None:
        return None
    temperature_c, humidity_percent, pressure_hpa = conditions.air.constants
    if temperature_c is None or humidity_percent is None or pressure_hpa is None:
        raise EvaluationRefused("the conditions state the air in part")
    time_s = np.linspace(phases.begin_s, phases.end_s, _CONSTANT_POINTS)
    return AmbientSeries(
        time_s=time_s,
        temperature_c=np.full(time_s.size, temperature_c),
        humidity_percent=np.full(time_s.size, humidity_percent),
        pressure_hpa=np.full(time_s.size, pressure_hpa),
        constant=True,
    )
