"""What an evaluation costs: a whole one against the length of the record, a trumpet against `numpy.cumsum`.

Run by hand: `python -m tests.benchmarks.evaluation_cost`. Nothing here is a test. Every time is the best of three.
"""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from results.evaluate_flow import evaluate_flow
from results.flow.grid import GridSeries
from results.flow.trumpet import trumpet
from results.series import AmbientSeries, FlowSeries
from tests.results.synthetic import BENCH, Truth, evaluation_of, simulate

DAYS = (3.5, 14.0, 56.0)
WINDOWS = (4, 10, 22, 38, 62)
SAMPLES = 1_000_000


def best_s(work: Callable[[], object]) -> float:
    """Return the shortest of three runs, s."""
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def series_of(days: float) -> FlowSeries:
    """Return a record of so many days at 1 Hz, the air every 10 s."""
    analysis_s = round((days * 24.0 - 28.0) * 4.0) * 900.0
    series = simulate(Truth(analysis_s=analysis_s, step_s=1.0), 1).series
    air = series.ambient
    if air is None:
        raise ValueError("a synthetic run has air")
    tenth = slice(None, None, 10)
    columns = (air.time_s, air.temperature_c, air.humidity_percent, air.pressure_hpa)
    return replace(series, ambient=AmbientSeries(*(column[tenth].copy() for column in columns)))


def evaluation_rows() -> list[dict[str, float]]:
    """Return readings, seconds, seconds per million readings and extra memory of whole evaluations."""
    rows = []
    for days in DAYS:
        series, plan = series_of(days), evaluation_of()
        seconds = best_s(partial(evaluate_flow, series, plan, bench=BENCH))
        tracemalloc.start()
        evaluate_flow(series, plan, bench=BENCH)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        count = series.time_s.size
        rows.append(
            {
                "days": days,
                "readings": count,
                "seconds": round(seconds, 3),
                "seconds_per_million": round(seconds / count * 1e6, 3),
                "extra_memory_mb": round(peak / 1e6, 1),
            }
        )
    return rows


def trumpet_row() -> dict[str, float]:
    """Return the cost of a trumpet, and of one `numpy.cumsum` per window, over a million samples."""
    volume = np.cumsum(np.random.default_rng(1).random(SAMPLES))
    grid = GridSeries(begin_s=0.0, sample_interval_s=30.0, volume_ul=volume, largest_gap_s=30.0)
    whole = best_s(lambda: trumpet(grid, set_flow_ul_per_h=9.0, sample_counts=WINDOWS))
    sums = best_s(lambda: [np.cumsum(volume) for _ in WINDOWS])
    return {"trumpet_s": round(whole, 4), "cumsums_s": round(sums, 4), "ratio": round(whole / sums, 2)}


if __name__ == "__main__":
    json.dump({"evaluation": evaluation_rows(), "trumpet": trumpet_row()}, sys.stdout, indent=1)
    sys.stdout.write("\n")
