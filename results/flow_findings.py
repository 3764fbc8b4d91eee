"""What a flow test's readings are found to hold besides noise and delivery, and what is done about it."""

from __future__ import annotations

from results.bench import GravimetricBench
from results.cleaning.disturbances import Undisturbed, undisturbed
from results.cleaning.findings import Finding
from results.cleaning.readings import clean_readings
from results.evaluation import FlowEvaluation
from results.flow.arrivals import irregularities
from results.flow.continuity import FlowContinuity
from results.flow_history import infusion_of
from results.gravimetry.collection import Collection
from results.profiles import MethodProfile
from results.series import FlowSeries

_G_PER_UL = 1e-3
_PULLS = 2.0
_PULLS_OF_A_PAUSE = 3.0
"""Standard deviations of the contact line's pull that pass for no step, and for no delivery."""


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
    )


def findings_of(
    treated: Undisturbed,
    collection: Collection,
    series: FlowSeries,
    *,
    bench: GravimetricBench,
    continuity: FlowContinuity,
    profile: MethodProfile,
) -> tuple[Finding, ...]:
    """Return every finding: those of the readings, and the pauses and surges of the delivery over the infusion."""
    infusion = infusion_of(series)
    inside = slice(*collection.time_s.searchsorted((infusion.begin_s, infusion.end_s)))
    irregular = irregularities(
        collection.time_s[inside],
        collection.volume_ul[inside],
        sample_interval_s=profile.sample_interval_s,
        detectable_ul=max(continuity.detectable_ul, _PULLS_OF_A_PAUSE * bench.capillary_u_ul),
        quantum_ul=treated.quantum_g * collection.ul_per_g,
    )
    return treated.readings.findings + tuple(
        Finding(
            rule="pause of the delivery" if entry.volume_ul > 0.0 else "surge of the delivery",
            treatment="kept, U widened",
            begin_s=entry.begin_s,
            end_s=entry.end_s,
            size_mg=-entry.volume_ul / collection.ul_per_g * 1e3,
            u_mg=0.0,
            explanation=(
                "the pump paused, or a bubble passed the outlet: by weighing alone they cannot be told apart"
                if entry.volume_ul > 0.0
                else "the pump hurried, or something fell on the pan: by weighing alone they cannot be told apart"
            ),
        )
        for entry in irregular
    )
