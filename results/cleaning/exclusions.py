"""Excluding readings by a stated rule, keeping what was excluded, why and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Readings left out by one rule: how many, and the instants (s) of the first stretches, (begin, end) each."""

    rule: str
    explanation: str
    count: int
    stretches: int
    listed_s: tuple[tuple[float, float], ...]


LISTED_STRETCHES = 50
"""Most stretches listed in one exclusion; the count is always complete."""


def exclusion(
    *, rule: str, explanation: str, time_s: NDArray[np.float64], excluded: NDArray[np.bool_]
) -> Exclusion | None:
    """Return the record of a rule that excluded the marked readings, or None when it excluded nothing."""
    count = int(np.count_nonzero(excluded))
    if count == 0:
        return None
    edges = np.flatnonzero(np.diff(np.concatenate(([False], excluded, [False])).astype(np.int8)))
    begins, ends = edges[::2], edges[1::2] - 1
    listed = tuple(
        (float(time_s[first]), float(time_s[last]))
        for first, last in zip(begins[:LISTED_STRETCHES], ends[:LISTED_STRETCHES], strict=True)
    )
    return Exclusion(rule=rule, explanation=explanation, count=count, stretches=begins.size, listed_s=listed)
