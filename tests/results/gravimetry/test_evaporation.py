"""Evaporation from blanks: sign, driving force, interpolation, disturbances."""

from __future__ import annotations

import math

import numpy as np
import pytest

from results.gravimetry.air import AirRecord, air_record
from results.gravimetry.blank import Blank, evaluate_blank
from results.gravimetry.evaporation import Evaporation
from results.physics.vapour import evaporation_drive_pa
from results.refusal import EvaluationRefused
from results.series import AmbientSeries, Phase
from tests.results.synthetic import BENCH

HOUR = 3600.0
BEFORE, AFTER = Phase(0.0, 2 * HOUR), Phase(51 * HOUR, 53 * HOUR)
STEADY = BENCH.model_copy(update={"liquid_lag_s": 0.0})


def changing_air() -> AmbientSeries:
    """Dry by day: the force of the two blanks says little about the time between."""
    time_s = np.arange(0.0, 53 * HOUR + 1.0, 60.0)
    return AmbientSeries(
        time_s=time_s,
        temperature_c=21.0 + 1.0 * np.sin(2.0 * np.pi * time_s / 86_400.0),
        humidity_percent=50.0 - 20.0 * np.sin(np.pi * time_s / (53 * HOUR)),
        pressure_hpa=np.full(time_s.size, 1000.0),
    )


def air_of(ambient: AmbientSeries | None) -> AirRecord:
    return air_record(ambient, begin_s=0.0, end_s=53 * HOUR, bench=STEADY)


def blank_of(air: AirRecord, phase: Phase, *, loss_g_per_s: float, noise_g: float = 0.0) -> Blank:
    time_s = np.arange(phase.begin_s, phase.end_s, 5.0)
    drive = air.drive_at(time_s)
    reading = 5.0 - loss_g_per_s * drive + noise_g * np.random.default_rng(1).standard_normal(time_s.size)
    return evaluate_blank(phase, time_s=time_s, reading_g=reading, drive_s=drive)


def test_the_loss_of_a_blank_is_positive_for_a_falling_reading() -> None:
    air = air_of(None)
    blank = blank_of(air, BEFORE, loss_g_per_s=2e-8)
    assert blank.loss_g_per_s == pytest.approx(2e-8)
    assert blank_of(air, BEFORE, loss_g_per_s=-1e-8).loss_g_per_s == pytest.approx(-1e-8)


def test_the_weights_are_those_of_the_slope() -> None:
    air = air_of(changing_air())
    blank = blank_of(air, BEFORE, loss_g_per_s=2e-8, noise_g=1e-5)
    assert float(np.sum(blank.weights_per_s)) == pytest.approx(0.0, abs=1e-15)
    ramp = 3e-8 * air.drive_at(blank.time_s) + 1.0
    assert float(np.dot(blank.weights_per_s, ramp)) == pytest.approx(3e-8)


def test_steady_air_interpolates_linearly_in_time() -> None:
    air = air_of(None)
    evaporation = Evaporation(
        air=air,
        blanks=(blank_of(air, BEFORE, loss_g_per_s=1e-8), blank_of(air, AFTER, loss_g_per_s=3e-8)),
    )
    begin_s, end_s = 26 * HOUR, 51 * HOUR
    middle = 1e-8 + 2e-8 * ((begin_s + end_s) / 2 - HOUR) / (51 * HOUR)
    lost = evaporation.lost_g(np.array([begin_s, end_s]))
    assert float(lost[1] - lost[0]) == pytest.approx(middle * 25 * HOUR, rel=1e-6)
    assert evaporation.gains_s(begin_s, end_s) == pytest.approx(evaporation.steady_gains_s(begin_s, end_s), rel=1e-6)


def test_the_loss_follows_the_measured_driving_force() -> None:
    ambient = changing_air()
    air = air_of(ambient)
    force = evaporation_drive_pa(
        liquid_temperature_c=ambient.temperature_c,
        air_temperature_c=ambient.temperature_c,
        humidity_percent=ambient.humidity_percent,
        pressure_hpa=ambient.pressure_hpa,
    )
    share = (ambient.time_s - BEFORE.middle_s) / (AFTER.middle_s - BEFORE.middle_s)
    coefficient = 1.0 + 0.3 * np.clip(share, 0.0, 1.0)
    true_lost = np.concatenate(([0.0], np.cumsum((coefficient * force)[:-1] * 60.0)))

    def blank(phase: Phase) -> Blank:
        time_s = np.arange(phase.begin_s, phase.end_s, 5.0)
        reading = 5.0 - 1e-11 * np.interp(time_s, ambient.time_s, true_lost)
        return evaluate_blank(phase, time_s=time_s, reading_g=reading, drive_s=air.drive_at(time_s))

    evaporation = Evaporation(air=air, blanks=(blank(BEFORE), blank(AFTER)))
    begin_s, end_s = 26 * HOUR, 51 * HOUR
    lost = np.diff(evaporation.lost_g(np.array([begin_s, end_s])))[0]
    true = 1e-11 * np.diff(np.interp((begin_s, end_s), ambient.time_s, true_lost))[0]
    assert lost == pytest.approx(true, rel=2e-3)
    losses = [one.loss_g_per_s for one in evaporation.blanks]
    steady = sum(map(float.__mul__, losses, evaporation.steady_gains_s(begin_s, end_s)))
    assert abs(steady - true) > 0.1 * true
    assert "driving force" in evaporation.model


@pytest.mark.parametrize("begin_h", [-1.0, 0.5, 20.0, 51.5])
def test_gains_and_cumulative_loss_agree(begin_h: float) -> None:
    air = air_of(changing_air())
    evaporation = Evaporation(
        air=air,
        blanks=(blank_of(air, BEFORE, loss_g_per_s=1e-8), blank_of(air, AFTER, loss_g_per_s=3e-8)),
    )
    begin_s, end_s = max(begin_h, 0.0) * HOUR, 52.7 * HOUR
    by_gains = sum(
        gain * blank.loss_g_per_s
        for gain, blank in zip(evaporation.gains_s(begin_s, end_s), evaporation.blanks, strict=True)
    )
    assert by_gains == pytest.approx(float(np.diff(evaporation.lost_g(np.array([begin_s, end_s])))[0]), rel=1e-9)


def test_no_blank_no_loss() -> None:
    evaporation = Evaporation(air=air_of(changing_air()), blanks=())
    assert evaporation.gains_s(0.0, HOUR) == ()
    assert not evaporation.lost_g(np.array([0.0, HOUR])).any()
    assert evaporation.model == "not measured: no blank"


def test_saturated_air_falls_back_to_time() -> None:
    ambient = changing_air()
    wet = AmbientSeries(
        ambient.time_s, ambient.temperature_c, np.full(ambient.time_s.size, 101.0), ambient.pressure_hpa
    )
    air = air_of(wet)
    assert not air.driven
    assert air.drive_at(np.array([HOUR]))[0] == pytest.approx(HOUR, rel=1e-9)


def test_noise_of_independent_readings_gives_the_textbook_slope_uncertainty() -> None:
    blank = blank_of(air_of(None), BEFORE, loss_g_per_s=2e-8, noise_g=15e-6)
    textbook = 15e-6 * math.sqrt(12.0 / blank.time_s.size) / (2 * HOUR)
    assert blank.noise_u_g_per_s == pytest.approx(textbook, rel=0.1)
    assert blank.noise.sd_g == pytest.approx(15e-6, rel=0.05)


def test_autocorrelated_noise_counts_for_more() -> None:
    generator = np.random.default_rng(1)
    time_s = np.arange(0.0, 7200.0, 1.0)
    errors = []
    claimed = []
    for _ in range(100):
        noise = np.zeros(time_s.size)
        kicks = generator.standard_normal(time_s.size) * 15e-6 * math.sqrt(1.0 - 0.8**2)
        for place in range(1, time_s.size):
            noise[place] = 0.8 * noise[place - 1] + kicks[place]
        blank = evaluate_blank(BEFORE, time_s=time_s, reading_g=noise, drive_s=time_s)
        errors.append(blank.loss_g_per_s)
        claimed.append(blank.noise_u_g_per_s)
    assert float(np.median(claimed)) == pytest.approx(float(np.std(errors)), rel=0.2)


def test_a_knock_does_not_tilt_a_blank() -> None:
    time_s = np.arange(0.0, 7200.0, 1.0)
    reading = 5.0 - 2e-8 * time_s + 1e-5 * np.random.default_rng(1).standard_normal(time_s.size)
    clean = evaluate_blank(BEFORE, time_s=time_s, reading_g=reading, drive_s=time_s)
    knocked = reading.copy()
    knocked[6000:6060] += 5e-3
    blank = evaluate_blank(BEFORE, time_s=time_s, reading_g=knocked, drive_s=time_s)
    assert blank.loss_g_per_s == pytest.approx(clean.loss_g_per_s, rel=0.01)
    assert 55 <= blank.disturbed <= 75


@pytest.mark.parametrize("kept", [slice(0, 10), slice(0, 700), slice(0, 0)])
def test_a_blank_with_too_few_readings_is_refused(kept: slice) -> None:
    time_s = np.arange(0.0, 7200.0, 5.0)[kept]
    with pytest.raises(EvaluationRefused, match="usable readings"):
        evaluate_blank(BEFORE, time_s=time_s, reading_g=np.zeros(time_s.size), drive_s=time_s)


def test_a_blank_of_identical_readings_has_no_noise_and_no_loss() -> None:
    time_s = np.arange(0.0, 7200.0, 5.0)
    blank = evaluate_blank(BEFORE, time_s=time_s, reading_g=np.full(time_s.size, 5.0), drive_s=time_s)
    assert blank.loss_g_per_s == pytest.approx(0.0, abs=1e-18)
    assert blank.noise_u_g_per_s == pytest.approx(0.0, abs=1e-15)
