"""Factors of flow accuracy: good pumps at every one of them, and pumps that do not stand one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.rows import Comparison, Row
from tests.proof.protocols.truth import RunTruth

_SET_UL_PER_H = 10000.0 / 24.0
_CASES = (
    "plain",
    "back_pressure_high",
    "back_pressure_low",
    "bath_20",
    "bath_37",
    "reservoir_full",
    "reservoir_mid",
    "reservoir_low",
    "air_low",
    "air_high",
)
_FINDS = "mean flow error A"


def _compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
    error = outcome["error_a"]["measured"]
    true = 100.0 * (truth.flow_ul_per_h(outcome["analysis_begin_s"], outcome["analysis_end_s"]) / _SET_UL_PER_H - 1.0)
    return [Comparison(_FINDS, error["value"], error["expanded_uncertainty"], true)]


ROWS = (
    *(
        Row("flow_factors", case, "good pump", Verdict.PASS, compare=_compare, in_ci=case == "back_pressure_high")
        for case in _CASES
    ),
    Row(
        "flow_factors",
        "back_pressure_high",
        "2 % less for every kPa of back pressure",
        Verdict.FAIL,
        twin={"back_pressure_percent_per_kpa = { value = -0.03": "back_pressure_percent_per_kpa = { value = -2.0"},
        finds=_FINDS,
        compare=_compare,
        in_ci=True,
    ),
    Row(
        "flow_factors",
        "bath_37",
        "2 % more for every kelvin",
        Verdict.FAIL,
        twin={"temperature_percent_per_k = { value = 0.02": "temperature_percent_per_k = { value = 2.0"},
        finds=_FINDS,
        compare=_compare,
    ),
    Row(
        "flow_factors",
        "reservoir_low",
        "30 % less from a reservoir nearly empty",
        Verdict.FAIL,
        twin={"reservoir_fill_percent = { value = -1.0": "reservoir_fill_percent = { value = -30.0"},
        finds=_FINDS,
        compare=_compare,
    ),
    Row(
        "flow_factors",
        "air_low",
        "1 % more for every kPa the air is thinner",
        Verdict.FAIL,
        twin={
            "ambient_pressure_percent_per_kpa = { value = -0.05": "ambient_pressure_percent_per_kpa = { value = -1.0"
        },
        finds=_FINDS,
        compare=_compare,
    ),
)
