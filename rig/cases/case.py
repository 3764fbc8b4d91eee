"""Cases: what a protocol runs and is judged by, whatever its procedure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from results.decision import StrictModel
from rig.cases.gaps import NO_GAPS, AllowedGaps
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import ConditionsTable, SamplingOverrides

if TYPE_CHECKING:
    from rig.stations.file import StationFile


@dataclass(frozen=True, slots=True)
class PlanIdentity:
    """What plan this is, what it is for, and the text it was read from."""

    id: str
    revision: str
    title: str
    procedure: str
    requirements: tuple[str, ...]
    standard: str
    clause: str
    wording: str
    sources: tuple[str, ...]
    text: str
    sha256: str


def _nothing_to_refuse() -> None:
    return


@dataclass(frozen=True, slots=True)
class Feasibility:
    """What a case is expected to tell on a station, for its record, and the refusal of one that cannot decide.

    `refuse` raises `FeasibilityRefused` where the plan cannot decide its own limits there; else it returns.
    """

    record: Mapping[str, Any] = field(default_factory=dict)
    refuse: Callable[[], None] = _nothing_to_refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(ABC):
    """One case of a plan; each procedure adds its steps.

    `pump` is the kind of pump it is written for, `needs` what that pump must be able to do. `sampling` overrides the
    station's. `gaps` is how long links may be lost. `deviation` says why the case differs from its method; None where
    it does not.
    """

    plan: PlanIdentity
    name: str
    title: str
    pump: str
    evaluation: StrictModel
    needs: PumpNeeds
    sampling: SamplingOverrides
    conditions: ConditionsTable
    deviation: str | None
    gaps: AllowedGaps = NO_GAPS

    @property
    def is_checked_afterwards(self) -> bool:
        """Whether the balance is checked after the run, where the station asks for it."""
        return True

    @property
    @abstractmethod
    def planned_s(self) -> float:
        """Duration of all phases together, s of station time."""

    def feasibility(self, station: StationFile) -> Feasibility:
        """Return what is to be expected of the case on a station."""
        return Feasibility()
