"""Worked examples, as files of a logger: the numbers must come out as computed by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from results.foreign.evaluate import Evaluation, evaluate_foreign
from results.outcome import FlowOutcome
from tests.results.foreign.files import FLOW, Table, changed, conditions_of, write_table

DAY_S = 86_400.0
BLANK_S = 7200.0
STEP_S = 60.0


def day_readings() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """24 h from 5.012345 to 5.226789 g between two blanks that lose 0.62 and 0.70 ug/min."""
    time_s = np.arange(0.0, DAY_S + 2.0 * BLANK_S + 1.0, STEP_S)
    knots = [0.0, BLANK_S, BLANK_S + DAY_S, 2.0 * BLANK_S + DAY_S]
    levels = [5.012345 + 0.62e-6 * 120.0, 5.012345, 5.226789, 5.226789 - 0.70e-6 * 120.0]
    return time_s, np.interp(time_s, knots, levels)


def day_conditions(**changes: Any) -> Table:
    table = changed(
        FLOW,
        method={"profile": None, "sample_interval_s": 900.0, "windows_min": [15.0, 60.0, 930.0]},
        periods={
            "blank_before": [0.0, BLANK_S],
            "analysis": [BLANK_S, BLANK_S + DAY_S],
            "blank_after": [BLANK_S + DAY_S, 2.0 * BLANK_S + DAY_S],
        },
        temperatures={"volume_reference_c": 22.0},
        vessel={"liquid_temperature_c": 22.0},
        air={
            "temperature_c": 23.0,
            "humidity_percent": 45.0,
            "pressure_hpa": 1000.0,
            "temperature_u_c": 0.2,
            "humidity_u_percent": 2.0,
            "pressure_u_hpa": 1.0,
        },
    )
    return changed(table, **changes)


def flow_of(evaluation: Evaluation) -> FlowOutcome:
    assert evaluation.refusal is None
    assert isinstance(evaluation.outcome, FlowOutcome)
    return evaluation.outcome


def evaluated(path: Path, table: Table) -> FlowOutcome:
    return flow_of(evaluate_foreign(path, conditions_of(table)))


def test_a_day_at_nine_microlitres_an_hour(tmp_path: Path) -> None:
    path = write_table(tmp_path / "day.csv", ("t", "m"), day_readings())
    outcome = evaluated(path, day_conditions())
    assert outcome.mean_flow.value == pytest.approx(8.989707, abs=2e-6)
    assert outcome.error_a.measured.value == pytest.approx(-0.11437, abs=2e-5)
    assert outcome.delivered_volume.value == pytest.approx(215.75297, abs=3e-5)
    assert outcome.error_a.measured.expanded_uncertainty > 0.2
    assert outcome.as_written.error_a_percent == pytest.approx(
        100.0 * ((0.214444 + 0.0009504) / 0.998 / 0.216 - 1.0), abs=1e-5
    )


@pytest.mark.parametrize(
    ("changes", "flow_ul_per_h"),
    [
        ({"periods": {"blank_before": None, "blank_after": None}}, 8.949978),
        ({"vessel": {"tube_outer_diameter_mm": 0.0}}, 9.004050),
    ],
    ids=["no evaporation", "no immersion"],
)
def test_what_is_left_out_shows_as_computed_by_hand(
    tmp_path: Path, changes: dict[str, Any], flow_ul_per_h: float
) -> None:
    path = write_table(tmp_path / "day.csv", ("t", "m"), day_readings())
    outcome = evaluated(path, day_conditions(**changes))
    assert outcome.mean_flow.value == pytest.approx(flow_ul_per_h, abs=2e-6)


def test_a_pump_that_draws_from_the_vessel_on_the_balance(tmp_path: Path) -> None:
    """The reading falls by what is drawn and by what evaporates: the loss is taken off, not added."""
    time_s, _ = day_readings()
    knots = [0.0, BLANK_S, BLANK_S + DAY_S, 2.0 * BLANK_S + DAY_S]
    drawn_g = 0.214444
    lost_g = 0.66e-6 * 1440.0
    levels = [60.0 + 0.62e-6 * 120.0, 60.0, 60.0 - drawn_g - lost_g, 60.0 - drawn_g - lost_g - 0.70e-6 * 120.0]
    path = write_table(tmp_path / "day.csv", ("t", "m"), (time_s, np.interp(time_s, knots, levels)))
    no_tube = {"tube_outer_diameter_mm": 0.0, "tube_outer_diameter_u_mm": 0.0}
    withdrawn = evaluated(path, day_conditions(direction="withdraw", vessel=no_tube))
    assert withdrawn.mean_flow.value == pytest.approx(drawn_g * 1e3 * (215.75297 / 215.0512896) / 24.0, rel=1e-6)
    assert withdrawn.whole_infusion_error_percent == pytest.approx(withdrawn.error_a.measured.value, abs=1e-9)
    assert withdrawn.evaporation_mean_ug_per_min == pytest.approx(0.66, abs=1e-6)


def dialects() -> dict[str, tuple[Table, Table]]:
    """Ways in which a logger may write the same file: how it is written, and what the conditions say of it."""
    return {
        "milligrams": ({"mass": 1e3}, {"mass": {"unit": "mg"}}),
        "micrograms": ({"mass": 1e6}, {"mass": {"unit": "ug"}}),
        "minutes": ({"time": 1.0 / 60.0}, {"time": {"unit": "min"}}),
        "hours": ({"time": 1.0 / 3600.0}, {"time": {"unit": "h"}}),
    }


@pytest.mark.parametrize("dialect", list(dialects()))
@pytest.mark.parametrize(("delimiter", "decimal", "end"), [(",", ".", "\n"), (";", ",", "\r\n"), ("\t", ".", "\n")])
def test_every_dialect_says_the_same(tmp_path: Path, dialect: str, delimiter: str, decimal: str, end: str) -> None:
    factors, columns = dialects()[dialect]
    time_s, mass_g = day_readings()
    path = write_table(
        tmp_path / "day.csv",
        ("t", "m"),
        (time_s * factors.get("time", 1.0), mass_g * factors.get("mass", 1.0)),
        delimiter=delimiter,
        decimal=decimal,
        end=end,
    )
    table = day_conditions(file={"delimiter": delimiter, "decimal": decimal})
    for name, entries in columns.items():
        table["columns"][name] |= entries
    assert evaluated(path, table).mean_flow.value == pytest.approx(8.989707, abs=2e-6)


@pytest.mark.parametrize("zone", ["Z", "+02:00", ""])
def test_date_times_in_the_file_and_in_the_conditions(tmp_path: Path, zone: str) -> None:
    time_s, mass_g = day_readings()
    start = datetime(2026, 3, 28, 8, 0, tzinfo=UTC)
    stamps = [(start + timedelta(seconds=float(at))).replace(tzinfo=None).isoformat() + zone for at in time_s]
    path = write_table(tmp_path / "day.csv", ("t", "m"), (stamps, mass_g))
    at = [datetime.fromisoformat(stamps[round(second / STEP_S)]) for second in (0.0, 7200.0, 93_600.0, 100_800.0)]
    table = day_conditions(
        periods={"blank_before": at[0:2], "analysis": at[1:3], "blank_after": at[2:4]}, events={"infusion_start": at[1]}
    )
    table["columns"]["time"]["unit"] = "iso8601"
    evaluation = evaluate_foreign(path, conditions_of(table))
    assert flow_of(evaluation).mean_flow.value == pytest.approx(8.989707, abs=2e-6)
    record = json.loads(json.dumps(evaluation.as_record(), allow_nan=False))
    assert datetime.fromisoformat(record["conditions"]["periods"]["analysis"][0]) == at[1]


def rippled_mass_g() -> NDArray[np.float64]:
    """5 mL/h, 2 % fast, with a ripple of 10 %: the balance's display after each half minute, to 0.1 mg."""
    flow_ml_per_h = 5.0 * (1.02 + 0.10 * np.sin(2.0 * np.pi * np.arange(1, 241) / 9.3))
    mass_g = np.concatenate(([0.0], np.cumsum(flow_ml_per_h * 30.0 / 3600.0 * 0.998207)))
    return np.asarray(np.round(mass_g, 4))


SYRINGE = changed(
    FLOW,
    flow={"set_flow_ul_per_h": 5000.0},
    method={
        "profile": None,
        "sample_interval_s": 30.0,
        "windows_min": [2.0, 5.0, 11.0, 19.0, 31.0],
        "density_g_per_ml": 0.998207,
    },
    periods={"analysis": [3600.0, 7200.0]},
    balance={"readability_mg": 0.1, "repeatability_mg": 0.1},
    vessel={"evaporation_limit_ug_per_min": 0.0},
)

RIPPLE = {
    2.0: (117, 9.396147, -5.390365),
    5.0: (111, 2.712163, 1.293619),
    11.0: (99, 3.254226, 0.751557),
    19.0: (83, 2.214850, 1.784605),
    31.0: (59, 2.419768, 1.578259),
}


def assert_ripple(outcome: FlowOutcome) -> None:
    assert outcome.as_written.error_a_percent == pytest.approx(2.040959440, abs=5e-9)
    for row in outcome.as_written.trumpet:
        windows, highest, lowest = RIPPLE[row.window_s / 60.0]
        assert row.windows == windows
        assert (row.ep_max_percent, row.ep_min_percent) == pytest.approx((highest, lowest), abs=6e-7)
    assert len(outcome.as_written.trumpet) == len(RIPPLE)


def test_rippled_flow_from_rounded_masses(tmp_path: Path) -> None:
    path = write_table(tmp_path / "syringe.csv", ("t", "m"), (np.arange(241) * 30.0, rippled_mass_g()))
    outcome = evaluated(path, SYRINGE)
    assert_ripple(outcome)
    assert outcome.profile_id == "stated"
    assert outcome.sample_interval_s == 30.0
    z_and_density = 1.0028 * 0.998207 / (1.0 - 0.0) * (1.0 - 0.0016)
    corrected = 100.0 * ((1.0 + outcome.as_written.error_a_percent / 100.0) * z_and_density - 1.0)
    assert outcome.corrected.error_a_percent == pytest.approx(corrected, abs=0.01)


def test_jittered_times_are_interpolated_onto_the_grid(tmp_path: Path) -> None:
    """A straight line stays one, whenever it is read."""
    generator = np.random.default_rng(1)
    time_s = np.arange(0.0, 7260.0, 2.0) + generator.uniform(-0.9, 0.9, 3630)
    mass_g = 5000.0 / 3600.0 * time_s * 0.998207e-3
    path = write_table(tmp_path / "jitter.csv", ("t", "m"), (time_s, mass_g))
    outcome = evaluated(path, changed(SYRINGE, periods={"analysis": [60.0, 3660.0]}))
    assert outcome.as_written.error_a_percent == pytest.approx(0.0, abs=1e-6)
    for row in outcome.as_written.trumpet:
        assert (row.ep_max_percent, row.ep_min_percent) == pytest.approx((0.0, 0.0), abs=1e-5)


def test_missing_rows_shorter_than_the_sample_interval_are_bridged_and_reported(tmp_path: Path) -> None:
    time_s = np.arange(0.0, 7260.0, 2.0)
    mass_g = 5000.0 / 3600.0 * time_s * 0.998207e-3
    keep = (time_s < 4000.0) | (time_s > 4020.0)
    path = write_table(tmp_path / "gap.csv", ("t", "m"), (time_s[keep], mass_g[keep]))
    outcome = evaluated(path, SYRINGE)
    assert outcome.as_written.error_a_percent == pytest.approx(0.0, abs=1e-6)
    assert outcome.gaps.count == 1
    assert outcome.gaps.listed_s == ((3998.0, 4022.0),)


def test_missing_rows_longer_than_the_sample_interval_are_refused(tmp_path: Path) -> None:
    time_s = np.arange(0.0, 7260.0, 2.0)
    keep = (time_s < 4000.0) | (time_s > 4040.0)
    path = write_table(tmp_path / "gap.csv", ("t", "m"), (time_s[keep], 1.386e-3 * time_s[keep]))
    evaluation = evaluate_foreign(path, conditions_of(SYRINGE))
    assert evaluation.outcome is None
    assert "a gap of 44 s" in str(evaluation.refusal)


def test_a_clock_set_back_is_refused(tmp_path: Path) -> None:
    """The night summer time ends: 1 h of readings would be left out, and the rest shifted."""
    time_s = np.arange(0.0, 10_800.0, 2.0)
    shown_s = np.where(time_s < 6000.0, time_s, time_s - 3600.0)
    path = write_table(tmp_path / "autumn.csv", ("t", "m"), (shown_s, 1.386e-3 * time_s))
    evaluation = evaluate_foreign(path, conditions_of(changed(SYRINGE, periods={"analysis": [1800.0, 7200.0]})))
    assert evaluation.outcome is None
    assert "the clock of the readings was set back by 3600 s" in str(evaluation.refusal)


def test_readings_beyond_the_capacity_carry_no_number(tmp_path: Path) -> None:
    mass_g = rippled_mass_g()
    mass_g[200] = 999.9
    path = write_table(tmp_path / "over.csv", ("t", "m"), (np.arange(241) * 30.0, mass_g))
    table = changed(SYRINGE, balance={"capacity_g": 220.0})
    refused = evaluate_foreign(path, conditions_of(table))
    assert "a gap of 60 s" in str(refused.refusal)
    table["method"] |= {"sample_interval_s": 60.0, "windows_min": [2.0, 5.0, 11.0, 19.0, 31.0]}
    (left_out,) = evaluated(path, table).exclusions
    assert (left_out.rule, left_out.count, left_out.listed_s) == ("no number", 1, ((6000.0, 6000.0),))
