"""The instruments of a station, opened one after the other, and how to make safe those that were reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import cast

from instruments.clock import Clock
from instruments.drivers import DriverError
from instruments.errors import InstrumentError
from instruments.interfaces import Instrument, Pump, ValveLines
from rig.safety.bench_safety import action_bound_s, bench_safe_state
from rig.safety.power import PowerRelay, RelayLine
from rig.safety.safe_state import SafeState
from rig.stations.device import Device

ROLES = ("lines", "pump", "balance", "ambient", "pressure")
"""In the order of opening: a pump behind a power relay answers only when the relay is on."""


class Opening:
    """`relay` is that of a watchdog; without one the relay is a line of this process."""

    def __init__(self, devices: Mapping[str, Device], *, clock: Clock, relay: PowerRelay | None) -> None:
        self.opened: dict[str, Instrument] = {}
        self.faults: list[str] = []
        self._devices = devices
        self._clock = clock
        self._relay = relay

    def open_all(
        self, *, has_relay: bool, closing: ExitStack, deferring: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Open what can be opened and keep the fault of what cannot; each is closed by `closing`."""
        for role in ROLES:
            with deferring():
                try:
                    self.opened[role] = self._devices[role].open(self._clock)
                except (InstrumentError, DriverError) as error:
                    self.faults.append(str(error))
                else:
                    closing.callback(self.opened[role].close)
                if role == "lines" and has_relay:
                    self._power_on()

    def safe_state(self) -> SafeState:
        """Return the safe-state path of what has been opened."""
        pump = cast(Pump | None, self.opened.get("pump"))
        lines = cast(ValveLines | None, self.opened.get("lines"))
        return bench_safe_state(
            None if pump is None else lambda: pump,
            None if lines is None else lambda: lines,
            power_off=None if self._relay is None else self._power_off,
            clock=self._clock,
            on_confirmed=self._note_stopped,
            pump_bound_s=action_bound_s(self._devices["pump"].deadline_s),
            lines_bound_s=action_bound_s(self._devices["lines"].deadline_s),
        )

    def _power_on(self) -> None:
        if self._relay is None and "lines" in self.opened:
            self._relay = RelayLine(cast(ValveLines, self.opened["lines"]))
        if self._relay is None:
            return  # its line's fault is told already
        try:
            self._relay.switch(True)
        except InstrumentError as error:
            self.faults.append(str(error))

    def _note_stopped(self) -> None:
        if self._relay is not None:
            self._relay.note_stopped()

    def _power_off(self) -> None:
        if self._relay is not None:
            self._relay.switch(False)
