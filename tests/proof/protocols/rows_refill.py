"""Refill: good pumps, one that over-delivers and calculates as if it did not, one that stands still for an hour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.rows import Compare, Comparison, Row, compared
from tests.proof.protocols.truth import RunTruth

_FILL_UL = 2000.0
_STANDING_S = 300.0


def _refills(*, flow_ul_per_h: float) -> Compare:
    def compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
        periods = [truth.phase(f"infusion {number}") for number in (1, 2)]
        weighed_ul = sum(truth.volume_ul(*period) for period in periods)
        programmed_ul = sum(flow_ul_per_h * (end_s - begin_s) / 3600.0 for begin_s, end_s in periods)
        filled_ul = truth.path_at("reservoir_ul", periods[-1][1] + 1.5 * _STANDING_S)
        return [
            *compared(outcome, "volume weighed", weighed_ul),
            *compared(outcome, "volume calculated", programmed_ul),
            *compared(outcome, "calculated less weighed", 100.0 * (programmed_ul / weighed_ul - 1.0)),
            *compared(outcome, "accuracy ratio by weighing", 100.0 * weighed_ul / programmed_ul),
            *compared(outcome, "reservoir calculated after refill less filled", _FILL_UL - filled_ul),
        ]

    return compare


_short = _refills(flow_ul_per_h=100.0)

ROWS = (
    Row("refill", "refill_short", "good pump", Verdict.PASS, compare=_short, in_ci=True),
    Row(
        "refill",
        "refill_short",
        "20 % too much, and not in its own count",
        Verdict.FAIL,
        twin={
            "systematic_error_percent = { value = 0.0, u = 1.5": "systematic_error_percent = { value = 20.0, u = 0.0"
        },
        finds="calculated less weighed",
        compare=_short,
        in_ci=True,
    ),
    Row(
        "refill",
        "refill_short",
        "a stall of an hour, and not in its own count",
        Verdict.FAIL,
        events=('kind = "stall"\nat_s = 9000.0\nduration_s = 3600.0',),
        finds="calculated less weighed",
        compare=_short,
    ),
    Row("refill", "refill", "good pump", Verdict.PASS, compare=_refills(flow_ul_per_h=24.0)),
)
