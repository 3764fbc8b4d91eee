"""What ends a case other than its own evaluation, and what its evaluation raises when it is no pass."""

from __future__ import annotations

from collections.abc import Sequence

from results.decision import Verdict


class NotRun(Exception):
    """A case refused before anything was delivered, with every reason."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("; ".join(self.reasons))


class RigFault(Exception):
    """The rig, not the pump, made the run worthless."""


class RigLimit(RigFault):
    """A limit that guards people or rig was reached."""


class VerdictError(Exception):
    """A case that did not pass, with the reason a person needs."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        self.verdict = verdict
        self.reason = reason
        super().__init__(f"{verdict.value}: {reason}")


class CriterionReached(VerdictError):
    """A stopping criterion of the plan was reached: the pump was stopped, and the case fails on it."""

    def __init__(self, words: str) -> None:
        super().__init__(Verdict.FAIL, words)
