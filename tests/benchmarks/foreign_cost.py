"""What reading and evaluating a foreign file costs in time and memory.

Run by hand: `python -m tests.benchmarks.foreign_cost [READINGS]` (10 million by default). Nothing here is a test.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from results.foreign.evaluate import evaluate_foreign, read_foreign
from tests.results.foreign.files import FLOW, changed, conditions_of

STEP_S = 0.1
PIECE = 500_000


def write_readings(path: Path, count: int) -> None:
    """Write readings of 9 uL/h at 10 Hz."""
    generator = np.random.default_rng(1)
    with path.open("w", encoding="utf-8") as file:
        file.write("t,m\n")
        for first in range(0, count, PIECE):
            time_s = np.arange(first, min(first + PIECE, count)) * STEP_S
            mass_g = 5.0 + 9.0 / 3600.0 * 0.998e-3 * time_s + 1e-5 * generator.standard_normal(time_s.size)
            file.writelines(f"{at:.1f},{grams:.6f}\n" for at, grams in zip(time_s, mass_g, strict=True))


def main() -> None:
    """Print the costs as JSON."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    conditions = conditions_of(changed(FLOW, periods={"analysis": [0.0, (count * STEP_S - 1.0) // 900.0 * 900.0]}))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "readings.csv"
        write_readings(path, count)
        begin = time.perf_counter()
        read_foreign(path, conditions)
        read_s = time.perf_counter() - begin
        begin = time.perf_counter()
        refusal = evaluate_foreign(path, conditions).refusal
        whole_s = time.perf_counter() - begin
        megabytes = path.stat().st_size / 1e6
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    costs = {"readings": count, "file_mb": megabytes, "read_s": read_s, "whole_s": whole_s, "peak_mb": peak_mb}
    sys.stdout.write(json.dumps(costs | {"refusal": refusal}, indent=2) + "\n")


if __name__ == "__main__":
    main()
