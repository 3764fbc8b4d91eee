"""What an occlusion test of a simulated run should have reported, from the twin's truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import h5py

from tests.proof.protocols.rows import Comparison, compared
from tests.proof.protocols.truth import RunTruth

_JUST_S = 1e-6
_SETTLE_S = 30.0
"""As both plans have it."""


def compare_all(outcome: Mapping[str, Any], true: Mapping[str, float]) -> list[Comparison]:
    """Return every reported number that has a true value, beside it."""
    return [one for name, value in true.items() for one in compared(outcome, name, value)]


def _commanded_s(truth: RunTruth, name: str, begin_s: float, end_s: float) -> list[float]:
    """Return when something was done to the bench between two instants, s."""
    with h5py.File(truth.path) as file:
        commands = zip(file["commands/time_s"][:].tolist(), file["commands/name"].asstr()[:], strict=True)
        return [at_s for at_s, what in commands if what == name and begin_s <= at_s <= end_s]


class LineTruth:
    """True values of one run. The valve's and the motor's instants are those of the twin's commands."""

    def __init__(self, truth: RunTruth, outcome: Mapping[str, Any]) -> None:
        self._truth = truth
        self._closed_s = _commanded_s(truth, "valve occluder", *truth.phase("occluded"))[0]
        self._released_s = _commanded_s(truth, "valve occluder", *truth.phase("release"))[0]
        self._stopped_s = _commanded_s(truth, "pump_flow", self._closed_s, self._released_s)
        self._alarmed = any(mark["name"] == "alarm" for mark in outcome["course"]["marks"])
        back = [mark["at_s"] for mark in outcome["course"]["marks"] if mark["name"] == "pressure back"]
        self._until_s = back[0] + _SETTLE_S if back else None
        self._set = truth.drawn["catheter.compliance_ul_per_kpa"]
        self._fixture = truth.drawn["fixture.compliance_ul_per_kpa"]
        self._pushed_ul = truth.drawn["fixture.valve_displacement_ul"]
        self._flow = truth.flow_ul_per_h(*truth.phase("steady"))

    def _kpa(self, time_s: float) -> float:
        return self._truth.path_at("line_pressure_kpa", time_s)

    @property
    def _jump_kpa(self) -> float:
        """How far the valve's displacement moves the pressure: the truth holds what is there after it."""
        return self._pushed_ul / (self._set + self._fixture)

    @property
    def _before_kpa(self) -> float:
        return self._kpa(self._closed_s) - self._jump_kpa

    @property
    def _at_release_kpa(self) -> float:
        return self._kpa(self._released_s) + self._jump_kpa

    def _own_ul(self, begin_s: float, end_s: float) -> float:
        """Return what left the pump, uL."""
        return self._truth.path_at("reservoir_ul", begin_s) - self._truth.path_at("reservoir_ul", end_s)

    def _of_any(self) -> dict[str, float]:
        highest = self._truth.highest("line_pressure_kpa", self._closed_s, self._released_s)
        return {
            "steady flow": self._flow,
            "maximum pressure": highest,
            "fixture compliance": self._fixture,
            "line compliance": self._set + self._fixture,
            "line compliance, corrected": self._set,
        }

    @property
    def _bolus_ul(self) -> float:
        assert self._until_s is not None
        came_ul = self._truth.volume_ul(self._released_s - _JUST_S, self._until_s)
        return came_ul - self._own_ul(self._released_s, self._until_s)

    def of_trial(self) -> dict[str, float]:
        """Return the true values of the test of a pump with an alarm."""
        true = self._of_any()
        true["valve displacement"] = self._pushed_ul
        if self._alarmed:
            alarm_s = self._stopped_s[0]
            rise_kpa = self._kpa(alarm_s) - self._before_kpa
            stored_ul = (self._set + self._fixture) * rise_kpa - self._pushed_ul
            true["pressure at alarm"] = self._kpa(alarm_s)
            true["time to alarm"] = alarm_s - self._closed_s
            true["stored volume at alarm"] = stored_ul
            true["time to alarm, corrected"] = self._set * rise_kpa / stored_ul * (alarm_s - self._closed_s)
        at_kpa = self._at_release_kpa
        true["pressure at release"] = at_kpa
        if self._until_s is not None:
            fall_kpa = at_kpa - self._kpa(self._until_s)
            true["unintended bolus"] = self._bolus_ul
            true["unintended bolus, corrected"] = self._bolus_ul - self._fixture * fall_kpa + self._pushed_ul
            true["line compliance by release"] = self._set + self._fixture
            taken_ul = (self._set + self._fixture) * (true["maximum pressure"] - at_kpa)
            true["unintended bolus before reduction"] = self._bolus_ul + taken_ul
        return true

    def of_catheter(self) -> dict[str, float]:
        """Return the true values of the occluded catheter."""
        true = self._of_any()
        true["pressure before occlusion"] = self._before_kpa  # of a line at rest between strokes
        hours = (self._released_s - self._closed_s) / 3600.0
        true["missed volume"] = self._flow * hours - self._truth.volume_ul(self._closed_s, self._released_s - _JUST_S)
        if self._until_s is not None:
            true["post-release bolus"] = self._bolus_ul
            true["volume not returned"] = true["missed volume"] - self._bolus_ul
        return true
