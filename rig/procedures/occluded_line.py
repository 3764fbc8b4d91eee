"""What all cases that close the line have in common: the fixture's test, steady flow, and the line as expected."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import Field

from instruments.program import FlowStep, InfusionProgram
from results.feasibility import FeasibilityRefused
from results.occlusion.feasibility import PlannedOcclusion, refuse_occlusion
from results.occlusion.model import LineEvaluation
from results.trace.schema import PRESSURE_PREFIX
from rig.cases.case import Feasibility
from rig.cases.plan_tables import Duration, PlannedFlow
from rig.configuration import Section
from rig.fixture_trial import FixtureTest, Injected
from rig.operators.step import ExpectedState, OperatorStep
from rig.procedures.weighed import WeighedCase, WeighedCaseTable
from rig.stations.file import StationFile

COLLECTED_LONGER_S = 5.0
"""The release lasts so much longer than the evaluation collects: nothing it needs may lie at the edge of the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedLine:
    """Compliances (uL/kPa) as they are expected: of pump and set, and of the bench's fixture."""

    pump_and_set_ul_per_kpa: float
    fixture_ul_per_kpa: float

    @property
    def whole_ul_per_kpa(self) -> float:
        """Of the whole line."""
        return self.pump_and_set_ul_per_kpa + self.fixture_ul_per_kpa


@dataclass(frozen=True, slots=True, kw_only=True)
class OccludedLineCase(WeighedCase):
    """A case that closes the line: up to the dead end, and from the release on."""

    evaluation: LineEvaluation
    line: ExpectedLine
    fixture: FixtureTest
    program: InfusionProgram
    run_in_s: float
    steady_s: float
    lead_s: float
    back_kpa: float
    back_deadline_s: float

    @property
    def collect_s(self) -> float:
        """How long is collected after the pressure is back, s."""
        return self.evaluation.settle_s + COLLECTED_LONGER_S

    @property
    def delivery_s(self) -> float:
        """Duration of what lies between the blanks, s, when all goes as expected."""
        before_s = self.fixture.planned_s + self.run_in_s + self.steady_s
        return before_s + 2.0 * self.lead_s + self.closed_s + self.collect_s + self.further_s

    @property
    @abstractmethod
    def closed_s(self) -> float:
        """How long the line is expected to be closed while the pump runs, s."""

    @property
    @abstractmethod
    def further_s(self) -> float:
        """Duration of what else lies between the blanks, s."""

    @property
    @abstractmethod
    def planned(self) -> PlannedOcclusion:
        """What the plan expects of line and pump."""

    def feasibility(self, station: StationFile) -> Feasibility:
        """Return what to expect of the line; refused is a fixture that drowns it, and what bursts it."""
        return Feasibility(self.planned.as_record(), partial(self._refuse, station.limits.burst_pressure_kpa))

    def _refuse(self, burst_kpa: float) -> None:
        refuse_occlusion(self.planned)
        injected_ul = max(one.step.values["volume_ul"] for one in self.fixture.injections)
        closed_ul = self.evaluation.set_flow_ul_per_h * self.closed_s / 3600.0
        for what, kpa in (
            ("an injection into the fixture", injected_ul / self.line.fixture_ul_per_kpa),
            ("the pump, while the line is closed,", closed_ul / self.line.whole_ul_per_kpa),
        ):
            if not kpa < burst_kpa:
                raise FeasibilityRefused(
                    f"{what} would raise the pressure by {kpa:.3g} kPa; the line bursts at {burst_kpa:g} kPa"
                )


class FixtureTable(Section):
    """`[case.<name>.fixture]`: how often the valve is closed, what is injected how often, what must then be seen."""

    actuations: int = Field(ge=1, le=20)
    injections: int = Field(ge=1, le=20)
    volume_ul: float = Field(gt=0)
    seen_kpa: float = Field(gt=0, description="an injection that raises the pressure by less went elsewhere")
    seen_within_s: Duration
    rest_s: Duration


class OccludedLineTable(WeighedCaseTable):
    """`[case.<name>]` of a case that closes the line.

    `line_ul_per_kpa` (pump and set) and `fixture_ul_per_kpa` are the compliances expected. `lead_s`: from the begin of
    a phase to the valve in it. `back_kpa`: the pressure is back below this.
    """

    set_flow_ul_per_h: float = Field(gt=0)
    line_ul_per_kpa: float = Field(gt=0)
    fixture_ul_per_kpa: float = Field(gt=0)
    fixture: FixtureTable
    run_in_s: Duration
    steady_s: Duration
    lead_s: Duration
    back_kpa: float
    back_deadline_s: Duration

    def flows(self) -> Iterator[PlannedFlow]:
        """Yield the prime and the steady flow."""
        yield from super().flows()
        yield "the steady flow", lambda: self.set_flow_ul_per_h

    def evaluated(self) -> dict[str, Any]:
        """Return the set flow."""
        return {"set_flow_ul_per_h": self.set_flow_ul_per_h}

    def line(self) -> dict[str, Any]:
        """Return what the case has of this table."""
        return {
            "prime": self.prime(),
            "blank_s": self.blank_s,
            "line": ExpectedLine(
                pump_and_set_ul_per_kpa=self.line_ul_per_kpa, fixture_ul_per_kpa=self.fixture_ul_per_kpa
            ),
            "run_in_s": self.run_in_s,
            "steady_s": self.steady_s,
            "lead_s": self.lead_s,
            "back_kpa": self.back_kpa,
            "back_deadline_s": self.back_deadline_s,
        }

    def set_flows_ul_per_h(self) -> tuple[float, ...]:
        """Return every flow the pump will be set to, uL/h."""
        return self.prime_flow_ul_per_h(), self.set_flow_ul_per_h

    def steady_flow(self) -> FlowStep:
        """Return the steady flow."""
        return FlowStep(self.set_flow_ul_per_h)


def fixture_test(table: FixtureTable, channel: str) -> FixtureTest:
    """Return the fixture's test, seen in a pressure channel."""
    volume = f"{table.volume_ul:g} uL"
    inject = OperatorStep(
        name=f"inject {volume}",
        instruction=f"Push {volume} from the micro-syringe into the closed fixture.",
        action="inject_fixture",
        values={"volume_ul": table.volume_ul},
        expects=ExpectedState(
            stream=PRESSURE_PREFIX + channel, low=table.seen_kpa, high=1e3, within_s=table.seen_within_s
        ),
    )
    return FixtureTest(
        isolate=OperatorStep(
            name="isolate the pump",
            instruction="Turn the stopcock so that pump and set are shut off from the fixture.",
            action="isolate_pump",
        ),
        valve_phases=tuple(f"valve {number}" for number in range(1, table.actuations + 1)),
        injections=tuple(Injected(f"fixture {number}", inject) for number in range(1, table.injections + 1)),
        connect=OperatorStep(
            name="connect the pump",
            instruction="Turn the stopcock so that the pump leads into the fixture again.",
            action="connect_pump",
        ),
        rest_s=table.rest_s,
    )
