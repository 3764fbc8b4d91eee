"""From a sealed trace to the same numbers as from the arrays that went into it."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from results.doubted import undoubted_status
from results.evaluate_flow import evaluate_flow
from results.evaluate_trace import evaluate_trace, flow_series, whole_intervals
from results.flow.grid import GridError
from results.outcome import FlowOutcome
from results.refusal import EvaluationRefused
from results.series import FlowSeries, Phase
from results.trace.errors import TraceError
from results.trace.journal import JournalWriter
from results.trace.reader import read_trace
from results.trace.schema import AMBIENT, AMBIENT_COLUMNS, MASS, MASS_COLUMNS, Block, StreamSpec, TraceEvent
from results.trace.seal import seal
from results.trace.status import SampleStatus
from tests.results.synthetic import BENCH, HOUR, Truth, evaluation_of, simulate

EVALUATION = evaluation_of(flow_ul_per_h=416.7, profile="bench-fast")
SHORT = Truth(flow_ul_per_h=416.7, stabilisation_s=600.0, analysis_s=3600.0, blank_s=600.0, step_s=1.0, stroke_ul=0.5)
LATE_S = 0.004


def header(**changes: Any) -> dict[str, object]:
    return {
        "run_id": "R1",
        "start_utc": "2026-03-01T08:00:00Z",
        "simulated": True,
        "title": "Flow accuracy: fast",
        "evaluation": EVALUATION.model_dump(mode="json"),
        "gravimetric_bench": BENCH.model_dump(mode="json"),
    } | changes


def phase_events(series: FlowSeries) -> list[TraceEvent]:
    """The events of the phases, each a few milliseconds late, as commands are."""
    phases = series.phases
    named = {
        "blank_before": phases.blank_before,
        "stabilisation": phases.stabilisation,
        "analysis": phases.analysis,
        "blank_after": phases.blank_after,
    }
    bounds = [
        (at_s, kind, name)
        for name, phase in named.items()
        if phase is not None
        for at_s, kind in ((phase.begin_s, "phase_begin"), (phase.end_s, "phase_end"))
    ]
    assert phases.stabilisation is not None
    events = [
        TraceEvent(round((at_s + LATE_S) * 1e9), kind, "rig", {"phase": name}) for at_s, kind, name in sorted(bounds)
    ]
    start = TraceEvent(round(phases.stabilisation.begin_s * 1e9), "infusion_start", "pump", {})
    return sorted([*events, start], key=lambda event: event.time_ns)


def written(
    folder: Path,
    series: FlowSeries,
    *,
    events: list[TraceEvent],
    head: dict[str, object],
    with_air: bool = True,
    complete: bool = True,
    damaged: bool = False,
) -> Path:
    streams = [StreamSpec(MASS, MASS_COLUMNS, 1.0)]
    if with_air:
        streams.append(StreamSpec(AMBIENT, AMBIENT_COLUMNS, 1.0))
    journal = JournalWriter(folder / "journal.db", header=head, streams=streams)
    count = series.time_s.size
    time_ns = np.round(series.time_s * 1e9).astype(np.int64)
    journal.append(
        Block(MASS, time_ns, series.status, {"mass_g": series.mass_g, "reply": np.full(count, b"", dtype="S32")})
    )
    if with_air:
        air = series.ambient
        assert air is not None
        columns = {
            "temperature_c": air.temperature_c,
            "humidity_percent": air.humidity_percent,
            "pressure_hpa": air.pressure_hpa,
        }
        journal.append(Block(AMBIENT, time_ns, np.zeros(count, dtype=np.uint8), columns))
    for event in events:
        journal.event(event)
    journal.commit()
    journal.close(complete=complete)
    if damaged:
        with closing(sqlite3.connect(folder / "journal.db", isolation_level=None)) as connection:
            connection.execute("UPDATE events SET crc = crc + 1 WHERE seq = 1")
    seal(folder / "journal.db", folder / "trace.h5")
    return folder / "trace.h5"


def flow_outcome(trace: Path) -> FlowOutcome:
    outcome = evaluate_trace(trace)
    assert isinstance(outcome, FlowOutcome)
    return outcome


def test_a_trace_gives_the_numbers_of_its_arrays(tmp_path: Path) -> None:
    run = simulate(SHORT, 1)
    trace = written(tmp_path, run.series, events=phase_events(run.series), head=header())
    outcome = flow_outcome(trace)
    direct = evaluate_flow(run.series, EVALUATION, bench=BENCH)
    assert outcome.error_a.measured.value == pytest.approx(direct.error_a.measured.value, abs=0.02)
    assert outcome.error_a.measured.expanded_uncertainty == pytest.approx(
        direct.error_a.measured.expanded_uncertainty, rel=0.02
    )
    assert (outcome.run_id, outcome.title, outcome.simulated) == ("R1", "Flow accuracy: fast", True)
    assert outcome.air.measured
    assert outcome.recorded_readings == run.series.time_s.size
    assert outcome.startup is not None
    assert outcome.startup.begin_s == pytest.approx(1200.0)
    assert evaluate_trace(trace) == outcome


def test_an_abandoned_run_has_no_number(tmp_path: Path) -> None:
    run = simulate(SHORT, 1)
    events = [event for event in phase_events(run.series) if event.time_ns < 2_000e9]
    trace = written(tmp_path, run.series, events=events, head=header())
    with pytest.raises(EvaluationRefused, match=r"no completed phase 'analysis'; it holds \['blank_before"):
        evaluate_trace(trace)


def test_repeated_phases_are_refused(tmp_path: Path) -> None:
    run = simulate(SHORT, 1)
    events = [*phase_events(run.series), TraceEvent(5_900_000_000_000, "phase_begin", "rig", {"phase": "analysis"})]
    trace = written(tmp_path, run.series, events=events, head=header())
    with pytest.raises(EvaluationRefused, match="phases of the run are unusable"):
        evaluate_trace(trace)


def test_the_alarms_of_the_pump_are_named_with_their_time(tmp_path: Path) -> None:
    run = simulate(SHORT, 1)
    alarms = [
        TraceEvent(at_s * 1_000_000_000, "pump_alarm", "pump", {"alarms": names})
        for at_s, names in ((1800, ["low reservoir"]), (3600, ["motor stall", "low battery"]))
    ]
    events = sorted([*phase_events(run.series), *alarms], key=lambda event: event.time_ns)
    notes = evaluate_trace(written(tmp_path, run.series, events=events, head=header())).notes
    assert "the pump raised an alarm at 0.500 h of the record: low reservoir" in notes
    assert "the pump raised an alarm at 1.000 h of the record: motor stall, low battery" in notes


def test_a_tare_in_the_trace_is_refused(tmp_path: Path) -> None:
    run = simulate(SHORT, 1)
    events = sorted(
        [*phase_events(run.series), TraceEvent(2_000_000_000_000, "tare", "balance", {})],
        key=lambda event: event.time_ns,
    )
    trace = written(tmp_path, run.series, events=events, head=header())
    with pytest.raises(EvaluationRefused, match="tared at 2000 s"):
        evaluate_trace(trace)


@pytest.mark.parametrize("missing", ["evaluation", "gravimetric_bench"])
def test_a_header_without_what_the_evaluation_needs_is_refused(tmp_path: Path, missing: str) -> None:
    run = simulate(SHORT, 1)
    head = header()
    del head[missing]
    trace = written(tmp_path, run.series, events=phase_events(run.series), head=head)
    with pytest.raises(EvaluationRefused, match=missing):
        evaluate_trace(trace)


def test_a_header_without_a_kind_is_of_a_flow_test_and_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    run = simulate(SHORT, 1)
    evaluation = EVALUATION.model_dump(mode="json")
    assert evaluation.pop("kind") == "flow"
    (tmp_path / "old").mkdir()
    old = written(tmp_path / "old", run.series, events=phase_events(run.series), head=header(evaluation=evaluation))
    assert flow_outcome(old).schema.startswith("flow-outcome/")
    other = header(evaluation=evaluation | {"kind": "teapot"})
    with pytest.raises(EvaluationRefused, match=r"no kind of evaluation 'teapot'; there are flow, bolus, steps"):
        evaluate_trace(written(tmp_path, run.series, events=phase_events(run.series), head=other))


def test_a_header_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    run = simulate(SHORT, 1)
    bench = BENCH.model_dump(mode="json") | {"tube_outer_diameter_mm": 50.0}
    trace = written(tmp_path, run.series, events=phase_events(run.series), head=header(gravimetric_bench=bench))
    with pytest.raises(EvaluationRefused, match="must be smaller than"):
        evaluate_trace(trace)


def test_a_file_that_is_no_trace_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trace.h5"
    path.write_bytes(b"no trace")
    with pytest.raises(TraceError):
        evaluate_trace(path)


def test_a_trace_without_an_ambient_stream_says_what_was_assumed(tmp_path: Path) -> None:
    run = simulate(SHORT, 1)
    trace = written(tmp_path, run.series, events=phase_events(run.series), head=header(), with_air=False)
    outcome = flow_outcome(trace)
    assert not outcome.air.measured
    assert any("laboratory air was assumed" in note for note in outcome.notes)


def test_a_run_that_was_not_closed_says_so_before_anything_else(tmp_path: Path) -> None:
    run = simulate(SHORT, 1)
    trace = written(tmp_path, run.series, events=phase_events(run.series), head=header(), complete=False)
    assert flow_outcome(trace).notes[0].startswith("NOT COMPLETE")


def test_a_trace_that_lost_rows_of_its_journal_gives_no_number(tmp_path: Path) -> None:
    run = simulate(SHORT, 1)
    trace = written(tmp_path, run.series, events=phase_events(run.series), head=header(), damaged=True)
    with pytest.raises(EvaluationRefused, match=r"1 rows of its journal were lost, the first: .*events"):
        evaluate_trace(trace)


def test_readings_that_may_be_repetitions_are_none_of_the_air_either(tmp_path: Path) -> None:
    run = simulate(SHORT, 1)
    time_ns = int(np.round(run.series.time_s[100] * 1e9))
    doubt = TraceEvent(time_ns + 1, "reading_doubted", AMBIENT, {"time_ns": time_ns})
    events = sorted([*phase_events(run.series), doubt], key=lambda event: event.time_ns)
    trace = read_trace(written(tmp_path, run.series, events=events, head=header()))
    air = flow_series(trace, sample_interval_s=60.0).ambient
    assert air is not None
    assert np.flatnonzero(np.isnan(air.temperature_c)).tolist() == [100]
    assert undoubted_status(trace, trace.stream(MASS)).tolist() == trace.stream(MASS).status.tolist()


def test_silent_stretches_in_the_trace_are_left_out(tmp_path: Path) -> None:
    run = simulate(SHORT, 1)
    status, mass = run.series.status.copy(), run.series.mass_g.copy()
    status[2500:2510] = SampleStatus.TIMEOUT.value
    mass[2500:2510] = math.nan
    series = replace(run.series, status=status, mass_g=mass)
    trace = written(tmp_path, series, events=phase_events(series), head=header())
    outcome = flow_outcome(trace)
    (entry,) = (entry for entry in outcome.exclusions if entry.rule == "no number")
    assert entry.count == 10
    assert outcome.largest_gap_s == pytest.approx(11.0)


def test_a_phase_is_cut_to_whole_sample_intervals_at_its_begin() -> None:
    late = whole_intervals(Phase(100.002, 100.010 + 25.0 * HOUR), sample_interval_s=900.0)
    assert late.end_s == 100.010 + 25.0 * HOUR
    assert late.duration_s == pytest.approx(25.0 * HOUR, abs=1e-9)
    with pytest.raises(GridError, match="not a multiple"):
        whole_intervals(Phase(0.0, 25.0 * HOUR + 30.0), sample_interval_s=900.0)
