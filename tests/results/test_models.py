"""The plan's evaluation and the station's bench: strict, complete, free of contradictions."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from results.bench import GravimetricBench
from results.evaluation import FlowEvaluation, Liquid
from results.gravimetry.liquid import liquid_density_kg_per_m3, liquid_expansion_per_k
from tests.results.synthetic import BENCH, evaluation_of


def plan(**changes: Any) -> dict[str, Any]:
    return evaluation_of().model_dump(mode="json") | changes


def test_a_plan_survives_json() -> None:
    assert FlowEvaluation.model_validate(plan()) == evaluation_of()
    assert GravimetricBench.model_validate(BENCH.model_dump(mode="json")) == BENCH


@pytest.mark.parametrize(
    "changes",
    [
        {"set_flow_ul_per_h": 0.0},
        {"set_flow_ul_per_h": math.nan},
        {"set_flow_ul_per_h": "9"},
        {"set_flow": 9.0},
        {"pump_temperature_c": 41.0},
        {"direction": "sideways"},
        {"coverage_percent": 100.0},
        {"stroke_volume_ul": 0.0},
        {"liquid": {"kind": "saline"}},
        {"criteria": [{"id": "A", "measurand": "mean flow error A", "unit": "mL", "low": 1.0, "source": "x"}]},
    ],
)
def test_plans_without_meaning_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FlowEvaluation.model_validate(plan(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"tube_outer_diameter_mm": 20.0},
        {"vessel_inner_diameter_mm": 0.0},
        {"capillary_u_ul": -0.1},
        {"balance_zero_drift_ug_per_sqrt_h": math.inf},
        {"weight_density_kg_per_m3": 8.0},
        {"unknown": 1.0},
        {"timing_u_s": True},
    ],
)
def test_benches_without_meaning_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GravimetricBench.model_validate(BENCH.model_dump(mode="json") | changes)


def test_saline_is_given_by_its_measured_density() -> None:
    saline = Liquid(kind="measured", density_kg_per_m3=1004.6, density_temperature_c=20.0, expansion_per_k=2.5e-4)
    assert liquid_density_kg_per_m3(saline, 20.0) == 1004.6
    assert liquid_density_kg_per_m3(saline, 37.0) == pytest.approx(1004.6 * (1.0 - 17.0 * 2.5e-4))
    assert liquid_expansion_per_k(saline, 30.0) == 2.5e-4
    assert liquid_density_kg_per_m3(Liquid(kind="water"), 20.0) == pytest.approx(998.206746, abs=1e-6)


@pytest.mark.parametrize(
    "liquid",
    [
        {"kind": "measured", "density_kg_per_m3": 1004.6},
        {"kind": "measured", "density_kg_per_m3": 1.0046, "density_temperature_c": 20.0, "expansion_per_k": 0.0},
        {"kind": "water", "density_kg_per_m3": 998.2},
    ],
)
def test_half_a_liquid_is_refused(liquid: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Liquid.model_validate(liquid)
