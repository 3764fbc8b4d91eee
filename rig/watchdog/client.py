"""The rig's side of its watchdog: start it, be heard by it, ask it for the relay, and notice its death at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from instruments.clock import WallClock, host_monotonic_s
from instruments.clock.interface import host_sleep
from instruments.errors import InstrumentTimeout, LinkLost
from rig.safety.safe_state import SafeStateReport
from rig.watchdog.duty import Duty, to_line
from rig.watchdog.relay import OwnedRelay

READY_WITHIN_S = 60.0
ENDED_WITHIN_S = 10.0
_SENT_WITHIN_S = 2.0
_LAST_WORD_S = 0.1
_NAME = "watchdog"
_SWEPT_BY = ("BUILD_ID", "JENKINS_NODE_COOKIE", "JENKINS_SERVER_COOKIE", "RUNNER_TRACKING_ID")
"""By these a CI system finds, and kills, what a cancelled job left running; the watchdog ends by itself."""


class WatchdogError(Exception):
    """A watchdog that does not start: nothing is run without one."""


class Watchdog:
    """A running watchdog. Its methods may be called in any thread, and none waits longer than its bound."""

    def __init__(self, duty: Duty) -> None:
        """Start it; `WatchdogError` unless it says it is ready."""
        self._duty = duty
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `release`)
        environment = {name: value for name, value in os.environ.items() if name not in _SWEPT_BY}
        root = str(Path(__file__).parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (root, environment.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rig.watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=environment,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise WatchdogError("the watchdog has no pipes")
        self._pipe, self._out = self._process.stdin, self._process.stdout
        self._sending = threading.Lock()
        self._answered = threading.Condition()
        self._answers: dict[int, str] = {}
        self._ready: dict[str, Any] | None = None
        self._refused = ""
        self._asked = 0
        self._beats = 0
        self._acknowledged = 0
        self._heard_s = self._excused_until_s = host_monotonic_s()
        self._releasing = self._ended = False
        self._left_in_charge = True
        """Until it was told that the bench is safe."""
        self._death = ""
        self._listeners: list[Callable[[str], None]] = []
        self._own_relay: OwnedRelay | None = None
        self._reader = threading.Thread(target=self._read, name="watchdog-reader", daemon=True)
        self._reader.start()
        self._send(duty.as_json())
        self._await_ready()
        # From here on a sampler must never wait for it.
        if hasattr(os, "set_blocking"):
            os.set_blocking(self._pipe.fileno(), False)

    def describe(self) -> dict[str, object]:
        """Return what the record says of it."""
        return {
            "pid": self._process.pid,
            "timeout_s": self._duty.times.timeout_s,
            "relay": "held by the watchdog" if self._duty.relay else "none at this station",
            "started_in_s": (self._ready or {}).get("took_s"),
        }

    @property
    def death(self) -> str:
        """How it died, or "" while it lives."""
        return self._death

    def call_on_death(self, listener: Callable[[str], None]) -> None:
        """Call a listener with how it died, in the thread that notices; at once when it has died already."""
        with self._answered:
            if not self._death:
                self._listeners.append(listener)
                return
        listener(self._death)

    def guard_run(self, folder: Path) -> None:
        """Tell it where the run's files are."""
        self._send({"run": str(folder.absolute())})

    def beat(self, published: Mapping[str, int], durable: Mapping[str, int]) -> None:
        """Say that a block was processed; never waits. A watchdog that does not answer is ended as a dead one."""
        with self._sending:
            now_s = host_monotonic_s()
            if self._acknowledged == self._beats:
                self._heard_s = now_s
            self._beats += 1
            self._write({"beat": self._beats, "published": dict(published), "durable": dict(durable)})
        silent_s = now_s - max(self._heard_s, self._excused_until_s)
        if silent_s > self._duty.times.timeout_s and not self._death:
            self._process.kill()
            # A process that waits for a disk dies when the disk answers: its end is not waited for.
            self._note_death(f"it did not answer for {silent_s:.1f} s")

    def switch(self, energised: bool) -> None:
        """Ask it to switch the power relay; where it has died, take the relay over, and only ever drop it."""
        if not self._death:
            self._asked += 1
            number = self._asked
            bound_s = 4.0 * self._duty.lines.deadline_s
            # Meanwhile it may wait for a slow device, and acknowledges no beat: it is not taken for dead.
            self._excused_until_s = host_monotonic_s() + bound_s
            self._send({"relay": energised, "id": number})
            with self._answered:
                self._answered.wait_for(lambda: number in self._answers or bool(self._death), bound_s)
                problem = self._answers.pop(number, None)
            self._excused_until_s = host_monotonic_s()
            if problem == "":
                return
            if not self._death:
                told = f"the watchdog could not switch it: {problem}" if problem else "the watchdog does not answer"
                raise InstrumentTimeout(told, instrument=_NAME, command="relay", elapsed_s=bound_s)
        if energised:
            raise LinkLost(f"the watchdog is dead ({self._death})", instrument=_NAME, command="relay on")
        self._take_relay_over().switch(False)

    def note_stopped(self) -> None:
        """Say that the pump has confirmed its stop to the rig, before its power is cut."""
        self._send({"stopped": True})

    def note_end(self, report: SafeStateReport) -> None:
        """Say how the run ended; no heartbeat is due any more, and nobody is told of a death.

        Where the bench could not be made safe the watchdog stays, and tries by itself once this process has ended.
        """
        with self._answered:
            self._listeners.clear()
        self._left_in_charge = not report.is_safe
        self._send({"safe": report.reason} if report.is_safe else {"unsafe": report.failures})

    def release(self) -> None:
        """End it: its duty is done. Idempotent. One that was never told of a safe bench stays, and ends by itself."""
        self._releasing = True
        if self._ended:
            return
        if self._left_in_charge:
            self._reader.join(_LAST_WORD_S)
            if self._reader.is_alive():
                return
        self._send({"release": True})
        self._end()
        if self._own_relay is not None:
            self._own_relay.close()

    def _end(self) -> None:
        """Wait for its end, which closing its pipe brings about at the latest, and give back what it took."""
        self._ended = True
        with self._sending, suppress(OSError):
            self._pipe.close()
        try:
            self._process.wait(ENDED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reader.join(ENDED_WITHIN_S)
        self._out.close()
        self._stderr.close()

    def _take_relay_over(self) -> OwnedRelay:
        if self._own_relay is None:
            self._own_relay = OwnedRelay(self._duty.lines, clock=WallClock())
        return self._own_relay

    def _await_ready(self) -> None:
        with self._answered:
            self._answered.wait_for(lambda: self._ready or self._refused or self._death, READY_WITHIN_S)
            ready, problem = self._ready, self._refused or self._death
        if ready is None:
            self._releasing = True
            self._process.kill()
            self._end()
            raise WatchdogError(f"the watchdog does not start: {problem or f'not ready within {READY_WITHIN_S:g} s'}")

    def _send(self, message: dict[str, object]) -> None:
        """Send what must arrive: a full pipe is waited for, shortly."""
        data = to_line(message)
        until_s = host_monotonic_s() + _SENT_WITHIN_S
        with self._sending, suppress(OSError, ValueError):  # it is dead: the reader tells
            while data and host_monotonic_s() < until_s:
                try:
                    data = data[os.write(self._pipe.fileno(), data) :]
                except BlockingIOError:
                    host_sleep(0.01)

    def _write(self, message: dict[str, object]) -> None:
        with suppress(OSError, ValueError):  # it is dead, or full because it hangs: reader and beat tell
            os.write(self._pipe.fileno(), to_line(message))

    def _read(self) -> None:
        while line := self._out.readline():
            with suppress(ValueError):  # a driver of the watchdog may print
                self._take(json.loads(line))
        status = self._process.wait()
        if not self._releasing:
            self._note_death(f"exit status {status}{self._last_words()}")

    def _take(self, message: Any) -> None:
        if not isinstance(message, dict):
            return
        with self._answered:
            if "ack" in message:
                self._acknowledged = message["ack"]
                self._heard_s = host_monotonic_s()
            elif "id" in message:
                self._answers[message["id"]] = message["error"]
            elif "ready" in message:
                self._ready = message["ready"]
            elif "refused" in message:
                self._refused = message["refused"]
            self._answered.notify_all()

    def _note_death(self, how: str) -> None:
        """Tell its death, once."""
        with self._answered:
            if self._death:
                return
            self._death = how
            listeners, self._listeners = self._listeners, []
            self._answered.notify_all()
        for listener in listeners:
            listener(how)

    def _last_words(self) -> str:
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").strip().splitlines()
        return f", {lines[-1]}" if lines else ""
