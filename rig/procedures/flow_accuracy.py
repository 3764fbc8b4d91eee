"""Flow accuracy: blank, stabilisation, analysis, blank, by a method profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from instruments.program import FlowStep, InfusionProgram, ProgramError, continuous, flow_ul_per_h_from_dose
from results.evaluation import FlowEvaluation
from results.expected_record import PlannedFlowTest
from results.feasibility import predict_flow, refuse_infeasible
from results.flow.grid import GridError, interval_count
from results.profiles.profile import MethodProfile, load_profile, profile_ids
from rig.cases.case import Case, Feasibility
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import UL_PER_H_OF_ML_PER_DAY, CaseTable, Duration, PlannedFlow, Text
from rig.cases.sampling import sampling_of
from rig.configuration.section import Contradictions
from rig.procedures.procedure import Procedure
from rig.stations.file import StationFile


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCase(Case):
    """One flow, its phases, its method. Dose (ug/day) and concentration (ug/mL) are None where the flow is stated."""

    evaluation: FlowEvaluation
    flow_ul_per_h: float
    dose_ug_per_day: float | None
    concentration_ug_per_ml: float | None
    prime: FlowStep
    blank_s: float
    program: InfusionProgram
    stabilisation_s: float
    analysis_s: float

    @property
    def planned_s(self) -> float:
        """Duration of all phases together, s of station time."""
        prime_s = self.prime.duration_s or 0.0
        return prime_s + self.blank_s + self.stabilisation_s + self.analysis_s + self.blank_s

    def feasibility(self, station: StationFile) -> Feasibility:
        """Return the predicted uncertainty of error A and the noise floors of the windows."""
        planned = PlannedFlowTest(
            evaluation=self.evaluation,
            blank_s=self.blank_s,
            stabilisation_s=self.stabilisation_s,
            analysis_s=self.analysis_s,
            reading_interval_s=sampling_of(station, self.sampling).balance_period_s,
        )
        prediction = predict_flow(planned, station.setup)
        return Feasibility(prediction.as_record(), partial(refuse_infeasible, prediction, planned, station.setup))


def _flow_is_stated_once(case: FlowCaseTable) -> Contradictions:
    dose = case.dose_ug_per_day is not None or case.concentration_ug_per_ml is not None
    if dose and case.flow_ml_per_day is not None:
        yield "", "states both a dose and flow_ml_per_day; state one of them"
    elif not dose and case.flow_ml_per_day is None:
        yield "", "states no flow; give dose_ug_per_day with concentration_ug_per_ml, or flow_ml_per_day"
    elif dose and case.dose_ug_per_day is None:
        yield "dose_ug_per_day", "missing beside concentration_ug_per_ml"
    elif dose and case.concentration_ug_per_ml is None:
        yield "concentration_ug_per_ml", "missing beside dose_ug_per_day"


def _profile_exists(case: FlowCaseTable) -> Contradictions:
    if case.profile not in profile_ids():
        yield "profile", f"there is no method profile {case.profile!r}; there are: {', '.join(profile_ids())}"


def _timings_fit_the_profile(case: FlowCaseTable) -> Contradictions:
    profile = case.known_profile()
    if profile is None:
        return
    interval_s = profile.sample_interval_s
    analysis_s = case.resolved_analysis_s(profile)
    try:
        interval_count(duration_s=analysis_s, sample_interval_s=interval_s)
    except GridError:
        yield "analysis_s", f"{analysis_s:g} s is not a multiple of the sample interval S = {interval_s:g} s"
    longest_s = max(profile.window_samples) * interval_s
    if longest_s > analysis_s:
        yield "analysis_s", f"{analysis_s:g} s is shorter than the longest window of the profile, {longest_s:g} s"
    infusion_s = case.resolved_stabilisation_s(profile) + analysis_s
    if profile.startup_s > infusion_s:
        yield "", f"the infusion of {infusion_s:g} s is shorter than the profile's start-up, {profile.startup_s:g} s"


def _blank_shows_a_sample(case: FlowCaseTable) -> Contradictions:
    profile = case.known_profile()
    if profile is not None and case.blank_s < profile.sample_interval_s:
        interval_s = profile.sample_interval_s
        yield "blank_s", f"{case.blank_s:g} s is shorter than one sample interval S = {interval_s:g} s"


def _deviation_is_explained(case: FlowCaseTable) -> Contradictions:
    profile = case.known_profile()
    if profile is None:
        return
    deviates = [
        f"{key} = {stated:g} s, not {usual:g} s"
        for key, stated, usual in (
            ("stabilisation_s", case.resolved_stabilisation_s(profile), profile.stabilisation_s),
            ("analysis_s", case.resolved_analysis_s(profile), profile.analysis_s),
        )
        if stated != usual
    ]
    if deviates and case.deviation is None:
        yield "deviation", f"missing; the timing is not the profile's ({'; '.join(deviates)}): say why"
    if not deviates and case.deviation is not None:
        yield "deviation", "explains a deviation, but the timing is the profile's own"


class FlowCaseTable(CaseTable):
    """`[case.<name>]`: one flow, its phases, its method profile. Timings left out are the profile's."""

    profile: Text
    dose_ug_per_day: float | None = Field(default=None, gt=0)
    concentration_ug_per_ml: float | None = Field(default=None, gt=0)
    flow_ml_per_day: float | None = Field(default=None, gt=0)
    prime_flow_ml_per_day: float = Field(gt=0)
    prime_s: Duration
    blank_s: Duration
    stabilisation_s: float | None = Field(default=None, ge=0)
    analysis_s: float | None = Field(default=None, gt=0)

    contradictions_of: ClassVar[tuple[Callable[[Any], Contradictions], ...]] = (
        _flow_is_stated_once,
        _profile_exists,
        _timings_fit_the_profile,
        _blank_shows_a_sample,
        _deviation_is_explained,
    )

    def flows(self) -> Iterator[PlannedFlow]:
        """Yield the set flow and the prime."""
        yield "the set flow", self.flow_ul_per_h
        yield "the prime", self.prime_flow_ul_per_h

    def evaluated(self) -> dict[str, Any]:
        """Return profile and set flow."""
        return {"profile": self.profile, "set_flow_ul_per_h": self.flow_ul_per_h()}

    def flow_ul_per_h(self) -> float | None:
        """Return the set flow (uL/h), None where the case does not state one."""
        if self.flow_ml_per_day is not None:
            return self.flow_ml_per_day * UL_PER_H_OF_ML_PER_DAY
        if self.dose_ug_per_day is None or self.concentration_ug_per_ml is None:
            return None
        return flow_ul_per_h_from_dose(
            dose_ug_per_day=self.dose_ug_per_day, concentration_ug_per_ml=self.concentration_ug_per_ml
        )

    def prime_flow_ul_per_h(self) -> float:
        """Return the flow of the prime, uL/h."""
        return self.prime_flow_ml_per_day * UL_PER_H_OF_ML_PER_DAY

    def known_profile(self) -> MethodProfile | None:
        """Return the case's profile, None when there is none of that name."""
        return load_profile(self.profile).profile if self.profile in profile_ids() else None

    def resolved_stabilisation_s(self, profile: MethodProfile) -> float:
        """Return the stabilisation, s: the case's, or the profile's."""
        return profile.stabilisation_s if self.stabilisation_s is None else self.stabilisation_s

    def resolved_analysis_s(self, profile: MethodProfile) -> float:
        """Return the analysis period, s: the case's, or the profile's."""
        return profile.analysis_s if self.analysis_s is None else self.analysis_s


def flow_case_fields(base: Mapping[str, Any], table: FlowCaseTable, evaluation: FlowEvaluation) -> dict[str, Any]:
    """Return the fields of the flow case of a checked table and evaluation."""
    profile = load_profile(table.profile).profile
    flow_ul_per_h = table.flow_ul_per_h()
    if flow_ul_per_h is None:
        raise ProgramError(f"case {base['name']!r} states no flow")
    prime = FlowStep(table.prime_flow_ul_per_h(), table.prime_s)
    return {
        **base,
        "evaluation": evaluation,
        "needs": PumpNeeds(flows_ul_per_h=(flow_ul_per_h, prime.flow_ul_per_h)),
        "flow_ul_per_h": flow_ul_per_h,
        "dose_ug_per_day": table.dose_ug_per_day,
        "concentration_ug_per_ml": table.concentration_ug_per_ml,
        "prime": prime,
        "blank_s": table.blank_s,
        "program": continuous(flow_ul_per_h),
        "stabilisation_s": table.resolved_stabilisation_s(profile),
        "analysis_s": table.resolved_analysis_s(profile),
    }


def _case(base: Mapping[str, Any], table: FlowCaseTable, evaluation: FlowEvaluation) -> FlowCase:
    return FlowCase(**flow_case_fields(base, table, evaluation))


PROCEDURE = Procedure(name="flow-accuracy", kind="flow", table=FlowCaseTable, case=_case)
