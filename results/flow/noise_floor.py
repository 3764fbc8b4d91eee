"""The pump-off trumpet: what the same windows show while nothing is delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from results.flow.grid import GridSeries


@dataclass(frozen=True, slots=True)
class PumpOffWindow:
    """Apparent flow error (% of the set flow) of the windows that fit into the blanks; 0 would be a perfect bench."""

    window_s: float
    samples: int
    windows: int
    ep_max_percent: float
    ep_min_percent: float


def pump_off_trumpet(
    blanks: Sequence[GridSeries], *, set_flow_ul_per_h: float, sample_counts: Sequence[int]
) -> tuple[PumpOffWindow, ...]:
    """Return the extremes of all windows of each length over all blanks.

    Windows that touch an excluded stretch are left out, and so are lengths of which no window is left.
    """
    rows = []
    for samples in sample_counts:
        holding = [blank for blank in blanks if blank.intervals >= samples]
        if not holding:
            continue
        window_s = samples * holding[0].sample_interval_s
        differences = np.concatenate(
            [
                (blank.volume_ul[samples:] - blank.volume_ul[:-samples])[blank.usable_windows(samples)]
                for blank in holding
            ]
        )
        if differences.size == 0:
            continue
        errors = differences * (100.0 * 3600.0 / window_s / set_flow_ul_per_h)
        rows.append(
            PumpOffWindow(
                window_s=window_s,
                samples=samples,
                windows=errors.size,
                ep_max_percent=float(errors.max()),
                ep_min_percent=float(errors.min()),
            )
        )
    return tuple(rows)
