"""The liquid's surface in the vessel: its height below the rim, and what evaporates there."""

from __future__ import annotations

from instruments.simulated.physics.weighing import setup_of
from instruments.simulated.truth.config import TwinConfig
from instruments.simulated.truth.events import Evaporation

_LEAST_HEADSPACE_MM = 0.5


class Surface:
    """Evaporation as temperature, humidity, level and the state of the oil film make it."""

    def __init__(self, truth: TwinConfig, first_g_per_ul: float) -> None:
        """Begin with the water's density at bench time 0, when the headspace was what the truth states."""
        setup = setup_of(truth)
        self._first_water_ul = truth.vessel.water_mass_g / first_g_per_ul
        self._mm_per_ul = 1e-6 / (setup.vessel_area_m2 - setup.tube_area_m2)
        self._first_mm = truth.vessel.headspace_mm.value
        self._own_ug_per_min = truth.vessel.evaporation_ug_per_min.value
        self._events = [event for event in truth.event if isinstance(event, Evaporation)]

    def headspace_mm(self, *, water_g: float, g_per_ul: float) -> float:
        """Return the height from the surface to the rim, mm."""
        risen_mm = (water_g / g_per_ul - self._first_water_ul) * self._mm_per_ul
        return max(self._first_mm - risen_mm, _LEAST_HEADSPACE_MM)

    def evaporation_g_per_s(self, t_s: float, *, water_g: float, g_per_ul: float, drive: float) -> float:
        """Return the rate at `t_s`, g/s; `drive` is 1 at 20 C and 50 %RH."""
        rate_ug_per_min = self._own_ug_per_min
        for event in self._events:
            if event.at_s <= t_s < event.end_s:
                rate_ug_per_min = event.ug_per_min
        lengthening = self._first_mm / self.headspace_mm(water_g=water_g, g_per_ul=g_per_ul)
        return rate_ug_per_min * 1e-6 / 60.0 * drive * lengthening
