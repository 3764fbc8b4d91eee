"""The line of strokes at uncertain ends, against strokes counted between true and stated instants."""

from __future__ import annotations

import math

import numpy as np
import pytest

from results.evaluate_flow import evaluate_flow
from tests.results.synthetic import BENCH, Truth, evaluation_of, simulate

FLOW, STROKE_UL = 1000.0 / 24.0, 1.0
TRUTH = Truth(flow_ul_per_h=FLOW, draws=0.0, step_s=20.0)
SMOOTH, STROKES = "timing of the period", "timing of the period, strokes at its ends"


def counted_ul(timing_u_s: float) -> float:
    """Return the standard deviation of the volume between two instants that are off, by counting strokes."""
    generator = np.random.default_rng(1)
    apart_s = STROKE_UL / FLOW * 3600.0
    first_s = generator.uniform(0.0, apart_s, (2, 200_000))
    off_s = generator.normal(0.0, timing_u_s / math.sqrt(2.0), first_s.shape)
    strokes = np.floor((off_s - first_s) / apart_s) - np.floor(-first_s / apart_s)
    return STROKE_UL * float(np.std(strokes[1] - strokes[0]))


@pytest.mark.parametrize("timing_u_s", [0.2, 1.0, 20.0, 60.0, 200.0])
def test_both_lines_of_timing_are_what_counted_strokes_do(timing_u_s: float) -> None:
    bench = BENCH.model_copy(update={"timing_u_s": timing_u_s})
    plan = evaluation_of(flow_ul_per_h=FLOW).model_copy(update={"stroke_volume_ul": STROKE_UL})
    outcome = evaluate_flow(simulate(TRUTH, 1).series, plan, bench=bench)
    per_ul = outcome.error_a.measured.standard_uncertainty / outcome.delivered_volume.standard_uncertainty
    lines = {line.name: line.contribution / per_ul for line in outcome.error_a.lines}
    assert math.hypot(lines[SMOOTH], lines[STROKES]) == pytest.approx(counted_ul(timing_u_s), rel=0.03)


def test_a_pump_without_strokes_has_no_such_line() -> None:
    outcome = evaluate_flow(simulate(TRUTH, 1).series, evaluation_of(flow_ul_per_h=FLOW), bench=BENCH)
    assert STROKES not in {line.name for line in outcome.error_a.lines}
