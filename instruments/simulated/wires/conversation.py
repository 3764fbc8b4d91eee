"""A session as the wire carries it: link faults come between what the device says and what the client gets."""

from __future__ import annotations

import math
import random
from collections import deque

from instruments.clock import Clock
from instruments.simulated.wires.faults import WITHOUT_PORT, LinkFault, LinkFaultMode, LinkFaults
from instruments.simulated.wires.session import Session

_VIRTUAL_LOOK_S = 0.02
_BABBLE_PERIOD_S = 0.5
_LONGEST_BABBLE = 24
_NOTHING = (math.inf, b"")


class HungUp(Exception):
    """The wire drops the connection now."""


class Conversation:
    """One client's session behind one link. Used by the one thread that serves the client."""

    def __init__(self, session: Session, faults: LinkFaults, clock: Clock, name: str) -> None:
        self._session = session
        self._faults = faults
        self._clock = clock
        self._name = name
        self._held: deque[tuple[float, bytes]] = deque()
        self._again: tuple[float, bytes] = _NOTHING
        self._answers = 0
        self._babbled = 0
        self._babble_s = -_BABBLE_PERIOD_S

    def hear(self, data: bytes) -> bytes:
        """Return the bytes to send after `data` arrived; raise `HungUp` when the link drops."""
        now_s = self._clock.now()
        fault = self._faults.active(now_s)
        if fault is None and not self._held:
            before, self._again = self._again, _NOTHING
            return before[1] + self._session.receive(data, now_s)
        overdue = self._take_due(now_s)
        if fault is not None:
            if fault.mode is LinkFaultMode.DROP_CONNECTION or fault.mode in WITHOUT_PORT:
                raise HungUp
            if fault.mode is LinkFaultMode.SILENT:
                return overdue
        return overdue + self._carry(self._session.receive(data, now_s), fault, now_s)

    def speak(self) -> bytes:
        """Return what is due by itself: late answers, what the device says unasked, and babble."""
        now_s = self._clock.now()
        fault = self._faults.active(now_s)
        said = self._take_due(now_s) + self._carry(self._session.speak(now_s), fault, now_s)
        if self._babbles(fault) and now_s - self._babble_s >= _BABBLE_PERIOD_S:
            self._babble_s = now_s
            said += self._babble()
        return said

    def wait_s(self) -> float | None:
        """Host seconds after which to call `speak`, or None: nothing can become due before the client speaks."""
        due_s = self._session.next_output_s()
        for pending_s in (*(at_s for at_s, _ in self._held), self._again[0]):
            if pending_s < math.inf:
                due_s = pending_s if due_s is None else min(due_s, pending_s)
        if due_s is None and self._may_babble:
            due_s = self._babble_s + _BABBLE_PERIOD_S
        if due_s is None:
            return None
        if self._clock.is_virtual:
            # Virtual time moves by jumps no server thread may wait for; look again soon instead.
            return _VIRTUAL_LOOK_S
        return max(0.0, due_s - self._clock.now())

    def _take_due(self, now_s: float) -> bytes:
        taken = []
        while self._held and self._held[0][0] <= now_s:
            taken.append(self._held.popleft()[1])
        if self._again[0] <= now_s:
            taken.append(self._again[1])
            self._again = _NOTHING
        return b"".join(taken)

    def _carry(self, answer: bytes, fault: LinkFault | None, now_s: float) -> bytes:
        if not answer:
            return answer
        self._answers += 1
        mode = None if fault is None else fault.mode
        if mode in (LinkFaultMode.SILENT, LinkFaultMode.REPLY_LOST):
            return b""
        if mode is LinkFaultMode.GARBAGE:
            return random.Random(f"{self._name}/garbage/{self._answers}").randbytes(len(answer))
        if mode is LinkFaultMode.HALF_LINE:
            return answer[: len(answer) // 2]
        if mode is LinkFaultMode.DUPLICATE:
            return answer + answer
        if mode is LinkFaultMode.BABBLING:
            return self._babble() + answer + self._babble()
        if mode is LinkFaultMode.REPEATED:
            # On a wire that keeps order it comes before whatever is said next.
            before, self._again = self._again, (now_s + (fault.delay_s if fault is not None else 0.0), answer)
            return before[1] + answer
        if self._held or mode is LinkFaultMode.LATE:
            # A device answers in order: what follows a late answer is no earlier than it.
            delay_s = fault.delay_s if fault is not None and mode is LinkFaultMode.LATE else 0.0
            self._held.append((max(now_s + delay_s, self._held[-1][0] if self._held else now_s), answer))
            return b""
        return answer

    @property
    def _may_babble(self) -> bool:
        # At virtual time nobody is there to hear it but who has just asked.
        return not self._clock.is_virtual and self._babbles(self._faults.active(self._clock.now()))

    def _babble(self) -> bytes:
        self._babbled += 1
        noise = random.Random(f"{self._name}/babble/{self._babbled}")
        return noise.randbytes(noise.randint(1, _LONGEST_BABBLE))

    @staticmethod
    def _babbles(fault: LinkFault | None) -> bool:
        return fault is not None and fault.mode is LinkFaultMode.BABBLING
