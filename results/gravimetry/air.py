"""The air over a run: density, temperatures that follow it, and evaporation's driving force, at any instant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from results.bench import GravimetricBench
from results.gravimetry.level import LevelRecord
from results.physics.air import air_density_kg_per_m3
from results.physics.vapour import evaporation_drive_pa
from results.refusal import EvaluationRefused
from results.series import AmbientSeries

ASSUMED_TEMPERATURE_C, ASSUMED_HUMIDITY_PERCENT, ASSUMED_PRESSURE_HPA = 20.0, 50.0, 1013.25
ASSUMED_TEMPERATURE_U_C, ASSUMED_HUMIDITY_U_PERCENT, ASSUMED_PRESSURE_U_HPA = 2.0, 10.0, 15.0
_FINEST_STEP_S = 10.0
_MOST_POINTS = 2_000_000


@dataclass(frozen=True, slots=True)
class AirRecord:
    """Air on a grid of even steps (s): density (kg/m3), liquid and balance temperature (Celsius), driving force.

    `drive_s` is the integral of the evaporation's driving force divided by its mean, so that it runs like time and a
    constant force makes it time itself; `drive_moment_s2` is the integral of time against it.
    `measured` is False when there was no sensor and laboratory air was assumed; `recorded` is True when the air's
    changes are known; `driven` when the driving force is used, `levelled` when it follows the level. `largest_gap_s`
    is the longest silence of the sensor.
    """

    time_s: NDArray[np.float64]
    air_temperature_c: NDArray[np.float64]
    liquid_temperature_c: NDArray[np.float64]
    balance_temperature_c: NDArray[np.float64]
    humidity_percent: NDArray[np.float64]
    pressure_hpa: NDArray[np.float64]
    density_kg_per_m3: NDArray[np.float64]
    drive_s: NDArray[np.float64]
    drive_moment_s2: NDArray[np.float64]
    measured: bool
    recorded: bool
    driven: bool
    levelled: bool
    largest_gap_s: float

    def density_at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the air density (kg/m3) at times (s)."""
        return self.at(time_s, self.density_kg_per_m3)

    def liquid_temperature_at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the temperature (Celsius) of the liquid in vessel and tubes at times (s)."""
        return self.at(time_s, self.liquid_temperature_c)

    def drive_at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the cumulative driving force (s) at times (s)."""
        return self.at(time_s, self.drive_s)

    def at(self, time_s: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return any column at times (s), linear between grid points."""
        return np.asarray(np.interp(time_s, self.time_s, column))


def air_record(
    ambient: AmbientSeries | None,
    *,
    begin_s: float,
    end_s: float,
    bench: GravimetricBench,
    level: LevelRecord | None = None,
) -> AirRecord:
    """Return the air from `begin_s` to `end_s`, and the temperatures of liquid and balance that lag behind it.

    `level` says how a rising level shortens the way of the vapour; None when it does not. Without a sensor, laboratory
    air is assumed and evaporation is taken as steady between blanks. A sensor that fell silent is bridged by linear
    interpolation. Raises `EvaluationRefused` when a quantity has no number at all.
    """
    time_s = _grid(ambient, begin_s, end_s)
    if ambient is None:
        temperature = np.full(time_s.size, ASSUMED_TEMPERATURE_C)
        humidity = np.full(time_s.size, ASSUMED_HUMIDITY_PERCENT)
        pressure = np.full(time_s.size, ASSUMED_PRESSURE_HPA)
    else:
        temperature = _bridged(ambient.time_s, ambient.temperature_c, time_s, "temperature")
        humidity = _bridged(ambient.time_s, ambient.humidity_percent, time_s, "humidity")
        pressure = _bridged(ambient.time_s, ambient.pressure_hpa, time_s, "pressure")
    step_s = float(time_s[1] - time_s[0])
    liquid = _lagging(temperature, step_s, bench.liquid_lag_s) + bench.liquid_temperature_offset_c
    force = evaporation_drive_pa(
        liquid_temperature_c=liquid,
        air_temperature_c=temperature,
        humidity_percent=humidity,
        pressure_hpa=pressure,
    )
    driven = ambient is not None and bool(np.all(force > 0.0))
    rate = force if driven else np.ones_like(force)
    if level is not None:
        rate = rate * level.factor_at(time_s)
    steps = (rate[1:] + rate[:-1]) / 2.0
    steps *= (end_s - begin_s) / float(np.sum(steps))
    return AirRecord(
        time_s=time_s,
        air_temperature_c=temperature,
        liquid_temperature_c=liquid,
        balance_temperature_c=_lagging(temperature, step_s, bench.balance_lag_s),
        humidity_percent=humidity,
        pressure_hpa=pressure,
        density_kg_per_m3=air_density_kg_per_m3(
            temperature_c=temperature, humidity_percent=humidity, pressure_hpa=pressure
        ),
        drive_s=_cumulative(steps),
        drive_moment_s2=_cumulative(steps * (time_s[1:] + time_s[:-1]) / 2.0),
        measured=ambient is not None,
        recorded=ambient is not None and not ambient.constant,
        driven=driven,
        levelled=level is not None,
        largest_gap_s=_largest_gap_s(ambient),
    )


def _grid(ambient: AmbientSeries | None, begin_s: float, end_s: float) -> NDArray[np.float64]:
    if ambient is None or ambient.time_s.size < 2:
        step_s = (end_s - begin_s) / 1000.0
    else:
        step_s = max(_FINEST_STEP_S, float(np.median(np.diff(ambient.time_s))))
    steps = min(max(2, round((end_s - begin_s) / step_s)), _MOST_POINTS)
    return np.linspace(begin_s, end_s, steps + 1)


def _bridged(
    time_s: NDArray[np.float64], values: NDArray[np.float64], at_s: NDArray[np.float64], name: str
) -> NDArray[np.float64]:
    finite = np.isfinite(values)
    if not finite.any():
        raise EvaluationRefused(f"the ambient record holds no {name}; leave it out to assume laboratory air")
    return np.asarray(np.interp(at_s, time_s[finite], values[finite]))


def _lagging(values: NDArray[np.float64], step_s: float, lag_s: float) -> NDArray[np.float64]:
    """Return what follows `values` with a first-order lag, begun at their mean over the first lag."""
    if lag_s <= 0.0:
        return values
    keep = float(np.exp(-step_s / lag_s))
    first = float(np.mean(values[: max(1, round(lag_s / step_s))]))
    followed, _ = lfilter([1.0 - keep], [1.0, -keep], values, zi=np.array([keep * first]))
    return np.asarray(followed)


def _cumulative(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate(([0.0], np.cumsum(steps)))


def _largest_gap_s(ambient: AmbientSeries | None) -> float:
    if ambient is None:
        return 0.0
    finite = np.isfinite(ambient.temperature_c) & np.isfinite(ambient.humidity_percent)
    finite &= np.isfinite(ambient.pressure_hpa)
    return float(np.max(np.diff(ambient.time_s[finite]), initial=0.0))
