"""The bench straight to arrays: a programme of commands, and what every sensor would have said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instruments.simulated.physics.balance import BalanceSetting
from instruments.simulated.physics.bench import Bench, ValveName
from instruments.simulated.physics.growing import FloatArray
from instruments.simulated.truth import TwinConfig


@dataclass(frozen=True, slots=True)
class PumpFlow:
    """At `at_s`, command the pump's mechanism."""

    at_s: float
    flow_ul_per_h: float


@dataclass(frozen=True, slots=True)
class Valve:
    """At `at_s`, switch a valve."""

    at_s: float
    name: ValveName
    energised: bool


@dataclass(frozen=True, slots=True)
class BalanceSet:
    """At `at_s`, change the balance."""

    at_s: float
    name: BalanceSetting
    value: bool | float | str


@dataclass(frozen=True, slots=True)
class Operate:
    """At `at_s`, a person does something at the bench; see `Handling`."""

    at_s: float
    action: str
    values: Mapping[str, float]


Command = PumpFlow | Valve | BalanceSet | Operate


@dataclass(frozen=True, slots=True)
class BenchArrays:
    """What was said, and the truth, at `times_s` (bench time); every array has its shape."""

    times_s: FloatArray
    indication_g: FloatArray
    stable: NDArray[np.bool_]
    tip_volume_ul: FloatArray
    tip_mass_g: FloatArray
    evaporated_g: FloatArray
    temperature_c: FloatArray
    """The room's air; add the ambient sensor's errors of `drawn.ambient_sensor` for what it would say."""
    humidity_percent: FloatArray
    pressure_hpa: FloatArray
    liquid_c: FloatArray
    drawn: TwinConfig


def simulate_arrays(truth: TwinConfig, seed: int, schedule: Sequence[Command], times_s: FloatArray) -> BenchArrays:
    """Run the bench of `seed` through a schedule (in order of time) and return its arrays at `times_s`.

    The same code as the live bench, asked once at the end. Raises `ValueError` for commands out of order.
    """
    bench = Bench(truth, seed, block_s=0.0, history_s=None)
    for command in schedule:
        match command:
            case PumpFlow():
                bench.set_pump_flow(command.at_s, command.flow_ul_per_h)
            case Valve():
                bench.set_valve(command.at_s, command.name, energised=command.energised)
            case BalanceSet():
                bench.set_balance_setting(command.at_s, command.name, command.value)
            case Operate():
                bench.operate(command.at_s, command.action, command.values)
    room = bench.room_series(times_s)
    return BenchArrays(
        times_s=times_s,
        indication_g=bench.indications_g(times_s),
        stable=bench.stable(times_s),
        tip_volume_ul=bench.tip_volumes_ul(times_s),
        tip_mass_g=bench.tip_masses_g(times_s),
        evaporated_g=bench.evaporated_g(times_s),
        temperature_c=room["temperature_c"],
        humidity_percent=room["humidity_percent"],
        pressure_hpa=room["pressure_hpa"],
        liquid_c=room["liquid_c"],
        drawn=bench.drawn,
    )
