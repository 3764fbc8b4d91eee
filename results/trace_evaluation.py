"""The evaluation of a trace of our own as a record, in the same envelope as that of a foreign file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results.evaluate_trace import DEFAULT_KIND, evaluate_trace
from results.foreign.evaluate import EVALUATION_SCHEMA
from results.measured.outcome import Outcome
from results.outcome import as_json
from results.refusal import EvaluationRefused
from results.trace.content import file_sha256
from results.trace.inspection import inspect
from results.trace.reader import Trace, read_trace

_STATED = ("evaluation", "gravimetric_bench")


@dataclass(frozen=True, slots=True)
class TraceEvaluation:
    """What became of a trace: an outcome, or the reason why there is none. `sha256` is that of the file."""

    trace: Trace
    sha256: str
    outcome: Outcome | None
    refusal: str | None

    def as_record(self) -> dict[str, Any]:
        """Return the evaluation as JSON types, by `EVALUATION_SCHEMA`; the conditions are those of the header."""
        stated = self.trace.header.get("evaluation")
        kind = stated.get("kind", DEFAULT_KIND) if isinstance(stated, dict) else DEFAULT_KIND
        return {
            "schema": EVALUATION_SCHEMA,
            "kind": kind,
            "source": self.trace.path.name,
            "conditions": {name: as_json(self.trace.header.get(name)) for name in _STATED},
            "file": {"sha256": self.sha256},
            "air_file": None,
            "reference_file": None,
            "pressure_file": None,
            "refusal": None if self.refusal is None else {"reason": self.refusal},
            "outcome": None if self.outcome is None else self.outcome.as_record(),
        }


def evaluate_own(path: Path, *, recorded_sha256: str | None = None) -> TraceEvaluation:
    """Return the evaluation of a sealed trace; a refusal is part of it.

    The file must be the one on record, by its SHA-256; where no record is at hand, it must hold what it says of itself.
    Raises `TraceError` for an unusable file.
    """
    if recorded_sha256 is None:
        inspect(path)
    trace, sha256 = read_trace(path, sha256=recorded_sha256), file_sha256(path)
    try:
        return TraceEvaluation(trace, sha256, evaluate_trace(path), None)
    except EvaluationRefused as error:
        return TraceEvaluation(trace, sha256, None, str(error))
