"""The motor as the firmware commands it."""

from __future__ import annotations

from instruments.simulated.physics.bench import Bench


class Motor:
    """Passes changes of flow on to the mechanism; one of them, where the pump was made so, it forgets."""

    def __init__(self, bench: Bench, missed_change: int | None) -> None:
        self._bench = bench
        self._missed_change = missed_change
        self._changes = 0
        self._flow_ul_per_h = 0.0

    def run(self, t_s: float, flow_ul_per_h: float) -> None:
        """Run at a flow (uL/h; negative runs back, 0 stops) from `t_s` on."""
        before, self._flow_ul_per_h = self._flow_ul_per_h, flow_ul_per_h
        if flow_ul_per_h == before:
            return
        if before > 0.0 and flow_ul_per_h > 0.0:
            self._changes += 1
            if self._changes == self._missed_change:
                return
        self._bench.set_pump_flow(t_s, flow_ul_per_h)
