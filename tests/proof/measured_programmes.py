"""A short programme for each kind of evaluation on the twin."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.proof.measured_daily import checked_daily
from tests.proof.measured_infusions import overinfused, primed_and_bridged, restarted, scheduled, stalled, stepped
from tests.proof.measured_runs import Measured
from tests.proof.measured_volumes import boluses, emptied, locked_out, refilled

PROGRAMMES: Mapping[str, Callable[[int], Measured]] = {
    "steps": stepped,
    "schedule": scheduled,
    "prime_bridge": primed_and_bridged,
    "refill": refilled,
    "reservoir": emptied,
    "stall": stalled,
    "overinfusion": overinfused,
    "overinfusion, sudden": lambda seed: overinfused(seed, {"kind": "rate_error", "percent": 30.0}),
    "overinfusion, creeping": lambda seed: overinfused(seed, {"kind": "drift", "percent_per_day": 12.0}),
    "restart": restarted,
    "lockout": locked_out,
    "daily_check": checked_daily,
    "bolus": boluses,
    "bolus, external": lambda seed: boluses(seed, station="simulated-external", volume_ul=1000.0, count=4),
}
