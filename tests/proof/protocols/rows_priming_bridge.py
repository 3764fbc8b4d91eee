"""Priming and bridge bolus: good pumps, a priming bolus too fast and too little after it, a bridge without end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.rows import Compare, Comparison, Row, compared
from tests.proof.protocols.truth import RunTruth

_DEAD_UL = 441.0
_SETTLE_S = 1800.0


def _boluses(*, old_ul_per_h: float, new_ul_per_h: float) -> Compare:
    def compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
        def volume_error(phase: str) -> float:
            return 100.0 * (truth.volume_ul(*truth.phase(phase)) / _DEAD_UL - 1.0)

        def flow_error(phase: str, set_ul_per_h: float) -> float:
            begin_s, end_s = truth.phase(phase)
            return 100.0 * (truth.flow_ul_per_h(begin_s + _SETTLE_S, end_s) / set_ul_per_h - 1.0)

        return [
            *compared(outcome, "priming volume error", volume_error("priming bolus")),
            *compared(outcome, "mean flow error after priming", flow_error("after priming", old_ul_per_h)),
            *compared(outcome, "bridge volume error", volume_error("bridge bolus")),
            *compared(outcome, "bridge duration", _DEAD_UL / old_ul_per_h * 3600.0),
            *compared(outcome, "mean flow error after bridge", flow_error("after bridge", new_ul_per_h)),
        ]

    return compare


_short = _boluses(old_ul_per_h=100.0, new_ul_per_h=50.0)

_ENDLESS = {
    "stroke_duration_s": "missed_step = 4\nstroke_duration_s",
    "crystal_error_ppm = { value = 0.0, u = 20.0": "crystal_error_ppm = { value = -200.0, u = 0.0",
}
"""It forgets the change back from the bridge: the fourth, as on a slow clock the dose cuts off the priming bolus."""

ROWS = (
    Row("priming_bridge", "bridge_short", "good pump", Verdict.PASS, compare=_short, in_ci=True),
    Row(
        "priming_bridge",
        "bridge_short",
        "30 % too much as it primes, 40 % too little after",
        Verdict.FAIL,
        events=(
            'kind = "rate_error"\nat_s = 5400.0\nduration_s = 1800.0\npercent = 30.0',
            'kind = "rate_error"\nat_s = 7200.0\nduration_s = 10800.0\npercent = -40.0',
        ),
        finds="priming volume error",
        compare=_short,
        in_ci=True,
    ),
    Row(
        "priming_bridge",
        "bridge_short",
        "the bridge does not end",
        Verdict.FAIL,
        twin=_ENDLESS,
        finds="mean flow error after bridge",
    ),
    Row(
        "priming_bridge",
        "bridge",
        "good pump",
        Verdict.PASS,
        compare=_boluses(old_ul_per_h=9.0, new_ul_per_h=4.5),
    ),
    Row(
        "priming_bridge",
        "bridge_short",
        "external pump",
        Verdict.NOT_RUN,
        base="simulated-external",
        plan={"pressure_block_s = 30.0": "pressure_block_s = 10.0"},  # as this station has it
        finds="no program for: bridge bolus",
    ),
)
