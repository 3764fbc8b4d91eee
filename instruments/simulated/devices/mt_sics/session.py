"""One interface of the balance: lines in, lines out, and what goes on by itself until the next command."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from instruments.simulated.devices.mt_sics import commands
from instruments.simulated.devices.mt_sics.balance import SimulatedBalance
from instruments.simulated.devices.mt_sics.commands import AT_ONCE, WrongParameter
from instruments.simulated.devices.witness import Witness
from instruments.simulated.physics.states import UPDATE_PERIOD_S, BalanceSignal
from instruments.simulated.wires.session import LineBuffer

STABILITY_TIMEOUT_S = 30.0
_LONGEST_LINE = 80
_MOST_LINES_AT_ONCE = 50
_PARAMETERS = re.compile(r'(?: ("[^"]*"|[^\s"]+))*')
_PARAMETER = re.compile(r'"[^"]*"|[^\s"]+')
_LEVELS = dict.fromkeys(("@", "I0", "I1", "I2", "I3", "I4", "I5", "S", "SI", "SIR", "Z", "ZI"), 0)
_LEVELS |= dict.fromkeys(("D", "DW", "K", "SR", "T", "TA", "TAC", "TI"), 1)
_WHEN_STABLE: dict[str, Callable[[SimulatedBalance, float], str]] = {
    "S": lambda balance, now_s: f"S {balance.mass_field(balance.weight(now_s).indication_g)}",
    "T": commands.tare,
    "Z": lambda balance, now_s: commands.zero(balance, now_s).replace("S", "A"),
}


@dataclass(slots=True)
class _Waiting:
    """`S`, `T` or `Z` until the reading is stable."""

    command: str
    since_s: float
    look_s: float


@dataclass(slots=True)
class _Sending:
    """`SIR` or `SR`: the next instant to look, and for `SR` the value sent last and the change that is sent."""

    due_s: float
    period_s: float
    repeat_changes: bool
    sent_g: float | None = None
    deadband_g: float | None = None


class BalanceSession:
    """One client of the balance."""

    def __init__(self, balance: SimulatedBalance, name: str = "balance", witness: Witness | None = None) -> None:
        self._balance = balance
        self._name = name
        self._witness = witness
        self._lines = LineBuffer(_LONGEST_LINE)
        self._waiting: _Waiting | None = None
        self._sending: _Sending | None = None
        self._adjusting = False

    def receive(self, data: bytes, now_s: float) -> bytes:
        """Take bytes, return the answers to the lines they complete."""
        return b"".join([self._answer(line, now_s) for line in self._lines.lines(data)])

    def next_output_s(self) -> float | None:
        """Return when the balance next has something to say by itself."""
        if self._sending is not None:
            return self._sending.due_s
        if self._waiting is not None:
            return self._waiting.look_s
        return self._balance.busy_until_s if self._adjusting else None

    def speak(self, now_s: float) -> bytes:
        """Return what the balance says by itself up to `now_s`."""
        said = []
        if self._adjusting and not self._balance.busy(now_s):
            self._adjusting = False
            said.append("C3 A")
        if self._waiting is not None and self._waiting.look_s <= now_s:
            said.extend(self._try(self._waiting, now_s))
        if self._sending is not None:
            said.extend(self._send_due(self._sending, now_s))
        return _encoded(said)

    def _answer(self, line: bytes, now_s: float) -> bytes:
        if self._witness is not None:
            self._witness.note(now_s, self._name, line.decode("latin-1"))
        if line == b"SI":
            self._waiting = self._sending = None
            return self._balance.weight_line(now_s)
        if len(line) > _LONGEST_LINE:
            return b"ES\r\n"
        if not all(0x20 <= byte < 0x7F for byte in line):
            return b"ET\r\n"
        with self._balance.lock:
            return _encoded(self._carry_out(line.decode("ascii"), now_s))

    def _carry_out(self, line: str, now_s: float) -> Sequence[str]:
        name, space, rest = line.partition(" ")
        if not _PARAMETERS.fullmatch(space + rest):
            return ["ES"]
        parameters = _PARAMETER.findall(rest)
        if name == "@":
            return self._cancel(now_s)
        known = name in AT_ONCE or name in _WHEN_STABLE or name in ("C3", "I0", "SIR", "SR")
        if not known:
            return ["ES"]
        self._waiting = self._sending = None
        if self._balance.busy(now_s):
            return [f"{'S' if name in ('SIR', 'SR') else name} I"]
        try:
            return self._known(name, parameters, now_s)
        except WrongParameter:
            return [f"{name} L"]

    def _known(self, name: str, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        if name in AT_ONCE:
            return AT_ONCE[name](self._balance, parameters, now_s)
        if name == "SR":
            return self._send_changes(parameters, now_s)
        if parameters:
            raise WrongParameter
        if name == "I0":
            return _command_list()
        if name == "C3":
            self._balance.begin_adjustment(now_s)
            self._adjusting = True
            return ["C3 B"]
        if name == "SIR":
            self._sending = _Sending(now_s, 1.0 / self._balance.settings.update_rate_hz, repeat_changes=False)
            return self._send_due(self._sending, now_s)
        self._waiting = _Waiting(name, now_s, now_s)
        return self._try(self._waiting, now_s)

    def _cancel(self, now_s: float) -> Sequence[str]:
        self._waiting = self._sending = None
        self._adjusting = False
        self._balance.cancel_adjustment(now_s)
        return [commands.serial_line(self._balance, now_s)]

    def _try(self, waiting: _Waiting, now_s: float) -> Sequence[str]:
        """Answer a command that waits for stability, if it can be answered now."""
        name = waiting.command
        weightless = self._weightless(now_s)
        if weightless is not None:
            self._waiting = None
            return [f"{name} {weightless}"]
        waiting.look_s = now_s + UPDATE_PERIOD_S
        if self._balance.weight(now_s).stable:
            self._waiting = None
            return [f"{name} {_WHEN_STABLE[name](self._balance, now_s)}"]
        if now_s - waiting.since_s >= STABILITY_TIMEOUT_S:
            self._waiting = None
            return [f"{name} I"]
        return []

    def _weightless(self, now_s: float) -> str | None:
        if self._balance.fault is not None:
            return f"S Error {self._balance.fault}"
        signal = self._balance.weight(now_s)
        return "+" if signal.overload else "-" if signal.underload else None

    def _send_changes(self, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        deadband_g = None
        if parameters and (len(parameters) != 2 or (deadband_g := self._balance.mass_g(*parameters)) is None):
            raise WrongParameter
        self._sending = _Sending(now_s, UPDATE_PERIOD_S, repeat_changes=True, deadband_g=deadband_g)
        return self._send_due(self._sending, now_s)

    def _send_due(self, sending: _Sending, now_s: float) -> Sequence[str]:
        said: list[str] = []
        # A reader that fell far behind gets the latest lines only.
        sending.due_s = max(sending.due_s, now_s - (_MOST_LINES_AT_ONCE - 1) * sending.period_s)
        while sending.due_s <= now_s:
            if not sending.repeat_changes:
                said.append(self._balance.weight_line(sending.due_s).decode("ascii").rstrip())
            elif self._weightless(sending.due_s) is None:
                signal = self._balance.weight(sending.due_s)
                if self._has_changed(sending, signal):
                    sending.sent_g = signal.indication_g
                    said.append(f"S S {self._balance.mass_field(signal.indication_g)}")
            sending.due_s += sending.period_s
        return said

    def _has_changed(self, sending: _Sending, signal: BalanceSignal) -> bool:
        if not signal.stable:
            return False
        if sending.sent_g is None:
            return True
        deadband_g = sending.deadband_g
        if deadband_g is None:
            # 12.5 % of the last value, at least 30 digits.
            deadband_g = max(0.125 * abs(sending.sent_g), 30 * self._balance.truth.readability_g)
        return abs(signal.indication_g - sending.sent_g) >= deadband_g


def _command_list() -> Sequence[str]:
    names = sorted([*AT_ONCE, *_WHEN_STABLE, "@", "C3", "I0", "SI", "SIR", "SR"])
    leveled = sorted((_LEVELS.get(name, 2), name) for name in names)
    last = len(leveled) - 1
    return [f'I0 {"A" if i == last else "B"} {level} "{name}"' for i, (level, name) in enumerate(leveled)]


def _encoded(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")
