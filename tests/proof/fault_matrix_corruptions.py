"""What may befall a record of readings: states for numbers, holes, wrong times, shifts, drops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from results.series import FlowSeries
from results.trace.status import SampleStatus

Corruption = Callable[[FlowSeries, np.random.Generator], FlowSeries]


def state(status: SampleStatus, *, at_s: float, duration_s: float) -> Corruption:
    """The balance answers with a state for a while."""

    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        mass_g, codes, inside = series.mass_g.copy(), series.status.copy(), _stretch(series, at_s, duration_s)
        mass_g[inside], codes[inside] = np.nan, status.value
        return replace(series, mass_g=mass_g, status=codes)

    return corrupt


def not_a_number(*, at_s: float, duration_s: float) -> Corruption:
    """The record holds NaN where its status promises a number."""

    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        mass_g = series.mass_g.copy()
        mass_g[_stretch(series, at_s, duration_s)] = np.nan
        return replace(series, mass_g=mass_g)

    return corrupt


def frozen(*, at_s: float, duration_s: float) -> Corruption:
    """The balance repeats its last reading for a while."""

    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        mass_g, inside = series.mass_g.copy(), _stretch(series, at_s, duration_s)
        mass_g[inside] = mass_g[inside.start]
        return replace(series, mass_g=mass_g)

    return corrupt


def read_faster_than_it_updates(times: int) -> Corruption:
    """Each value of the balance is read so many times before the next: what a fast logger does to a sound balance."""

    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        step_s = float(np.median(np.diff(series.time_s))) / times
        time_s = np.repeat(series.time_s, times) + np.tile(np.arange(times) * step_s, series.time_s.size)
        return replace(
            series, time_s=time_s, mass_g=np.repeat(series.mass_g, times), status=np.repeat(series.status, times)
        )

    return corrupt


def missing_share(share: float) -> Corruption:
    """Readings are lost here and there."""
    return lambda series, generator: _without(series, generator.random(series.time_s.size) < share)


def hole(*, at_s: float, duration_s: float) -> Corruption:
    """Nothing was recorded for a while."""

    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        return _without(series, (series.time_s >= at_s) & (series.time_s < at_s + duration_s))

    return corrupt


def repeated(share: float) -> Corruption:
    """Some readings bear the time of the one before."""

    def corrupt(series: FlowSeries, generator: np.random.Generator) -> FlowSeries:
        time_s = series.time_s.copy()
        places = np.flatnonzero(generator.random(time_s.size - 1) < share) + 1
        time_s[places] = time_s[places - 1]
        return replace(series, time_s=time_s)

    return corrupt


def jittered(sd_s: float) -> Corruption:
    """Every time is off by noise."""

    def corrupt(series: FlowSeries, generator: np.random.Generator) -> FlowSeries:
        return replace(series, time_s=series.time_s + sd_s * generator.standard_normal(series.time_s.size))

    return corrupt


def clock_set(by_s: float, *, at_s: float) -> Corruption:
    """The clock of the record is set forward, or back where `by_s` is negative."""

    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        return replace(series, time_s=series.time_s + np.where(series.time_s >= at_s, by_s, 0.0))

    return corrupt


def lone_time(by_s: float, *, at_s: float) -> Corruption:
    """One reading bears a wrong time."""

    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        time_s = series.time_s.copy()
        time_s[_stretch(series, at_s, 1.0).start] += by_s
        return replace(series, time_s=time_s)

    return corrupt


def shifted(by_g: float | None, *, at_s: float, tare: bool = False) -> Corruption:
    """The indication is another from then on; zero where `by_g` is None. `tare`: the rig did it, and recorded it."""

    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        later = series.time_s >= at_s
        change_g = -float(series.mass_g[np.argmax(later)]) if by_g is None else by_g
        return replace(
            series, mass_g=series.mass_g + np.where(later, change_g, 0.0), tare_s=(at_s,) if tare else series.tare_s
        )

    return corrupt


def dropping(drop_ul: float) -> Corruption:
    """What flowed falls in drops: nothing, then a drop."""

    def corrupt(series: FlowSeries, generator: np.random.Generator) -> FlowSeries:
        phases = series.phases
        smooth_g = ndimage.median_filter(series.mass_g, size=31)
        begin_s, end_s = phases.infusion_start_s or 0.0, phases.analysis.end_s
        flowing = (series.time_s >= begin_s) & (series.time_s < end_s)
        risen_g = np.maximum.accumulate(smooth_g[flowing]) - smooth_g[np.argmax(flowing)]
        drop_g = drop_ul * 0.998e-3
        hanging_g = (risen_g + drop_g * generator.random()) % drop_g
        hanging_g -= hanging_g[0]
        change_g = np.zeros(series.time_s.size)
        change_g[flowing] = -hanging_g
        change_g[series.time_s >= end_s] = -hanging_g[-1]
        return replace(series, mass_g=series.mass_g + change_g)

    return corrupt


def creeping(ug_per_min: float) -> Corruption:
    """The balance creeps up for the whole of the record."""

    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        return replace(series, mass_g=series.mass_g + series.time_s / 60.0 * ug_per_min * 1e-6)

    return corrupt


def _stretch(series: FlowSeries, at_s: float, duration_s: float) -> slice:
    return slice(*(int(place) for place in np.searchsorted(series.time_s, (at_s, at_s + duration_s))))


def _without(series: FlowSeries, gone: NDArray[np.bool_]) -> FlowSeries:
    kept = ~gone
    return replace(series, time_s=series.time_s[kept], mass_g=series.mass_g[kept], status=series.status[kept])
