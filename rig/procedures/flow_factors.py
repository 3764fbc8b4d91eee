"""Flow accuracy under one factor: back pressure, temperature, what the reservoir holds, the pressure of the air."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from pydantic import Field, model_validator

from results.evaluation import FlowEvaluation
from results.trace.schema import PRESSURE_PREFIX
from rig.cases.plan_tables import Duration
from rig.configuration import Section
from rig.operators.step import ExpectedState, OperatorStep
from rig.procedures.flow_accuracy import FlowCase, FlowCaseTable, flow_case_fields
from rig.procedures.procedure import Procedure
from rig.procedures.refill import refill_step


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFactorCase(FlowCase):
    """A flow test that begins with manual steps and waits `adapt_s` before its first blank.

    `fill_ul`: what the pump is told that its reservoir holds; None where it is not refilled.
    """

    steps: tuple[OperatorStep, ...]
    fill_ul: float | None
    adapt_s: float

    @property
    def planned_s(self) -> float:
        """Duration of all phases together, s of station time."""
        return super(FlowFactorCase, self).planned_s + self.adapt_s


class FactorTable(Section):
    """`[case.<name>.factor]`: what is set up by hand before the test; what is left out stays as it is.

    Pressures of the back pressure are gauge, at the outlet; that of the air is absolute. The channel that must show the
    back pressure is named with it, and how far it may show another.
    """

    back_pressure_kpa: float | None = Field(default=None, ge=-90, le=500)
    back_pressure_channel: str | None = None
    back_pressure_tolerance_kpa: float = Field(default=1.0, gt=0)
    back_pressure_within_s: Duration = 120.0
    bath_temperature_c: float | None = Field(default=None, ge=5, le=45)
    reservoir_ul: float | None = Field(default=None, gt=0)
    ambient_pressure_hpa: float | None = Field(default=None, ge=500, le=1600)

    @model_validator(mode="after")
    def _seen_is_set(self) -> Self:
        if self.back_pressure_channel is not None and self.back_pressure_kpa is None:
            raise ValueError("back_pressure_channel is named, but no back_pressure_kpa that it must show")
        return self

    def steps(self) -> Iterator[OperatorStep]:
        """Yield the manual steps that set it up."""
        if self.reservoir_ul is not None:
            yield refill_step(self.reservoir_ul)
        if self.back_pressure_kpa is not None:
            yield OperatorStep(
                name="back pressure",
                instruction=f"Set the back pressure at the outlet to {self.back_pressure_kpa:+g} kPa.",
                action="set_back_pressure",
                values={"kpa": self.back_pressure_kpa},
                expects=self._seen(self.back_pressure_kpa),
            )
        if self.bath_temperature_c is not None:
            yield OperatorStep(
                name="bath",
                instruction=f"Put the pump into a bath at {self.bath_temperature_c:g} Celsius.",
                action="set_bath",
                values={"temperature_c": self.bath_temperature_c},
            )
        if self.ambient_pressure_hpa is not None:
            yield OperatorStep(
                name="air pressure",
                instruction=f"Set the air in the chamber to {self.ambient_pressure_hpa:g} hPa, absolute.",
                action="set_ambient_pressure",
                values={"hpa": self.ambient_pressure_hpa},
            )

    def _seen(self, back_pressure_kpa: float) -> ExpectedState | None:
        if self.back_pressure_channel is None:
            return None
        return ExpectedState(
            stream=PRESSURE_PREFIX + self.back_pressure_channel,
            low=back_pressure_kpa - self.back_pressure_tolerance_kpa,
            high=back_pressure_kpa + self.back_pressure_tolerance_kpa,
            within_s=self.back_pressure_within_s,
            change=False,
        )


class FlowFactorTable(FlowCaseTable):
    """`[case.<name>]`: the flow test, the factor, and how long pump and bench have to follow it."""

    factor: FactorTable
    adapt_s: Duration


def _case(base: Mapping[str, Any], table: FlowFactorTable, evaluation: FlowEvaluation) -> FlowFactorCase:
    fields = flow_case_fields(base, table, evaluation)
    fill_ul = table.factor.reservoir_ul
    if fill_ul is not None:
        needs = replace(fields["needs"], functions=frozenset({"reservoir"}), reservoir_ul=fill_ul)
        fields = {**fields, "needs": needs}
    return FlowFactorCase(**fields, steps=tuple(table.factor.steps()), fill_ul=fill_ul, adapt_s=table.adapt_s)


PROCEDURE = Procedure(name="flow-factors", kind="flow", table=FlowFactorTable, case=_case)
