"""Steps of the reading that no pump makes: a re-zero, a tare, something put on the pan or taken off."""

from __future__ import annotations

import numpy as np

from results.cleaning.readings import CleanReadings
from results.refusal import EvaluationRefused

LARGEST_STEP_G = 0.1
"""More than any drop of water weighs; what exceeds it, and five times the set flow, was done to the balance."""
_FLOW_ALLOWANCE = 5.0


def refuse_steps(
    readings: CleanReadings, *, begin_s: float, end_s: float, set_flow_ul_per_h: float, sign: float
) -> None:
    """Raise `EvaluationRefused` when the readings (g) jump between begin and end by more than the set flow explains.

    `sign`: 1 where delivery makes the reading rise, -1 where it makes it fall. Of a jump that way the balance cannot
    tell a hand from a pump that delivers at once: the refusal says so.
    """
    inside = slice(*np.searchsorted(readings.time_s, (begin_s, end_s), side="left"))
    times, mass_g = readings.time_s[inside], readings.mass_g[inside]
    flow_g_per_s = set_flow_ul_per_h * 1e-3 / 3600.0
    jumps_g = np.diff(mass_g)
    beyond = np.abs(jumps_g) > LARGEST_STEP_G + _FLOW_ALLOWANCE * flow_g_per_s * np.diff(times)
    if beyond.any():
        place = int(np.argmax(beyond))
        delivered_g = sign * np.where(beyond, jumps_g, 0.0)
        burst = (
            f". If nobody did, the pump delivered up to {float(delivered_g.max()) * 1e3:.4g} uL at once at "
            f"{float(times[int(np.argmax(delivered_g)) + 1]):g} s: clear that up first"
            if delivered_g.max() > 0.0
            else ""
        )
        raise EvaluationRefused(
            f"the reading jumps by {float(jumps_g[place]):+.4g} g at {float(times[place + 1]):g} s "
            f"({int(np.count_nonzero(beyond))} such steps): the balance was re-zeroed, tared or touched during the "
            f"test; run the test again{burst}"
        )
