"""Times as recorded: lone wrong times, clocks set back or forward, and stretches without any record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.cleaning.findings import Finding
from results.refusal import EvaluationRefused
from results.series import FlowPhases

_OUT_OF_LINE = 3.5
"""Times further out than this many usual intervals between readings are no jitter."""
_SHARE_REFUSED = 1e-3
"""Clock steps that add up to more than this share of the analysis period leave no duration to divide by."""


@dataclass(frozen=True, slots=True)
class TimeFaults:
    """Which samples bear a lone wrong time (shape of the times), and what happened to the clock."""

    lone: NDArray[np.bool_]
    findings: tuple[Finding, ...]


def time_faults(time_s: NDArray[np.float64], phases: FlowPhases) -> TimeFaults:
    """Return what is wrong with the times (s) of consecutive records.

    A lone wrong time stands out from its four neighbours. A clock set back shows as times that go back and stay back.
    A silence may be records lost or a clock set forward: the durations of the phases would then be wrong by it.
    Raises `EvaluationRefused` when the clock was set back by more than 0.1 % of the analysis period.
    """
    lone = np.zeros(time_s.size, dtype=np.bool_)
    if time_s.size < 5:
        return TimeFaults(lone, ())
    steps = np.diff(time_s)
    usual_s = float(np.median(np.abs(steps)))
    suspects = np.flatnonzero(~(np.abs(steps) <= _OUT_OF_LINE * usual_s))
    if suspects.size == 0:
        return TimeFaults(lone, ())
    near = np.unique((suspects[:, None] + np.arange(-1, 3)).clip(2, time_s.size - 3))
    neighbours = np.median(time_s[near[:, None] + np.arange(-2, 3)], axis=1)
    lone[near] = np.abs(time_s[near] - neighbours) > _OUT_OF_LINE * usual_s
    kept = time_s[~lone]
    steps = np.diff(kept)
    earlier_s, later_s = np.minimum(kept[1:], kept[:-1]), np.maximum(kept[1:], kept[:-1])
    inside = (later_s > phases.begin_s) & (earlier_s < phases.end_s)
    findings = _set_back(kept, np.flatnonzero(inside & (steps < -_OUT_OF_LINE * usual_s)), usual_s, phases)
    silences = np.flatnonzero(inside & (steps > _OUT_OF_LINE * usual_s))
    findings += [
        Finding(
            rule="silence in the record",
            treatment="kept, U widened",
            begin_s=float(kept[place]),
            end_s=float(kept[place + 1]),
            size_mg=0.0,
            u_mg=0.0,
            explanation="records are missing, or the clock was set forward by as much",
            drift_s=float(steps[place] - usual_s),
        )
        for place in silences
    ]
    return TimeFaults(lone, tuple(findings))


def _set_back(
    time_s: NDArray[np.float64], places: NDArray[np.intp], usual_s: float, phases: FlowPhases
) -> list[Finding]:
    amounts_s = [float(time_s[place] - time_s[place + 1]) + usual_s for place in places]
    if sum(amounts_s) > _SHARE_REFUSED * phases.analysis.duration_s:
        raise EvaluationRefused(
            f"the clock of the readings was set back by {sum(amounts_s):g} s in all, first at "
            f"{float(time_s[places[0]]):g} s, or its times jitter by more than readings are apart: correct the times, "
            "or run the test again"
        )
    return [
        Finding(
            rule="clock set back",
            treatment="kept, U widened",
            begin_s=float(time_s[place]),
            end_s=float(time_s[place]),
            size_mg=0.0,
            u_mg=0.0,
            explanation="the times of the readings go back and stay back",
            drift_s=amount_s,
        )
        for place, amount_s in zip(places, amounts_s, strict=True)
    ]
