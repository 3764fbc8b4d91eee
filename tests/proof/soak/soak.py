"""A soak: one long run with faults at random, and what became of its process, its samples and its verdict."""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from results.trace.events import read_events
from tests.end_to_end.bench_runs import ROOT, add_events, copy_protocols, found_runs, make_station, protocol_command
from tests.proof.kill.digests import acknowledged_in
from tests.proof.soak.faults import GAPS, events
from tests.proof.soak.meter import EVERY_H, FILE

WARM_UP_SHARE = 0.3
"""The first part of the run, through which no line is laid: caches fill, pools grow.

The twin's slowest noises take four days to fill their buffers.
"""

METERS = {
    "memory_mb": "resident memory of no file, MB",
    "file_mb": "resident memory of files: libraries, and the twin's truth, MB",
    "objects": "Python objects",
    "threads": "threads of the rig",
    "twin_threads": "threads of the twin",
    "other_threads": "threads of libraries",
    "descriptors": "open descriptors",
}

ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}
"""The C library (glibc) keeps free pieces of memory for each thread apart, the more the longer: not here."""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line through a meter after the warm-up: its slope a day with the half-width of its 95 % interval.

    Readings that follow each other resemble each other: the interval is that of as many fewer independent ones as
    their residuals' first autocorrelation says.
    """

    per_day: float
    half_width_per_day: float
    lowest: float
    highest: float
    rise_percent: float


@dataclass(frozen=True, slots=True)
class Soaked:
    """What a soak showed. `lost` says which acknowledged samples the trace lacks; `gaps`: links lost and had again."""

    hours: NDArray[np.float64]
    meters: Mapping[str, NDArray[np.float64]]
    verdict: str
    reason: str
    acknowledged: int
    lost: tuple[str, ...]
    gaps: int
    output: str

    def line(self, meter: str) -> Line:
        """Return the line through a meter."""
        later = self.hours >= WARM_UP_SHARE * self.hours[-1]
        values, days = self.meters[meter][later], self.hours[later] / 24.0
        if np.ptp(values) == 0.0:
            return Line(0.0, 0.0, values[0], values[0], 0.0)
        fit = stats.linregress(days, values)
        residuals = values - fit.intercept - fit.slope * days
        alike = min(max(0.0, float(np.corrcoef(residuals[:-1], residuals[1:])[0, 1])), 0.99)
        independent = values.size * (1.0 - alike) / (1.0 + alike)
        widened = math.sqrt(values.size / independent) * fit.stderr
        half_width = float(stats.t.ppf(0.975, max(1.0, independent - 2.0)) * widened)
        return Line(
            float(fit.slope),
            half_width,
            values.min(),
            values.max(),
            float(100.0 * fit.slope * np.ptp(days) / values[0]),
        )


def soak(
    folder: Path,
    *,
    protocol: str,
    case: str,
    seed: int,
    from_s: float,
    until_s: float,
    every_h: float,
    times: float = 1.0,
) -> Soaked:
    """Run a case, with gaps allowed, on the simulated station with faults between two times, and read its meters.

    `from_s` to `until_s`, s of station time: while nothing is told to the pump, which a lost link does not forgive.
    """
    station = add_events(make_station(folder / "bench"), *events(seed, from_s=from_s, until_s=until_s, times=times))
    meter = folder / "meter.jsonl"
    table = f"[case.{case}]\n"
    copy = copy_protocols(folder / "copy", {table: f"[case.{case}.gaps]\n{GAPS}\n{table}"}, protocol=protocol)
    command = protocol_command(
        folder / "runs", "--station", str(station), "--case", case, protocols=str(copy / "protocols" / f"{protocol}.py")
    )
    done = subprocess.run(
        [*command, "-p", "tests.proof.soak.meter", "--seed", str(seed)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **ONE_ARENA, FILE: str(meter), EVERY_H: str(every_h), "COLUMNS": "160"},
        check=False,
    )
    lines: list[dict[str, Any]] = [json.loads(line) for line in meter.read_text(encoding="utf-8").splitlines()]
    readings = [line for line in lines if "time_h" in line]
    durable = lines[-1]["durable"]
    (run,) = found_runs(folder / "runs")
    kinds = Counter(event.kind for event in read_events(run.events).events)
    record = json.loads(run.record.read_text(encoding="utf-8"))
    return Soaked(
        hours=np.array([one["time_h"] for one in readings]),
        meters={name: np.array([float(one[name]) for one in readings]) for name in METERS},
        verdict=record["verdict"],
        reason=record["reason"],
        acknowledged=sum(int(count) for count, _ in durable.values()),
        lost=tuple(acknowledged_in(run.trace, durable)),
        gaps=kinds["link_restored"],
        output=done.stdout + done.stderr,
    )
