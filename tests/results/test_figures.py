"""The figure of a flow test: what it must show, and that it is the same twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.text import Text

from results.decision import Verdict
from results.evaluate_flow import evaluate_flow
from results.figure_text import rounded
from results.figures import draw_flow_figure, flow_figure
from results.outcome import FlowOutcome
from results.provenance import Provenance
from tests.results.synthetic import BENCH, HOUR, Truth, evaluation_of, simulate


@pytest.fixture(scope="module")
def outcome() -> FlowOutcome:
    run = simulate(Truth(error_percent=-1.2, stroke_ul=1.0), 1)
    return evaluate_flow(run.series, evaluation_of(), bench=BENCH)


def words_of(figure: Figure) -> str:
    return "\n".join(found.get_text() for found in figure.findobj(Text) if isinstance(found, Text))


def test_it_says_what_a_reader_must_know(outcome: FlowOutcome) -> None:
    words = words_of(flow_figure(outcome))
    for expected in (
        "set 9 µL/h",
        "S = 15 min",
        "Run synthetic-1",
        "by analogy",
        "ambulatory-continuous 1.0.0",
        "at 20 °C",
        "fully corrected",
        "as the standard's formula is written",
        "PASS",
        "±14.5 %",
        "limit of A +14.5 %",
        "limit of A −14.5 %",
        "not elapsed time",
        "noise floor",
        "pump off",
        "Whole infusion",
        "Trumpet, S = 15 min",
        "5 %, 95 % of the windows",
        "where the true extremes lie",
    ):
        assert expected in words
    error = outcome.error_a.measured
    assert rounded(error.value, error.expanded_uncertainty, sign=True) in words


def test_a_criterion_that_failed_is_told_before_those_that_passed(outcome: FlowOutcome) -> None:
    (passed,) = outcome.decisions
    failed = replace(passed, measurand="Ep(max), P = 15 min", verdict=Verdict.FAIL)
    words = words_of(flow_figure(replace(outcome, decisions=(passed, passed, failed), verdict=Verdict.FAIL)))
    assert "FAIL   (criterion: Ep(max), P = 15 min" in words


def test_a_run_of_our_own_can_be_traced_back(outcome: FlowOutcome) -> None:
    provenance = Provenance(
        pump="Bench Works, IP-1, serial no. 00042", plan="flow-accuracy revision 3, case one", trace_sha256="ab" * 32
    )
    words = words_of(flow_figure(outcome, provenance)).replace("\n", " ")
    for expected in ("serial no. 00042", "flow-accuracy revision 3, case one", "ab" * 32):
        assert expected in words
    assert "serial no." not in words_of(flow_figure(outcome))


def test_a_late_stall_shows() -> None:
    run = simulate(Truth(stroke_ul=1.0, stalls_s=((40.0 * HOUR, 43.0 * HOUR),)), 1)
    stalled = evaluate_flow(run.series, evaluation_of(), bench=BENCH)
    course = stalled.course
    assert course is not None
    flow = np.array(course.flow_ul_per_h)
    still = flow[round(38.0 * 4) : round(40.5 * 4)]  # 2 h 10 min of blank and warm-up before the infusion
    assert float(np.max(np.abs(still))) < 1.0
    steps = [patch for patch in flow_figure(stalled).axes[1].patches if isinstance(patch, StepPatch)]
    assert len(steps) == 1
    assert np.array_equal(np.asarray(steps[0].get_data()[0]), flow)


def test_a_simulated_run_is_marked_and_a_real_one_is_not(outcome: FlowOutcome) -> None:
    assert words_of(flow_figure(outcome)).count("SIMULATED") == 2
    assert "SIMULATED" not in words_of(flow_figure(replace(outcome, simulated=False)))


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_outcome_gives_the_same_file(outcome: FlowOutcome, tmp_path: Path, suffix: str) -> None:
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    draw_flow_figure(outcome, first)
    draw_flow_figure(outcome, second)
    assert first.stat().st_size > 10_000
    assert first.read_bytes() == second.read_bytes()


def test_a_run_without_start_up_blanks_or_criteria_can_be_drawn(outcome: FlowOutcome, tmp_path: Path) -> None:
    bare = replace(outcome, startup=None, course=None, pump_off=(), decisions=(), run_id="", title="word " * 100)
    draw_flow_figure(bare, tmp_path / "bare.png")
    words = words_of(flow_figure(bare))
    assert "no start-up curve" in words
    assert "limit of A" not in words


@pytest.mark.parametrize(
    ("value", "u", "text"),
    [
        (-0.5415, 0.273, "−0.54"),
        (8.9512614, 0.0246, "8.951"),
        (508.5192, 0.66, "508.52"),
        (12345.6, 120.0, "12346"),
        (0.0, 0.0, "0"),
        (1.25, float("nan"), "1.25"),
    ],
)
def test_numbers_are_rounded_to_their_uncertainty(value: float, u: float, text: str) -> None:
    assert rounded(value, u) == text
