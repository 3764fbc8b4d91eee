"""Readings that may be the repetition of an older answer: on record as events, and readings of nobody's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from results.trace.reader import StreamTrace, Trace
from results.trace.schema import READING_DOUBTED
from results.trace.status import SampleStatus


def undoubted_status(trace: Trace, stream: StreamTrace) -> NDArray[np.uint8]:
    """Return the status of every sample of a stream; one that may be older than it says carries no number."""
    events = [event for event in trace.events if event.kind == READING_DOUBTED and event.source == stream.spec.name]
    doubted = [int(str(event.data["time_ns"])) for event in events]
    if not doubted:
        return stream.status
    return np.where(np.isin(stream.time_ns, doubted), np.uint8(SampleStatus.PROTOCOL_ERROR), stream.status)
