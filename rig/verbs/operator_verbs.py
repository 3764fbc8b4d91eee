"""Manual steps: told, confirmed, and held against what the bench then shows."""

from __future__ import annotations

import math

import numpy as np

from results.trace.schema import PRESSURE_PREFIX, Block
from rig.acquisition.sample import Sample
from rig.acquisition.stream import Item
from rig.faults import RigFault
from rig.operators.step import ExpectedState, Operator, OperatorStep
from rig.verbs.core import BenchCore


class OperatorVerbs(BenchCore):
    """What a person does."""

    operator: Operator
    """Whoever does the manual steps of this run."""

    def operator_step(self, step: OperatorStep) -> None:
        """Have a manual step done and confirmed, and wait for the state it must lead to.

        Raises `NotRun` where nobody confirms it, `RigFault` where the bench does not show what it should.
        """
        self.check()
        if step.expects is not None and step.expects.stream.startswith(PRESSURE_PREFIX):
            self._require_channel(step.expects.stream.removeprefix(PRESSURE_PREFIX))
        data = {"step": step.name, "instruction": step.instruction}
        self._event("operator_asked", "operator", dict(data))
        before = self._reading(step.expects) if step.expects is not None and step.expects.change else 0.0
        confirmation = self.operator.perform(step, self.check)
        done = {**data, "action": step.action, "values": dict(step.values)}
        self._event("operator", "operator", {**done, "by": confirmation.by, "at_utc": confirmation.at_utc})
        if step.expects is not None:
            self._await_state(step, step.expects, before)

    def _await_state(self, step: OperatorStep, wanted: ExpectedState, before: float) -> None:
        low, high = before + wanted.low, before + wanted.high

        def reached(item: Item) -> bool:
            return low <= _value(item, wanted.stream) <= high

        if not self._wait_for(self._watch(item=reached), wanted.within_s):
            raise RigFault(
                f"operator step {step.name!r} was confirmed, but {wanted.stream} did not come between {low:g} and "
                f"{high:g} within {wanted.within_s:g} s"
            )

    def _reading(self, wanted: ExpectedState) -> float:
        """Return the next reading of a stream."""
        seen: list[float] = []

        def number(item: Item) -> bool:
            value = _value(item, wanted.stream)
            if math.isfinite(value):
                seen.append(value)
            return bool(seen)

        if not self._wait_for(self._watch(item=number), wanted.within_s):
            raise RigFault(f"{wanted.stream} gives no number; it is needed before the operator's step")
        return seen[0]


def _value(item: Item, stream: str) -> float:
    """Return what an item says of a stream, NaN where it says nothing."""
    if isinstance(item, Sample) and item.stream == stream and item.status.carries_number:
        return float(item.values[0])
    if isinstance(item, Block) and item.stream == stream and stream.startswith(PRESSURE_PREFIX):
        values = item.columns["pressure_kpa"]
        known = values[np.isfinite(values)]
        return float(np.median(known)) if known.size else math.nan
    return math.nan
