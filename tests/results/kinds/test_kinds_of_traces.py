"""Kinds of evaluation from a sealed trace: phases from its events, alarms from the pump's telemetry, pressures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from results.bolus_outcome import BolusOutcome
from results.decision import StrictModel, Verdict
from results.evaluate_trace import evaluate_trace
from results.kinds import KINDS
from results.kinds.bolus import BolusTraceEvaluation
from results.kinds.reservoir import ReservoirEvaluation
from results.kinds.reservoir import measure as measure_reservoir
from results.kinds.steps import StepsEvaluation
from results.kinds.steps import measure as measure_steps
from results.measured.outcome import MeasuredOutcome
from results.measured.pump_log import PumpLog
from results.measured.run_record import RunRecord, record_of
from results.refusal import EvaluationRefused
from results.series import Phase
from results.trace.journal import JournalWriter
from results.trace.reader import read_trace
from results.trace.schema import (
    AMBIENT,
    AMBIENT_COLUMNS,
    MASS,
    MASS_COLUMNS,
    PRESSURE_COLUMNS,
    PRESSURE_PREFIX,
    PUMP,
    PUMP_COLUMNS,
    Block,
    StreamSpec,
    TraceEvent,
)
from results.trace.seal import seal
from tests.results.kinds.hand import COMMON, HOUR_S, QUIET, consecutive, event, log_of, piecewise, record

LEGEND = {"state_legend": "0=stopped, 1=infusing", "alarms_legend": "1=low reservoir, 2=empty reservoir"}
BITS = {"low reservoir": 1, "empty reservoir": 2}


def phase_events(phases: Mapping[str, Phase]) -> list[TraceEvent]:
    bounds = [(phase.begin_s, "phase_begin", name) for name, phase in phases.items()]
    bounds += [(phase.end_s, "phase_end", name) for name, phase in phases.items()]
    return [
        event(at_s, kind, phase=name)
        for at_s, kind, name in sorted(bounds, key=lambda bound: (bound[0], bound[1] != "phase_end"))
    ]


def sealed(
    folder: Path,
    made: RunRecord,
    evaluation: StrictModel,
    *,
    log: PumpLog | None = None,
    more: Sequence[TraceEvent] = (),
) -> Path:
    """Write a record as the rig does: readings, air, telemetry, one pressure, and the events of its phases."""
    head = {
        "run_id": "R1",
        "start_utc": "2026-03-01T08:00:00Z",
        "simulated": True,
        "title": "by hand",
        "evaluation": evaluation.model_dump(mode="json"),
        "gravimetric_bench": QUIET.model_dump(mode="json"),
    }
    streams = [
        StreamSpec(MASS, MASS_COLUMNS, 2.0),
        StreamSpec(AMBIENT, AMBIENT_COLUMNS, 2.0),
        StreamSpec(PUMP, PUMP_COLUMNS, 10.0, attributes=LEGEND),
        StreamSpec(PRESSURE_PREFIX + "line", PRESSURE_COLUMNS, 1.0, hardware_timed=True),
    ]
    journal = JournalWriter(folder / "journal.db", header=head, streams=streams)
    series = made.series
    time_ns = np.round(series.time_s * 1e9).astype(np.int64)
    good = np.zeros(time_ns.size, np.uint8)
    reply = np.full(time_ns.size, b"", dtype="S32")
    journal.append(Block(MASS, time_ns, good, {"mass_g": series.mass_g, "reply": reply}))
    air = {"temperature_c": 20.0, "humidity_percent": 50.0, "pressure_hpa": 1013.25}
    journal.append(Block(AMBIENT, time_ns, good, {name: np.full(time_ns.size, value) for name, value in air.items()}))
    journal.append(Block(PRESSURE_PREFIX + "line", time_ns, good, {"pressure_kpa": series.time_s / 10.0}))
    if log is not None:
        polls_ns = np.round(log.time_s * 1e9).astype(np.int64)
        columns: dict[str, NDArray[np.generic]] = {
            "state": np.ones(polls_ns.size, np.uint8),
            "set_flow_ul_per_h": log.set_flow_ul_per_h,
            "delivered_ul": log.delivered_ul,
            "reservoir_ul": log.reservoir_ul,
            "alarms": np.array([sum(BITS[name] for name in up) for up in log.alarms], np.uint16),
        }
        journal.append(Block(PUMP, polls_ns, np.zeros(polls_ns.size, np.uint8), columns))
    for one in (*phase_events(made.phases), event(10.0, "pump_alarm", alarms=["low reservoir"]), *more):
        journal.event(one)
    journal.commit()
    journal.close()
    seal(folder / "journal.db", folder / "trace.h5")
    return folder / "trace.h5"


def test_a_stepped_infusion_is_the_same_from_its_trace(tmp_path: Path) -> None:
    phases = consecutive(("blank_before", 1800.0), ("step 1", HOUR_S), ("step 2", HOUR_S), ("blank_after", 1800.0))
    evaluation = StepsEvaluation(
        kind="steps",
        flows_ul_per_h=(60.0, 90.0),
        settle_s=300.0,
        response_band_percent=20.0,
        concentration_ug_per_ml=50.0,
        **COMMON,
    )
    made = record(piecewise((1800.0, 0.0), (HOUR_S, 60.0), (HOUR_S, 90.0)), phases)
    outcome = evaluate_trace(sealed(tmp_path, made, evaluation))
    assert isinstance(outcome, MeasuredOutcome)
    direct = {one.name: one.value for one in measure_steps(made, evaluation, QUIET).measurands}
    for one in outcome.measurands:
        known = direct[one.name]
        assert one.value is not None
        assert known is not None
        assert one.value.value == pytest.approx(known.value, rel=1e-5, abs=1e-3)
    assert (outcome.schema, outcome.kind, outcome.run_id) == ("measured-outcome/1.0.0", "steps", "R1")
    assert [seen.text for seen in outcome.observations] == ["the pump raised an alarm: low reservoir"]
    assert outcome.notes[0].startswith("SIMULATED")
    assert outcome.as_record()["measurands"][0]["value"]["unit"] == "uL/h"


def test_what_the_pump_said_is_read_from_its_telemetry(tmp_path: Path) -> None:
    phases = consecutive(("blank_before", 1800.0), ("infusion", 4.0 * HOUR_S), ("blank_after", 1800.0))
    evaluation = ReservoirEvaluation(kind="reservoir", set_flow_ul_per_h=20.0, fill_ul=80.0, fill_u_ul=0.1, **COMMON)
    log = log_of(
        phases["blank_after"].end_s,
        lambda t: 80.0 - 20.0 / HOUR_S * min(max(t - 1800.0, 0.0), 4.0 * HOUR_S),
        alarms={"low reservoir": 1800.0 + 3.0 * HOUR_S, "empty reservoir": 1800.0 + 4.0 * HOUR_S},
    )
    made = record(piecewise((1800.0, 0.0), (4.0 * HOUR_S, 20.0)), phases, log=log)
    outcome = evaluate_trace(sealed(tmp_path, made, evaluation, log=log))
    assert isinstance(outcome, MeasuredOutcome)
    found = outcome.measurand("reservoir at low alarm, calculated")
    assert found == measure_reservoir(made, evaluation, QUIET).measurand("reservoir at low alarm, calculated")
    read = record_of(read_trace(tmp_path / "trace.h5"))
    assert np.array_equal(read.pump().reservoir_ul, log.reservoir_ul)
    assert read.pump().alarms == log.alarms
    assert read.pump().states_in(phases["infusion"]) == ("infusing",)
    (edge,) = read.pump().edges("empty reservoir")
    assert edge.after_s < 1800.0 + 4.0 * HOUR_S <= edge.by_s <= edge.after_s + 10.0
    times, kpa = read.pressure("line", Phase(100.0, 200.0))
    assert times[0] == 100.0
    assert kpa == pytest.approx(times / 10.0, rel=1e-6)


def test_boluses_of_a_trace_begin_with_their_phases(tmp_path: Path) -> None:
    phases, pieces = {"blank_before": Phase(0.0, 1200.0)}, [(1260.0, 0.0)]
    for n in range(1, 4):
        at_s = 1260.0 + 120.0 * (n - 1)
        phases[f"bolus {n}"] = Phase(at_s, at_s + 10.0)
        pieces += [(10.0, 3600.0 * (1.0 + 0.01 * n)), (110.0, 0.0)]
    phases["blank_after"] = Phase(1620.0, 2820.0)
    evaluation = BolusTraceEvaluation(
        kind="bolus", set_volume_ul=10.0, duration_s=10.0, settle_s=30.0, reading_s=20.0, **COMMON
    )
    outcome = evaluate_trace(sealed(tmp_path, record(piecewise(*pieces), phases), evaluation))
    assert isinstance(outcome, BolusOutcome)
    assert [bolus.error.value for bolus in outcome.boluses] == pytest.approx([1.0, 2.0, 3.0], abs=0.05)
    assert outcome.sd_error is not None
    assert any("low reservoir" in note for note in outcome.notes)


def test_a_run_that_a_stopping_criterion_ended_has_failed_in_its_trace_too(tmp_path: Path) -> None:
    phases = consecutive(("blank_before", 1800.0), ("step 1", HOUR_S), ("step 2", HOUR_S), ("blank_after", 1800.0))
    evaluation = StepsEvaluation(
        kind="steps",
        flows_ul_per_h=(60.0, 90.0),
        settle_s=300.0,
        response_band_percent=20.0,
        concentration_ug_per_ml=50.0,
        **COMMON,
    )
    made = record(piecewise((1800.0, 0.0), (HOUR_S, 60.0), (HOUR_S, 90.0)), phases)
    told = {"criterion": "STOP-1", "value": 30.5, "limit": 30.0, "unit": "uL", "words": "over-infusion"}
    stop = event(phases["blank_after"].end_s, "stopping_criterion", **told)
    outcome = evaluate_trace(sealed(tmp_path, made, evaluation, more=[stop]))
    assert outcome.verdict is Verdict.FAIL
    failed = outcome.decisions[-1]
    assert (failed.criterion_id, failed.verdict) == ("STOP-1", Verdict.FAIL)
    assert (failed.value, failed.tolerance_high, failed.unit) == (30.5, 30.0, "uL")
    assert outcome.as_record()["decisions"][-1]["expanded_uncertainty"] is None


def test_a_trace_without_telemetry_is_refused_where_it_matters(tmp_path: Path) -> None:
    phases = consecutive(("blank_before", 1800.0), ("infusion", HOUR_S), ("blank_after", 1800.0))
    evaluation = ReservoirEvaluation(kind="reservoir", set_flow_ul_per_h=20.0, fill_ul=80.0, fill_u_ul=0.1, **COMMON)
    made = record(piecewise((1800.0, 0.0), (HOUR_S, 20.0)), phases)
    with pytest.raises(EvaluationRefused, match="the pump answered 0 polls"):
        evaluate_trace(sealed(tmp_path, made, evaluation))


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_registered_under_the_name_its_evaluation_says(name: str) -> None:
    assert KINDS[name].model.model_json_schema()["properties"]["kind"]["const"] == name
