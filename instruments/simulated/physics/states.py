"""What the bench answers: the true states its device front-ends turn into replies, and who may act by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

UPDATE_PERIOD_S = 0.2
"""The balance makes a new value this often, however often it is asked."""


@dataclass(frozen=True, slots=True)
class BalanceSignal:
    """The balance at its own last update.

    `indication_g` is net of zero and tare, filtered and rounded to the readability; `tare_g` is the tare in force.
    `overload` and `underload` refer to the gross load; the indication is then without meaning.
    """

    indication_g: float
    tare_g: float
    stable: bool
    overload: bool
    underload: bool
    door_open: bool
    update: int
    """Number of the update, counted from bench time 0 in steps of `UPDATE_PERIOD_S`."""


@dataclass(frozen=True, slots=True)
class RoomState:
    """True air at the bench."""

    temperature_c: float
    humidity_percent: float
    pressure_hpa: float


@dataclass(frozen=True, slots=True)
class PumpMechanics:
    """True state of the pump's mechanism."""

    strokes_commanded: int
    """Strokes begun since bench time 0: what the firmware can count."""
    strokes_made: int
    """Strokes that delivered liquid."""
    stalled: bool
    reservoir_ul: float
    flow_ul_per_h: float
    """The flow commanded last."""


class Agent(Protocol):
    """Something on the bench that acts at an instant of its own: a firmware timer, an automatic restart."""

    def next_due_s(self) -> float | None:
        """Bench time of its next act, or None. Called with the bench's lock held; must not call the bench."""

    def act(self, t_s: float) -> None:
        """Act at `t_s`, the instant named before; may give the bench commands at this `t_s`."""
