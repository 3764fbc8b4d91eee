"""One whole case through every room, on the shortest case there is: what it leaves behind, and that it is right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from results.trace.reader import read_trace
from tests.end_to_end.bench_runs import ROOT, Finished, run_protocols


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return run_protocols(tmp_path_factory.mktemp("runs"), "--station", "simulated", "--case", "fast")


def test_it_passes_and_says_so(finished: Finished) -> None:
    assert finished.status == 0, finished.output
    assert "1 passed" in finished.output
    assert "PASS" in finished.output
    assert "SIMULATED" in finished.output
    assert str(finished.run.path) in finished.output
    assert finished.record["verdict"] == "PASS"


def test_a_simulated_run_is_refused_as_evidence(finished: Finished) -> None:
    assert finished.record["simulated"] is True
    assert finished.record["evidence"].startswith("refused")
    assert read_trace(finished.run.trace).simulated


def test_the_trace_is_complete_and_holds_every_stream(finished: Finished) -> None:
    trace = read_trace(finished.run.trace, sha256=finished.record["files"]["trace.h5"])
    assert trace.complete
    planned_s = 300 + 300 + 600 + 3600 + 300
    counts = {spec.name: trace.stream(spec.name).count for spec in trace.spec}
    assert counts["mass"] == planned_s
    assert counts["pressure_line"] == counts["pressure_catheter"] == planned_s * 10
    assert counts["ambient"] == counts["pump"] == planned_s // 10
    assert np.array_equal(np.diff(trace.stream("mass").time_ns), np.full(planned_s - 1, 1_000_000_000))


def test_every_sampler_accounts_for_its_ticks(finished: Finished) -> None:
    trace = read_trace(finished.run.trace)
    ends = {event.source: event.data for event in trace.events if event.kind == "sampler_end"}
    assert set(ends) == {"mass", "pressure", "ambient", "pump"}
    assert all(tally["missed"] == tally["late"] == tally["failed"] == 0 for tally in ends.values())


def test_events_announce_what_the_hardware_does(finished: Finished) -> None:
    lines = [json.loads(line) for line in finished.run.events.read_text().splitlines()]
    kinds = [line["kind"] for line in lines]
    assert kinds.count("infusion_start") == kinds.count("infusion_stop") == 2
    assert kinds.index("program") < kinds.index("infusion_start")
    assert kinds[-1] == "clock_anchor"
    sealed = [(event.kind, event.time_ns) for event in read_trace(finished.run.trace).events]
    assert sealed == [(line["kind"], line["time_ns"]) for line in lines]


def test_identity_and_settings_stand_in_the_trace(finished: Finished) -> None:
    instruments = read_trace(finished.run.trace).header["instruments"]
    assert isinstance(instruments, dict)
    assert instruments["pump"]["serial"] == "ITB-0042"
    assert instruments["balance"]["serial"] == "B402318876"
    assert set(instruments) == {"pump", "balance", "ambient", "pressure", "lines"}


def test_any_hdf5_tool_reads_the_trace(finished: Finished) -> None:
    with h5py.File(finished.run.trace) as file:
        assert file["entry/mass/mass_g"].attrs["units"] in ("g", b"g")
    done = subprocess.run(
        ["h5dump", "-d", "/entry/mass/mass_g", "-c", "3", str(finished.run.trace)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "H5T_IEEE_F64LE" in done.stdout


def test_the_number_is_right(finished: Finished) -> None:
    outcome = finished.record["outcome"]
    begin_s, end_s = outcome["analysis_begin_s"], outcome["analysis_end_s"]
    with h5py.File(finished.run.truth) as truth:
        volume_ul = np.interp([begin_s, end_s], truth["time_s"][:], truth["tip_volume_ul"][:])
    true_ul_per_h = float(volume_ul[1] - volume_ul[0]) / (end_s - begin_s) * 3600.0
    flow = outcome["mean_flow"]
    assert abs(flow["value"] - true_ul_per_h) <= flow["expanded_uncertainty"]
    assert flow["expanded_uncertainty"] <= 0.005 * true_ul_per_h


def test_evaluating_again_without_the_truth_gives_the_same_numbers(finished: Finished, tmp_path: Path) -> None:
    finished.run.truth.rename(tmp_path / "truth.h5")
    again = tmp_path / "again.json"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "rig", "evaluate", str(finished.run.path), "--json", str(again)],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
    finally:
        (tmp_path / "truth.h5").rename(finished.run.truth)
    assert done.returncode == 0, done.stderr
    assert json.loads(again.read_text())["outcome"] == finished.record["outcome"]


def test_the_figure_is_drawn(finished: Finished) -> None:
    assert finished.run.figure.read_bytes().startswith(b"\x89PNG")
    assert finished.run.figure.stat().st_size > 20_000
