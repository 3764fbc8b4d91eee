"""Stop and restart: good pumps, no alarm, delivery while stopped, none or too much after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.rows import Comparison, Row, compared
from tests.proof.protocols.truth import RunTruth

_FLOW_UL_PER_H = 9.0
_SETTLE_S = 3600.0
_ALARM_S = 48 * 3600.0


def _compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
    stopped = truth.phase("stopped")
    begin_s, end_s = truth.phase("after restart")
    after = truth.flow_ul_per_h(begin_s + _SETTLE_S, end_s)
    clock = 1.0 + 1e-6 * truth.drawn["pump.crystal_error_ppm"]
    return [
        *compared(outcome, "delivered while stopped", truth.volume_ul(*stopped)),
        *compared(outcome, "flow while stopped", truth.flow_ul_per_h(*stopped)),
        *compared(outcome, "stopped alarm after", _ALARM_S / clock),
        *compared(outcome, "restart delay", 0.0),
        *compared(outcome, "mean flow error after restart", 100.0 * (after / _FLOW_UL_PER_H - 1.0)),
    ]


def _delivery(at_s: float, volume_ul: float) -> str:
    """Return the event of a volume that comes although nothing was commanded."""
    values = f"{{ volume_ul = {volume_ul} }}"
    return f'kind = "operation"\nat_s = {at_s}\naction = "inject_fixture"\nvalues = {values}'


ROWS = (
    Row("stop_restart", "stop_restart", "good pump", Verdict.PASS, compare=_compare, in_ci=True),
    Row(
        "stop_restart",
        "stop_restart",
        "it does not tell that it is stopped",
        Verdict.FAIL,
        twin={"stroke_duration_s": 'silent_alarms = ["STOPPED_TOO_LONG"]\nstroke_duration_s'},
        finds="stopped too long",
        compare=_compare,
        in_ci=True,
    ),
    Row(
        "stop_restart",
        "stop_restart",
        "16 strokes of 0.5 uL while it is stopped",
        Verdict.FAIL,
        events=tuple(_delivery(60000.0 + 3600.0 * number, 0.5) for number in range(16)),
        finds="delivered while stopped",
        compare=_compare,
    ),
    Row(
        # A single jump on a pan at rest may as well be something that fell on it: said so, and not passed.
        "stop_restart",
        "stop_restart",
        "8 uL at once while it is stopped",
        Verdict.INCONCLUSIVE,
        events=(_delivery(100000.0, 8.0),),
        finds="the pump delivered it at once",
        compare=_compare,
    ),
    Row(
        "stop_restart",
        "stop_restart",
        "nothing comes after the restart",
        Verdict.FAIL,
        events=('kind = "stall"\nat_s = 214000.0\nduration_s = 60000.0',),
        finds="restart delay",
    ),
    Row(
        "stop_restart",
        "stop_restart",
        "20 % more after the restart",
        Verdict.FAIL,
        events=('kind = "rate_error"\nat_s = 214000.0\nduration_s = 60000.0\npercent = 20.0',),
        finds="mean flow error after restart",
        compare=_compare,
    ),
)
