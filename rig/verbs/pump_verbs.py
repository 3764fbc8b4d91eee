"""What the pump and the valves are told. Each is on record before the hardware moves."""

from __future__ import annotations

from contextlib import nullcontext

from instruments.errors import CommandRefused, LockedOut, ReadBackDiffers
from instruments.program import FlowStep, InfusionProgram, ProgramError, continuous
from instruments.readings import PumpAlarm
from rig.valves import OCCLUDER, OUTLET
from rig.verbs.core import BenchCore


class PumpVerbs(BenchCore):
    """Infusions, boluses, settings of the pump; outlet and occluder."""

    _has_delivered = False
    """Into the vessel; a prime goes to waste."""

    def prime(self, step: FlowStep) -> None:
        """Fill the line into the waste with a timed flow, then lead it into the vessel."""
        if step.duration_s is None:
            raise ProgramError("a prime needs a duration")
        with self.phase("prime", step.duration_s):
            self._set_valve(OCCLUDER, energised=False)
            self._set_valve(OUTLET, energised=False)
            self._run(continuous(step.flow_ul_per_h))
            self.wait(step.duration_s)
            self._stop_pump()
        self._set_valve(OUTLET, energised=True)

    def blank(self, name: str, duration_s: float) -> None:
        """Watch the balance with the pump stopped: what it gains or loses by itself."""
        with self.phase(name, duration_s):
            self.wait(duration_s)

    def start_infusion(self, program: InfusionProgram) -> None:
        """Upload a program, read it back, and run it."""
        self._run(program)
        self._has_delivered = True

    def change_program(self, program: InfusionProgram) -> None:
        """Upload another program, read it back, and run it in place of the one that runs; the pump does not stop."""
        self._run(program)
        self._has_delivered = True

    def infuse(self, phase: str, duration_s: float) -> None:
        """Let the pump run for a named phase."""
        with self.phase(phase, duration_s):
            self.wait(duration_s)

    def stop_infusion(self) -> None:
        """Stop the pump, and watch the stopping criteria no more: what is weighed from here on is no infusion."""
        self._stop_pump()
        self._stopping = ()

    def give_bolus(self, name: str, program: InfusionProgram) -> None:
        """Upload a bolus and give it; the phase begins when the bolus does and is as long as it."""
        (step,) = program.steps
        if step.duration_s is None:
            raise ProgramError("a bolus needs a duration")
        self._announce(program)
        self._upload(program)
        with self.phase(name, step.duration_s):
            self._start_bolus(name, program)
            self.wait(step.duration_s)

    def demand_bolus(self, name: str, program: InfusionProgram, *, watched_s: float) -> bool:
        """Ask for a bolus that the pump may refuse; return whether it was given. The phase lasts `watched_s`.

        Only its lockout is a refusal: another one, an answer that cannot be read, or none, ends the run.
        """
        self._announce(program)
        self._upload(program)
        with self.phase(name, watched_s):
            try:
                self._start_bolus(name, program)
                given = True
            except LockedOut as error:
                self._event("bolus_refused", "pump", {"name": name, "reason": str(error)})
                given = False
            self.wait(watched_s)
        return given

    def acknowledge_alarms(self) -> frozenset[PumpAlarm]:
        """Acknowledge the pump's alarms; return those that stood."""
        self._event("acknowledge", "pump")
        alarms = self._station.pump.acknowledge()
        self._event("acknowledged", "pump", {"alarms": sorted(alarm.value for alarm in alarms)})
        return alarms

    def set_occlusion_threshold(self, threshold_kpa: float) -> None:
        """Choose the pressure at which the pump must alarm."""
        self._event("occlusion_threshold", "pump", {"threshold_kpa": threshold_kpa})
        self._station.pump.set_occlusion_threshold(threshold_kpa)

    def set_automatic_restart(self, on: bool) -> None:
        """Let the pump go on by itself, or not, when an occlusion goes away."""
        self._event("automatic_restart", "pump", {"on": on})
        self._station.pump.set_automatic_restart(on)

    def set_volume_to_be_infused(self, volume_ul: float | None) -> None:
        """Set the volume (counted from now) after which the infusion ends; None: no end."""
        self._event("volume_to_be_infused", "pump", {"volume_ul": volume_ul})
        self._station.pump.set_volume_to_be_infused(volume_ul)

    def refilled(self, volume_ul: float) -> None:
        """Tell the pump what its reservoir holds now; the refill itself is an operator step."""
        self._event("refill", "pump", {"volume_ul": volume_ul})
        self._station.pump.set_reservoir(volume_ul)

    def set_low_reservoir(self, volume_ul: float) -> None:
        """Set the calculated volume below which the pump must alarm."""
        self._event("low_reservoir", "pump", {"volume_ul": volume_ul})
        self._station.pump.set_low_reservoir(volume_ul)

    def occlude(self) -> None:
        """Switch the line from the vessel to the dead end."""
        self._set_valve(OCCLUDER, energised=True)

    def release(self) -> None:
        """Switch the line from the dead end to the vessel."""
        self._set_valve(OCCLUDER, energised=False)

    def _stop_pump(self) -> None:
        self._event("infusion_stop", "pump")
        self._station.pump.stop()

    def _run(self, program: InfusionProgram) -> None:
        self._announce(program)
        self._upload(program)
        self._event("infusion_start", "pump", {"flow_ul_per_h": _first_flow(program)})
        with self._energising():
            self._station.pump.start()

    def _start_bolus(self, name: str, program: InfusionProgram) -> None:
        (step,) = program.steps
        duration_s = step.duration_s or 0.0
        volume_ul = step.flow_ul_per_h * duration_s / 3600.0
        self._event("bolus_start", "pump", {"name": name, "volume_ul": volume_ul, "duration_s": duration_s})
        with self._energising():
            self._station.pump.start()
        self._has_delivered = True

    def _announce(self, program: InfusionProgram) -> None:
        steps = [{"flow_ul_per_h": step.flow_ul_per_h, "duration_s": step.duration_s} for step in program.steps]
        data: dict[str, object] = {"mode": program.mode.value, "steps": steps}
        self._event("program", "pump", {**data, "lockout_s": program.lockout_s} if program.lockout_s else data)

    def _upload(self, program: InfusionProgram) -> None:
        self.check()
        try:
            self._station.pump.upload(program)
        except (CommandRefused, ReadBackDiffers) as error:
            if self._has_delivered:
                raise  # it has delivered: that it takes no more is no word on the plan
            raise ProgramError(f"the pump does not take the program: {error}") from error
        self.check()

    def _set_valve(self, line: str, *, energised: bool) -> None:
        self.check()
        self._event("valve", "lines", {"line": line, "energised": energised})
        with self._energising() if energised else nullcontext():
            self._station.lines.write(line, energised)


def _first_flow(program: InfusionProgram) -> float:
    """Return the flow a program begins with, uL/h; 0 where the mode has none of its own."""
    return program.steps[0].flow_ul_per_h if program.steps else 0.0
