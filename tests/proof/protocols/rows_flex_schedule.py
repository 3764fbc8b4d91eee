"""Flex schedule: good pumps, a day-step that is forgotten, day-steps too small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.rows import Comparison, Row, compared
from tests.proof.protocols.truth import RunTruth

_FLOWS_UL_PER_H = (7.0, 11.0, 7.0, 11.0)
_DAYS = 3


def _compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
    comparisons = []
    for day in range(1, _DAYS + 1):
        begin_s, _ = truth.phase(f"day-step {day}.1")
        _, end_s = truth.phase(f"day-step {day}.4")
        error = 100.0 * (truth.flow_ul_per_h(begin_s, end_s) / 9.0 - 1.0)
        comparisons += compared(outcome, f"dose error, day {day}", error)
        for number, flow in enumerate(_FLOWS_UL_PER_H, start=1):
            step = truth.flow_ul_per_h(*truth.phase(f"day-step {day}.{number}"))
            name = f"dose error, day-step {day}.{number}"
            comparisons += compared(outcome, name, 100.0 * (step / flow - 1.0))
    return comparisons


ROWS = (
    Row("flex_schedule", "flex", "good pump", Verdict.PASS, compare=_compare, in_ci=True),
    Row(
        "flex_schedule",
        "flex",
        "one change of flow is forgotten",
        Verdict.FAIL,
        twin={"stroke_duration_s": "missed_step = 5\nstroke_duration_s"},
        finds="day-step",
        compare=_compare,
        in_ci=True,
    ),
    Row(
        "flex_schedule",
        "flex",
        "20 % too little for one day-step",
        Verdict.FAIL,
        events=('kind = "rate_error"\nat_s = 117000.0\nduration_s = 21600.0\npercent = -20.0',),
        finds="day-step",
        compare=_compare,
    ),
)
