"""How a run that ended early is judged, and how verdicts become outcomes of pytest."""

from __future__ import annotations

from instruments.errors import InstrumentError
from instruments.program import ProgramError
from results.decision import Verdict
from results.feasibility import FeasibilityRefused
from results.series import EvaluationRefused
from results.trace.errors import StorageError
from rig.faults import NotRun, RigFault, RigLimit, VerdictError

ERROR_VERDICTS = frozenset({Verdict.INVALID, Verdict.ABORTED, Verdict.NOT_RUN})
"""In pytest these are errors, never passes, failures or skips."""


EXPECTED_ERRORS = (InstrumentError, ProgramError, RigFault, VerdictError, StorageError, EvaluationRefused, NotRun)
"""Errors whose message says everything; a traceback would add nothing."""


def verdict_of_error(error: BaseException) -> Verdict:
    """Return the verdict on a run that this exception ended.

    A pump that refuses the program and a plan that cannot decide leave the case NOT RUN; operator, signal and rig
    limits abort; the rest is the rig's fault and makes the run INVALID.
    """
    if isinstance(error, VerdictError):
        return error.verdict
    if isinstance(error, ProgramError | FeasibilityRefused | NotRun):
        return Verdict.NOT_RUN
    if isinstance(error, KeyboardInterrupt | SystemExit | RigLimit):
        return Verdict.ABORTED
    return Verdict.INVALID


def reason_of_error(error: BaseException) -> str:
    """Return what to say of the exception that ended a run."""
    if isinstance(error, VerdictError):
        return error.reason
    if isinstance(error, EXPECTED_ERRORS):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return str(error) or "ended by the operator (Ctrl-C)"
    return f"{type(error).__name__}: {error}"
