"""Link faults as data: what goes wrong between a device and its wire, when on the bench's time, and until when."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum


class LinkFaultMode(Enum):
    """How a link misbehaves."""

    SILENT = "silent"
    """Nothing sent reaches the device."""
    REPLY_LOST = "reply_lost"
    """The device hears and acts; its answer is lost."""
    GARBAGE = "garbage"
    """The answer arrives as other bytes of the same length."""
    HALF_LINE = "half_line"
    """Only the first half of the answer arrives, without its end."""
    LATE = "late"
    """The answer arrives after the asker has given up."""
    DUPLICATE = "duplicate"
    """The answer arrives twice."""
    REPEATED = "repeated"
    """The answer arrives, and again before the next one: after `delay_s`, or with it."""
    BABBLING = "babbling"
    """Bytes nobody asked for arrive around the answer, and at wall-clock time also in between."""
    DROP_CONNECTION = "drop_connection"
    """The link hangs up as soon as it is used."""
    UNPLUGGED = "unplugged"
    """The port vanishes; afterwards it is there again under its name."""
    REPLUGGED = "replugged"
    """The port vanishes; afterwards it is there under another name."""
    POWER_CYCLED = "power_cycled"
    """The device is without power; afterwards it is as after switching on."""
    WRONG_DEVICE = "wrong_device"
    """Another device of the same kind sits behind the address."""


WITHOUT_PORT = frozenset({LinkFaultMode.UNPLUGGED, LinkFaultMode.REPLUGGED, LinkFaultMode.POWER_CYCLED})
"""While one of these lasts there is no port."""


@dataclass(frozen=True, slots=True)
class LinkFault:
    """One fault of one link, from `start_s` (included) to `end_s` (excluded) of bench time."""

    mode: LinkFaultMode
    start_s: float = -math.inf
    end_s: float = math.inf
    delay_s: float = 5.0
    """How late a LATE answer is, or the repetition of a REPEATED one, s of bench time."""


class LinkFaults:
    """The faults of one link: those scheduled, and those a test injects by hand. Safe to read from any thread."""

    def __init__(self, scheduled: Sequence[LinkFault] = ()) -> None:
        self._scheduled = tuple(scheduled)
        self._injected: LinkFault | None = None
        self._span: tuple[float, float, LinkFault | None] = (math.inf, -math.inf, None)
        self._ended_by_hand: list[LinkFaultMode] = []
        self._listeners: list[Callable[[], None]] = []

    def inject(self, mode: LinkFaultMode, *, delay_s: float = 5.0) -> None:
        """Start a fault now; it lasts until `clear` and hides the scheduled ones."""
        self._replace(LinkFault(mode, delay_s=delay_s))

    def clear(self) -> None:
        """End the injected fault."""
        self._replace(None)

    def call_on_change(self, listener: Callable[[], None]) -> None:
        """Call a listener whenever a fault was injected or cleared by hand."""
        self._listeners.append(listener)

    def active(self, now_s: float) -> LinkFault | None:
        """Return the fault at bench time `now_s`, the first scheduled of those that overlap, or None."""
        since_s, until_s, fault = self._span
        if since_s <= now_s < until_s:
            return fault
        return self._look_up(now_s)

    def is_active(self, mode: LinkFaultMode, now_s: float) -> bool:
        """Return True when this fault is the active one at bench time `now_s`."""
        fault = self.active(now_s)
        return fault is not None and fault.mode is mode

    def has_port(self, now_s: float) -> bool:
        """Return True while the link's port is there at all."""
        fault = self.active(now_s)
        return fault is None or fault.mode not in WITHOUT_PORT

    def times_ended(self, mode: LinkFaultMode, now_s: float) -> int:
        """Return how many faults of this mode have ended by bench time `now_s`."""
        ended = sum(fault.mode is mode and fault.end_s <= now_s for fault in self._scheduled)
        return ended + self._ended_by_hand.count(mode)

    @property
    def port_changes_s(self) -> tuple[float, ...]:
        """Bench times at which the port vanishes or comes back as scheduled, ascending."""
        lost = [fault for fault in self._scheduled if fault.mode in WITHOUT_PORT]
        return tuple(sorted({edge for fault in lost for edge in (fault.start_s, fault.end_s)}))

    def _replace(self, fault: LinkFault | None) -> None:
        if self._injected is not None:
            self._ended_by_hand.append(self._injected.mode)
        self._injected = fault
        self._span = (math.inf, -math.inf, None)
        for listener in self._listeners:
            listener()

    def _look_up(self, now_s: float) -> LinkFault | None:
        injected = self._injected
        if injected is not None:
            return injected
        edges = [edge for fault in self._scheduled for edge in (fault.start_s, fault.end_s)]
        since_s = max((edge for edge in edges if edge <= now_s), default=-math.inf)
        until_s = min((edge for edge in edges if edge > now_s), default=math.inf)
        fault = next((fault for fault in self._scheduled if fault.start_s <= now_s < fault.end_s), None)
        self._span = (since_s, until_s, fault)
        return fault
