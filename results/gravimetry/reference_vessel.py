"""A second vessel beside the first, which nothing flows into: what it loses, the first loses too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.bench import ReferenceVessel
from results.cleaning.readings import CleanReadings, clean_readings
from results.flow.continuity import binned
from results.gravimetry.level import LevelRecord
from results.physics.buoyancy import air_buoyancy_drift_g
from results.refusal import EvaluationRefused
from results.series import FlowPhases, FlowSeries
from results.statistics.robust import SD_PER_MEDIAN_DEVIATION

_WIDEST_BIN_S = 300.0
_BINS = 20
_LARGEST_GAP_SHARE = 0.1
_STEP_SIGMA = 10.0
_NEIGHBOURS = 3


@dataclass(frozen=True, slots=True)
class ReferenceLoss:
    """What the collecting vessel lost (g, shape of `time_s`), by the loss of the reference vessel times the ratio.

    `lost_per_mm_g`: what a headspace 1 mm deeper would have added to it; zero where no headspace is stated.
    """

    time_s: NDArray[np.float64]
    lost_g: NDArray[np.float64]
    lost_per_mm_g: NDArray[np.float64]
    vessel: ReferenceVessel

    def lost_at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the cumulative loss (g) at times (s)."""
        return np.asarray(np.interp(time_s, self.time_s, self.lost_g))


def reference_loss(
    series: FlowSeries,
    *,
    time_s: NDArray[np.float64],
    air_density_kg_per_m3: NDArray[np.float64],
    weight_density_kg_per_m3: float,
    level: LevelRecord | None = None,
) -> ReferenceLoss | None:
    """Return the loss by the reference vessel of a series, on a time grid (s) with its air; None without one.

    The reference's readings are averaged in bins of at most 5 min, for a loss is slow, and corrected for air buoyancy
    on what stands on its pan. `level`: that of the collecting vessel, which rises and leaves vapour a shorter
    way than the reference does; None when a film or lid holds vapour back.
    Raises `EvaluationRefused` where the record does not span the test, has a gap of a tenth of the analysis, or steps.
    """
    reference = series.reference
    if reference is None:
        return None
    vessel, phases = reference.vessel, series.phases
    readability_g = vessel.balance_readability_mg * 1e-3
    as_series = FlowSeries(
        time_s=reference.time_s,
        mass_g=reference.mass_g,
        status=np.zeros(reference.time_s.shape, dtype=np.uint8),
        phases=phases,
    )
    readings = clean_readings(as_series, readability_g=readability_g)
    width_s = min(_WIDEST_BIN_S, phases.analysis.duration_s / _BINS)
    _refuse_holes(readings, phases, width_s=width_s)
    lift_g = air_buoyancy_drift_g(
        air_density_kg_per_m3=air_density_kg_per_m3,
        reference_air_density_kg_per_m3=float(np.mean(air_density_kg_per_m3)),
        displaced_volume_ml=vessel.displaced_volume_ml,
        weight_density_kg_per_m3=weight_density_kg_per_m3,
    )
    level_g = readings.mass_g + np.interp(readings.time_s, time_s, lift_g)
    times, means = binned(readings.time_s, level_g, width_s=width_s)
    _refuse_steps(times, means, readability_g=readability_g)
    ends_s = np.array([readings.time_s[0], readings.time_s[-1]])
    ends_g = means[[0, -1]] + (ends_s - times[[0, -1]]) * (means[[1, -1]] - means[[0, -2]]) / (
        times[[1, -1]] - times[[0, -2]]
    )
    times = np.concatenate((ends_s[:1], times, ends_s[1:]))
    means = np.concatenate((ends_g[:1], means, ends_g[1:]))
    lost_g = vessel.loss_ratio * (means[0] - np.interp(time_s, times, means))
    per_mm_g = np.zeros(lost_g.shape)
    if level is not None:
        steps_g, middles_s = np.diff(lost_g), (time_s[1:] + time_s[:-1]) / 2.0
        lost_g = _cumulative(steps_g * level.factor_at(middles_s))
        per_mm_g = _cumulative(steps_g * level.factor_per_mm_at(middles_s))
    return ReferenceLoss(time_s=time_s, lost_g=lost_g, lost_per_mm_g=per_mm_g, vessel=vessel)


def _cumulative(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate(([0.0], np.cumsum(steps)))


def _refuse_holes(readings: CleanReadings, phases: FlowPhases, *, width_s: float) -> None:
    first_s, last_s = float(readings.time_s[0]), float(readings.time_s[-1])
    if not (first_s <= phases.begin_s + width_s and phases.end_s - width_s <= last_s):
        raise EvaluationRefused(
            f"the reference vessel was weighed from {first_s:g} to {last_s:g} s, not over the whole test, "
            f"{phases.begin_s:g} to {phases.end_s:g} s"
        )
    gap_s = float(np.max(np.diff(readings.time_s)))
    if not gap_s <= _LARGEST_GAP_SHARE * phases.analysis.duration_s:
        raise EvaluationRefused(
            f"the reference vessel was not weighed for {gap_s:g} s, more than a tenth of the analysis period"
        )


def _refuse_steps(time_s: NDArray[np.float64], mean_g: NDArray[np.float64], *, readability_g: float) -> None:
    """Nothing flows into a reference vessel: a change far beyond those before and those after it is a touch.

    A film that tears changes all that follow, and is none.
    """
    changes = np.diff(mean_g)
    if changes.size < 2:
        raise EvaluationRefused("the reference vessel was weighed too seldom to follow its loss")
    padded = np.pad(changes, _NEIGHBOURS, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1)
    before, after = np.median(around[:, :_NEIGHBOURS], axis=1), np.median(around[:, _NEIGHBOURS + 1 :], axis=1)
    beyond = np.maximum(np.minimum(before, after) - changes, changes - np.maximum(before, after))
    sigma = max(SD_PER_MEDIAN_DEVIATION * float(np.median(np.abs(changes - np.median(changes)))), readability_g)
    stepped = np.flatnonzero(~(beyond <= _STEP_SIGMA * sigma))
    if stepped.size:
        raise EvaluationRefused(
            f"the reading of the reference vessel steps by {changes[stepped[0]] * 1e3:+.3g} mg at about "
            f"{time_s[stepped[0] + 1]:g} s; nothing flows into it, so it was touched: leave it out, or weigh again"
        )
