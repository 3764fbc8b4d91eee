"""How an occlusion test is evaluated: what a plan or the conditions of a foreign file say of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from results.decision import Criterion, DecisionRule
from results.evaluation import VolumeEvaluation


class LineEvaluation(VolumeEvaluation):
    """What the occlusion tests of all pumps have in common. Every `_u_` is a standard uncertainty.

    `channel`: the pressure that is judged; `fixture_channel`: the one watched while the fixture is measured (the same,
    where not stated). `rest_kpa`: the gauge pressure of the open line at rest; where it is stated, the transducer's
    zero is taken from the blank before. `level_s`: the pressure before the occlusion is the mean over
    this time. `back_band_kpa`: the pressure is back within this of the one before.
    `settle_s`: how long the balance takes after that. `valve_switching_s`: the longest a valve takes after its drive.
    `flow_per_pressure_percent_per_kpa`: how the pump's flow changes with the pressure it works against.
    The fixture's compliance and the valve's displacement are measured in the run, or stated here.
    `syringe_u_percent`, `syringe_u_ul`: of the volumes injected into it, their scale and each.
    `largest_fixture_share`: the most that the fixture's compliance may be of that of pump and set.
    """

    set_flow_ul_per_h: float = Field(gt=0.0)
    channel: str = "line"
    fixture_channel: str | None = None
    rest_kpa: float | None = None
    rest_u_kpa: float | None = Field(default=None, ge=0.0)
    level_s: float = Field(default=10.0, gt=0.0)
    back_band_kpa: float = Field(gt=0.0)
    settle_s: float = Field(ge=0.0)
    valve_switching_s: float = Field(default=0.0, ge=0.0)
    flow_per_pressure_percent_per_kpa: float = 0.0
    flow_per_pressure_u_percent_per_kpa: float = Field(ge=0.0)
    syringe_u_percent: float = Field(default=0.0, ge=0.0)
    syringe_u_ul: float = Field(default=0.0, ge=0.0)
    valve_method: Literal["pressure", "weighing"] = "pressure"
    fixture_compliance_ul_per_kpa: float | None = Field(default=None, ge=0.0)
    fixture_compliance_u_ul_per_kpa: float | None = Field(default=None, ge=0.0)
    valve_displacement_ul: float | None = None
    valve_displacement_u_ul: float | None = Field(default=None, ge=0.0)
    largest_fixture_share: float = Field(default=0.5, gt=0.0)
    criteria: Annotated[tuple[Criterion, ...], Field(strict=False)] = ()
    decision_rule: DecisionRule = DecisionRule(kind="guarded")
    wording: str = "method of IEC 60601-2-24:2012, 201.12.4.4.104"

    @model_validator(mode="after")
    def _stated_with_uncertainty(self) -> LineEvaluation:
        for name, unit in (("fixture_compliance", "ul_per_kpa"), ("valve_displacement", "ul"), ("rest", "kpa")):
            if (getattr(self, f"{name}_{unit}") is None) is not (getattr(self, f"{name}_u_{unit}") is None):
                raise ValueError(f"{name}_{unit} and {name}_u_{unit} belong together: state both or neither")
        return self


class OcclusionEvaluation(LineEvaluation):
    """How the occlusion test of a pump with an alarm is evaluated.

    `threshold_kpa`: as selected; None where the pump offers no choice, and the outcome says so. `alarm_delay_s`: from
    the pump's alarm to what is recorded of it (its alarm output), which is taken off.
    """

    threshold_kpa: float | None = Field(default=None, gt=0.0)
    alarm_delay_s: float = Field(default=0.0, ge=0.0)
    alarm_delay_u_s: float = Field(default=0.0, ge=0.0)


class CatheterEvaluation(LineEvaluation):
    """How the occlusion of a pump without an alarm is evaluated.

    `false_alarm_probability`: that the balance tells of an under-delivery that is none, over the occluded time.
    `recovery_band_ul`: delivery has recovered when it stays within this of the line it goes on along.
    `slip_share`: the pump slips when the pressure rises by less than this share of its first slope.
    """

    false_alarm_probability: float = Field(default=0.01, gt=0.0, lt=1.0)
    test_interval_s: float = Field(gt=0.0)
    recovery_band_ul: float = Field(gt=0.0)
    slip_share: float = Field(default=0.1, gt=0.0, lt=1.0)
    wording: str = "by analogy with IEC 60601-2-24:2012, 201.12.4.4.104; the pump has no occlusion alarm"
