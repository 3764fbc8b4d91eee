"""From the columns of a foreign file to the series an evaluation takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from results.foreign.conditions import Conditions
from results.foreign.file_format import (
    AIR_PRESSURE_FACTORS_HPA,
    HUMIDITY_FACTORS_PERCENT,
    MASS_FACTORS_G,
    TIME_FACTORS_S,
    TimeColumn,
)
from results.foreign.mapping import second_of
from results.foreign.table_file import ColumnWanted, TableData
from results.refusal import EvaluationRefused
from results.series import AmbientSeries, FlowPhases, FlowSeries
from results.trace.status import SampleStatus

_LEAST_CLOCK_STEP_S = 1.0
_CLOCK_STEP_INTERVALS = 3.5
_CONSTANT_POINTS = 1001


def time_wanted(column: TimeColumn) -> ColumnWanted:
    """Return the time column to read, in s."""
    return ColumnWanted(name=column.name, unit=column.unit, factor=TIME_FACTORS_S.get(column.unit, 1.0))


def columns_wanted(conditions: Conditions) -> dict[str, ColumnWanted]:
    """Return the columns of the balance's file to read besides its time: mass in g, air in Celsius, %, hPa."""
    mass, air = conditions.columns.mass, conditions.columns.air
    wanted = {
        "mass": ColumnWanted(
            name=mass.name, unit=mass.unit, factor=MASS_FACTORS_G[mass.unit], unit_column=mass.unit_column
        )
    }
    if air is not None:
        wanted["air temperature"] = ColumnWanted(name=air.temperature.name, unit="degC", may_be_empty=True)
        wanted["air humidity"] = ColumnWanted(
            name=air.humidity.name,
            unit=air.humidity.unit,
            factor=HUMIDITY_FACTORS_PERCENT[air.humidity.unit],
            may_be_empty=True,
        )
        wanted["air pressure"] = ColumnWanted(
            name=air.pressure.name,
            unit=air.pressure.unit,
            factor=AIR_PRESSURE_FACTORS_HPA[air.pressure.unit],
            may_be_empty=True,
        )
    return wanted


def flow_series_of(conditions: Conditions, table: TableData, *, phases: FlowPhases, run_id: str) -> FlowSeries:
    """Return the series of a foreign measurement. Raises `EvaluationRefused` when its clock steps back."""
    refuse_clock_steps(table.time_s)
    mass_g = table.columns["mass"]
    status = np.zeros(mass_g.shape, dtype=np.uint8)
    if conditions.balance.capacity_g is not None:
        status[mass_g > conditions.balance.capacity_g] = SampleStatus.OVERLOAD
    return FlowSeries(
        time_s=table.time_s,
        mass_g=mass_g,
        status=status,
        phases=phases,
        ambient=_ambient(conditions, table, phases),
        tare_s=tuple(second_of(at, table) for at in conditions.events.tares),
        run_id=run_id,
        title=conditions.title,
        simulated=conditions.simulated,
    )


def refuse_clock_steps(time_s: NDArray[np.float64]) -> None:
    """Raise `EvaluationRefused` when times (s) run back by more than jitter: the true time after that is not known.

    More than 1 s and more than three readings: summer time ended, or the clock was set. Shorter is a reading out of
    order, which is left out and counted.
    """
    apart = np.diff(time_s)
    back_s = -float(apart.min()) if apart.size else 0.0
    if back_s > max(_LEAST_CLOCK_STEP_S, _CLOCK_STEP_INTERVALS * abs(float(np.median(apart)))):
        place = int(np.argmin(apart))
        raise EvaluationRefused(
            f"the clock steps back by {back_s:g} s after {float(time_s[place]):g} s; true intervals across a step are "
            "not known: record with a clock that is never set (UTC, no summer time)"
        )


def _ambient(conditions: Conditions, table: TableData, phases: FlowPhases) -> AmbientSeries | None:
    if conditions.columns.air is not None:
        forward = _forward(table.time_s)
        temperature, humidity, pressure = (
            table.columns[f"air {name}"][forward] for name in ("temperature", "humidity", "pressure")
        )
        sounding = np.isfinite(temperature) | np.isfinite(humidity) | np.isfinite(pressure)
        return AmbientSeries(
            time_s=table.time_s[forward][sounding],
            temperature_c=temperature[sounding],
            humidity_percent=humidity[sounding],
            pressure_hpa=pressure[sounding],
        )
    if conditions.air is None:
        return None
    temperature_c, humidity_percent, pressure_hpa = conditions.air.constants
    if temperature_c is None or humidity_percent is None or pressure_hpa is None:
        raise EvaluationRefused("the conditions state the air in part")
    begin_s, end_s = min(phases.begin_s, float(table.time_s.min())), max(phases.end_s, float(table.time_s.max()))
    time_s = np.linspace(begin_s, end_s, _CONSTANT_POINTS)
    return AmbientSeries(
        time_s=time_s,
        temperature_c=np.full(time_s.size, temperature_c),
        humidity_percent=np.full(time_s.size, humidity_percent),
        pressure_hpa=np.full(time_s.size, pressure_hpa),
        constant=True,
    )


def _forward(time_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the rows later than all before them."""
    forward = np.ones(time_s.size, dtype=np.bool_)
    forward[1:] = time_s[1:] > np.maximum.accumulate(time_s)[:-1]
    return forward
