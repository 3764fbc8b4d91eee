"""A case that asks for more than the pump can do is not run: every reason, and nothing said to the pump."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from instruments.capabilities import PumpCapabilities
from instruments.program import IMPLANT_THERAPEUTIC_RANGE, FlowRange, ProgramMode
from rig.cases.needs import FUNCTIONS, PumpNeeds, unmet
from rig.cases.plan_tables import SamplingOverrides
from rig.cases.sampling import burst_trip_kpa, refuse_unsound_sampling, sampling_of
from rig.faults import NotRun
from rig.stations.file import load_station_file
from tests.rig.bench_sessions import TestSession, session_on, trial_case

IMPLANT = PumpCapabilities(
    modes=frozenset({ProgramMode.CONTINUOUS, ProgramMode.SINGLE_BOLUS}),
    flow_range=IMPLANT_THERAPEUTIC_RANGE,
    bolus_maximum_ul_per_h=1000.0,
    lockout=True,
    reservoir=True,
    reservoir_capacity_ul=20_000.0,
    stall_alarm=True,
    occlusion_alarm=False,
    occlusion_thresholds_kpa=(),
    bolus_reduction=False,
    automatic_restart=False,
    volume_to_be_infused=False,
    keep_open_ul_per_h=None,
    communication_timeout=True,
)
AMBULATORY = replace(
    IMPLANT,
    flow_range=FlowRange(10.0, 500_000.0),
    bolus_maximum_ul_per_h=120_000.0,
    occlusion_alarm=True,
    occlusion_thresholds_kpa=(30.0, 75.0, 120.0),
    keep_open_ul_per_h=100.0,
)


def test_a_pump_that_can_do_it_all_leaves_no_reason() -> None:
    needs = PumpNeeds(
        modes=frozenset({ProgramMode.SINGLE_BOLUS}),
        flows_ul_per_h=(2.0, 1000.0),
        bolus_flows_ul_per_h=(1000.0,),
        functions=frozenset({"lockout", "reservoir"}),
        reservoir_ul=20_000.0,
    )
    assert unmet(needs, IMPLANT) == ()
    assert unmet(PumpNeeds(occlusion_thresholds_kpa=(30.0, 120.0), keep_open_flow=True), AMBULATORY) == ()


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        (PumpNeeds(modes=frozenset({ProgramMode.FLEX})), "no program for: flex"),
        (PumpNeeds(flows_ul_per_h=(1.9,)), "1.9 uL/h lies outside the pump's range 2 to 1000 uL/h"),
        (PumpNeeds(flows_ul_per_h=(float("nan"),)), "lies outside"),
        # The screening bolus: 0.5 mL over a minute; an implant gives 16.7 uL/min.
        (
            PumpNeeds(bolus_flows_ul_per_h=(30_000.0,)),
            "500 uL/min) is asked for; the pump gives boluses at 1000 uL/h (16.7",
        ),
        (PumpNeeds(functions=frozenset({"occlusion_alarm"})), "has not got an occlusion alarm"),
        (PumpNeeds(occlusion_thresholds_kpa=(75.0,)), "cannot be chosen; the case asks for 75 kPa"),
        (PumpNeeds(keep_open_flow=True), "keeps the line open"),
        (PumpNeeds(reservoir_ul=40_000.0), "40000 uL is asked for; the pump's holds 20000 uL"),
    ],
)
def test_each_lack_is_a_reason_in_words(needs: PumpNeeds, words: str) -> None:
    (reason,) = unmet(needs, IMPLANT)
    assert words in reason


def test_a_threshold_the_pump_does_not_offer_is_answered_with_those_it_has() -> None:
    (reason,) = unmet(PumpNeeds(occlusion_thresholds_kpa=(75.0, 60.0)), AMBULATORY)
    assert reason == "the pump has no occlusion threshold of 60 kPa; it has 30, 75, 120 kPa"


def test_all_reasons_are_told_at_once() -> None:
    needs = PumpNeeds(flows_ul_per_h=(1.0, 5000.0), functions=frozenset({"occlusion_alarm", "bolus_reduction"}))
    assert len(unmet(needs, IMPLANT)) == 4


def test_a_need_is_one_of_those_there_are() -> None:
    with pytest.raises(ValueError, match="no such functions"):
        PumpNeeds(functions=frozenset({"teleportation"}))
    assert all(hasattr(IMPLANT, name) for name in FUNCTIONS)


def refused(session: TestSession, case: object) -> str:
    with pytest.raises(NotRun) as caught, session.bench(case):  # type: ignore[arg-type]
        raise AssertionError("it was run")
    assert not list(session.session.runs.iterdir())
    return str(caught.value)


def test_an_unfit_pump_is_not_touched(tmp_path: Path) -> None:
    case = replace(trial_case(), needs=PumpNeeds(functions=frozenset({"occlusion_alarm"}), flows_ul_per_h=(1.0,)))
    reasons = refused(session_on(tmp_path), case)
    assert "occlusion alarm" in reasons
    assert "1 uL/h lies outside" in reasons


def test_a_plan_for_one_pump_is_run_on_no_other(tmp_path: Path) -> None:
    conditions = trial_case().conditions.model_copy(update={"pump_serial": "ITB-0043"})
    reasons = refused(session_on(tmp_path), replace(trial_case(), conditions=conditions))
    assert "for pump 'ITB-0043'; connected is 'ITB-0042'" in reasons


def test_sampling_the_station_cannot_give_is_refused(tmp_path: Path) -> None:
    sampling = SamplingOverrides(telemetry_period_s=60.0, pressure_rate_hz=3.0, pressure_block_s=0.5)
    reasons = refused(session_on(tmp_path), replace(trial_case(), sampling=sampling))
    assert "communication time-out" in reasons
    assert "1.5 samples" in reasons
    assert "silent_after_s" in reasons


def test_a_plan_does_not_look_for_burst_pressure_less_often_than_the_station(tmp_path: Path) -> None:
    sampling = SamplingOverrides(pressure_rate_hz=1.0, pressure_block_s=11.0)
    session = session_on(tmp_path, changes={"pressure_rise_kpa_per_s": "# pressure_rise_kpa_per_s"})
    reasons = refused(session, replace(trial_case(), sampling=sampling))
    assert "11 s is longer than the station's 10 s" in reasons
    assert "pressure_rise_kpa_per_s" in reasons


def test_where_the_rise_is_stated_a_longer_block_trips_so_much_earlier() -> None:
    station = load_station_file("simulated")
    burst_kpa, rise = station.limits.burst_pressure_kpa, station.limits.pressure_rise_kpa_per_s
    assert rise is not None
    sampling = SamplingOverrides(pressure_rate_hz=1.0, pressure_block_s=30.0)
    refuse_unsound_sampling(station, sampling)
    assert burst_trip_kpa(station, sampling_of(station, sampling)) == burst_kpa - 30.0 * rise
    assert burst_trip_kpa(station, station.sampling) == burst_kpa


def test_a_block_in_which_the_line_could_burst_is_refused() -> None:
    sampling = SamplingOverrides(pressure_rate_hz=1.0, pressure_block_s=50.0)
    with pytest.raises(NotRun, match="would have to trip at 50 kPa"):
        refuse_unsound_sampling(load_station_file("simulated"), sampling)
