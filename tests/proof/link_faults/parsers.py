"""What devices' replies say, read by a second hand: nothing here is shared with the drivers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

Values = tuple[float, ...]

_SI = re.compile(rb"S [SD] +(-?[0-9.]+) (g|mg)\r\n")
_SBI = re.compile(rb"(?:N  {4})?([+ -]) *([0-9.]+) (g  | {3})\r\n")
_AIR = re.compile(rb"P= *([0-9.]+) hPa *T= *(-?[0-9.]+) 'C *RH= *([0-9.]+) %RH")
_STATUS = re.compile(
    rb"[0-9A-F]{4} STA\? OK .*STATE=(\w+) .*?FLOW=([0-9.]+) .*?DELIVERED=([0-9.]+) .*?RESERVOIR=([0-9.]+)"
)
_DISPENSED = re.compile(rb"00([ISPTUX])I([0-9.]+)W[0-9.]+(UL|ML)")


def sics(reply: bytes) -> Values | None:
    """Read a weight, g."""
    found = _SI.fullmatch(reply)
    return None if found is None else (float(found[1]) * (1.0 if found[2] == b"g" else 1e-3),)


def sbi(reply: bytes) -> Values | None:
    """Read a weight, g."""
    found = _SBI.fullmatch(reply)
    return None if found is None else ((-1.0 if found[1] == b"-" else 1.0) * float(found[2]),)


def air(reply: bytes) -> Values | None:
    """Read temperature (degC), humidity (%), pressure (hPa)."""
    found = _AIR.search(reply)
    return None if found is None else (float(found[2]), float(found[3]), float(found[1]))


def bench_status(reply: bytes) -> Values | None:
    """Read flow (uL/h), delivered volume and reservoir (uL) of a pump of the bench interface."""
    found = _STATUS.search(reply)
    return None if found is None else tuple(float(found[place]) for place in (2, 3, 4))


def ne1000_status(reply: bytes) -> Values | None:
    """Read the volume (uL) an NE-1000 says it has infused."""
    found = _DISPENSED.search(reply)
    return None if found is None else (float(found[2]) * (1000.0 if found[3] == b"ML" else 1.0),)


QUESTIONS: Mapping[str, tuple[bytes, Callable[[bytes], Values | None], tuple[str, ...]]] = {
    "mt-sics": (b"SI\r\n", sics, ("mass_g",)),
    "sbi": (b"\x1bP\r\n", sbi, ("mass_g",)),
    "ptu300": (b"SEND\r", air, ("temperature_c", "humidity_percent", "pressure_hpa")),
    "bench-interface": (b"STA?", bench_status, ("set_flow_ul_per_h", "delivered_ul", "reservoir_ul")),
    "ne1000": (b"DIS", ne1000_status, ("delivered_ul",)),
}
"""By driver: the question of a sample, how its reply is read, and the columns that it fills."""


def line_kpa(current_a: float) -> float:
    """Return the gauge pressure of the channel `line` of the station: 4 to 20 mA are 0 to 200 kPa."""
    return math.nan if not 0.00382 <= current_a <= 0.02048 else (current_a - 0.004) / 0.016 * 200.0


def catheter_kpa(ratio_mv_per_v: float) -> float:
    """Return the gauge pressure of the channel `catheter`: 0 to 3 mV/V are 0 to 200 kPa."""
    return math.nan if not -0.25 <= ratio_mv_per_v <= 3.5 else ratio_mv_per_v / 3.0 * 200.0


def volts(voltage_v: float) -> float:
    """Return a voltage as it is, where it is one."""
    return voltage_v if -1.0 <= voltage_v <= 9.0 else math.nan


DAQ_STREAMS: tuple[tuple[str, str, Callable[[float], float]], ...] = (
    ("pressure_line", "pressure_kpa", line_kpa),
    ("pressure_catheter", "pressure_kpa", catheter_kpa),
    ("voltage_valve", "voltage_v", volts),
)
