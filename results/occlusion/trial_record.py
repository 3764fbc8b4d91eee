"""What is recorded of an occlusion test, as arrays and instants."""

from __future__ import annotations

from dataclasses import dataclass

from results.measured.weighing import Weighing
from results.occlusion.collection import Running
from results.occlusion.instants import Instant
from results.occlusion.pressure import PressureRecord
from results.series import Phase
from results.uncertainty.budget import Budget


@dataclass(frozen=True, slots=True)
class Fixture:
    """The fixture's compliance (uL/kPa) and what its valve pushes into the line as it closes (uL); None: not known."""

    compliance: Budget | None = None
    displacement: Budget | None = None


@dataclass(frozen=True, slots=True)
class OcclusionTrial:
    """What was recorded of a test; times in s on the time base of the pressure and of the readings.

    `closed`: the line was switched to the dead end; `alarm`: the pump's, as recorded, None where there was none
    (`no_alarm` says so in words); `released`: switched back, None where it never was; `end`: of the record.
    `running`: when the pump delivered after the release; `restarts`: it went on by itself.
    """

    pressure: PressureRecord
    weighing: Weighing
    steady: Phase
    closed: Instant
    alarm: Instant | None
    no_alarm: str
    released: Instant | None
    end_s: float
    fixture: Fixture = Fixture()
    running: tuple[Running, ...] = ()
    restarts: tuple[Instant, ...] = ()
    run_id: str = ""
    title: str = "Occlusion"
    simulated: bool = False
