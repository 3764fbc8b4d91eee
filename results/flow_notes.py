"""What a reader of an outcome must know: every assumption, fall-back and finding, in words."""

from __future__ import annotations

from results.cleaning.findings import Finding, findings_notes
from results.evaluation import FlowEvaluation
from results.flow.continuity import FlowContinuity
from results.gravimetry.air import ASSUMED_HUMIDITY_PERCENT, ASSUMED_PRESSURE_HPA, ASSUMED_TEMPERATURE_C
from results.gravimetry.collection import Collection
from results.series import Phase
from results.uncertainty.drift import Drift
from results.uncertainty.evaporation_lines import negative_loss_ug_per_min
from results.uncertainty.reference_lines import reference_gain_ug


def flow_notes(
    collection: Collection,
    period: Phase,
    *,
    evaluation: FlowEvaluation,
    drift: Drift,
    continuity: FlowContinuity,
    startup_note: str,
    simulated: bool,
    findings: tuple[Finding, ...] = (),
) -> tuple[str, ...]:
    """Return the notes of a flow outcome, gravest first."""
    notes = []
    if simulated:
        notes.append("SIMULATED: no pump was measured; not to be used as verification evidence")
    if continuity.interrupted:
        notes.append(
            f"delivery was interrupted: less than {continuity.detectable_ul:.3g} uL in "
            f"{continuity.longest_gap_s / 3600.0:.2f} h, from {continuity.gap_begin_s / 3600.0:.2f} h to "
            f"{continuity.gap_end_s / 3600.0:.2f} h of the record"
        )
    notes += findings_notes(findings)
    notes += evaporation_notes(collection, drift, period)
    if drift.note:
        notes.append(drift.note)
    notes += air_notes(collection)
    if startup_note:
        notes.append(startup_note)
    if evaluation.pump_temperature_c != evaluation.volume_reference_temperature_c:
        notes.append(
            f"the pump is at {evaluation.pump_temperature_c:g} Celsius, the volume is stated at "
            f"{evaluation.volume_reference_temperature_c:g} Celsius; the flow at each temperature stands beside it"
        )
    return tuple(notes)


def evaporation_notes(collection: Collection, drift: Drift, period: Phase) -> list[str]:
    """Return how evaporation was found, and what of it is drift."""
    blanks, reference = collection.evaporation.blanks, collection.evaporation.reference
    notes = []
    if reference is not None:
        notes.append(f"evaporation was taken from a reference vessel, its loss times {reference.vessel.loss_ratio:g}")
    gain_ug = reference_gain_ug(collection, period)
    if gain_ug:
        notes.append(f"the reference vessel gains {gain_ug:.3g} ug: a drift, not evaporation; U is widened by it")
    if not collection.evaporation.measured:
        notes.append("evaporation was not measured (no blank) and not corrected; its stated limit is in the budget")
    if len(blanks) == 1:
        notes.append("evaporation was measured in one blank only; its possible change is in the budget")
    negative = negative_loss_ug_per_min(collection, drift)
    if negative:
        notes.append(
            f"the blanks gain {-negative:.3g} ug/min: a drift, not evaporation; its sign was kept and U widened by it"
        )
    disturbed = sum(blank.disturbed for blank in blanks)
    if disturbed:
        readings = "1 reading of the blanks was" if disturbed == 1 else f"{disturbed} readings of the blanks were"
        notes.append(f"{readings} disturbed and left out of the slopes")
    return notes


def air_notes(collection: Collection) -> list[str]:
    """Return where the air came from, if not from a record."""
    air = collection.air
    if not air.measured:
        return [
            "no air record: laboratory air was assumed "
            f"({ASSUMED_TEMPERATURE_C:g} Celsius, {ASSUMED_HUMIDITY_PERCENT:g} %RH, {ASSUMED_PRESSURE_HPA:g} hPa), "
            "evaporation was interpolated linearly between the blanks, and U widened for the weather"
        ]
    if not air.recorded:
        return ["the air is stated, not recorded: U is widened for how much it may have changed"]
    if not air.driven:
        return ["the air was saturated at times: evaporation was interpolated linearly between the blanks"]
    return []
