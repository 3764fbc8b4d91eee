"""Two clocks, one time base: when hardware-timed samples were taken, in station time, and how well that is known.

A stream of hardware-timed samples has nominal times: the start of its task plus whole periods of a sample clock that
is a little fast or slow. About once a second the record says (stream `sample_clock`) that a sample had been read by a
station time, and by how much earlier it may have been taken. Each such row bounds the sample's station time from both
sides; the straight lines through all bounds are what the two clocks may have been to each other. The bounds are a
linear programme, as in Moon, Skelly and Towsley, "Estimation and removal of clock skew from network delay
measurements", IEEE INFOCOM 1999, which has the upper ones only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from results.trace.reader import Trace
from results.trace.schema import SAMPLE_CLOCK

_ROOT3 = math.sqrt(3.0)
_MS = 1e3  # the programme is solved in ms: its tolerances suit numbers near 1


@dataclass(frozen=True, slots=True)
class SampleClock:
    """Station time less nominal time at two nominal times, s, each within +/- its half width; between them a line.

    `misfit_s`: by how much no straight line fits the bounds; it is part of the half widths.
    """

    begin_s: float
    end_s: float
    begin_offset_s: float
    end_offset_s: float
    begin_half_width_s: float
    end_half_width_s: float
    misfit_s: float = 0.0

    def station_s(self, nominal_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return station times of nominal times, s."""
        late = self._part(nominal_s)
        return np.asarray(nominal_s + self.begin_offset_s + late * (self.end_offset_s - self.begin_offset_s))

    def nominal_s(self, station_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the nominal times that have these station times, s."""
        per_s = (self.end_offset_s - self.begin_offset_s) / (self.end_s - self.begin_s)
        return np.asarray(self.begin_s + (station_s - self.begin_s - self.begin_offset_s) / (1.0 + per_s))

    def half_width_s(self, nominal_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how much station times may be wrong, s: anywhere within, equally likely."""
        late = self._part(nominal_s)
        return np.asarray(np.abs(1.0 - late) * self.begin_half_width_s + np.abs(late) * self.end_half_width_s)

    @property
    def rate_error_ppm(self) -> float:
        """By how much the sample clock runs fast against station time."""
        return -1e6 * (self.end_offset_s - self.begin_offset_s) / (self.end_s - self.begin_s)

    @property
    def rate_u_ppm(self) -> float:
        """Standard uncertainty of the rate error."""
        return 1e6 * (self.begin_half_width_s + self.end_half_width_s) / (self.end_s - self.begin_s) / _ROOT3

    def _part(self, nominal_s: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((nominal_s - self.begin_s) / (self.end_s - self.begin_s))


def fit_sample_clock(
    nominal_s: NDArray[np.float64], read_s: NDArray[np.float64], early_s: NDArray[np.float64]
) -> SampleClock:
    """Return the clock that fits samples read by station time `read_s` and taken at most `early_s` before; shape (n,).

    Errors: ValueError for fewer than two different nominal times, or bounds that are no numbers.
    """
    bounds = np.stack((nominal_s, read_s, early_s))
    if not (np.isfinite(bounds).all() and (early_s >= 0.0).all()):
        raise ValueError("a bound of the sample clock is no number, or lies before what it bounds")
    if nominal_s.size < 2 or not nominal_s.min() < nominal_s.max():
        raise ValueError("one instant says nothing of a clock's rate: two are needed")
    begin_s, end_s = float(nominal_s.min()), float(nominal_s.max())
    part = (nominal_s - begin_s) / (end_s - begin_s)
    latest_ms = _MS * (read_s - nominal_s)
    shift_ms = float(np.median(latest_ms))
    latest = _hull(part, latest_ms - shift_ms)
    earliest = _hull(part, shift_ms - latest_ms + _MS * early_s)
    sides = [(p, bound, 1.0) for p, bound in latest] + [(p, bound, -1.0) for p, bound in earliest]
    # Unknown: offset at the begin, offset at the end, and how far beyond a bound a line may have to go.
    rows = np.array([(sign * (1.0 - p), sign * p, -1.0) for p, _, sign in sides])
    limits = np.array([bound for _, bound, _ in sides])
    misfit_ms = _least(rows, limits, (0.0, 0.0, 1.0), most=math.inf)
    # A hair more: at the least misfit only one line is left, and rounding may leave none.
    allowed_ms = misfit_ms * (1.0 + 1e-6) + 1e-6
    ends = []
    for end in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)):
        low = _least(rows, limits, end, most=allowed_ms)
        high = -_least(rows, limits, [-one for one in end], most=allowed_ms)
        ends.append((((low + high) / 2.0 + shift_ms) / _MS, (high - low) / 2.0 / _MS))
    (begin_offset_s, begin_half_s), (end_offset_s, end_half_s) = ends
    misfit_s = misfit_ms / _MS
    return SampleClock(
        begin_s, end_s, begin_offset_s, end_offset_s, begin_half_s + misfit_s, end_half_s + misfit_s, misfit_s
    )


def read_sample_clock(trace: Trace) -> SampleClock | None:
    """Return the sample clock of a trace, or None where the trace says too little of it."""
    if SAMPLE_CLOCK not in {spec.name for spec in trace.spec} or trace.stream(SAMPLE_CLOCK).count < 2:
        return None
    stream = trace.stream(SAMPLE_CLOCK)
    return fit_sample_clock(
        stream.column("nominal_s").astype(np.float64), stream.time_s, stream.column("early_s").astype(np.float64)
    )


def _least(rows: NDArray[np.float64], limits: NDArray[np.float64], costs: Sequence[float], *, most: float) -> float:
    """Return the least cost of offsets (ms) within limits, which may be exceeded by `most`."""
    free = (None, None)
    found = linprog(costs, A_ub=rows, b_ub=limits, bounds=[free, free, (0.0, None if most == math.inf else most)])
    if not found.success or found.fun is None:
        raise ValueError(f"the bounds of the sample clock have no solution: {found.message}")
    return float(found.fun)


def _hull(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return the corners of the lower convex hull: a line below them is below all points (Andrew's monotone chain)."""
    order = np.lexsort((y, x))
    corners: list[tuple[float, float]] = []
    for point in zip(x[order].tolist(), y[order].tolist(), strict=True):
        while len(corners) > 1 and _turns_down(corners[-2], corners[-1], point):
            corners.pop()
        corners.append(point)
    return corners


def _turns_down(first: tuple[float, float], middle: tuple[float, float], last: tuple[float, float]) -> bool:
    return (middle[0] - first[0]) * (last[1] - first[1]) <= (middle[1] - first[1]) * (last[0] - first[0])
