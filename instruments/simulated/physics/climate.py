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
    COUNT: Final = 16


class Climate:
    """The slow quantities of one seed's bench, extended as far as they are asked for."""

    def __init__(self, truth: TwinConfig, seed: int) -> None:
        self._truth = truth
        self._room = RoomAir(truth.room, seed)
        self._drift = ZeroDrift(truth.balance, seed)
        self._setup = weighing.setup_of(truth)
        self._table = GrowingTable(Slow.COUNT)
        self._lagging: dict[str, float] = {}
        self._first_water_kg_per_m3 = 0.0
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

    def _reach(self, last_edge: int) -> None:
        while self._table.length <= last_edge:
            self._table.append(self._block(self._table.length, _CHUNK))

    def _block(self, first: int, count: int) -> FloatArray:
        truth = self._truth
        air_c, humidity, pressure = self._room.block(first, count)
        liquid_c = self._follow("liquid", air_c, truth.room.liquid_lag_s)
        balance_c = self._follow("balance", air_c, truth.room.balance_lag_s)
        bath_c = truth.pump.bath_temperature_c
        pump_c = self._follow("pump", air_c, truth.room.pump_lag_s) if bath_c is None else np.full(count, bath_c)
        air_density = air.density_kg_per_m3(air_c, humidity, pressure)
        water_density = water.density_kg_per_m3(liquid_c)
        if first == 0:
            self._first_water_kg_per_m3 = float(water_density[0])
        block = np.empty((Slow.COUNT, count))
        block[Slow.AIR_C], block[Slow.HUMIDITY_PERCENT], block[Slow.PRESSURE_HPA] = air_c, humidity, pressure
        block[Slow.LIQUID_C], block[Slow.PUMP_C] = liquid_c, pump_c
        block[Slow.AIR_KG_PER_M3], block[Slow.WATER_KG_PER_M3] = air_density, water_density
        block[Slow.EVAPORATION_DRIVE] = evaporation.relative_drive(liquid_c, air_c, humidity, pressure)
        self._tubes_into(block, air_c, liquid_c)
        block[Slow.STROKE_FACTOR] = self._stroke_factor(pump_c, pressure)
        block[Slow.COOLING] = water.density_kg_per_m3(pump_c) / water_density
        sensitivity, zero_g = self._electronics(self._drift.block(first, count), balance_c)
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
