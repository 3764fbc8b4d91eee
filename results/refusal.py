"""The refusal to compute a number."""

from __future__ import annotations


class EvaluationRefused(ValueError):
    """Data from which no honest number can be computed; the message says why and what would help."""
