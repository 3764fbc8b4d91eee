"""The tables of a plan file, and what must not be said in one plan together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from instruments.program import IMPLANT_THERAPEUTIC_RANGE, FlowRange, ProgramError, flow_ul_per_h_from_dose
from results.flow.grid import GridError, interval_count
from results.profiles.profile import MethodProfile, load_profile, profile_ids
from rig.configuration import Listed, Section
from rig.configuration.section import Contradictions

Text = Annotated[str, Field(min_length=1)]
Duration = Annotated[float, Field(gt=0)]
CaseName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]*$", description="lower-case letters, digits and _, a letter first")
]

FLOW_RANGES: dict[str, FlowRange] = {"implantable": IMPLANT_THERAPEUTIC_RANGE}
"""The flows of each kind of pump a plan can be written for."""

UL_PER_H_OF_ML_PER_DAY = 1000.0 / 24.0


class PlanTable(Section):
    """`[plan]`: what plan this is, and what it answers to."""

    id: Text
    revision: Text
    title: Text
    pump: Literal["implantable"]
    requirements: Annotated[Listed[Text], Field(min_length=1)]
    standard: Text
    clause: Text
    wording: Text = Field(description="how the result may be described, as 'by analogy with ...'")
    sources: Annotated[Listed[Text], Field(min_length=1)]

    def identity(self) -> dict[str, Any]:
        """Return what identifies the plan."""
        return self.model_dump(exclude={"pump"})


def _flow_is_stated_once(case: CaseTable) -> Contradictions:
    dose = case.dose_ug_per_day is not None or case.concentration_ug_per_ml is not None
    if dose and case.flow_ml_per_day is not None:
        yield "", "states both a dose and flow_ml_per_day; state one of them"
    elif not dose and case.flow_ml_per_day is None:
        yield "", "states no flow; give dose_ug_per_day with concentration_ug_per_ml, or flow_ml_per_day"
    elif dose and case.dose_ug_per_day is None:
        yield "dose_ug_per_day", "missing beside concentration_ug_per_ml"
    elif dose and case.concentration_ug_per_ml is None:
        yield "concentration_ug_per_ml", "missing beside dose_ug_per_day"


def _profile_exists(case: CaseTable) -> Contradictions:
    if case.profile not in profile_ids():
        yield "profile", f"there is no method profile {case.profile!r}; there are: {', '.join(profile_ids())}"


def _timings_fit_the_profile(case: CaseTable) -> Contradictions:
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


def _blank_shows_a_sample(case: CaseTable) -> Contradictions:
    profile = case.known_profile()
    if profile is not None and case.blank_s < profile.sample_interval_s:
        interval_s = profile.sample_interval_s
        yield "blank_s", f"{case.blank_s:g} s is shorter than one sample interval S = {interval_s:g} s"


def _deviation_is_explained(case: CaseTable) -> Contradictions:
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


class CaseTable(Section):
    """`[case.<name>]`: one flow, its phases, its method profile. Timings left out are the profile's."""

    title: Text
    profile: Text
    dose_ug_per_day: float | None = Field(default=None, gt=0)
    concentration_ug_per_ml: float | None = Field(default=None, gt=0)
    flow_ml_per_day: float | None = Field(default=None, gt=0)
    prime_flow_ml_per_day: float = Field(gt=0)
    prime_s: Duration
    blank_s: Duration
    stabilisation_s: float | None = Field(default=None, ge=0)
    analysis_s: float | None = Field(default=None, gt=0)
    deviation: Text | None = None

    contradictions_of: ClassVar[tuple[Callable[[Any], Contradictions], ...]] = (
        _flow_is_stated_once,
        _profile_exists,
        _timings_fit_the_profile,
        _blank_shows_a_sample,
        _deviation_is_explained,
    )

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


def _set_flows_suit_the_pump(file: PlanFile) -> Contradictions:
    yield from _unsuitable(file, "the set flow", CaseTable.flow_ul_per_h)


def _primes_suit_the_pump(file: PlanFile) -> Contradictions:
    yield from _unsuitable(file, "the prime", CaseTable.prime_flow_ul_per_h)


def _unsuitable(file: PlanFile, what: str, flow_of: Callable[[CaseTable], float | None]) -> Contradictions:
    flow_range = FLOW_RANGES[file.plan.pump]
    for name, case in file.case.items():
        try:
            flow_ul_per_h = flow_of(case)
            if flow_ul_per_h is not None:
                flow_range.check(flow_ul_per_h)
        except ProgramError as error:
            yield ("case", name), f"{what}: {error}"
        except AttributeError:
            continue  # a value it needs is faulty itself, and told as such


class PlanFile(Section):
    """A whole plan file. `evaluation` is checked by the room that evaluates."""

    plan: PlanTable
    evaluation: dict[str, Any]
    case: Annotated[dict[CaseName, CaseTable], Field(min_length=1)]

    contradictions_of: ClassVar[tuple[Callable[[Any], Contradictions], ...]] = (
        _set_flows_suit_the_pump,
        _primes_suit_the_pump,
    )
