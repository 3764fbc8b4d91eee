"""How many bytes a run makes: predicted from its streams, and what its end still needs.

The journal holds every sample raw, times of a sample clock as a ramp (`results.trace.codec`) where its period is a
whole number of nanoseconds; the trace holds the same once more, compressed. Measured over shipped cases, pressures
take 8.0 bytes a sample in the journal and 6 to 7.4 in the trace; rare samples cost a journal row each (`_ROW_BYTES`).
What is returned is an upper bound, not a mean: nothing is counted on that noise would not let gzip save.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from results.trace.schema import StreamSpec
from rig.acquisition.writer import COMMIT_PERIOD_S

_ROW_BYTES = 80
_TIME_AND_STATUS_BYTES = 9
_RAMP_BYTES = 2
END_BYTES = 8_000_000
"""Record, figure, last events, the write-ahead log (4 MB at most) brought into the journal, the layout of the trace."""


def trace_bytes(specs: Iterable[StreamSpec], samples: Mapping[str, float]) -> float:
    """Return the most a trace of so many samples by stream takes, bytes."""
    return sum(samples.get(spec.name, 0) * sample_bytes(spec) for spec in specs)


def end_bytes(specs: Iterable[StreamSpec], samples: Mapping[str, float]) -> float:
    """Return what a run with so many samples by stream still needs to end in order, bytes."""
    return trace_bytes(specs, samples) + END_BYTES


def predicted_bytes(specs: Iterable[StreamSpec], *, duration_s: float) -> float:
    """Return what a run of this duration (station time) makes in all: journal, trace, record and figure, bytes."""
    specs = tuple(specs)
    samples = {spec.name: duration_s / spec.period_s for spec in specs}
    rows = sum(min(count, duration_s / COMMIT_PERIOD_S) for count in samples.values())
    journal = trace_bytes(specs, samples) + rows * _ROW_BYTES
    return journal + end_bytes(specs, samples)


def size_words(size_bytes: float) -> str:
    """Return a size as people say it: "1.25 GB", "340 MB"."""
    megabytes = size_bytes / 1e6
    return f"{megabytes / 1e3:.2f} GB" if megabytes >= 1e3 else f"{megabytes:.0f} MB"


def sample_bytes(spec: StreamSpec) -> int:
    """Return the most one sample of a stream takes, in the journal as in the trace, bytes."""
    is_ramp = spec.hardware_timed and (spec.period_s * 1e9).is_integer()
    overhead = _RAMP_BYTES if is_ramp else _TIME_AND_STATUS_BYTES
    return overhead + sum(np.dtype(column.dtype).itemsize for column in spec.columns)
