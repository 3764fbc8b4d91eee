"""What ends a run, and what is asked of it then. The bounds are stated here, before any kill."""

from __future__ import annotations

import signal
from dataclasses import dataclass

PHASES = ("connect", "prime", "blank_before", "before stop", "occluded", "closing", "sealing")
"""By the words of the record; `NAMES` says what the table calls them."""

NAMES = {"blank_before": "blank", "before stop": "infusing"}

IN_A_FIXTURE = ("connect", "prime", "blank_before", "before stop")
"""Where a fixture that itself primes and infuses can be struck."""

_RUNNING = ("prime", "blank_before", "before stop", "occluded")

PROMPT_S = 2.0
"""From a cause that the rig notices itself to the pump's stop: a command under way, then stop and its confirmation."""

COMMIT_S = 3.0
"""The same for storage that fails: it is noticed at the next commit, at most a second later."""

TAKEN_OVER_S = 5.0
"""From the death of the rig to the pump's stop by the watchdog: it opens the pump's port first."""

HUNG_S = 10.0
"""From the stand-still of the rig: the watchdog's patience, the rig's death, then as above."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One way to end a run.

    `signals` go to the rig, each with the longest wait before it (s, a random part of it is waited); `victim` is whom
    they go to. A cause without signals is an exception raised inside, by `injector`. `bound_s`: to the pump's stop.
    `verdicts`: what the record may say when the run was struck while its bench could move; `words`: what its reason
    holds then.
    """

    name: str
    bound_s: float
    verdicts: frozenset[str]
    phases: tuple[str, ...] = PHASES
    signals: tuple[tuple[signal.Signals, float], ...] = ()
    victim: str = "rig"
    words: str = ""

    @property
    def is_injected(self) -> bool:
        """Whether it is an exception within the rig."""
        return not self.signals


SESSION_DEADLINE = "deadline of the session"

_ABORTED, _INVALID = frozenset({"ABORTED"}), frozenset({"INVALID"})


def _signal(name: str, *signals: tuple[signal.Signals, float]) -> Cause:
    return Cause(name, PROMPT_S, _ABORTED, signals=signals, words=signals[0][0].name)


def _exception(where: str, bound_s: float, phases: tuple[str, ...]) -> Cause:
    return Cause(f"exception in {where}", bound_s, _INVALID, phases, words="of the kill matrix")


CAUSES = (
    _signal("SIGINT", (signal.SIGINT, 0.0)),
    _signal("SIGINT twice", (signal.SIGINT, 0.0), (signal.SIGINT, 0.3)),
    _signal("SIGTERM", (signal.SIGTERM, 0.0)),
    _signal("SIGHUP", (signal.SIGHUP, 0.0)),
    Cause(
        "a job's deadline: SIGTERM, then SIGKILL",
        TAKEN_OVER_S,
        _ABORTED,
        signals=((signal.SIGTERM, 0.0), (signal.SIGKILL, 0.5)),
    ),
    Cause("SIGKILL of the rig", TAKEN_OVER_S, _ABORTED, signals=((signal.SIGKILL, 0.0),)),
    Cause("SIGSTOP: the rig hangs", HUNG_S, _ABORTED, signals=((signal.SIGSTOP, 0.0),)),
    Cause("SIGKILL of the watchdog", PROMPT_S, _INVALID, signals=((signal.SIGKILL, 0.0),), victim="watchdog"),
    _exception("the protocol", PROMPT_S, _RUNNING),
    _exception("a fixture", PROMPT_S, IN_A_FIXTURE),
    _exception("a sampler", PROMPT_S, _RUNNING),
    _exception("the writer", COMMIT_S, (*_RUNNING, "closing")),
    Cause(SESSION_DEADLINE, PROMPT_S, _ABORTED, words="deadline of the session"),
)
