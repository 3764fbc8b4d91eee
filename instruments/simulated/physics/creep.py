"""Zero tracking and the adaptive filter: what makes a balance look steady, and makes it eat a slow flow.

Both take a slow change for the balance's own creep and forget it: zero tracking near an indication of zero, the
adaptive filter around whatever is indicated. OIML R 76-1 (2006) lets zero tracking forget half a scale interval per
second; makers do not publish the adaptive filter's law, this one has the same form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from instruments.simulated.physics.growing import FloatArray
from instruments.simulated.truth.measuring import BalanceTruth

_UG = 1e-6  # g


@dataclass(frozen=True, slots=True)
class CreepLaw:
    """Windows and speeds, in g and g per update; an infinitely narrow window (-1) switches a function off."""

    zero_window_g: float
    zero_step_g: float
    adaptive_window_g: float
    adaptive_step_g: float

    @property
    def acts(self) -> bool:
        """True when either function is on."""
        return self.zero_window_g >= 0.0 or self.adaptive_window_g >= 0.0


def creep_law(truth: BalanceTruth, *, zero_tracking: bool, adaptive: bool, update_s: float) -> CreepLaw:
    """Return the law for a balance with these settings."""
    return CreepLaw(
        zero_window_g=_UG * truth.zero_tracking_window_ug if zero_tracking else -1.0,
        zero_step_g=_UG * truth.zero_tracking_ug_per_s * update_s,
        adaptive_window_g=_UG * truth.adaptive_window_ug if adaptive else -1.0,
        adaptive_step_g=_UG * truth.adaptive_ug_per_s * update_s,
    )


def shown_with_creep(
    filtered_g: FloatArray, law: CreepLaw, *, forgotten_g: float, shown_g: float, tare_g: float
) -> tuple[FloatArray, FloatArray]:
    """Return (gross shown, total forgotten), g, for consecutive filtered values.

    `forgotten_g` and `shown_g` are the values of the update before.
    """
    shown: list[float] = []
    forgotten: list[float] = []
    held, lost = shown_g, forgotten_g
    for value in filtered_g.tolist():
        present = value - lost
        away = present - held
        if abs(away) <= law.adaptive_window_g:
            lost += min(max(away, -law.adaptive_step_g), law.adaptive_step_g)
        else:
            held = present
        net = held - tare_g
        if abs(net) <= law.zero_window_g:
            step = min(max(net, -law.zero_step_g), law.zero_step_g)
            lost += step
            held -= step
        shown.append(held)
        forgotten.append(lost)
    return np.array(shown), np.array(forgotten)
