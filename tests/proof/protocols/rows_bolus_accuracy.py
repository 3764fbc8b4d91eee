"""Bolus accuracy: good pumps at both settings, boluses 5 % too small, boluses that scatter."""

from __future__ import annotations

from results.decision import Verdict
from tests.proof.protocols.boluses import GOOD, SMALL, compare_boluses
from tests.proof.protocols.rows import Row

_EXTERNAL = "simulated-external"
_SCATTER = (
    'kind = "rate_error"\nat_s = 5600.0\nduration_s = 2320.0\npercent = 12.0',
    'kind = "rate_error"\nat_s = 10240.0\nduration_s = 2610.0\npercent = -12.0',
)
"""Eight boluses too large, eight as set, nine too small."""

_max = compare_boluses(bolus_s=400.0)
_min = compare_boluses(bolus_s=80.0)
_basal = compare_boluses(bolus_s=120.0, basal_ul_per_h=5000.0)

ROWS = (
    Row("bolus_accuracy", "bolus_short", "good pump", Verdict.PASS, twin=GOOD, compare=_max, in_ci=True),
    Row(
        "bolus_accuracy",
        "bolus_short",
        "boluses 5 % too small",
        Verdict.FAIL,
        twin=SMALL,
        finds="mean bolus error",
        compare=_max,
        in_ci=True,
    ),
    Row("bolus_accuracy", "bolus_max", "good pump", Verdict.PASS, twin=GOOD, compare=_max),
    Row(
        "bolus_accuracy",
        "bolus_max",
        "boluses 5 % too small",
        Verdict.FAIL,
        twin=SMALL,
        finds="mean bolus error",
        compare=_max,
    ),
    Row("bolus_accuracy", "bolus_min", "good pump", Verdict.PASS, twin=GOOD, compare=_min),
    Row(
        "bolus_accuracy",
        "bolus_min",
        "boluses 5 % too small",
        Verdict.FAIL,
        twin=SMALL,
        finds="mean bolus error",
        compare=_min,
    ),
    Row(
        "bolus_accuracy",
        "bolus_min",
        "boluses that scatter by 10 %",
        Verdict.FAIL,
        twin=GOOD,
        events=_SCATTER,
        finds="SD of bolus errors",
        compare=_min,
    ),
    *(
        Row("bolus_accuracy", case, label, verdict, base=_EXTERNAL, twin=twin, finds=finds, compare=compare)
        for case, compare in (
            ("bolus_min_external", compare_boluses(bolus_s=60.0)),
            ("bolus_max_external", compare_boluses(bolus_s=120.0)),
            ("bolus_basal_external", _basal),
        )
        for label, verdict, twin, finds in (
            ("good pump", Verdict.PASS, GOOD, ""),
            ("boluses 5 % too small", Verdict.FAIL, SMALL, "mean bolus error"),
        )
    ),
    Row("bolus_accuracy", "bolus_max_external", "implantable pump", Verdict.NOT_RUN, finds="the pump gives boluses at"),
)
