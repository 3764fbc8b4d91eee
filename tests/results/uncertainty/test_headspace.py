"""The headspace's line: how far evaporation between blanks depends on a headspace that is not as stated."""

from __future__ import annotations

import pytest

from results.evaluate_flow import evaluate_flow
from tests.results.synthetic import BENCH, Truth, evaluation_of, simulate

FLOW = 1000.0 / 24.0
SHALLOW = BENCH.model_copy(update={"headspace_mm": 10.0, "headspace_u_mm": 0.5})
TRUTH = Truth(flow_ul_per_h=FLOW, bench=SHALLOW, draws=0.0, evaporation_growth_percent=0.0, step_s=20.0)
LINE = "evaporation, headspace over the rising level"


def test_the_line_is_what_a_wrong_headspace_does() -> None:
    """The sensitivity against evaluations that are told a headspace 0.1 mm larger and smaller."""
    series, plan = simulate(TRUTH, 1).series, evaluation_of(flow_ul_per_h=FLOW)
    values = {}
    for headspace_mm in (9.9, 10.0, 10.1):
        bench = SHALLOW.model_copy(update={"headspace_mm": headspace_mm})
        values[headspace_mm] = evaluate_flow(series, plan, bench=bench).error_a
    (line,) = [line for line in values[10.0].lines if line.name == LINE]
    slope = (values[10.1].measured.value - values[9.9].measured.value) / 0.2
    assert line.sensitivity == pytest.approx(slope, rel=0.1)
    assert abs(line.sensitivity) > 1e-4
    assert line.standard_uncertainty == 0.5


def test_without_a_headspace_there_is_nothing_to_doubt() -> None:
    outcome = evaluate_flow(simulate(TRUTH, 1).series, evaluation_of(flow_ul_per_h=FLOW), bench=BENCH)
    (line,) = [line for line in outcome.error_a.lines if line.name == LINE]
    assert line.contribution == 0.0
