"""The benches that are killed at: a station attached to a twin in a process of its own, and the twin's witness."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.bench_runs import ROOT, make_station

ENDED_WITHIN_S = 60.0

_ATTACHED = {'file = "twin.toml"': 'file = "twin.toml"\nattach = "twin.json"'}
_SHORT_BLOCKS = {"pressure_block_s = 10.0": "pressure_block_s = 0.2"}
_OCCLUDER_LINE = 'name = "occluder"\nline = "port0/line1"\n'
_RELAY_LINE = '\n[[lines.lines]]\nname = "pump_power"\nline = "port0/line2"\n'
_NO_RELAY = 'relay = false\nreason = "an ambulatory pump runs on its own battery: its communication'
_RELAY = {
    f'{_NO_RELAY} time-out is the last resort"': "relay = true",
    _OCCLUDER_LINE: f"{_OCCLUDER_LINE}{_RELAY_LINE}",
}


@dataclass(frozen=True, slots=True)
class Bench:
    """A station with its twin running. `case` is the case of the short plan that suits its pump."""

    station: Path
    witness: Path
    state: Path
    case: str
    has_relay: bool

    def environment(self) -> dict[str, str]:
        """Return the environment of every process that works on it: the state of its station is its own."""
        return {**os.environ, "PUMP_BENCH_RIG_STATE": str(self.state), "COLUMNS": "160"}


@contextmanager
def running_bench(folder: Path, kind: str) -> Iterator[Bench]:
    """Write a station ("external": with a power relay; "implant": without) and run its twin within the block."""
    external = kind == "external"
    station = make_station(
        folder / "bench",
        station={**_ATTACHED, **_SHORT_BLOCKS, **(_RELAY if external else {})},
        base="simulated-external" if external else "simulated",
    )
    with station.open("a", encoding="utf-8") as file:
        file.write("\n[watchdog]\ntimeout_s = 3.0\n")
    bench = Bench(station, folder / "witness.jsonl", folder / "state", kind, has_relay=external)
    command = [sys.executable, "-m", "rig", "simulate", str(station), "--seed", "1", "--log", str(bench.witness)]
    with (folder / "twin.txt").open("wb") as complaints:
        twin = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=complaints, env=bench.environment())
    try:
        if twin.stdout is None:
            raise RuntimeError("the twin says nothing")
        addresses = twin.stdout.readline()
        if not addresses:
            raise RuntimeError(f"the twin did not start: {(folder / 'twin.txt').read_text()}")
        station.with_name("twin.json").write_bytes(addresses)
        yield bench
        twin.send_signal(signal.SIGTERM)
        twin.wait(ENDED_WITHIN_S)
    finally:
        twin.kill()
        twin.communicate()
