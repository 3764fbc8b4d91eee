"""Link faults as data: what goes wrong between a device and its wire, when on the bench's time, and until when."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    DROP_CONNECTION = "drop_connection"
    """The link hangs up as soon as it is used."""
    WRONG_DEVICE = "wrong_device"
    """Another device of the same kind sits behind the address."""


@dataclass(frozen=True, slots=True)
class LinkFault:
    """One fault of one link, from `start_s` (included) to `end_s` (excluded) of bench time."""

    mode: LinkFaultMode
    start_s: float = -math.inf
    end_s: float = math.inf
    delay_s: float = 5.0
    """How late a LATE answer is, s of bench time."""


class LinkFaults:
    """The faults of one link: those scheduled, and those a test injects by hand. Safe to read from any thread."""

    def __init__(self, scheduled: Sequence[LinkFault] = ()) -> None:
        self._scheduled = tuple(scheduled)
        self._injected: LinkFault | None = None
        self._span: tuple[float, float, LinkFault | None] = (math.inf, -math.inf, None)

    def inject(self, mode: LinkFaultMode, *, delay_s: float = 5.0) -> None:
        """Start a fault now; it lasts until `clear` and hides the scheduled ones."""
        self._injected = LinkFault(mode, delay_s=delay_s)
        self._span = (math.inf, -math.inf, None)

    def clear(self) -> None:
        """End the injected fault."""
        self._injected = None
        self._span = (math.inf, -math.inf, None)

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
