"""Waiting for what the pump or the line does. A deadline that passes is a result, never a hang."""

from __future__ import annotations

import numpy as np

from instruments.readings import PumpAlarm, PumpState, PumpStatus
from results.trace.schema import PRESSURE_PREFIX, Block
from rig.acquisition.stream import Item
from rig.safety.bench_safety import NOT_DELIVERING
from rig.verbs.core import BenchCore
from rig.verbs.watch import Watch

LINE_CHANNEL = "line"
"""The pressure channel at the pump's outlet."""


class WaitingVerbs(BenchCore):
    """Waits that end when something happens, or at their deadline."""

    def wait_for_alarm(self, *alarms: PumpAlarm, deadline_s: float) -> bool:
        """Wait until the pump reports one of the alarms (any, when none is named); False at the deadline."""
        wanted = frozenset(alarms)

        def raised(status: PumpStatus) -> bool:
            return bool(status.alarms & wanted if wanted else status.alarms)

        names = [alarm.value for alarm in alarms] or ["any alarm"]
        return self._until(self._watch(status=raised), f"alarm: {', '.join(names)}", deadline_s)

    def wait_for_stop(self, *, deadline_s: float) -> bool:
        """Wait until the pump says that it delivers no more; False at the deadline."""
        watch = self._watch(status=lambda status: status.state in NOT_DELIVERING)
        return self._until(watch, "the pump to stop", deadline_s)

    def wait_for_state(self, *states: PumpState, deadline_s: float) -> bool:
        """Wait until the pump says that it is in one of the states; False at the deadline."""
        wanted = frozenset(states)
        names = ", ".join(state.value for state in states)
        return self._until(self._watch(status=lambda status: status.state in wanted), f"state: {names}", deadline_s)

    def wait_until_pressure_below(self, pressure_kpa: float, *, deadline_s: float, channel: str = LINE_CHANNEL) -> bool:
        """Wait until the median of a block of a pressure channel is below a gauge pressure; False at the deadline."""
        self._require_channel(channel)
        stream = PRESSURE_PREFIX + channel

        def below(item: Item) -> bool:
            if not (isinstance(item, Block) and item.stream == stream):
                return False
            values = item.columns["pressure_kpa"]
            known_kpa = values[np.isfinite(values)]
            return known_kpa.size > 0 and bool(np.median(known_kpa) < pressure_kpa)

        return self._until(self._watch(item=below), f"{channel} pressure below {pressure_kpa:g} kPa", deadline_s)

    def _until(self, watch: Watch, words: str, deadline_s: float) -> bool:
        met = self._wait_for(watch, deadline_s)
        if not met:
            self._event("deadline_passed", "protocol", {"waited_for": words, "deadline_s": deadline_s})
        return met
