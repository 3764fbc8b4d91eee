"""A short programme for each kind of evaluation on the twin, with the truth of everything it measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from results import bolus_statistics
from results.bench import GravimetricBench
from results.bolus_outcome import BolusOutcome
from results.decision import DecisionRule, MeasuredValue
from results.evaluation import Liquid
from results.kinds import bolus, lockout, overinfusion, prime_bridge, refill, reservoir, restart, schedule, stall, steps
from results.measured.outcome import MeasuredOutcome
from results.measured.pump_log import PumpLog
from results.measured.run_record import RunRecord
from results.series import Phase
from results.trace.schema import TraceEvent
from rig.station_file import load_station_file
from tests.proof.measured_bench import Stretch, TwinRun, run_programme

HOUR_S = 3600.0
POLL_S = 10.0
BLANK_S = 2.0 * HOUR_S
COMMON: dict[str, Any] = {
    "volume_reference_temperature_c": 20.0,
    "liquid": Liquid(kind="water"),
    "stroke_volume_ul": 1.0,
    "decision_rule": DecisionRule(kind="guarded"),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """The outcome of one run, and the truth of each of its measurands that has one."""

    outcome: MeasuredOutcome | BolusOutcome
    truth: Mapping[str, float]

    def value(self, name: str) -> MeasuredValue | None:
        """Return a measured value by its name, None where it is absent."""
        return self.values()[name]

    def values(self) -> dict[str, MeasuredValue | None]:
        """Return every measured value by its name."""
        if isinstance(self.outcome, MeasuredOutcome):
            return {one.name: one.value for one in self.outcome.measurands}
        errors = [one.error for one in self.outcome.boluses]
        values: dict[str, MeasuredValue | None] = {f"bolus error {n}": error for n, error in enumerate(errors, 1)}
        values[bolus_statistics.MEAN_ERROR] = self.outcome.mean_error.measured
        values[bolus_statistics.SD_ERROR] = self.outcome.sd_error.sd if self.outcome.sd_error else None
        return values

    def misses(self) -> dict[str, float]:
        """Return error over U of every value whose error exceeds its U."""
        return {name: share for name, share in self.shares().items() if not abs(share) <= 1.0}

    def shares(self) -> dict[str, float]:
        """Return error over U of every value."""
        return {
            name: (value.value - self.truth[name]) / value.expanded_uncertainty
            for name, value in self.values().items()
            if value is not None and name in self.truth
        }


def shipped(station: str = "simulated") -> GravimetricBench:
    """Return what a shipped station states of its bench."""
    return load_station_file(station).setup


def between_blanks(*stretches: Stretch) -> list[Stretch]:
    """Return a programme with a blank before and after."""
    return [Stretch("blank_before", BLANK_S, 0.0), *stretches, Stretch("blank_after", BLANK_S, 0.0)]


def calculated_log(
    run: TwinRun, program: list[Stretch], *, fill_ul: float, alarms: Mapping[str, float] | None = None
) -> PumpLog:
    """Return what a pump says that calculates: it delivers what it is set to, and alarms at given instants (s)."""
    begin_s = run.record.phase("blank_before").begin_s
    edges_s = begin_s + np.concatenate(([0.0], np.cumsum([one.duration_s for one in program])))
    volumes_ul = np.concatenate(([0.0], np.cumsum([one.flow_ul_per_h * one.duration_s / 3600.0 for one in program])))
    time_s = np.arange(3.0, float(edges_s[-1]), POLL_S)
    delivered_ul = np.interp(time_s, edges_s, volumes_ul)
    up = [frozenset(name for name, at_s in (alarms or {}).items() if t >= at_s) for t in time_s]
    return PumpLog(
        time_s=time_s,
        set_flow_ul_per_h=np.zeros(time_s.size),
        delivered_ul=delivered_ul,
        reservoir_ul=fill_ul - delivered_ul,
        states=("infusing",) * time_s.size,
        alarms=tuple(up),
    )


def with_log(run: TwinRun, log: PumpLog, *events: TraceEvent) -> RunRecord:
    """Return the record of a run with what the pump said, and events."""
    return replace(run.record, pump=lambda: log, events=events)


def error_percent(true: float, nominal: float) -> float:
    """Return 100 (true / nominal - 1)."""
    return 100.0 * (true / nominal - 1.0)


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


def primed_and_bridged(seed: int) -> Measured:
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
    run = run_programme(between_blanks(*parts), seed)
    truth = {"bridge duration": 5.0 * HOUR_S, "bridge duration error": 0.0}
    for name, word, set_ul in (("priming bolus", "priming", 150.0), ("bridge bolus", "bridge", 40.0)):
        truth[f"{word} volume"] = run.true_phase_ul(name)
        truth[f"{word} volume error"] = error_percent(run.true_phase_ul(name), set_ul)
    for word, flow in (("priming", 8.0), ("bridge", 4.0)):
        after = run.record.phase(f"after {word}")
        mean = run.true_ul(after.begin_s + 600.0, after.end_s) / (after.duration_s - 600.0) * 3600.0
        truth[f"mean flow error after {word}"] = error_percent(mean, flow)
    return Measured(prime_bridge.measure(run.record, evaluation, shipped()), truth)


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
    run = run_programme(program, seed)
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
        last_s, back_s = (seen.at_s or 0.0 for seen in outcome.observations if "the balance" in seen.text)
        truth |= {"stall duration": stall_s, "missing volume": 30.0 * stall_s / HOUR_S}
        truth |= {"detection delay": last_s + 600.0 - at_s, "pump alarm delay": 600.0}
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


def locked_out(seed: int) -> Measured:
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
    run = run_programme(program, seed)
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
        **{**COMMON, "stroke_volume_ul": None},
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
    truth |= {bolus_statistics.MEAN_ERROR: float(np.mean(errors))}
    if count > 1:
        truth |= {bolus_statistics.SD_ERROR: float(np.std(errors, ddof=1))}
    return Measured(outcome, truth)


PROGRAMMES: Mapping[str, Callable[[int], Measured]] = {
    "steps": stepped,
    "schedule": scheduled,
    "prime_bridge": primed_and_bridged,
    "refill": refilled,
    "reservoir": emptied,
    "stall": stalled,
    "overinfusion": overinfused,
    "overinfusion, sudden": lambda seed: overinfused(seed, {"kind": "rate_error", "percent": 30.0}),
    "overinfusion, creeping": lambda seed: overinfused(seed, {"kind": "drift", "percent_per_day": 12.0}),
    "restart": restarted,
    "lockout": locked_out,
    "bolus": boluses,
    "bolus, external": lambda seed: boluses(seed, station="simulated-external", volume_ul=1000.0, count=4),
}
