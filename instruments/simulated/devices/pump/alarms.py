"""Alarms of the pump: which stand, which stop delivery, which refuse `RUN`, and what acknowledging them changes."""

from __future__ import annotations

from collections.abc import Mapping

from instruments.readings import PumpAlarm

_STOPPING = frozenset(
    {
        PumpAlarm.EMPTY_RESERVOIR,
        PumpAlarm.COMMUNICATION_TIMEOUT,
        PumpAlarm.END_OF_SERVICE,
        PumpAlarm.MEMORY_ERROR,
        PumpAlarm.OCCLUSION,
    }
)
_REFUSING_UNTIL_ACKNOWLEDGED = _STOPPING | {PumpAlarm.STOPPED_TOO_LONG}
_REFUSING_WHILE_CAUSED = frozenset({PumpAlarm.EMPTY_RESERVOIR, PumpAlarm.END_OF_SERVICE})


class AlarmPanel:
    """Standing alarms. An alarm stands until it is acknowledged, and longer while its cause persists."""

    def __init__(self) -> None:
        self._raised_s: dict[PumpAlarm, float] = {}
        self._acknowledged: set[PumpAlarm] = set()
        self.halted = False
        """True while an alarm that stopped delivery is not acknowledged."""

    def standing(self) -> Mapping[PumpAlarm, float]:
        """Return the standing alarms in a fixed order, each with the time it was raised (s since power-up)."""
        return {alarm: self._raised_s[alarm] for alarm in PumpAlarm if alarm in self._raised_s}

    def raise_alarm(self, alarm: PumpAlarm, uptime_s: float) -> bool:
        """Raise an alarm unless it stands; return True when it stops delivery."""
        if alarm not in self._raised_s or alarm in self._acknowledged:
            self._raised_s[alarm] = uptime_s
            self._acknowledged.discard(alarm)
        stops = alarm in _STOPPING
        self.halted = self.halted or stops
        return stops

    def acknowledge(self, persisting: frozenset[PumpAlarm]) -> list[PumpAlarm]:
        """Acknowledge all; those whose cause persists stand on. Return those that stood before."""
        before = list(self.standing())
        self._acknowledged = {alarm for alarm in before if alarm in persisting}
        self._raised_s = {alarm: self._raised_s[alarm] for alarm in self._acknowledged}
        self.halted = False
        return before

    def drop_ended(self, persisting: frozenset[PumpAlarm]) -> None:
        """Take down alarms that were acknowledged and whose cause has gone."""
        for alarm in self._acknowledged - persisting:
            del self._raised_s[alarm]
        self._acknowledged &= persisting

    def refusing(self, persisting: frozenset[PumpAlarm]) -> list[PumpAlarm]:
        """Return the standing alarms that refuse `RUN`."""
        return [
            alarm
            for alarm in self.standing()
            if (alarm in _REFUSING_UNTIL_ACKNOWLEDGED and alarm not in self._acknowledged)
            or (alarm in _REFUSING_WHILE_CAUSED and alarm in persisting)
        ]
