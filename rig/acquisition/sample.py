"""One sample on its way from a sampler to the journal, and the map from device states to trace statuses."""

from __future__ import annotations

from dataclasses import dataclass

from instruments.errors import InstrumentError, InstrumentTimeout, LinkLost, ProtocolError
from instruments.readings import ReadingState
from results.trace.status import SampleStatus

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of a stream: station time since the start of the run (ns), status, and the values in column order."""

    stream: str
    time_ns: int
    status: SampleStatus
    values: tuple[float | int | bytes, ...]


STATUS_OF_STATE: dict[ReadingState, SampleStatus] = {
    ReadingState.STABLE: SampleStatus.GOOD,
    ReadingState.DYNAMIC: SampleStatus.DYNAMIC,
    ReadingState.OVERLOAD: SampleStatus.OVERLOAD,
    ReadingState.UNDERLOAD: SampleStatus.UNDERLOAD,
    ReadingState.BUSY: SampleStatus.BUSY,
    ReadingState.DEVICE_ERROR: SampleStatus.DEVICE_ERROR,
    ReadingState.WIRE_BREAK: SampleStatus.WIRE_BREAK,
    ReadingState.OVER_RANGE: SampleStatus.OVER_RANGE,
    ReadingState.UNDER_RANGE: SampleStatus.UNDER_RANGE,
}
"""The one map from what a device says of a reading to what the trace says of it; a test holds it complete."""

STATUS_OF_ERROR: dict[type[InstrumentError], SampleStatus] = {
    InstrumentTimeout: SampleStatus.TIMEOUT,
    LinkLost: SampleStatus.LINK_LOST,
    ProtocolError: SampleStatus.PROTOCOL_ERROR,
}


def status_of_error(error: InstrumentError) -> SampleStatus:
    """Return the trace status of a failed read."""
    for kind in type(error).__mro__:
        if kind in STATUS_OF_ERROR:
            return STATUS_OF_ERROR[kind]
    return SampleStatus.DEVICE_ERROR


def to_ns(time_s: float) -> int:
    """Return a time (s) as whole nanoseconds."""
    return round(time_s * NS_PER_S)
