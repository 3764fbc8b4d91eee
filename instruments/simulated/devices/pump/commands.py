"""Commands of the bench interface (docs/bench-interface.md, section 5), as the pump's firmware carries them out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from instruments.pumps.bench_interface.messages import (
    NOTHING,
    ErrorCode,
    MessageError,
    Request,
    format_error,
    format_list,
    format_number,
    format_ok,
    parse_request,
)
from instruments.simulated.devices.pump.external import EXTERNAL_COMMANDS
from instruments.simulated.devices.pump.firmware import PumpFirmware
from instruments.simulated.devices.pump.limits import (
    COMMUNICATION_TIMEOUT_MAXIMUM_S,
    OCCLUSION_THRESHOLDS_KPA,
    Refusal,
    check_range,
)
from instruments.simulated.devices.pump.program import StoredProgram, number, open_upload, whole

Fields = Mapping[str, str]
EXTERNAL_FUNCTIONS = ("OCCLUSION_ALARM", "BOLUS_REDUCTION", "AUTOMATIC_RESTART", "VOLUME_TO_BE_INFUSED")


def answer(pump: PumpFirmware, data: str, t_s: float) -> str:
    """Carry out the request in an undamaged frame at bench time `t_s`; return the data of the reply."""
    pump.heard()
    try:
        request = parse_request(data)
    except MessageError:
        return format_error(None, ErrorCode.BAD_FRAME, "no request")
    is_query = request.command.endswith("?")
    if pump.last_exchange is not None and not is_query and pump.last_exchange[0] == request:
        return pump.last_exchange[1]
    reply = _carry_out(pump, request, t_s)
    pump.last_exchange = (request, reply)
    return reply


def _carry_out(pump: PumpFirmware, request: Request, t_s: float) -> str:
    try:
        unit = pump.occlusion
        if unit is not None and (external := EXTERNAL_COMMANDS.get(request.command)) is not None:
            _check_count(request, external[0])
            return format_ok(request, external[1](pump, unit, request.arguments))
        known = _COMMANDS.get(request.command)
        if known is None:
            raise Refusal(ErrorCode.UNKNOWN_COMMAND, "unknown command")
        _check_count(request, known[0])
        return format_ok(request, known[1](pump, request.arguments, t_s))
    except Refusal as refusal:
        return format_error(request, refusal.code, refusal.words)


def _check_count(request: Request, count: int | None) -> None:
    if count is not None and len(request.arguments) != count:
        raise Refusal(ErrorCode.BAD_ARGUMENT, f"{count} argument(s) wanted")


def _identify(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    identity = pump.build.identity(t_s)
    return {
        "MAKER": identity.maker,
        "MODEL": identity.model,
        "SERIAL": identity.serial,
        "FIRMWARE": identity.firmware,
        "PROFILE": "IMPLANTABLE" if pump.occlusion is None else "EXTERNAL",
        "INTERFACE": "1",
    }


def _limits(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    limits = pump.build.limits
    return {
        "FLOW_MIN": format_number(limits.flow_minimum_ul_per_h),
        "FLOW_MAX": format_number(limits.flow_maximum_ul_per_h),
        "MINIMUM_RATE": _number_or_none(limits.minimum_rate_ul_per_h),
        "BOLUS_MAX": format_number(limits.bolus_maximum_ul_per_h),
        "CAPACITY": format_number(limits.capacity_ul),
        "STEPS": str(limits.steps),
        "MODES": format_list([mode.name for mode in limits.modes]),
    }


def _functions(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    external = pump.occlusion is not None
    stall = ("STALL_ALARM",) if pump.build.stall_detection_s is not None else ()
    return {
        "FUNCTIONS": format_list([*stall, *(EXTERNAL_FUNCTIONS if external else ())]),
        "THRESHOLDS": format_list([format_number(kpa) for kpa in OCCLUSION_THRESHOLDS_KPA] if external else []),
        "KEEP_OPEN": _number_or_none(pump.build.limits.keep_open_ul_per_h),
    }


def _number_or_none(value: float | None) -> str:
    return NOTHING if value is None else format_number(value)


def _open_upload(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    pump.upload = None
    pump.upload = open_upload(arguments, pump.build.limits)
    return {}


def _add_step(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    if pump.upload is None:
        raise Refusal(ErrorCode.NOT_NOW, "no upload is open")
    pump.upload.add(arguments, pump.build.limits)
    return {}


def _store(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    if pump.upload is None:
        raise Refusal(ErrorCode.NOT_NOW, "no upload is open")
    pump.store(pump.upload.finished())
    return {}


def _program(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    program = _stored(pump)
    return {"MODE": program.mode.name, "STEPS": str(len(program.steps)), "LOCKOUT": f"{program.lockout_s:f}"}


def _step(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    program = _stored(pump)
    index = whole(arguments[0])
    if not 1 <= index <= len(program.steps):
        raise Refusal(ErrorCode.OUT_OF_RANGE, f"step {index} outside 1 to {len(program.steps)}")
    step = program.steps[index - 1]
    return {
        "FLOW": f"{step.flow_ul_per_h:f}",
        "FOR": NOTHING if step.duration_s is None else f"{step.duration_s:f}",
    }


def _stored(pump: PumpFirmware) -> StoredProgram:
    if pump.program is None:
        raise Refusal(ErrorCode.NO_PROGRAM, "no program stored")
    return pump.program


def _run(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    pump.run()
    return {}


def _stop(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    pump.stop()
    return {}


def _status(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    return {
        "STATE": pump.state.name,
        "MODE": NOTHING if pump.mode is None else pump.mode.name,
        "FLOW": format_number(pump.flow_ul_per_h),
        "DELIVERED": format_number(round(pump.volumes.delivered_ul, 3)),
        "RESERVOIR": format_number(round(pump.volumes.reservoir_ul, 3)),
        "ALARMS": format_list([alarm.name for alarm in pump.panel.standing()]),
        "UPTIME": format_number(round(pump.uptime_s(), 3)),
    }


def _alarms(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    standing = pump.panel.standing()
    return {
        "ALARMS": format_list([alarm.name for alarm in standing]),
        "RAISED": format_list([format_number(round(raised_s, 3)) for raised_s in standing.values()]),
    }


def _acknowledge(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    return {"ALARMS": format_list([alarm.name for alarm in pump.acknowledge()])}


def _refilled(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    pump.volumes.reservoir_ul = _volume(pump, arguments[0])
    return {}


def _set_low(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    pump.volumes.low_reservoir_ul = _volume(pump, arguments[0])
    return {}


def _low(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    return {"VOLUME": format_number(pump.volumes.low_reservoir_ul)}


def _volume(pump: PumpFirmware, text: str) -> float:
    volume_ul = float(number(text))
    check_range("volume", volume_ul, 0.0, pump.build.limits.capacity_ul, "uL")
    return volume_ul


def _set_timeout(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    seconds = whole(arguments[0])
    check_range("time-out", seconds, 0, COMMUNICATION_TIMEOUT_MAXIMUM_S, "s")
    pump.communication_timeout_s = seconds
    return {}


def _timeout(pump: PumpFirmware, arguments: Sequence[str], t_s: float) -> Fields:
    return {"SECONDS": str(pump.communication_timeout_s)}


# Number of arguments (None: the command looks itself) and what to do.
_COMMANDS: Mapping[str, tuple[int | None, Callable[[PumpFirmware, Sequence[str], float], Fields]]] = {
    "IDN?": (0, _identify),
    "LIM?": (0, _limits),
    "FUN?": (0, _functions),
    "PGM": (None, _open_upload),
    "STEP": (None, _add_step),
    "STORE": (0, _store),
    "PGM?": (0, _program),
    "STEP?": (1, _step),
    "RUN": (0, _run),
    "STOP": (0, _stop),
    "STA?": (0, _status),
    "ALM?": (0, _alarms),
    "ACK": (0, _acknowledge),
    "RES": (1, _refilled),
    "LOW": (1, _set_low),
    "LOW?": (0, _low),
    "CTO": (1, _set_timeout),
    "CTO?": (0, _timeout),
}
