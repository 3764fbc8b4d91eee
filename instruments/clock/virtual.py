"""Station time that jumps: a lock-step of threads, deterministic whatever the host schedules.

Rules. Time moves only when every participant waits through the clock and nothing is held. It then jumps to the earliest
wake-up. At one instant participants run one at a time: first those whose event was set, in the order of registration,
then those whose time has come, in the order of registration. A set event is a wake-up that cannot be lost: its waiters
become runnable under the same lock that moves time.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto

from instruments.clock.interface import Event, Task

_DEAD_THREAD_CHECK_S = 0.5


class _State(Enum):
    RUNNING = auto()
    READY = auto()  # its event was set; waits for its turn
    WAITING = auto()


class _Participant:
    __slots__ = ("deadline", "event", "gate", "name", "rank", "state", "thread")

    def __init__(self, rank: int, name: str, thread: threading.Thread | None, lock: threading.Lock) -> None:
        self.rank = rank
        self.name = name
        self.thread = thread
        self.state = _State.RUNNING
        self.deadline: float | None = None
        self.event: _VirtualEvent | None = None
        self.gate = threading.Condition(lock)


class _VirtualEvent:
    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._flag = False
        self.waiters: list[_Participant] = []

    def set(self) -> None:
        with self._clock._lock:
            self._flag = True
            for participant in self.waiters:
                if participant.state is _State.WAITING:
                    participant.state = _State.READY
            self._clock._dispatch()

    def clear(self) -> None:
        self._flag = False

    def is_set(self) -> bool:
        return self._flag


class _VirtualTask:
    def __init__(self, clock: VirtualClock, name: str, target: Callable[[], None]) -> None:
        self._clock = clock
        self._target = target
        self.name = name
        self.error: BaseException | None = None
        self.finished: Event = clock.event()
        thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._participant = clock._register(name, thread)
        thread.start()

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


class VirtualClock:
    """The clock of the digital twin; see the module's text for its rules."""

    is_virtual = True

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0.0
        self._ranks = 0
        self._holds = 0
        self._participants: list[_Participant] = []
        self._own = threading.local()

    def now(self) -> float:
        return self._now

    def sleep_until(self, t: float) -> None:
        if t > self._now:
            self._wait_turn(self._me(), None, t)

    def wait(self, event: Event, until: float | None = None) -> bool:
        if not isinstance(event, _VirtualEvent):
            raise TypeError("wait on events made by this clock: clock.event()")
        me = self._me()
        while not event.is_set():
            if until is not None and self._now >= until:
                return False
            self._wait_turn(me, event, until)
        return True

    def charge(self, duration_s: float) -> None:
        if getattr(self._own, "participant", None) is not None:
            self.sleep_until(self._now + duration_s)

    def event(self) -> Event:
        return _VirtualEvent(self)

    def spawn(self, name: str, target: Callable[[], None]) -> Task:
        return _VirtualTask(self, name, target)

    @contextmanager
    def participate(self, name: str) -> Iterator[None]:
        if getattr(self._own, "participant", None) is not None:
            raise RuntimeError(f"thread {name!r} participates in this clock already")
        participant = self._register(name, threading.current_thread())
        participant.state = _State.RUNNING
        self._own.participant = participant
        try:
            yield
        finally:
            self._own.participant = None
            self._unregister(participant)

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

    # ---- the lock-step; every method below `_register` is called with the lock held, or takes it

    def _me(self) -> _Participant:
        participant: _Participant | None = getattr(self._own, "participant", None)
        if participant is None:
            raise RuntimeError(
                f"thread {threading.current_thread().name!r} waits on a virtual clock it does not participate in: "
                "start it with clock.spawn(...) or enter clock.participate(...)"
            )
        return participant

    def _register(self, name: str, thread: threading.Thread) -> _Participant:
        with self._lock:
            participant = _Participant(self._ranks, name, thread, self._lock)
            self._ranks += 1
            # A spawned thread is runnable at once, but takes its turn: its parent is running now.
            participant.state = _State.READY
            self._participants.append(participant)
            return participant

    def _begin(self, participant: _Participant) -> None:
        self._own.participant = participant
        with self._lock:
            self._dispatch()
            self._sit_out(participant)

    def _unregister(self, participant: _Participant) -> None:
        with self._lock:
            self._participants.remove(participant)
            self._dispatch()

    def _wait_turn(self, me: _Participant, event: _VirtualEvent | None, until: float | None) -> None:
        with self._lock:
            if event is not None:
                if event.is_set():
                    return
                event.waiters.append(me)
            me.event = event
            me.deadline = until
            me.state = _State.WAITING
            try:
                self._dispatch()
                self._sit_out(me)
            finally:
                # Also on KeyboardInterrupt: an interrupted thread runs, and time stands still for it.
                me.state = _State.RUNNING
                me.deadline = None
                me.event = None
                if event is not None:
                    event.waiters.remove(me)

    def _sit_out(self, me: _Participant) -> None:
        while me.state is not _State.RUNNING:
            if not me.gate.wait(_DEAD_THREAD_CHECK_S):
                self._reap_dead_threads()

    def _dispatch(self) -> None:
        """Hand the turn to the next participant, if nobody runs."""
        chosen: _Participant | None = None
        earliest_s = math.inf
        for participant in self._participants:
            state = participant.state
            if state is _State.RUNNING:
                return
            if state is _State.READY:
                if earliest_s > -math.inf:
                    chosen, earliest_s = participant, -math.inf
            elif participant.deadline is not None and participant.deadline < earliest_s:
                chosen, earliest_s = participant, participant.deadline
        if chosen is None:
            return
        if earliest_s > self._now:
            if self._holds:
                return
            self._now = earliest_s
        chosen.state = _State.RUNNING
        chosen.gate.notify()

    def _reap_dead_threads(self) -> None:
        dead = [p for p in self._participants if p.thread is not None and p.thread.ident and not p.thread.is_alive()]
        for participant in dead:
            self._participants.remove(participant)
        if dead:
            self._dispatch()
