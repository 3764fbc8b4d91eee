"""What a plan says about the evaluation of a flow test."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from results.decision import Criterion, DecisionRule, StrictModel
from results.measurands import window_measurand
from results.uncertainty.budget import DEFAULT_COVERAGE_PERCENT


class Liquid(StrictModel):
    """The test liquid: water, by its published density, or any liquid by its measured density at a temperature."""

    kind: Literal["water", "measured"]
    air_saturated: bool = False
    density_kg_per_m3: float | None = Field(default=None, gt=500.0, lt=2000.0)
    density_temperature_c: float | None = None
    density_u_relative: float = Field(default=2e-5, ge=0.0)
    expansion_per_k: float | None = None

    @model_validator(mode="after")
    def _measured_is_complete(self) -> Liquid:
        measured = (self.density_kg_per_m3, self.density_temperature_c, self.expansion_per_k)
        if self.kind == "measured" and None in measured:
            raise ValueError("a measured liquid needs density_kg_per_m3, density_temperature_c and expansion_per_k")
        if self.kind == "water" and any(value is not None for value in measured):
            raise ValueError("the density of water is not an input; say kind = 'measured' to give one")
        return self


class VolumeEvaluation(StrictModel):
    """What every weighed volume needs: the liquid, the temperature it is stated at, which way the pump moves it."""

    volume_reference_temperature_c: float = Field(ge=0.0, le=40.0)
    liquid: Liquid
    direction: Literal["collect", "withdraw"] = "collect"
    coverage_percent: float = Field(default=DEFAULT_COVERAGE_PERCENT, gt=50.0, lt=100.0)
    stroke_volume_ul: float | None = Field(default=None, gt=0.0)


class FlowEvaluation(VolumeEvaluation):
    """How a flow test is evaluated. Every temperature is required: a volume without its temperature is no volume.

    `pump_temperature_c`: where the catheter tip and the pump are. `volume_reference_temperature_c`: the temperature at
    which the delivered volume, and so the flow error, is stated. `dose_concentration_temperature_c`: the temperature
    at which the drug concentration behind the set flow holds. `stroke_volume_ul`: of a pump that delivers in strokes.
    """

    kind: Literal["flow"] = "flow"
    profile: str
    set_flow_ul_per_h: float = Field(gt=0.0)
    pump_temperature_c: float = Field(ge=0.0, le=40.0)
    dose_concentration_temperature_c: float = Field(ge=0.0, le=40.0)
    criteria: Annotated[tuple[Criterion, ...], Field(strict=False)]
    decision_rule: DecisionRule

    @field_validator("criteria")
    @classmethod
    def _measurands_exist(cls, criteria: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        for criterion in criteria:
            window_measurand(criterion.measurand)
            if criterion.unit != "%":
                raise ValueError(f"criterion {criterion.id!r} is in {criterion.unit!r}; flow errors are in '%'")
        return criteria
