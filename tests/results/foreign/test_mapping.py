"""The conditions of a foreign measurement can say of a bench all that a station says of its own."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from results.bench import GravimetricBench
from results.foreign.conditions import Air, Balance, Vessel
from results.foreign.file_format import TimeColumn
from results.foreign.mapping import bench_of
from tests.results.foreign.files import changed, conditions_of
from tests.results.foreign.test_vectors import day_conditions

RENAMED: dict[str, tuple[type[BaseModel], str]] = {
    "weight_density_kg_per_m3": (Balance, "weights_density_kg_per_m3"),
    "air_temperature_u_c": (Air, "temperature_u_c"),
    "air_humidity_u_percent": (Air, "humidity_u_percent"),
    "air_pressure_u_hpa": (Air, "pressure_u_hpa"),
    "timing_u_s": (TimeColumn, "u_s"),
}
OF_OCCLUSION_TESTS = {"transducer_zero_u_kpa", "transducer_span_u_percent", "sample_clock_u_ppm"}
STATEMENTS = [name for name in GravimetricBench.model_fields if name not in OF_OCCLUSION_TESTS]
OPTIONAL_HERE = {
    # A set-up without a trapped volume is the usual one elsewhere.
    *("outlet_tube_volume_ul", "outlet_tube_volume_u_ul", "tube_temperature_u_k", "liquid_temperature_offset_c"),
}


def place_of(name: str) -> tuple[type[BaseModel], str]:
    if name in RENAMED:
        return RENAMED[name]
    if name.startswith("balance_"):
        return Balance, name.removeprefix("balance_")
    return Vessel, name


def rules(model: type[BaseModel], name: str) -> tuple[str, bool, Any]:
    """The limits of a field, whether it must be stated, and its default."""
    field = model.model_fields[name]
    return str(field.metadata), field.is_required(), field.default


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_of_a_bench_has_its_place_and_the_same_rules(name: str) -> None:
    model, key = place_of(name)
    assert key in model.model_fields
    limits, required, default = rules(GravimetricBench, name)
    here, required_here, default_here = rules(model, key)
    assert here == limits
    if name not in OPTIONAL_HERE:
        assert (required_here, default_here) == (required, default)


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_reaches_the_bench(name: str) -> None:
    model, key = place_of(name)
    value = 9000.0 if name == "weight_density_kg_per_m3" else 0.77
    part = {Balance: "balance", Vessel: "vessel", Air: "air"}
    if model is TimeColumn:
        table = changed(day_conditions(), columns={"time": {"name": "t", "unit": "s", "u_s": value}})
    else:
        table = changed(day_conditions(), **{part[model]: {key: value}})
    if name == "liquid_temperature_offset_c":
        del table["vessel"]["liquid_temperature_c"]
    if name == "vessel_inner_diameter_mm":
        table["vessel"]["tube_outer_diameter_mm"] = 0.1
    assert getattr(bench_of(conditions_of(table)), name) == value
