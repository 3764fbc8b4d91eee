"""What a case will be able to tell on a station, asked before its pump starts."""

from __future__ import annotations

from results.expected_record import PlannedFlowTest
from rig.plan import Case
from rig.station_file import StationFile


def planned_test(case: Case, station: StationFile) -> PlannedFlowTest:
    """Return what results needs to know of a case to predict its uncertainty."""
    return PlannedFlowTest(
        evaluation=case.evaluation,
        blank_s=case.blank_s,
        stabilisation_s=case.stabilisation_s,
        analysis_s=case.analysis_s,
        reading_interval_s=station.sampling.balance_period_s,
    )
