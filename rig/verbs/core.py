"""What every verb stands on: phases, waiting through the clock, and whatever may end a run meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from instruments.clock import Clock
from instruments.errors import InstrumentError
from instruments.readings import PumpAlarm, PumpStatus
from results.trace.schema import TraceEvent
from rig.acquisition.acquisition import Acquisition
from rig.acquisition.stream import Item
from rig.faults import CriterionReached, RigFault, RigLimit
from rig.safety.safe_state import SafeState, SafeStateEntered
from rig.station import Station
from rig.stopping import Reached, StoppingCriterion
from rig.trip import Trip
from rig.verbs.watch import Watch, Watchers


@dataclass(frozen=True, slots=True)
class DeadSampler:
    """A sampler that ended by itself, and what ended it."""

    name: str
    error: BaseException


class BenchCore:
    """One run's hold on the bench."""

    def __init__(
        self,
        *,
        station: Station,
        acquisition: Acquisition,
        safe_state: SafeState,
        heed_signals: Callable[[], None],
    ) -> None:
        self._station = station
        self._clock: Clock = station.clock
        self._acquisition = acquisition
        self._safe_state = safe_state
        self._heed_signals = heed_signals
        self._watchers = Watchers()
        self._stopping: tuple[StoppingCriterion, ...] = ()
        self._woken = self._clock.event()
        self._trip: Trip | None = None
        self._causes: list[Trip | Reached | DeadSampler] = []
        """What would have ended the run, as it came: the first one did, the others may be its consequences."""
        self._open_phases: list[dict[str, object]] = []
        self._storage_error: Exception | None = None

    # ---- called by the protocol

    @contextmanager
    def phase(self, name: str, planned_s: float) -> Iterator[None]:
        """Mark a period of the run by its name; evaluation finds it by that."""
        self.check()
        data: dict[str, object] = {"phase": name, "planned_s": planned_s}
        self._event("phase_begin", "protocol", data)
        self._open_phases.append(data)
        yield
        self._open_phases.pop()
        self._event("phase_end", "protocol", data)

    def wait(self, duration_s: float) -> None:
        """Let time pass."""
        self._wait_for(None, duration_s)

    def stop_when(self, criterion: StoppingCriterion) -> None:
        """Until the infusion is stopped: stop the pump safely and end the case in FAIL when a criterion is reached."""
        self._stopping = (*self._stopping, criterion)

    def check(self) -> None:
        """Raise what has ended the run: a tripped interlock, a dead sampler, lost storage, a criterion, a signal."""
        cause = self._cause()
        if cause is not None:
            raise cause
        self._heed_signals()

    def what_ended(self, error: BaseException) -> BaseException:
        """Return why the run ended, where `error` is but an instrument cut off when its bench was made safe."""
        return (self._cause() or error) if isinstance(error, InstrumentError) else error

    def _cause(self) -> Exception | None:
        if self._storage_error is not None:
            return _caused(RigFault(str(self._storage_error)), self._storage_error)
        return _error_of(self._causes[0]) if self._causes else None

    def check_limits(self) -> None:
        """Raise `RigLimit` if a limit of the rig was reached at any time, also after all that is evaluated."""
        if self._trip is not None and self._trip.is_limit:
            raise _error_of(self._trip)

    @property
    def tripped(self) -> Trip | None:
        """The interlock that ended the run, if one did."""
        return self._trip

    # ---- called in other threads

    def trip(self, trip: Trip) -> None:
        """Make the bench safe and wake the protocol; called by an interlock in the sampler's thread."""
        self._causes.append(trip)
        if self._trip is None:
            self._trip = trip
        self._end(trip.reason, "interlock", trip.as_record())

    def end_now(self, why: str) -> None:
        """Trip, unless the bench is safe: the protocol does not let go after a signal; called in another thread."""
        if not self._safe_state.is_entered:
            self.trip(Trip(f"ended by {why}: the protocol did not let go", is_limit=True))

    def watchdog_died(self, how: str) -> None:
        """Trip: a bench without its watchdog is not run; called in a thread of its own."""
        self.trip(Trip(f"the watchdog died ({how})"))

    def storage_failed(self, error: Exception) -> None:
        """Make the bench safe and wake the protocol: what it does is no longer recorded; in the writer's thread."""
        self._storage_error = error
        self._woken.set()
        if not self._clock.is_virtual:  # there the writer has no place, and the bench is a twin in this process
            self._safe_state.enter(str(error))

    def pump_alarmed(self, alarms: frozenset[PumpAlarm]) -> None:
        """Trip when the pump stopped because the rig fell silent: that is the rig's fault; called by the sampler."""
        if PumpAlarm.COMMUNICATION_TIMEOUT in alarms:
            self.trip(Trip("the pump stopped by its communication time-out: the rig did not speak to it"))

    def sampler_died(self, name: str, error: BaseException) -> None:
        """Make the bench safe and wake the protocol: an instrument is no longer read; called in its sampler's thread.

        The protocol may be waiting for a person, who does not look whether anything is recorded.
        """
        self._causes.append(DeadSampler(name, error))
        self._woken.set()
        self._safe_state.enter(f"nothing samples {name} any more")

    def listen(self, item: Item) -> None:
        """Show an item of the stream to what is waited for and to the stopping criteria; called by its publisher."""
        self._watchers.listen(item)
        if isinstance(item, TraceEvent):
            return  # a criterion is one of samples: what it sets off is an event itself
        for criterion in self._stopping:
            reached = criterion.listen(item)
            if reached is not None and not any(isinstance(cause, Reached) for cause in self._causes):
                self._causes.append(reached)
                data = {"criterion": reached.criterion, "value": reached.value, "limit": reached.limit}
                data |= {"unit": reached.unit, "words": reached.words}
                self._end(str(reached), "stopping_criterion", data, ends_phases=True)

    def note_status(self, status: PumpStatus) -> None:
        """Show what the pump says of itself to what is waited for; called by the sampler."""
        self._watchers.note_status(status)

    # ---- for the verbs

    def _wait_for(self, watch: Watch | None, deadline_s: float) -> bool:
        """Return True as soon as what is watched comes true, False when the deadline (s from now) passes first."""
        self.check()
        until_s = self._clock.now() + deadline_s
        if watch is not None:
            self._watchers.add(watch)
        try:
            while True:
                woken = self._clock.wait(self._woken, until_s)
                # Lowered before looking, so that nothing that comes meanwhile is overlooked.
                self._woken.clear()
                self.check()
                if watch is not None and watch.met:
                    return True
                if not woken:
                    return False
        finally:
            if watch is not None:
                self._watchers.remove(watch)

    @contextmanager
    def _energising(self) -> Iterator[None]:
        """Let one command move the bench; raise what has ended the run if the bench was made safe before it."""
        try:
            with self._safe_state.energising():
                yield
        except SafeStateEntered:
            self.check()
            raise

    def _require_channel(self, channel: str) -> None:
        """Raise `RigFault` unless the station has a pressure channel of this name."""
        if channel not in self._station.pressure.channels:
            known = ", ".join(self._station.pressure.channels)
            raise RigFault(f"the station has no pressure channel {channel!r}; it has {known}")

    def _watch(
        self, *, item: Callable[[Item], bool] | None = None, status: Callable[[PumpStatus], bool] | None = None
    ) -> Watch:
        return Watch(item=item, status=status, wake=self._woken.set)

    def _event(self, kind: str, source: str, data: dict[str, object] | None = None, at_s: float | None = None) -> None:
        self._acquisition.event(kind, source, data, at_s=at_s)

    def _end(self, reason: str, kind: str, data: dict[str, object], *, ends_phases: bool = False) -> None:
        """Make the bench safe, then record why, with the time it came: a disk that hangs must not keep a pump running.

        `ends_phases`: what was recorded so far is a period of the run; nothing after this belongs to it.
        """
        at_s = self._clock.now()
        try:
            self._safe_state.enter(reason)
            for phase in reversed(self._open_phases) if ends_phases else ():
                self._event("phase_end", "rig", {**phase, "early": True}, at_s)
            self._event(kind, "rig", data, at_s)
        finally:
            self._woken.set()


def _error_of(cause: Trip | Reached | DeadSampler) -> Exception:
    if isinstance(cause, Reached):
        return CriterionReached(str(cause))
    if isinstance(cause, DeadSampler):
        words = f"nothing samples {cause.name} any more: {cause.error or type(cause.error).__name__}"
        return _caused(RigFault(words), cause.error)
    words = f"{cause.reason}: {cause.error}" if cause.error else cause.reason
    return _caused(RigLimit(words) if cause.is_limit else RigFault(words), cause.error)


def _caused(error: Exception, by: BaseException | None) -> Exception:
    error.__cause__ = by
    return error
