"""A second vessel that nothing flows into: what it loses, the first loses too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from results.bench import ReferenceVessel
from results.bolus import evaluate_bolus
from results.evaluate_flow import evaluate_flow
from results.foreign.evaluate import evaluate_foreign
from results.outcome import FlowOutcome
from results.refusal import EvaluationRefused
from results.series import FlowPhases, FlowSeries, Phase, ReferenceSeries
from tests.results.foreign.files import Table, changed, conditions_of, write_table
from tests.results.foreign.test_vectors import BLANK_S, DAY_S, day_conditions, day_readings, evaluated
from tests.results.synthetic import BENCH, evaluation_of
from tests.results.test_bolus import BENCH_WITHOUT_TUBE, VOLUMES, series_of, starts
from tests.results.test_bolus import evaluation_of as bolus_evaluation_of

VESSEL = ReferenceVessel(
    loss_ratio=1.2,
    loss_ratio_u=0.06,
    displaced_volume_ml=28.0,
    displaced_volume_u_ml=0.5,
    balance_readability_mg=0.01,
    balance_repeatability_mg=0.015,
    balance_zero_drift_ug_per_sqrt_h=10.0,
)
LOSS_UG_PER_MIN = 0.66 / 1.2
"""With the ratio of 1.2, what the worked day loses: 0.66 ug/min, 0.9504 mg in 24 h."""


def lone(table: Table) -> Table:
    """The same conditions without blanks and without a limit."""
    return changed(table, periods={"blank_before": None, "blank_after": None}) | {
        "vessel": {key: value for key, value in table["vessel"].items() if key != "evaporation_limit_ug_per_min"}
    }


def with_vessel(table: Table) -> Table:
    return table | {"reference_vessel": VESSEL.model_dump()}


def test_the_worked_day_by_a_second_vessel_in_the_same_rows(tmp_path: Path) -> None:
    """8.989707 uL/h, as computed by hand with 0.9504 mg evaporated."""
    time_s, mass_g = day_readings()
    second_g = 7.0 - LOSS_UG_PER_MIN / 60e6 * time_s
    path = write_table(tmp_path / "day.csv", ("t", "m", "r"), (time_s, mass_g, second_g * 1e3))
    table = with_vessel(lone(day_conditions()))
    table["columns"]["reference_mass"] = {"name": "r", "unit": "mg"}
    outcome = evaluated(path, table)
    assert outcome.mean_flow.value == pytest.approx(8.989707, abs=2e-6)
    assert outcome.evaporation_mean_ug_per_min == pytest.approx(0.66, abs=1e-6)
    assert outcome.evaporation_model == "the reference vessel's loss times 1.2"
    assert "evaporation-corrected mass" in outcome.as_written.label
    lines = {line.name: line for line in outcome.error_a.lines}
    # By hand: 5 % of 0.9504 mg of 215.05 mg; sqrt(24) * 10 ug * 1.2 of 215.05 mg.
    ratio = lines["evaporation, ratio of the vessels' losses"]
    assert ratio.contribution == pytest.approx(0.05 * 0.9504 / 215.05 * 100.0 * 0.9989, rel=2e-3)
    drift = lines["balance of the reference vessel, zero drift"]
    assert drift.contribution == pytest.approx(1.2 * 0.010 * np.sqrt(24.0) / 215.05 * 100.0 * 0.9989, rel=2e-3)
    noise = lines["balance of the reference vessel, noise and readability"]
    sd_mg = np.hypot(0.015, 0.01 / np.sqrt(12.0))
    assert noise.contribution == pytest.approx(1.2 * np.sqrt(2.0) * sd_mg / 215.05 * 100.0 * 0.9989, rel=2e-3)


def test_a_second_vessel_in_a_file_of_its_own(tmp_path: Path) -> None:
    time_s, mass_g = day_readings()
    path = write_table(tmp_path / "day.csv", ("t", "m"), (time_s, mass_g))
    own_s = np.arange(-100.0, time_s[-1] + 200.0, 77.0)
    second_g = 7.0 - LOSS_UG_PER_MIN / 60e6 * own_s
    write_table(tmp_path / "second.txt", ("t", "m"), (own_s, second_g), delimiter="\t", decimal=",")
    table = with_vessel(lone(day_conditions()))
    table["reference_file"] = {
        "path": "second.txt",
        "file": {"delimiter": "\t", "decimal": ","},
        "time": {"name": "t", "unit": "s", "u_s": 0.1},
        "mass": {"name": "m", "unit": "g"},
    }
    evaluation = evaluate_foreign(path, conditions_of(table))
    assert isinstance(evaluation.outcome, FlowOutcome)
    assert evaluation.outcome.mean_flow.value == pytest.approx(8.989707, abs=2e-6)
    record = evaluation.as_record()
    assert record["reference_file"]["rows_used"] == own_s.size


def series(reference_g: np.ndarray, time_s: np.ndarray, *, blanks: bool) -> FlowSeries:
    day_s, mass_g = day_readings()
    phases = FlowPhases(
        analysis=Phase(BLANK_S, BLANK_S + DAY_S),
        blank_before=Phase(0.0, BLANK_S) if blanks else None,
        blank_after=Phase(BLANK_S + DAY_S, 2.0 * BLANK_S + DAY_S) if blanks else None,
    )
    return FlowSeries(
        time_s=day_s,
        mass_g=mass_g,
        status=np.zeros(day_s.size, dtype=np.uint8),
        phases=phases,
        reference=ReferenceSeries(time_s=time_s, mass_g=reference_g, vessel=VESSEL),
    )


def outcome_of(run: FlowSeries) -> FlowOutcome:
    return evaluate_flow(run, evaluation_of(profile="ambulatory-continuous"), bench=BENCH)


def test_blanks_take_off_what_a_wrong_ratio_did() -> None:
    """With blanks as well, a second vessel that loses twice as much changes next to nothing; its line is small."""
    time_s, _ = day_readings()
    once, twice = (
        outcome_of(series(7.0 - factor * LOSS_UG_PER_MIN / 60e6 * time_s, time_s, blanks=True)) for factor in (1.0, 2.0)
    )
    assert twice.mean_flow.value == pytest.approx(once.mean_flow.value, abs=2e-5)
    assert [blank.loss_ug_per_min for blank in twice.blanks] == pytest.approx([0.62, 0.70], abs=1e-4)
    line = next(line for line in twice.error_a.lines if "ratio" in line.name)
    alone = outcome_of(series(7.0 - LOSS_UG_PER_MIN / 60e6 * time_s, time_s, blanks=False))
    assert line.contribution < 0.02 * next(one for one in alone.error_a.lines if "ratio" in one.name).contribution
    assert twice.evaporation_model.startswith("the reference vessel's loss times 1.2; the rest: ")


def test_a_second_vessel_follows_a_loss_that_comes_and_goes() -> None:
    """A film torn in the night: the blanks alone would be 40 ug/min out for 8 of 24 h."""
    time_s, mass_g = day_readings()
    torn_g = 40e-6 / 60.0 * np.clip(time_s - 30_000.0, 0.0, 28_800.0)
    loss_g = 0.66e-6 / 60.0 * time_s
    run = series(7.0 - (loss_g + torn_g) / 1.2, time_s, blanks=False)
    outcome = outcome_of(replace(run, mass_g=mass_g - torn_g / (1.0 - 0.0016)))  # the tube comes out as the level falls
    assert outcome.mean_flow.value == pytest.approx(
        outcome_of(series(7.0 - loss_g / 1.2, time_s, blanks=False)).mean_flow.value, abs=2e-4
    )
    assert outcome.evaporation_mean_ug_per_min == pytest.approx(0.66 + 40.0 / 3.0, rel=1e-3)


def test_a_reference_vessel_that_gains_is_drift_and_widens_u() -> None:
    time_s, _ = day_readings()
    losing, gaining = (
        outcome_of(series(7.0 - sign * LOSS_UG_PER_MIN / 60e6 * time_s, time_s, blanks=False)) for sign in (1.0, -1.0)
    )
    gained = next(line for line in gaining.error_a.lines if "gains" in line.name)
    assert gained.contribution == pytest.approx(0.9504 / np.sqrt(3.0) / 215.05 * 100.0, rel=5e-3)
    assert gaining.error_a.measured.expanded_uncertainty > losing.error_a.measured.expanded_uncertainty
    assert any("reference vessel gains" in note for note in gaining.notes)
    assert gaining.mean_flow.value < losing.mean_flow.value


def test_a_touched_a_late_or_an_interrupted_reference_is_refused() -> None:
    time_s, _ = day_readings()
    level_g = 7.0 - LOSS_UG_PER_MIN / 60e6 * time_s
    with pytest.raises(EvaluationRefused, match=r"steps by .* it was touched"):
        outcome_of(series(level_g + 2e-3 * (time_s > 40_000.0), time_s, blanks=False))
    with pytest.raises(EvaluationRefused, match="not over the whole test"):
        outcome_of(series(level_g[time_s > 20_000.0], time_s[time_s > 20_000.0], blanks=False))
    sounding = (time_s < 30_000.0) | (time_s > 45_000.0)
    with pytest.raises(EvaluationRefused, match="was not weighed for"):
        outcome_of(series(level_g[sounding], time_s[sounding], blanks=False))


def test_boluses_by_a_second_vessel() -> None:
    """Without blanks, 100 ug/min of evaporation come off each bolus by the second vessel."""
    losing = series_of(VOLUMES, noise_ug=2.0, evaporation_ug_per_min=100.0)
    second_g = 7.0 - 100e-6 / 60.0 / 1.2 * losing.time_s
    phases = replace(losing.phases, blank_before=None, blank_after=None)
    reference = ReferenceSeries(time_s=losing.time_s, mass_g=second_g, vessel=VESSEL)
    at_s = [float(at) for at in starts(len(VOLUMES))]
    outcome = evaluate_bolus(
        replace(losing, phases=phases, reference=reference), at_s, bolus_evaluation_of(), bench=BENCH_WITHOUT_TUBE
    )
    assert [bolus.volume.value for bolus in outcome.boluses] == pytest.approx(VOLUMES, abs=0.004)
    assert outcome.evaporation_mean_ug_per_min == pytest.approx(100.0, rel=1e-3)
    assert "evaporation was taken from a reference vessel, its loss times 1.2" in outcome.notes
    assert "evaporation, ratio of the vessels' losses" in {line.name for line in outcome.mean_error.lines}
