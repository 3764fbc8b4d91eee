"""Quality codes stored beside every sample. Only GOOD and DYNAMIC samples carry a number."""

from __future__ import annotations

from enum import IntEnum


class SampleStatus(IntEnum):
    """Status of one stored sample; the legend is written into every trace."""

    GOOD = 0
    DYNAMIC = 1
    OVERLOAD = 2
    UNDERLOAD = 3
    BUSY = 4
    DEVICE_ERROR = 5
    WIRE_BREAK = 6
    OVER_RANGE = 7
    UNDER_RANGE = 8
    TIMEOUT = 9
    LINK_LOST = 10
    PROTOCOL_ERROR = 11
    MISSED = 12

    @property
    def carries_number(self) -> bool:
        """True when the sample has a value; all others are stored as NaN."""
        return self in (SampleStatus.GOOD, SampleStatus.DYNAMIC)


STATUS_LEGEND = ", ".join(f"{status.value}={status.name}" for status in SampleStatus)
