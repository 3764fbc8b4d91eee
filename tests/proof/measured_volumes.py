"""Volumes on the twin with the truth of what each measures: refills, the reservoir's end, boluses and lockouts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from results import bolus_statistics
from results.kinds import bolus, lockout, refill, reservoir
from results.trace.schema import TraceEvent
from tests.proof.measured_bench import Fault, Stretch, run_programme
from tests.proof.measured_runs import (
    COMMON,
    HOUR_S,
    Measured,
    between_blanks,
    calculated_log,
    error_percent,
    shipped,
    with_log,
)


def refilled(seed: int) -> Measured:
    """Two infusions of 12 h at 30 uL/h with a refill after each; the residual is what truly was left."""
    fill_ul = 18000.0
    evaluation = refill.RefillEvaluation(
        kind="refill", infusions=2, flow_ul_per_h=30.0, fill_ul=fill_ul, syringe_u_ul=0.5, **COMMON
    )
    program = between_blanks(
        Stretch("infusion 1", 12.0 * HOUR_S, 30.0), Stretch("", 600.0, 0.0), Stretch("infusion 2", 12.0 * HOUR_S, 30.0)
    )
    run = run_programme(program, seed, reading_s=2.0)
    true_ul = [run.true_phase_ul(f"infusion {n}") for n in (1, 2)]
    drawn = np.random.default_rng(seed).normal(0.0, 0.5, 4)
    events = [
        TraceEvent(
            round((run.record.phase(f"infusion {n}").end_s + 60.0) * 1e9),
            "refill",
            "operator",
            {"volume_ul": fill_ul, "residual_ul": fill_ul - ul + float(drawn[2 * n - 2] - drawn[2 * n - 1])},
        )
        for n, ul in enumerate(true_ul, start=1)
    ]
    log = calculated_log(run, program, fill_ul=fill_ul)
    outcome = refill.measure(with_log(run, log, *events), evaluation, shipped())
    truth = {
        "volume weighed": sum(true_ul),
        "volume calculated": 720.0,
        "calculated less weighed": 100.0 * (720.0 / sum(true_ul) - 1.0),
        "accuracy ratio by weighing": 100.0 * sum(true_ul) / 720.0,
        "accuracy ratio by residual": 100.0 * sum(true_ul) / 720.0,
    }
    return Measured(outcome, truth)


def emptied(seed: int) -> Measured:
    """300 uL left at the begin; the pump calculates 100 uL left, then none, and stops."""
    evaluation = reservoir.ReservoirEvaluation(
        kind="reservoir", set_flow_ul_per_h=30.0, fill_ul=300.0, fill_u_ul=0.5, **COMMON
    )
    program = between_blanks(Stretch("infusion", 10.0 * HOUR_S, 30.0), Stretch("after empty", 2.0 * HOUR_S, 0.0))
    run = run_programme(program, seed, reading_s=2.0)
    infusion = run.record.phase("infusion")
    at_s = {
        "low reservoir": infusion.begin_s + 200.0 / 30.0 * HOUR_S,
        "empty reservoir": infusion.end_s - 1.0,
    }
    log = calculated_log(run, program, fill_ul=300.0, alarms=at_s)
    fill_ul = 300.0 + float(np.random.default_rng(seed).normal(0.0, 0.5))
    truth = {"flow after empty": run.true_phase_ul("after empty") / 2.0}
    for word, alarm in (("low", "low reservoir"), ("empty", "empty reservoir")):
        left = fill_ul - run.true_ul(infusion.begin_s, at_s[alarm])
        calculated = 300.0 - (at_s[alarm] - infusion.begin_s) / HOUR_S * 30.0
        truth |= {f"reservoir at {word} alarm, weighed": left, f"reservoir at {word} alarm, calculated": calculated}
        truth[f"{word} alarm, calculated less weighed"] = calculated - left
    return Measured(reservoir.measure(with_log(run, log), evaluation, shipped()), truth)


def locked_out(seed: int, *, fault: Fault | None = None) -> Measured:
    """Two boluses of 20 uL on 9 uL/h, each with 4 h of lockout; the pump is as good as the flow it is stated with."""
    evaluation = lockout.LockoutEvaluation(
        kind="lockout",
        boluses=2,
        bolus_volume_ul=20.0,
        basal_flow_ul_per_h=9.0,
        basal_flow_u_ul_per_h=0.15,
        **{**COMMON, "stroke_volume_ul": None},
    )
    program = between_blanks(
        Stretch("", 2.0 * HOUR_S, 9.0),
        Stretch("bolus 1", 80.0, 900.0),
        Stretch("lockout 1", 4.0 * HOUR_S, 9.0),
        Stretch("bolus 2", 80.0, 900.0),
        Stretch("lockout 2", 4.0 * HOUR_S, 9.0),
    )
    run = run_programme(program, seed, reading_s=2.0, fault=fault)
    demands = [
        TraceEvent(round((run.record.phase(f"lockout {n}").begin_s + HOUR_S) * 1e9), "bolus_refused", "pump", {})
        for n in (1, 2)
    ]
    outcome = lockout.measure(replace(run.record, events=tuple(demands)), evaluation, shipped())
    truth = {}
    for n in (1, 2):
        # With a basal flow that is not as stated, what came is what came.
        beyond = run.true_phase_ul(f"lockout {n}") - 36.0
        truth[f"delivered beyond basal, lockout {n}"] = beyond
        given = run.true_phase_ul(f"bolus {n}") - 9.0 * 80.0 / HOUR_S
        truth[f"bolus volume error, bolus {n}"] = error_percent(given, 20.0)
    return Measured(outcome, truth)


def boluses(seed: int, *, station: str = "simulated", volume_ul: float = 20.0, count: int = 25) -> Measured:
    """Successive boluses at 900 uL/h, or of an external pump over 1 min, 2 min apart."""
    duration_s = 80.0 if station == "simulated" else 60.0
    evaluation = bolus.BolusTraceEvaluation(
        kind="bolus",
        set_volume_ul=volume_ul,
        duration_s=duration_s,
        settle_s=30.0,
        reading_s=20.0,
        **{**COMMON, "stroke_volume_ul": 1.0 if station == "simulated" else 2.0},
    )
    flow = volume_ul / duration_s * HOUR_S
    parts = [
        part
        for n in range(1, count + 1)
        for part in (Stretch("", 60.0, 0.0), Stretch(f"bolus {n}", duration_s, flow), Stretch("", 60.0, 0.0))
    ]
    run = run_programme(between_blanks(*parts), seed, station=station)
    outcome = bolus.measure(run.record, evaluation, shipped(station))
    begins_s = [run.record.phase(f"bolus {n}").begin_s for n in range(1, count + 1)]
    errors = [error_percent(run.true_ul(at_s, at_s + duration_s + 50.0), volume_ul) for at_s in begins_s]
    truth = {f"bolus error {n}": error for n, error in enumerate(errors, start=1)}
    truth |= {f"bolus duration {n}": duration_s for n in range(1, count + 1)}
    truth |= {bolus_statistics.MEAN_ERROR: float(np.mean(errors))}
    if count > 1:
        truth |= {bolus_statistics.SD_ERROR: float(np.std(errors, ddof=1))}
    return Measured(outcome, truth)
