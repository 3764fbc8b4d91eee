"""A flow test with a stretch that was not weighed: what is left out, what is said, and what still stands."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.text import Text

from results.cleaning.findings import Finding, Treatment
from results.decision import Criterion, Verdict
from results.evaluate_flow import evaluate_flow
from results.figures import flow_figure
from results.flow_marks import bridged_s, flow_marks
from results.outcome import FlowOutcome
from results.series import FlowSeries
from tests.results.synthetic import BENCH, HOUR, WARM_UP_S, Truth, evaluation_of, simulate

ANALYSIS_S = WARM_UP_S + 26.0 * HOUR
MIDDLE_S = ANALYSIS_S + 12.6 * HOUR
LONGEST = Criterion(id="W", measurand="Ep(max), P = 930 min", unit="%", low=None, high=20.0, source="label")


def without(series: FlowSeries, begin_s: float, end_s: float) -> FlowSeries:
    kept = (series.time_s <= begin_s) | (series.time_s >= end_s)
    return replace(series, time_s=series.time_s[kept], mass_g=series.mass_g[kept], status=series.status[kept])


@pytest.fixture(scope="module")
def sound() -> FlowSeries:
    return simulate(Truth(error_percent=-1.2), 1).series


def evaluated(series: FlowSeries) -> FlowOutcome:
    plan = evaluation_of()
    return evaluate_flow(series, plan.model_copy(update={"criteria": (*plan.criteria, LONGEST)}), bench=BENCH)


@pytest.fixture(scope="module")
def holed(sound: FlowSeries) -> FlowOutcome:
    return evaluated(without(sound, MIDDLE_S, MIDDLE_S + 300.0))


def test_a_sound_run_leaves_out_nothing(sound: FlowSeries) -> None:
    outcome = evaluated(sound)
    assert outcome.unweighed.count == 0
    assert all(row.windows_excluded == 0 for row in outcome.corrected.trumpet)
    assert not any("left out" in note for note in outcome.notes)
    assert outcome.decisions[1].verdict is Verdict.PASS


def test_every_window_over_the_hole_is_left_out_and_counted(holed: FlowOutcome) -> None:
    assert holed.unweighed.listed_s == ((MIDDLE_S, MIDDLE_S + 300.0),)
    interval = int((MIDDLE_S - ANALYSIS_S) / 900.0)
    for variant in (holed.corrected, holed.as_written):
        for row in variant.trumpet:
            starts = range(100 - row.samples + 1)
            over = sum(start <= interval < start + row.samples for start in starts)
            assert (row.windows, row.windows_excluded) == (len(starts) - over, over)
    assert [row.windows_excluded for row in holed.corrected.trumpet] == [1, 4, 10, 22, 38, 39]


def test_no_number_stands_for_a_length_that_was_never_weighed_throughout(holed: FlowOutcome) -> None:
    record = json.loads(json.dumps(holed.as_record()))
    assert record["schema"] == "flow-outcome/1.2.0"
    last = record["corrected"]["trumpet"][-1]
    assert (last["windows"], last["windows_excluded"]) == (0, 39)
    assert (last["ep_max_percent"], last["ep_min_percent"]) == (None, None)
    assert record["window_uncertainty"][-1]["max_high_percent"] is None
    assert record["unweighed"]["limit_s"] == 35.0
    assert any(note.endswith("no statement on windows of 930 min") for note in holed.notes)
    decision = holed.decisions[1]
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "all 39 windows touch what was not weighed" in decision.reason
    assert holed.decisions[0].verdict is Verdict.PASS


def test_the_figure_says_how_many_windows_it_shows(holed: FlowOutcome) -> None:
    words = "\n".join(found.get_text() for found in flow_figure(holed).findobj(Text) if isinstance(found, Text))
    assert "below: windows evaluated, of all" in words
    assert "930\n0 of 39" in words
    assert "570\n25 of 63" in words


def test_a_gap_that_interpolation_bridges_leaves_out_nothing(sound: FlowSeries) -> None:
    assert evaluated(without(sound, MIDDLE_S, MIDDLE_S + 30.0)).unweighed.count == 0
    assert evaluated(without(sound, MIDDLE_S, MIDDLE_S + 40.0)).unweighed.count == 1


def test_what_is_bridged_is_a_thirtieth_of_the_sample_interval_or_three_readings() -> None:
    assert bridged_s(np.arange(0.0, 1000.0), sample_interval_s=900.0) == 30.0
    assert bridged_s(np.arange(0.0, 1000.0), sample_interval_s=30.0) == 3.5


def finding(rule: str, treatment: Treatment, *, drift_s: float = 0.0, lasting: bool = True) -> Finding:
    return Finding(rule, treatment, 400.0, 460.0, -2.0, 0.5, "", lasting=lasting, drift_s=drift_s)


def test_steps_and_clocks_are_marked_by_what_was_done_about_them() -> None:
    found = (
        finding("step", "repaired"),
        finding("load on and off", "repaired", lasting=False),
        finding("jump", "kept, U widened"),
        finding("interruption of the delivery", "kept"),
        finding("clock set back", "kept, U widened", drift_s=20.0),
        finding("clock set back", "kept, U widened", drift_s=60.0),
    )
    marks = flow_marks(np.arange(0.0, 1000.0), found, sample_interval_s=900.0, ul_per_g=1000.0)
    assert marks.excluded_s.tolist() == [[400.0, 460.0]]
    assert marks.repaired.stretches_s.tolist() == [[400.0, 460.0], [400.0, 400.0], [460.0, 460.0]]
    assert marks.repaired.u_ul.tolist() == [0.5, 0.5, 0.5]
    assert marks.doubtful.stretches_s.tolist() == [[400.0, 460.0]]
    assert marks.doubtful.u_ul == pytest.approx([2.0 / np.sqrt(2.0)])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_an_analysis_that_ends_without_a_reading_is_as_uncertain_as_what_came_meanwhile(
    sound: FlowSeries, share: float
) -> None:
    """The pump stops as the analysis ends: interpolation over a gap about that instant is out by part of a gap."""
    end_s = ANALYSIS_S + 25.0 * HOUR
    outcome = evaluated(without(sound, end_s - 800.0 * share, end_s + 800.0 * (1.0 - share)))
    (found,) = [found for found in outcome.findings if found.rule == "end of the analysis not weighed"]
    assert found.begin_s < end_s < found.end_s
    (line,) = [line for line in outcome.error_a.lines if line.name == "ends not weighed"]
    came_percent = 800.0 * share / (25.0 * HOUR) * 100.0
    assert line.contribution == pytest.approx(max(share, 1.0 - share) * came_percent, rel=0.2)
    out_by = outcome.error_a.measured.value - evaluated(sound).error_a.measured.value
    assert out_by == pytest.approx(-(1.0 - share) * came_percent, abs=0.06)
    assert abs(out_by) < outcome.error_a.measured.expanded_uncertainty
