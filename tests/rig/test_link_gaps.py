"""A lost link in mid-run: carried on where the plan allows the gap, on record, else INVALID with the pump stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from instruments.errors import ProtocolError
from instruments.program import FlowStep, continuous
from results.series import FlowPhases, Phase
from results.trace.reader import read_trace
from results.trace.status import SampleStatus
from results.trace_series import series_of_trace
from rig.bench import Bench
from rig.cases.gaps import AllowedGaps
from rig.configuration import ConfigurationError
from rig.faults import NotRun, RigFault
from rig.plan import load_plan
from rig.procedures.catheter_trial import CatheterTrialCase
from rig.procedures.flow_accuracy import FlowCase
from rig.running.case_run import CaseRun
from tests.end_to_end.bench_runs import ROOT, add_events
from tests.rig.bench_sessions import TestSession, ended_by, events_of, record_of, session_on, trial_case

AT_S, LOST_S = 100.0, 15.0
ALLOWED = AllowedGaps(mass_s=30.0, ambient_s=30.0, pressure_s=30.0, pump_s=30.0)


def session(folder: Path, device: str, mode: str, *, lost_s: float = LOST_S) -> TestSession:
    made = session_on(folder)
    add_events(
        made.session.station.path,
        f'kind = "link_fault"\ndevice = "{device}"\nmode = "{mode}"\nat_s = {AT_S}\nduration_s = {lost_s}',
    )
    return made


def case(gaps: AllowedGaps) -> CatheterTrialCase:
    return replace(trial_case(), gaps=gaps)


def infuse(bench: Bench) -> None:
    bench.prime(FlowStep(1000.0, 30.0))
    bench.start_infusion(continuous(500.0))
    bench.infuse("step 1", 300.0)
    bench.stop_infusion()


def carried_on(made: TestSession, gaps: AllowedGaps, protocol: Callable[[Bench], None] = infuse) -> CaseRun:
    with made.bench(case(gaps)) as (run, bench):
        protocol(bench)
    return run


@pytest.mark.parametrize(
    ("device", "mode", "source"),
    [
        ("balance", "unplugged", "mass"),
        ("balance", "drop_connection", "mass"),
        ("ambient", "unplugged", "ambient"),
        ("pump", "unplugged", "pump"),
        ("daq", "drop_connection", "pressure"),
    ],
)
def test_a_gap_that_the_plan_allows_is_recorded_and_the_run_goes_on(
    tmp_path: Path, device: str, mode: str, source: str
) -> None:
    run = carried_on(session(tmp_path, device, mode), ALLOWED)
    (lost,), (back,) = events_of(run, "link_lost"), events_of(run, "link_restored")
    assert (lost.source, back.source) == (source, source)
    data: Any = back.data
    assert 0.0 < data["duration_s"] <= 30.0
    assert data["attempts"] >= 2
    assert data["identity"]["serial"]
    assert not events_of(run, "interlock")
    trace = read_trace(run.folder.trace)
    stream = trace.stream("pressure_line" if source == "pressure" else source)
    away = stream.status == SampleStatus.LINK_LOST
    assert away.any()
    assert stream.time_s[away].min() >= AT_S - 1.0
    assert (np.diff(stream.time_s) > 0.0).all()
    assert (stream.status[-3:] <= SampleStatus.DYNAMIC).all()


@pytest.mark.parametrize(
    ("device", "source"), [("balance", "mass"), ("pump", "pump"), ("ambient", "ambient"), ("daq", "pressure")]
)
def test_without_a_gap_a_lost_link_ends_the_run_at_once(tmp_path: Path, device: str, source: str) -> None:
    run = ended_by(
        session(tmp_path, device, "unplugged"), infuse, RigFault, f"{source}.*(lost|reach)", case=case(AllowedGaps())
    )
    assert run.verdict.value == "INVALID"
    assert not events_of(run, "link_lost")


@pytest.mark.parametrize(("device", "source"), [("balance", "mass"), ("ambient", "ambient"), ("daq", "pressure")])
def test_a_link_lost_for_longer_than_allowed_ends_the_run_with_the_pump_stopped(
    tmp_path: Path, device: str, source: str
) -> None:
    mode = "drop_connection" if device == "daq" else "unplugged"
    made = session(tmp_path, device, mode, lost_s=100.0)
    words = f"{source}: the link was lost for .* s; the plan allows 30 s"
    run = ended_by(made, infuse, RigFault, words, case=case(ALLOWED))
    (trip,) = events_of(run, "interlock")
    (lost,) = events_of(run, "link_lost")
    assert 30.0 <= (trip.time_ns - lost.time_ns) / 1e9 <= 41.0
    assert "pump stop confirmed" in run.safe_state.done


def test_a_pump_that_stays_lost_is_named_with_what_stops_it_all_the_same(tmp_path: Path) -> None:
    made = session(tmp_path, "pump", "unplugged", lost_s=1000.0)
    run = ended_by(made, infuse, RigFault, "pump: the link was lost", case=case(ALLOWED))
    failed = dict(run.safe_state.failed)
    assert "What stops it now: its own communication time-out" in failed["pump stop"]
    assert "NOT SAFE" in record_of(run)["reason"]


def test_lines_that_fell_while_the_daq_was_away_end_the_run(tmp_path: Path) -> None:
    run = ended_by(
        session(tmp_path, "daq", "unplugged"),
        infuse,
        RigFault,
        "not as it was.*'outlet' was energised",
        case=case(ALLOWED),
    )
    assert run.safe_state.is_safe
    assert len(events_of(run, "link_restored")) == 1


def test_an_overrun_within_an_allowed_gap_starts_sampling_anew(tmp_path: Path) -> None:
    made = session_on(tmp_path)
    add_events(
        made.session.station.path, f'kind = "daq_error"\nerror = "overrun"\nat_s = {AT_S}\nduration_s = {LOST_S}'
    )
    run = carried_on(made, ALLOWED)
    assert len(events_of(run, "link_restored")) == 1
    stream = read_trace(run.folder.trace).stream("pressure_line")
    assert (np.diff(stream.time_s) > 0.0).all()
    assert stream.time_s[-1] == pytest.approx(read_trace(run.folder.trace).stream("mass").time_s[-1], abs=2.0)


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        (AllowedGaps(mass_s=61.0), r"gaps\.mass_s: 61 s is longer.*60 s"),
        (AllowedGaps(pump_s=55.0), r"gaps\.pump_s.*communication time-out, 60 s"),
    ],
)
def test_a_gap_that_the_station_would_end_sooner_is_not_run(tmp_path: Path, gaps: AllowedGaps, words: str) -> None:
    made = session_on(tmp_path)
    with pytest.raises(NotRun, match=words), made.bench(case(gaps)):
        raise AssertionError("it was run")


def test_plans_state_gaps_for_all_cases_and_for_one(tmp_path: Path) -> None:
    text = (ROOT / "protocols" / "flow_accuracy.toml").read_text(encoding="utf-8")
    plan = tmp_path / "flow_accuracy.toml"
    text += "\n[gaps]\nmass_s = 20.0\npump_s = 5.0\n\n[case.fast.gaps]\nmass_s = 0.0\nambient_s = 40.0\n"
    plan.write_text(text, encoding="utf-8")
    loaded = load_plan(plan)
    assert loaded.case("maintenance", FlowCase).gaps == AllowedGaps(mass_s=20.0, pump_s=5.0)
    assert loaded.case("fast", FlowCase).gaps == AllowedGaps(ambient_s=40.0, pump_s=5.0)
    plan.write_text(text.replace("mass_s = 20.0", "mass_s = -1.0"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"gaps\.mass_s"):
        load_plan(plan)


def test_a_pump_that_cannot_be_talked_to_in_mid_run_is_the_rigs_fault_and_not_a_refusal(tmp_path: Path) -> None:
    def reprogram(bench: Bench) -> None:
        bench.prime(FlowStep(1000.0, 30.0))
        with bench.phase("waiting", AT_S):
            bench.wait(AT_S - 25.0)
            bench.start_infusion(continuous(500.0))

    run = ended_by(session(tmp_path, "pump", "late"), reprogram, ProtocolError, "pump: answers came, none to this")
    assert run.verdict.value == "INVALID"
    assert "does not take the program" not in run.reason


def test_a_reading_that_may_be_a_repetition_is_on_record_and_left_out(tmp_path: Path) -> None:
    run = carried_on(session(tmp_path, "balance", "repeated"), ALLOWED)
    trace = read_trace(run.folder.trace)
    doubted = [int(str(event.data["time_ns"])) for event in events_of(run, "reading_doubted") if event.source == "mass"]
    assert doubted
    phases = FlowPhases(Phase(0.0, 300.0))
    used = series_of_trace(trace, phases=phases)
    there = np.isin(trace.stream("mass").time_ns, doubted)
    assert there.sum() == len(doubted)
    assert (trace.stream("mass").status[there] <= SampleStatus.DYNAMIC).all()
    assert (used.status[there] == SampleStatus.PROTOCOL_ERROR).all()
