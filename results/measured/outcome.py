"""What the evaluation of a test yields: the words all outcomes share, and the outcome of a measured test."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Protocol

from results.cleaning.exclusions import Exclusion
from results.cleaning.findings import Finding
from results.decision import Decision, Verdict
from results.measured.measurand import Measurand, Observation
from results.outcome import as_json

MEASURED_OUTCOME_SCHEMA = "measured-outcome/1.0.0"


class Outcome(Protocol):
    """What every outcome says, whatever was tested: flow outcomes, bolus outcomes and measured outcomes do."""

    @property
    def schema(self) -> str:
        """Name and version of the outcome's JSON form."""

    @property
    def run_id(self) -> str:
        """The run it was computed from."""

    @property
    def title(self) -> str:
        """What the plan calls the test."""

    @property
    def simulated(self) -> bool:
        """True when no pump was measured."""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """One for each criterion of the plan."""

    @property
    def verdict(self) -> Verdict:
        """The gravest of the decisions."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know, gravest first."""

    def as_record(self) -> dict[str, Any]:
        """Return the outcome as JSON types."""


@dataclass(frozen=True, slots=True)
class MeasuredOutcome:
    """Named measured values with their uncertainty, and the decisions on them; units are those of each value.

    `kind`: the kind of evaluation. `wording`: how the result may be quoted. `observations`: seen, in order of time.
    """

    schema: str
    kind: str
    run_id: str
    title: str
    simulated: bool
    wording: str
    measurands: tuple[Measurand, ...]
    observations: tuple[Observation, ...]
    findings: tuple[Finding, ...]
    exclusions: tuple[Exclusion, ...]
    decisions: tuple[Decision, ...]
    verdict: Verdict
    notes: tuple[str, ...]

    def measurand(self, name: str) -> Measurand:
        """Return a measurand by its name. Raises `KeyError` naming those there are."""
        for one in self.measurands:
            if one.name == name:
                return one
        raise KeyError(f"{name!r}; there are {', '.join(repr(one.name) for one in self.measurands)}")

    def as_record(self) -> dict[str, Any]:
        """Return the outcome as JSON types: dicts, lists, strings, finite numbers, None for what is not a number."""
        return {field.name: as_json(getattr(self, field.name)) for field in fields(self)}
