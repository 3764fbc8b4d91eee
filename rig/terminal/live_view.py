"""The state of a running case as a reader of its stream sees it."""

from __future__ import annotations

from collections import deque

from results.trace.schema import MASS, TraceEvent
from rig.acquisition.sample import NS_PER_S, Sample
from rig.acquisition.stream import Item

FLOW_WINDOW_S = 900.0
SHORTEST_WINDOW_S = 60.0
WATER_MG_PER_UL = 0.998
THINNING_S = 10.0


class LiveView:
    """Listens to the stream; a display reads its attributes whenever it likes.

    The live flow is a plain difference over the last `FLOW_WINDOW_S`, neither corrected nor a result.
    """

    def __init__(self, *, planned_s: float, set_flow_ul_per_h: float) -> None:
        self.planned_s = planned_s
        self.set_flow_ul_per_h = set_flow_ul_per_h
        self.phase = "connect"
        self.infusing = False
        self.time_s = 0.0
        self.live_flow_ul_per_h: float | None = None
        self._masses: deque[tuple[float, float]] = deque()

    def listen(self, item: Item) -> None:
        """Take one item of the stream."""
        if isinstance(item, Sample):
            self.time_s = item.time_ns / NS_PER_S
            if item.stream == MASS and item.status.carries_number:
                self._add_mass(self.time_s, float(item.values[0]))
        elif isinstance(item, TraceEvent):
            self._follow(item)

    @property
    def fraction(self) -> float:
        """Part of the planned time that has passed, 0 to 1."""
        return min(1.0, self.time_s / self.planned_s) if self.planned_s > 0 else 1.0

    def _add_mass(self, time_s: float, mass_g: float) -> None:
        masses = self._masses
        if masses and time_s - masses[-1][0] < THINNING_S:
            return
        masses.append((time_s, mass_g))
        while time_s - masses[0][0] > FLOW_WINDOW_S:
            masses.popleft()
        first_s, first_g = masses[0]
        if time_s - first_s >= SHORTEST_WINDOW_S:
            volume_ul = (mass_g - first_g) * 1000.0 / WATER_MG_PER_UL
            self.live_flow_ul_per_h = volume_ul / (time_s - first_s) * 3600.0

    def _restart_flow(self) -> None:
        self._masses.clear()
        self.live_flow_ul_per_h = None

    def _follow(self, event: TraceEvent) -> None:
        if event.kind == "phase_begin":
            self.phase = str(event.data["phase"])
            self._restart_flow()
        elif event.kind in ("infusion_start", "infusion_stop"):
            self.infusing = event.kind == "infusion_start"
            self._restart_flow()
