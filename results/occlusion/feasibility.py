"""Whether an occlusion test can tell what its plan asks, before the pump is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from results.feasibility import FeasibilityRefused
from results.occlusion.compliant_line import stored_volume_ul, time_to_alarm_s
from results.occlusion.fixture import fixture_dominates


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOcclusion:
    """What a plan expects: flow (uL/h), threshold (kPa, gauge), compliances (uL/kPa), and its deadline (s).

    `threshold_kpa` is None for a pump without an alarm, or without a stated threshold.
    """

    flow_ul_per_h: float
    threshold_kpa: float | None
    pump_and_set_ul_per_kpa: float
    fixture_ul_per_kpa: float
    largest_fixture_share: float
    deadline_s: float

    @property
    def alarm_s(self) -> float | None:
        """When the alarm is to be expected (s after closing), None without a threshold."""
        if self.threshold_kpa is None:
            return None
        return time_to_alarm_s(
            compliance_ul_per_kpa=self.pump_and_set_ul_per_kpa + self.fixture_ul_per_kpa,
            flow_ul_per_h=self.flow_ul_per_h,
            initial_kpa=0.0,
            threshold_kpa=self.threshold_kpa,
        )

    def as_record(self) -> Mapping[str, float | None]:
        """Return what is to be expected: the time to the alarm (s) and the volume stored by then (uL)."""
        at_s = self.alarm_s
        stored_ul = None if at_s is None else stored_volume_ul(flow_ul_per_h=self.flow_ul_per_h, duration_s=at_s)
        return {
            "expected_time_to_alarm_s": at_s,
            "expected_stored_volume_ul": stored_ul,
            "fixture_share": self.fixture_ul_per_kpa / self.pump_and_set_ul_per_kpa,
        }


def refuse_occlusion(planned: PlannedOcclusion) -> None:
    """Raise `FeasibilityRefused` where the fixture dominates, or the deadline comes before the expected alarm."""
    reasons = [
        fixture_dominates(
            fixture_ul_per_kpa=planned.fixture_ul_per_kpa,
            pump_and_set_ul_per_kpa=planned.pump_and_set_ul_per_kpa,
            largest_share=planned.largest_fixture_share,
        )
    ]
    at_s = planned.alarm_s
    if at_s is not None and not at_s < planned.deadline_s:
        reasons.append(
            f"the alarm is to be expected {at_s:.0f} s after closing; the deadline of {planned.deadline_s:.0f} s comes "
            "before: state a later one"
        )
    if any(reasons):
        raise FeasibilityRefused("; ".join(reason for reason in reasons if reason))
