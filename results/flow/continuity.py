"""Continuity of delivery: the longest time without it, the largest excess and the largest shortfall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.refusal import EvaluationRefused

BINS_PER_INTERVAL = 30
_INTERRUPTION_TIMES_TYPICAL = 3.0
_INTERRUPTION_INTERVALS = 2.0
_INTERRUPTION_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class FlowContinuity:
    """Delivery over the whole infusion, times in s on the time base of the readings.

    `longest_gap_s`: the longest time in which less than `detectable_ul` was delivered. `typical_gap_s`: the median of
    that time over all starts. `interrupted`: the longest gap exceeds two sample intervals, and three typical gaps or a
    quarter of the infusion.
    `largest_excess_ul`, `largest_shortfall_ul`: most delivered above and below the set flow between any two instants.
    """

    detectable_ul: float
    longest_gap_s: float
    gap_begin_s: float
    gap_end_s: float
    typical_gap_s: float
    interrupted: bool
    largest_excess_ul: float
    excess_begin_s: float
    excess_end_s: float
    largest_shortfall_ul: float
    shortfall_begin_s: float
    shortfall_end_s: float


def flow_continuity(
    time_s: NDArray[np.float64],
    volume_ul: NDArray[np.float64],
    *,
    set_flow_ul_per_h: float,
    sample_interval_s: float,
    detectable_ul: float,
) -> FlowContinuity:
    """Return the continuity of a delivered volume (uL) over increasing times (s).

    Readings are averaged in bins of S / 30, so gaps are located to that. `detectable_ul` must stand clear of the noise.
    Raises `EvaluationRefused` when fewer than two bins hold a reading.
    """
    times, volume = binned(time_s, volume_ul, width_s=sample_interval_s / BINS_PER_INTERVAL)
    if times.size < 2:
        raise EvaluationRefused("too few readings to follow the delivery")
    reached = np.searchsorted(np.maximum.accumulate(volume), volume + detectable_ul, side="left")
    until = times[np.minimum(reached, times.size - 1)]
    waits = until - times
    longest = int(np.argmax(waits))
    complete = waits[reached < times.size]
    typical_s = float(np.median(complete)) if complete.size else detectable_ul / set_flow_ul_per_h * 3600.0
    longest_s = float(waits[longest])
    unusual_s = min(_INTERRUPTION_TIMES_TYPICAL * typical_s, _INTERRUPTION_SHARE * float(times[-1] - times[0]))
    excess = volume - (times - times[0]) * (set_flow_ul_per_h / 3600.0)
    above = _largest_rise(excess, detectable_ul)
    below = _largest_rise(-excess, detectable_ul)
    return FlowContinuity(
        detectable_ul=detectable_ul,
        longest_gap_s=longest_s,
        gap_begin_s=float(times[longest]),
        gap_end_s=float(until[longest]),
        typical_gap_s=typical_s,
        interrupted=longest_s > max(unusual_s, _INTERRUPTION_INTERVALS * sample_interval_s),
        largest_excess_ul=above[0],
        excess_begin_s=float(times[above[1]]),
        excess_end_s=float(times[above[2]]),
        largest_shortfall_ul=below[0],
        shortfall_begin_s=float(times[below[1]]),
        shortfall_end_s=float(times[below[2]]),
    )


def binned(
    time_s: NDArray[np.float64], volume_ul: NDArray[np.float64], *, width_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean time and mean volume of the readings in each bin that holds any."""
    if time_s.size == 0:
        return time_s, volume_ul
    number = ((time_s - time_s[0]) / width_s).astype(np.int64)
    starts = np.flatnonzero(np.concatenate(([True], number[1:] != number[:-1])))
    counts = np.diff(np.concatenate((starts, [number.size])))
    return np.add.reduceat(time_s, starts) / counts, np.add.reduceat(volume_ul, starts) / counts


def _largest_rise(values: NDArray[np.float64], slack: float) -> tuple[float, int, int]:
    """Return the largest rise from any value to a later one, and the shortest stretch that holds it but for slack."""
    rise = values - np.minimum.accumulate(values)
    top = int(np.argmax(rise))
    lowest, highest = float(values[top] - rise[top]), float(values[top])
    begin = int(np.flatnonzero(values[: top + 1] <= lowest + slack)[-1])
    end = begin + int(np.argmax(values[begin : top + 1] >= highest - slack))
    return float(rise[top]), begin, end
