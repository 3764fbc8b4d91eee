"""What a protocol can do at the bench: prime, blank, start, wait, stop, and hand over for evaluation.

Every verb records what it is about to do before the hardware moves, and waits through the clock while the samplers run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from instruments.clock import Clock
from instruments.errors import ProtocolError
from instruments.program import FlowStep, InfusionProgram, ProgramError, continuous
from instruments.readings import PumpAlarm
from results.decision import Verdict
from rig.acquisition.acquisition import Acquisition
from rig.faults import RigFault, RigLimit, VerdictError
from rig.outcome import Outcome
from rig.safety.interlocks import Trip
from rig.safety.safe_state import SafeState
from rig.station import Station
from rig.terminal.outcome_text import reason_text
from rig.valves import OCCLUDER, OUTLET


class Bench:
    """The verbs of the bench, for one run."""

    def __init__(
        self,
        *,
        station: Station,
        acquisition: Acquisition,
        safe_state: SafeState,
        evaluate: Callable[[], Outcome],
    ) -> None:
        self._station = station
        self._clock: Clock = station.clock
        self._acquisition = acquisition
        self._safe_state = safe_state
        self._evaluate = evaluate
        self._stop_asked = self._clock.event()
        self._trip: Trip | None = None
        self._storage_error: Exception | None = None
        self._dead_sampler: tuple[str, BaseException] | None = None

    def prime(self, step: FlowStep) -> None:
        """Fill the line into the waste with a timed flow, then lead it into the vessel."""
        if step.duration_s is None:
            raise ProgramError("a prime needs a duration")
        with self._phase("prime", step.duration_s):
            self._set_valve(OCCLUDER, energised=False)
            self._set_valve(OUTLET, energised=False)
            self._start(continuous(step.flow_ul_per_h))
            self._wait(step.duration_s)
            self.stop_infusion()
        self._set_valve(OUTLET, energised=True)

    def blank(self, name: str, duration_s: float) -> None:
        """Watch the balance with the pump stopped: what it gains or loses by itself."""
        with self._phase(name, duration_s):
            self._wait(duration_s)

    def start_infusion(self, program: InfusionProgram) -> None:
        """Upload a program, read it back, and run it."""
        self._start(program)

    def infuse(self, phase: str, duration_s: float) -> None:
        """Let the pump run for a named phase."""
        with self._phase(phase, duration_s):
            self._wait(duration_s)

    def stop_infusion(self) -> None:
        """Stop the pump."""
        self._acquisition.event("infusion_stop", "pump")
        self._station.pump.stop()

    def evaluate(self) -> Outcome:
        """End the run and return its outcome, computed from the sealed trace alone."""
        self.check()
        return self._evaluate()

    def verify(self, outcome: Outcome) -> None:
        """Raise `VerdictError` unless the outcome is a pass."""
        if outcome.verdict is not Verdict.PASS:
            raise VerdictError(outcome.verdict, reason_text(outcome))

    def trip(self, trip: Trip) -> None:
        """Make the bench safe and wake the protocol; called by an interlock in the sampler's thread."""
        if self._trip is None:
            self._trip = trip
        try:
            self._acquisition.event("interlock", "rig", {"reason": trip.reason, "error": str(trip.error or "")})
        finally:
            # A trip that cannot be recorded must stop the pump all the same.
            self._safe_state.enter(trip.reason)
            self._stop_asked.set()

    def storage_failed(self, error: Exception) -> None:
        """Wake the protocol: what it does is no longer recorded; called in the writer's thread."""
        self._storage_error = error
        self._stop_asked.set()

    def pump_alarmed(self, alarms: frozenset[PumpAlarm]) -> None:
        """Trip when the pump stopped because the rig fell silent: that is the rig's fault; called by the sampler."""
        if PumpAlarm.COMMUNICATION_TIMEOUT in alarms:
            self.trip(Trip("the pump stopped by its communication time-out: the rig did not speak to it"))

    def sampler_died(self, name: str, error: BaseException) -> None:
        """Wake the protocol: an instrument is no longer read; called in the sampler's thread."""
        if self._dead_sampler is None:
            self._dead_sampler = (name, error)
        self._stop_asked.set()

    def check(self) -> None:
        """Raise `RigFault` when an interlock has tripped, a sampler has died, or nothing is recorded any more."""
        if self._storage_error is not None:
            raise RigFault(str(self._storage_error)) from self._storage_error
        if self._trip is not None:
            cause = f": {self._trip.error}" if self._trip.error else ""
            kind = RigLimit if self._trip.is_limit else RigFault
            raise kind(f"{self._trip.reason}{cause}") from self._trip.error
        if self._dead_sampler is not None:
            name, error = self._dead_sampler
            raise RigFault(f"nothing samples {name} any more: {error or type(error).__name__}") from error

    def _start(self, program: InfusionProgram) -> None:
        steps = [{"flow_ul_per_h": step.flow_ul_per_h, "duration_s": step.duration_s} for step in program.steps]
        self._acquisition.event("program", "pump", {"mode": program.mode.value, "steps": steps})
        self.check()
        self._upload(program)
        self.check()
        self._acquisition.event("infusion_start", "pump", {"flow_ul_per_h": program.steps[0].flow_ul_per_h})
        self._station.pump.start()

    def _upload(self, program: InfusionProgram) -> None:
        try:
            self._station.pump.upload(program)
        except ProtocolError as error:
            raise ProgramError(f"the pump does not take the program: {error}") from error

    def _set_valve(self, line: str, *, energised: bool) -> None:
        self.check()
        self._acquisition.event("valve", "lines", {"line": line, "energised": energised})
        self._station.lines.write(line, energised)

    def _wait(self, duration_s: float) -> None:
        self._clock.wait(self._stop_asked, self._clock.now() + duration_s)
        self.check()

    @contextmanager
    def _phase(self, name: str, duration_s: float) -> Iterator[None]:
        self.check()
        data: Mapping[str, object] = {"phase": name, "planned_s": duration_s}
        self._acquisition.event("phase_begin", "protocol", data)
        yield
        self._acquisition.event("phase_end", "protocol", data)
