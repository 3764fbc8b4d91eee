"""Guarding a rig: listen for its heartbeat, switch the relay for it, and say when it is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from instruments.clock import host_monotonic_s
from rig.run_folder import RunFolder
from rig.watchdog.duty import Times
from rig.watchdog.inbox import Inbox, Lost, Message
from rig.watchdog.log import WatchdogLog
from rig.watchdog.relay import OwnedRelay

_CLOSED_SAMPLES_PER_S = 20_000.0
"""A slow computer seals and evaluates more: a long record is given that time beside `closing_s`."""


class Guard:
    """Guards until the rig releases it or is lost."""

    def __init__(
        self,
        inbox: Inbox,
        *,
        times: Times,
        relay: OwnedRelay | None,
        log: WatchdogLog,
        answer: Callable[[Message], None],
    ) -> None:
        self._inbox = inbox
        self._times = times
        self._relay = relay
        self._log = log
        self._answer = answer
        self.rig_made_safe = False
        """Whether the rig has told that its bench is safe: nothing moves it any more."""
        self.pump_stopped = False
        """Whether the pump has confirmed its stop to the rig, and got no power since."""
        self._last_beat: Message | None = None
        self._is_listening = True
        self._heard_s = host_monotonic_s()
        self._deadline_s = self._heard_s + times.setup_s

    def until_released_or_lost(self) -> str:
        """Return why the rig is lost, or "" once it has released its watchdog."""
        while True:
            message = self._inbox.next(max(0.0, self._deadline_s - host_monotonic_s()))
            if message is None:
                silent_s = host_monotonic_s() - self._heard_s
                if self.rig_made_safe:
                    return self._lost(f"its bench is safe, but it has not closed its run for {silent_s:.3f} s")
                return self._lost(f"no heartbeat for {silent_s:.3f} s")
            if isinstance(message, Lost):
                return self._lost(message.reason)
            if self._take(message):
                return ""

    def _take(self, message: Message) -> bool:
        """Do what the rig asks; True when it releases its watchdog."""
        if "beat" in message:
            self._heard_s = host_monotonic_s()
            self._last_beat = message
            if self._is_listening:
                self._deadline_s = self._heard_s + self._times.timeout_s
            self._answer({"ack": message["beat"]})
        elif "relay" in message:
            self._answer({"id": message["id"], "error": self._switch(bool(message["relay"]))})
        elif "stopped" in message:
            self.pump_stopped = True
            self._log.note("pump_stopped")
        elif "run" in message:
            self._log.open(RunFolder(Path(message["run"])).watchdog)
        elif "safe" in message:
            self._heard_s = host_monotonic_s()
            self._deadline_s = self._heard_s + self._times.closing_s + self._published() / _CLOSED_SAMPLES_PER_S
            self._is_listening = False
            self.rig_made_safe = True
            self._log.note("rig_made_safe", reason=message["safe"])
        elif "unsafe" in message:
            # Its ports are free, and a driver that hangs is gone, only when it is: it may close its run first.
            self._deadline_s = host_monotonic_s() + self._times.setup_s + self._published() / _CLOSED_SAMPLES_PER_S
            self._is_listening = False
            self._log.note("rig_failed_to_make_safe", failed=message["unsafe"])
        elif "release" in message:
            self._log.note("released", last_beat=self._last_beat)
            return True
        return False

    def _switch(self, energised: bool) -> str:
        self.pump_stopped = self.pump_stopped and not energised
        problem = "this station has no power relay" if self._relay is None else self._relay.try_to_switch(energised)
        self._log.note("relay", energised=energised, error=problem)
        return problem

    def _published(self) -> int:
        beat = self._last_beat or {}
        return sum(beat.get("published", {}).values())

    def _lost(self, reason: str) -> str:
        silent_s = round(host_monotonic_s() - self._heard_s, 3)
        self._log.note("rig_lost", reason=reason, last_beat=self._last_beat, silent_s=silent_s)
        return reason
