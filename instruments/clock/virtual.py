"""Station time that jumps: a lock-step of threads, deterministic whatever the host schedules.

Rules. Time moves only when every participant waits through the clock and nothing is held. It then jumps to the earliest
wake-up. At one instant participants run one at a time: first those whose event was set, in the order of registration,
then those whose time has come, in the order of registration. A set event is a wake-up that cannot be lost: its waiters
become runnable under the same lock that moves time, and stay so when the event is cleared before their turn.
A participant in the background has its wake-ups on time's way, but time does not move for them alone.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import Enum, auto
from types import TracebackType

from instruments.clock.interface import Event, Task

_DEAD_THREAD_CHECK_S = 0.5


class _State(Enum):
    RUNNING = auto()
    READY = auto()  # its event was set, or it has just been registered; waits for its turn
    WAITING = auto()


class _Participant:
    __slots__ = ("deadline", "drives", "event", "gate", "name", "signalled", "state", "thread")

    def __init__(self, name: str, thread: threading.Thread, *, drives: bool) -> None:
        self.name = name
        self.thread = thread
        self.drives = drives
        # A newcomer is runnable at once, but takes its turn: its parent is running now.
        self.state = _State.READY
        self.deadline: float | None = None
        self.event: _VirtualEvent | None = None
        self.signalled = False
        # A binary semaphore: locked while there is nothing to wake up for. The state decides; the gate only saves
        # the polling, so a token left over from an interrupted wait costs one look at the state and no more.
        self.gate = threading.Lock()
        self.gate.acquire()

    def resume(self) -> None:
        """Give this participant the turn; called with the clock's lock held."""
        self.forget_event()
        self.state = _State.RUNNING

    def forget_event(self) -> None:
        """Stop waiting for an event; called with the clock's lock held."""
        event = self.event
        if event is not None:
            self.event = None
            if self in event.waiters:
                event.waiters.remove(self)

    def open_gate(self) -> None:
        """Wake the thread; called after `resume`, with the clock's lock held."""
        if self.gate.locked():
            self.gate.release()


class _VirtualEvent:
    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.waiters: list[_Participant] = []
        self._flag = False

    def set(self) -> None:
        with self.clock._lock:
            self._flag = True
            if self.waiters:
                for participant in self.waiters:
                    if participant.state is _State.WAITING:
                        participant.state = _State.READY
                        participant.signalled = True
                    participant.event = None
                self.waiters.clear()
                self.clock._dispatch()

    def clear(self) -> None:
        self._flag = False

    def is_set(self) -> bool:
        return self._flag


class _VirtualTask:
    def __init__(self, clock: VirtualClock, name: str, target: Callable[[], None], *, drives: bool) -> None:
        self._clock = clock
        self._target = target
        self.name = name
        self.error: BaseException | None = None
        self.finished: Event = clock.event()
        thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._participant = clock._register(name, thread, drives=drives)
        try:
            thread.start()
        except BaseException:
            clock._unregister(self._participant)
            raise

    def _run(self) -> None:
        try:
            self._clock._begin(self._participant)
            self._target()
        except BaseException as error:  # kept for the one who joins
            self.error = error
        finally:
            self.finished.set()
            self._clock._unregister(self._participant)

    def join(self, until: float | None = None) -> bool:
        return self._clock.wait(self.finished, until)


class _Participation:
    """The `with` block of `participate`. No generator: a generator's clean-up may run in another thread."""

    def __init__(self, clock: VirtualClock, name: str) -> None:
        self._clock = clock
        self._name = name
        self._participant: _Participant | None = None

    def __enter__(self) -> None:
        clock = self._clock
        if clock._current() is not None:
            raise RuntimeError(f"thread {self._name!r} participates in this clock already")
        self._participant = clock._register(self._name, threading.current_thread())
        try:
            clock._begin(self._participant)
        except BaseException:
            clock._leave(self._participant)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._participant is not None:
            self._clock._leave(self._participant)


class VirtualClock:
    """The clock of the digital twin; see the module's text for its rules."""

    is_virtual = True

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0.0
        self._holds = 0
        self._participants: list[_Participant] = []  # in the order of registration
        self._own = threading.local()

    def now(self) -> float:
        return self._now

    def sleep_until(self, t: float) -> None:
        if t > self._now:
            self._wait_turn(self._me(), None, t)
        elif math.isnan(t):
            raise ValueError("a wake-up time that is not a number would never come")

    def wait(self, event: Event, until: float | None = None) -> bool:
        if not isinstance(event, _VirtualEvent) or event.clock is not self:
            raise TypeError("wait on events made by this clock: clock.event()")
        if event.is_set():
            return True
        if until is not None and not until > self._now:
            if math.isnan(until):
                raise ValueError("a wake-up time that is not a number would never come")
            return False
        return self._wait_turn(self._me(), event, until)

    def charge(self, duration_s: float) -> None:
        if self._current() is not None:
            self.sleep_until(self._now + duration_s)

    def event(self) -> Event:
        return _VirtualEvent(self)

    def spawn(self, name: str, target: Callable[[], None], *, in_background: bool = False) -> Task:
        return _VirtualTask(self, name, target, drives=not in_background)

    def participate(self, name: str) -> AbstractContextManager[None]:
        return _Participation(self, name)

    def hold(self) -> None:
        with self._lock:
            self._holds += 1

    def release(self) -> None:
        with self._lock:
            if self._holds == 0:
                raise RuntimeError("release without a hold: an item was consumed twice")
            self._holds -= 1
            if self._holds == 0:
                self._dispatch()

    # ---- participants

    def _current(self) -> _Participant | None:
        return getattr(self._own, "participant", None)

    def _me(self) -> _Participant:
        participant = self._current()
        if participant is None:
            raise RuntimeError(
                f"thread {threading.current_thread().name!r} waits on a virtual clock it does not participate in: "
                "start it with clock.spawn(...) or enter clock.participate(...)"
            )
        return participant

    def _register(self, name: str, thread: threading.Thread, *, drives: bool = True) -> _Participant:
        participant = _Participant(name, thread, drives=drives)
        with self._lock:
            self._participants.append(participant)
        return participant

    def _begin(self, participant: _Participant) -> None:
        """Take the first turn; called by the participant's own thread."""
        self._own.participant = participant
        with self._lock:
            self._dispatch()
        self._sit_out(participant)

    def _leave(self, participant: _Participant) -> None:
        if self._current() is participant:
            self._own.participant = None
        self._unregister(participant)

    def _unregister(self, participant: _Participant) -> None:
        with self._lock:
            self._remove(participant)
            self._dispatch()

    def _remove(self, participant: _Participant) -> None:
        """Forget a participant, once or again; called with the lock held."""
        if participant in self._participants:
            self._participants.remove(participant)
        participant.forget_event()

    # ---- the lock-step

    def _wait_turn(self, me: _Participant, event: _VirtualEvent | None, until: float | None) -> bool:
        """Give the turn away and come back with it; True when `event` was the reason."""
        try:
            with self._lock:
                if event is not None:
                    if event.is_set():
                        return True
                    event.waiters.append(me)
                    me.event = event
                me.deadline = until
                me.signalled = False
                me.state = _State.WAITING
                self._dispatch(caller=me)
            self._sit_out(me)
        except BaseException:
            # KeyboardInterrupt: the interrupted thread runs, and time stands still for it.
            with self._lock:
                me.resume()
            raise
        return me.signalled

    def _sit_out(self, me: _Participant) -> None:
        while me.state is not _State.RUNNING:
            if not me.gate.acquire(timeout=_DEAD_THREAD_CHECK_S):
                self._reap_dead_threads()

    def _dispatch(self, caller: _Participant | None = None) -> None:
        """Hand the turn to the next participant, if nobody runs; called with the lock held."""
        chosen: _Participant | None = None
        earliest_s = math.inf
        driven = False
        for participant in self._participants:
            state = participant.state
            if state is _State.RUNNING:
                return
            if state is _State.READY:
                if earliest_s > -math.inf:
                    chosen, earliest_s = participant, -math.inf
            elif participant.deadline is not None:
                driven = driven or participant.drives
                # At one instant the background comes first: what happens by itself has happened when one looks.
                if participant.deadline < earliest_s or (participant.deadline == earliest_s and not participant.drives):
                    chosen, earliest_s = participant, participant.deadline
        if chosen is None:
            return
        if earliest_s > self._now:
            if self._holds or not driven:
                return
            self._now = earliest_s
        chosen.resume()
        if chosen is not caller:
            chosen.open_gate()

    def _reap_dead_threads(self) -> None:
        """Forget participants whose thread ended without leaving: they would stop time for ever."""
        with self._lock:
            dead = [p for p in self._participants if p.thread.ident is not None and not p.thread.is_alive()]
            for participant in dead:
                self._remove(participant)
            if dead:
                self._dispatch()
