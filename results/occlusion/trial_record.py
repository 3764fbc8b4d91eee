"""What is recorded of an occlusion test, as arrays and instants."""

from __future__ import annotations

from dataclasses import dataclass

from results.measured.weighing import Weighing
from results.occlusion.collection import Running
from results.occlusion.instants import Instant
from results.occlusion.model import LineEvaluation
from results.occlusion.pressure import PressureRecord
from results.series import Phase
from results.uncertainty.budget import Budget, combine
from results.uncertainty.lines import normal


@dataclass(frozen=True, slots=True)
class Fixture:
    """The fixture's compliance (uL/kPa) and what its valve pushes into the line as it closes (uL); None: not known."""

    compliance: Budget | None = None
    displacement: Budget | None = None


def stated_fixture(evaluation: LineEvaluation) -> Fixture:
    """Return the fixture as a plan or conditions state it."""
    return Fixture(
        _stated(
            evaluation.fixture_compliance_ul_per_kpa,
            evaluation.fixture_compliance_u_ul_per_kpa,
            "uL/kPa",
            evaluation.coverage_percent,
        ),
        _stated(
            evaluation.valve_displacement_ul, evaluation.valve_displacement_u_ul, "uL", evaluation.coverage_percent
        ),
    )


def _stated(value: float | None, u: float | None, unit: str, coverage_percent: float) -> Budget | None:
    if value is None or u is None:
        return None
    line = normal("as stated", value=value, unit=unit, u=u, sensitivity=1.0)
    return combine(value=value, unit=unit, lines=[line], coverage_percent=coverage_percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRecord:
    """What was recorded of any occlusion test; times in s on the time base of the pressure and of the readings.

    `steady`: steady flow before the occlusion. `closed`: the line was switched to the dead end; `released`: switched
    back, None where it never was; `end_s`: of the record.
    """

    pressure: PressureRecord
    weighing: Weighing
    steady: Phase
    closed: Instant
    released: Instant | None
    end_s: float
    fixture: Fixture = Fixture()
    run_id: str = ""
    title: str = "Occlusion"
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OcclusionTrial(LineRecord):
    """What was recorded of the test of a pump with an alarm.

    `alarm`: the pump's, as recorded, None where there was none (`no_alarm` says so in words). `running`: when the pump
    delivered after the release; `restarts`: it went on by itself.
    """

    alarm: Instant | None
    no_alarm: str
    running: tuple[Running, ...] = ()
    restarts: tuple[Instant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatheterTrial(LineRecord):
    """What was recorded of the occluded catheter of a pump without an alarm.

    `recovered`: when the flow is steady again after the release; None where that was not recorded. `alarms`: what the
    pump raised while the catheter was closed.
    """

    recovered: Phase | None = None
    alarms: tuple[str, ...] = ()
