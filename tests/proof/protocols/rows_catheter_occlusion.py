"""Catheter occlusion: good pumps; one that slips, one that stalls, a line that leaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.line_truth import LineTruth, compare_all
from tests.proof.protocols.rows import Comparison, Row
from tests.proof.protocols.truth import RunTruth

_CLOSED = "at_s = 7600.0\nduration_s = 850.0"  # while the catheter of the quick case is closed


def _compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
    return compare_all(outcome, LineTruth(truth, outcome).of_catheter())


def _row(label: str, verdict: Verdict, *, case: str = "catheter_quick", **how: Any) -> Row:
    return Row("catheter_occlusion", case, label, verdict, compare=_compare, **how)


ROWS = (
    _row("good pump", Verdict.PASS, in_ci=True),
    _row("good pump", Verdict.PASS, case="catheter"),
    _row(
        "it slips at 50 kPa",
        Verdict.FAIL,
        twin={"slip_pressure_kpa = 300.0": "slip_pressure_kpa = 50.0"},
        finds="maximum pressure",
        in_ci=True,
    ),
    _row(
        "it stalls against the pressure",
        Verdict.FAIL,
        events=(f'kind = "stall"\n{_CLOSED}',),
        finds="volume not returned",
    ),
    _row(
        "it stalls against the pressure, and says so",
        Verdict.FAIL,
        twin={"stroke_duration_s": "stall_detection_s = 300.0\nstroke_duration_s"},
        events=(f'kind = "stall"\n{_CLOSED}',),
        finds="motor stall",
    ),
    _row(
        "the line leaks under pressure",
        Verdict.FAIL,
        events=(f'kind = "leak"\n{_CLOSED}\nresistance_kpa_h_per_ml = 1000.0',),
        finds="volume not returned",
    ),
    _row(
        "a soft fixture, known",
        Verdict.NOT_RUN,
        case="catheter",
        plan={"fixture_ul_per_kpa = 0.01 ": "fixture_ul_per_kpa = 0.05 "},
        finds="stiffer fixture",
    ),
)
