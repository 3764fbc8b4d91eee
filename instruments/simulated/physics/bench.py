"""The bench as one thing: devices ask it, firmware commands it, and nothing depends on who asks when.

    bench = Bench(load_twin(path), seed=1)
    bench.set_valve(0.0, "outlet", energised=True)
    bench.set_pump_flow(0.0, 9.0)
    bench.balance_signal(3600.0).indication_g

All times are bench seconds (float). Queries may come in any order within the last `HISTORY_S`; commands take effect at
their time and must not lie before the last command. Methods are safe to call from any thread.

Everything is computed ahead in blocks. A command first brings everything to its own instant, then takes back what was
computed beyond it. Neither the length of blocks nor the queries made leave a trace in any result.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from instruments.simulated.physics.agents import Agents, ScheduleAgent
from instruments.simulated.physics.balance import Balance, BalanceSetting, update_at
from instruments.simulated.physics.climate import Climate, Slow
from instruments.simulated.physics.disturbances import Disturbances
from instruments.simulated.physics.draws import NormalTrack
from instruments.simulated.physics.electronics import Electronics
from instruments.simulated.physics.flow_path import FlowPath
from instruments.simulated.physics.handling import Handling
from instruments.simulated.physics.load import Load
from instruments.simulated.physics.pan import Pan
from instruments.simulated.physics.room import CELL_S
from instruments.simulated.physics.states import Agent, BalanceSignal, PumpMechanics, RoomState
from instruments.simulated.physics.transducers import AppliedPressures, HeldFault, transducer_electrical
from instruments.simulated.physics.truth_file import LoggedCommand, write_truth_file
from instruments.simulated.truth import TwinConfig, draw
from instruments.simulated.truth.events import DaqError, LinkFaultEvent, Operation, ReZero, SensorFault
from instruments.simulated.truth.measuring import ChannelName

__all__ = ["HISTORY_S", "BalanceSetting", "Bench", "ValveName"]

HISTORY_S = 3600.0
"""How far back of the latest query a query may reach."""

_LATE_COMMAND_S = 1.0  # two threads of a wall-clock twin may deliver commands this much out of order

ValveName = Literal["outlet", "occluder"]


class Bench:
    """The simulated bench of one seed."""

    def __init__(
        self, truth: TwinConfig, seed: int, *, block_s: float = 600.0, history_s: float | None = HISTORY_S
    ) -> None:
        """Draw the bench of `seed` from `truth`; bench time begins at 0 with pump stopped, flow to waste, path open.

        `block_s` is how far ahead queries make it compute; results do not depend on it. `history_s` is how much of the
        balance's past stays available (None: all of it).
        """
        self.drawn = draw(truth, seed)
        """The truth as drawn: every `Drawn` value is the true one. Sensor errors for the front-ends are in here."""
        self.seed = seed
        self._block_s = block_s
        self._lock = threading.RLock()
        self._agents = Agents()
        self._climate = Climate(self.drawn, seed)
        self._flow = FlowPath(self.drawn, seed, self._climate)
        disturbances = Disturbances(self.drawn.balance, self.drawn.event, seed)
        kept = None if history_s is None else update_at(history_s + 2.0 * block_s)
        pan, self._applied = Pan(), AppliedPressures()
        load = Load(self.drawn, seed, self._climate, self._flow, disturbances, pan)
        electronics = Electronics(self.drawn.balance, load.at_updates, tare_g=load.empty_g, kept_updates=kept)
        self._balance = Balance(electronics, disturbances, updates_ahead=update_at(block_s))
        faults = [event for event in self.drawn.event if isinstance(event, SensorFault)]
        self._sensor_faults = {name: [e for e in faults if e.channel == name] for name in get_args(ChannelName)}
        self._sensor_noise = {name: NormalTrack(seed, "daq", f"noise {name}") for name in get_args(ChannelName)}
        self.commands = 0
        """Commands taken so far. While it stays the same, what was computed ahead stands."""
        self.command_s = 0.0
        """Bench time of the last command."""
        self._pressures = (np.empty(0), -1, (np.empty(0), np.empty(0)))
        self._log: list[LoggedCommand] = []
        self._command_listeners: list[Callable[[float, str, Mapping[str, float]], None]] = []
        self._handling = Handling(
            self.drawn, seed, flow=self._flow, climate=self._climate, pan=pan, applied=self._applied
        )
        if rezeros := [event for event in self.drawn.event if isinstance(event, ReZero)]:
            self._agents.add(ScheduleAgent(rezeros, self._rezero))
        if operations := [event for event in self.drawn.event if isinstance(event, Operation)]:
            self._agents.add(ScheduleAgent(operations, self._operate_as_scheduled))

    # ---- queries

    def balance_signal(self, t_s: float) -> BalanceSignal:
        """Return the balance's last update at or before `t_s`."""
        with self._lock:
            self._agents.run_until(t_s)
            return self._balance.signal(t_s)

    def pressure_kpa(self, channel: ChannelName, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the true gauge pressure, kPa, at a transducer at the given bench times; same shape as `times_s`."""
        with self._lock:
            self._reach(float(times_s.max(initial=0.0)))
            asked_s, commands, pressures = self._pressures
            if asked_s is not times_s or commands != self.commands:
                # Two transducers are sampled at the same instants.
                pressures = self._flow.segments.pressures_kpa(times_s)
                self._pressures = (times_s, self.commands, pressures)
            return pressures[0 if channel == "line" else 1]

    def outlet_pressure_kpa(self, t_s: float) -> float:
        """Return the true gauge pressure, kPa, at the pump's outlet: what a sensor in the pump looks at, cheaply."""
        with self._lock:
            self._reach(t_s)
            return self._flow.segments.line_kpa(t_s)

    def electrical(self, channel: ChannelName, times_s: NDArray[np.float64], first_sample: int) -> NDArray[np.float64]:
        """Return what the DAQ channel sees at consecutive samples: mA, V or mV/V as the channel's `signal` says.

        `first_sample` is the absolute number of the first sample since the task began: noise belongs to the sample.
        """
        with self._lock:
            line_kpa = self.pressure_kpa(channel, times_s)
            pressure_kpa = self._applied.felt_kpa(channel, times_s, line_kpa)
            begun = [fault for fault in self._sensor_faults[channel] if fault.at_s <= times_s.max(initial=0.0)]
            return transducer_electrical(
                getattr(self.drawn.channel, channel),
                pressure_kpa=pressure_kpa,
                times_s=times_s,
                noise=self._sensor_noise[channel].numbers(first_sample, times_s.size),
                faults=[HeldFault(e, float(self.pressure_kpa(channel, np.array([e.at_s]))[0])) for e in begun],
            )

    def room(self, t_s: float) -> RoomState:
        """Return the true air at `t_s`."""
        with self._lock:
            self._agents.run_until(t_s)
            time_s = np.array([t_s])
            return RoomState(
                float(self._climate.at(Slow.AIR_C, time_s)[0]),
                float(self._climate.at(Slow.HUMIDITY_PERCENT, time_s)[0]),
                float(self._climate.at(Slow.PRESSURE_HPA, time_s)[0]),
            )

    def pump_mechanics(self, t_s: float) -> PumpMechanics:
        """Return the true state of the pump's mechanism at `t_s`."""
        with self._lock:
            self._reach(t_s)
            begun, made, reservoir_ul = self._flow.segments.strokes_at(t_s)
            drive = self._flow.drive
            return PumpMechanics(begun, made, drive.stalled(t_s), reservoir_ul, drive.flow_ul_per_h)

    def tip_volume_ul(self, t_s: float) -> float:
        """Return the volume that has left the catheter's tip since bench time 0, uL at the tip's temperature."""
        with self._lock:
            self._reach(t_s)
            return float(self._flow.segments.tip_ul(np.array([t_s]))[0])

    def link_faults(self, device: str) -> tuple[LinkFaultEvent, ...]:
        """Return the scheduled faults of a device's link; the bench itself does nothing with them."""
        return tuple(e for e in self.drawn.event if isinstance(e, LinkFaultEvent) and e.device == device)

    def daq_errors(self) -> tuple[DaqError, ...]:
        """Return the scheduled failures of the data acquisition; the bench itself does nothing with them."""
        return tuple(event for event in self.drawn.event if isinstance(event, DaqError))

    # ---- commands

    def set_pump_flow(self, t_s: float, flow_ul_per_h: float) -> None:
        """Command the pump's mechanism, uL/h by its own clock and nominal stroke; 0 stops. Keeps the stroke's phase.

        A negative flow runs the mechanism of an external pump backwards: it draws from the line into the reservoir.
        """
        least = -math.inf if self.drawn.pump.kind == "external" else 0.0
        if not (least <= flow_ul_per_h < math.inf and math.isfinite(flow_ul_per_h)):
            raise ValueError(f"an {self.drawn.pump.kind} pump cannot be commanded to {flow_ul_per_h!r} uL/h")
        with self._lock:
            self._stand_at(t_s, "pump_flow", flow_ul_per_h=flow_ul_per_h)
            self._flow.command_pump(flow_ul_per_h)

    def set_valve(self, t_s: float, name: ValveName, *, energised: bool) -> None:
        """Switch a valve: "outlet" energised leads to the weighed vessel, "occluder" energised is a dead end."""
        if name not in get_args(ValveName):
            raise ValueError(f"the bench has no valve {name!r}: {', '.join(get_args(ValveName))}")
        with self._lock:
            self._stand_at(t_s, f"valve {name}", energised=float(energised))
            if name == "outlet":
                self._flow.to_vessel = energised
            else:
                self._flow.switch_occluder(energised)

    def set_balance_setting(self, t_s: float, name: BalanceSetting, value: bool | float | str) -> None:
        """Change the balance at `t_s`; see `BalanceSetting`. Raises `ValueError` for an unknown name or value."""
        with self._lock:
            self._stand_at(t_s, f"balance {name}")
            self._balance.change(name, value)

    def operate(self, t_s: float, action: str, values: Mapping[str, float]) -> None:
        """Let a person at the bench do something; see `Handling`. Raises `ValueError` for what cannot be done."""
        name = self._handling.check(action, values)
        with self._lock:
            truly = self._handling.perform(self._stand_at(t_s), name, values)
            self._log.append(LoggedCommand(self.command_s, name, truly))

    def call_on_command(self, listener: Callable[[float, str, Mapping[str, float]], None]) -> None:
        """Call a listener with each command to pump, valves and balance: bench time, name, values; the lock is held."""
        self._command_listeners.append(listener)

    def add_agent(self, agent: Agent) -> None:
        """Let `agent` act at its own instants, before the bench answers anything later."""
        with self._lock:
            self._agents.add(agent)

    def write_truth(self, path: Path, until_s: float) -> None:
        """Write the truth up to `until_s` as HDF5; see `truth_file`."""
        with self._lock:
            self._reach(until_s)
            write_truth_file(
                path,
                drawn=self.drawn,
                seed=self.seed,
                segments=self._flow.segments,
                climate=self._climate,
                commands=self._log,
                until_s=until_s,
            )

    # ---- whole series at once, for evaluations without wires

    def indications_g(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the net indications of the last updates at or before the given bench times, g."""
        with self._lock:
            self._reach(float(times_s.max(initial=0.0)))
            return self._balance.indications_g(times_s)

    def stable(self, times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return the stability flags of the last updates at or before the given bench times."""
        with self._lock:
            self._reach(float(times_s.max(initial=0.0)))
            return self._balance.stable(times_s)

    def tip_volumes_ul(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the volumes that have left the tip since bench time 0, uL at the tip's temperature."""
        with self._lock:
            self._reach(float(times_s.max(initial=0.0)))
            return self._flow.segments.tip_ul(times_s)

    def tip_masses_g(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the masses of water that have left the tip since bench time 0, g."""
        with self._lock:
            self._reach(float(times_s.max(initial=0.0)))
            return self._flow.segments.tip_g(times_s)

    def evaporated_g(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mass that has evaporated from the weighed vessel since bench time 0, g."""
        with self._lock:
            self._reach(float(times_s.max(initial=0.0)))
            return self._flow.segments.evaporated_g(times_s)

    def room_series(self, times_s: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return air temperature (C), humidity (%), pressure (hPa) and the liquid's temperature (C) at bench times."""
        with self._lock:
            self._agents.run_until(float(times_s.max(initial=0.0)))
            return {
                "temperature_c": self._climate.at(Slow.AIR_C, times_s),
                "humidity_percent": self._climate.at(Slow.HUMIDITY_PERCENT, times_s),
                "pressure_hpa": self._climate.at(Slow.PRESSURE_HPA, times_s),
                "liquid_c": self._climate.at(Slow.LIQUID_C, times_s),
            }

    # ---- inside

    def _reach(self, t_s: float) -> None:
        self._agents.run_until(t_s)
        if self._flow.end_s <= t_s:
            self._flow.advance(t_s + max(self._block_s, CELL_S))

    def _stand_at(self, t_s: float, command: str | None = None, **values: float) -> float:
        """Bring everything to the instant of a command, forget what was computed beyond it, and log the command."""
        self._agents.run_until(t_s)
        if t_s < self.command_s - _LATE_COMMAND_S:
            raise ValueError(f"a command for {t_s:.3f} s comes after one for {self.command_s:.3f} s")
        at_s = max(t_s, self.command_s)
        self._flow.advance(at_s)
        self._balance.stand_at(at_s)
        self._flow.take_back(at_s)
        self.commands += 1
        self.command_s = at_s
        if command is not None:
            self._log.append(LoggedCommand(at_s, command, values))
            for listener in self._command_listeners:
                listener(at_s, command, values)
        return at_s

    def _operate_as_scheduled(self, t_s: float, event: Operation) -> None:
        self.operate(t_s, event.action, event.values)

    def _rezero(self, t_s: float, event: ReZero) -> None:
        self._stand_at(t_s, "balance rezero", indication_mg=event.indication_mg)
        self._balance.indicate(1e-3 * event.indication_mg)
