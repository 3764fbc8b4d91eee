"""From a pressure beyond the rig's own limit to the stop command on the pump's wire, at wall-clock time.

`python -m tests.benchmarks.reaction_time [CROSSINGS] [BLOCK_S]`. Reports, asserts nothing. The twin runs in a process
of its own; its transducer is put under a pressure beyond the burst limit at scheduled times, and its witness notes when
the pump is told to stop, on the same clock. Between the two lie the rest of the block, the read, the interlock and the
wire. Every instrument is sampled meanwhile, four channels at 1 kHz. Aim: block length and 5 ms.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from results.trace.events import EventLog
from results.trace.journal import JournalWriter
from results.trace.schema import Block
from rig.acquisition.acquisition import Acquisition
from rig.acquisition.stream import Item, SampleStream
from rig.acquisition.writer import TraceWriter
from rig.run_header import stream_specs
from rig.safety.interlocks import Interlocks
from rig.safety.safe_state import SafeState
from rig.station import Station, open_station
from rig.stations.file import load_station_file
from rig.trip import Trip
from tests.end_to_end.bench_runs import LONG_ENOUGH_S, ROOT, add_events, make_station

STATION = "simulated-external"
RATE_HZ = 1000.0
FIRST_S, EVERY_S, LASTING_S = 20.0, 0.9, 0.4
LIMIT_KPA, BEYOND_KPA = 200.0, 203.0
HEADER = {"run_id": "reaction", "start_utc": "2026-01-01T00:00:00+00:00", "simulated": True}


class Rearmed:
    """Interlocks that make the bench safe, and are armed again once the pressure is back."""

    def __init__(self, station: Station, safe_state: SafeState) -> None:
        self._station = station
        self._safe_state = safe_state
        self._tripped = False
        self._interlocks = self._armed()

    def watch(self, item: Item) -> None:
        """Hand an item to the interlocks of the time."""
        if self._tripped and isinstance(item, Block) and item.stream == "pressure_line":
            self._tripped = float(item.columns["pressure_kpa"].max()) >= LIMIT_KPA
            if not self._tripped:
                self._interlocks = self._armed()
        if not self._tripped:
            self._interlocks.watch(item)

    def _armed(self) -> Interlocks:
        interlocks = Interlocks(self._station.interlock_limits(self._station.file.sampling), clock=self._station.clock)
        interlocks.call_on_trip(self._trip)
        return interlocks

    def _trip(self, trip: Trip) -> None:
        self._tripped = True
        self._safe_state.enter(trip.reason)


def main(crossings: int, block_s: float) -> None:
    """Run and report."""
    # Crossings fall anywhere within a block.
    phases_s = np.random.default_rng(1).uniform(0.0, 0.2, crossings)
    times_s = FIRST_S + EVERY_S * np.arange(crossings) + phases_s
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stops_s = _stops_s(folder, times_s.tolist(), block_s)
    following = np.searchsorted(stops_s, times_s)
    answered = following < stops_s.size
    reactions_s = stops_s[following[answered]] - times_s[answered]
    seen_s = reactions_s[reactions_s < LASTING_S]
    median_ms, p99_ms = 1e3 * np.percentile(seen_s, (50.0, 99.0))
    sys.stdout.write(
        f"{seen_s.size} of {crossings} crossings, blocks of {block_s:g} s: median {median_ms:.1f} ms, "
        f"p99 {p99_ms:.1f} ms, longest {1e3 * seen_s.max():.1f} ms (aim {1e3 * block_s + 5.0:g} ms)\n"
    )


def _stops_s(folder: Path, times_s: Sequence[float], block_s: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return when the pump was told to stop, in the twin's time."""
    attached = {'file = "twin.toml"': 'file = "twin.toml"\nattach = "at.json"'}
    path = make_station(folder / "bench", station=attached, base=STATION)
    for at_s in times_s:
        apply = f'kind = "operation"\naction = "apply_pressure"\nvalues = {{ line = {BEYOND_KPA} }}\nat_s = {at_s}'
        add_events(path, apply, f'kind = "operation"\naction = "release_pressure"\nat_s = {at_s + LASTING_S}')
    witness = folder / "witness.jsonl"
    command = [sys.executable, "-m", "rig", "simulate", str(path), "--seed", "1", "--log", str(witness)]
    twin = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        if twin.stdout is None:
            raise RuntimeError("the twin says nothing")
        path.with_name("at.json").write_text(twin.stdout.readline())
        station = open_station(load_station_file(str(path)), virtual=False, seed=1)
        try:
            with station.clock.participate("protocol"):
                _watch(station, folder, block_s, lasting_s=times_s[-1] + 2.0)
        finally:
            station.close()
        twin.send_signal(signal.SIGTERM)
        twin.wait(LONG_ENOUGH_S)
    finally:
        twin.kill()
        twin.communicate()
    told = [json.loads(line) for line in witness.read_text().splitlines()]
    return np.array([one["t_s"] for one in told if one["device"] == "pump" and "STOP" in one["told"].split()])


def _watch(station: Station, folder: Path, block_s: float, *, lasting_s: float) -> None:
    sampling = station.file.sampling.model_copy(update={"pressure_rate_hz": RATE_HZ, "pressure_block_s": block_s})
    sampled, stream, clock = station.sampled(sampling), SampleStream(), station.clock
    specs = stream_specs(sampled, station.prepare())
    writer = TraceWriter(stream, JournalWriter(folder / "journal.sqlite", header=HEADER, streams=specs), specs)
    stream.subscribe(Rearmed(station, station.safe_state).watch)
    with EventLog(folder / "events.jsonl") as log:
        acquisition = Acquisition(sampled, clock=clock, stream=stream, event_log=log, on_fault=lambda name, error: None)
        acquisition.start()
        clock.sleep_until(clock.now() + lasting_s)
        acquisition.stop()
        writer.finish()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, float(sys.argv[2]) if len(sys.argv) > 2 else 0.1)
