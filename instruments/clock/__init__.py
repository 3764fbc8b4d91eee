"""Station time: what it is, who may wait for it, and the two clocks that keep it."""

from instruments.clock.interface import Clock, Event, Task, host_asleep_s, host_monotonic_s, utc_now
from instruments.clock.virtual import VirtualClock
from instruments.clock.wall import WallClock

__all__ = [
    "Clock",
    "Event",
    "Task",
    "VirtualClock",
    "WallClock",
    "host_asleep_s",
    "host_monotonic_s",
    "utc_now",
]
