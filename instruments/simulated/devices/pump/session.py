"""The pump's serial port: frames in, frames out."""

from __future__ import annotations

from instruments.pumps.bench_interface.frames import DamagedFrame, FrameDecoder, encode_frame
from instruments.pumps.bench_interface.messages import ErrorCode, format_error
from instruments.simulated.devices.pump.commands import answer
from instruments.simulated.devices.pump.firmware import PumpFirmware
from instruments.simulated.devices.witness import Witness


class PumpSession:
    """One serial port of the pump."""

    def __init__(self, firmware: PumpFirmware, witness: Witness | None = None) -> None:
        self._firmware = firmware
        self._witness = witness
        self._decoder = FrameDecoder()

    def receive(self, data: bytes, now_s: float) -> bytes:
        """Take bytes, return the replies to the frames they complete; nothing without power."""
        if not self._firmware.powered:
            self._decoder.reset()
            return b""
        return b"".join(encode_frame(self._reply(found, now_s)) for found in self._decoder.feed(data))

    def next_output_s(self) -> float | None:
        """Return None: the pump speaks only when it is spoken to."""

    def speak(self, now_s: float) -> bytes:
        """Return nothing."""
        return b""

    def _reply(self, found: str | DamagedFrame, now_s: float) -> str:
        if isinstance(found, DamagedFrame):
            return format_error(None, ErrorCode.BAD_FRAME, f"bad frame: {found.damage.value}")
        if self._witness is not None:
            self._witness.note(now_s, "pump", found)
        return self._firmware.perform(now_s, lambda t_s: answer(self._firmware, found, t_s))
