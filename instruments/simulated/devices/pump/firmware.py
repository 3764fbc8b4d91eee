"""State of the pump's firmware and its timers. It knows its program and its crystal, nothing of what really flows.

The firmware is an agent of the bench: timers and requests alike act at their own instants, in order, with the bench's
lock held. So a request sees everything that was due before it, and nothing that comes later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from instruments.program import ProgramMode
from instruments.pumps.bench_interface.messages import ErrorCode, Request, format_number
from instruments.readings import Identity, PumpAlarm, PumpState
from instruments.simulated.devices.pump.alarms import AlarmPanel
from instruments.simulated.devices.pump.limits import (
    BACKGROUND_MODES,
    BOLUS_MODES,
    STOPPED_TOO_LONG_S,
    PumpLimits,
    Refusal,
)
from instruments.simulated.devices.pump.program import StoredProgram, Upload
from instruments.simulated.physics.bench import Bench

_Result = TypeVar("_Result")

LOW_RESERVOIR_UL = 2000.0
_ROUNDING_UL = 1e-6
_STATES = {
    ProgramMode.SINGLE_BOLUS: PumpState.BOLUS,
    ProgramMode.BRIDGE_BOLUS: PumpState.BOLUS,
    ProgramMode.PRIMING_BOLUS: PumpState.PRIMING,
    ProgramMode.MINIMUM_RATE: PumpState.MINIMUM_RATE,
}


@dataclass(frozen=True, slots=True)
class PumpBuild:
    """How this pump was made. `identity` tells who answers at a bench time (s)."""

    identity: Callable[[float], Identity]
    limits: PumpLimits
    reservoir_ul: float
    """What it takes its reservoir to hold at power-up."""
    clock_error_ppm: float
    stall_detection_s: float | None


@dataclass(frozen=True, slots=True)
class _Delivery:
    program: StoredProgram
    run_s: float
    segment: int = 0


class _Job(Generic[_Result]):
    """Something to be done at an instant, and its result."""

    def __init__(self, at_s: float, action: Callable[[float], _Result]) -> None:
        self.at_s = at_s
        self._action = action
        self.done = False
        self.result: _Result

    def run(self, t_s: float) -> None:
        self.result = self._action(t_s)
        self.done = True


class PumpFirmware:
    """The firmware of one pump."""

    def __init__(self, bench: Bench, build: PumpBuild) -> None:
        self.build = build
        self._bench = bench
        self._rate = 1.0 + 1e-6 * build.clock_error_ppm
        self._jobs: deque[_Job[Any]] = deque()
        self._timers: list[tuple[float, Callable[[float], None]]] = []
        self.powered = True
        self._power_up(0.0)
        bench.add_agent(self)

    def _power_up(self, t_s: float) -> None:
        self._power_up_s = t_s
        self._now_s = t_s
        self._delivery: _Delivery | None = None
        self._interrupted: _Delivery | None = None
        self._background: StoredProgram | None = None
        self.program: StoredProgram | None = None
        self.upload: Upload | None = None
        self.panel = AlarmPanel()
        self.communication_timeout_s = 0
        self._heard_s = t_s
        self.delivered_ul = 0.0
        self.reservoir_ul = self.build.reservoir_ul
        self.low_reservoir_ul = LOW_RESERVOIR_UL
        self._stopped_since_s = t_s
        self._bolus_locked_until_s = t_s
        self._minimum_locked_until_s = t_s
        self._stall_check_s: float | None = None
        self._stall_since_s: float | None = None
        self._still_checks = 0
        self._worn_out = False
        self.last_exchange: tuple[Request, str] | None = None
        self._set_timers()

    # ---- called by any thread

    def perform(self, now_s: float, action: Callable[[float], _Result]) -> _Result:
        """Do something at its place in the order of the bench's time; return what it returns."""
        job = _Job(now_s, action)
        self._jobs.append(job)
        while not job.done:
            # Another thread's job may stand before this one, a little later by the clock.
            self._bench.pump_mechanics(max([now_s, *(waiting.at_s for waiting in tuple(self._jobs))]))
        return job.result

    def set_power(self, now_s: float, on: bool) -> None:
        """Switch the pump's power. Off: delivery ends and nothing answers. On: it starts as new."""
        self.perform(now_s, lambda t_s: self._switch(t_s, on))

    def fail(self, now_s: float, alarm: PumpAlarm) -> None:
        """Let the pump find something wrong with itself: raise an alarm as its cause would."""
        self.perform(now_s, lambda t_s: self._fail(t_s, alarm))

    # ---- agent of the bench; called with its lock held

    def next_due_s(self) -> float | None:
        """Return when the next timer or request is due."""
        due_s = self._timers[0][0] if self._timers else None
        if self._jobs:
            job_s = self._jobs[0].at_s
            return job_s if due_s is None else min(job_s, due_s)
        return due_s

    def act(self, t_s: float) -> None:
        """Do what is due: timers before requests of the same instant."""
        self._count(max(t_s, self._now_s))
        if self._timers and self._timers[0][0] <= t_s:
            self._timers[0][1](self._now_s)
        else:
            self._jobs.popleft().run(self._now_s)
        self._watch_reservoir()
        self._set_timers()

    # ---- what commands do; `t_s` is the instant of the act

    def uptime_s(self) -> float:
        """Return the pump's own time since power-up, s."""
        return (self._now_s - self._power_up_s) * self._rate

    def heard(self) -> None:
        """Note that an undamaged frame has come."""
        self._heard_s = self._now_s

    @property
    def flow_ul_per_h(self) -> float:
        """The flow commanded now."""
        delivery = self._delivery
        return 0.0 if delivery is None else delivery.program.flow_of(delivery.segment, self.build.limits)

    @property
    def mode(self) -> ProgramMode | None:
        """The mode being delivered."""
        return None if self._delivery is None else self._delivery.program.mode

    @property
    def state(self) -> PumpState:
        """What the pump says it does."""
        if self._delivery is None:
            return PumpState.ALARM if self.panel.halted else PumpState.STOPPED
        return _STATES.get(self._delivery.program.mode, PumpState.INFUSING)

    def store(self, program: StoredProgram) -> None:
        """Keep a program as the one `RUN` runs."""
        self.program = program
        self.upload = None
        if program.mode in BACKGROUND_MODES:
            self._background = program

    def run(self) -> None:
        """Run the program stored last, or raise `Refusal`."""
        t_s, program = self._now_s, self.program
        if program is None:
            raise Refusal(ErrorCode.NO_PROGRAM, "no program stored")
        if refusing := self.panel.refusing(self._persisting()):
            raise Refusal(ErrorCode.ALARM_STANDING, "alarm " + ", ".join(alarm.value for alarm in refusing))
        is_bolus = program.mode in BOLUS_MODES
        self._refuse_lockout(t_s, self._bolus_locked_until_s if is_bolus else t_s)
        self._refuse_lockout(t_s, t_s if program.mode is ProgramMode.STOP else self._minimum_locked_until_s)
        lockout_until_s = t_s + float(program.lockout_s) / self._rate
        if is_bolus:
            self._bolus_locked_until_s = lockout_until_s
            if self.mode not in BOLUS_MODES:
                self._interrupted = self._delivery
        else:
            self._interrupted = None
            if program.mode is ProgramMode.MINIMUM_RATE:
                self._minimum_locked_until_s = lockout_until_s
        self._deliver(None if program.mode is ProgramMode.STOP else _Delivery(program, t_s))

    def stop(self) -> None:
        """End delivery."""
        self._interrupted = None
        self._deliver(None)

    def acknowledge(self) -> list[PumpAlarm]:
        """Acknowledge the alarms; return those that stood."""
        if PumpAlarm.STOPPED_TOO_LONG in self.panel.standing():
            self._stopped_since_s = self._now_s
        return self.panel.acknowledge(self._persisting())

    # ---- inside

    def _refuse_lockout(self, t_s: float, until_s: float) -> None:
        if t_s < until_s:
            left = format_number(round((until_s - t_s) * self._rate, 3))
            raise Refusal(ErrorCode.LOCKOUT, f"lockout, {left} s left")

    def _deliver(self, delivery: _Delivery | None) -> None:
        if delivery is None and self._delivery is not None:
            self._stopped_since_s = self._now_s
            self._stall_check_s = self._stall_since_s = None
            self._still_checks = 0
        elif delivery is not None and self._delivery is None:
            self._heard_s = self._now_s
            period_s = self._stall_period_s
            self._stall_check_s = None if period_s is None else self._now_s + period_s
        before = self.flow_ul_per_h
        self._delivery = delivery
        if self.flow_ul_per_h != before:
            self._bench.set_pump_flow(self._now_s, self.flow_ul_per_h)

    def _count(self, t_s: float) -> None:
        counted_ul = self.flow_ul_per_h * (t_s - self._now_s) * self._rate / 3600.0
        self.delivered_ul += counted_ul
        self.reservoir_ul = max(0.0, self.reservoir_ul - counted_ul)
        self._now_s = t_s

    def _raise(self, alarm: PumpAlarm) -> None:
        if self.panel.raise_alarm(alarm, self.uptime_s()):
            self.stop()

    def _persisting(self) -> frozenset[PumpAlarm]:
        causes = {
            PumpAlarm.LOW_RESERVOIR: self.reservoir_ul < self.low_reservoir_ul + _ROUNDING_UL,
            PumpAlarm.EMPTY_RESERVOIR: self.reservoir_ul < _ROUNDING_UL,
            PumpAlarm.MOTOR_STALL: self._stall_since_s is not None,
            PumpAlarm.END_OF_SERVICE: self._worn_out,
        }
        return frozenset(alarm for alarm, persists in causes.items() if persists)

    def _watch_reservoir(self) -> None:
        persisting = self._persisting()
        self.panel.drop_ended(persisting)
        standing = self.panel.standing()
        if self._delivery is not None:
            for alarm in (PumpAlarm.LOW_RESERVOIR, PumpAlarm.EMPTY_RESERVOIR):
                if alarm in persisting and alarm not in standing:
                    self._raise(alarm)

    def _switch(self, t_s: float, on: bool) -> None:
        if on and not self.powered:
            self._power_up(t_s)
        elif not on:
            self.stop()
        self.powered = on

    def _fail(self, t_s: float, alarm: PumpAlarm) -> None:
        if alarm is PumpAlarm.MEMORY_ERROR:
            self.program = self.upload = self._background = None
        if alarm is PumpAlarm.END_OF_SERVICE:
            self._worn_out = True
        self._raise(alarm)

    # ---- timers, in bench time

    def _set_timers(self) -> None:
        timers: list[tuple[float, Callable[[float], None]]] = []
        standing = self.panel.standing()
        delivery = self._delivery
        if delivery is None:
            if PumpAlarm.STOPPED_TOO_LONG not in standing and self.powered:
                too_long_s = self._stopped_since_s + STOPPED_TOO_LONG_S / self._rate
                timers.append((too_long_s, lambda t_s: self._raise(PumpAlarm.STOPPED_TOO_LONG)))
        else:
            if self.communication_timeout_s:
                silent_s = self._heard_s + self.communication_timeout_s / self._rate
                timers.append((silent_s, lambda t_s: self._raise(PumpAlarm.COMMUNICATION_TIMEOUT)))
            end_s = delivery.program.end_of(delivery.segment)
            if end_s is not None:
                timers.append((delivery.run_s + end_s / self._rate, self._end_segment))
            for alarm, level_ul in (
                (PumpAlarm.LOW_RESERVOIR, self.low_reservoir_ul),
                (PumpAlarm.EMPTY_RESERVOIR, 0.0),
            ):
                if alarm not in standing and self.reservoir_ul >= level_ul + _ROUNDING_UL:
                    needed_s = (self.reservoir_ul - level_ul) / self.flow_ul_per_h * 3600.0 / self._rate
                    timers.append((self._now_s + needed_s, lambda t_s: None))
            if self._stall_check_s is not None:
                timers.append((self._stall_check_s, self._check_rotor))
        self._timers = sorted(timers, key=lambda timer: timer[0])

    def _end_segment(self, t_s: float) -> None:
        delivery = self._delivery
        if delivery is None:
            return
        if delivery.program.mode not in BOLUS_MODES:
            self._deliver(_Delivery(delivery.program, delivery.run_s, delivery.segment + 1))
            return
        if delivery.program.mode is ProgramMode.BRIDGE_BOLUS:
            following = self._background
            deliver = following is not None and following.mode is not ProgramMode.STOP
            self._deliver(_Delivery(following, t_s) if following is not None and deliver else None)
        elif (before := self._interrupted) is not None:
            segment = before.program.segment_at((t_s - before.run_s) * self._rate)
            self._deliver(_Delivery(before.program, before.run_s, segment))
        else:
            self._deliver(None)
        self._interrupted = None

    @property
    def _stall_period_s(self) -> float | None:
        detection_s = self.build.stall_detection_s
        return None if detection_s is None else detection_s / 2.0

    def _check_rotor(self, t_s: float) -> None:
        """Look twice within the detection time: a rotor found still both times stands still."""
        period_s = self._stall_period_s
        self._stall_check_s = None if period_s is None else t_s + period_s
        if not self._bench.pump_mechanics(t_s).stalled:
            self._still_checks = 0
            self._stall_since_s = None
            return
        self._still_checks += 1
        if self._still_checks >= 2 and self._stall_since_s is None:
            self._stall_since_s = t_s
            self._raise(PumpAlarm.MOTOR_STALL)
