"""The pump's serial port: packets of both modes in, prompts, alarms and data out."""

from __future__ import annotations

import binascii
import math
import re
from functools import partial

from instruments.simulated.devices.ne1000.firmware import Ne1000Firmware
from instruments.simulated.devices.witness import Witness

_NUMBER = re.compile(r"(?=[0-9.]{1,5}$)(?:[0-9]{1,4}(?:\.[0-9]{0,3})?|\.[0-9]{1,3})")
_UNITS = {"UM": 60.0, "MM": 60_000.0, "UH": 1.0, "MH": 1000.0}
_LONGEST = 60


class Ne1000Session:
    """One serial port of the pump; a bench has one such pump, at address 0."""

    def __init__(self, firmware: Ne1000Firmware, witness: Witness | None = None) -> None:
        self._pump = firmware
        self._witness = witness
        self._pending = b""

    def receive(self, data: bytes, now_s: float) -> bytes:
        """Take bytes, return the replies to the packets they complete."""
        self._pending += data
        said = []
        while (packet := self._cut()) is not None:
            said.append(self._pump.perform(now_s, partial(self._answer, *packet)))
        return b"".join(said)

    def next_output_s(self) -> float | None:
        """Return None: automatic alarm packets are off."""

    def speak(self, now_s: float) -> bytes:
        """Return nothing."""
        return b""

    def _cut(self) -> tuple[str | None, bool] | None:
        """Return the next command and whether it came in safe mode; as None where it came damaged."""
        held = self._pending
        if held[:1] == b"\x02":
            if len(held) < 2 or len(held) < held[1] + 1:
                return None
            length = max(held[1], 1)
            packet, self._pending = held[: length + 1], held[length + 1 :]
            data, crc = packet[2:-3], packet[-3:-1]
            sound = packet[-1:] == b"\x03" and len(crc) == 2 and binascii.crc_hqx(data, 0) == int.from_bytes(crc, "big")
            return (_cleaned(data) if sound else None), True
        line, end, rest = held.partition(b"\r")
        if not end:
            self._pending = held[-_LONGEST:]
            return None
        self._pending = rest
        return _cleaned(line), False

    def _answer(self, command: str | None, safe: bool, t_s: float) -> bytes:
        pump = self._pump
        if self._witness is not None:
            self._witness.note(t_s, "pump", repr(command))
        if command is None:
            return self._packet(f"{pump.prompt}?COM")
        if not safe and pump.safe_s:
            return b""  # in safe mode only safe packets are heard
        address = re.match("[0-9]{1,2}", command)
        if address is not None and int(address[0]) != 0:
            return b""
        words = command if address is None else command[address.end() :]
        pump.heard()
        if pump.alarm:
            alarm, pump.alarm = pump.alarm, ""
            # A safe packet is answered in kind, although the command in it is not carried out.
            return self._packet(f"A?{alarm}", safe=safe)
        data = self._carry_out(words)
        return self._packet(f"{pump.prompt}{data}", safe=safe)

    def _packet(self, data: str, *, safe: bool = True) -> bytes:
        text = f"00{data}".encode("ascii")
        if not safe:
            return b"\x02" + text + b"\x03"
        return b"\x02" + bytes([len(text) + 4]) + text + binascii.crc_hqx(text, 0).to_bytes(2, "big") + b"\x03"

    def _carry_out(self, words: str) -> str:
        pump, name, rest = self._pump, words[:3], words[3:]
        match name:
            case "":
                return ""
            case "VER":
                return pump.version
            case "DIS":
                return f"I{_shown(pump.infused_ul / self._unit_ul())}W0.000{self._unit()}"
            case "DIR" | "FUN" | "PHN" | "RUN" | "STP" | "SAF":
                return self._program(name, rest)
            case "DIA" | "RAT" | "VOL":
                return self._quantity(name, rest)
        return "?"

    def _program(self, name: str, rest: str) -> str:
        pump = self._pump
        if name == "DIR" and not rest:
            return "INF"
        if name == "STP":
            if pump.prompt == "S":
                return "?NA"
            pump.stop("P" if pump.running else "S")
            return ""
        if name == "SAF":
            if not rest:
                return str(pump.safe_s)
            if not rest.isdigit() or int(rest) > 255:
                return "?OOR"
            pump.safe_s = int(rest)
            return ""
        if pump.running:
            return "?NA"
        if name == "DIR":
            return "" if rest == "INF" else "?NA"
        if name == "PHN":
            if not rest.isdigit() or not 1 <= int(rest) <= 41:
                return "?OOR"
            pump.phase = int(rest)
        elif name == "FUN":
            pump.functions[pump.phase] = rest
        else:
            pump.run()
        return ""

    def _quantity(self, name: str, rest: str) -> str:
        pump = self._pump
        if not rest:
            shown = {
                "DIA": _shown(pump.diameter_mm),
                "RAT": f"{_shown(pump.flow_ul_per_h / _UNITS[pump.flow_unit])}{pump.flow_unit}",
                "VOL": f"{_shown(pump.volume_ul / self._unit_ul())}{self._unit()}",
            }
            return shown[name]
        unit = rest[-2:] if name == "RAT" and rest[-2:] in _UNITS else ""
        digits = rest.removesuffix(unit)
        if not _NUMBER.fullmatch(digits):
            return "?"
        value = float(digits)
        if pump.running:
            return "?NA"
        if name == "VOL":
            pump.volume_ul = value * self._unit_ul()
            return ""
        if name == "DIA":
            if not 0.1 <= value <= 50.0:
                return "?OOR"
            pump.diameter_mm, pump.infused_ul = value, 0.0
            return ""
        flow_ul_per_h = value * _UNITS[unit or pump.flow_unit]
        area_cm2 = math.pi / 4.0 * (pump.diameter_mm / 10.0) ** 2
        if not area_cm2 * 4.205 <= flow_ul_per_h <= area_cm2 * 5.1005 * 60_000.0:
            return "?OOR"
        pump.flow_ul_per_h, pump.flow_unit = flow_ul_per_h, unit or pump.flow_unit
        return ""

    def _unit(self) -> str:
        return "UL" if self._pump.diameter_mm <= 14.0 else "ML"

    def _unit_ul(self) -> float:
        return 1.0 if self._pump.diameter_mm <= 14.0 else 1000.0


def _cleaned(data: bytes) -> str:
    return "".join(chr(byte) for byte in data if 0x20 < byte < 0x7F).upper()


def _shown(value: float) -> str:
    """Return four digits with a point, three decimals at most."""
    decimals = next((n for n in (3, 2, 1, 0) if len(f"{value:.{n}f}".replace(".", "")) <= 4), 0)
    text = f"{value:.{decimals}f}"
    return text if "." in text else f"{text}."
