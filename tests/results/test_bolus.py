"""Boluses weighed by settled readings, against volumes that are known."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from results.bolus import BolusEvaluation, bolus_phases, evaluate_bolus
from results.bolus_outcome import BolusOutcome
from results.bolus_statistics import HIGHEST_ERROR, MEAN_ERROR
from results.decision import Criterion, DecisionRule, Verdict
from results.evaluation import Liquid
from results.refusal import EvaluationRefused
from results.series import AmbientSeries, FlowSeries, Phase
from tests.results.synthetic import BENCH

Z_UL_PER_MG = 1.002851
"""ISO 8655-6: water and air at 20 Celsius, 1013.25 hPa, 50 %RH, steel weights."""
EVERY_S = 120.0
BLANK_S = 1200.0
BENCH_WITHOUT_TUBE = BENCH.model_copy(update={"tube_outer_diameter_mm": 0.0, "outlet_tube_volume_ul": 0.0})


def evaluation_of(**changes: Any) -> BolusEvaluation:
    values: dict[str, Any] = {
        "set_volume_ul": 10.0,
        "duration_s": 10.0,
        "settle_s": 30.0,
        "reading_s": 20.0,
        "volume_reference_temperature_c": 20.0,
        "liquid": Liquid(kind="water"),
    }
    return BolusEvaluation(**values | changes)


def starts(count: int) -> NDArray[np.float64]:
    return np.asarray(BLANK_S + 60.0 + EVERY_S * np.arange(count))


def series_of(
    volumes_ul: list[float],
    *,
    basal_ul_per_h: float = 0.0,
    evaporation_ug_per_min: float = 0.0,
    noise_ug: float = 5.0,
    sign: float = 1.0,
    seed: int = 1,
) -> FlowSeries:
    """Readings each second of boluses at 20 Celsius between two blanks; the basal flow runs while boluses are given."""
    at_s = starts(len(volumes_ul))
    end_s = float(at_s[-1]) + EVERY_S
    time_s = np.arange(0.0, end_s + BLANK_S + 1.0)
    given_ul = sum(
        volume * np.clip((time_s - at) / 10.0, 0.0, 1.0) for volume, at in zip(volumes_ul, at_s, strict=True)
    )
    basal_ul = basal_ul_per_h / 3600.0 * (np.clip(time_s, BLANK_S, end_s) - BLANK_S)
    delivered_g = (np.asarray(given_ul) + basal_ul) / Z_UL_PER_MG * 1e-3
    mass_g = 20.0 + sign * delivered_g - evaporation_ug_per_min * 1e-6 / 60.0 * time_s
    mass_g += noise_ug * 1e-6 * np.random.default_rng(seed).standard_normal(time_s.size)
    phases = bolus_phases(
        [float(at) for at in at_s],
        evaluation_of().timing,
        blank_before=Phase(0.0, BLANK_S),
        blank_after=Phase(end_s, end_s + BLANK_S),
    )
    constant = np.ones(101)
    ambient = AmbientSeries(
        time_s=np.linspace(0.0, float(time_s[-1]), 101),
        temperature_c=20.0 * constant,
        humidity_percent=50.0 * constant,
        pressure_hpa=1013.25 * constant,
    )
    return FlowSeries(
        time_s=time_s, mass_g=mass_g, status=np.zeros(time_s.size, np.uint8), phases=phases, ambient=ambient
    )


def evaluated(volumes_ul: list[float], *, bench: Any = BENCH_WITHOUT_TUBE, **options: Any) -> BolusOutcome:
    changes = {key: options.pop(key) for key in list(options) if key in BolusEvaluation.model_fields}
    series = series_of(volumes_ul, **options)
    at_s = [float(at) for at in starts(len(volumes_ul))]
    return evaluate_bolus(series, at_s, evaluation_of(**changes), bench=bench)


VOLUMES = [9.8, 10.3, 10.1, 9.7, 10.4, 10.0, 9.9, 10.2]


def test_volumes_and_statistics_of_known_boluses() -> None:
    outcome = evaluated(VOLUMES, noise_ug=2.0, units_per_ml=100.0)
    assert [bolus.volume.value for bolus in outcome.boluses] == pytest.approx(VOLUMES, abs=0.003)
    assert outcome.corrected.mean_volume_ul == pytest.approx(10.05, abs=0.001)
    assert outcome.corrected.mean_error_percent == pytest.approx(0.5, abs=0.01)
    assert outcome.corrected.highest_error_percent == pytest.approx(4.0, abs=0.03)
    assert outcome.corrected.lowest_error_percent == pytest.approx(-3.0, abs=0.03)
    sd_ul = math.sqrt(sum((volume - 10.05) ** 2 for volume in VOLUMES) / 7.0)
    assert outcome.corrected.sd_ul == pytest.approx(sd_ul, abs=0.003)
    assert outcome.corrected.cv_percent == pytest.approx(100.0 * sd_ul / 10.05, abs=0.03)
    assert outcome.boluses[0].dose_units == pytest.approx(0.98, abs=3e-4)


def test_as_written_leaves_buoyancy_out() -> None:
    outcome = evaluated(VOLUMES, noise_ug=0.5)
    ratio = outcome.as_written.mean_volume_ul / outcome.corrected.mean_volume_ul
    assert ratio == pytest.approx(1.0 / (Z_UL_PER_MG * 0.998), rel=1e-6)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_basal_flow_and_evaporation_are_taken_off_once(sign: float) -> None:
    direction = "collect" if sign > 0.0 else "withdraw"
    outcome = evaluated(
        VOLUMES,
        noise_ug=2.0,
        basal_ul_per_h=60.0,
        evaporation_ug_per_min=100.0,
        basal_flow_ul_per_h=60.0,
        direction=direction,
        sign=sign,
    )
    assert [bolus.volume.value for bolus in outcome.boluses] == pytest.approx(VOLUMES, abs=0.004)
    assert outcome.boluses[0].basal_ul == pytest.approx(1.0, abs=1e-6)
    assert outcome.boluses[0].evaporated_ul == pytest.approx(sign * 0.1003, abs=2e-3)
    assert outcome.as_written.mean_error_percent == pytest.approx(0.5 - 0.083, abs=0.05)


@pytest.mark.parametrize("count", [1, 8])
def test_a_quiet_balance_under_an_open_vessel_takes_no_bolus_for_a_spike(count: int) -> None:
    outcome = evaluated(VOLUMES[:count], noise_ug=2.0, evaporation_ug_per_min=300.0)
    assert outcome.exclusions == ()
    assert [bolus.volume.value for bolus in outcome.boluses] == pytest.approx(VOLUMES[:count], abs=0.004)


def test_a_bolus_may_take_the_place_of_the_basal_flow() -> None:
    on_top, instead = (
        evaluated(VOLUMES, noise_ug=2.0, basal_ul_per_h=60.0, basal_flow_ul_per_h=60.0, basal_paused_s=paused_s)
        for paused_s in (0.0, 12.0)
    )
    for one, other in zip(on_top.boluses, instead.boluses, strict=True):
        assert other.basal_ul == pytest.approx(one.basal_ul - 0.2)
        assert other.volume.value == pytest.approx(one.volume.value + 0.2)


def test_whole_strokes_of_a_basal_flow_are_in_the_budget_of_each_bolus_and_of_their_mean() -> None:
    outcome = evaluated(VOLUMES, noise_ug=2.0, basal_ul_per_h=60.0, basal_flow_ul_per_h=60.0, stroke_volume_ul=0.5)
    (single,) = [line for line in outcome.boluses[0].budget if line.name == "strokes of the basal flow"]
    (mean,) = [line for line in outcome.mean_error.lines if line.name == "strokes of the basal flow"]
    assert single.contribution == pytest.approx(0.5 / 3.0**0.5)
    assert mean.contribution == pytest.approx(100.0 / outcome.set_volume_ul * single.contribution)


def test_basal_flow_not_stated_is_in_the_boluses() -> None:
    outcome = evaluated(VOLUMES, noise_ug=2.0, basal_ul_per_h=60.0, settled_range_mg=1.0)
    assert outcome.corrected.mean_volume_ul == pytest.approx(11.05, abs=0.003)


def test_the_immersed_tube_shows_in_the_volume() -> None:
    wide = BENCH_WITHOUT_TUBE.model_copy(update={"tube_outer_diameter_mm": 2.0})
    with_tube, without = evaluated(VOLUMES, bench=wide), evaluated(VOLUMES)
    ratio = with_tube.corrected.mean_volume_ul / without.corrected.mean_volume_ul
    assert ratio == pytest.approx(1.0 - 0.01, rel=1e-7)


def test_the_uncertainty_counts_a_single_reading_at_each_end_and_covers_the_error() -> None:
    """Repeatability is not averaged away: slow noise of a balance outlasts the seconds of a mean."""
    dry = BENCH_WITHOUT_TUBE.model_copy(update={"capillary_u_ul": 0.0})
    for seed in range(1, 6):
        outcome = evaluated(VOLUMES, noise_ug=50.0, seed=seed, settled_range_mg=1.0, bench=dry)
        for bolus, volume in zip(outcome.boluses, VOLUMES, strict=True):
            assert bolus.volume.expanded_uncertainty == pytest.approx(2.0 * math.sqrt(2.0) * 0.05, rel=0.1)
            assert abs(bolus.volume.value - volume) <= bolus.volume.expanded_uncertainty
        mean = outcome.mean_error.measured
        assert abs(mean.value - 0.5) <= mean.expanded_uncertainty
        assert mean.expanded_uncertainty < outcome.boluses[0].error.expanded_uncertainty / 2.0


def test_more_boluses_make_a_mean_better_known_but_not_beyond_what_they_share() -> None:
    few, many = (evaluated([10.0] * count, noise_ug=20.0) for count in (4, 16))
    assert many.mean_error.measured.standard_uncertainty < few.mean_error.measured.standard_uncertainty
    shared = [line.contribution for line in many.mean_error.lines if line.shared]
    assert many.mean_error.measured.standard_uncertainty > math.hypot(*shared)


def test_every_bolus_carries_its_whole_budget_and_so_does_the_mean() -> None:
    """Value, uncertainty, distribution, sensitivity and degrees of freedom of each input, in its own unit."""
    outcome = evaluated(
        VOLUMES, noise_ug=20.0, basal_ul_per_h=60.0, basal_flow_ul_per_h=60.0, basal_flow_u_ul_per_h=3.0
    )
    for bolus in outcome.boluses:
        whole = math.hypot(*(line.contribution for line in bolus.budget))
        assert whole == pytest.approx(bolus.volume.standard_uncertainty)
    single = {line.name: line for line in outcome.boluses[0].budget}
    mean = {line.name: line for line in outcome.mean_error.lines}
    assert set(single) == set(mean)
    basal, of_mean = single["basal flow between the readings"], mean["basal flow between the readings"]
    assert (basal.value, basal.unit, basal.standard_uncertainty) == (60.0, "uL/h", 3.0)
    assert basal.sensitivity == pytest.approx(-60.0 / 3600.0)
    # Shared: as large for the mean, in % of 10 uL; not shared: less by the root of eight.
    assert (of_mean.value, of_mean.unit, of_mean.standard_uncertainty) == (60.0, "uL/h", 3.0)
    assert of_mean.contribution == pytest.approx(10.0 * basal.contribution)
    noise = "balance noise at the ends of the period"
    assert mean[noise].unit == single[noise].unit == "mg"
    assert mean[noise].contribution == pytest.approx(10.0 * single[noise].contribution / math.sqrt(8.0))


def test_the_mean_is_covered_when_every_input_is_drawn() -> None:
    """JCGM 101: the inputs drawn from what the budget says of them, through the whole evaluation."""
    stated = BENCH_WITHOUT_TUBE.model_copy(
        update={"tube_outer_diameter_mm": 1.5, "tube_outer_diameter_u_mm": 0.1, "capillary_u_ul": 0.1}
    )
    generator = np.random.default_rng(20)
    errors, expanded = [], []
    for seed in range(80):
        tube_mm = 1.5 + 0.1 * generator.standard_normal()
        kappa, usual = (tube_mm / 20.0) ** 2, (1.5 / 20.0) ** 2
        basal = 60.0 + 3.0 * generator.standard_normal()
        pulls = np.diff(0.1 / math.sqrt(2.0) * generator.standard_normal(len(VOLUMES) + 1))
        weighed = [(volume + float(pull)) / (1.0 - kappa) for volume, pull in zip(VOLUMES, pulls, strict=True)]
        outcome = evaluated(
            weighed,
            noise_ug=15.0,
            basal_ul_per_h=basal / (1.0 - kappa),
            basal_flow_ul_per_h=60.0,
            basal_flow_u_ul_per_h=3.0,
            seed=seed,
            bench=stated,
        )
        assert outcome.air.immersion_factor == pytest.approx(usual)
        errors.append(outcome.mean_error.measured.value - 0.5)
        expanded.append(outcome.mean_error.measured.expanded_uncertainty)
    assert 0.90 <= float(np.mean(np.abs(errors) <= expanded)) <= 0.995


@pytest.mark.parametrize("swing_ug", [60.0, 200.0])
def test_a_bolus_that_has_not_settled_is_left_out_and_named(swing_ug: float) -> None:
    """The larger swing is taken out as spikes; what is left must not pass for settled."""
    series = series_of(VOLUMES)
    mass_g = series.mass_g.copy()
    at_s = starts(len(VOLUMES))
    wagging = (series.time_s >= at_s[2] + 40.0) & (series.time_s <= at_s[2] + 60.0)
    mass_g[wagging] += swing_ug * 1e-6 * np.sin(series.time_s[wagging])
    outcome = evaluate_bolus(
        replace(series, mass_g=mass_g),
        [float(at) for at in at_s],
        evaluation_of(criteria=CRITERIA, decision_rule=DecisionRule(kind="guarded")),
        bench=BENCH_WITHOUT_TUBE,
    )
    (left_out,) = outcome.excluded
    assert left_out.number == 3
    assert "not settled after it" in left_out.reason
    assert outcome.corrected.count == 7
    mean, highest = outcome.decisions
    assert mean.verdict is Verdict.PASS
    assert highest.verdict is Verdict.INCONCLUSIVE
    assert "could not be weighed" in highest.reason


CRITERIA = (
    Criterion(id="mean", measurand=MEAN_ERROR, unit="%", low=-5.0, high=5.0, source="label"),
    Criterion(id="highest", measurand=HIGHEST_ERROR, unit="%", high=15.0, source="label"),
)


@pytest.mark.parametrize(
    ("factor", "verdict"), [(1.0, Verdict.PASS), (1.2, Verdict.FAIL), (0.95, Verdict.INCONCLUSIVE)]
)
def test_verdicts(factor: float, verdict: Verdict) -> None:
    outcome = evaluated([factor * 10.0] * 6, criteria=CRITERIA[:1], decision_rule=DecisionRule(kind="guarded"))
    assert outcome.verdict is verdict


def test_a_bolus_without_readings_is_left_out_and_none_at_all_refused() -> None:
    series = series_of(VOLUMES)
    at_s = [float(at) for at in starts(len(VOLUMES))]
    silent = (series.time_s > at_s[3] + 35.0) & (series.time_s < at_s[3] + 65.0)
    status = np.where(silent, 2, 0).astype(np.uint8)
    outcome = evaluate_bolus(replace(series, status=status), at_s, evaluation_of(), bench=BENCH_WITHOUT_TUBE)
    assert [(one.number, one.reason) for one in outcome.excluded] == [(4, "fewer than 3 usable readings after it")]
    with pytest.raises(EvaluationRefused, match="no bolus can be weighed: bolus 1: not settled before it"):
        evaluate_bolus(series, at_s, evaluation_of(settled_range_mg=1e-6), bench=BENCH_WITHOUT_TUBE)


def test_boluses_too_close_to_weigh_are_refused() -> None:
    with pytest.raises(EvaluationRefused, match="bolus 2 starts at 130 s, before bolus 1 is weighed"):
        bolus_phases([100.0, 130.0], evaluation_of().timing)
    with pytest.raises(EvaluationRefused, match="no bolus is stated"):
        bolus_phases([], evaluation_of().timing)


def test_a_tare_among_the_boluses_is_refused() -> None:
    series = series_of(VOLUMES)
    at_s = [float(at) for at in starts(len(VOLUMES))]
    with pytest.raises(EvaluationRefused, match="tared at 1500 s"):
        evaluate_bolus(replace(series, tare_s=(1500.0,)), at_s, evaluation_of(), bench=BENCH_WITHOUT_TUBE)


def test_without_blank_or_limit_evaporation_is_unknown_and_refused() -> None:
    series = series_of(VOLUMES)
    at_s = [float(at) for at in starts(len(VOLUMES))]
    bare = replace(series, phases=bolus_phases(at_s, evaluation_of().timing))
    with pytest.raises(EvaluationRefused, match="no blank was recorded"):
        evaluate_bolus(bare, at_s, evaluation_of(), bench=BENCH_WITHOUT_TUBE)


def test_criteria_of_no_bolus_measurand_are_refused() -> None:
    wrong = Criterion(id="x", measurand="mean flow error A", unit="%", low=-5.0, source="label")
    with pytest.raises(ValueError, match="no measurand of a bolus test"):
        evaluation_of(criteria=(wrong,))


def test_a_quiet_balance_repeats_its_reading_and_is_not_taken_for_frozen() -> None:
    series = series_of(VOLUMES, noise_ug=0.0)
    at_s = [float(at) for at in starts(len(VOLUMES))]
    quantised = replace(series, mass_g=np.round(series.mass_g, 5))
    outcome = evaluate_bolus(quantised, at_s, evaluation_of(), bench=BENCH_WITHOUT_TUBE)
    assert outcome.excluded == ()
    assert [bolus.volume.value for bolus in outcome.boluses] == pytest.approx(VOLUMES, abs=0.012)
