"""Times without a usable reading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.cleaning.exclusions import LISTED_STRETCHES

MISSED_READINGS = 3.5
"""Usual intervals that make a gap: at least three readings are missing."""


@dataclass(frozen=True, slots=True)
class ReadingGaps:
    """Gaps in which at least three readings are missing: how many, their total and longest, the longest ones listed.

    `usual_s` is the median time between readings; `listed_s` holds (begin, end) of each listed gap, in order of time.
    """

    usual_s: float
    count: int
    total_s: float
    longest_s: float
    listed_s: tuple[tuple[float, float], ...]


def reading_gaps(time_s: NDArray[np.float64], *, begin_s: float, end_s: float) -> ReadingGaps:
    """Return the gaps between usable readings (times increasing) that touch the stretch from begin to end."""
    first = max(int(np.searchsorted(time_s, begin_s, side="right")) - 1, 0)
    last = int(np.searchsorted(time_s, end_s, side="left")) + 1
    times = time_s[first:last]
    if times.size < 2:
        return ReadingGaps(0.0, 0, 0.0, 0.0, ())
    apart = np.diff(times)
    usual_s = float(np.median(apart))
    places = np.flatnonzero(apart > MISSED_READINGS * usual_s)
    longest = np.sort(places[np.argsort(apart[places], kind="stable")[-LISTED_STRETCHES:]])
    return ReadingGaps(
        usual_s=usual_s,
        count=places.size,
        total_s=float(np.sum(apart[places])),
        longest_s=float(apart.max()),
        listed_s=tuple((float(times[place]), float(times[place + 1])) for place in longest),
    )
