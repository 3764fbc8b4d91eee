"""Where the level of the readings changes as neither noise nor the pump's own strokes make it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.cleaning.readings import CleanReadings
from results.series import Phase
from results.statistics.robust import SD_PER_MEDIAN_DEVIATION

_SHORT_S, _LONG_S = 10.0, 60.0
_GUARD_S = 3.0
_FEWEST = 5
_BLANK_PARTS = 15.0
_LIMIT_SIGMA = 8.0
_BLOCKS = 50
_MERGED_S = 45.0
"""Places nearer to each other than this belong to one disturbance."""
_ABRUPT_S = 12.0
_SETTLING_S = 120.0
"""What took longer than an abrupt change settles slowly: a closed door's air does in a minute or two."""
_LONGEST_S = 900.0
_GAP_INTERVALS = 3.5
_SLOPE_WIDTHS = 3
_AS_STEEP = 2.0
"""A change of up to this times what the slope on either side makes of it is part of that slope."""
_AS_SET = 2.0
"""A steady rise of up to this times the set rate is delivery."""
_STROKE_VARIES = 1.35
"""A stroke larger than this times the usual is no stroke."""
_GAP_STROKES = 1.2
_SMALL = 3.0
"""Changes of less than this times the least that shows must still hold a minute later."""
_MOST_FOR_MEDIANS = 100_000


@dataclass(frozen=True, slots=True)
class Change:
    """Readings `first` to `last` in which the level (g) changed by `size_g` more than the usual flow accounts for.

    `stays` is False when the level after is that before; `abrupt` when it took the balance seconds. `u_g`: standard
    uncertainty of the size, a stroke that may have come meanwhile included. `allowance_g`: how far two sizes that undo
    each other may differ. `after_g`: the level after; `limit_g`: the least change that shows.
    """

    first: int
    last: int
    size_g: float
    stays: bool
    abrupt: bool
    pumping: bool
    u_g: float
    allowance_g: float
    after_g: float
    limit_g: float


@dataclass(frozen=True, slots=True)
class LevelChanges:
    """Every change of one period, and the quantum (g) in which its delivery arrives, 0 without one."""

    changes: tuple[Change, ...]
    quantum_g: float


def changes_of(
    readings: CleanReadings,
    period: Phase,
    *,
    sign: float,
    pumping: bool,
    readability_g: float,
    stroke_g: float = 0.0,
    pull_g: float = 0.0,
    set_rate_g_per_s: float = 0.0,
) -> LevelChanges:
    """Return the changes of level in a period by comparing the means of the readings before and after each instant.

    Noise is what most of these differences show; a change exceeds eight of its robust standard deviations. While the
    pump runs, the usual largest rise in a fiftieth of the period counts as its stroke, and only a fall of the level
    itself, not a want of delivery, is one downwards; within the contact line's pull on the tube (`pull_g`) only one
    that came at once and stayed.
    """
    offset, stop = (int(place) for place in np.searchsorted(readings.time_s, (period.begin_s, period.end_s)))
    time_s, level_g = readings.time_s[offset:stop], sign * readings.mass_g[offset:stop]
    if time_s.size < 4 * _FEWEST:
        return LevelChanges((), 0.0)
    period_s = max(float(np.median(np.diff(time_s))), 1e-9)
    guard = max(1, math.ceil(_GUARD_S / period_s))
    rate = _usual_rate(time_s, level_g)
    changes: list[Change] = []
    quantum_g = 0.0
    for length_s in (_SHORT_S, _LONG_S if pumping else (time_s[-1] - time_s[0]) / _BLANK_PARTS):
        width = max(_FEWEST, round(length_s / period_s))
        if time_s.size < 2 * (2 * width + guard):
            continue
        at_once = length_s == _SHORT_S
        scan = _Scan(
            time_s, level_g, width, guard, at_once, rate, pumping, readability_g, stroke_g, pull_g, set_rate_g_per_s
        )
        found, quantum = scan.run()
        if at_once:
            quantum_g = quantum
        # Wide windows see again, and less sharply, what narrow ones have seen.
        known = [(old.first - width, old.last + width) for old in changes]
        changes += [new for new in found if not any(new.first <= end and begin <= new.last for begin, end in known)]
    return LevelChanges(
        tuple(_shifted(change, offset, sign) for change in sorted(changes, key=lambda change: change.first)), quantum_g
    )


def _shifted(change: Change, offset: int, sign: float) -> Change:
    return Change(
        first=change.first + offset,
        last=change.last + offset,
        size_g=sign * change.size_g,
        stays=change.stays,
        abrupt=change.abrupt,
        pumping=change.pumping,
        u_g=change.u_g,
        allowance_g=change.allowance_g,
        after_g=sign * change.after_g,
        limit_g=change.limit_g,
    )


def _usual_rate(time_s: NDArray[np.float64], level_g: NDArray[np.float64]) -> float:
    """Return the median slope (g/s) of a fiftieth of the readings."""
    edges = np.linspace(0, time_s.size - 1, min(_BLOCKS, time_s.size // 2) + 1).astype(np.intp)
    return float(np.median(np.diff(level_g[edges]) / np.diff(time_s[edges])))


@dataclass(frozen=True, slots=True)
class _Span:
    """Places `begin` to `end` (excluded) at which means differ, and the readings `first` to `last` that make them."""

    begin: int
    end: int
    first: int
    last: int
    abrupt: bool


@dataclass(frozen=True, slots=True)
class _Scan:
    time_s: NDArray[np.float64]
    level_g: NDArray[np.float64]
    width: int
    guard: int
    at_once: bool
    rate_g_per_s: float
    pumping: bool
    readability_g: float
    stroke_g: float
    pull_g: float
    set_rate_g_per_s: float

    def run(self) -> tuple[list[Change], float]:
        """Return the changes seen with windows of this width, and the quantum of the delivery."""
        apart_s = self._between(self.time_s)
        rise_g = self._between(self.level_g)
        fall_g = rise_g.copy() if self.pumping else None
        rise_g -= self.rate_g_per_s * apart_s
        every = -(-rise_g.size // _MOST_FOR_MEDIANS)
        rise_g -= float(np.median(rise_g[::every]))
        sigma_g = max(SD_PER_MEDIAN_DEVIATION * float(np.median(np.abs(rise_g[::every]))), 0.3 * self.readability_g)
        limit_g = _LIMIT_SIGMA * sigma_g
        quantum_g = self._quantum_g(rise_g, limit_g) if self.pumping else 0.0
        apart_s -= float(np.median(apart_s[::every]))
        np.clip(apart_s, 0.0, None, out=apart_s)
        apart_s *= self.rate_g_per_s
        slack_g = _GAP_STROKES * np.minimum(apart_s, quantum_g, out=apart_s)
        above = rise_g > limit_g + _STROKE_VARIES * quantum_g + slack_g
        # Less than usual may be less delivery; only a fall of the level itself can be none. One within the contact
        # line's pull is looked for at once, in narrow windows: wide ones see the evaporation between strokes.
        least_fall_g = limit_g if self.at_once else max(limit_g, self.pull_g)
        beyond = above | (rise_g < -limit_g if fall_g is None else fall_g < -least_fall_g)
        found = []
        for span in self._spans(rise_g, self._stretches(beyond), limit_g):
            change = self._change(span, limit_g, quantum_g)
            seen = slice(span.begin, span.end)
            pulled = fall_g is not None and not above[seen].any() and fall_g[seen].min() >= -self.pull_g
            let_go = change.abrupt and change.stays and change.size_g < 0.0
            if not (self._is_delivery(change) or (pulled and not let_go)):
                found.append(change)
        return found, quantum_g if quantum_g > limit_g else 0.0

    def _is_delivery(self, change: Change) -> bool:
        """Return whether the level rose for so long, or as steadily as set, that only the pump can have done it.

        Where a pump stood still for most of the time, its usual rate is none, and its delivery the exception.
        """
        if not (self.pumping and change.size_g > 0.0):
            return False
        lasted_s = float(self.time_s[change.last] - self.time_s[change.first])
        steady = change.stays and not change.abrupt and change.size_g <= _AS_SET * self.set_rate_g_per_s * lasted_s
        return lasted_s > _LONGEST_S or steady

    def _settled(self, last: int, limit_g: float) -> int:
        """Return the reading two minutes later; with the pump stopped, that from which on the level rests."""
        at_s = float(self.time_s[last]) + _SETTLING_S
        latest_s = float(self.time_s[last]) + _LONGEST_S
        while not self.pumping and at_s < latest_s:
            now, later = (
                slice(*np.searchsorted(self.time_s, (begin_s, begin_s + _LONG_S / 2.0)))
                for begin_s in (at_s, at_s + _LONG_S)
            )
            if min(now.stop - now.start, later.stop - later.start) < _FEWEST:
                break
            moved_g = float(np.median(self.level_g[later]) - np.median(self.level_g[now]))
            if abs(moved_g - self.rate_g_per_s * _LONG_S) <= limit_g:
                break
            at_s += _LONG_S
        return int(np.searchsorted(self.time_s, at_s))

    def _before_gap(self, first: int) -> int:
        """Return the last reading before a gap that ends just before `first`: what was left out there belongs to it."""
        begin = int(np.searchsorted(self.time_s, float(self.time_s[first]) - _MERGED_S))
        apart_s = np.diff(self.time_s[begin - 1 if begin else 0 : first + 1])
        gaps = np.flatnonzero(apart_s > _GAP_INTERVALS * float(np.median(apart_s))) if apart_s.size else apart_s
        return max(begin - 1, 0) + int(gaps[0]) if gaps.size else first

    def _moves_throughout(self, first: int, last: int) -> bool:
        """Return whether the slope on either side makes the change: readings are missing, and no step hides there.

        While the pump runs only a fall on both sides tells, for a stroke is a slope as well.
        """
        reach = _SLOPE_WIDTHS * self.width
        before, after = slice(max(first - reach, 0), first), slice(last + 1, last + 1 + reach)
        slopes = [float(np.polyfit(self.time_s[part], self.level_g[part], 1)[0]) for part in (before, after)]
        lasted_s = float(self.time_s[last] - self.time_s[first])
        rise_g = float(np.median(self.level_g[after][: self.width]) - np.median(self.level_g[before][-self.width :]))
        if not self.pumping:
            return max(map(abs, slopes)) * lasted_s * _AS_STEEP >= abs(rise_g)
        steady_g = max(slopes) * lasted_s
        return steady_g < 0.0 and _AS_STEEP * steady_g <= rise_g

    def _still(self, last: int, before: slice, size_g: float, limit_g: float, quantum_g: float) -> bool:
        """Return whether a small change still holds a minute later: what a slow knock leaves beside itself does not.

        A stroke may have come meanwhile: a fall still holds where the level is a stroke above it.
        """
        begin_s = float(self.time_s[last]) + _MERGED_S
        later = slice(*np.searchsorted(self.time_s, (begin_s, begin_s + _MERGED_S)))
        if later.stop - later.start < _FEWEST:
            return False
        level_g = float(np.median(self.level_g[later]) - np.median(self.level_g[before]))
        if self.pumping and size_g < 0.0 and abs(level_g - quantum_g - size_g) <= limit_g:
            return True
        return level_g * size_g > 0.0 and abs(level_g) > limit_g

    def _between(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return mean after less mean before: windows of `width`, `guard` readings apart, at every place that fits."""
        total = np.concatenate(([0.0], np.cumsum(values - values[0])))
        sums = total[self.width :] - total[: -self.width]
        reach = self.width + self.guard
        return np.asarray((sums[reach:] - sums[:-reach]) / self.width)

    def _quantum_g(self, rise_g: NDArray[np.float64], limit_g: float) -> float:
        size = max(rise_g.size // _BLOCKS, 1)
        blocks = rise_g[: rise_g.size // size * size].reshape(-1, size)
        return max(float(np.median(blocks.max(axis=1))), self.stroke_g, 0.0)

    def _stretches(self, beyond: NDArray[np.bool_]) -> list[tuple[int, int]]:
        edges = np.flatnonzero(np.diff(np.concatenate(([False], beyond, [False])).astype(np.int8)))
        merged: list[tuple[int, int]] = []
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if merged and self.time_s[begin] - self.time_s[merged[-1][1] - 1] < _MERGED_S:
                merged[-1] = (merged[-1][0], end)
            else:
                merged.append((begin, end))
        return merged

    def _spans(self, rise_g: NDArray[np.float64], stretches: list[tuple[int, int]], limit_g: float) -> list[_Span]:
        """Return the readings behind each stretch of places; what has no level of its own in between is one change."""
        spans: list[_Span] = []
        for begin, end in stretches:
            span = self._extended(begin, end, *self._reach(rise_g, begin, end, limit_g), limit_g)
            if spans and span.first - spans[-1].last < self.width:
                old = spans.pop()
                span = _Span(old.begin, end, old.first, max(old.last, span.last), abrupt=False)
            spans.append(span)
        return spans

    def _extended(self, begin: int, end: int, first: int, last: int, limit_g: float) -> _Span:
        """Return a change with what belongs to it, where it took longer than the balance does."""
        lasted_s = float(self.time_s[last] - self.time_s[first])
        abrupt = lasted_s <= _ABRUPT_S or (last - first <= self.guard + 4 and not self._moves_throughout(first, last))
        if not abrupt:
            first = self._before_gap(first)
            last = max(last, min(self._settled(last, limit_g), self.time_s.size - 2 - self.width))
        return _Span(begin, end, first, last, abrupt)

    def _reach(self, rise_g: NDArray[np.float64], begin: int, end: int, limit_g: float) -> tuple[int, int]:
        """Return the first and the last reading of a change at the places `begin` to `end` (excluded)."""
        width, guard = self.width, self.guard
        largest = float(np.max(np.abs(rise_g[begin:end])))
        early = math.ceil(width * min(1.0, limit_g / largest))
        first = begin + 2 * width + guard - 1 - early
        last = end - 1 + early
        if first > last:
            middle = begin + int(np.argmax(np.abs(rise_g[begin:end]))) + width
            first, last = middle, middle + guard - 1
        return max(first - 1, 1), min(last + 1, self.time_s.size - 2)

    def _change(self, span: _Span, limit_g: float, quantum_g: float) -> Change:
        """Return the change over a span: its level after less its level before, and the usual flow."""
        width, first, last = self.width, span.first, span.last
        before, after = slice(max(first - width, 0), first), slice(last + 1, last + 1 + width)
        apart_s = float(np.mean(self.time_s[after]) - np.mean(self.time_s[before]))
        after_g = float(np.median(self.level_g[after]))
        rise = after_g - float(np.median(self.level_g[before]))
        size_g = rise - self.rate_g_per_s * apart_s
        delivered_g = max(self.rate_g_per_s, 0.0) * apart_s
        allowance_g = limit_g + _STROKE_VARIES * (quantum_g if self.pumping else 0.0)
        stays = (rise if self.pumping else size_g) < -limit_g or size_g > allowance_g
        if stays and abs(size_g) < _SMALL * limit_g:
            stays = self._still(last, before, size_g, limit_g, quantum_g)
        return Change(
            first=first,
            last=last,
            size_g=size_g,
            stays=stays,
            abrupt=span.abrupt,
            pumping=self.pumping,
            u_g=math.sqrt((limit_g / _LIMIT_SIGMA) ** 2 + delivered_g * quantum_g),
            allowance_g=allowance_g,
            after_g=after_g,
            limit_g=limit_g,
        )
