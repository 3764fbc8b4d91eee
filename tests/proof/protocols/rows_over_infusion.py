"""Over-infusion: good pumps, +20 % at once, +15 % in five days; the pump's own alarm silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from results.decision import Verdict
from tests.proof.protocols.rows import Comparison, Row, compared
from tests.proof.protocols.truth import RunTruth

_FLOW_UL_PER_H = 9.0
_ALLOWED_UL_PER_S = 1.05 * _FLOW_UL_PER_H / 3600.0
_GRID_S = 600.0
_DAY_S = 86400.0


def _compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
    begin_s, end_s = truth.phase("infusion")
    times_s = np.append(np.arange(begin_s, end_s - _GRID_S / 2.0, _GRID_S), end_s)
    volumes_ul = truth.volumes_ul(times_s)
    largest_ul = running_ul = 0.0
    for passed_s, came_ul in zip(np.diff(times_s), np.diff(volumes_ul), strict=True):
        running_ul = max(0.0, running_ul + came_ul - _ALLOWED_UL_PER_S * passed_s)
        largest_ul = max(largest_ul, running_ul)
    whole = truth.flow_ul_per_h(begin_s, end_s)
    counted_ul = _FLOW_UL_PER_H * (end_s - begin_s) / 3600.0 * (1.0 + 1e-6 * truth.drawn["pump.crystal_error_ppm"])
    comparisons = [
        *compared(outcome, "accumulated over-delivery", largest_ul),
        *compared(outcome, "mean flow error", 100.0 * (whole / _FLOW_UL_PER_H - 1.0)),
        *compared(outcome, "weighed less calculated", volumes_ul[-1] - volumes_ul[0] - counted_ul),
    ]
    if end_s - begin_s > _DAY_S:
        begins_s = times_s[times_s <= end_s - _DAY_S]
        days = truth.volumes_ul(begins_s + _DAY_S) - truth.volumes_ul(begins_s)
        worst = float(days.max()) / _DAY_S * 3600.0
        comparisons += compared(outcome, "highest flow error over 24 h", 100.0 * (worst / _FLOW_UL_PER_H - 1.0))
    return comparisons


_SUDDEN = ('kind = "rate_error"\nat_s = 30000.0\nduration_s = 1000000.0\npercent = 20.0',)

ROWS = (
    Row("over_infusion", "over_infusion_day", "good pump", Verdict.PASS, compare=_compare, in_ci=True),
    Row(
        "over_infusion",
        "over_infusion_day",
        "20 % more at once",
        Verdict.FAIL,
        events=_SUDDEN,
        finds="adds up",
        compare=_compare,
        in_ci=True,
    ),
    Row(
        "over_infusion",
        "over_infusion_day",
        "20 % more, nobody watching: the pump's alarm stays silent",
        Verdict.FAIL,
        plan={"reading_together_s = 600.0": "reading_together_s = 1.0e9"},
        events=_SUDDEN,
        finds="raised no reservoir alarm",
        compare=_compare,
    ),
    Row("over_infusion", "over_infusion", "good pump", Verdict.PASS, compare=_compare),
    Row(
        "over_infusion",
        "over_infusion",
        "15 % more in five days",
        Verdict.FAIL,
        events=('kind = "drift"\nat_s = 102600.0\nduration_s = 432000.0\npercent_per_day = 3.0',),
        finds="adds up",
        compare=_compare,
    ),
)
