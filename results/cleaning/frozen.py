"""A balance that repeats itself for longer than its noise allows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SHORTEST_S = 10.0
"""Many updates of any balance, which come every 0.16 to 0.32 s."""
_FEWEST_READINGS = 8
_TIMES_USUAL = 8.0
_USUAL_PERCENTILE = 99.0
_DITHERED_SHARE = 0.8
"""Of readings alike: above, the noise does not show through the readability and silence proves nothing."""
_MOST_RUNS = 200_000


def frozen_mask(time_s: NDArray[np.float64], mass_g: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which readings repeat the first of a run of identical readings that is too long to be chance.

    Lengths of chance runs are distributed geometrically, so eight times their 99th percentile is met once in 1e16. A
    balance read more often than it updates repeats itself in short runs, which make the percentile. Where readings
    repeat anyway (coarse readability, little noise) nothing is marked.
    """
    frozen = np.zeros(mass_g.size, dtype=np.bool_)
    if mass_g.size < _FEWEST_READINGS:
        return frozen
    starts = np.flatnonzero(np.concatenate(([True], mass_g[1:] != mass_g[:-1])))
    lengths = np.diff(np.concatenate((starts, [mass_g.size])))
    usual = float(np.percentile(lengths[:: -(-lengths.size // _MOST_RUNS)], _USUAL_PERCENTILE))
    suspects = np.flatnonzero(lengths > max(_FEWEST_READINGS, _TIMES_USUAL * usual))
    alike = mass_g.size - starts.size - int(np.sum(lengths[suspects]))
    if alike > _DITHERED_SHARE * mass_g.size:
        return frozen
    for run in suspects:
        first, last = int(starts[run]), int(starts[run] + lengths[run]) - 1
        if time_s[last] - time_s[first] >= _SHORTEST_S:
            frozen[first + 1 : last + 1] = True
    return frozen
