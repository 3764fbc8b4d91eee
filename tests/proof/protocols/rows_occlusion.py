"""Occlusion: good pumps at each flow and threshold; thresholds, alarms and reductions that are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.line_truth import LineTruth, compare_all
from tests.proof.protocols.rows import Comparison, Row
from tests.proof.protocols.truth import RunTruth

_SENSOR = "[pump.occlusion_sensor]"
_SLOWER = {"pressure_rate_hz = 1000.0": "pressure_rate_hz = 100.0"}


def _compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
    return compare_all(outcome, LineTruth(truth, outcome).of_trial())


def _row(label: str, verdict: Verdict, *, case: str = "intermediate_lowest", **how: Any) -> Row:
    how = {"base": "simulated-external", "plan": _SLOWER, "compare": _compare, **how}
    return Row("occlusion", case, label, verdict, **how)


ROWS = (
    _row("good pump", Verdict.PASS, in_ci=True),
    _row("good pump", Verdict.PASS, case="intermediate_highest", plan={}),
    _row("good pump", Verdict.PASS, case="minimum_lowest", plan={}),
    _row("good pump", Verdict.PASS, case="minimum_highest", plan={}),
    _row("good pump", Verdict.PASS, case="automatic_restart"),
    _row(
        "threshold 15 kPa too high",
        Verdict.FAIL,
        twin={"error_kpa = { value = 0.0, u = 1.0,": "error_kpa = { value = -15.0, u = 1.0,"},
        finds="pressure at alarm less threshold",
    ),
    _row(
        "threshold 20 kPa too low: it draws the line empty after the alarm",
        Verdict.FAIL,
        twin={"error_kpa = { value = 0.0, u = 1.0,": "error_kpa = { value = 20.0, u = 1.0,"},
        finds="pressure at alarm less threshold",
    ),
    _row(
        "threshold 15 kPa too low: it draws the line empty after the alarm",
        Verdict.FAIL,
        or_else=Verdict.INCONCLUSIVE,  # pressure rises while it takes its time: to 10 kPa less, the limit
        twin={"error_kpa = { value = 0.0, u = 1.0,": "error_kpa = { value = 15.0, u = 1.0,"},
        finds="pressure at alarm less threshold",
    ),
    _row(
        "alarm 40 s late",
        Verdict.FAIL,
        twin={"\nlatency_s = 1.0": "\nlatency_s = 40.0"},
        finds="time to alarm",
    ),
    _row(
        "no alarm",
        Verdict.FAIL,
        twin={_SENSOR: f"{_SENSOR}\nsilent = true"},
        finds="no occlusion alarm within",
        in_ci=True,
    ),
    _row(
        "no bolus reduction",
        Verdict.FAIL,
        case="intermediate_highest",
        twin={_SENSOR: f"{_SENSOR}\nbolus_reduction = false"},
        finds="unintended bolus",
    ),
    _row(
        "no restart",
        Verdict.FAIL,
        case="automatic_restart",
        twin={_SENSOR: f"{_SENSOR}\nsilent = true"},
        finds="restarts",
    ),
    _row(
        "a soft fixture, known",
        Verdict.NOT_RUN,
        plan={"fixture_ul_per_kpa = 0.05 ": "fixture_ul_per_kpa = 0.4 "},
        finds="stiffer fixture",
    ),
    _row(
        "a soft fixture, found",
        Verdict.INVALID,
        twin={"compliance_ul_per_kpa = { value = 0.05, u = 0.005": "compliance_ul_per_kpa = { value = 0.4, u = 0.005"},
        finds="stiffer fixture",
    ),
    _row("an implant: it has no occlusion alarm", Verdict.NOT_RUN, base="simulated", finds="an occlusion alarm"),
)
