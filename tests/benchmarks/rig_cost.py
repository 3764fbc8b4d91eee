"""What the whole rig costs at wall-clock time: its share of a core at 4 x 1 kHz, and the time to its first sample.

`python -m tests.benchmarks.rig_cost [ROUNDS] [LASTING_S]`. Reports, asserts nothing. The twin runs in a process of its
own, as an instrument would; the rig is a pytest session as a person starts one, its watchdog a process beside it.
Shares are processor time over wall time while the pump infuses, blocks of 0.1 s, everything else sampled as usual.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import psutil

from instruments.clock import host_monotonic_s, utc_now
from instruments.clock.interface import host_sleep
from results.trace.reader import read_trace
from results.trace.schema import MASS
from tests.end_to_end.bench_runs import LONG_ENOUGH_S, ROOT, found_runs, protocol_command, wait_for_phase
from tests.proof.kill.benches import Bench, running_bench

_SHORT_RUN = ROOT / "tests" / "proof" / "kill" / "short_run.toml"


def main(rounds: int, lasting_s: float) -> None:
    """Run and report."""
    load = os.getloadavg()[0]
    shares: dict[str, list[float]] = {"rig": [], "watchdog": []}
    starts_s: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        protocols = _protocols(Path(name) / "protocols", lasting_s)
        with running_bench(Path(name) / "station", "external") as bench:
            for number in range(rounds):
                found, start_s = _measured(bench, protocols, Path(name) / f"runs{number}", lasting_s)
                starts_s.append(start_s)
                for who, share in found.items():
                    shares[who].append(share)
    for who, found_shares in shares.items():
        sys.stdout.write(f"{who}, 4 x 1 kHz: {_figures(found_shares)} % of a core\n")
    sys.stdout.write(f"start to first sample: {_figures(starts_s)} s\n")
    sys.stdout.write(f"{rounds} rounds of {lasting_s:g} s; load {load:.1f} before, {os.getloadavg()[0]:.1f} after\n")


def _figures(values: Sequence[float]) -> str:
    return f"median {statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _protocols(folder: Path, lasting_s: float) -> Path:
    """Write the short run with a long infusion and fast sampling; return its protocol."""
    folder.mkdir()
    for source in (ROOT / "conftest.py", ROOT / "pyproject.toml", _SHORT_RUN.with_suffix(".py")):
        shutil.copy(source, folder)
    text = _SHORT_RUN.read_text(encoding="utf-8")
    changes = {
        "before_s = 2.0": f"before_s = {lasting_s + 10.0}",
        "pressure_rate_hz = 50.0": "pressure_rate_hz = 1000.0",
        "pressure_block_s = 0.2": "pressure_block_s = 0.1",
    }
    for old, new in changes.items():
        if old not in text:
            raise ValueError(f"the short plan does not contain {old!r}")
        text = text.replace(old, new)
    (folder / _SHORT_RUN.name).write_text(text, encoding="utf-8")
    return folder / "short_run.py"


def _measured(bench: Bench, protocol: Path, runs: Path, lasting_s: float) -> tuple[dict[str, float], float]:
    """Return the shares of a core, %, and the time from start to first sample, s, of one session."""
    command = protocol_command(
        runs, "--station", str(bench.station), "--case", bench.case, protocols=f"{protocol}::test_whole"
    )
    begun = utc_now()
    rig = subprocess.Popen(
        command, cwd=protocol.parent, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=bench.environment()
    )
    try:
        wait_for_phase(runs, "before stop")
        host_sleep(2.0)
        watched = {"rig": psutil.Process(rig.pid)}
        watched["watchdog"] = next(one for one in watched["rig"].children() if "rig.watchdog" in one.cmdline())
        before, from_s = {who: _cpu_s(one) for who, one in watched.items()}, host_monotonic_s()
        host_sleep(lasting_s)
        after, until_s = {who: _cpu_s(one) for who, one in watched.items()}, host_monotonic_s()
        rig.wait(LONG_ENOUGH_S)
    finally:
        rig.kill()
        rig.wait()
    (run,) = found_runs(runs)
    trace = read_trace(run.trace)
    anchor = next(event for event in trace.events if event.kind == "clock_anchor")
    first_s = (int(trace.stream(MASS).time_ns[0]) - anchor.time_ns) / 1e9
    start_s = (datetime.fromisoformat(str(anchor.data["utc"])) - begun).total_seconds() + first_s
    return {who: 100.0 * (after[who] - before[who]) / (until_s - from_s) for who in watched}, start_s


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, float(sys.argv[2]) if len(sys.argv) > 2 else 30.0)
