"""A protocol that primes and is then ended in the way the environment names; run by the tests of the watchdog."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from instruments.clock.interface import host_sleep
from instruments.errors import InstrumentTimeout
from results.refusal import EvaluationRefused
from rig.bench import Bench
from rig.procedures.stop_restart import StopRestartCase

HOW = "GUARDED_RUN"
REACHED = "GUARDED_RUN_REACHED"
"""Names the file that appears once a signal meets the way, and no longer the start of the pump before it."""
LONG_S = 600.0


def reached() -> None:
    """Tell the test that the way is reached."""
    Path(os.environ[REACHED]).touch()


def wait(bench: Bench) -> None:
    """Let the test end it."""
    reached()
    bench.wait(LONG_S)


def be_held_up(bench: Bench) -> None:
    """Stay in a library: no Python handler runs meanwhile."""
    library = ctypes.CDLL(None)
    reached()
    library.sleep(12)


def hold_on(bench: Bench) -> None:
    """Let no signal end it; twenty seconds are more than the test waits for the pump to stop."""
    for _ in range(200):
        with suppress(KeyboardInterrupt):
            reached()
            bench.wait(LONG_S)
        with suppress(KeyboardInterrupt):
            host_sleep(0.1)


def lose_the_pump(bench: Bench) -> None:
    """Make this process unable to stop its pump; another one still can."""

    def stop() -> None:
        raise InstrumentTimeout("no answer", instrument="pump", command="STOP")

    bench._station.pump._own.stop = stop  # type: ignore[attr-defined]
    reached()


def never_end(bench: Bench) -> None:
    """Make the bench safe and hang before the run is closed."""
    reached()
    bench.stop_infusion()
    with suppress(EvaluationRefused):
        bench.evaluate()
    host_sleep(LONG_S)


WAYS: Mapping[str, Callable[[Bench], None]] = {
    way.__name__: way for way in (wait, be_held_up, hold_on, lose_the_pump, never_end)
}


def test_guarded(bench: Bench, case: StopRestartCase) -> None:
    """Start the pump into the vessel, and end."""
    with bench.phase("infusing", LONG_S):
        bench.start_infusion(case.program)
        WAYS[os.environ[HOW]](bench)
