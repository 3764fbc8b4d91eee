"""Stopping criteria: what ends a case early, with the pump stopped safely and FAIL, whatever else would be measured."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Protocol

from results.statistics.cusum import OverDelivery
from results.trace.schema import MASS
from rig.acquisition.sample import NS_PER_S, Sample
from rig.acquisition.stream import Item

WATER_MG_PER_UL = 0.998
"""For what is shown and watched while a case runs; no result is computed with it."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A stopping criterion that was reached: what of, how much so far, and its limit, in `unit`."""

    criterion: str
    value: float
    limit: float
    unit: str
    words: str

    def __str__(self) -> str:
        return f"{self.criterion}: {self.words} ({self.value:.4g} {self.unit}, limit {self.limit:g} {self.unit})"


class StoppingCriterion(Protocol):
    """Watches the stream of a run, in the thread that publishes; it must be quick."""

    def listen(self, item: Item) -> Reached | None:
        """Take a sample or a block; return what was reached, once it is."""


class OverInfusionStop:
    """The CUSUM of the mass delivered, as the balance shows it: neither corrected nor a result.

    Readings are taken together, `interval_s` of them by their median, so that a knock is no delivery. A load laid on
    the pan is: what touches the balance while this watches must be smaller than `decision_ul`.
    """

    def __init__(
        self,
        criterion: str,
        *,
        set_flow_ul_per_h: float,
        allowance_percent: float,
        decision_ul: float,
        interval_s: float,
    ) -> None:
        self._criterion = criterion
        self._decision_ul = decision_ul
        self._interval_s = interval_s
        allowed = set_flow_ul_per_h * (1.0 + allowance_percent / 100.0)
        self._words = f"more than {allowed:.4g} uL/h delivered, set {set_flow_ul_per_h:.4g} uL/h, adds up"
        self._sum = OverDelivery(allowed_ul_per_h=allowed, decision_ul=decision_ul)
        self._times_s: list[float] = []
        self._masses_g: list[float] = []

    def listen(self, item: Item) -> Reached | None:
        """Take one item; return the sum once it reaches the decision."""
        if not (isinstance(item, Sample) and item.stream == MASS and item.status.carries_number):
            return None
        self._times_s.append(item.time_ns / NS_PER_S)
        self._masses_g.append(float(item.values[0]))
        if self._times_s[-1] - self._times_s[0] < self._interval_s:
            return None
        volume_ul = statistics.median(self._masses_g) * 1e3 / WATER_MG_PER_UL
        reached = self._sum.add(time_s=statistics.fmean(self._times_s), volume_ul=volume_ul)
        self._times_s.clear()
        self._masses_g.clear()
        if not reached:
            return None
        return Reached(self._criterion, self._sum.sum_ul, self._decision_ul, "uL", self._words)
