"""Daily check: a good bench, and one whose balance, line or transducer has gone wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.rows import Comparison, Row, compared
from tests.proof.protocols.truth import RunTruth

_WEIGHTS_MG = (200.0, 1000.0)
_GAIN = 'gain_error_percent = { value = 0.0, u = 0.1, distribution = "normal" }'
_OFFSET = 'sensitivity_error_ppm = { value = 0.0, u = 100.0, distribution = "normal" }'


def _compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
    sensitivity = truth.drawn["balance.sensitivity_error_ppm"] * 1e-6
    comparisons = [
        one
        for number, mass_mg in enumerate(_WEIGHTS_MG, start=1)
        for one in compared(outcome, f"check weight {number}", mass_mg * sensitivity)
    ]
    for channel in ("line", "catheter"):
        gain = truth.drawn[f"channel.{channel}.gain_error_percent"]
        comparisons += compared(outcome, f"transducer span error, {channel}", gain)
    return comparisons


ROWS = (
    Row("daily_check", "daily_implant", "good bench", Verdict.PASS, compare=_compare, in_ci=True),
    Row(
        "daily_check",
        "daily_external",
        "good bench of an external pump",
        Verdict.PASS,
        base="simulated-external",
        compare=_compare,
    ),
    Row(
        "daily_check",
        "daily_implant",
        "the balance reads 0.2 % too much",
        Verdict.FAIL,
        twin={_OFFSET: _OFFSET.replace("value = 0.0", "value = 2000.0")},
        finds="check weight",
        compare=_compare,
        in_ci=True,
    ),
    Row(
        "daily_check",
        "daily_implant",
        "the line leaks 2 uL/h at 50 kPa",
        Verdict.FAIL,
        events=('kind = "leak"\nat_s = 0.0\nduration_s = 1e6\nresistance_kpa_h_per_ml = 25000.0',),
        finds="leak rate",
        compare=_compare,
    ),
    Row(
        "daily_check",
        "daily_implant",
        "the line leaks 1 uL/h at 50 kPa",
        Verdict.FAIL,
        or_else=Verdict.INCONCLUSIVE,  # within U of the limit of 0.5 uL/h
        events=('kind = "leak"\nat_s = 0.0\nduration_s = 1e6\nresistance_kpa_h_per_ml = 50000.0',),
        finds="leak rate",
        compare=_compare,
    ),
    Row(
        "daily_check",
        "daily_implant",
        "both transducers read 2 % too much",
        Verdict.FAIL,
        twin={_GAIN: _GAIN.replace("value = 0.0", "value = 2.0")},
        finds="transducer span error",
        compare=_compare,
    ),
)
