"""What the simulated pumps can do: flows, steps, modes; and how they refuse the rest."""

from __future__ import annotations

from dataclasses import dataclass

from instruments.program import BOLUS_MODES, ProgramMode
from instruments.pumps.bench_interface.messages import ErrorCode, format_number

DAY_S = 86400.0
COMMUNICATION_TIMEOUT_MAXIMUM_S = 86400
TO_BE_INFUSED_MAXIMUM_UL = 9_999_000.0
OCCLUSION_THRESHOLDS_KPA = (30.0, 50.0, 75.0, 100.0, 120.0)

BACKGROUND_MODES = frozenset({ProgramMode.CONTINUOUS, ProgramMode.FLEX, ProgramMode.MINIMUM_RATE, ProgramMode.STOP})


@dataclass(frozen=True, slots=True)
class PumpLimits:
    """Flows in uL/h. As it stands, the implant: 0.048 to 24 mL/day in therapy, 0.006 mL/day at minimum rate."""

    capacity_ul: float
    flow_minimum_ul_per_h: float = 2.0
    flow_maximum_ul_per_h: float = 1000.0
    minimum_rate_ul_per_h: float | None = 0.25
    bolus_maximum_ul_per_h: float = 1000.0
    steps: int = 24
    modes: tuple[ProgramMode, ...] = tuple(ProgramMode)
    low_reservoir_ul: float = 2000.0
    keep_open_ul_per_h: float | None = None
    stopped_too_long_s: float | None = 48 * 3600.0

    def flow_maximum(self, mode: ProgramMode) -> float:
        """Return the highest flow of a step of a mode, uL/h."""
        return self.bolus_maximum_ul_per_h if mode in BOLUS_MODES else self.flow_maximum_ul_per_h

    def step_counts(self, mode: ProgramMode) -> tuple[int, int]:
        """Return the fewest and the most steps of a mode."""
        if mode is ProgramMode.FLEX:
            return 1, self.steps
        return (0, 0) if mode in (ProgramMode.MINIMUM_RATE, ProgramMode.STOP) else (1, 1)


def external_limits(capacity_ul: float) -> PumpLimits:
    """Return what the ambulatory pump can do: 0.02 to 125 mL/h, the lowest decade in strokes minutes apart."""
    return PumpLimits(
        capacity_ul,
        flow_minimum_ul_per_h=20.0,
        flow_maximum_ul_per_h=125_000.0,
        minimum_rate_ul_per_h=None,
        bolus_maximum_ul_per_h=125_000.0,
        steps=1,
        modes=(ProgramMode.CONTINUOUS, ProgramMode.SINGLE_BOLUS, ProgramMode.PRIMING_BOLUS, ProgramMode.STOP),
        low_reservoir_ul=5000.0,
        keep_open_ul_per_h=100.0,
        stopped_too_long_s=None,
    )


class Refusal(Exception):
    """The pump refuses a request, with the interface's code and its own words."""

    def __init__(self, code: ErrorCode, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


def check_range(name: str, value: float, lowest: float, highest: float, unit: str) -> None:
    """Raise `Refusal` 12 unless lowest <= value <= highest."""
    if not lowest <= value <= highest:
        allowed = f"{format_number(lowest)} to {format_number(highest)} {unit}".rstrip()
        raise Refusal(ErrorCode.OUT_OF_RANGE, f"{name} {format_number(value)} outside {allowed}")
