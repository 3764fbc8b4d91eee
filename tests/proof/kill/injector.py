"""A pytest plugin for the rig that is to be killed (`-p tests.proof.kill.injector`): it tells, and it strikes.

Over a pipe it tells where the run is and what storage has acknowledged as durable: for each stream, how many samples
and a hash of their bytes, taken from the samples as they were published. Where it is told to, it raises an exception
in the protocol, a fixture, a sampler or the writer, so many seconds after a phase has begun.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import pytest

from instruments.clock import host_monotonic_s
from results.trace.journal import JournalWriter
from results.trace.schema import StreamSpec
from results.trace.seal import seal
from rig.acquisition.acquisition import Acquisition
from rig.acquisition.stream import Item, SampleStream
from rig.acquisition.writer import TraceWriter
from rig.running import case_run
from rig.running import guards as run_guards
from rig.running import recording as run_recording
from rig.running.case_run import CaseRun
from rig.safety.deadlines import Deadlines
from rig.station import open_station
from rig.verbs.core import BenchCore
from rig.verbs.pump_verbs import PumpVerbs
from tests.proof.kill.causes import SESSION_DEADLINE
from tests.proof.kill.digests import Digests
from tests.proof.kill.rig_process import PIPE

ORDER = "KILL_MATRIX_ORDER"


class Injected(Exception):
    """The exception that nobody expects."""


def tell(**what: object) -> None:
    """Write one line into the pipe, in one piece."""
    line = json.dumps({"at_s": host_monotonic_s(), **what})
    os.write(int(os.environ[PIPE]), line.encode() + b"\n")


class TellingWriter(TraceWriter):
    """The rig's writer, with a listener on its commits."""

    def __init__(self, stream: SampleStream, journal: JournalWriter, specs: Sequence[StreamSpec]) -> None:
        super().__init__(stream, journal, specs)
        digests = Digests(specs)
        stream.subscribe(digests.take)
        self.call_on_commit(lambda durable: tell(durable=digests.at(durable)))
        tell(run=str(journal.path.parent.absolute()))


class MovableDeadlines(Deadlines):
    """The rig's deadlines, the session's moved to where it strikes."""

    def end_session_at(self, until_s: float) -> None:
        """Move the session's deadline, host time, s."""
        self._session_until_s = until_s


class Striker:
    """Raises once, where and when it was told to."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._cause: str = order.get("cause", "")
        self._phase: str = order.get("phase", "")
        self._delay_s: float = order.get("delay_s", 0.0)
        self._sampler: str = order.get("sampler", "")
        self._at_s: float | None = None
        self.deadlines: MovableDeadlines | None = None

    def begin(self, phase: str) -> None:
        """Note that a phase has begun, and tell it."""
        tell(phase=phase)
        if phase == self._phase and self._cause:
            self._at_s = host_monotonic_s() + self._delay_s
            self._move_deadline()

    def keep(self, *arguments: Any, **named: Any) -> MovableDeadlines:
        """Make the rig's deadlines, and keep them."""
        self.deadlines = MovableDeadlines(*arguments, **named)
        self._move_deadline()
        return self.deadlines

    def _move_deadline(self) -> None:
        if self._cause == SESSION_DEADLINE and self._at_s is not None and self.deadlines is not None:
            self.deadlines.end_session_at(self._at_s)
            tell(struck=self._cause, at_s=self._at_s)

    def due(self, *causes: str) -> float | None:
        """Return in how many seconds it must strike by one of the causes; None when it must not."""
        if self._at_s is None or self._cause not in causes:
            return None
        return max(0.0, self._at_s - host_monotonic_s())

    def strike(self) -> None:
        """Raise, and tell it."""
        self._at_s = None
        tell(struck=self._cause)
        raise Injected(f"{self._cause} of the kill matrix")

    def publish(self, own: Callable[[SampleStream, Item], None]) -> Callable[[SampleStream, Item], None]:
        """Return `SampleStream.publish` that strikes in a sampler's thread."""

        def publish(stream: SampleStream, item: Item) -> None:
            name = threading.current_thread().name
            if name == f"sampler-{self._sampler}" and self.due("exception in a sampler") == 0.0:
                self.strike()
            own(stream, item)

        return publish

    def commit(self, own: Callable[[JournalWriter], None]) -> Callable[[JournalWriter], None]:
        """Return `JournalWriter.commit` that strikes."""

        def commit(journal: JournalWriter) -> None:
            if self.due("exception in the writer") == 0.0:
                self.strike()
            own(journal)

        return commit

    def wait(self, own: Callable[[BenchCore, float], None]) -> Callable[[BenchCore, float], None]:
        """Return `Bench.wait` that strikes when the time has come."""

        def wait(bench: BenchCore, duration_s: float) -> None:
            due_s = self.due("exception in the protocol", "exception in a fixture")
            if due_s is None or due_s > duration_s:
                own(bench, duration_s)
                return
            own(bench, due_s)
            self.strike()

        return wait

    def prime(self, own: Callable[..., None]) -> Callable[..., None]:
        """Return `Bench.prime` that strikes at its call, where the run is to end before its first phase."""

        def prime(*arguments: Any) -> None:
            if self._phase == "connect" and self.due("exception in a fixture") is not None:
                self.strike()
            own(*arguments)

        return prime


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Put the listeners and the striker in place for the session."""
    striker = Striker(json.loads(os.environ.get(ORDER, "{}")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_recording, "TraceWriter", TellingWriter)
        patch.setattr(run_guards, "Deadlines", striker.keep)
        patch.setattr(case_run, "open_station", _announced(striker, "connect", open_station))
        patch.setattr(case_run, "seal", _announced(striker, "sealing", seal))
        patch.setattr(CaseRun, "_close", _announced(striker, "closing", CaseRun._close))
        patch.setattr(Acquisition, "event", _phases_told(striker, Acquisition.event))
        patch.setattr(SampleStream, "publish", striker.publish(SampleStream.publish))
        patch.setattr(JournalWriter, "commit", striker.commit(JournalWriter.commit))
        patch.setattr(BenchCore, "wait", striker.wait(BenchCore.wait))
        patch.setattr(PumpVerbs, "prime", striker.prime(PumpVerbs.prime))
        return (yield)


def _announced(striker: Striker, phase: str, own: Callable[..., Any]) -> Callable[..., Any]:
    def announced(*arguments: Any, **named: Any) -> Any:
        striker.begin(phase)
        result = own(*arguments, **named)
        tell(done=phase)
        return result

    return announced


def _phases_told(striker: Striker, own: Callable[..., None]) -> Callable[..., None]:
    def event(
        acquisition: Acquisition,
        kind: str,
        source: str,
        data: Mapping[str, object] | None = None,
        *,
        at_s: float | None = None,
    ) -> None:
        own(acquisition, kind, source, data, at_s=at_s)
        if kind == "phase_begin":
            striker.begin(str((data or {}).get("phase")))

    return event
