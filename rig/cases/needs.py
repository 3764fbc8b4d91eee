"""What a case asks of a pump, against what the pump can do: whoever asks for more is not run, with every reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from instruments.capabilities import PumpCapabilities
from instruments.program import ProgramError, ProgramMode

FUNCTIONS = {
    "occlusion_alarm": "an occlusion alarm",
    "bolus_reduction": "automatic bolus reduction after an occlusion",
    "automatic_restart": "automatic restart after an occlusion",
    "lockout": "a lockout between boluses",
    "reservoir": "a calculated reservoir volume",
    "stall_alarm": "a motor-stall alarm",
    "volume_to_be_infused": "a volume after which the infusion ends",
}
"""The functions a case may need, by the name both sides give them, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpNeeds:
    """What a pump must be able to do for a case to be run on it; the rest it may or may not have.

    `flows_ul_per_h` and `bolus_flows_ul_per_h` are those the case will set, `occlusion_thresholds_kpa` those it will
    choose, `functions` names of `FUNCTIONS`, `reservoir_ul` the most its reservoir is filled with.
    """

    modes: frozenset[ProgramMode] = frozenset({ProgramMode.CONTINUOUS})
    flows_ul_per_h: tuple[float, ...] = ()
    bolus_flows_ul_per_h: tuple[float, ...] = ()
    occlusion_thresholds_kpa: tuple[float, ...] = ()
    functions: frozenset[str] = frozenset()
    keep_open_flow: bool = False
    reservoir_ul: float | None = None

    def __post_init__(self) -> None:
        unknown = self.functions - FUNCTIONS.keys()
        if unknown:
            raise ValueError(f"no such functions: {sorted(unknown)}; there are {sorted(FUNCTIONS)}")


def unmet(needs: PumpNeeds, capabilities: PumpCapabilities) -> tuple[str, ...]:
    """Return every reason why a pump cannot be asked to run a case; none where it can."""
    return tuple(_unmet(needs, capabilities))


def _unmet(needs: PumpNeeds, pump: PumpCapabilities) -> Iterator[str]:
    missing = sorted(mode.value for mode in needs.modes - pump.modes)
    if missing:
        yield f"the pump has no program for: {', '.join(missing)}"
    for flow_ul_per_h in sorted(set(needs.flows_ul_per_h)):
        try:
            pump.flow_range.check(flow_ul_per_h)
        except ProgramError as error:
            yield str(error)
    fastest_ul_per_h = max(needs.bolus_flows_ul_per_h, default=0.0)
    if not fastest_ul_per_h <= pump.bolus_maximum_ul_per_h:
        yield (
            f"a bolus at {fastest_ul_per_h:g} uL/h ({fastest_ul_per_h / 60.0:.3g} uL/min) is asked for; the pump gives "
            f"boluses at {pump.bolus_maximum_ul_per_h:g} uL/h ({pump.bolus_maximum_ul_per_h / 60.0:.3g} uL/min) at most"
        )
    for name in sorted(needs.functions):
        if not getattr(pump, name):
            yield f"the pump has not got {FUNCTIONS[name]}"
    yield from _unmet_thresholds(needs, pump)
    if needs.keep_open_flow and pump.keep_open_ul_per_h is None:
        yield "the pump has no flow that keeps the line open after the end of an infusion"
    capacity_ul = pump.reservoir_capacity_ul
    if needs.reservoir_ul is not None and capacity_ul is not None and not needs.reservoir_ul <= capacity_ul:
        yield f"a reservoir filled with {needs.reservoir_ul:g} uL is asked for; the pump's holds {capacity_ul:g} uL"


def _unmet_thresholds(needs: PumpNeeds, pump: PumpCapabilities) -> Iterator[str]:
    offered = pump.occlusion_thresholds_kpa
    for threshold_kpa in needs.occlusion_thresholds_kpa:
        if not offered:
            yield f"the pump's occlusion threshold cannot be chosen; the case asks for {threshold_kpa:g} kPa"
        elif not any(abs(threshold_kpa - one) <= 1e-6 * one for one in offered):
            choice = ", ".join(f"{one:g}" for one in offered)
            yield f"the pump has no occlusion threshold of {threshold_kpa:g} kPa; it has {choice} kPa"
