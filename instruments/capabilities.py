"""What a pump can do, as its driver declares it: a procedure that needs more is not run on it."""

from __future__ import annotations

from dataclasses import dataclass

from instruments.program import FlowRange, ProgramMode


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpCapabilities:
    """The functions of a pump. A function that is not here is refused by the driver with `ProgramError`, unsent."""

    modes: frozenset[ProgramMode]
    flow_range: FlowRange
    bolus_maximum_ul_per_h: float
    """Highest flow of a bolus."""
    lockout: bool
    """It can be told to refuse a bolus for a time after the last one."""
    reservoir: bool
    """It counts down a reservoir volume it is told, and alarms when that gets low or empty."""
    reservoir_capacity_ul: float | None
    """Most that its reservoir holds; None where it is not known."""
    stall_alarm: bool
    occlusion_alarm: bool
    occlusion_thresholds_kpa: tuple[float, ...]
    """The thresholds there are to choose from, ascending, gauge; empty where none can be chosen."""
    bolus_reduction: bool
    """After an occlusion alarm it runs back by itself until the pressure is down."""
    automatic_restart: bool
    """It can be told to go on by itself when an occlusion goes away soon enough."""
    volume_to_be_infused: bool
    """It can be told a volume after which the infusion ends."""
    keep_open_ul_per_h: float | None
    """Flow after the end of the infusion, so that the line stays open; None where it has none."""
    communication_timeout: bool
    """It stops by itself when nothing speaks to it for a time."""
