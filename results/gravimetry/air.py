"""The air over a run: density and evaporation's driving force, at any instant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.physics.air import air_density_kg_per_m3, vapour_deficit_pa
from results.series import AmbientSeries, EvaluationRefused

ASSUMED_TEMPERATURE_C, ASSUMED_HUMIDITY_PERCENT, ASSUMED_PRESSURE_HPA = 20.0, 50.0, 1013.25
ASSUMED_TEMPERATURE_U_C, ASSUMED_HUMIDITY_U_PERCENT, ASSUMED_PRESSURE_U_HPA = 2.0, 10.0, 15.0


@dataclass(frozen=True, slots=True)
class AirRecord:
    """Air on its own time grid (s): temperature (Celsius), density (kg/m3), cumulative driving force.

    `drive_s` is the integral of the vapour-pressure deficit divided by its mean, so that it runs like time and a
    constant deficit makes it time itself; `drive_moment_s2` is the integral of time against it.
    `measured` is False when there was no sensor and laboratory air was assumed.
    """

    time_s: NDArray[np.float64]
    temperature_c: NDArray[np.float64]
    density_kg_per_m3: NDArray[np.float64]
    drive_s: NDArray[np.float64]
    drive_moment_s2: NDArray[np.float64]
    measured: bool
    driven: bool

    def density_at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the air density (kg/m3) at times (s)."""
        return np.asarray(np.interp(time_s, self.time_s, self.density_kg_per_m3))

    def temperature_at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the air temperature (Celsius) at times (s)."""
        return np.asarray(np.interp(time_s, self.time_s, self.temperature_c))

    def drive_at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the cumulative driving force (s) at times (s)."""
        return np.asarray(np.interp(time_s, self.time_s, self.drive_s))

    def drive_moment_at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the integral of time against the cumulative driving force (s2) at times (s)."""
        return np.asarray(np.interp(time_s, self.time_s, self.drive_moment_s2))


def air_record(ambient: AmbientSeries | None, *, begin_s: float, end_s: float, liquid_offset_c: float) -> AirRecord:
    """Return the air from `begin_s` to `end_s`; the liquid surface is `liquid_offset_c` warmer than the air.

    Without a sensor, laboratory air is assumed and evaporation is taken as steady between blanks. A sensor that fell
    silent is bridged by linear interpolation.
    """
    if ambient is None:
        time_s = np.linspace(begin_s, end_s, 2)
        temperature = np.full(2, ASSUMED_TEMPERATURE_C)
        humidity = np.full(2, ASSUMED_HUMIDITY_PERCENT)
        pressure = np.full(2, ASSUMED_PRESSURE_HPA)
    else:
        inside = (ambient.time_s > begin_s) & (ambient.time_s < end_s)
        time_s = np.concatenate(([begin_s], ambient.time_s[inside], [end_s]))
        temperature = _bridged(ambient.time_s, ambient.temperature_c, time_s, "temperature")
        humidity = _bridged(ambient.time_s, ambient.humidity_percent, time_s, "humidity")
        pressure = _bridged(ambient.time_s, ambient.pressure_hpa, time_s, "pressure")
    density = air_density_kg_per_m3(temperature_c=temperature, humidity_percent=humidity, pressure_hpa=pressure)
    deficit = vapour_deficit_pa(
        liquid_temperature_c=temperature + liquid_offset_c, air_temperature_c=temperature, humidity_percent=humidity
    )
    driven = bool(np.all(deficit > 0.0)) and ambient is not None
    rate = deficit if driven else np.ones_like(deficit)
    step_s = np.diff(time_s)
    drive = np.concatenate(([0.0], np.cumsum(step_s * (rate[1:] + rate[:-1]) / 2.0)))
    drive *= (end_s - begin_s) / drive[-1]
    middle_s = (time_s[1:] + time_s[:-1]) / 2.0
    moment = np.concatenate(([0.0], np.cumsum(np.diff(drive) * middle_s)))
    return AirRecord(
        time_s=time_s,
        temperature_c=temperature,
        density_kg_per_m3=density,
        drive_s=drive,
        drive_moment_s2=moment,
        measured=ambient is not None,
        driven=driven,
    )


def _bridged(
    time_s: NDArray[np.float64], values: NDArray[np.float64], at_s: NDArray[np.float64], name: str
) -> NDArray[np.float64]:
    finite = np.isfinite(values)
    if not finite.any():
        raise EvaluationRefused(f"the ambient record holds no {name}; leave it out to assume laboratory air")
    return np.asarray(np.interp(at_s, time_s[finite], values[finite]))
