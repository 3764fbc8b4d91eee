"""One client of the balance's SBI port: escape sequences in, 22-character lines out; control commands are silent."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from instruments.readings import Identity
from instruments.simulated.devices.mt_sics.balance import SimulatedBalance
from instruments.simulated.devices.witness import Witness
from instruments.simulated.truth.events import BalanceRefusal
from instruments.simulated.truth.measuring import FilterName

_LONGEST_COMMAND = 20
_COMMAND = re.compile(rb"\x1b([A-Z]|[a-z]{1,2}[0-9]*_)")
_UNFINISHED = re.compile(rb"\x1b(?:[a-z]{1,2}[0-9]*)?")
_FILTERS: dict[str, FilterName] = {
    "K": "very stable",
    "L": "stable",
    "M": "unstable",
    "N": "very unstable",
}
_IDENTITY: dict[str, Callable[[Identity], str]] = {
    "x1_": lambda identity: identity.model,
    "x2_": lambda identity: identity.serial,
    "x3_": lambda identity: identity.firmware,
}


class SbiSession:
    """One client."""

    def __init__(
        self, balance: SimulatedBalance, identity: Callable[[float], Identity], witness: Witness | None = None
    ) -> None:
        self._balance = balance
        self._identity = identity
        self._witness = witness
        self._pending = b""
        self._refusals = tuple(event for event in balance.bench.drawn.event if isinstance(event, BalanceRefusal))

    def receive(self, data: bytes, now_s: float) -> bytes:
        """Take bytes, return the answers to the commands they complete."""
        self._pending += data
        said = []
        while (start := self._pending.find(b"\x1b")) >= 0:
            self._pending = self._pending[start:]
            match = _COMMAND.match(self._pending)
            if match is not None:
                said.append(self._answer(match[1].decode("ascii"), now_s))
                self._pending = self._pending[match.end() :]
            elif _UNFINISHED.fullmatch(self._pending) and len(self._pending) < _LONGEST_COMMAND:
                return b"".join(said)
            else:
                self._pending = self._pending[1:]
        self._pending = b""
        return b"".join(said)

    def next_output_s(self) -> float | None:
        """Return None: automatic printing is off."""

    def speak(self, now_s: float) -> bytes:
        """Return nothing."""
        return b""

    def _answer(self, command: str, now_s: float) -> bytes:
        if self._witness is not None:
            self._witness.note(now_s, "balance_sbi", command)
        with self._balance.lock:
            if command == "P":
                return self._line(now_s)
            if command in _IDENTITY:
                return f"{_IDENTITY[command](self._identity(now_s)):<20}\r\n".encode("ascii")
            self._obey(command, now_s)
        return b""

    def _obey(self, command: str, now_s: float) -> None:
        balance = self._balance
        if command in _FILTERS:
            balance.apply(now_s, "filter", _FILTERS[command])
        elif command == "Z":
            balance.begin_adjustment(now_s)
        elif command in ("T", "U", "V") and self._status(now_s) is None:
            balance.apply(now_s, "zero" if command == "V" else "tare", True)

    def _line(self, now_s: float) -> bytes:
        status = self._status(now_s)
        if status is not None:
            return f"{f'Stat  {status}':<20}\r\n".encode("ascii")
        signal = self._balance.weight(now_s)
        digits, unit = self._balance.mass_field(signal.indication_g).split()
        sign = "-" if digits.startswith("-") else "+"
        shown = f"N     {sign}{digits.lstrip('-'):>9} {unit if signal.stable else '':<3}"
        return f"{shown}\r\n".encode("ascii")

    def _status(self, now_s: float) -> str | None:
        """Return what stands in the place of a weight, from its third column on; None when there is a weight."""
        balance = self._balance
        if balance.busy(now_s):
            return "  Cal.Int."
        if balance.fault is not None:
            return "   ERR 054"
        for refusal in self._refusals:
            if refusal.at_s <= now_s < refusal.end_s:
                return "      --" if refusal.answer == "S I" else "   ERR 054"
        signal = balance.weight(now_s)
        if signal.overload or signal.underload:
            return "    High" if signal.overload else "    Low"
        return None


def sbi_identity(identity: Identity) -> Identity:
    """Return who the balance says it is on this port: the same serial number under a Sartorius name."""
    return replace(identity, maker="Sartorius", model="SIM-ME235P", firmware="01-49-02")
