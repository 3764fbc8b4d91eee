"""Evaluation of an occlusion test of a pump with an alarm, from arrays."""

from __future__ import annotations

from results.bench import GravimetricBench
from results.decision import combined_verdict
from results.measured.decide import decide_all
from results.occlusion.line_budgets import transducer_of
from results.occlusion.model import OcclusionEvaluation
from results.occlusion.outcome import OCCLUSION_OUTCOME_SCHEMA, OcclusionOutcome
from results.occlusion.trial_measurands import TrialMeasurands
from results.occlusion.trial_record import OcclusionTrial


def evaluate_occlusion(
    trial: OcclusionTrial, evaluation: OcclusionEvaluation, *, bench: GravimetricBench
) -> OcclusionOutcome:
    """Return the outcome of an occlusion test. Raises `EvaluationRefused` where no honest number can be computed."""
    work = TrialMeasurands(trial, evaluation, transducer_of(bench, coverage_percent=evaluation.coverage_percent))
    measurands = work.all
    decisions = decide_all(evaluation.criteria, evaluation.decision_rule, measurands)
    return OcclusionOutcome(
        schema=OCCLUSION_OUTCOME_SCHEMA,
        kind="occlusion",
        run_id=trial.run_id,
        title=trial.title,
        simulated=trial.simulated,
        wording=evaluation.wording,
        measurands=measurands,
        observations=work.observations(),
        findings=trial.weighing.readings.findings,
        exclusions=(*trial.weighing.readings.exclusions, *trial.pressure.exclusions),
        decisions=decisions,
        verdict=combined_verdict(decision.verdict for decision in decisions),
        notes=work.notes(),
        course=work.course(work.marks, evaluation.threshold_kpa),
    )
