"""Valve, alarm and host on one time base, with the DAQ's clock 50 ppm off: the trace against what truly happened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from instruments.program import continuous
from instruments.simulated.twin import TwinStation
from results.occlusion.instants import first_edge, level_v
from results.timebase import SampleClock, read_sample_clock
from results.trace.events import EventLog
from results.trace.journal import JournalWriter
from results.trace.reader import Trace, read_trace
from results.trace.seal import seal
from rig.acquisition.acquisition import Acquisition
from rig.acquisition.stream import SampleStream
from rig.acquisition.writer import TraceWriter
from rig.run_header import stream_specs
from rig.station import Station, open_station
from rig.stations.file import load_station_file
from rig.valves import OCCLUDER
from tests.end_to_end.bench_runs import make_station

RATE_HZ = 200.0
CLOSED_S, END_S = 1500.0, 1620.0
FLOW_UL_PER_H = 20_000.0
HEADER = {"run_id": "one-time-base", "start_utc": "2026-01-01T00:00:00+00:00", "simulated": True}
CLOCK_ERROR = "clock_error_ppm = { value = 0.0, u = 15.0"


def _record(station: Station, folder: Path) -> tuple[Trace, float, float]:
    """Close the occluder on a running pump; return the trace, when it was closed, and the clock's time of time 0."""
    sampling = station.file.sampling.model_copy(update={"pressure_rate_hz": RATE_HZ, "pressure_block_s": 2.0})
    sampled, clock, stream = station.sampled(sampling), station.clock, SampleStream()
    specs = stream_specs(sampled, station.prepare())
    writer = TraceWriter(stream, JournalWriter(folder / "journal.sqlite", header=HEADER, streams=specs), specs)
    with EventLog(folder / "events.jsonl") as log:
        acquisition = Acquisition(sampled, clock=clock, stream=stream, event_log=log, on_fault=lambda name, error: None)
        acquisition.start()
        clock.sleep_until(CLOSED_S)
        station.pump.upload(continuous(FLOW_UL_PER_H))
        station.pump.start()
        closed_s = clock.now() - acquisition.origin_s
        station.lines.write(OCCLUDER, True)
        clock.sleep_until(END_S)
        acquisition.stop()
        writer.finish()
    seal(folder / "journal.sqlite", folder / "trace.h5")
    return read_trace(folder / "trace.h5"), closed_s, acquisition.origin_s


def _edge_s(trace: Trace, stream: str) -> tuple[float, float]:
    """Return the nominal times between which a voltage rose."""
    found = trace.stream(stream)
    volts = found.column("voltage_v").astype(np.float64)
    edge = first_edge(found.time_s, volts, level_v=level_v(volts), rising=True, after_s=0.0, by_s=END_S)
    if edge is None:
        raise AssertionError(f"{stream} has no edge")
    return edge.after_s, edge.by_s


def _first_true_s(condition: Callable[[float], bool], low_s: float, high_s: float) -> float:
    while high_s - low_s > 1e-6:
        middle_s = (low_s + high_s) / 2.0
        low_s, high_s = (low_s, middle_s) if condition(middle_s) else (middle_s, high_s)
    return high_s


def _assert_holds(clock: SampleClock, edge_s: tuple[float, float], true_s: float) -> None:
    nominal_s = np.array(edge_s)
    station_s, half_s = clock.station_s(nominal_s), clock.half_width_s(nominal_s)
    assert station_s[0] - half_s[0] <= true_s <= station_s[1] + half_s[1]
    assert half_s.max() + (edge_s[1] - edge_s[0]) / 2.0 < 0.012


@pytest.mark.parametrize("error_ppm", [50.0, -50.0])
def test_edges_of_valve_and_alarm_are_where_they_truly_were(tmp_path: Path, error_ppm: float) -> None:
    twin_file = {CLOCK_ERROR: f"clock_error_ppm = {{ value = {error_ppm}, u = 0.0"}
    path = make_station(tmp_path / "bench", twin=twin_file, base="simulated-external")
    station = open_station(load_station_file(str(path)), virtual=True, seed=3)
    try:
        with station.clock.participate("test"):
            trace, closed_s, origin_s = _record(station, tmp_path)
            twin = station.twin
            assert isinstance(twin, TwinStation)
            alarm_s = _first_true_s(twin.pump.alarm_contact, CLOSED_S, END_S) - origin_s
    finally:
        station.close()
    clock = read_sample_clock(trace)
    assert clock is not None
    assert abs(clock.rate_error_ppm - error_ppm) < 2.0 * clock.rate_u_ppm < 10.0
    valve, alarm = _edge_s(trace, "voltage_valve"), _edge_s(trace, "voltage_alarm")
    _assert_holds(clock, valve, closed_s)
    _assert_holds(clock, alarm, alarm_s)
    # On the sample clock alone the edges are 75 ms off the host's events, but the time between them is good to 50 ppm.
    assert abs(valve[1] - closed_s) > 0.06
    assert (alarm[1] - valve[1]) == pytest.approx(alarm_s - closed_s, abs=2.0 / RATE_HZ + 50e-6 * 120.0)
