"""Evaluation of a flow test: from readings, air and a plan to error A with its uncertainty, trumpet and decision."""

from __future__ import annotations

from results.bench import GravimetricBench
from results.cleaning.gaps import reading_gaps
from results.cleaning.steps import refuse_steps
from results.cleaning.tare import refuse_tare
from results.decision import combined_verdict
from results.evaluation import FlowEvaluation
from results.flow.grid import GridSeries
from results.flow.noise_floor import pump_off_trumpet
from results.flow.strokes import StrokeAnalysis, stroke_analysis
from results.flow_findings import findings_of, treated_readings
from results.flow_history import blank_grids, continuity_of, course_of, startup_of, whole_infusion_error_percent
from results.flow_marks import flow_marks, unweighed, window_notes
from results.flow_notes import flow_notes
from results.flow_uncertainty import error_budget, rescaled, trumpet_uncertainty
from results.flow_variants import as_written_variant, corrected_grid, corrected_variant, flows_at_temperatures
from results.gravimetry.collection import Collection, collected_from
from results.gravimetry_outcome import air_outcome, blank_outcomes, lost_g
from results.measurands import decide_flow
from results.outcome import FLOW_OUTCOME_SCHEMA, FlowOutcome
from results.profiles import LoadedProfile, MethodProfile, load_profile
from results.series import FlowSeries, Phase
from results.uncertainty.drift import drift_of


def evaluate_flow(
    series: FlowSeries, evaluation: FlowEvaluation, *, bench: GravimetricBench, profile: LoadedProfile | None = None
) -> FlowOutcome:
    """Return the outcome of a flow test from its readings.

    `profile` defaults to the packaged one the evaluation names. The measurand is the volume that leaves the catheter
    tip between the two instants of the analysis phase, stated at the reference temperature.
    Raises `EvaluationRefused` (of which `GridError` is one) where no honest number can be computed.
    """
    loaded = profile or load_profile(evaluation.profile)
    method = loaded.profile
    phases, analysis = series.phases, series.phases.analysis
    refuse_tare(series)
    treated = treated_readings(series, evaluation, bench)
    readings = treated.readings
    refuse_steps(
        readings,
        begin_s=phases.begin_s,
        end_s=phases.end_s,
        set_flow_ul_per_h=evaluation.set_flow_ul_per_h,
        sign=1.0 if evaluation.direction == "collect" else -1.0,
    )
    collection = collected_from(series, readings, evaluation=evaluation, bench=bench)
    drift = drift_of(bench, collection.evaporation.blanks)
    set_flow = evaluation.set_flow_ul_per_h
    continuity = continuity_of(collection, series, set_flow_ul_per_h=set_flow, profile=method)
    findings = findings_of(treated, collection, series, bench=bench, continuity=continuity, profile=method, drift=drift)
    interval_s = method.sample_interval_s
    marks = flow_marks(readings.time_s, findings, sample_interval_s=interval_s, ul_per_g=collection.ul_per_g)
    grid = corrected_grid(collection, analysis, method, marks)
    volume_ul = float(grid.volume_ul[-1] - grid.volume_ul[0])
    corrected = corrected_variant(grid, evaluation=evaluation, profile=method)
    budget = error_budget(
        collection,
        analysis,
        error_percent=corrected.error_a_percent,
        volume_ul=volume_ul,
        evaluation=evaluation,
        bench=bench,
        drift=drift,
        findings=findings,
    )
    measured = budget.measured
    ul_per_percent = set_flow * analysis.duration_s / 3600.0 / 100.0
    windows = trumpet_uncertainty(
        collection, grid, analysis, budget=budget, evaluation=evaluation, bench=bench, drift=drift, profile=method
    )
    decisions = tuple(
        decide_flow(
            criterion,
            evaluation.decision_rule,
            error_a=measured,
            trumpet=corrected.trumpet,
            uncertainty=windows,
        )
        for criterion in evaluation.criteria
    )
    startup, startup_note = startup_of(collection, series, method, marks)
    return FlowOutcome(
        schema=FLOW_OUTCOME_SCHEMA,
        run_id=series.run_id,
        title=series.title,
        simulated=series.simulated,
        profile_id=method.id,
        profile_version=method.version,
        profile_title=method.title,
        profile_sha256=loaded.sha256,
        wording=method.wording,
        sample_interval_s=interval_s,
        set_flow_ul_per_h=set_flow,
        measurand=(
            "volume leaving the catheter tip between the begin and the end of the analysis phase, "
            f"at {evaluation.volume_reference_temperature_c:g} Celsius"
        ),
        volume_reference_temperature_c=evaluation.volume_reference_temperature_c,
        analysis_begin_s=analysis.begin_s,
        analysis_end_s=analysis.end_s,
        delivered_volume=rescaled(measured, value=volume_ul, unit="uL", factor=ul_per_percent),
        delivered_volume_budget=tuple(line.scaled(ul_per_percent) for line in budget.lines),
        mean_flow=rescaled(measured, value=corrected.mean_flow_ul_per_h, unit="uL/h", factor=set_flow / 100.0),
        mean_flow_budget=tuple(line.scaled(set_flow / 100.0) for line in budget.lines),
        error_a=budget,
        corrected=corrected,
        as_written=as_written_variant(
            readings, collection, analysis, evaluation=evaluation, profile=method, marks=marks
        ),
        at_temperatures=flows_at_temperatures(collection, corrected.mean_flow_ul_per_h, evaluation),
        whole_infusion_error_percent=whole_infusion_error_percent(collection, series, set_flow_ul_per_h=set_flow),
        startup=startup,
        course=course_of(collection, series, method, marks),
        pump_off=pump_off_trumpet(
            blank_grids(collection, series, method, marks),
            set_flow_ul_per_h=set_flow,
            sample_counts=method.window_samples,
        ),
        window_uncertainty=windows,
        strokes=_strokes(collection, grid, analysis, evaluation=evaluation, profile=method),
        continuity=continuity,
        evaporation_model=collection.evaporation.model,
        evaporation_mean_ug_per_min=lost_g(collection, analysis) / analysis.duration_s * 60e6,
        blanks=blank_outcomes(collection),
        air=air_outcome(collection, analysis),
        recorded_readings=readings.recorded,
        used_readings=readings.time_s.size,
        largest_gap_s=grid.largest_gap_s,
        gaps=reading_gaps(readings.time_s, begin_s=phases.begin_s, end_s=phases.end_s),
        unweighed=unweighed(marks, phases),
        exclusions=readings.exclusions,
        findings=findings,
        decisions=decisions,
        verdict=combined_verdict(decision.verdict for decision in decisions),
        notes=flow_notes(
            collection,
            analysis,
            evaluation=evaluation,
            drift=drift,
            continuity=continuity,
            startup_note=startup_note,
            findings=findings,
            simulated=series.simulated,
        )
        + window_notes(corrected.trumpet),
    )


def _strokes(
    collection: Collection, grid: GridSeries, period: Phase, *, evaluation: FlowEvaluation, profile: MethodProfile
) -> StrokeAnalysis | None:
    if evaluation.stroke_volume_ul is None:
        return None
    return stroke_analysis(
        collection.time_s,
        collection.volume_ul,
        begin_s=period.begin_s,
        end_s=period.end_s,
        stroke_volume_ul=evaluation.stroke_volume_ul,
        set_flow_ul_per_h=evaluation.set_flow_ul_per_h,
        windows_s=[count * grid.sample_interval_s for count in profile.window_samples],
        marks=grid.marks,
    )
