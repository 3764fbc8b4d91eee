"""Everything that follows from the room alone, on the 10-s grid: temperatures, densities, resistances, zero drift."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from instruments.simulated.physics import air, evaporation, tubes, water, weighing
from instruments.simulated.physics.drift import ZeroDrift
from instruments.simulated.physics.growing import FloatArray, GrowingTable
from instruments.simulated.physics.lags import delayed_recursion
from instruments.simulated.physics.room import CELL_S, RoomAir
from instruments.simulated.truth.config import TwinConfig

_CHUNK = 360  # edges computed at a time; part of the definition of the random processes' blocks only, not of results
_KPA_S_PER_UL = 1e-12  # of one Pa s/m3


class Slow:
    """Columns of the climate. Flows and factors hold for the cell that begins at the edge."""

    AIR_C: Final = 0
    HUMIDITY_PERCENT: Final = 1
    PRESSURE_HPA: Final = 2
    LIQUID_C: Final = 3
    PUMP_C: Final = 4
    AIR_KG_PER_M3: Final = 5
    WATER_KG_PER_M3: Final = 6
    EVAPORATION_DRIVE: Final = 7
    PATH_UL_PER_S_KPA: Final = 8
    """Conductance of catheter and outlet tube."""
    CATHETER_SHARE: Final = 9
    """Part of their resistance that is the catheter's."""
    CATHETER_SWELLING_UL_PER_S: Final = 10
    TUBE_SWELLING_UL_PER_S: Final = 11
    STROKE_FACTOR: Final = 12
    COOLING: Final = 13
    """Volume at the tip per volume at the pump."""
    GAIN: Final = 14
    REST_G: Final = 15
    SENSITIVITY: Final = 16
    """Of the balance: indication per load."""
    COUNT: Final = 17


class _Raw:
    """Columns nobody at the bench can change."""

    AIR_C: Final = 0
    HUMIDITY_PERCENT: Final = 1
    PRESSURE_HPA: Final = 2
    LIQUID_C: Final = 3
    BALANCE_C: Final = 4
    DRIFT_UG: Final = 5
    COUNT: Final = 6


class Climate:
    """The slow quantities of one seed's bench, extended as far as they are asked for."""

    def __init__(self, truth: TwinConfig, seed: int) -> None:
        self._truth = truth
        self._room = RoomAir(truth.room, seed)
        self._drift = ZeroDrift(truth.balance, seed)
        self._setup = weighing.setup_of(truth)
        self._raw = GrowingTable(_Raw.COUNT)
        self._table = GrowingTable(Slow.COUNT)
        self._lagging: dict[str, float] = {}
        self._first_water_kg_per_m3 = 0.0
        self._baths: list[tuple[int, float | None]] = [(0, truth.pump.bath_temperature_c)]
        self._chamber: list[tuple[int, float]] = []
        catheter, outlet = truth.catheter, truth.outlet
        self._catheter_ul = tubes.volume_ul(
            length_m=catheter.length_m.value, inner_diameter_m=1e-3 * catheter.inner_diameter_mm.value
        )
        self._tube_ul = tubes.volume_ul(
            length_m=outlet.length_m.value, inner_diameter_m=1e-3 * outlet.inner_diameter_mm.value
        )

    def column(self, which: int, last_edge: int) -> FloatArray:
        """Return a column, at least up to edge `last_edge`; a view, valid until the next call."""
        self._reach(last_edge)
        return self._table.column(which)

    def at(self, which: int, times_s: FloatArray) -> FloatArray:
        """Return a column at bench times, linear between edges."""
        if not times_s.size:
            return np.empty(0)
        place = times_s / CELL_S
        left = place.astype(np.int64)
        values = self.column(which, int(left.max()) + 1)
        low = values[left]
        return np.asarray(low + (place - left) * (values[left + 1] - low))

    def set_bath(self, t_s: float, temperature_c: float | None) -> None:
        """Put the pump into a bath at `t_s`, or (None) into the air again; acts from the second edge after it on."""
        self._baths.append((self._forget(t_s), temperature_c))

    def set_pressure(self, t_s: float, pressure_hpa: float) -> None:
        """Hold the bench's air at a pressure from `t_s` on; acts from the second edge after it on."""
        self._chamber.append((self._forget(t_s), pressure_hpa))

    def _forget(self, t_s: float) -> int:
        """Forget what a change at `t_s` changes. The edge after `t_s` stays: times before `t_s` lean on it."""
        edge = int(t_s // CELL_S) + 2
        self._reach(edge)
        self._table.cut(edge)
        return edge

    def _reach(self, last_edge: int) -> None:
        while self._raw.length <= last_edge:
            self._raw.append(self._raw_block(self._raw.length, _CHUNK))
        if self._table.length <= last_edge:
            self._table.append(self._block(self._table.length, self._raw.length))

    def _raw_block(self, first: int, count: int) -> FloatArray:
        block = np.empty((_Raw.COUNT, count))
        air_c, block[_Raw.HUMIDITY_PERCENT], block[_Raw.PRESSURE_HPA] = self._room.block(first, count)
        block[_Raw.AIR_C] = air_c
        block[_Raw.LIQUID_C] = self._follow("liquid", air_c, self._truth.room.liquid_lag_s)
        block[_Raw.BALANCE_C] = self._follow("balance", air_c, self._truth.room.balance_lag_s)
        block[_Raw.DRIFT_UG] = self._drift.block(first, count)
        return block

    def _block(self, first: int, end: int) -> FloatArray:
        air_c, humidity, pressure, liquid_c, balance_c, drift_ug = (
            self._raw.column(which)[first:end] for which in range(_Raw.COUNT)
        )
        for edge, pressure_hpa in self._chamber:
            pressure = np.where(np.arange(first, end) >= edge, pressure_hpa, pressure)
        pump_c = self._pump_c(first, end)
        air_density = air.density_kg_per_m3(air_c, humidity, pressure)
        water_density = water.density_kg_per_m3(liquid_c)
        if first == 0:
            self._first_water_kg_per_m3 = float(water_density[0])
        block = np.empty((Slow.COUNT, end - first))
        block[Slow.AIR_C], block[Slow.HUMIDITY_PERCENT], block[Slow.PRESSURE_HPA] = air_c, humidity, pressure
        block[Slow.LIQUID_C], block[Slow.PUMP_C] = liquid_c, pump_c
        block[Slow.AIR_KG_PER_M3], block[Slow.WATER_KG_PER_M3] = air_density, water_density
        block[Slow.EVAPORATION_DRIVE] = evaporation.relative_drive(liquid_c, air_c, humidity, pressure)
        self._tubes_into(block, air_c, liquid_c)
        block[Slow.STROKE_FACTOR] = self._stroke_factor(pump_c, pressure)
        block[Slow.COOLING] = water.density_kg_per_m3(pump_c) / water_density
        sensitivity, zero_g = self._electronics(drift_ug, balance_c)
        block[Slow.SENSITIVITY] = sensitivity
        block[Slow.GAIN] = sensitivity * weighing.gain_of_water(
            self._setup, water_kg_per_m3=water_density, air_kg_per_m3=air_density
        )
        rest_g = weighing.rest_of_load_g(
            self._setup,
            water_kg_per_m3=water_density,
            air_kg_per_m3=air_density,
            first_water_kg_per_m3=self._first_water_kg_per_m3,
        )
        block[Slow.REST_G] = sensitivity * rest_g + zero_g
        return block

    def _follow(self, name: str, air_c: FloatArray, lag_s: float) -> FloatArray:
        first = self._lagging.get(name, float(air_c[0]))
        values, self._lagging[name] = delayed_recursion(air_c, keep=math.exp(-CELL_S / lag_s), first=first)
        return values

    def _pump_c(self, first: int, end: int) -> FloatArray:
        """Return the pump's temperature at edges `first` to `end - 1`; it lags behind the air or a bath."""
        air_c = self._raw.column(_Raw.AIR_C)
        at_first = self._baths[0][1]
        last_c = float(air_c[0]) if at_first is None else at_first
        begin = 0
        if first > 0:
            last_c, begin = float(self._table.column(Slow.PUMP_C)[first - 1]), first - 1
        parts: list[FloatArray] = []
        ends = [edge for edge, _ in self._baths[1:]] + [end]
        for (edge, bath_c), until in zip(self._baths, ends, strict=True):
            start, stop = max(edge, begin), min(until, end)
            if start < stop:
                around_c = air_c[start:stop] if bath_c is None else np.full(stop - start, bath_c)
                lag_s = self._truth.room.pump_lag_s if bath_c is None else self._truth.pump.bath_lag_s
                values, last_c = delayed_recursion(around_c, keep=math.exp(-CELL_S / lag_s), first=last_c)
                parts.append(values)
        return np.concatenate(parts)[first - begin :]

    def _tubes_into(self, block: FloatArray, air_c: FloatArray, liquid_c: FloatArray) -> None:
        catheter, outlet = self._truth.catheter, self._truth.outlet
        viscosity = water.viscosity_pa_s(liquid_c)
        in_catheter = _KPA_S_PER_UL * tubes.resistance_pa_s_per_m3(
            length_m=catheter.length_m.value,
            inner_diameter_m=1e-3 * catheter.inner_diameter_mm.value,
            viscosity_pa_s=viscosity,
        )
        in_tube = _KPA_S_PER_UL * tubes.resistance_pa_s_per_m3(
            length_m=outlet.length_m.value,
            inner_diameter_m=1e-3 * outlet.inner_diameter_mm.value,
            viscosity_pa_s=viscosity,
        )
        warming_k_per_s = -math.expm1(-CELL_S / self._truth.room.liquid_lag_s) * (air_c - liquid_c) / CELL_S
        swelling_per_s = water.expansion_per_k(liquid_c) * warming_k_per_s
        block[Slow.PATH_UL_PER_S_KPA] = 1.0 / (in_catheter + in_tube)
        block[Slow.CATHETER_SHARE] = in_catheter / (in_catheter + in_tube)
        block[Slow.CATHETER_SWELLING_UL_PER_S] = self._catheter_ul * swelling_per_s
        block[Slow.TUBE_SWELLING_UL_PER_S] = self._tube_ul * swelling_per_s

    def _stroke_factor(self, pump_c: FloatArray, pressure_hpa: FloatArray) -> FloatArray:
        pump = self._truth.pump
        warm = 1.0 + 0.01 * pump.temperature_percent_per_k.value * (pump_c - pump.reference_temperature_c)
        high_kpa = 0.1 * (pressure_hpa - pump.reference_pressure_hpa)
        thin = 1.0 + 0.01 * pump.ambient_pressure_percent_per_kpa.value * high_kpa
        return np.asarray(warm * thin)

    def _electronics(self, drift_ug: FloatArray, balance_c: FloatArray) -> tuple[FloatArray, FloatArray]:
        balance = self._truth.balance
        warmer_k = balance_c - self._truth.room.temperature_c
        error_ppm = balance.sensitivity_error_ppm.value + balance.sensitivity_ppm_per_k.value * warmer_k
        return 1.0 + 1e-6 * error_ppm, 1e-6 * (drift_ug + balance.zero_ug_per_k.value * warmer_k)
