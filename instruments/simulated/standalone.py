"""The twin on its own, at wall-clock time: for other programs, and for tests that kill the rig."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from types import FrameType
from typing import TextIO

from instruments.clock import WallClock
from instruments.clock.interface import host_sleep
from instruments.simulated.truth import TwinConfig
from instruments.simulated.twin import TwinStation

_LOOK_S = 0.1


def run_until_signal(
    truth: TwinConfig, *, seed: int, output: TextIO, witness_path: Path | None = None, pump_power_relay: bool = False
) -> None:
    """Run a twin, write its addresses as one line of JSON, and close it on SIGINT or SIGTERM. Main thread only."""
    received: list[int] = []

    # Only a list append: a handler that took a lock could take one its own thread holds.
    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with TwinStation(
            truth, seed=seed, clock=WallClock(), witness_path=witness_path, pump_power_relay=pump_power_relay
        ) as twin:
            output.write(json.dumps(twin.addresses()) + "\n")
            output.flush()
            while not received:
                host_sleep(_LOOK_S)
                twin.live()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
