"""Stall and recovery: stalls of 20 min that nobody tells, that the pump tells, that do not end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from results.decision import Verdict
from tests.proof.protocols.rows import Comparison, Row, compared
from tests.proof.protocols.truth import RunTruth

_FLOW_UL_PER_H = 9.0
_STROKE_S = 400.0
_LOOK_S = 300.0
"""A rotor is looked at twice in its detection time of 600 s."""


def _held_s(truth: RunTruth) -> tuple[float, float]:
    return truth.operator_s("hold the rotor"), truth.operator_s("free the rotor")


def _compare_pause(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
    pauses_s = np.diff(truth.deliveries_s(*truth.phase("infusion")))
    return compared(outcome, "longest pause", float(pauses_s.max()))


def _told_s(outcome: Mapping[str, Any]) -> float:
    return next(float(seen["at_s"]) for seen in outcome["observations"] if "weighing alone" in seen["text"])


def _compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
    begin_s, end_s = truth.phase("infusion")
    held_s, freed_s = _held_s(truth)
    strokes_s = truth.deliveries_s(begin_s, end_s)
    first_s = strokes_s[strokes_s > freed_s][0]
    recovered = truth.flow_ul_per_h(first_s + _STROKE_S / 2.0, end_s)
    return [
        *_compare_pause(outcome, truth),
        *compared(outcome, "stall duration", freed_s - held_s),
        *compared(outcome, "missing volume", (freed_s - held_s) / 3600.0 * _FLOW_UL_PER_H),
        *compared(outcome, "detection delay", _told_s(outcome) - held_s),
        *compared(outcome, "mean flow error after recovery", 100.0 * (recovered / _FLOW_UL_PER_H - 1.0)),
    ]


def _compare_alarm(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
    held_s, _ = _held_s(truth)
    started_s = truth.times_s("infusion_start")[-1]
    looks = np.ceil((held_s - started_s) / _LOOK_S) + 1.0
    alarm_s = started_s + looks * _LOOK_S
    return [*_compare(outcome, truth), *compared(outcome, "pump alarm delay", alarm_s - held_s)]


_TELLS = {"stroke_duration_s": "stall_detection_s = 600.0\nstroke_duration_s"}
_KEEPS_QUIET = {"stroke_duration_s": 'stall_detection_s = 600.0\nsilent_alarms = ["MOTOR_STALL"]\nstroke_duration_s'}
_OF_ITS_OWN = ('kind = "stall"\nat_s = 100000.0\nduration_s = 1200.0',)

ROWS = (
    Row("stall_recovery", "stall_recovery", "good pump", Verdict.PASS, compare=_compare, in_ci=True),
    Row(
        "stall_recovery",
        "stall_recovery",
        "it stands still for 3 h more",
        Verdict.FAIL,
        events=('kind = "stall"\nat_s = 20000.0\nduration_s = 12000.0',),
        finds="stall duration",
    ),
    Row(
        "stall_recovery",
        "stall_recovery",
        "it comes back at 30 % less",
        Verdict.FAIL,
        events=('kind = "rate_error"\nat_s = 20500.0\nduration_s = 40000.0\npercent = -30.0',),
        finds="mean flow error after recovery",
        compare=_compare,
    ),
    Row("stall_recovery", "stall_alarm", "good pump that tells", Verdict.PASS, twin=_TELLS, compare=_compare_alarm),
    Row(
        "stall_recovery",
        "stall_alarm",
        "it says that all is well",
        Verdict.FAIL,
        twin=_KEEPS_QUIET,
        finds="raised no motor-stall alarm",
        compare=_compare,
    ),
    Row("stall_recovery", "stall_alarm", "pump without the alarm", Verdict.NOT_RUN, finds="a motor-stall alarm"),
    Row("stall_recovery", "stall_screening", "good pump", Verdict.PASS, compare=_compare_pause),
    Row(
        "stall_recovery",
        "stall_screening",
        "20 min of stall, and it says that all is well",
        Verdict.FAIL,
        events=_OF_ITS_OWN,
        finds="longest pause",
        compare=_compare_pause,
        in_ci=True,
    ),
    Row(
        "stall_recovery",
        "stall_screening",
        "20 min of stall, and it tells",
        Verdict.FAIL,
        twin=_TELLS,
        events=_OF_ITS_OWN,
        finds="longest pause",
        compare=_compare_pause,
    ),
)
