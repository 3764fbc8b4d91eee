"""Begins a fault at its instant, and ends it."""

from __future__ import annotations

import threading

from instruments.clock import Clock, Event
from instruments.simulated.twin import TwinStation
from instruments.simulated.wires.faults import LinkFaultMode
from tests.proof.link_faults.faults import DAQ_ERRORS, PHASES, Fault, driver_of

WRONG_DEVICE = LinkFaultMode.WRONG_DEVICE.value
SWAPPED_WITHIN_S = 3.5
"""So long nothing answers while another device is put in the place of one: longer than any polls here are apart."""


class Striker:
    """Told when phases begin and what devices hear; `struck_s` is the station time at which the fault began."""

    def __init__(self, fault: Fault | None) -> None:
        self.struck_s: float | None = None
        self._fault = fault
        self._link = "" if fault is None else driver_of(fault).link
        self._twin: TwinStation | None = None
        self._left: int | None = None
        self._lock = threading.Lock()
        self._at_s = 0.0
        self._armed: Event | None = None
        self._struck: Event | None = None
        self._never: Event | None = None

    def attach(self, twin: TwinStation) -> None:
        """Work on a twin; its link is sound until then."""
        self._twin = twin
        if self._fault is None:
            return
        clock = twin.clock
        self._armed, self._struck, self._never = clock.event(), clock.event(), clock.event()
        clock.spawn("striker", self._await_instant, in_background=True)
        clock.spawn("mender", self._await_end, in_background=True)

    def begin(self, phase: str, duration_s: float = 0.0) -> None:
        """Take note that a phase begins."""
        fault, clock = self._fault, self._clock
        if fault is None:
            return
        if PHASES.index(phase) > PHASES.index(fault.phase):
            self._strike()
        if phase != fault.phase:
            return
        if fault.messages is not None:
            self._left = fault.messages
            if self._left == 0:
                self._strike()
        elif self._armed is not None:
            self._at_s = clock.now() + fault.at * duration_s
            self._armed.set()

    def heard(self, link: str) -> None:
        """Take note that a device hears a message."""
        if self._left is None or link != self._link or self.struck_s is not None:
            return
        self._left -= 1
        if self._left == 0:
            # The thread that serves a port minds its plug, too: it must not wait for itself.
            threading.Thread(target=self._strike, daemon=True).start()

    @property
    def _clock(self) -> Clock:
        if self._twin is None:
            raise RuntimeError("no twin is attached")
        return self._twin.clock

    def _await_instant(self) -> None:
        if self._armed is not None and self._never is not None:
            self._clock.wait(self._armed)
            self._clock.wait(self._never, self._at_s)
            self._strike()

    def _await_end(self) -> None:
        if self._struck is None or self._never is None or self._fault is None:
            return
        self._clock.wait(self._struck)
        if self._fault.mode == WRONG_DEVICE and self._twin is not None:
            self._clock.wait(self._never, (self.struck_s or 0.0) + SWAPPED_WITHIN_S)
            self._twin.faults[self._link].inject(LinkFaultMode.WRONG_DEVICE)
        if self._fault.duration_s is None:
            return
        self._clock.wait(self._never, (self.struck_s or 0.0) + self._fault.duration_s)
        if self._twin is not None:
            if self._fault.mode in DAQ_ERRORS:
                self._twin.daq_wire.inject_error(None)
            else:
                self._twin.faults[self._link].clear()

    def _strike(self) -> None:
        fault, twin = self._fault, self._twin
        if fault is None or twin is None:
            return
        with self._lock:
            if self.struck_s is not None:
                return
            self.struck_s = self._clock.now()
        if fault.mode in DAQ_ERRORS:
            twin.daq_wire.inject_error(DAQ_ERRORS[fault.mode])
        else:
            mode = LinkFaultMode.SILENT if fault.mode == WRONG_DEVICE else LinkFaultMode(fault.mode)
            twin.faults[self._link].inject(mode, delay_s=fault.delay_s)
        if self._struck is not None:
            self._struck.set()
