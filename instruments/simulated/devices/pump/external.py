"""Commands that only the external profile of the bench interface has (docs/bench-interface.md, section 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from instruments.pumps.bench_interface.messages import NOTHING, ErrorCode, format_list, format_number
from instruments.simulated.devices.pump.firmware import PumpFirmware
from instruments.simulated.devices.pump.limits import (
    OCCLUSION_THRESHOLDS_KPA,
    TO_BE_INFUSED_MAXIMUM_UL,
    Refusal,
    check_range,
)
from instruments.simulated.devices.pump.occlusion import OcclusionUnit
from instruments.simulated.devices.pump.program import number

Fields = Mapping[str, str]
_SWITCH = {"ON": True, "OFF": False}


def _set_threshold(pump: PumpFirmware, unit: OcclusionUnit, arguments: Sequence[str]) -> Fields:
    threshold_kpa = float(number(arguments[0]))
    if threshold_kpa not in OCCLUSION_THRESHOLDS_KPA:
        choice = format_list([format_number(kpa) for kpa in OCCLUSION_THRESHOLDS_KPA])
        raise Refusal(ErrorCode.OUT_OF_RANGE, f"threshold {format_number(threshold_kpa)} is none of {choice} kPa")
    unit.threshold_kpa = threshold_kpa
    pump.rewatch()
    return {}


def _threshold(pump: PumpFirmware, unit: OcclusionUnit, arguments: Sequence[str]) -> Fields:
    return {"THRESHOLD": format_number(unit.threshold_kpa)}


def _set_reduction(pump: PumpFirmware, unit: OcclusionUnit, arguments: Sequence[str]) -> Fields:
    unit.reduction_on = _switched(arguments[0])
    return {}


def _reduction(pump: PumpFirmware, unit: OcclusionUnit, arguments: Sequence[str]) -> Fields:
    return {"REDUCTION": _switch(unit.reduction_on), "DRAWN_BACK": format_number(round(unit.drawn_back_ul, 3))}


def _set_restart(pump: PumpFirmware, unit: OcclusionUnit, arguments: Sequence[str]) -> Fields:
    unit.restart_on = _switched(arguments[0])
    return {}


def _restart(pump: PumpFirmware, unit: OcclusionUnit, arguments: Sequence[str]) -> Fields:
    return {"RESTART": _switch(unit.restart_on), "LEFT": str(pump.restarts_left)}


def _set_to_be_infused(pump: PumpFirmware, unit: OcclusionUnit, arguments: Sequence[str]) -> Fields:
    if arguments[0] == NOTHING:
        pump.volumes.set_to_be_infused(None)
        return {}
    volume_ul = float(number(arguments[0]))
    check_range("volume", volume_ul, 1.0, TO_BE_INFUSED_MAXIMUM_UL, "uL")
    pump.volumes.set_to_be_infused(volume_ul)
    return {}


def _to_be_infused(pump: PumpFirmware, unit: OcclusionUnit, arguments: Sequence[str]) -> Fields:
    volume_ul = pump.volumes.to_be_infused_ul
    if volume_ul is None:
        return {"VOLUME": NOTHING, "LEFT": NOTHING}
    return {"VOLUME": format_number(volume_ul), "LEFT": format_number(round(pump.volumes.left_ul, 3))}


def _switched(word: str) -> bool:
    if word not in _SWITCH:
        raise Refusal(ErrorCode.BAD_ARGUMENT, "ON or OFF wanted")
    return _SWITCH[word]


def _switch(on: bool) -> str:
    return "ON" if on else "OFF"


# Number of arguments and what to do.
EXTERNAL_COMMANDS: Mapping[str, tuple[int, Callable[[PumpFirmware, OcclusionUnit, Sequence[str]], Fields]]] = {
    "OCC": (1, _set_threshold),
    "OCC?": (0, _threshold),
    "RLS": (1, _set_reduction),
    "RLS?": (0, _reduction),
    "ARS": (1, _set_restart),
    "ARS?": (0, _restart),
    "VTI": (1, _set_to_be_infused),
    "VTI?": (0, _to_be_infused),
}
