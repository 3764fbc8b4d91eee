"""Low and empty reservoir: good pumps; over-delivering ones, which stay silent; one that never says low."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.rows import Compare, Comparison, Row, compared
from tests.proof.protocols.truth import RunTruth

_FLOW_UL_PER_H = 100.0
_ERROR = "systematic_error_percent = { value = 0.0, u = 1.5"


def _over_delivering(percent: float) -> Mapping[str, str]:
    return {_ERROR: f"systematic_error_percent = {{ value = {percent}, u = 0.0"}


def _alarms(*, fill_ul: float, low_ul: float) -> Compare:
    """Return the comparison; the pump alarms when its program has delivered so much, to a few ppm of its clock."""

    def compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
        begin_s, _ = truth.phase("infusion")
        comparisons = []
        for word, calculated_ul in (("low", low_ul), ("empty", 0.0)):
            left_ul = truth.path_at("reservoir_ul", begin_s + (fill_ul - calculated_ul) / _FLOW_UL_PER_H * 3600.0)
            comparisons += compared(outcome, f"reservoir at {word} alarm, weighed", left_ul)
            comparisons += compared(outcome, f"reservoir at {word} alarm, calculated", calculated_ul)
            comparisons += compared(outcome, f"{word} alarm, calculated less weighed", calculated_ul - left_ul)
        after = truth.flow_ul_per_h(*truth.phase("after empty"))
        return [*comparisons, *compared(outcome, "flow after empty", after)]

    return compare


_short = _alarms(fill_ul=500.0, low_ul=200.0)

ROWS = (
    Row("low_reservoir", "low_short", "good pump", Verdict.PASS, compare=_short, in_ci=True),
    Row(
        "low_reservoir",
        "low_short",
        "20 % too much: it says low too late",
        Verdict.FAIL,
        twin=_over_delivering(20.0),
        finds="low alarm, calculated less weighed",
        compare=_short,
        in_ci=True,
    ),
    Row(
        "low_reservoir",
        "low_short",
        "70 % too much: it is silent until nothing is left",
        Verdict.FAIL,
        twin=_over_delivering(70.0),
        finds="low alarm, calculated less weighed",
    ),
    Row(
        "low_reservoir",
        "low_short",
        "it never says low",
        Verdict.FAIL,
        twin={"stroke_duration_s": 'silent_alarms = ["LOW_RESERVOIR"]\nstroke_duration_s'},
        finds="no alarm 'low reservoir'",
    ),
    Row(
        "low_reservoir",
        "low_reservoir",
        "good pump",
        Verdict.PASS,
        compare=_alarms(fill_ul=2500.0, low_ul=2000.0),
    ),
)
