"""The longest time without delivery, as the balance alone tells it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.flow.continuity import BINS_PER_INTERVAL, flow_continuity
from results.measured.weighing import Weighing
from results.series import Phase

_SIGMA = 8.0
_STROKE_SHARE = 1.5
_STROKE_VARIES = 1.35


@dataclass(frozen=True, slots=True)
class Pause:
    """From the last delivery before it to the first after it (s), known to `located_s` together.

    `usual_s`: how long this pump usually pauses, between its strokes. `detectable_s`: how long it takes to deliver
    what shows, 0 where a single stroke does. `ended` is False when nothing more came before the end.
    """

    begin_s: float
    end_s: float
    usual_s: float
    located_s: float
    detectable_s: float
    ended: bool

    @property
    def duration_s(self) -> float:
        """How long it was (s)."""
        return self.end_s - self.begin_s


def longest_pause(weighing: Weighing, period: Phase, *, set_flow_ul_per_h: float) -> Pause:
    """Return the longest time in a period without a delivery that shows.

    That is eight standard deviations of a reading, or half a stroke if more.
    """
    times = weighing.collection.time_s
    inside = slice(*np.searchsorted(times, (period.begin_s, period.end_s)))
    stroke_ul = weighing.evaluation.stroke_volume_ul or 0.0
    detectable_ul = max(_SIGMA * weighing.reading_sd_ul, stroke_ul / 2.0)
    reading_s = weighing.reading_period_s
    found = flow_continuity(
        times[inside],
        weighing.collection.volume_ul[inside],
        set_flow_ul_per_h=set_flow_ul_per_h,
        sample_interval_s=reading_s * BINS_PER_INTERVAL,
        detectable_ul=detectable_ul,
    )
    at_once = stroke_ul > _STROKE_SHARE * detectable_ul
    return Pause(
        begin_s=found.gap_begin_s,
        end_s=found.gap_end_s,
        # From a random instant to the next stroke it takes half the time between two, in the median.
        usual_s=2.0 * found.typical_gap_s,
        located_s=_located_s(times, found.gap_begin_s, found.gap_end_s) + weighing.bench.balance_response_s,
        detectable_s=0.0 if at_once else detectable_ul / set_flow_ul_per_h * 3600.0,
        ended=found.gap_end_s < period.end_s - 2.0 * reading_s,
    )


def told_s(weighing: Weighing, pause: Pause, *, set_flow_ul_per_h: float) -> float | None:
    """Return the first reading (s) by which the balance alone tells of a pause; None where it ended before.

    More than a stroke is overdue by then, and eight standard deviations of a reading on top: a noisier or a slower
    balance tells later.
    """
    times, volumes = weighing.collection.time_s, weighing.collection.volume_ul
    inside = slice(*np.searchsorted(times, (pause.begin_s, pause.end_s)))
    if inside.stop - inside.start < 2:
        return None
    due_ul = set_flow_ul_per_h / 3600.0 * (times[inside] - pause.begin_s)
    missing_ul = due_ul - (volumes[inside] - volumes[inside.start])
    surely_ul = _STROKE_VARIES * (weighing.evaluation.stroke_volume_ul or 0.0) + _SIGMA * weighing.reading_sd_ul
    told = np.flatnonzero(missing_ul > surely_ul)
    return float(times[inside][told[0]]) + weighing.bench.balance_response_s if told.size else None


def _located_s(times_s: NDArray[np.float64], begin_s: float, end_s: float) -> float:
    """Return how long nothing was read just before and just after a pause (s)."""
    first, last = np.searchsorted(times_s, (begin_s, end_s))
    before = float(times_s[first] - times_s[max(first - 1, 0)])
    return max(before, float(times_s[last] - times_s[last - 1]))
