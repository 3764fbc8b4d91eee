"""Flow accuracy: good pumps, and pumps that give too much or too little over the analysis period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.rows import Comparison, Row
from tests.proof.protocols.truth import RunTruth

_FINDS = "mean flow error A"


def _compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
    flow = outcome["mean_flow"]
    true = truth.flow_ul_per_h(outcome["analysis_begin_s"], outcome["analysis_end_s"])
    return [Comparison("mean flow", flow["value"], flow["expanded_uncertainty"], true)]


def _row(label: str, percent: float) -> Row:
    event = f'kind = "rate_error"\nat_s = 0.0\nduration_s = 1000000.0\npercent = {percent}'
    return Row(
        "flow_accuracy",
        "fast",
        label,
        Verdict.FAIL,
        events=(event,),
        finds=_FINDS,
        compare=_compare,
        in_ci=percent > 0.0,
    )


ROWS = (
    Row("flow_accuracy", "fast", "good pump", Verdict.PASS, compare=_compare, in_ci=True),
    _row("20 % too much", 20.0),
    _row("20 % too little", -20.0),
    Row("flow_accuracy", "maintenance", "good pump", Verdict.PASS, compare=_compare),
)
