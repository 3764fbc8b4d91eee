"""The end of an acquisition does not wait for a reader that never comes back."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from instruments.clock import WallClock
from instruments.interfaces import AmbientSensor, Balance, PressureInput, Pump
from instruments.readings import (
    AmbientReading,
    MassReading,
    PressureBlock,
    PumpState,
    PumpStatus,
    ReadingState,
)
from results.trace.events import EventLog, read_events
from rig.acquisition import acquisition as module
from rig.acquisition.acquisition import Acquisition, SampledInstruments
from rig.acquisition.stream import SampleStream


class StuckPressure:
    """A DAQ whose read comes back only when it is let go."""

    channels = ("line",)
    voltages = ()
    transfer_s = 0.0

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked = threading.Event()

    def start(self, *, rate_hz: float, block_samples: int) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""

    def read_available(self) -> PressureBlock:
        self.asked.set()
        self.let_go.wait()
        none = np.empty((1, 0))
        return PressureBlock(0, 0.1, none, np.empty((0, 0)), none.astype(object))


class Readings:
    """A pump that answers at once."""

    doubts = 0

    def status(self) -> PumpStatus:
        return PumpStatus(PumpState.STOPPED, 0.0, 0.0, 0.0, frozenset())


class Scale:
    doubts = 0

    def read(self) -> MassReading:
        return MassReading(1.0, ReadingState.STABLE, "S S 1 g")


class Air:
    doubts = 0

    def read(self) -> AmbientReading:
        return AmbientReading(20.0, 50.0, 1000.0, ReadingState.STABLE, "")


def test_a_reader_that_never_comes_back_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "JOIN_PATIENCE_S", 0.2)
    pressure = StuckPressure()
    sampled = SampledInstruments(
        pump=cast(Pump, Readings()),
        balance=cast(Balance, Scale()),
        ambient=cast(AmbientSensor, Air()),
        pressure=cast(PressureInput, pressure),
        balance_period_s=0.1,
        ambient_period_s=0.1,
        telemetry_period_s=0.1,
        pressure_rate_hz=10.0,
        pressure_block_s=0.1,
    )
    clock = WallClock()
    with EventLog(tmp_path / "events.jsonl") as log, clock.participate("test"):
        acquisition = Acquisition(
            sampled, clock=clock, stream=SampleStream(), event_log=log, on_fault=lambda name, error: None
        )
        acquisition.start()
        try:
            pressure.asked.wait()
            acquisition.stop()
            events = read_events(tmp_path / "events.jsonl").events
            assert [event.source for event in events if event.kind == "sampler_stuck"] == ["sampler-pressure"]
            ended = {event.source: event.data for event in events if event.kind == "sampler_end"}
            assert set(ended) == {"mass", "pressure", "ambient", "pump"}
        finally:
            pressure.let_go.set()
