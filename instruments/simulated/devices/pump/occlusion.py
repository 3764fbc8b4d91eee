"""What an external pump does about pressure in its line: alarm threshold, bolus reduction, automatic restart."""

from __future__ import annotations

from dataclasses import dataclass

from instruments.simulated.devices.pump.limits import OCCLUSION_THRESHOLDS_KPA
from instruments.simulated.devices.pump.line_sensor import LineSensor, SensorBuild

RESTART_SHARE = 0.5
RESTART_WITHIN_S = 15.0
RESTARTS = 3
RESTARTS_IN_S = 600.0
"""A volumetric pump on the market restarts below half the limit within 15 s, up to nine times in ten minutes."""


@dataclass(frozen=True, slots=True)
class OcclusionBuild:
    """How this pump's occlusion unit was made."""

    sensor: SensorBuild
    latency_s: float
    """The pressure must have exceeded the threshold for so long; the pump goes on meanwhile."""
    contact_latency_s: float
    """From an alarm to the alarm output's contact."""
    silent: bool = False
    """It never alarms."""
    reduction_works: bool = True
    reduction_ul_per_h: float = 20_000.0
    reduction_down_to_kpa: float = 10.0
    reduction_most_ul: float = 500.0
    """So much is drawn back at most, by the pump's own count."""


class OcclusionUnit:
    """Settings of the unit, its sensor, and its book of restarts."""

    def __init__(self, build: OcclusionBuild, sensor: LineSensor) -> None:
        self.build = build
        self.sensor = sensor
        self.threshold_kpa = OCCLUSION_THRESHOLDS_KPA[0]
        self.reduction_on = True
        self.restart_on = False
        self.drawn_back_ul = 0.0
        """What the last reduction drew back, by the pump's own count."""
        self._restarts_s: list[float] = []

    @property
    def reduces(self) -> bool:
        """True when an alarm is followed by a reduction."""
        return self.reduction_on and self.build.reduction_works

    def restarts_left(self, t_s: float) -> int:
        """Return how often the pump may still restart by itself, at a time of the bench."""
        return RESTARTS - sum(restart_s > t_s - RESTARTS_IN_S for restart_s in self._restarts_s)

    def note_restart(self, t_s: float) -> None:
        """Enter a restart in the book."""
        self._restarts_s = [restart_s for restart_s in self._restarts_s if restart_s > t_s - RESTARTS_IN_S] + [t_s]

    def watch_for_occlusion(self, t_s: float) -> None:
        """Watch for pressure above the threshold."""
        threshold_kpa = self.threshold_kpa
        if self.build.silent:
            self.sensor.rest()
        else:
            self.sensor.watch(t_s, lambda readings: readings > threshold_kpa, hold_s=self.build.latency_s)

    def watch_for_relief(self, t_s: float) -> None:
        """Watch for a pressure at which the pump may go on."""
        relieved_kpa = RESTART_SHARE * self.threshold_kpa
        self.sensor.watch(t_s, lambda readings: readings < relieved_kpa)

    def watch_for_reduced(self, t_s: float) -> None:
        """Watch for a pressure at which running back ends."""
        reduced_kpa = self.build.reduction_down_to_kpa
        self.sensor.watch(t_s, lambda readings: readings <= reduced_kpa)
