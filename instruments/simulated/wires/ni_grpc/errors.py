"""NI-DAQmx errors the stand-in can give, and their texts. Codes: NI-DAQmx C reference, `DAQmxErrors`."""

from __future__ import annotations

from dataclasses import dataclass

CAN_NOT_PERFORM_OP_WHEN_NO_CHANNELS = -200478
CAN_NOT_PERFORM_OP_WHILE_RUNNING = -200479
CHANNEL_ALREADY_IN_TASK = -200489
CUSTOM_SCALE_DOES_NOT_EXIST = -200378
DEVICE_CANNOT_BE_ACCESSED = -201003
DUPLICATE_TASK = -200089
INVALID_ATTRIBUTE_VALUE = -200077
INVALID_DEVICE = -200220
INVALID_TASK = -200088
LINEAR_SCALE_REQUIRES_UNIQUE_POINTS = -201334
MIN_NOT_LESS_THAN_MAX = -200082
MULTIPLE_CHANNEL_TYPES = -200559
PHYSICAL_CHANNEL_DOES_NOT_EXIST = -200170
PROPERTY_NOT_SUPPORTED = -200197
READ_CHANNEL_TYPE_MISMATCH = -200525
RESOURCE_RESERVED = -50103
SAMPLE_RATE_TOO_HIGH = -200332
SAMPLES_NO_LONGER_AVAILABLE = -200279
SAMPLES_NOT_YET_AVAILABLE = -200284
WAIT_UNTIL_DONE_NOT_DONE = -200560
WRITE_NUMBER_OF_CHANNELS_MISMATCH = -200524
ZERO_SLOPE_LINEAR_SCALE = -200409

_TEXTS = {
    CAN_NOT_PERFORM_OP_WHEN_NO_CHANNELS: "The operation cannot be performed when there are no channels in the task.",
    CAN_NOT_PERFORM_OP_WHILE_RUNNING: "The operation cannot be performed while the task is running.",
    CHANNEL_ALREADY_IN_TASK: "The task has a channel of that name already.",
    CUSTOM_SCALE_DOES_NOT_EXIST: "There is no custom scale of that name.",
    DEVICE_CANNOT_BE_ACCESSED: "The device cannot be accessed: it is disconnected, without power, or faulty.",
    DUPLICATE_TASK: "There is a task of that name already.",
    INVALID_ATTRIBUTE_VALUE: "The requested value is not supported for this property.",
    INVALID_DEVICE: "The device identifier is invalid.",
    INVALID_TASK: "The task is invalid or does not exist.",
    LINEAR_SCALE_REQUIRES_UNIQUE_POINTS: "The two points of a linear scale must differ.",
    MIN_NOT_LESS_THAN_MAX: "The minimum is not less than the maximum.",
    MULTIPLE_CHANNEL_TYPES: "All channels of a task must be of one type.",
    PHYSICAL_CHANNEL_DOES_NOT_EXIST: "The physical channel does not exist on this device.",
    PROPERTY_NOT_SUPPORTED: "The device does not support this property.",
    READ_CHANNEL_TYPE_MISMATCH: "The read does not fit the type of the task's channels.",
    RESOURCE_RESERVED: "The resource is reserved: another task uses it.",
    SAMPLE_RATE_TOO_HIGH: "The sample rate exceeds the maximum of the device.",
    SAMPLES_NO_LONGER_AVAILABLE: "The samples are no longer available: they were overwritten before they were read.",
    SAMPLES_NOT_YET_AVAILABLE: "Some or all of the samples requested have not yet been acquired.",
    WAIT_UNTIL_DONE_NOT_DONE: "The task was not done within the time to wait.",
    WRITE_NUMBER_OF_CHANNELS_MISMATCH: "The number of channels written differs from the number in the task.",
    ZERO_SLOPE_LINEAR_SCALE: "The slope of a linear scale must not be zero.",
}


def text_of(code: int) -> str:
    """Return the text of a code; empty for a code the stand-in never gives."""
    return _TEXTS.get(code, "")


@dataclass(frozen=True, slots=True)
class ErrorPeriod:
    """From `start_s` (included) to `end_s` (excluded) of bench time calls fail with a code.

    An overrun is found by reads only, any other error by starts, reads and writes.
    """

    code: int
    start_s: float
    end_s: float

    def hits(self, now_s: float, *, reading: bool) -> bool:
        """Return True when a call fails."""
        return self.start_s <= now_s < self.end_s and (reading or self.code != SAMPLES_NO_LONGER_AVAILABLE)


class DaqmxError(Exception):
    """An error NI-DAQmx reports. Read calls also say how many samples per channel they had read."""

    def __init__(self, code: int, detail: str = "", *, samples_read: int | None = None) -> None:
        self.code = code
        self.samples_read = samples_read
        self.text = f"{text_of(code)}\n\n{detail}\n\nStatus Code: {code}" if detail else f"{text_of(code)}\n\n{code}"
        super().__init__(self.text)


class LinkDown(Exception):
    """The server cannot be reached while a link fault lasts."""
