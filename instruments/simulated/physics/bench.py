"""The bench as one thing: devices ask it, firmware commands it, and nothing depends on who asks when.

    bench = Bench(load_twin(path), seed=1)
    bench.set_valve(0.0, "outlet", energised=True)
    bench.set_pump_flow(0.0, 9.0)
    bench.balance_signal(3600.0).indication_g

All times are bench seconds (float). Queries may come in any order within the last `HISTORY_S`; commands take effect at
their time and must not lie before the last command. Methods are safe to call from any thread.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from instruments.simulated.physics.states import Agent, BalanceSignal, PumpMechanics, RoomState
from instruments.simulated.truth import TwinConfig, draw
from instruments.simulated.truth.events import LinkFaultEvent
from instruments.simulated.truth.measuring import ChannelName

UPDATE_PERIOD_S = 0.2
"""The balance makes a new value this often, however often it is asked."""

HISTORY_S = 3600.0
"""How far back queries may reach."""

ValveName = Literal["outlet", "occluder"]
BalanceSetting = Literal["zero_tracking", "adaptive", "filter", "zero", "tare", "tare_g"]


class Bench:
    """The simulated bench of one seed."""

    def __init__(self, truth: TwinConfig, seed: int) -> None:
        """Draw the bench of `seed` from `truth`; bench time begins at 0 with pump stopped, flow to waste, path open."""
        self.drawn = draw(truth, seed)
        """The truth as drawn: every `Drawn` value is the true one. Sensor errors for the front-ends are in here."""
        self.seed = seed
        self._lock = threading.RLock()
        self._agents: list[Agent] = []
        self._flow = 0.0
        self._since = 0.0
        self._phase = 0.0
        self._weighed = 0.0
        self._to_vessel = False
        self._tare_g = 0.0

    # ---- queries

    def balance_signal(self, t_s: float) -> BalanceSignal:
        """Return the balance's last update at or before `t_s`."""
        with self._lock:
            self._run_agents(t_s)
            update = int(t_s / UPDATE_PERIOD_S + 1e-6)
            gross = self._gross(update * UPDATE_PERIOD_S)
            return BalanceSignal(round(gross - self._tare_g, 5), self._tare_g, True, False, False, False, update)

    def pressure_kpa(self, channel: ChannelName, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the true gauge pressure, kPa, at a transducer at the given bench times; same shape as `times_s`."""
        with self._lock:
            return np.zeros_like(times_s)

    def room(self, t_s: float) -> RoomState:
        """Return the true air at `t_s`."""
        with self._lock:
            self._run_agents(t_s)
            return RoomState(self.drawn.room.temperature_c, self.drawn.room.humidity_percent, 1008.0)

    def pump_mechanics(self, t_s: float) -> PumpMechanics:
        """Return the true state of the pump's mechanism at `t_s`."""
        with self._lock:
            self._run_agents(t_s)
            strokes = int(self._phase_at(t_s))
            left = self.drawn.pump.reservoir_ul - strokes * self.drawn.pump.stroke_volume_ul
            return PumpMechanics(strokes, strokes, False, left, self._flow)

    def tip_volume_ul(self, t_s: float) -> float:
        """Return the volume that has left the catheter's tip since bench time 0, uL at the tip's temperature."""
        with self._lock:
            return int(self._phase_at(t_s)) * self.drawn.pump.stroke_volume_ul

    def link_faults(self, device: str) -> tuple[LinkFaultEvent, ...]:
        """Return the scheduled faults of a device's link; the bench itself does nothing with them."""
        return tuple(e for e in self.drawn.event if isinstance(e, LinkFaultEvent) and e.device == device)

    # ---- commands

    def set_pump_flow(self, t_s: float, flow_ul_per_h: float) -> None:
        """Command the pump's mechanism, uL/h by its own clock and nominal stroke; 0 stops. Keeps the stroke's phase."""
        with self._lock:
            self._commit(t_s)
            self._flow = flow_ul_per_h

    def set_valve(self, t_s: float, name: ValveName, *, energised: bool) -> None:
        """Switch a valve: "outlet" energised leads to the weighed vessel, "occluder" energised is a dead end."""
        with self._lock:
            self._commit(t_s)
            if name == "outlet":
                self._to_vessel = energised

    def set_balance_setting(self, t_s: float, name: BalanceSetting, value: bool | float | str) -> None:
        """Change the balance at `t_s`.

        "zero_tracking", "adaptive": bool. "filter": a `FilterName`. "zero": True makes the present load zero and clears
        the tare. "tare": True takes the present load as tare. "tare_g": a tare in g (0.0 clears it).
        """
        with self._lock:
            self._commit(t_s)
            if name == "tare":
                self._tare_g = self._gross(t_s)
            elif name == "tare_g":
                self._tare_g = float(value)

    def add_agent(self, agent: Agent) -> None:
        """Let `agent` act at its own instants, before the bench answers anything later."""
        with self._lock:
            self._agents.append(agent)

    def write_truth(self, path: Path, until_s: float) -> None:
        """Write the truth up to `until_s` as HDF5: drawn values, volume and mass out of the tip, temperatures, room."""

    # ---- inside

    def _run_agents(self, t_s: float) -> None:
        while True:
            due = [(d, i) for i, a in enumerate(self._agents) if (d := a.next_due_s()) is not None and d <= t_s]
            if not due:
                return
            due_s, index = min(due)
            self._agents[index].act(due_s)

    def _phase_at(self, t_s: float) -> float:
        return self._phase + (t_s - self._since) * self._flow / 3600.0 / self.drawn.pump.stroke_volume_ul

    def _gross(self, t_s: float) -> float:
        strokes = int(self._phase_at(t_s)) - int(self._phase)
        return 7.5 + self._weighed + (strokes * self.drawn.pump.stroke_volume_ul * 1e-3 if self._to_vessel else 0.0)

    def _commit(self, t_s: float) -> None:
        self._weighed = self._gross(t_s) - 7.5
        self._phase = self._phase_at(t_s)
        self._since = t_s
