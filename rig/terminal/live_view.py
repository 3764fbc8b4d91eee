"""The state of a running case as a reader of its stream sees it."""

from __future__ import annotations

from collections import deque

import numpy as np

from results.trace.schema import MASS, TraceEvent
from rig.acquisition.sample import NS_PER_S, Sample
from rig.acquisition.stream import Item
from rig.stopping import WATER_MG_PER_UL
from rig.valves import OUTLET

WINDOW_VOLUME_UL = 20.0
SHORTEST_WINDOW_S = 60.0
LONGEST_WINDOW_S = 2 * 3600.0
POINTS_PER_WINDOW = 120


class LiveView:
    """Listens to the stream; a display reads its attributes whenever it likes.

    The live flow is the slope of the readings over the last while: neither corrected nor a result, and None while
    there is too little of it or nothing flows into the vessel. The while is long enough for `WINDOW_VOLUME_UL`, within
    bounds: a pump that delivers in strokes has no flow over less.
    """

    def __init__(self, *, planned_s: float) -> None:
        self.planned_s = planned_s
        self.phase = "connect"
        self.time_s = 0.0
        self.set_flow_ul_per_h = 0.0
        self.live_flow_ul_per_h: float | None = None
        self.to_vessel = False
        self._masses: deque[tuple[float, float]] = deque()
        self._window_s = SHORTEST_WINDOW_S

    def listen(self, item: Item) -> None:
        """Take one item of the stream."""
        if isinstance(item, Sample):
            self.time_s = item.time_ns / NS_PER_S
            if item.stream == MASS and item.status.carries_number and self.to_vessel:
                self._add_mass(self.time_s, float(item.values[0]))
        elif isinstance(item, TraceEvent):
            self._follow(item)

    @property
    def fraction(self) -> float:
        """Part of the planned time that has passed, 0 to 1."""
        return min(1.0, self.time_s / self.planned_s) if self.planned_s > 0 else 1.0

    def _add_mass(self, time_s: float, mass_g: float) -> None:
        masses = self._masses
        if masses and time_s - masses[-1][0] < self._window_s / POINTS_PER_WINDOW:
            return
        masses.append((time_s, mass_g))
        while time_s - masses[0][0] > self._window_s:
            masses.popleft()
        if time_s - masses[0][0] >= self._window_s / 2:
            self.live_flow_ul_per_h = _slope(masses) * 1000.0 / WATER_MG_PER_UL * 3600.0

    def _restart_flow(self) -> None:
        self._masses.clear()
        self.live_flow_ul_per_h = None
        needed_s = WINDOW_VOLUME_UL / self.set_flow_ul_per_h * 3600.0 if self.set_flow_ul_per_h > 0 else 900.0
        self._window_s = min(max(needed_s, SHORTEST_WINDOW_S), LONGEST_WINDOW_S)

    def _follow(self, event: TraceEvent) -> None:
        if event.kind == "phase_begin":
            self.phase = str(event.data["phase"])
        elif event.kind == "infusion_start":
            flow = event.data["flow_ul_per_h"]
            self.set_flow_ul_per_h = flow if isinstance(flow, float) else 0.0
            self._restart_flow()
        elif event.kind == "infusion_stop":
            self.set_flow_ul_per_h = 0.0
            self._restart_flow()
        elif event.kind == "valve" and event.data["line"] == OUTLET:
            self.to_vessel = bool(event.data["energised"])
            self._restart_flow()


def _slope(points: deque[tuple[float, float]]) -> float:
    """Return the least-squares slope of (time, value) points."""
    time, value = np.array(points).T
    time -= time.mean()
    return float(time @ value / (time @ time))
