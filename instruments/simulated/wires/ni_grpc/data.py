"""Reads and writes of samples. Arrays travel whole: zero-filled to the client's size, with the count of valid ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from nidaqmx._stubs import nidaqmx_pb2 as messages
from nidaqmx.constants import FillMode
from numpy.typing import NDArray

from instruments.simulated.wires.ni_grpc import errors
from instruments.simulated.wires.ni_grpc.errors import DaqmxError
from instruments.simulated.wires.ni_grpc.state import ServerState
from instruments.simulated.wires.ni_grpc.tasks import DaqTask


def _read_analog(state: ServerState, request: Any) -> Any:
    samples, wanted, complete = state.read_analog(
        state.task(request.task.name), request.num_samps_per_chan, request.timeout
    )
    if samples.shape[0] * wanted > request.array_size_in_samps:
        raise DaqmxError(errors.INVALID_ATTRIBUTE_VALUE, "The read array is too small.", samples_read=0)
    filled = _filled(samples, wanted, request.array_size_in_samps, request.fill_mode_raw)
    # This one error comes back as an answer, with the samples that were there.
    return messages.ReadAnalogF64Response(
        status=state.warning if complete else errors.SAMPLES_NOT_YET_AVAILABLE,
        read_array=filled.tolist(),
        samps_per_chan_read=samples.shape[1],
    )


def _read_analog_scalar(state: ServerState, request: Any) -> Any:
    task = state.task(request.task.name)
    samples, _, complete = state.read_analog(task, 1, request.timeout)
    if len(task.analog) != 1:
        raise DaqmxError(errors.READ_CHANNEL_TYPE_MISMATCH, f"Task Name: {task.name}")
    if not complete:
        raise DaqmxError(errors.SAMPLES_NOT_YET_AVAILABLE, f"Task Name: {task.name}")
    return messages.ReadAnalogScalarF64Response(value=float(samples[0, 0]))


def _filled(samples: NDArray[np.float64], wanted: int, size: int, fill_mode: int) -> NDArray[np.float64]:
    """Return the array as sent: row stride is the number asked for, not the number read."""
    channels, read = samples.shape
    filled = np.zeros(size)
    if fill_mode == FillMode.GROUP_BY_SCAN_NUMBER.value:
        filled[: channels * read] = samples.T.ravel()
    else:
        filled[: channels * wanted].reshape(channels, wanted)[:, :read] = samples
    return filled


def _write_lines(state: ServerState, request: Any) -> Any:
    task = _digital(state, request)
    stride = max(len(channel.lines) for channel in task.digital)
    data = np.frombuffer(request.write_array, dtype=np.uint8).astype(bool)
    rows = _last_sample(data, task, request, stride)
    levels = [list(row[: len(channel.lines)]) for channel, row in zip(task.digital, rows, strict=True)]
    task.write_lines([[bool(level) for level in row] for row in levels], state.clock.now())
    return messages.WriteDigitalLinesResponse(samps_per_chan_written=request.num_samps_per_chan)


def _write_u32(state: ServerState, request: Any) -> Any:
    task = _digital(state, request)
    words = _last_sample(np.array(request.write_array, dtype=np.uint32), task, request, 1)[:, 0]
    levels = [
        [bool(int(word) >> bit & 1) for bit in channel.bits] for channel, word in zip(task.digital, words, strict=True)
    ]
    task.write_lines(levels, state.clock.now())
    return messages.WriteDigitalU32Response(samps_per_chan_written=request.num_samps_per_chan)


def _last_sample(data: NDArray[Any], task: DaqTask, request: Any, stride: int) -> NDArray[Any]:
    """Return the last sample of each channel, shape (channels, stride): without a clock the others leave no trace."""
    channels, samples = len(task.digital), request.num_samps_per_chan
    if samples < 1 or data.size != channels * samples * stride:
        raise DaqmxError(errors.WRITE_NUMBER_OF_CHANNELS_MISMATCH, f"Task Name: {task.name}")
    by_scan = request.data_layout_raw == FillMode.GROUP_BY_SCAN_NUMBER.value
    last: NDArray[Any] = (
        data.reshape(samples, channels, stride)[-1] if by_scan else data.reshape(channels, samples, stride)[:, -1]
    )
    return last


def _read_lines(state: ServerState, request: Any) -> Any:
    task = _digital(state, request)
    levels = task.read_lines(state.clock.now())
    stride = max(len(row) for row in levels)
    samples = max(1, request.num_samps_per_chan)
    rows = np.zeros((len(levels), samples, stride), dtype=np.uint8)
    for index, row in enumerate(levels):
        rows[index, :, : len(row)] = row
    sent = _laid_out(rows, request.fill_mode_raw, request.array_size_in_bytes)
    return messages.ReadDigitalLinesResponse(
        read_array=sent.tobytes(), samps_per_chan_read=samples, num_bytes_per_samp=stride
    )


def _read_u32(state: ServerState, request: Any) -> Any:
    task = _digital(state, request)
    words = [
        sum(int(high) << bit for high, bit in zip(row, channel.bits, strict=True))
        for channel, row in zip(task.digital, task.read_lines(state.clock.now()), strict=True)
    ]
    samples = max(1, request.num_samps_per_chan)
    rows = np.repeat(np.array(words, dtype=np.uint32)[:, None, None], samples, axis=1)
    sent = _laid_out(rows, request.fill_mode_raw, request.array_size_in_samps)
    return messages.ReadDigitalU32Response(read_array=sent.tolist(), samps_per_chan_read=samples)


def _laid_out(rows: NDArray[Any], fill_mode: int, size: int) -> NDArray[Any]:
    ordered = rows.swapaxes(0, 1) if fill_mode == FillMode.GROUP_BY_SCAN_NUMBER.value else rows
    if ordered.size > size:
        raise DaqmxError(errors.INVALID_ATTRIBUTE_VALUE, "The read array is too small.", samples_read=0)
    sent = np.zeros(size, dtype=rows.dtype)
    sent[: ordered.size] = ordered.ravel()
    return sent


def _digital(state: ServerState, request: Any) -> DaqTask:
    state.check_device()
    task = state.task(request.task.name)
    task.refuse_without_channels()
    if not task.digital:
        raise DaqmxError(errors.READ_CHANNEL_TYPE_MISMATCH, f"Task Name: {task.name}")
    return task


HANDLERS: Mapping[str, Callable[[ServerState, Any], Any]] = {
    "ReadAnalogF64": _read_analog,
    "ReadAnalogScalarF64": _read_analog_scalar,
    "ReadDigitalLines": _read_lines,
    "ReadDigitalU32": _read_u32,
    "WriteDigitalLines": _write_lines,
    "WriteDigitalU32": _write_u32,
}
