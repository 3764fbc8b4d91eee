"""Readings of a test that delivers at several speeds, and at once when a line is let go: what no delivery explains.

Each stretch of even flow is treated as a flow test is, by its own flow. Where delivery may come at once nothing can be
sized or taken back: there, and about every change of speed, a fall of the reading is looked for, and a rise beyond
what the faster flow makes of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from results.cleaning.disturbances import Undisturbed, undisturbed
from results.cleaning.findings import NOT_WEIGHED, Finding, Treatment
from results.cleaning.readings import CleanReadings
from results.cleaning.steps import LARGEST_STEP_G, refuse_steps
from results.series import FlowPhases, Phase

_G_PER_UL = 1e-3
_S_PER_H = 3600.0
_WINDOW_S, _FEWEST = 4.0, 3
_GUARD_S = 3.0
_GAP_PERIODS = 3.5
_REACH_S, _REACH_READINGS = 15.0, 8
"""A comparison of means before and after an instant sees nothing so near the ends of an even stretch."""
_SIGMA = 8.0
_FAST_UL_PER_H = 100.0
"""A faster flow makes up for a fall of some tenths of a mg within the windows an even stretch is searched by."""
_FLOWS_BACK_G = 1e-3
"""An opening valve takes back a uL at the most; what falls by more was done to the pan."""
_FASTER = 1.35
"""A flow, or a stroke, larger by no more than this is none too large."""
_UNSEEN = 0.3
_PIECES, _PIECE_S = 20, 10.0
_ROOT3 = math.sqrt(3.0)


@dataclass(frozen=True, slots=True)
class Burst:
    """A period of another speed than the rest of the test: its flow (uL/h), None where it comes at once.

    `even`: there is one flow, whose speed, and when in the period it ends, is found from the readings where not stated.
    """

    period: Phase
    flow_ul_per_h: float | None = None
    even: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pan:
    """What the balance, the pump and the outlet make of a reading: `noise_g` of one, a stroke, the outlet's pull."""

    sign: float
    readability_g: float
    noise_g: float
    stroke_g: float
    pull_g: float


def undisturbed_about(
    readings: CleanReadings, *, phases: FlowPhases, bursts: Sequence[Burst], fastest_ul_per_h: float, pan: Pan
) -> Undisturbed:
    """Return the readings without what was done to the pan, of a test at `fastest_ul_per_h` but for its bursts.

    Raises `EvaluationRefused` for a step too large to take back.
    """
    known = [
        _found(readings, burst.period, sign=pan.sign) if burst.even and burst.flow_ul_per_h is None else burst
        for burst in bursts
    ]
    parts = list(_parts(_between_blanks(phases), known, fastest_ul_per_h))
    quantum_g = 0.0
    for number, part in enumerate(parts):
        if part.flow_ul_per_h is None:
            continue
        blanks = FlowPhases(
            analysis=part.period,
            blank_before=phases.blank_before if number == 0 else None,
            blank_after=phases.blank_after if number == len(parts) - 1 else None,
        )
        treated = undisturbed(
            readings,
            phases=blanks,
            sign=pan.sign,
            readability_g=pan.readability_g,
            stroke_g=pan.stroke_g,
            pull_g=pan.pull_g,
            set_rate_g_per_s=part.flow_ul_per_h * _G_PER_UL / _S_PER_H,
        )
        readings = treated.readings
        refuse_steps(
            readings,
            begin_s=blanks.begin_s,
            end_s=blanks.end_s,
            set_flow_ul_per_h=part.flow_ul_per_h,
            sign=pan.sign,
        )
        if part.flow_ul_per_h == fastest_ul_per_h:
            quantum_g = max(quantum_g, treated.quantum_g)
    seams = _Seams(readings, pan)
    found = [finding for zone in _zones(parts, seams.reach_s) for finding in seams.findings(zone)]
    found += seams.steps_down(_between_blanks(phases))
    found += [finding for burst in bursts if burst.even for finding in seams.unseen(burst.period)]
    return Undisturbed(replace(readings, findings=(*readings.findings, *found)), quantum_g)


def _between_blanks(phases: FlowPhases) -> Phase:
    """Return the test with what comes before and after it up to the blanks: the pump may run then."""
    before, after, test = phases.blank_before, phases.blank_after, phases.analysis
    begin_s = test.begin_s if before is None else min(before.end_s, test.begin_s)
    return Phase(begin_s, test.end_s if after is None else max(after.begin_s, test.end_s))


def _parts(whole: Phase, bursts: Sequence[Burst], fastest_ul_per_h: float) -> Iterator[Burst]:
    """Yield the whole test in order of time: its bursts, and what lies between them."""
    at_s = whole.begin_s
    for burst in sorted(bursts, key=lambda one: one.period.begin_s):
        begin_s, end_s = max(burst.period.begin_s, at_s), min(burst.period.end_s, whole.end_s)
        if not begin_s < end_s:
            continue
        if at_s < begin_s:
            yield Burst(Phase(at_s, begin_s), fastest_ul_per_h)
        yield Burst(Phase(begin_s, end_s), burst.flow_ul_per_h, burst.even)
        at_s = end_s
    if at_s < whole.end_s:
        yield Burst(Phase(at_s, whole.end_s), fastest_ul_per_h)


def _found(readings: CleanReadings, period: Phase, *, sign: float) -> Burst:
    """Return when in a period a bolus came and how fast, by the readings alone: half of it came no faster than that."""
    count = int(min(_PIECES, period.duration_s // _PIECE_S))
    if count < 2:
        return Burst(period)
    edges_s = np.linspace(period.begin_s, period.end_s, count + 1)
    rises_g = np.diff(np.interp(edges_s, readings.time_s, sign * readings.mass_g)).clip(0.0)
    order = np.argsort(rises_g)
    half = int(np.searchsorted(np.cumsum(rises_g[order]), rises_g.sum() / 2.0))
    usual_g = float(rises_g[order[min(half, count - 1)]])
    if not usual_g > 0.0:
        return Burst(period)
    last = int(np.flatnonzero(rises_g > usual_g / 2.0)[-1])
    flow_ul_per_h = usual_g / _G_PER_UL / (period.duration_s / count) * _S_PER_H
    return Burst(Phase(period.begin_s, float(edges_s[last + 1])), flow_ul_per_h, even=True)


@dataclass(frozen=True, slots=True)
class _Zone:
    """Where to look closer, the fastest flow (uL/h) there, None for any, and whether it is the flow all through."""

    period: Phase
    fastest_ul_per_h: float | None
    even: bool = False


def _zones(parts: Sequence[Burst], reach_s: float) -> Iterator[_Zone]:
    """Yield where even stretches end, and where delivery is fast or comes at once."""
    for part in parts:
        if part.flow_ul_per_h is None:
            yield _Zone(Phase(part.period.begin_s - reach_s, part.period.end_s + reach_s), None)
        elif part.period.duration_s < 4.0 * reach_s or (part.even and part.flow_ul_per_h > _FAST_UL_PER_H):
            yield _Zone(part.period, part.flow_ul_per_h, even=part.even)
    for one, two in pairwise(parts):
        if one.flow_ul_per_h is not None and two.flow_ul_per_h is not None:
            at_s = two.period.begin_s
            fastest = max(one.flow_ul_per_h, two.flow_ul_per_h)
            yield _Zone(Phase(at_s - reach_s, at_s + reach_s), fastest)


@dataclass(frozen=True, slots=True)
class _Seams:
    """Looks for falls and for rises beyond a flow, by medians of a few readings before and after each instant."""

    readings: CleanReadings
    pan: Pan

    @property
    def period_s(self) -> float:
        return max(float(np.median(np.diff(self.readings.time_s))), 1e-9)

    @property
    def reach_s(self) -> float:
        return max(_REACH_S, _REACH_READINGS * self.period_s)

    def findings(self, zone: _Zone) -> Iterator[Finding]:
        """Yield the falls, and the rises no flow explains, in a period."""
        fastest_ul_per_h = zone.fastest_ul_per_h
        width, guard = max(_FEWEST, round(_WINDOW_S / self.period_s)), max(1, math.ceil(_GUARD_S / self.period_s))
        ends_s = (zone.period.begin_s, zone.period.end_s)
        first, stop = (int(place) for place in np.searchsorted(self.readings.time_s, ends_s))
        if zone.even:
            yield from self._left_out(zone, slice(max(first - 1, 0), stop + 1))
        if stop - first < 2 * width + guard:
            return
        times = self.readings.time_s[first:stop]
        level_g = self.pan.sign * self.readings.mass_g[first:stop]
        medians = np.median(np.lib.stride_tricks.sliding_window_view(level_g, width), axis=1)
        reach = width + guard - 1
        change_g = medians[reach:] - medians[:-reach]
        # From the last reading before to the first after: what happened lies in between.
        bounds_s = (times[width - 1 :][: change_g.size], times[width + guard - 1 :][: change_g.size])
        limit_g = max(_SIGMA * self.pan.noise_g, self.pan.pull_g)
        yield from _each(change_g < -limit_g, change_g, bounds_s, self._fall)
        if fastest_ul_per_h is None:
            return
        per_s = fastest_ul_per_h * _G_PER_UL / _S_PER_H
        apart_s = times[reach:][: change_g.size] - times[: change_g.size]
        excess_g = change_g - _FASTER * (per_s * apart_s + self.pan.stroke_g)
        yield from _each(excess_g > limit_g, excess_g, bounds_s, self._rise)

    def steps_down(self, period: Phase) -> Iterator[Finding]:
        """Yield the falls too large for anything but a hand that are left in a period."""
        inside = slice(*np.searchsorted(self.readings.time_s, (period.begin_s, period.end_s)))
        times = self.readings.time_s[inside]
        fallen_g = np.diff(self.pan.sign * self.readings.mass_g[inside])
        yield from _each(fallen_g < -LARGEST_STEP_G, fallen_g, (times[:-1], times[1:]), self._load_off)

    def unseen(self, period: Phase) -> Iterator[Finding]:
        """Yield the longest stretch without readings in a period, where it is a good part of it."""
        times = self.readings.time_s
        inside = slice(*np.searchsorted(times, (period.begin_s, period.end_s)))
        edges_s = np.concatenate(([period.begin_s], times[inside], [period.end_s]))
        place = int(np.argmax(np.diff(edges_s)))
        begin_s, end_s = float(edges_s[place]), float(edges_s[place + 1])
        if end_s - begin_s > max(_UNSEEN * period.duration_s, _GAP_PERIODS * self.period_s):
            why = "what the pan was touched for cannot be told from what was delivered"
            yield self._finding("readings left out while delivery is fast", NOT_WEIGHED, begin_s, end_s, 0.0, why)

    def _left_out(self, zone: _Zone, rows: slice) -> Iterator[Finding]:
        """Yield where too little came while readings are left out: a fall hid among them."""
        times, level_g = self.readings.time_s[rows], self.pan.sign * self.readings.mass_g[rows]
        gaps_s, came_g = np.diff(times), np.diff(level_g)
        inside_s = np.minimum(times[1:], zone.period.end_s) - np.maximum(times[:-1], zone.period.begin_s)
        due_g = (zone.fastest_ul_per_h or 0.0) * _G_PER_UL / _S_PER_H * inside_s
        wanted_g = due_g / _FASTER - came_g - _FASTER * self.pan.stroke_g
        missed = (gaps_s > _GAP_PERIODS * self.period_s) & (wanted_g > max(_SIGMA * self.pan.noise_g, self.pan.pull_g))
        yield from _each(missed, -wanted_g, (times[:-1], times[1:]), self._load_off)

    def _fall(self, begin_s: float, end_s: float, size_g: float) -> Finding:
        if -size_g > _FLOWS_BACK_G:
            return self._load_off(begin_s, end_s, size_g)
        why = "liquid flowed back, or the pan was touched, while delivery was fast or changed"
        return self._finding("slow fall", "kept, U widened", begin_s, end_s, size_g, why)

    def _load_off(self, begin_s: float, end_s: float, size_g: float) -> Finding:
        why = "the pan was touched, a load taken off or the balance re-zeroed; by how much nobody can tell"
        return self._finding("fall while delivery is fast", NOT_WEIGHED, begin_s, end_s, size_g, why)

    def _rise(self, begin_s: float, end_s: float, size_g: float) -> Finding:
        why = "something fell on the pan, or the pump delivered it at once"
        return self._finding("jump", "kept, U widened", begin_s, end_s, size_g, why)

    def _finding(
        self, rule: str, treatment: Treatment, begin_s: float, end_s: float, size_g: float, why: str
    ) -> Finding:
        return Finding(
            rule=rule,
            treatment=treatment,
            begin_s=begin_s,
            end_s=end_s,
            size_mg=self.pan.sign * size_g * 1e3,
            u_mg=abs(size_g) * 1e3 / _ROOT3,
            explanation=why,
        )


def _each(
    beyond: NDArray[np.bool_],
    size_g: NDArray[np.float64],
    bounds_s: tuple[NDArray[np.float64], NDArray[np.float64]],
    finding: Callable[[float, float, float], Finding],
) -> Iterator[Finding]:
    """Yield a finding for each stretch of places beyond a limit, where it is furthest beyond."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], beyond, [False])).astype(np.int8)))
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        place = begin + int(np.argmax(np.abs(size_g[begin:end])))
        yield finding(float(bounds_s[0][place]), float(bounds_s[1][place]), float(size_g[place]))
