"""Infusions on the twin with the truth of what each measures: in steps, by schedule, stalled, too much, begun again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from results.kinds import overinfusion, prime_bridge, restart, schedule, stall, steps
from results.series import Phase
from tests.proof.measured_bench import Fault, Stretch, TwinRun, run_programme
from tests.proof.measured_runs import (
    BLANK_S,
    COMMON,
    HOUR_S,
    Measured,
    between_blanks,
    calculated_log,
    error_percent,
    shipped,
    with_log,
)


def stepped(seed: int) -> Measured:
    """Four steps to 9 uL/h, 8 h each."""
    flows, length_s, settle_s = (3.0, 5.0, 7.0, 9.0), 8.0 * HOUR_S, 900.0
    evaluation = steps.StepsEvaluation(
        kind="steps",
        flows_ul_per_h=flows,
        settle_s=settle_s,
        response_band_percent=40.0,
        concentration_ug_per_ml=500.0,
        **COMMON,
    )
    parts = [Stretch(f"step {n}", length_s, flow) for n, flow in enumerate(flows, start=1)]
    run = run_programme(between_blanks(*parts), seed, reading_s=5.0)
    truth = {"total dose": 0.0}
    for n, flow in enumerate(flows, start=1):
        step = run.record.phase(f"step {n}")
        mean = run.true_ul(step.begin_s + settle_s, step.end_s) / (step.duration_s - settle_s) * 3600.0
        truth[f"mean flow, step {n}"] = mean
        truth[f"mean flow error, step {n}"] = error_percent(mean, flow)
        truth[f"response delay, step {n}"] = truth[f"response time, step {n}"] = 0.0
        truth["total dose"] += 0.5 * run.true_phase_ul(f"step {n}")
    truth["total dose error"] = error_percent(truth["total dose"], 0.5 * sum(flows) * 8.0)
    return Measured(steps.measure(run.record, evaluation, shipped()), truth)


def scheduled(seed: int, days: int = 2) -> Measured:
    """Days of three day-steps of 8 h."""
    flows, hours = (4.0, 9.0, 6.0), 8.0
    evaluation = schedule.ScheduleEvaluation(
        kind="schedule", flows_ul_per_h=flows, days=days, settle_s=600.0, concentration_ug_per_ml=500.0, **COMMON
    )
    names = list(zip(evaluation.step_names, evaluation.step_flows, strict=True))
    parts = [Stretch(f"day-step {name}", hours * HOUR_S, flow) for name, flow in names]
    run = run_programme(between_blanks(*parts), seed, reading_s=5.0)
    truth: dict[str, float] = {}
    errors, daily = [], []
    for name, flow in names:
        true_ul = run.true_phase_ul(f"day-step {name}")
        errors.append(error_percent(true_ul, flow * hours))
        truth[f"dose, day-step {name}"] = 0.5 * true_ul
        truth[f"dose error, day-step {name}"] = errors[-1]
        if name != "1.1":
            truth[f"transition delay, day-step {name}"] = 0.0
    for day in range(1, days + 1):
        begin_s = run.record.phase(f"day-step {day}.1").begin_s
        daily.append(error_percent(run.true_ul(begin_s, begin_s + 24.0 * HOUR_S), hours * sum(flows)))
        truth[f"dose error, day {day}"] = daily[-1]
    truth |= {"highest day-step dose error": max(errors), "lowest day-step dose error": min(errors)}
    truth |= {"highest daily dose error": max(daily), "lowest daily dose error": min(daily)}
    truth |= {"latest transition": 0.0, "earliest transition": 0.0}
    return Measured(schedule.measure(run.record, evaluation, shipped()), truth)


def primed_and_bridged(seed: int, *, fault: Fault | None = None) -> Measured:
    """A priming bolus of 150 uL, then a bridge of 40 uL at 8 uL/h to 4 uL/h."""
    evaluation = prime_bridge.PrimeBridgeEvaluation(
        kind="prime_bridge",
        priming_volume_ul=150.0,
        flow_after_priming_ul_per_h=8.0,
        bridge_volume_ul=40.0,
        bridge_flow_ul_per_h=8.0,
        flow_after_bridge_ul_per_h=4.0,
        settle_s=600.0,
        **COMMON,
    )
    parts = (
        Stretch("priming bolus", 540.0, 1000.0),
        Stretch("after priming", 8.0 * HOUR_S, 8.0),
        Stretch("bridge bolus", 5.0 * HOUR_S, 8.0),
        Stretch("after bridge", 8.0 * HOUR_S, 4.0),
    )
    run = run_programme(between_blanks(*parts), seed, reading_s=2.0, fault=fault)
    truth = {"bridge duration": 5.0 * HOUR_S, "bridge duration error": 0.0}
    for name, word, set_ul in (("priming bolus", "priming", 150.0), ("bridge bolus", "bridge", 40.0)):
        truth[f"{word} volume"] = run.true_phase_ul(name)
        truth[f"{word} volume error"] = error_percent(run.true_phase_ul(name), set_ul)
    for word, flow in (("priming", 8.0), ("bridge", 4.0)):
        after = run.record.phase(f"after {word}")
        mean = run.true_ul(after.begin_s + 600.0, after.end_s) / (after.duration_s - 600.0) * 3600.0
        truth[f"mean flow error after {word}"] = error_percent(mean, flow)
    return Measured(prime_bridge.measure(run.record, evaluation, shipped()), truth)


def stalled(seed: int, stall_s: float = 1200.0) -> Measured:
    """12 h at 30 uL/h, the motor stalled for 20 min in the middle; the pump alarms after 10 min."""
    evaluation = stall.StallEvaluation(kind="stall", set_flow_ul_per_h=30.0, detection_s=600.0, **COMMON)
    program = between_blanks(Stretch("infusion", 12.0 * HOUR_S, 30.0))
    at_s = BLANK_S + 6.0 * HOUR_S + 37.0 * seed
    events = [{"kind": "stall", "at_s": at_s, "duration_s": stall_s}] if stall_s > 0.0 else []
    run = run_programme(program, seed, reading_s=2.0, events=events)
    log = calculated_log(run, program, fill_ul=10_000.0, alarms={"motor stall": at_s + 600.0} if events else None)
    outcome = stall.measure(with_log(run, log), evaluation, shipped())
    infusion = run.record.phase("infusion")
    truth = {"longest pause": _longest_pause_s(run, infusion)}
    if events:
        _, back_s = (seen.at_s or 0.0 for seen in outcome.observations if "the balance" in seen.text)
        truth |= {"stall duration": stall_s, "missing volume": 30.0 * stall_s / HOUR_S}
        told_s = next(seen.at_s or 0.0 for seen in outcome.observations if "weighing alone" in seen.text)
        truth |= {"detection delay": told_s - at_s, "pump alarm delay": 600.0}
        after_s = infusion.end_s - back_s - 60.0
        mean = run.true_ul(back_s + 60.0, infusion.end_s) / after_s * HOUR_S
        truth["mean flow error after recovery"] = error_percent(mean, 30.0)
    return Measured(outcome, truth)


def _longest_pause_s(run: TwinRun, period: Phase) -> float:
    inside = (run.time_s >= period.begin_s) & (run.time_s <= period.end_s)
    times, rises = run.time_s[inside], np.diff(run.tip_ul[inside])
    ends = np.concatenate(([times[0]], times[1:][rises > 0.1], [times[-1]]))
    return float(np.diff(ends).max())


def overinfused(seed: int, event: Mapping[str, object] | None = None) -> Measured:
    """Three days at 9 uL/h, from the second on with what an event of the twin makes too much."""
    evaluation = overinfusion.OverInfusionEvaluation(
        kind="overinfusion", set_flow_ul_per_h=9.0, allowance_percent=7.0, decision_ul=12.0, **COMMON
    )
    begins = {"at_s": 300.0 + BLANK_S + 24.0 * HOUR_S, "duration_s": 1e6}
    run = run_programme(
        between_blanks(Stretch("infusion", 72.0 * HOUR_S, 9.0)),
        seed,
        reading_s=10.0,
        events=[{**event, **begins}] if event else [],
    )
    infusion = run.record.phase("infusion")
    times = np.arange(infusion.begin_s, infusion.end_s + 1.0, 600.0)
    volumes = np.interp(times, run.time_s, run.tip_ul)
    excess = volumes - 9.0 * 1.07 / HOUR_S * (times - times[0])
    sums = excess - np.minimum.accumulate(excess)
    day = volumes[144:] - volumes[:-144]
    truth = {
        "accumulated over-delivery": float(sums.max()),
        "highest flow error over 24 h": error_percent(float(day.max()), 216.0),
        "mean flow error": error_percent(run.true_phase_ul("infusion"), 648.0),
    }
    if sums.max() >= 12.0:
        truth["over-infusion detected after"] = float(np.interp(12.0, sums, times)) - infusion.begin_s
    return Measured(overinfusion.measure(run.record, evaluation, shipped()), truth)


def restarted(seed: int) -> Measured:
    """6 h at 9 uL/h, stopped for 50 h with the alarm after 48, 12 h at 9 uL/h again."""
    evaluation = restart.RestartEvaluation(kind="restart", set_flow_ul_per_h=9.0, settle_s=600.0, **COMMON)
    program = between_blanks(
        Stretch("before stop", 6.0 * HOUR_S, 9.0),
        Stretch("stopped", 50.0 * HOUR_S, 0.0),
        Stretch("after restart", 12.0 * HOUR_S, 9.0),
    )
    run = run_programme(program, seed, reading_s=5.0)
    stopped, after = run.record.phase("stopped"), run.record.phase("after restart")
    log = calculated_log(run, program, fill_ul=10_000.0, alarms={"stopped too long": stopped.begin_s + 48.0 * HOUR_S})
    mean = run.true_ul(after.begin_s + 600.0, after.end_s) / (after.duration_s - 600.0) * HOUR_S
    truth = {
        "delivered while stopped": run.true_phase_ul("stopped"),
        "flow while stopped": run.true_phase_ul("stopped") / 50.0,
        "stopped alarm after": 48.0 * HOUR_S,
        "restart delay": 0.0,
        "mean flow error after restart": error_percent(mean, 9.0),
    }
    return Measured(restart.measure(with_log(run, log), evaluation, shipped()), truth)
