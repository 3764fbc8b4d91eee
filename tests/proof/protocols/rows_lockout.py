"""Lockout: good pumps, pumps that ignore it, one that says no and delivers, boluses too small."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.rows import Comparison, Row, compared
from tests.proof.protocols.truth import RunTruth

_BOLUSES = 3


def _boluses(
    *, volume_ul: float, basal_ul_per_h: float, bolus_s: float
) -> Callable[[Mapping[str, Any], RunTruth], list[Comparison]]:
    def compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
        comparisons = []
        for number in range(1, _BOLUSES + 1):
            begin_s, end_s = truth.phase(f"bolus {number}")[0], truth.phase(f"lockout {number}")[0]
            basal_ul = basal_ul_per_h * (end_s - begin_s - bolus_s) / 3600.0
            error = 100.0 * ((truth.volume_ul(begin_s, end_s) - basal_ul) / volume_ul - 1.0)
            comparisons += compared(outcome, f"bolus volume error, bolus {number}", error)
        return comparisons

    return compare


_compare = _boluses(volume_ul=40.0, basal_ul_per_h=20.0, bolus_s=240.0)
_compare_external = _boluses(volume_ul=1000.0, basal_ul_per_h=500.0, bolus_s=300.0)


def _and_nothing_else(
    compare: Callable[[Mapping[str, Any], RunTruth], list[Comparison]],
) -> Callable[[Mapping[str, Any], RunTruth], list[Comparison]]:
    """Return a comparison for a pump that delivers nothing beyond its basal flow within a lockout."""

    def both(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
        names = [f"delivered beyond basal, lockout {number}" for number in range(1, _BOLUSES + 1)]
        return [*compare(outcome, truth), *(one for name in names for one in compared(outcome, name, 0.0))]

    return both


_IGNORES = {"stroke_duration_s": "ignores_lockout = true\nstroke_duration_s"}

ROWS = (
    Row("lockout", "lockout", "good pump", Verdict.PASS, compare=_and_nothing_else(_compare), in_ci=True),
    Row(
        "lockout",
        "lockout",
        "it ignores the lockout",
        Verdict.FAIL,
        twin=_IGNORES,
        finds="delivered beyond basal, lockout 1",
        compare=_compare,
        in_ci=True,
    ),
    Row(
        "lockout",
        "lockout",
        "it refuses, and delivers",
        Verdict.FAIL,
        events=('kind = "rate_error"\nat_s = 11400.0\nduration_s = 900.0\npercent = 500.0',),
        finds="delivered beyond basal, lockout 2",
        compare=_compare,
    ),
    Row(
        "lockout",
        "lockout",
        "boluses 20 % too small",
        Verdict.FAIL,
        twin={"stroke_duration_s": "fast_error_percent = -20.0\nfast_from_ul_per_h = 500.0\nstroke_duration_s"},
        finds="bolus volume error",
        compare=_compare,
    ),
    Row("lockout", "lockout_external", "implantable pump", Verdict.NOT_RUN, finds="the pump gives boluses at"),
    Row(
        "lockout",
        "lockout_external",
        "good external pump",
        Verdict.PASS,
        base="simulated-external",
        compare=_and_nothing_else(_compare_external),
    ),
    Row(
        "lockout",
        "lockout_external",
        "external pump that ignores the lockout",
        Verdict.FAIL,
        base="simulated-external",
        twin=_IGNORES,
        finds="delivered beyond basal, lockout 1",
        compare=_compare_external,
    ),
)
