"""Benches for the tests of the physics: the shipped one, and one in which nothing moves by itself."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instruments.simulated.truth import TwinConfig, twin_from_mapping

_SHIPPED = Path(__file__).parents[4] / "rig" / "stations" / "simulated" / "twin.toml"

TwinMaker = Callable[..., TwinConfig]


def changed(table: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a truth table with `{"pump.stroke_jitter_percent": 0.0}`-like changes."""
    result = copy.deepcopy(table)
    for key, value in changes.items():
        *path, name = key.split(".")
        place = result
        for part in path:
            place = place[part]
        place[name] = value
    return result


def stilled(table: dict[str, Any]) -> dict[str, Any]:
    """Return a copy in which nothing is drawn, noisy or moving: every effect has to be asked for."""
    result = copy.deepcopy(table)

    def still(part: dict[str, Any]) -> None:
        for value in part.values():
            if isinstance(value, dict):
                if "distribution" in value:
                    value["u"] = 0.0
                else:
                    still(value)

    still(result)
    quiet = {
        "pump.stroke_jitter_percent": 0.0,
        "meniscus.capillary_ul": 0.0,
        "vessel.evaporation_ug_per_min.value": 0.0,
        "fixture.compliance_ul_per_kpa.value": 0.0,
        "fixture.valve_displacement_ul.value": 0.0,
        "balance.zero_tracking": False,
        "balance.adaptive": False,
    }
    for name in ("back_pressure_percent_per_kpa", "temperature_percent_per_k", "reservoir_fill_percent"):
        quiet[f"pump.{name}.value"] = 0.0
    quiet["pump.ambient_pressure_percent_per_kpa.value"] = 0.0
    for name in ("white_noise_ug", "zero_drift_ug_per_sqrt_h", "flicker_ug", "vibration_spikes_per_h"):
        quiet[f"balance.{name}"] = 0.0
    for name in ("hvac_amplitude_k", "diurnal_amplitude_k", "temperature_wander_k"):
        quiet[f"room.{name}"] = 0.0
    for name in ("humidity_wander_percent", "pressure_wander_hpa"):
        quiet[f"room.{name}"] = 0.0
    return changed(result, quiet)


@pytest.fixture(scope="session")
def shipped_table() -> dict[str, Any]:
    """The shipped truth as a table."""
    with _SHIPPED.open("rb") as file:
        return tomllib.load(file)


@pytest.fixture(scope="session")
def typical(shipped_table: dict[str, Any]) -> TwinMaker:
    """Make the shipped bench with changes: `typical({"room.temperature_c": 25.0}, events=[...])`."""

    def make(changes: dict[str, Any] | None = None, *, events: list[dict[str, Any]] | None = None) -> TwinConfig:
        table = changed(shipped_table, changes or {})
        return twin_from_mapping(table | {"event": events or []})

    return make


@pytest.fixture(scope="session")
def quiet(shipped_table: dict[str, Any]) -> TwinMaker:
    """Make the bench in which nothing moves by itself, with changes."""

    def make(changes: dict[str, Any] | None = None, *, events: list[dict[str, Any]] | None = None) -> TwinConfig:
        table = changed(stilled(shipped_table), changes or {})
        return twin_from_mapping(table | {"event": events or []})

    return make
