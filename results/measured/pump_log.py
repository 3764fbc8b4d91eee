"""What the pump said of itself during a test: its own calculation and its alarms, never a measurement of delivery."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.doubted import undoubted_status
from results.refusal import EvaluationRefused
from results.series import NUMBER_CODES, Phase
from results.trace.reader import StreamTrace, Trace
from results.trace.schema import PUMP
from results.uncertainty.budget import BudgetLine
from results.uncertainty.lines import rectangular

_ENTRY = re.compile(r"(\d+)=([^,]+)")


@dataclass(frozen=True, slots=True)
class AlarmEdge:
    """An alarm came up between two polls: last seen down at `after_s`, first seen up at `by_s` (s of station time)."""

    alarm: str
    after_s: float
    by_s: float

    @property
    def at_s(self) -> float:
        """The middle of the two (s)."""
        return (self.after_s + self.by_s) / 2.0

    def line(self) -> BudgetLine:
        """Return the budget line (s) of not having looked in between."""
        return rectangular(
            f"{self.alarm} came up between two polls",
            value=self.at_s,
            unit="s",
            half_width=(self.by_s - self.after_s) / 2.0,
            sensitivity=1.0,
        )


@dataclass(frozen=True, slots=True)
class PumpLog:
    """Answered polls of the pump: times (s, increasing), volumes (uL), states and alarms by name; equal lengths."""

    time_s: NDArray[np.float64]
    set_flow_ul_per_h: NDArray[np.float64]
    delivered_ul: NDArray[np.float64]
    reservoir_ul: NDArray[np.float64]
    states: tuple[str, ...]
    alarms: tuple[frozenset[str], ...]

    def edges(self, alarm: str, within: Phase | None = None) -> tuple[AlarmEdge, ...]:
        """Return every time an alarm came up, in a period if one is given; up at the first poll is no edge."""
        up = np.array([alarm in raised for raised in self.alarms], dtype=np.bool_)
        rises = np.flatnonzero(up[1:] & ~up[:-1])
        edges = (AlarmEdge(alarm, float(self.time_s[i]), float(self.time_s[i + 1])) for i in rises)
        return tuple(e for e in edges if within is None or within.begin_s <= e.by_s <= within.end_s)

    def delivered_between(self, period: Phase) -> float:
        """Return the volume (uL) the pump says it delivered in a period."""
        return self._rise(self.delivered_ul, period)

    def reservoir_at(self, at_s: float) -> float:
        """Return the reservoir volume (uL) the pump calculates, between two polls by a straight line."""
        return float(np.interp(at_s, self.time_s, self.reservoir_ul))

    def poll_period_s(self) -> float:
        """Return the usual time between polls (s)."""
        return float(np.median(np.diff(self.time_s)))

    def states_in(self, period: Phase) -> tuple[str, ...]:
        """Return the states the pump reported in a period, each once, in order of appearance."""
        inside = (self.time_s >= period.begin_s) & (self.time_s <= period.end_s)
        return tuple(dict.fromkeys(state for state, seen in zip(self.states, inside, strict=True) if seen))

    def _rise(self, values: NDArray[np.float64], period: Phase) -> float:
        return float(np.diff(np.interp((period.begin_s, period.end_s), self.time_s, values))[0])


def pump_log(trace: Trace) -> PumpLog:
    """Return what the pump said. Raises `EvaluationRefused` when it answered fewer than two polls."""
    stream = trace.stream(PUMP)
    answered = np.isin(undoubted_status(trace, stream), NUMBER_CODES)
    if np.count_nonzero(answered) < 2:
        raise EvaluationRefused(f"the pump answered {np.count_nonzero(answered)} polls: what it says is not known")
    states, alarms = _legend(stream, "state_legend"), _legend(stream, "alarms_legend")

    def column(name: str) -> NDArray[np.float64]:
        return np.asarray(stream.column(name), dtype=np.float64)[answered]

    return PumpLog(
        time_s=stream.time_s[answered],
        set_flow_ul_per_h=column("set_flow_ul_per_h"),
        delivered_ul=column("delivered_ul"),
        reservoir_ul=column("reservoir_ul"),
        states=tuple(states.get(int(code), f"state {int(code)}") for code in column("state")),
        alarms=tuple(frozenset(name for bit, name in alarms.items() if int(word) & bit) for word in column("alarms")),
    )


def _legend(stream: StreamTrace, key: str) -> dict[int, str]:
    """Return the words of a code, as the stream's own attribute tells them."""
    return {int(code): word.strip() for code, word in _ENTRY.findall(stream.spec.attributes.get(key, ""))}
