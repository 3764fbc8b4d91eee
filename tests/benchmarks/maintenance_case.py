"""What the maintenance case costs: `python -m tests.benchmarks.maintenance_case [SEEDS]`. Reports, asserts nothing.

Runs the whole session in a process of its own, as a person does, once per seed (1, 2, ...), and prints wall time,
processor time, peak memory and the measured against the true flow, then median and spread.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
from pathlib import Path

from instruments.clock import host_monotonic_s
from tests.end_to_end.bench_runs import error_percent, run_protocols

STATION_S = 1800 + 7200 + 86400 + 90000 + 7200


def main(seeds: int) -> None:
    """Run and report."""
    walls: list[float] = []
    say = sys.stdout.write
    say("| seed | wall s | cpu s | peak MB | error % | U % | verdict |\n|---|---|---|---|---|---|---|\n")
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory() as folder:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            started_s = host_monotonic_s()
            options = ("--station", "simulated", "--case", "maintenance", "--seed", str(seed))
            finished = run_protocols(Path(folder), *options)
            walls.append(host_monotonic_s() - started_s)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            error, expanded = error_percent(finished.run, finished.record)
            say(
                f"| {seed} | {walls[-1]:.1f} | {cpu_s:.1f} | {after.ru_maxrss / 1024:.0f} "
                f"| {error:+.3f} | {expanded:.3f} | {finished.record['verdict']} |\n"
            )
            sys.stdout.flush()
    say(f"\nwall: median {statistics.median(walls):.1f} s, {min(walls):.1f} to {max(walls):.1f} s; ")
    say(f"{STATION_S / statistics.median(walls):.0f} times real time\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
