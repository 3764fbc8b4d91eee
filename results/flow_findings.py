"""What a flow test's readings are found to hold besides noise and delivery, and what is done about it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from results.bench import GravimetricBench
from results.cleaning.disturbances import Undisturbed, undisturbed
from results.cleaning.findings import END_NOT_WEIGHED, Finding, Treatment
from results.cleaning.gaps import MISSED_READINGS
from results.cleaning.readings import clean_readings
from results.evaluation import FlowEvaluation
from results.flow.arrivals import Irregularity, irregularities
from results.flow.continuity import FlowContinuity
from results.flow_history import infusion_of
from results.gravimetry.collection import Collection
from results.profiles import MethodProfile
from results.series import FlowPhases, FlowSeries, Phase
from results.uncertainty.drift import Drift
from results.uncertainty.evaporation_lines import loss_change_ug_per_min

_G_PER_UL = 1e-3
_PULLS = 2.0
PULLS_OF_A_PAUSE = 3.0
"""Standard deviations of the contact line's pull that pass for no step, and for no delivery."""

_PAUSE: tuple[str, Treatment, str] = (
    "pause of the delivery",
    "kept, U widened",
    "the pump paused, or a bubble passed the outlet: by weighing alone they cannot be told apart",
)
_HASTE: tuple[str, Treatment, str] = (
    "surge of the delivery",
    "kept, U widened",
    "the pump hurried, or something fell on the pan: by weighing alone they cannot be told apart",
)
_INTERRUPTION: tuple[str, Treatment, str] = (
    "interruption of the delivery",
    "kept",
    "the pump paused: no bubble that fits the outlet tube can be so large",
)


def treated_readings(series: FlowSeries, evaluation: FlowEvaluation, bench: GravimetricBench) -> Undisturbed:
    """Return the readings fit for evaluation, with every exclusion, repair and finding on the way."""
    readability_g = bench.balance_readability_mg * 1e-3
    return undisturbed(
        clean_readings(series, readability_g=readability_g),
        phases=series.phases,
        sign=1.0 if evaluation.direction == "collect" else -1.0,
        readability_g=readability_g,
        stroke_g=(evaluation.stroke_volume_ul or 0.0) * _G_PER_UL,
        pull_g=_PULLS * bench.capillary_u_ul * _G_PER_UL,
        set_rate_g_per_s=evaluation.set_flow_ul_per_h * _G_PER_UL / 3600.0,
    )


def findings_of(
    treated: Undisturbed,
    collection: Collection,
    series: FlowSeries,
    *,
    bench: GravimetricBench,
    continuity: FlowContinuity,
    profile: MethodProfile,
    drift: Drift,
) -> tuple[Finding, ...]:
    """Return every finding: of the readings, of the delivery over the infusion, and of the evaporation."""
    infusion = infusion_of(series)
    inside = slice(*collection.time_s.searchsorted((infusion.begin_s, infusion.end_s)))
    irregular = irregularities(
        collection.time_s[inside],
        collection.volume_ul[inside],
        sample_interval_s=profile.sample_interval_s,
        detectable_ul=max(continuity.detectable_ul, PULLS_OF_A_PAUSE * bench.capillary_u_ul),
        quantum_ul=treated.quantum_g * collection.ul_per_g,
    )
    if any(found.rule == "drops" for found in treated.readings.findings):
        # Drops come at once; the doubt about what hangs at the outlet is counted with them.
        irregular = tuple(entry for entry in irregular if entry.volume_ul > 0.0)
    largest_bubble_ul = bench.outlet_tube_volume_ul + bench.outlet_tube_volume_u_ul
    return (
        *treated.readings.findings,
        *(
            irregular_finding(entry, ul_per_g=collection.ul_per_g, largest_bubble_ul=largest_bubble_ul)
            for entry in irregular
        ),
        *_evaporation_changed(collection, series.phases, bench=bench, drift=drift),
        *_ends_not_weighed(collection, series.phases.analysis),
    )


def _ends_not_weighed(collection: Collection, period: Phase) -> Iterator[Finding]:
    """Yield the ends of a period that lie in a gap: the volume there is between those on either side, and no more.

    All that came in the gap may have come before that end (a pump that stops there), or after it, or in one stroke: u
    is the whole of it, not that of a rectangle.
    """
    time_s, volume_ul = collection.time_s, collection.volume_ul
    missed_s = MISSED_READINGS * float(np.median(np.diff(time_s)))
    for at_s in (period.begin_s, period.end_s):
        after = int(np.searchsorted(time_s, at_s))
        if not 0 < after < time_s.size or time_s[after] == at_s or time_s[after] - time_s[after - 1] <= missed_s:
            continue
        sides_ul = volume_ul[after - 1 : after + 1]
        out_by_ul = float(np.max(np.abs(sides_ul - np.interp(at_s, time_s[after - 1 : after + 1], sides_ul))))
        yield Finding(
            rule=END_NOT_WEIGHED,
            treatment="kept, U widened",
            begin_s=float(time_s[after - 1]),
            end_s=float(time_s[after]),
            size_mg=float(sides_ul[1] - sides_ul[0]) / collection.ul_per_g * 1e3,
            u_mg=out_by_ul / collection.ul_per_g * 1e3,
            explanation="the analysis begins or ends without a reading: interpolated between those beside it",
        )


def _evaporation_changed(
    collection: Collection, phases: FlowPhases, *, bench: GravimetricBench, drift: Drift
) -> Iterator[Finding]:
    """Yield what the blanks tell of a film torn, or a lid moved, between them; its own budget line widens U."""
    change, unexplained = loss_change_ug_per_min(collection, phases.analysis, bench=bench, drift=drift)
    if unexplained > 0.0 and phases.blank_before is not None and phases.blank_after is not None:
        yield Finding(
            rule="evaporation changed",
            treatment="kept, U widened",
            begin_s=phases.blank_before.end_s,
            end_s=phases.blank_after.begin_s,
            size_mg=0.0,
            u_mg=0.0,
            explanation=f"the blanks differ by {change:+.3g} ug/min, more than noise; when it changed is not known",
        )


def irregular_finding(entry: Irregularity, *, ul_per_g: float, largest_bubble_ul: float) -> Finding:
    """Return the finding of a pause or surge: what may be a bubble, or something on the pan, widens U."""
    rule, treatment, explanation = _HASTE
    if entry.volume_ul > largest_bubble_ul:
        rule, treatment, explanation = _INTERRUPTION
    elif entry.volume_ul > 0.0:
        rule, treatment, explanation = _PAUSE
    return Finding(
        rule=rule,
        treatment=treatment,
        begin_s=entry.begin_s,
        end_s=entry.end_s,
        size_mg=-entry.volume_ul / ul_per_g * 1e3,
        u_mg=0.0,
        explanation=explanation,
    )
