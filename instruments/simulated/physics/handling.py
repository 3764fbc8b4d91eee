"""What a person does at the bench, as physics: weights, refills, pressures, baths, the fixture's stopcock and syringe.

Every action is called where the whole bench stands; it returns what truly happened, for the truth file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_args

from instruments.simulated.physics.climate import Climate
from instruments.simulated.physics.draws import NormalTrack
from instruments.simulated.physics.flow_path import FlowPath
from instruments.simulated.physics.pan import Pan, true_mass_g
from instruments.simulated.physics.transducers import AppliedPressures
from instruments.simulated.truth.config import TwinConfig
from instruments.simulated.truth.events import ActionName
from instruments.simulated.truth.measuring import ChannelName

_Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Action:
    """`parameters`: name -> lowest and highest value; one with `any_of` needs one of them only."""

    parameters: Mapping[str, tuple[float, float]]
    do: Callable[[float, _Values], _Values]
    any_of: bool = False


class Handling:
    """The actions of one bench."""

    def __init__(
        self, truth: TwinConfig, seed: int, *, flow: FlowPath, climate: Climate, pan: Pan, applied: AppliedPressures
    ) -> None:
        self._truth = truth
        self._seed = seed
        self._flow = flow
        self._climate = climate
        self._pan = pan
        self._applied = applied
        self._pushes = NormalTrack(seed, "handling", "syringe")
        self._fillings = NormalTrack(seed, "handling", "filling")
        self._pushed = self._filled = 0
        pressures = dict.fromkeys(get_args(ChannelName), (-200.0, 2000.0))
        self._actions: Mapping[ActionName, _Action] = {
            "place_weight": _Action({"mass_g": (1e-4, 1000.0)}, self._place_weight),
            "remove_weight": _Action({}, self._remove_weight),
            "refill": _Action({"volume_ul": (0.0, truth.pump.reservoir_capacity_ul)}, self._refill),
            "set_back_pressure": _Action({"kpa": (-90.0, 500.0)}, self._set_back_pressure),
            "set_bath": _Action({"temperature_c": (5.0, 45.0)}, self._set_bath),
            "remove_bath": _Action({}, self._remove_bath),
            "set_ambient_pressure": _Action({"hpa": (500.0, 1600.0)}, self._set_ambient_pressure),
            "empty_vessel": _Action({}, self._empty_vessel),
            "isolate_pump": _Action({}, self._isolate_pump),
            "connect_pump": _Action({}, self._connect_pump),
            "hold_rotor": _Action({}, self._hold_rotor),
            "free_rotor": _Action({}, self._free_rotor),
            "inject_fixture": _Action({"volume_ul": (-1000.0, 1000.0)}, self._inject_fixture),
            "apply_pressure": _Action(pressures, self._apply_pressure, any_of=True),
            "release_pressure": _Action({}, self._release_pressure),
        }

    def check(self, action: str, values: _Values) -> ActionName:
        """Return the action of that name; `ValueError` unless there is one and it takes these values."""
        action_name: ActionName | None = next((known for known in self._actions if known == action), None)
        if action_name is None:
            raise ValueError(f"nobody at the bench can {action!r}; there are: {', '.join(self._actions)}")
        known = self._actions[action_name]
        wanted = set(known.parameters)
        given = set(values)
        if not (given and given <= wanted if known.any_of else given == wanted):
            raise ValueError(f"{action} takes {', '.join(sorted(wanted)) or 'no value'}, not {dict(values)!r}")
        for name, value in values.items():
            low, high = known.parameters[name]
            if not low <= value <= high:
                raise ValueError(f"{action}: {name} = {value!r} is not from {low:g} to {high:g}")
        return action_name

    def perform(self, t_s: float, action: ActionName, values: _Values) -> _Values:
        """Do it at `t_s`, where the bench stands; return what truly happened. `check` comes first."""
        return self._actions[action].do(t_s, values)

    # ---- the actions

    def _place_weight(self, t_s: float, values: _Values) -> _Values:
        if self._pan.mass_g > 0.0:
            raise ValueError("a weight lies on the pan already: remove it first")
        mass_g = true_mass_g(values["mass_g"], self._truth.handling, self._seed)
        self._pan.put(t_s, mass_g)
        return {"mass_g": mass_g}

    def _remove_weight(self, t_s: float, _values: _Values) -> _Values:
        if self._pan.mass_g == 0.0:
            raise ValueError("no weight lies on the pan")
        self._pan.put(t_s, 0.0)
        return {}

    def _refill(self, _t_s: float, values: _Values) -> _Values:
        pushed_ul = min(self._pushed_ul(values["volume_ul"]), self._truth.pump.reservoir_capacity_ul)
        self._flow.refill(pushed_ul)
        return {"volume_ul": pushed_ul}

    def _set_back_pressure(self, _t_s: float, values: _Values) -> _Values:
        self._flow.applied_back_kpa = values["kpa"]
        return values

    def _set_bath(self, t_s: float, values: _Values) -> _Values:
        self._climate.set_bath(t_s, values["temperature_c"])
        return values

    def _remove_bath(self, t_s: float, _values: _Values) -> _Values:
        self._climate.set_bath(t_s, None)
        return {}

    def _set_ambient_pressure(self, t_s: float, values: _Values) -> _Values:
        self._climate.set_pressure(t_s, values["hpa"])
        return values

    def _empty_vessel(self, _t_s: float, _values: _Values) -> _Values:
        off = float(self._fillings.generator(self._filled).uniform(-1.0, 1.0))
        self._filled += 1
        water_g = self._truth.vessel.water_mass_g + self._truth.handling.filling_g * off
        self._flow.fill_vessel(water_g)
        return {"water_g": water_g}

    def _isolate_pump(self, _t_s: float, _values: _Values) -> _Values:
        if self._flow.isolated:
            raise ValueError("the pump is isolated already")
        self._flow.isolate()
        return {}

    def _connect_pump(self, _t_s: float, _values: _Values) -> _Values:
        if not self._flow.isolated:
            raise ValueError("the pump is connected already")
        self._flow.connect()
        return {}

    def _hold_rotor(self, _t_s: float, _values: _Values) -> _Values:
        if self._flow.drive.held:
            raise ValueError("the rotor is held already")
        self._flow.drive.held = True
        return {}

    def _free_rotor(self, _t_s: float, _values: _Values) -> _Values:
        if not self._flow.drive.held:
            raise ValueError("nothing holds the rotor")
        self._flow.drive.held = False
        return {}

    def _inject_fixture(self, _t_s: float, values: _Values) -> _Values:
        pushed_ul = self._pushed_ul(values["volume_ul"])
        self._flow.inject(pushed_ul)
        return {"volume_ul": pushed_ul}

    def _apply_pressure(self, t_s: float, values: _Values) -> _Values:
        error_kpa = self._truth.handling.reference_error_kpa.value
        applied = {name: kpa + error_kpa for name, kpa in values.items()}
        self._applied.apply(t_s, applied)
        return applied

    def _release_pressure(self, t_s: float, _values: _Values) -> _Values:
        self._applied.apply(t_s, {})
        return {}

    def _pushed_ul(self, volume_ul: float) -> float:
        handling = self._truth.handling
        off_ul = handling.syringe_repeatability_ul * float(self._pushes.numbers(self._pushed, 1)[0])
        self._pushed += 1
        pushed_ul = volume_ul * (1.0 + 0.01 * handling.syringe_error_percent.value) + off_ul
        return max(pushed_ul, 0.0) if volume_ul >= 0.0 else pushed_ul
