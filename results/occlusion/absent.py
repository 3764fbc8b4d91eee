"""What could not be measured in an occlusion test."""

from __future__ import annotations

from results.decision import Verdict


class Absent(Exception):
    """Something could not be measured: why, and what a criterion on it ends in."""

    def __init__(self, why: str, verdict: Verdict = Verdict.INCONCLUSIVE) -> None:
        super().__init__(why)
        self.verdict = verdict
