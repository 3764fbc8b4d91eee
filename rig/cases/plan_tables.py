"""The tables all plans have in common: what plan it is, its conditions, and what every case says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from instruments.program import IMPLANT_THERAPEUTIC_RANGE, FlowRange
from rig.configuration import Listed, Section

Text = Annotated[str, Field(min_length=1)]
Duration = Annotated[float, Field(gt=0)]
CaseName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]*$", description="lower-case letters, digits and _, a letter first")
]
PumpKind = Literal["implantable", "external", "syringe"]

FLOW_RANGES: dict[str, FlowRange] = {"implantable": IMPLANT_THERAPEUTIC_RANGE}
"""The flows of each kind of pump a plan can be written for, where the kind has a range of its own."""

UL_PER_H_OF_ML_PER_DAY = 1000.0 / 24.0

PlannedFlow = tuple[str, Callable[[], float | None]]
"""A flow of a case: what it is, and the flow itself (uL/h), None where the case does not state it."""


class PlanTable(Section):
    """`[plan]`: what plan this is, what it answers to, which procedure it is for."""

    id: Text
    revision: Text
    title: Text
    procedure: Text
    pump: PumpKind
    requirements: Annotated[Listed[Text], Field(min_length=1)]
    standard: Text
    clause: Text
    wording: Text = Field(description="how the result may be described, as 'by analogy with ...'")
    sources: Annotated[Listed[Text], Field(min_length=1)]

    def identity(self) -> dict[str, Any]:
        """Return what identifies the plan."""
        return self.model_dump(exclude={"pump"})


class ConditionsTable(Section):
    """`[conditions]`: how the test is set up, for the record. A stated `pump_serial` must be that of the pump."""

    liquid: Text
    liquid_lot: Text
    degassing: Text
    draft_shield: Text
    equilibration_s: float = Field(ge=0, description="how long the bench stood ready before the test")
    head_height_mm: float = Field(description="of the catheter tip above the pump's outlet")
    measured_density_kg_per_m3: float | None = Field(default=None, gt=500, lt=2000)
    catheter_lot: Text | None = None
    catheter_length_mm: float | None = Field(default=None, gt=0)
    pump_serial: Text | None = None


class SamplingOverrides(Section):
    """`[case.<name>.sampling]`: how often a case wants instruments read, where not as the station has it."""

    balance_period_s: float | None = Field(default=None, ge=0.1, le=60)
    ambient_period_s: float | None = Field(default=None, ge=1, le=600)
    telemetry_period_s: float | None = Field(default=None, ge=0.1, le=600)
    pressure_rate_hz: float | None = Field(default=None, ge=0.1, le=1000)
    pressure_block_s: float | None = Field(default=None, ge=0.1, le=60)

    def stated(self) -> dict[str, float]:
        """Return what is overridden."""
        return self.model_dump(exclude_none=True)


class GapsTable(Section):
    """`[gaps]`, `[case.<name>.gaps]`: how long the link to each instrument may be lost before that ends the run."""

    mass_s: float | None = Field(default=None, ge=0, le=3600)
    ambient_s: float | None = Field(default=None, ge=0, le=3600)
    pressure_s: float | None = Field(default=None, ge=0, le=3600)
    pump_s: float | None = Field(default=None, ge=0, le=3600)

    def stated(self) -> dict[str, float]:
        """Return what is said; what is not is 0, or the plan's."""
        return self.model_dump(exclude_none=True)


class CaseLimits(Section):
    """`[case.<name>.limits.<id>]`: limits of one criterion for this case, in place of the plan's, and their source."""

    low: float | None = None
    high: float | None = None
    source: Text


class CaseTable(Section):
    """`[case.<name>]`: what every case says; each procedure adds its own keys.

    `evaluation` replaces whole keys of the plan's `[evaluation]` for this case, `limits` those of single criteria.
    """

    title: Text
    pump: PumpKind | None = None
    deviation: Text | None = None
    sampling: SamplingOverrides = SamplingOverrides()
    gaps: GapsTable = GapsTable()
    evaluation: dict[str, Any] = Field(default_factory=dict)
    limits: dict[str, CaseLimits] = Field(default_factory=dict)

    def flows(self) -> Iterator[PlannedFlow]:
        """Yield the flows the pump will be set to; they are checked against the pump's range."""
        yield from ()

    def evaluated(self) -> dict[str, Any]:
        """Return the keys of the evaluation that the case itself says."""
        return {}
