"""From what was measured to the outcome of the test."""

from __future__ import annotations

from collections.abc import Iterable

from results.decision import combined_verdict
from results.measured.decide import decide_all
from results.measured.evaluation import MeasuredEvaluation
from results.measured.measurand import Measurand, Observation
from results.measured.outcome import MEASURED_OUTCOME_SCHEMA, MeasuredOutcome
from results.measured.run_record import RunRecord
from results.measured.weighing import Weighing
from results.trace.schema import TraceEvent


def concluded(
    kind: str,
    record: RunRecord,
    evaluation: MeasuredEvaluation,
    measurands: Iterable[Measurand],
    *,
    weighing: Weighing | None = None,
    observations: Iterable[Observation] = (),
    notes: Iterable[str] = (),
) -> MeasuredOutcome:
    """Return the outcome: the measurands in the order the kind lists them, and every criterion decided."""
    order = {name: place for place, name in enumerate(evaluation.measurand_units())}
    found = tuple(sorted(measurands, key=lambda one: order[one.name]))
    decisions = decide_all(evaluation.criteria, evaluation.decision_rule, found)
    seen = (*observations, *(_alarm(event) for event in record.events_of("pump_alarm")))
    simulated = ("SIMULATED: no pump was measured; not to be used as verification evidence",)
    return MeasuredOutcome(
        schema=MEASURED_OUTCOME_SCHEMA,
        kind=kind,
        run_id=record.series.run_id,
        title=record.series.title,
        simulated=record.series.simulated,
        wording=evaluation.wording,
        measurands=found,
        observations=tuple(sorted(seen, key=lambda one: -1.0 if one.at_s is None else one.at_s)),
        findings=() if weighing is None else weighing.readings.findings,
        exclusions=() if weighing is None else weighing.readings.exclusions,
        decisions=decisions,
        verdict=combined_verdict(decision.verdict for decision in decisions),
        notes=(
            *(simulated if record.series.simulated else ()),
            *(() if weighing is None else weighing.notes()),
            *notes,
        ),
    )


def _alarm(event: TraceEvent) -> Observation:
    names = event.data.get("alarms")
    told = ", ".join(map(str, names)) if isinstance(names, list | tuple) and names else "not named"
    return Observation(event.time_ns / 1e9, f"the pump raised an alarm: {told}")
