"""A flow is measured while the balance is away for fifteen seconds: the result is right, and the gap is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from results.trace.reader import read_trace
from results.trace.status import SampleStatus
from tests.end_to_end.bench_runs import Finished, add_events, copy_protocols, error_percent, make_station, run_protocols

AT_S, LOST_S = 3000.0, 15.0


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder: Path = tmp_path_factory.mktemp("gap")
    station = add_events(
        make_station(folder / "station"),
        f'kind = "link_fault"\ndevice = "balance"\nmode = "unplugged"\nat_s = {AT_S}\nduration_s = {LOST_S}',
    )
    cwd = copy_protocols(folder / "copy", {"[case.fast]\n": "[gaps]\nmass_s = 30.0\n\n[case.fast]\n"})
    arguments = ("--station", str(station), "--case", "fast", "--no-figure")
    return run_protocols(folder / "runs", *arguments, protocols="protocols/flow_accuracy.py", cwd=cwd)


def test_the_flow_agrees_with_what_was_truly_delivered(finished: Finished) -> None:
    assert finished.record["verdict"] == "PASS", finished.output
    deviation, expanded = error_percent(finished.run, finished.record)
    assert abs(deviation) <= expanded


def test_the_gap_is_listed_and_nothing_in_it_was_used(finished: Finished) -> None:
    outcome = finished.record["outcome"]
    ((begin_s, end_s),) = outcome["gaps"]["listed_s"]
    assert AT_S - 2.0 <= begin_s <= AT_S
    assert AT_S + LOST_S <= end_s <= AT_S + LOST_S + 11.0
    assert outcome["largest_gap_s"] == pytest.approx(end_s - begin_s)
    mass = read_trace(finished.run.trace).stream("mass")
    inside = (mass.time_s > begin_s) & (mass.time_s < end_s)
    assert (mass.status[inside] == SampleStatus.LINK_LOST).all()
    assert np.isnan(np.asarray(mass.column("mass_g"), dtype=np.float64)[inside]).all()


def test_what_has_no_number_is_among_the_exclusions_and_windows_across_the_gap_are_left_out(finished: Finished) -> None:
    outcome = finished.record["outcome"]
    (excluded,) = outcome["exclusions"]
    assert excluded["rule"] == "no number"
    assert excluded["count"] >= LOST_S
    ((first_s, last_s),) = excluded["listed_s"]
    assert AT_S <= first_s <= last_s <= AT_S + LOST_S + 10.0
    assert outcome["corrected"]["trumpet"][0]["windows_excluded"] > 0


def test_the_link_is_on_record_as_lost_and_back(finished: Finished) -> None:
    kinds = [event.kind for event in read_trace(finished.run.trace).events]
    assert kinds.count("link_lost") == kinds.count("link_restored") == 1
