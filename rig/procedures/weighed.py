"""What the cases of all weighed tests say: the prime, and the blanks before and after."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from pydantic import Field

from instruments.program import FlowStep
from results.measured.expected import PlannedPhase, PlannedTest
from results.measured.prediction import predict, refuse_undecidable
from rig.cases.case import Case, Feasibility
from rig.cases.plan_tables import UL_PER_H_OF_ML_PER_DAY, CaseTable, Duration, PlannedFlow
from rig.cases.sampling import sampling_of
from rig.stations.file import StationFile


@dataclass(frozen=True, slots=True, kw_only=True)
class WeighedCase(Case, ABC):
    """A case that begins with a prime to waste and stands between two blanks."""

    prime: FlowStep
    blank_s: float

    @property
    def planned_s(self) -> float:
        """Duration of all phases together, s of station time."""
        return (self.prime.duration_s or 0.0) + 2.0 * self.blank_s + self.delivery_s

    @property
    @abstractmethod
    def delivery_s(self) -> float:
        """Duration of what lies between the blanks, s."""

    def planned_test(self, reading_interval_s: float) -> PlannedTest | None:
        """Return the test as planned, for its prediction; None where nothing can be foretold."""
        return None

    def between_blanks(self, delivery: Iterable[PlannedPhase]) -> tuple[PlannedPhase, ...]:
        """Return the programme of the weighed part: what is delivered, and the blanks around it."""
        blanks = (PlannedPhase(name, self.blank_s, 0.0) for name in ("blank_before", "blank_after"))
        return (next(blanks), *delivery, next(blanks))

    def feasibility(self, station: StationFile) -> Feasibility:
        """Return the U to be expected of what the criteria are about."""
        test = self.planned_test(sampling_of(station, self.sampling).balance_period_s)
        if test is None:
            return Feasibility()
        prediction = predict(test, station.setup)
        return Feasibility(prediction.as_record(), partial(refuse_undecidable, prediction, test, station.setup))


class WeighedCaseTable(CaseTable):
    """`[case.<name>]` of a weighed test."""

    prime_flow_ml_per_day: float = Field(gt=0)
    prime_s: Duration
    blank_s: Duration

    def flows(self) -> Iterator[PlannedFlow]:
        """Yield the prime."""
        yield "the prime", self.prime_flow_ul_per_h

    def prime_flow_ul_per_h(self) -> float:
        """Return the flow of the prime, uL/h."""
        return self.prime_flow_ml_per_day * UL_PER_H_OF_ML_PER_DAY

    def prime(self) -> FlowStep:
        """Return the prime."""
        return FlowStep(self.prime_flow_ul_per_h(), self.prime_s)
