"""The figure of a flow test: what it must show, and that it is the same twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from results.evaluate_flow import evaluate_flow
from results.figure_text import rounded
from results.figures import draw_flow_figure, flow_figure
from results.outcome import FlowOutcome
from tests.results.synthetic import BENCH, Truth, evaluation_of, simulate


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
    ):
        assert expected in words
    error = outcome.error_a.measured
    assert rounded(error.value, error.expanded_uncertainty, sign=True) in words


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
    bare = replace(outcome, startup=None, pump_off=(), decisions=(), run_id="", title="word " * 100)
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
