"""Catheter trial: good pumps in both set-ups, a step that is forgotten, steps too large."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.rows import Comparison, Row, compared
from tests.proof.protocols.truth import RunTruth

_DOSES_UG_PER_DAY = (27.0, 54.0, 81.0, 108.0)


def _compare(*, ug_per_ml: float, settle_s: float) -> Callable[[Mapping[str, Any], RunTruth], list[Comparison]]:
    flows = [dose / ug_per_ml * 1000.0 / 24.0 for dose in _DOSES_UG_PER_DAY]

    def compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
        comparisons = []
        for number, flow in enumerate(flows, start=1):
            begin_s, end_s = truth.phase(f"step {number}")
            true = truth.flow_ul_per_h(begin_s + settle_s, end_s)
            comparisons += compared(outcome, f"mean flow error, step {number}", 100.0 * (true / flow - 1.0))
        whole = truth.volume_ul(truth.phase("step 1")[0], truth.phase("step 4")[1])
        return comparisons + compared(outcome, "total dose", whole * ug_per_ml * 1e-3)

    return compare


_SHORT = _compare(ug_per_ml=50.0, settle_s=600.0)
_IMPLANT = _compare(ug_per_ml=500.0, settle_s=3600.0)
_EXTERNAL = _compare(ug_per_ml=50.0, settle_s=3600.0)
_FASTER = {"balance_period_s = 1.0": "balance_period_s = 5.0"}

ROWS = (
    Row("catheter_trial", "short", "good pump", Verdict.PASS, compare=_SHORT, in_ci=True),
    Row(
        "catheter_trial",
        "short",
        "one step is forgotten",
        Verdict.FAIL,
        twin={"stroke_duration_s": "missed_step = 3\nstroke_duration_s"},
        finds="step 4",
        compare=_SHORT,
        in_ci=True,
    ),
    Row("catheter_trial", "implant", "good pump", Verdict.PASS, station=_FASTER, compare=_IMPLANT),
    Row(
        "catheter_trial",
        "external",
        "good external pump",
        Verdict.PASS,
        base="simulated-external",
        compare=_EXTERNAL,
    ),
)
