"""State of the pump's firmware and its timers. It knows its program, its crystal and its sensor, not what really flows.

The firmware is an agent of the bench: timers and requests alike act at their own instants, in order, with the bench's
lock held. So a request sees everything that was due before it, and nothing that comes later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from instruments.program import BOLUS_MODES, ProgramMode
from instruments.pumps.bench_interface.messages import ErrorCode, Request
from instruments.readings import PumpAlarm, PumpState
from instruments.simulated.devices.pump.alarm_output import AlarmOutput
from instruments.simulated.devices.pump.alarms import AlarmPanel
from instruments.simulated.devices.pump.build import PumpBuild
from instruments.simulated.devices.pump.delivery import Delivery, Held
from instruments.simulated.devices.pump.jobs import Jobs
from instruments.simulated.devices.pump.limits import BACKGROUND_MODES, Refusal
from instruments.simulated.devices.pump.line_sensor import LineSensor
from instruments.simulated.devices.pump.lockouts import Lockouts
from instruments.simulated.devices.pump.motor import Motor
from instruments.simulated.devices.pump.occlusion import RESTART_WITHIN_S, OcclusionUnit
from instruments.simulated.devices.pump.program import StoredProgram, Upload
from instruments.simulated.devices.pump.rotor import RotorWatch
from instruments.simulated.devices.pump.volumes import Volumes
from instruments.simulated.physics.bench import Bench

_Result = TypeVar("_Result")


class PumpFirmware:
    """The firmware of one pump."""

    def __init__(self, bench: Bench, build: PumpBuild) -> None:
        self.build = build
        self.alarm_times_s: list[tuple[float, PumpAlarm]] = []
        """Every alarm raised and when, in times of the bench."""
        self._bench = bench
        self._rate = 1.0 + 1e-6 * build.clock_error_ppm
        self._jobs = Jobs(bench)
        self._timers: list[tuple[float, Callable[[float], None]]] = []
        self._motor = Motor(bench, build.missed_change)
        self._failures = sorted(build.failures, reverse=True)
        self._output = AlarmOutput(0.0 if build.occlusion is None else build.occlusion.contact_latency_s)
        self.powered = True
        self._power_up(0.0)
        bench.add_agent(self)

    def _power_up(self, t_s: float) -> None:
        build = self.build
        self._power_up_s = t_s
        self._now_s = t_s
        self._delivery: Delivery | None = None
        self._interrupted: Delivery | None = None
        self._held: Held | None = None
        self._reducing = False
        self._background: StoredProgram | None = None
        self.program: StoredProgram | None = None
        self.upload: Upload | None = None
        self.panel = AlarmPanel()
        self.volumes = Volumes(reservoir_ul=build.reservoir_ul, low_reservoir_ul=build.limits.low_reservoir_ul)
        self.occlusion: OcclusionUnit | None = None
        if build.occlusion is not None:
            self.occlusion = OcclusionUnit(build.occlusion, LineSensor(self._bench, build.occlusion.sensor, t_s))
        self.communication_timeout_s = 0
        self._heard_s = t_s
        self._stopped_since_s = t_s
        self._lockouts = Lockouts(self._rate, ignored=build.ignores_lockout)
        self._rotor = RotorWatch(build.stall_detection_s)
        self._worn_out = False
        self.last_exchange: tuple[Request, str] | None = None
        self._set_timers()

    # ---- called by any thread

    def perform(self, now_s: float, action: Callable[[float], _Result]) -> _Result:
        """Do something at its place in the order of the bench's time; return what it returns."""
        return self._jobs.perform(now_s, action)

    def set_power(self, now_s: float, on: bool) -> None:
        """Switch the pump's power. Off: delivery ends and nothing answers. On: it starts as new."""
        self.perform(now_s, lambda t_s: self._switch(t_s, on))

    def fail(self, now_s: float, alarm: PumpAlarm) -> None:
        """Let the pump find something wrong with itself: raise an alarm as its cause would."""
        self.perform(now_s, lambda t_s: self._fail(t_s, alarm))

    def alarm_contact(self, t_s: float) -> bool:
        """Return whether the contact of the alarm output is closed: an alarm has stopped the pump."""
        return bool(self.alarm_contacts(np.array([t_s]))[0])

    def alarm_contacts(self, times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether the contact was closed at times of the bench; without an alarm output never."""
        if self.build.occlusion is None or times_s.size == 0:
            return np.zeros(times_s.shape, dtype=np.bool_)
        self._bench.pump_mechanics(float(times_s.max()))  # everything due until then has been done
        return self._output.closed(times_s)

    # ---- agent of the bench; called with its lock held

    def next_due_s(self) -> float | None:
        """Return when the next timer, look at the sensor or request is due."""
        due = (self._timers[0][0] if self._timers else None, self._sensor_due_s(), self._jobs.due_s())
        return min((due_s for due_s in due if due_s is not None), default=None)

    def act(self, t_s: float) -> None:
        """Do what is due: the sensor, then timers, then requests of the same instant."""
        self._count(max(t_s, self._now_s))
        sensor_s = self._sensor_due_s()
        if sensor_s is not None and sensor_s <= t_s:
            self._attend_to_sensor()
        elif self._timers and self._timers[0][0] <= t_s:
            self._timers[0][1](self._now_s)
        else:
            self._jobs.run_first(self._now_s)
        self._watch_volumes()
        self._output.set(self._now_s, self.powered and self.panel.halted)
        self._set_timers()
        if self.occlusion is not None:
            self.occlusion.sensor.look_ahead(self._now_s)

    # ---- what commands do, at the instant of the act

    def uptime_s(self) -> float:
        """Return the pump's own time since power-up, s."""
        return (self._now_s - self._power_up_s) * self._rate

    def heard(self) -> None:
        """Note that an undamaged frame has come."""
        self._heard_s = self._now_s

    @property
    def flow_ul_per_h(self) -> float:
        """The flow commanded now; 0 while the pump runs back."""
        return 0.0 if self._delivery is None else self._flow_of(self._delivery)

    @property
    def mode(self) -> ProgramMode | None:
        """The mode being delivered."""
        return None if self._delivery is None else self._delivery.program.mode

    @property
    def state(self) -> PumpState:
        """What the pump says it does."""
        if self._delivery is not None:
            return self._delivery.state
        if self._held is not None:
            return PumpState.CHECKING_LINE
        if self._reducing:
            return PumpState.BOLUS_REDUCTION
        return PumpState.ALARM if self.panel.halted else PumpState.STOPPED

    @property
    def restarts_left(self) -> int:
        """How often the pump may still restart by itself within the time its book covers."""
        return 0 if self.occlusion is None else self.occlusion.restarts_left(self._now_s)

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
        stops = program.mode is ProgramMode.STOP
        if self._reducing and not stops:
            raise Refusal(ErrorCode.NOT_NOW, "bolus reduction runs")
        if self.volumes.infused and not stops:
            raise Refusal(ErrorCode.NOT_NOW, "nothing is left to be infused")
        self._lockouts.pass_through(program, t_s)
        running = self._held.delivery if self._held is not None else self._delivery
        if program.mode not in BOLUS_MODES:
            self._interrupted = None
        elif running is None or running.program.mode not in BOLUS_MODES:
            self._interrupted = running
        self._deliver(None if stops else Delivery(program, t_s))

    def stop(self) -> None:
        """End delivery, and running back."""
        self._interrupted = None
        self._deliver(None)

    def acknowledge(self) -> list[PumpAlarm]:
        """Acknowledge the alarms; return those that stood."""
        if PumpAlarm.STOPPED_TOO_LONG in self.panel.standing():
            self._stopped_since_s = self._now_s
        return self.panel.acknowledge(self._persisting())

    def rewatch(self) -> None:
        """Watch the line for what matters now; after a change of threshold, too."""
        unit = self.occlusion
        if unit is None:
            return
        if self._delivery is not None:
            unit.watch_for_occlusion(self._now_s)
        elif self._held is not None:
            unit.watch_for_relief(self._now_s)
        elif self._reducing:
            unit.watch_for_reduced(self._now_s)
        else:
            unit.sensor.rest()

    # ---- inside

    def _flow_of(self, delivery: Delivery) -> float:
        if delivery.keep_open_ul_per_h is not None:
            return delivery.keep_open_ul_per_h
        return delivery.program.flow_of(delivery.segment, self.build.limits)

    def _deliver(self, delivery: Delivery | None, *, held: Held | None = None, reduce: bool = False) -> None:
        before = self._delivery
        if delivery is None and before is not None:
            self._stopped_since_s = self._now_s
            self._rotor.end()
        elif delivery is not None and before is None:
            self._rotor.begin(self._now_s)
        watched_on = delivery is not None and before is not None
        self._delivery, self._held, self._reducing = delivery, held, reduce
        self._motor.run(self._now_s, -self._reduction_ul_per_h if reduce else self.flow_ul_per_h)
        if not watched_on:
            self.rewatch()

    @property
    def _reduction_ul_per_h(self) -> float:
        return 0.0 if self.occlusion is None else self.occlusion.build.reduction_ul_per_h

    def _count(self, t_s: float) -> None:
        elapsed_h = (t_s - self._now_s) * self._rate / 3600.0
        self.volumes.count(self.flow_ul_per_h * elapsed_h)
        if self._reducing and self.occlusion is not None:
            self.occlusion.drawn_back_ul += self._reduction_ul_per_h * elapsed_h
        self._now_s = t_s

    def _raise(self, alarm: PumpAlarm) -> None:
        self.alarm_times_s.append((self._now_s, alarm))
        if self.panel.raise_alarm(alarm, self.uptime_s()):
            self.stop()

    def _persisting(self) -> frozenset[PumpAlarm]:
        causes = {
            PumpAlarm.LOW_RESERVOIR: self.volumes.low,
            PumpAlarm.EMPTY_RESERVOIR: self.volumes.empty,
            PumpAlarm.MOTOR_STALL: self._rotor.still,
            PumpAlarm.END_OF_SERVICE: self._worn_out,
        }
        return frozenset(alarm for alarm, persists in causes.items() if persists)

    def _watch_volumes(self) -> None:
        persisting = self._persisting()
        self.panel.drop_ended(persisting)
        standing, silent = self.panel.standing(), self.build.silent_alarms
        for alarm in (PumpAlarm.LOW_RESERVOIR, PumpAlarm.EMPTY_RESERVOIR):
            if self._delivery is not None and alarm in persisting - silent and alarm not in standing:
                self._raise(alarm)
        delivery, keep_open = self._delivery, self.build.limits.keep_open_ul_per_h
        if delivery is None or keep_open is None or delivery.keep_open_ul_per_h is not None:
            return
        if self.volumes.infused:
            self._raise(PumpAlarm.END_OF_INFUSION)
            self._interrupted = None
            self._deliver(replace(delivery, keep_open_ul_per_h=min(keep_open, self._flow_of(delivery))))

    def _switch(self, t_s: float, on: bool) -> None:
        if on and not self.powered:
            self._power_up(t_s)
        elif not on:
            self.stop()
        self.powered = on

    def _fail_as_scheduled(self, t_s: float) -> None:
        alarm = self._failures.pop()[1]
        if self.powered:
            self._fail(t_s, PumpAlarm[alarm])

    def _fail(self, t_s: float, alarm: PumpAlarm) -> None:
        if alarm is PumpAlarm.MEMORY_ERROR:
            self.program = self.upload = self._background = None
        if alarm is PumpAlarm.END_OF_SERVICE:
            self._worn_out = True
        self._raise(alarm)

    # ---- pressure in the line

    def _sensor_due_s(self) -> float | None:
        return None if self.occlusion is None else self.occlusion.sensor.due_s()

    def _attend_to_sensor(self) -> None:
        unit = self.occlusion
        if unit is None or not unit.sensor.met():
            return
        t_s, held = self._now_s, self._held
        if self._delivery is not None:
            if unit.restart_on and unit.restarts_left(t_s) > 0:
                self._deliver(None, held=Held(self._delivery, t_s))
            else:
                self._alarm_occlusion(t_s)
        elif held is not None:
            unit.note_restart(t_s)
            self._deliver(replace(held.delivery, run_s=held.delivery.run_s + t_s - held.since_s))
        else:
            self._deliver(None)

    def _alarm_occlusion(self, t_s: float) -> None:
        self._raise(PumpAlarm.OCCLUSION)
        if self.occlusion is not None and self.occlusion.reduces:
            self.occlusion.drawn_back_ul = 0.0
            self._deliver(None, reduce=True)

    # ---- timers, in bench time

    def _set_timers(self) -> None:
        timers: list[tuple[float, Callable[[float], None]]] = []
        if self._failures:
            timers.append((self._failures[-1][0], self._fail_as_scheduled))
        delivery, held = self._delivery, self._held
        if (delivery is not None or held is not None) and self.communication_timeout_s:
            silent_s = self._heard_s + self.communication_timeout_s / self._rate
            timers.append((silent_s, lambda t_s: self._raise(PumpAlarm.COMMUNICATION_TIMEOUT)))
        if held is not None:
            timers.append((held.since_s + RESTART_WITHIN_S / self._rate, self._alarm_occlusion))
        if self._reducing and self.occlusion is not None:
            left_ul = max(0.0, self.occlusion.build.reduction_most_ul - self.occlusion.drawn_back_ul)
            timers.append((self._after(left_ul, self._reduction_ul_per_h), lambda t_s: self._deliver(None)))
        if delivery is None:
            too_long_s = self.build.limits.stopped_too_long_s
            known = self.build.silent_alarms | self.panel.standing().keys()
            if too_long_s is not None and PumpAlarm.STOPPED_TOO_LONG not in known and self.powered:
                raise_s = self._stopped_since_s + too_long_s / self._rate
                timers.append((raise_s, lambda t_s: self._raise(PumpAlarm.STOPPED_TOO_LONG)))
        else:
            end_s = delivery.program.end_of(delivery.segment)
            if end_s is not None and delivery.keep_open_ul_per_h is None:
                timers.append((delivery.run_s + end_s / self._rate, self._end_segment))
            for needed_ul in self.volumes.milestones_ul():
                timers.append((self._after(needed_ul, self.flow_ul_per_h), lambda t_s: None))
            if self._rotor.due_s is not None:
                timers.append((self._rotor.due_s, self._look_at_rotor))
        self._timers = sorted(timers, key=lambda timer: timer[0])

    def _after(self, volume_ul: float, flow_ul_per_h: float) -> float:
        """Return when the pump will have counted a volume at a flow."""
        return self._now_s + volume_ul / flow_ul_per_h * 3600.0 / self._rate

    def _end_segment(self, t_s: float) -> None:
        delivery = self._delivery
        if delivery is None:
            return
        if delivery.program.mode not in BOLUS_MODES:
            self._deliver(Delivery(delivery.program, delivery.run_s, delivery.segment + 1))
            return
        if delivery.program.mode is ProgramMode.BRIDGE_BOLUS:
            following = self._background
            deliver = following is not None and following.mode is not ProgramMode.STOP
            self._deliver(Delivery(following, t_s) if following is not None and deliver else None)
        elif (before := self._interrupted) is not None:
            segment = before.program.segment_at((t_s - before.run_s) * self._rate)
            self._deliver(Delivery(before.program, before.run_s, segment))
        else:
            self._deliver(None)
        self._interrupted = None

    def _look_at_rotor(self, t_s: float) -> None:
        noticed = self._rotor.look(t_s, self._bench.pump_mechanics(t_s).stalled)
        if noticed and PumpAlarm.MOTOR_STALL not in self.build.silent_alarms:
            self._raise(PumpAlarm.MOTOR_STALL)
