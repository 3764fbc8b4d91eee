"""The pressure in a line over time: levels, peaks, slopes, and when it is back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from results.cleaning.exclusions import LISTED_STRETCHES, Exclusion
from results.occlusion.instants import Instant
from results.refusal import EvaluationRefused
from results.statistics.robust import SD_PER_MEDIAN_DEVIATION

_SECOND_DIFFERENCE_SD = math.sqrt(6.0)
_FEWEST = 3
_SMOOTHED_S = 0.05
"""Pressure is smoothed over this time: longer than a cycle of the mains, shorter than anything a line does."""
_BATCHES = 8
_RISE_POINTS = 400
_GAP_PERIODS = 5.0
"""Samples further apart than so many periods have a gap between them."""


class PressureGap(EvaluationRefused):
    """The pressure is not known throughout: what it was in a gap, nobody can say."""


@dataclass(frozen=True, slots=True)
class Level:
    """A mean pressure (kPa) with the standard deviation of the mean and its degrees of freedom."""

    kpa: float
    u_kpa: float
    degrees_of_freedom: float


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest pressure (kPa), when it was (s), and how far from it (kPa) the true one may lie to either side."""

    kpa: float
    at_s: float
    half_width_kpa: float


@dataclass(frozen=True, slots=True)
class Rise:
    """How fast the pressure rose (kPa/s, with its standard deviation and degrees of freedom), and over what.

    `begin_s` and `end_s` bound what was fitted; `mean_kpa` is the mean pressure of it.
    """

    kpa_per_s: float
    u_kpa_per_s: float
    degrees_of_freedom: float
    begin_s: float
    end_s: float
    mean_kpa: float


@dataclass(frozen=True, slots=True)
class PressureRecord:
    """Gauge pressure (kPa) at times (s, increasing), shape (n,); every value is a number. Made by `pressure_record`."""

    time_s: NDArray[np.float64]
    pressure_kpa: NDArray[np.float64]
    smooth_kpa: NDArray[np.float64]
    period_s: float
    noise_sd_kpa: float
    """Of one sample, as its second differences show it."""
    smoothed: int
    """Samples of the running mean `smooth_kpa`."""
    gaps_s: tuple[tuple[float, float], ...] = ()
    """Where samples are missing: from the last usable one before to the first one after."""
    missing: int = 0
    """Samples that carry no number."""
    below_s: tuple[tuple[float, float], ...] = ()
    """Those of the gaps in which every sample lay below the range of the channel: not known, but low."""

    def whole(self, begin_s: float, end_s: float, *, but_low: bool = False) -> None:
        """Raise `PressureGap` where samples are missing between two instants (s); `but_low`: not for low ones."""
        for after_s, by_s in self.gaps_s:
            if after_s < end_s and by_s > begin_s and not (but_low and (after_s, by_s) in self.below_s):
                raise PressureGap(
                    f"the pressure from {begin_s:g} to {end_s:g} s is not known throughout: no usable sample between "
                    f"{after_s:g} and {by_s:g} s"
                )

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """The gaps, as an outcome lists them; empty where there is none."""
        if not self.gaps_s:
            return ()
        return (
            Exclusion(
                rule="pressure gap",
                explanation="pressure without a usable sample: nothing that reaches into such a stretch is reported",
                count=self.missing,
                stretches=len(self.gaps_s),
                listed_s=self.gaps_s[:LISTED_STRETCHES],
            ),
        )

    def rows(self, begin_s: float, end_s: float) -> slice:
        """Return the rows from one instant (s) to another.

        Raises `PressureGap` when samples are missing between them, and `EvaluationRefused` when they are fewer than 3.
        """
        rows = self.usable_rows(begin_s, end_s)
        self.whole(begin_s, end_s)
        return rows

    def is_below(self, at_s: float) -> bool:
        """Return whether the pressure lay below the range of the channel at an instant (s)."""
        return any(after_s < at_s < by_s for after_s, by_s in self.below_s)

    def usable_rows(self, begin_s: float, end_s: float) -> slice:
        """Return the rows, gaps or not. Raises `EvaluationRefused` when they are fewer than 3."""
        begin, end = np.searchsorted(self.time_s, (begin_s, end_s + 1e-9))
        if end - begin < _FEWEST:
            raise EvaluationRefused(
                f"{end - begin} usable samples of pressure from {begin_s:g} to {end_s:g} s; wanted are {_FEWEST}"
            )
        return slice(int(begin), int(end))

    def level(self, begin_s: float, end_s: float) -> Level:
        """Return the mean pressure between two instants (s); ripple of the pump counts as noise of the mean."""
        values = self.pressure_kpa[self.rows(begin_s, end_s)]
        batches = min(_BATCHES, values.size)
        means = [float(np.mean(part)) for part in np.array_split(values, batches)]
        spread = float(np.std(means, ddof=1)) / math.sqrt(batches)
        return Level(float(np.mean(values)), spread, batches - 1.0)

    def near(self, at_s: float) -> float:
        """Return the smoothed pressure (kPa) at an instant (s)."""
        if not self.time_s[0] - self.period_s <= at_s <= self.time_s[-1] + self.period_s:
            raise EvaluationRefused(
                f"the pressure record spans {self.time_s[0]:g} to {self.time_s[-1]:g} s: not {at_s:g} s"
            )
        self.whole(at_s, at_s)
        return float(np.interp(at_s, self.time_s, self.smooth_kpa))

    def between(self, instant: Instant) -> tuple[float, float]:
        """Return the lowest and the highest smoothed pressure (kPa) between the bounds of an instant."""
        self.whole(instant.after_s, instant.by_s)
        begin, end = np.searchsorted(self.time_s, (instant.after_s, instant.by_s))
        values = [self.near(instant.after_s), self.near(instant.by_s), *self.smooth_kpa[begin:end]]
        return float(min(values)), float(max(values))

    def peak(self, begin_s: float, end_s: float) -> Peak:
        """Return the highest pressure between two instants (s).

        The highest of many noisy values lies above the true peak, by up to sigma sqrt(2 ln n) for white noise; a
        running mean, and samples that miss the very tip, lie below it. Samples below the range are not the highest.
        """
        rows = self.usable_rows(begin_s, end_s)
        self.whole(begin_s, end_s, but_low=True)
        smooth = self.smooth_kpa[rows]
        place = int(np.argmax(smooth))
        above = self.noise_sd_kpa / math.sqrt(self.smoothed) * math.sqrt(2.0 * math.log(smooth.size))
        span = self.smoothed
        sides = smooth[place] - smooth[[max(place - span, 0), min(place + span, smooth.size - 1)]]
        below = max(float(np.max(sides)) - above, 0.0) / 2.0
        return Peak(
            kpa=float(smooth[place]) + (below - above) / 2.0,
            at_s=float(self.time_s[rows][place]),
            half_width_kpa=(below + above) / 2.0,
        )

    def rise(self, begin_s: float, end_s: float, *, stroke_s: float = 0.0, low: float = 0.1, high: float = 0.9) -> Rise:
        """Return the slope of the rise from one instant (s) to another, between two shares of it.

        A straight line by least squares; its uncertainty is that of the slopes of equal parts, so that strokes and
        curvature count. Of a pump that makes a stroke every `stroke_s`, the mean over a stroke is fitted: steps of
        equal height become a straight line. Raises `EvaluationRefused` where the pressure does not rise clear of the
        noise.
        """
        rows = self.rows(begin_s, end_s)
        times, values, smooth = self.time_s[rows], self.pressure_kpa[rows], self.smooth_kpa[rows]
        foot, top = float(smooth[0]), float(smooth[-1])
        if not top - foot > 10.0 * self.noise_sd_kpa / math.sqrt(self.smoothed):
            raise EvaluationRefused(f"the pressure did not rise between {begin_s:g} and {end_s:g} s")
        stroke = round(stroke_s / self.period_s)
        if self.smoothed < stroke < values.size // 3:
            inner = slice(stroke // 2, values.size - (stroke + 1) // 2)
            values = smooth = np.asarray(ndimage.uniform_filter1d(values, stroke))[inner]
            times = times[inner]
            foot, top = float(smooth[0]), float(smooth[-1])
        first = int(np.argmax(smooth >= foot + low * (top - foot)))
        last = int(smooth.size - np.argmax(smooth[::-1] <= foot + high * (top - foot)))
        if last - first < _FEWEST:
            first, last = 0, smooth.size
        times, values = times[first:last], values[first:last]
        parts = min(_RISE_POINTS, values.size)
        x = np.array([np.mean(part) for part in np.array_split(times, parts)])
        y = np.array([np.mean(part) for part in np.array_split(values, parts)])
        slope, spread, dof = _slope(x, y)
        return Rise(slope, spread, dof, float(times[0]), float(times[-1]), float(np.mean(values)))

    def back_at(self, begin_s: float, end_s: float, *, below_kpa: float) -> Instant | None:
        """Return when the smoothed pressure first lay at or below a value, between two instants (s); None: never."""
        rows = self.usable_rows(begin_s, end_s)
        below = np.flatnonzero(self.smooth_kpa[rows] <= below_kpa)
        times = self.time_s[rows]
        self.whole(begin_s, float(times[below[0]]) if below.size else end_s)
        if below.size == 0:
            return None
        return Instant(float(times[below[0] - 1]) if below[0] else begin_s, float(times[below[0]]))

    def plateau_from(self, begin_s: float, end_s: float, *, band_kpa: float) -> float:
        """Return since when (s) the smoothed pressure has stayed within a band of where it ends up."""
        rows = self.rows(begin_s, end_s)
        smooth = self.smooth_kpa[rows]
        outside = np.flatnonzero(np.abs(smooth - smooth[-1]) > band_kpa)
        return float(self.time_s[rows][outside[-1] + 1 if outside.size else 0])


def pressure_record(
    time_s: NDArray[np.float64], pressure_kpa: NDArray[np.float64], *, below: NDArray[np.bool_] | None = None
) -> PressureRecord:
    """Return the record of samples at times (s); all have shape (n,). What lacks a number is a gap.

    `below`: which samples lack one because they lay below the range of the channel.

    Raises `EvaluationRefused` for fewer than 3 usable samples and for times that do not rise.
    """
    usable = np.isfinite(time_s) & np.isfinite(pressure_kpa)
    times, values = time_s[usable], pressure_kpa[usable]
    if times.size < _FEWEST:
        raise EvaluationRefused(f"of {time_s.size} samples of pressure, {times.size} carry a number")
    steps = np.diff(times)
    if not np.all(steps > 0.0):
        raise EvaluationRefused("the times of the pressure do not rise")
    period_s = float(np.median(steps))
    bends = np.abs(np.diff(values, 2))
    count = 2 * int(_SMOOTHED_S / period_s / 2.0) + 1
    gaps_s = _gaps_s(time_s, usable, period_s)
    return PressureRecord(
        time_s=times,
        pressure_kpa=values,
        smooth_kpa=np.asarray(ndimage.uniform_filter1d(values, count, mode="nearest")),
        period_s=period_s,
        noise_sd_kpa=SD_PER_MEDIAN_DEVIATION * float(np.median(bends)) / _SECOND_DIFFERENCE_SD,
        smoothed=count,
        gaps_s=gaps_s,
        missing=int(np.count_nonzero(~usable)),
        below_s=() if below is None else _low(gaps_s, time_s, below, period_s),
    )


def _gaps_s(time_s: NDArray[np.float64], usable: NDArray[np.bool_], period_s: float) -> tuple[tuple[float, float], ...]:
    """Return where samples are missing: without a number, or not taken at all."""
    known = np.isfinite(time_s)
    times, good = time_s[known], usable[known]
    places = np.flatnonzero(good)
    lost = (np.diff(places) > 1) | (np.diff(times[places]) > _GAP_PERIODS * period_s)
    gaps = [(float(times[places[i]]), float(times[places[i + 1]])) for i in np.flatnonzero(lost)]
    if places[0] > 0:
        gaps.insert(0, (float(times[0]) - period_s, float(times[places[0]])))
    if places[-1] < times.size - 1:
        gaps.append((float(times[places[-1]]), float(times[-1]) + period_s))
    return tuple(gaps)


def _low(
    gaps_s: tuple[tuple[float, float], ...], time_s: NDArray[np.float64], below: NDArray[np.bool_], period_s: float
) -> tuple[tuple[float, float], ...]:
    """Return those of the gaps that are full of samples, all of them below the range."""
    found = []
    for after_s, by_s in gaps_s:
        inside = (time_s > after_s) & (time_s < by_s)
        taken_s = np.concatenate(([after_s], time_s[inside], [by_s]))
        if inside.any() and below[inside].all() and np.max(np.diff(taken_s)) <= _GAP_PERIODS * period_s:
            found.append((after_s, by_s))
    return tuple(found)


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the slope of a line, its standard deviation by the slopes of equal parts, and degrees of freedom."""
    slope = float(np.polyfit(x, y, 1)[0])
    parts = min(_BATCHES, x.size // 3)
    if parts < 2:
        residual = y - np.polyval(np.polyfit(x, y, 1), x)
        dof = max(x.size - 2.0, 1.0)
        return slope, math.sqrt(float(np.sum(residual**2)) / dof / float(np.sum((x - x.mean()) ** 2))), dof
    slopes = [np.polyfit(a, b, 1)[0] for a, b in zip(np.array_split(x, parts), np.array_split(y, parts), strict=True)]
    return slope, float(np.std(slopes, ddof=1)) / math.sqrt(parts), parts - 1.0


def zeroed(record: PressureRecord, *, rest: Level, rest_kpa: float) -> PressureRecord:
    """Return a record whose level at rest is the pressure (kPa, gauge) that is known to have been there."""
    shift_kpa = rest_kpa - rest.kpa
    return replace(record, pressure_kpa=record.pressure_kpa + shift_kpa, smooth_kpa=record.smooth_kpa + shift_kpa)
