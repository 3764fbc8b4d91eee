"""Times within which the pump refuses to run certain programs."""

from __future__ import annotations

from instruments.program import BOLUS_MODES, ProgramMode
from instruments.pumps.bench_interface.messages import ErrorCode, format_number
from instruments.simulated.devices.pump.limits import Refusal
from instruments.simulated.devices.pump.program import StoredProgram


class Lockouts:
    """After a bolus no bolus; after the minimum rate nothing but STOP.

    `rate` is that of the pump's clock; a pump that lets them be `ignored` refuses nothing.
    """

    def __init__(self, rate: float, *, ignored: bool = False) -> None:
        self._rate = rate
        self._ignored = ignored
        self._bolus_until_s = 0.0
        self._minimum_until_s = 0.0

    def pass_through(self, program: StoredProgram, t_s: float) -> None:
        """Let a program run from `t_s` on and begin its own lockout, or raise `Refusal`."""
        if program.mode in BOLUS_MODES:
            self._refuse(t_s, self._bolus_until_s)
        if program.mode is not ProgramMode.STOP:
            self._refuse(t_s, self._minimum_until_s)
        until_s = t_s + float(program.lockout_s) / self._rate
        if program.mode in BOLUS_MODES:
            self._bolus_until_s = until_s
        elif program.mode is ProgramMode.MINIMUM_RATE:
            self._minimum_until_s = until_s

    def _refuse(self, t_s: float, until_s: float) -> None:
        if t_s < until_s and not self._ignored:
            left = format_number(round((until_s - t_s) * self._rate, 3))
            raise Refusal(ErrorCode.LOCKOUT, f"lockout, {left} s left")
