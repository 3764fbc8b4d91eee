"""Why an interlock tripped, and the sample it tripped at."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from instruments.errors import InstrumentError


@dataclass(frozen=True, slots=True)
class TrippingSample:
    """One sample, as the trace has it: `time_ns` in `stream`, and the `value` of its column `quantity`.

    `value` is None where the sample carries no number; `status` then says why.
    """

    stream: str
    time_ns: int
    status: str
    quantity: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Trip:
    """Why an interlock tripped: a limit reached, or an instrument silent (with its last error, if it gave one).

    `sample` is the first one that reached the limit, or the one at which the silence had lasted too long; None where
    no sample tells it: a link lost, a disk full, a stream in which nothing comes.
    """

    reason: str
    error: InstrumentError | None = None
    is_limit: bool = False
    sample: TrippingSample | None = None

    def as_record(self) -> dict[str, object]:
        """Return the trip as JSON types, as events and records hold it."""
        return {
            "reason": self.reason,
            "error": str(self.error or ""),
            "sample": asdict(self.sample) if self.sample is not None else None,
        }


def number_or_none(value: float) -> float | None:
    """Return a value of a sample as JSON can hold it: None for NaN and infinities."""
    return float(value) if math.isfinite(value) else None
