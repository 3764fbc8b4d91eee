"""What a case asks of a pump."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpNeeds:
    """What a pump must be able to do for a case to be run on it; the rest it may or may not have.

    `flows_ul_per_h` are those the case will set.
    """

    flows_ul_per_h: tuple[float, ...] = ()
