"""The calls the stand-in answers: gRPC method name -> function of state and request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nidaqmx._stubs import nidaqmx_pb2 as messages
from nidaqmx.constants import AcquisitionType, ChannelType, TaskMode, UsageTypeAI
from session_pb2 import Session

from instruments.simulated.wires.ni_grpc import attributes, data, errors
from instruments.simulated.wires.ni_grpc.acquisition import sample_clock
from instruments.simulated.wires.ni_grpc.channels import (
    LinearScale,
    analog_inputs,
    digital_channels,
    pressure_bridge_scale,
    ratio_scale,
)
from instruments.simulated.wires.ni_grpc.device import Quantity
from instruments.simulated.wires.ni_grpc.errors import DaqmxError
from instruments.simulated.wires.ni_grpc.state import ServerState

Handler = Callable[[ServerState, Any], Any]
_INITIALIZE_NEW, _ATTACH_TO_EXISTING = 1, 2
_CHAN_FOR_ALL_LINES = 1


def _create_task(state: ServerState, request: Any) -> Any:
    task, is_new = state.create_task(
        request.session_name,
        may_create=request.initialization_behavior != _ATTACH_TO_EXISTING,
        may_attach=request.initialization_behavior != _INITIALIZE_NEW,
    )
    return messages.CreateTaskResponse(task=Session(name=task.name), new_session_initialized=is_new)


def _clear_task(state: ServerState, request: Any) -> Any:
    state.clear_task(request.task.name)
    return messages.ClearTaskResponse()


def _start_task(state: ServerState, request: Any) -> Any:
    state.start_task(state.task(request.task.name))
    return messages.StartTaskResponse()


def _stop_task(state: ServerState, request: Any) -> Any:
    state.stop_task(state.task(request.task.name))
    return messages.StopTaskResponse()


def _is_task_done(state: ServerState, request: Any) -> Any:
    done = state.task(request.task.name).is_done(state.clock.now())
    return messages.IsTaskDoneResponse(is_task_done=done)


def _wait_until_task_done(state: ServerState, request: Any) -> Any:
    state.wait_until_done(state.task(request.task.name), request.time_to_wait)
    return messages.WaitUntilTaskDoneResponse()


def _task_control(state: ServerState, request: Any) -> Any:
    task = state.task(request.task.name)
    if request.action_raw == TaskMode.TASK_START.value:
        state.start_task(task)
    elif request.action_raw in (TaskMode.TASK_STOP.value, TaskMode.TASK_ABORT.value, TaskMode.TASK_UNRESERVE.value):
        state.stop_task(task)
    else:
        task.refuse_without_channels()
    return messages.TaskControlResponse()


def _create_voltage(state: ServerState, request: Any) -> Any:
    _add_analog(state, request, Quantity.VOLTAGE, UsageTypeAI.VOLTAGE, LinearScale())
    return messages.CreateAIVoltageChanResponse()


def _create_current(state: ServerState, request: Any) -> Any:
    _add_analog(state, request, Quantity.CURRENT, UsageTypeAI.CURRENT, LinearScale())
    return messages.CreateAICurrentChanResponse()


def _create_bridge(state: ServerState, request: Any) -> Any:
    _add_analog(state, request, Quantity.BRIDGE_RATIO, UsageTypeAI.BRIDGE, lambda: ratio_scale(request.units_raw))
    return messages.CreateAIBridgeChanResponse()


def _create_pressure_bridge(state: ServerState, request: Any) -> Any:
    _add_analog(
        state,
        request,
        Quantity.BRIDGE_RATIO,
        UsageTypeAI.PRESSURE_BRIDGE,
        lambda: pressure_bridge_scale(
            electrical=(request.first_electrical_val, request.second_electrical_val),
            electrical_units=request.electrical_units_raw,
            physical=(request.first_physical_val, request.second_physical_val),
            physical_units=request.physical_units_raw,
            units=request.units_raw,
        ),
    )
    return messages.CreateAIPressureBridgeTwoPointLinChanResponse()


def _add_analog(
    state: ServerState,
    request: Any,
    quantity: Quantity,
    usage: UsageTypeAI,
    scale: LinearScale | Callable[[], LinearScale],
) -> None:
    task = state.task(request.task.name)
    task.add(
        analog_inputs(
            state.device,
            physical_channel=request.physical_channel,
            name=request.name_to_assign_to_channel,
            quantity=quantity,
            usage=usage,
            minimum=request.min_val,
            maximum=request.max_val,
            scale=state.scale(request.units_raw, request.custom_scale_name, scale),
        )
    )


def _create_output_lines(state: ServerState, request: Any) -> Any:
    _add_digital(state, request, ChannelType.DIGITAL_OUTPUT)
    return messages.CreateDOChanResponse()


def _create_input_lines(state: ServerState, request: Any) -> Any:
    _add_digital(state, request, ChannelType.DIGITAL_INPUT)
    return messages.CreateDIChanResponse()


def _add_digital(state: ServerState, request: Any, chan_type: ChannelType) -> None:
    state.task(request.task.name).add(
        digital_channels(
            state.device,
            lines=request.lines,
            name=request.name_to_assign_to_lines,
            one_channel_for_all=request.line_grouping_raw == _CHAN_FOR_ALL_LINES,
            chan_type=chan_type,
        )
    )


def _create_scale(state: ServerState, request: Any) -> Any:
    state.add_scale(request.name, LinearScale(request.slope, request.y_intercept))
    return messages.CreateLinScaleResponse()


def _cfg_sample_clock(state: ServerState, request: Any) -> Any:
    task = state.task(request.task.name)
    task.refuse_while_running()
    task.refuse_without_channels()
    if not task.analog:
        raise DaqmxError(errors.PROPERTY_NOT_SUPPORTED, f"Property: SampTimingType\nTask Name: {task.name}")
    task.timing = sample_clock(
        rate_hz=request.rate,
        clock_factor=state.device.clock_factor,
        continuous=request.sample_mode_raw != AcquisitionType.FINITE.value,
        samples_per_channel=request.samps_per_chan,
    )
    return messages.CfgSampClkTimingResponse()


def _get_error_string(state: ServerState, request: Any) -> Any:
    return messages.GetErrorStringResponse(error_string=errors.text_of(request.error_code))


def _self_test(state: ServerState, request: Any) -> Any:
    attributes.check_device(state, request.device_name)
    state.check_device()
    return messages.SelfTestDeviceResponse()


HANDLERS: Mapping[str, Handler] = {
    "CfgSampClkTiming": _cfg_sample_clock,
    "ClearTask": _clear_task,
    "CreateAIBridgeChan": _create_bridge,
    "CreateAICurrentChan": _create_current,
    "CreateAIPressureBridgeTwoPointLinChan": _create_pressure_bridge,
    "CreateAIVoltageChan": _create_voltage,
    "CreateDIChan": _create_input_lines,
    "CreateDOChan": _create_output_lines,
    "CreateLinScale": _create_scale,
    "CreateTask": _create_task,
    "GetErrorString": _get_error_string,
    "IsTaskDone": _is_task_done,
    "SelfTestDevice": _self_test,
    "StartTask": _start_task,
    "StopTask": _stop_task,
    "TaskControl": _task_control,
    "WaitUntilTaskDone": _wait_until_task_done,
    **attributes.HANDLERS,
    **data.HANDLERS,
}
"""Methods of the service `nidaqmx_grpc.NiDAQmx`; every other one answers UNIMPLEMENTED."""
