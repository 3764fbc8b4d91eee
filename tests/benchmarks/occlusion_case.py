"""What half an hour of occlusion at 1 kHz on four channels costs: `python -m tests.benchmarks.occlusion_case [SEEDS]`.

Reports, asserts nothing. On the simulated station with an external pump, at virtual time, with everything a case has:
four hardware-timed channels, balance, ambient, telemetry, interlocks, journal and seal. For blocks of 1 s and of 0.1 s
it prints wall time (sealing apart), processor time, and the samples in the trace. `--profile BLOCK_S` runs once under
the profiler instead, the pressure's thread by itself.
"""

from __future__ import annotations

import cProfile
import pstats
import resource
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from instruments.clock import Event, host_monotonic_s
from instruments.program import continuous
from results.trace.events import EventLog
from results.trace.journal import JournalWriter
from results.trace.reader import read_trace
from results.trace.seal import seal
from rig.acquisition.acquisition import Acquisition
from rig.acquisition.pressure_sampler import PressureSampler
from rig.acquisition.stream import SampleStream
from rig.acquisition.writer import TraceWriter
from rig.run_header import stream_specs
from rig.safety.interlocks import Interlocks
from rig.station import Station, open_station
from rig.stations.file import load_station_file
from rig.valves import OCCLUDER, OUTLET

STATION = "simulated-external"
RATE_HZ = 1000.0
BLOCKS_S = (1.0, 0.1)
FLOW_UL_PER_H = 5000.0
OCCLUDED_S, RELEASED_S, END_S = 600.0, 1200.0, 1800.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall and processor time of a case (s), wall time of its seal (s), and samples in its trace."""

    wall_s: float
    cpu_s: float
    seal_s: float
    samples: int


def main(seeds: int) -> None:
    """Run and report."""
    say = sys.stdout.write
    say("| seed | block s | wall s | cpu s | seal s | samples |\n|---|---|---|---|---|---|\n")
    for seed in range(1, seeds + 1):
        for block_s in BLOCKS_S:
            with tempfile.TemporaryDirectory() as folder:
                cost = run_case(Path(folder), seed=seed, block_s=block_s)
            walls = f"{cost.wall_s:.1f} | {cost.cpu_s:.1f} | {cost.seal_s:.1f}"
            say(f"| {seed} | {block_s:g} | {walls} | {cost.samples} |\n")
            sys.stdout.flush()


def run_case(folder: Path, *, seed: int, block_s: float) -> Cost:
    """Run the case once and return what it cost."""
    before_s, started_s = _cpu_s(), host_monotonic_s()
    station = open_station(load_station_file(STATION), virtual=True, seed=seed)
    try:
        with station.clock.participate("protocol"):
            _record(station, folder, block_s)
    finally:
        station.close()
    ended_s = host_monotonic_s()
    cpu_s = _cpu_s() - before_s
    seal(folder / "journal.sqlite", folder / "trace.h5")
    trace = read_trace(folder / "trace.h5")
    samples = sum(trace.stream(spec.name).count for spec in trace.spec if spec.hardware_timed)
    return Cost(ended_s - started_s, cpu_s, host_monotonic_s() - ended_s, samples)


def _record(station: Station, folder: Path, block_s: float) -> None:
    prepared = station.prepare()
    sampling = station.file.sampling.model_copy(update={"pressure_rate_hz": RATE_HZ, "pressure_block_s": block_s})
    sampled = station.sampled(sampling)
    specs = stream_specs(sampled, prepared)
    header = {"run_id": "benchmark", "start_utc": "2026-01-01T00:00:00+00:00", "simulated": True}
    stream, clock = SampleStream(), station.clock
    writer = TraceWriter(stream, JournalWriter(folder / "journal.sqlite", header=header, streams=specs), specs)
    interlocks = Interlocks(station.interlock_limits(sampling), clock=clock)
    stream.subscribe(interlocks.watch)
    with EventLog(folder / "events.jsonl") as log:
        acquisition = Acquisition(sampled, clock=clock, stream=stream, event_log=log, on_fault=interlocks.note_error)
        acquisition.start()
        station.lines.write(OUTLET, True)
        station.pump.upload(continuous(FLOW_UL_PER_H))
        station.pump.start()
        clock.sleep_until(OCCLUDED_S)
        station.lines.write(OCCLUDER, True)
        clock.sleep_until(RELEASED_S)
        station.lines.write(OCCLUDER, False)
        clock.sleep_until(END_S)
        station.pump.stop()
        acquisition.stop()
        writer.finish()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def profile(block_s: float) -> None:
    """Print where the time of the pressure's thread goes."""
    profiler, run = cProfile.Profile(), PressureSampler.run

    def profiled(self: PressureSampler, stop: Event) -> None:
        profiler.runcall(run, self, stop)

    PressureSampler.run = profiled  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        run_case(Path(folder), seed=1, block_s=block_s)
    pstats.Stats(profiler, stream=sys.stdout).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    if "--profile" in sys.argv:
        profile(float(sys.argv[-1]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
