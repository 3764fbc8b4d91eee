"""Whether a pause or surge is more than the run's own noise: drift, 1/f noise, creep of the contact line, weather.

What either leaves behind is a step in the delivered volume. It is looked for between means over whole strokes, and
compared with how such differences scatter over the whole run: that holds whatever the noise is made of, and however
it is coloured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from results.statistics.robust import SD_PER_MEDIAN_DEVIATION

FALSE_ALARM = 0.01
"""Chance with which noise alone makes a sound run show a pause or a surge."""
_FEWEST_WINDOWS = 10.0
_LONGEST_SHARE = 0.1
_LARGEST_SHIFT = 0.5


@dataclass(frozen=True, slots=True)
class Step:
    """Over a stretch of time: what is missing (uL, negative: too much), and what noise may make of it (uL)."""

    begin_s: float
    end_s: float
    missing_ul: float
    limit_ul: float


@dataclass(frozen=True, slots=True)
class RunScatter:
    """The volume's integral (uL s) over increasing times (s), for means over `window_s`, which hold whole strokes."""

    time_s: NDArray[np.float64]
    integral_ul_s: NDArray[np.float64]
    window_s: float

    @classmethod
    def of(cls, time_s: NDArray[np.float64], volume_ul: NDArray[np.float64], *, window_s: float) -> RunScatter:
        """Return the scatter of a delivered volume (uL)."""
        steps = np.diff(time_s) * (volume_ul[1:] + volume_ul[:-1]) / 2.0
        return cls(time_s, np.concatenate(([0.0], np.cumsum(steps))), window_s)

    def step_over(self, *, begin_s: float, end_s: float) -> Step | None:
        """Return the step over a stretch of time.

        None where the run cannot tell: a stretch longer than a tenth of it, less than half a window from its ends, or a
        run of fewer than ten windows. The limit is Student's, for `FALSE_ALARM` shared by all windows, with as many
        degrees of freedom as stretches of this length fit the run: the scatter is known no better.
        """
        first_s, last_s = float(self.time_s[0]), float(self.time_s[-1])
        before_s, after_s = max(begin_s - self.window_s, first_s), min(end_s, last_s - self.window_s)
        shift_s = max(before_s - (begin_s - self.window_s), end_s - after_s)
        if shift_s > _LARGEST_SHIFT * self.window_s or not self._tells(after_s - before_s):
            return None
        usual_ul, limit_ul = self._usual(self._rises_ul(after_s - before_s), after_s - before_s)
        rise_ul = self._mean_ul(np.array([after_s])) - self._mean_ul(np.array([before_s]))
        return Step(begin_s, end_s, usual_ul - float(rise_ul[0]), limit_ul)

    def steps(self) -> Iterator[Step]:
        """Yield every step from one stroke to the next beyond the limit, where it is largest."""
        apart_s = 2.0 * self.window_s
        if not self._tells(apart_s):
            return
        rises_ul = self._rises_ul(apart_s)
        usual_ul, limit_ul = self._usual(rises_ul, apart_s)
        missing_ul = usual_ul - rises_ul
        beyond = np.where(np.abs(missing_ul) > limit_ul, np.sign(missing_ul), 0.0)
        edges = np.flatnonzero(np.diff(np.concatenate(([0.0], beyond, [0.0]))))
        for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            if beyond[begin]:
                place = begin + int(np.argmax(np.abs(missing_ul[begin:end])))
                begin_s = float(self.time_s[place]) + self.window_s
                yield Step(begin_s, begin_s + self.window_s, float(missing_ul[place]), limit_ul)

    def _tells(self, apart_s: float) -> bool:
        span_s = float(self.time_s[-1] - self.time_s[0])
        return span_s >= _FEWEST_WINDOWS * self.window_s and apart_s <= _LONGEST_SHARE * span_s

    def _rises_ul(self, apart_s: float) -> NDArray[np.float64]:
        """Return by how much the mean over a window exceeds that over the window `apart_s` before, at every instant."""
        begins_s = self.time_s[self.time_s <= self.time_s[-1] - apart_s - self.window_s]
        return self._mean_ul(begins_s + apart_s) - self._mean_ul(begins_s)

    def _usual(self, rises_ul: NDArray[np.float64], apart_s: float) -> tuple[float, float]:
        """Return the median rise, and the limit of what noise adds to it or takes from it."""
        span_s = float(self.time_s[-1] - self.time_s[0])
        usual_ul = float(np.median(rises_ul))
        sd_ul = SD_PER_MEDIAN_DEVIATION * float(np.median(np.abs(rises_ul - usual_ul)))
        chance = FALSE_ALARM / 2.0 / (span_s / self.window_s)
        return usual_ul, float(stats.t.isf(chance, span_s / (apart_s + self.window_s))) * sd_ul

    def _mean_ul(self, begins_s: NDArray[np.float64]) -> NDArray[np.float64]:
        ends = np.interp(begins_s + self.window_s, self.time_s, self.integral_ul_s)
        return np.asarray((ends - np.interp(begins_s, self.time_s, self.integral_ul_s)) / self.window_s)
