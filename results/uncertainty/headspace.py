"""What a headspace that is not as stated does to the evaporation between blanks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from results.bench import GravimetricBench
from results.gravimetry.collection import Collection
from results.gravimetry.evaporation import Evaporation
from results.series import Phase

_STEP_MM = 0.01


@dataclass(frozen=True, slots=True)
class HeadspaceEffect:
    """Per mm of headspace: what is lost in a period (g), and by how much the blanks' losses come to differ (g/s)."""

    lost_g_per_mm: float
    change_g_per_s_mm: float


def headspace_effect(collection: Collection, period: Phase, bench: GravimetricBench) -> HeadspaceEffect:
    """Return the effect of the headspace on a period's evaporation; none where it is not stated or has no blank.

    The rates the blanks show stay as they are. What depends on the headspace is how they are carried from the level
    they were measured at to other levels: as its inverse (Stefan).
    """
    found = collection.evaporation
    if bench.headspace_mm is None or not found.blanks:
        return HeadspaceEffect(0.0, 0.0)
    ends_s = np.array([period.begin_s, period.end_s])
    shifted = _with_more_headspace(collection, bench, bench.headspace_mm)
    lost_g = float(np.diff(shifted.lost_g(ends_s) - found.lost_g(ends_s))[0])
    change = _change_g_per_s(shifted) - _change_g_per_s(found)
    return HeadspaceEffect(lost_g / _STEP_MM, change / _STEP_MM)


def _with_more_headspace(collection: Collection, bench: GravimetricBench, headspace_mm: float) -> Evaporation:
    found, air = collection.evaporation, collection.air
    area_mm2 = math.pi / 4.0 * (bench.vessel_inner_diameter_mm**2 - bench.tube_outer_diameter_mm**2)
    level_ul = np.interp(air.time_s, collection.time_s, collection.volume_ul)
    rise_mm = collection.sign * (level_ul - level_ul[0]) / area_mm2
    before_mm = np.maximum(headspace_mm - rise_mm, _STEP_MM)
    factor = (before_mm / headspace_mm) * (headspace_mm + _STEP_MM) / (before_mm + _STEP_MM)
    steps = np.diff(air.drive_s) * (factor[1:] + factor[:-1]) / 2.0
    moments = steps * (air.time_s[1:] + air.time_s[:-1]) / 2.0
    drive_s = np.concatenate(([0.0], np.cumsum(steps)))
    other = replace(air, drive_s=drive_s, drive_moment_s2=np.concatenate(([0.0], np.cumsum(moments))))
    blanks = []
    for blank in found.blanks:
        ends_s = np.array([blank.phase.begin_s, blank.phase.end_s])
        ratio = float(np.diff(air.drive_at(ends_s))[0]) / float(np.diff(other.drive_at(ends_s))[0])
        blanks.append(replace(blank, loss_g_per_s=blank.loss_g_per_s * ratio))
    return Evaporation(air=other, blanks=tuple(blanks))


def _change_g_per_s(evaporation: Evaporation) -> float:
    return evaporation.blanks[-1].loss_g_per_s - evaporation.blanks[0].loss_g_per_s
