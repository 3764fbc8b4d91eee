"""Disturbances of the pan: doors, touches, loads laid on and taken off, re-zeros; excluded, repaired or budgeted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from results.cleaning.blank_steps import without_blank_steps
from results.cleaning.exclusions import exclusion
from results.cleaning.findings import Finding, Treatment
from results.cleaning.level_changes import Change, changes_of
from results.cleaning.readings import CleanReadings
from results.cleaning.steps import LARGEST_STEP_G
from results.cleaning.sudden_falls import sudden_falls
from results.refusal import EvaluationRefused
from results.series import FlowPhases, Phase

_SHORT_LOAD_S = 600.0
_PAIR_SHARE = 0.02
"""Of a slow change that may be left when it is undone: what was laid on at once is taken off whole, or it is a step."""
_PAIR_STROKES = 0.4
_MOST_CHANGES = 5000
_MARGIN_S = 60.0
_FEWEST_DROPS = 3
_SMALLEST_DROP_G = 5e-3
_ROOT3 = math.sqrt(3.0)
SMALL_FALL = "fall within the pull on the tube"


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """Readings after treatment, and the quantum (g) in which the delivery arrives, 0 where it shows none."""

    readings: CleanReadings
    quantum_g: float


def undisturbed(
    readings: CleanReadings,
    *,
    phases: FlowPhases,
    sign: float,
    readability_g: float,
    stroke_g: float,
    pull_g: float,
    set_rate_g_per_s: float,
) -> Undisturbed:
    """Return the readings without what was done to the pan during the phases. `sign`: +1 when delivery adds weight.

    `set_rate_g_per_s`: what the pump is set to; `stroke_g`: its stroke, 0 to find it; `pull_g`: how far the contact
    line's pull on the tube may jump.

    The rules: a change of level that returns within 10 min is excluded with all between; one that returns later is
    taken back in between; with the pump stopped, or against the direction of delivery, a change that stays is taken
    back from there on; one in the direction of delivery may be delivery: it is kept, and U widened by it. A change of
    more than 0.1 g that stays is left for the refusal. Raises `EvaluationRefused` when there are thousands.
    """
    before, after = phases.blank_before, phases.blank_after
    infusion = Phase(
        phases.begin_s if before is None else before.end_s - _MARGIN_S,
        phases.end_s if after is None else after.begin_s + _MARGIN_S,
    )
    delivering = changes_of(
        readings,
        infusion,
        sign=sign,
        pumping=True,
        readability_g=readability_g,
        stroke_g=stroke_g,
        pull_g=pull_g,
        set_rate_g_per_s=set_rate_g_per_s,
    )
    falls = sudden_falls(
        readings, infusion, sign=sign, readability_g=readability_g, quantum_g=delivering.quantum_g, pull_g=pull_g
    )
    changes = [*delivering.changes, *(fall for fall in falls if not _overlaps(fall, delivering.changes))]
    for blank in (before, after):
        if blank is not None:
            found = changes_of(readings, blank, sign=sign, pumping=False, readability_g=readability_g)
            changes += [change for change in found.changes if not _overlaps(change, delivering.changes)]
    if len(changes) > _MOST_CHANGES:
        raise EvaluationRefused(
            f"the readings are disturbed at {len(changes)} places; shield the balance and run the test again"
        )
    changes.sort(key=lambda change: change.first)
    treated = without_blank_steps(
        _treated(readings, changes, sign=sign, pull_g=pull_g), (before, after), readability_g=readability_g
    )
    return Undisturbed(_with_drops(treated, delivering.quantum_g, stroke_g, infusion), delivering.quantum_g)


def _overlaps(change: Change, others: Sequence[Change]) -> bool:
    return any(change.first <= other.last + 1 and other.first <= change.last + 1 for other in others)


def _treated(readings: CleanReadings, changes: Sequence[Change], *, sign: float, pull_g: float) -> CleanReadings:
    if not changes:
        return readings
    time_s = readings.time_s
    mass_g = readings.mass_g.copy()
    excluded = np.zeros(time_s.size, dtype=np.bool_)
    findings: list[Finding] = []
    partner = _pairs(changes)
    short = [
        (changes[one].first, changes[two].last)
        for one, two in partner.items()
        if one < two and _is_short(changes[one], changes[two], time_s)
    ]
    for number, change in enumerate(changes):
        if any(begin < change.first and change.last < end for begin, end in short):
            continue
        if change.stays and number not in partner and abs(change.size_g) > LARGEST_STEP_G:
            continue
        excluded[change.first : change.last + 1] = True
        if not change.stays:
            findings.append(_finding(change, time_s, "disturbance", "excluded", "the reading left its level"))
            continue
        if number in partner:
            other = changes[partner[number]]
            if other.first < change.first:
                continue
            begin, end = change.last + 1, other.first
            if _is_short(change, other, time_s):
                excluded[begin:end] = True
                findings.append(_finding(change, time_s, "load on and off", "excluded", "it was on for minutes", other))
            elif abs(change.size_g) <= LARGEST_STEP_G:
                mass_g[begin:end] -= change.size_g
                findings.append(_finding(change, time_s, "load on and off", "repaired", "taken back in between", other))
        else:
            findings.append(_lone(change, time_s, mass_g, sign=sign, pull_g=pull_g))
    listed = exclusion(
        rule="disturbance",
        explanation="the level of the reading changed as no delivery does",
        time_s=time_s,
        excluded=excluded,
    )
    return replace(
        readings,
        time_s=time_s[~excluded],
        mass_g=mass_g[~excluded],
        exclusions=readings.exclusions if listed is None else (*readings.exclusions, listed),
        findings=(*readings.findings, *findings),
    )


def _is_short(change: Change, other: Change, time_s: NDArray[np.float64]) -> bool:
    return bool(time_s[other.first] - time_s[change.last] <= _SHORT_LOAD_S)


def _lone(
    change: Change, time_s: NDArray[np.float64], mass_g: NDArray[np.float64], *, sign: float, pull_g: float
) -> Finding:
    """Take back, in place, a change that stays; or keep it where it may be delivery."""
    if change.pumping and change.size_g * sign > 0.0:
        return _finding(
            change, time_s, "jump", "kept, U widened", "something fell on the pan, or the pump delivered it at once"
        )
    if change.pumping and not change.abrupt:
        return _finding(
            change,
            time_s,
            "slow fall",
            "kept, U widened",
            "liquid flowed back, or the pan was pushed: it took its time",
        )
    if change.pumping and abs(change.size_g) <= pull_g:
        return _finding(
            change,
            time_s,
            SMALL_FALL,
            "kept, U widened",
            "the liquid let go of the tube, or the pan was touched: by weighing alone they cannot be told apart",
        )
    mass_g[change.last + 1 :] -= change.size_g
    if abs(change.after_g) <= change.limit_g:
        return _finding(change, time_s, "re-zero", "repaired", "the reading fell to zero; taken back from there on")
    return _finding(change, time_s, "step", "repaired", "no delivery can be; taken back from there on")


def _pairs(changes: Sequence[Change]) -> dict[int, int]:
    """Return, for changes that stay and are undone by a later one, the number of the other, both ways."""
    partner: dict[int, int] = {}
    staying = [number for number, change in enumerate(changes) if change.stays]
    for place, number in enumerate(staying):
        if number in partner:
            continue
        first = changes[number]
        for later in staying[place + 1 : place + 21]:
            second = changes[later]
            strokes_g = min(first.allowance_g + second.allowance_g, _PAIR_STROKES * abs(first.size_g))
            at_once = first.abrupt and second.abrupt
            slack = strokes_g if at_once else _PAIR_SHARE * abs(first.size_g) + strokes_g
            opposed = first.size_g * second.size_g < 0.0
            if later not in partner and opposed and abs(first.size_g + second.size_g) <= slack:
                partner[number], partner[later] = later, number
                break
    return partner


def _finding(
    change: Change,
    time_s: NDArray[np.float64],
    rule: str,
    treatment: Treatment,
    explanation: str,
    until: Change | None = None,
) -> Finding:
    end = change if until is None else until
    return Finding(
        rule=rule,
        treatment=treatment,
        begin_s=float(time_s[change.first]),
        end_s=float(time_s[end.last]),
        size_mg=change.size_g * 1e3,
        u_mg=change.u_g * 1e3,
        explanation=explanation,
        lasting=until is None,
    )


def _with_drops(readings: CleanReadings, quantum_g: float, stroke_g: float, infusion: Phase) -> CleanReadings:
    """Name a delivery in drops: jumps that make up most of it, or a quantum too large for the pump's strokes."""
    jumps = [finding for finding in readings.findings if finding.rule == "jump"]
    inside = slice(*np.searchsorted(readings.time_s, (infusion.begin_s, infusion.end_s)))
    mass_g = readings.mass_g[inside]
    if mass_g.size < 2:
        return readings
    gained_mg = abs(float(mass_g[-1] - mass_g[0])) * 1e3
    size_mg = 0.0
    findings = readings.findings
    if len(jumps) >= _FEWEST_DROPS and sum(abs(jump.size_mg) for jump in jumps) > gained_mg / 2.0:
        size_mg = float(np.max([abs(jump.size_mg) for jump in jumps]))
        findings = tuple(finding for finding in findings if finding.rule != "jump")
    elif quantum_g > max(_SMALLEST_DROP_G, 2.0 * stroke_g):
        size_mg = quantum_g * 1e3
    if size_mg == 0.0:
        return readings
    drops = Finding(
        rule="drops",
        treatment="kept, U widened",
        begin_s=infusion.begin_s,
        end_s=infusion.end_s,
        size_mg=size_mg,
        u_mg=size_mg / _ROOT3,
        explanation="the liquid falls in drops: what hangs at either end is not weighed; immerse the outlet",
    )
    return replace(readings, findings=(*findings, drops))
