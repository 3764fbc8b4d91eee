"""Attributes a client reads, by the identifiers of the NI-DAQmx C reference (`DAQmx_...` in the comments)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nidaqmx._stubs import nidaqmx_pb2 as messages
from nidaqmx.constants import AcquisitionType
from nidaqmx.utils import flatten_channel_string

from instruments.simulated.wires.ni_grpc import errors
from instruments.simulated.wires.ni_grpc.acquisition import SampleClock
from instruments.simulated.wires.ni_grpc.channels import AnalogInput, DigitalChannel
from instruments.simulated.wires.ni_grpc.errors import DaqmxError
from instruments.simulated.wires.ni_grpc.state import ServerState
from instruments.simulated.wires.ni_grpc.tasks import DaqTask

_DRIVER_VERSION = {0x1272: 25, 0x1923: 0, 0x2F22: 0}  # Sys_NIDAQMajorVersion, MinorVersion, UpdateVersion

_TASK_STRINGS: Mapping[int, Callable[[DaqTask], str]] = {
    0x1276: lambda task: task.name,  # Task_Name
    0x1273: lambda task: flatten_channel_string(task.channel_names),  # Task_Channels
    0x230E: lambda task: task.device.name,  # Task_Devices
}
_TASK_COUNTS: Mapping[int, Callable[[DaqTask], int]] = {
    0x2181: lambda task: len(task.channel_names),  # Task_NumChans
    0x29BA: lambda task: 1,  # Task_NumDevices
}
_READ_STRINGS: Mapping[int, Callable[[DaqTask], str]] = {
    0x1823: lambda task: flatten_channel_string(task.channel_names),  # Read_ChannelsToRead
}
_TIMING_INTS: Mapping[int, Callable[[SampleClock], int]] = {
    0x1300: lambda timing: (
        (AcquisitionType.CONTINUOUS if timing.continuous else AcquisitionType.FINITE).value
    ),  # SampQuant_SampMode
}
_ANALOG_INTS: Mapping[int, Callable[[AnalogInput], int]] = {
    0x0695: lambda channel: channel.usage,  # AI_MeasType
}
_ANALOG_DOUBLES: Mapping[int, Callable[[AnalogInput], float]] = {
    0x17DD: lambda channel: channel.maximum,  # AI_Max
    0x17DE: lambda channel: channel.minimum,  # AI_Min
}
_DIGITAL_COUNTS: Mapping[int, Callable[[DigitalChannel], int]] = {
    0x2178: lambda channel: len(channel.lines),  # DI_NumLines
    0x2179: lambda channel: len(channel.lines),  # DO_NumLines
}


def check_device(state: ServerState, device_name: str) -> None:
    """Raise `DaqmxError` unless the name is the device's."""
    if device_name.casefold() != state.device.name.casefold():
        raise DaqmxError(errors.INVALID_DEVICE, f"Device Specified: {device_name}")
    state.check_plug()


def _look_up(table: Mapping[int, Callable[[Any], Any]], attribute: int, subject: Any) -> Any:
    if attribute not in table:
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, f"Property: {attribute:#06x}")
    return table[attribute](subject)


def _system_count(state: ServerState, request: Any) -> Any:
    if request.attribute_raw not in _DRIVER_VERSION:
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, f"Property: {request.attribute_raw:#06x}")
    return messages.GetSystemInfoAttributeUInt32Response(value=_DRIVER_VERSION[request.attribute_raw])


def _system_string(state: ServerState, request: Any) -> Any:
    if request.attribute_raw != 0x193B:  # Sys_DevNames
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, f"Property: {request.attribute_raw:#06x}")
    return messages.GetSystemInfoAttributeStringResponse(value=state.device.name)


def _device_string(state: ServerState, request: Any) -> Any:
    check_device(state, request.device_name)
    device = state.device
    ports = dict.fromkeys(line.partition("/")[0] for line in device.digital_lines)
    lists: Mapping[int, list[str]] = {
        0x231E: [f"{device.name}/{name}" for name in device.analog_inputs],  # Dev_AI_PhysicalChans
        0x231F: [],  # Dev_AO_PhysicalChans
        0x2320: [f"{device.name}/{name}" for name in device.digital_lines],  # Dev_DI_Lines
        0x2321: [f"{device.name}/{name}" for name in ports],  # Dev_DI_Ports
        0x2322: [f"{device.name}/{name}" for name in device.digital_lines],  # Dev_DO_Lines
        0x2323: [f"{device.name}/{name}" for name in ports],  # Dev_DO_Ports
        0x2324: [],  # Dev_CI_PhysicalChans
        0x2325: [],  # Dev_CO_PhysicalChans
        0x0631: [device.product_type],  # Dev_ProductType
    }
    if request.attribute_raw not in lists:
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, f"Property: {request.attribute_raw:#06x}")
    return messages.GetDeviceAttributeStringResponse(value=", ".join(lists[request.attribute_raw]))


def _device_flag(state: ServerState, request: Any) -> Any:
    check_device(state, request.device_name)
    if request.attribute_raw != 0x22CA:  # Dev_IsSimulated
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, f"Property: {request.attribute_raw:#06x}")
    return messages.GetDeviceAttributeBoolResponse(value=True)


def _device_count(state: ServerState, request: Any) -> Any:
    check_device(state, request.device_name)
    if request.attribute_raw != 0x0632:  # Dev_SerialNum
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, f"Property: {request.attribute_raw:#06x}")
    return messages.GetDeviceAttributeUInt32Response(value=state.device.serial_number(state.clock.now()))


def _task_string(state: ServerState, request: Any) -> Any:
    value = _look_up(_TASK_STRINGS, request.attribute_raw, state.task(request.task.name))
    return messages.GetTaskAttributeStringResponse(value=value)


def _task_count(state: ServerState, request: Any) -> Any:
    value = _look_up(_TASK_COUNTS, request.attribute_raw, state.task(request.task.name))
    return messages.GetTaskAttributeUInt32Response(value=value)


def _channel_int(state: ServerState, request: Any) -> Any:
    task = state.task(request.task.name)
    channel = task.channel(request.channel)
    if request.attribute_raw == 0x187F:  # ChanType
        return messages.GetChanAttributeInt32Response(value_raw=task.chan_type)
    if not isinstance(channel, AnalogInput):
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, f"Property: {request.attribute_raw:#06x}")
    return messages.GetChanAttributeInt32Response(value_raw=_look_up(_ANALOG_INTS, request.attribute_raw, channel))


def _channel_count(state: ServerState, request: Any) -> Any:
    channel = state.task(request.task.name).channel(request.channel)
    if not isinstance(channel, DigitalChannel):
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, f"Property: {request.attribute_raw:#06x}")
    return messages.GetChanAttributeUInt32Response(value=_look_up(_DIGITAL_COUNTS, request.attribute_raw, channel))


def _channel_double(state: ServerState, request: Any) -> Any:
    channel = state.task(request.task.name).channel(request.channel)
    if not isinstance(channel, AnalogInput):
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, f"Property: {request.attribute_raw:#06x}")
    return messages.GetChanAttributeDoubleResponse(value=_look_up(_ANALOG_DOUBLES, request.attribute_raw, channel))


def _channel_string(state: ServerState, request: Any) -> Any:
    channel = state.task(request.task.name).channel(request.channel)
    if request.attribute_raw != 0x18F5:  # PhysicalChanName
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, f"Property: {request.attribute_raw:#06x}")
    if isinstance(channel, AnalogInput):
        name = channel.physical
    else:
        name = ", ".join(f"{state.device.name}/{line}" for line in channel.lines)
    return messages.GetChanAttributeStringResponse(value=name)


def _read_string(state: ServerState, request: Any) -> Any:
    value = _look_up(_READ_STRINGS, request.attribute_raw, state.task(request.task.name))
    return messages.GetReadAttributeStringResponse(value=value)


def _read_count(state: ServerState, request: Any) -> Any:
    task = state.task(request.task.name)
    table: Mapping[int, Callable[[DaqTask], int]] = {
        0x217B: lambda task: len(task.channel_names),  # Read_NumChans
        0x217C: _lines_per_channel,  # Read_DigitalLines_BytesPerChan
        0x1223: state.available,  # Read_AvailSampPerChan
        0x31E8: lambda task: _default_read(state, task),  # Read_DefaultNumSampsToRead
    }
    return messages.GetReadAttributeUInt32Response(value=_look_up(table, request.attribute_raw, task))


def _write_count(state: ServerState, request: Any) -> Any:
    table: Mapping[int, Callable[[DaqTask], int]] = {
        0x217E: lambda task: len(task.channel_names),  # Write_NumChans
        0x217F: _lines_per_channel,  # Write_DigitalLines_BytesPerChan
    }
    value = _look_up(table, request.attribute_raw, state.task(request.task.name))
    return messages.GetWriteAttributeUInt32Response(value=value)


def _timing_double(state: ServerState, request: Any) -> Any:
    timing = _timing(state, request)
    if request.attribute_raw != 0x1344:  # SampClk_Rate
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, f"Property: {request.attribute_raw:#06x}")
    return messages.GetTimingAttributeDoubleResponse(value=timing.rate_hz)


def _timing_int(state: ServerState, request: Any) -> Any:
    value = _look_up(_TIMING_INTS, request.attribute_raw, _timing(state, request))
    return messages.GetTimingAttributeInt32Response(value_raw=value)


def _timing_count(state: ServerState, request: Any) -> Any:
    timing = _timing(state, request)
    if request.attribute_raw != 0x1310:  # SampQuant_SampPerChan
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, f"Property: {request.attribute_raw:#06x}")
    return messages.GetTimingAttributeUInt64Response(value=timing.samples_per_channel)


def _timing(state: ServerState, request: Any) -> SampleClock:
    timing = state.task(request.task.name).timing
    if timing is None:
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, "The task has no sample clock.")
    return timing


def _lines_per_channel(task: DaqTask) -> int:
    return max((len(channel.lines) for channel in task.digital), default=0)


def _default_read(state: ServerState, task: DaqTask) -> int:
    if task.acquisition is None:
        return 1 if task.timing is None else 0 if task.timing.continuous else task.timing.samples_per_channel
    return task.acquisition.resolve(-1, state.clock.now())


HANDLERS: Mapping[str, Callable[[ServerState, Any], Any]] = {
    "GetChanAttributeDouble": _channel_double,
    "GetChanAttributeInt32": _channel_int,
    "GetChanAttributeString": _channel_string,
    "GetChanAttributeUInt32": _channel_count,
    "GetDeviceAttributeBool": _device_flag,
    "GetDeviceAttributeString": _device_string,
    "GetDeviceAttributeUInt32": _device_count,
    "GetReadAttributeString": _read_string,
    "GetReadAttributeUInt32": _read_count,
    "GetSystemInfoAttributeString": _system_string,
    "GetSystemInfoAttributeUInt32": _system_count,
    "GetTaskAttributeString": _task_string,
    "GetTaskAttributeUInt32": _task_count,
    "GetTimingAttributeDouble": _timing_double,
    "GetTimingAttributeInt32": _timing_int,
    "GetTimingAttributeUInt64": _timing_count,
    "GetWriteAttributeUInt32": _write_count,
}
