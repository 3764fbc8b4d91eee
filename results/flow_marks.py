"""Which stretches of a flow test no window may touch, and which steps windows carry the doubt of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.cleaning.disturbances import SMALL_FALL
from results.cleaning.exclusions import LISTED_STRETCHES
from results.cleaning.findings import Finding
from results.cleaning.gaps import MISSED_READINGS
from results.flow.continuity import BINS_PER_INTERVAL
from results.flow.marks import Marks, Steps
from results.flow.trumpet import WindowError
from results.series import FlowPhases

_EITHER_OR = math.sqrt(0.5)
_CLOCK = "clock set back"
_DOUBTFUL = ("jump", "slow fall", SMALL_FALL, "pause of the delivery", "surge of the delivery")
_DROPS = "drops"


@dataclass(frozen=True, slots=True)
class Unweighed:
    """Stretches without a usable reading longer than `limit_s`, between the first and the last phase.

    How many, their total and longest, and the first of them, (begin, end) each (s). No window touches any.
    """

    limit_s: float
    count: int
    total_s: float
    longest_s: float
    listed_s: tuple[tuple[float, float], ...]


def bridged_s(time_s: NDArray[np.float64], *, sample_interval_s: float) -> float:
    """Return the longest gap (s) between readings that interpolation bridges: S / 30, or three readings if longer.

    What came in such a gap may be a whole gap out in time: a window's end then stands for one up to S / 30 away.
    """
    usual_s = float(np.median(np.diff(time_s))) if time_s.size > 1 else 0.0
    return max(sample_interval_s / BINS_PER_INTERVAL, MISSED_READINGS * usual_s)


def flow_marks(
    time_s: NDArray[np.float64],
    findings: Sequence[Finding],
    *,
    sample_interval_s: float,
    ul_per_g: float,
) -> Marks:
    """Return the marks of usable readings at increasing times (s), and of what was found in them.

    Excluded: gaps longer than are bridged, and instants at which the clock was set back by more. A repair that ends
    (a load taken off again) is a step at either end, and none to the windows in between.
    """
    limit_s = bridged_s(time_s, sample_interval_s=sample_interval_s)
    places = np.flatnonzero(np.diff(time_s) > limit_s)
    gaps_s = np.column_stack((time_s[places], time_s[places + 1]))
    clock_s = [(found.begin_s, found.end_s) for found in findings if found.rule == _CLOCK and found.drift_s > limit_s]
    ul_per_mg = ul_per_g * 1e-3
    return Marks(
        excluded_s=np.concatenate((gaps_s, np.array(clock_s).reshape(-1, 2))),
        repaired=_steps(
            (stretch, found.u_mg * ul_per_mg)
            for found in findings
            if found.treatment == "repaired"
            for stretch in _edges(found)
        ),
        doubtful=_steps(
            ((found.begin_s, found.end_s), abs(found.size_mg) * _EITHER_OR * ul_per_mg)
            for found in findings
            if found.rule in _DOUBTFUL and found.treatment == "kept, U widened"
        ),
        hanging_u_ul=max((found.u_mg for found in findings if found.rule == _DROPS), default=0.0)
        * ul_per_mg
        * _EITHER_OR,
        bridged_s=limit_s,
    )


def unweighed(marks: Marks, phases: FlowPhases) -> Unweighed:
    """Return what the record says of the excluded stretches that touch the phases."""
    stretches = marks.excluded_s
    inside = stretches[(stretches[:, 0] < phases.end_s) & (stretches[:, 1] > phases.begin_s)]
    inside = inside[np.argsort(inside[:, 0], kind="stable")]
    lengths_s = inside[:, 1] - inside[:, 0]
    return Unweighed(
        limit_s=marks.bridged_s,
        count=lengths_s.size,
        total_s=float(np.sum(lengths_s)),
        longest_s=float(np.max(lengths_s, initial=0.0)),
        listed_s=tuple((float(begin), float(end)) for begin, end in inside[:LISTED_STRETCHES]),
    )


def window_notes(trumpet: Sequence[WindowError]) -> tuple[str, ...]:
    """Return which windows were left out, in words, or nothing."""
    left_out = [row for row in trumpet if row.windows_excluded]
    if not left_out:
        return ()
    counts = ", ".join(
        f"{row.windows_excluded} of {row.windows + row.windows_excluded} of {row.window_s / 60.0:g} min"
        for row in left_out
    )
    note = f"windows left out of the trumpet, for they touch a stretch that was not weighed: {counts}"
    silent = [f"{row.window_s / 60.0:g} min" for row in left_out if row.windows == 0]
    return (note, f"no statement on windows of {', '.join(silent)}") if silent else (note,)


def _edges(found: Finding) -> tuple[tuple[float, float], ...]:
    if found.lasting:
        return ((found.begin_s, found.end_s),)
    return (found.begin_s, found.begin_s), (found.end_s, found.end_s)


def _steps(entries: Iterable[tuple[tuple[float, float], float]]) -> Steps:
    listed = list(entries)
    return Steps(
        stretches_s=np.array([stretch for stretch, _ in listed]).reshape(-1, 2),
        u_ul=np.array([u_ul for _, u_ul in listed]),
    )
