"""The whole infusion of a flow test: its start-up, its continuity, and the blanks on the sample grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from results.flow.continuity import FlowContinuity, flow_continuity
from results.flow.error import flow_error_percent
from results.flow.grid import GridError, GridSeries, on_grid
from results.flow.marks import NO_MARKS, Marks
from results.flow.startup import StartupCurve, startup_curve
from results.gravimetry.collection import Collection
from results.profiles import MethodProfile
from results.series import FlowSeries, Phase

_MOST_COURSE_POINTS = 2000
_DETECTABLE_INTERVALS = 0.1
_DETECTABLE_SIGMA = 8.0


def infusion_of(series: FlowSeries) -> Phase:
    """Return the time from the start of the infusion to the end of the analysis phase."""
    phases = series.phases
    first = phases.stabilisation or phases.analysis
    begin_s = first.begin_s if phases.infusion_start_s is None else phases.infusion_start_s
    return Phase(begin_s, phases.analysis.end_s)


def startup_of(
    collection: Collection, series: FlowSeries, profile: MethodProfile, marks: Marks = NO_MARKS
) -> tuple[StartupCurve | None, str]:
    """Return the start-up curve over the profile's start-up time, or None and why there is none."""
    infusion = infusion_of(series)
    length_s = min(profile.startup_s, infusion.duration_s)
    intervals = int(length_s / profile.sample_interval_s + 1e-9)
    try:
        grid = _grid(
            collection,
            Phase(infusion.begin_s, infusion.begin_s + intervals * profile.sample_interval_s),
            profile,
            marks,
        )
    except GridError as error:
        return None, f"no start-up curve: {error}"
    return startup_curve(grid), ""


def course_of(
    collection: Collection, series: FlowSeries, profile: MethodProfile, marks: Marks = NO_MARKS
) -> StartupCurve | None:
    """Return the flow over the whole infusion, by sample intervals or multiples of them; None where readings lack."""
    infusion = infusion_of(series)
    samples = int(infusion.duration_s / profile.sample_interval_s + 1e-9)
    together = max(1, -(-samples // _MOST_COURSE_POINTS))
    interval_s = together * profile.sample_interval_s
    try:
        grid = on_grid(
            collection.time_s,
            collection.volume_ul,
            begin_s=infusion.begin_s,
            end_s=infusion.begin_s + samples // together * interval_s,
            sample_interval_s=interval_s,
        )
    except GridError:
        return None
    return startup_curve(replace(grid, marks=marks))


def blank_grids(
    collection: Collection, series: FlowSeries, profile: MethodProfile, marks: Marks = NO_MARKS
) -> tuple[GridSeries, ...]:
    """Return the corrected volume of each blank on the sample grid, as far as whole sample intervals fit."""
    grids = []
    for blank in (series.phases.blank_before, series.phases.blank_after):
        if blank is None:
            continue
        intervals = int(blank.duration_s / profile.sample_interval_s + 1e-9)
        if intervals < 1:
            continue
        inside = collection.time_s[np.searchsorted(collection.time_s, blank.begin_s) :]
        begin_s = max(blank.begin_s, float(inside[0])) if inside.size else blank.begin_s
        intervals = int((blank.end_s - begin_s) / profile.sample_interval_s + 1e-9)
        try:
            grids.append(
                _grid(collection, Phase(begin_s, begin_s + intervals * profile.sample_interval_s), profile, marks)
            )
        except GridError:
            continue
    return tuple(grids)


def continuity_of(
    collection: Collection, series: FlowSeries, *, set_flow_ul_per_h: float, profile: MethodProfile
) -> FlowContinuity:
    """Return the continuity of delivery over the whole infusion.

    Detectable is a tenth of a sample interval's volume, or eight standard deviations of the readings, if more.
    """
    infusion = infusion_of(series)
    inside = slice(*np.searchsorted(collection.time_s, (infusion.begin_s, infusion.end_s), side="left"))
    noise_g = max((blank.noise.sd_g for blank in collection.evaporation.blanks), default=0.0)
    interval_ul = set_flow_ul_per_h * profile.sample_interval_s / 3600.0
    return flow_continuity(
        collection.time_s[inside],
        collection.volume_ul[inside],
        set_flow_ul_per_h=set_flow_ul_per_h,
        sample_interval_s=profile.sample_interval_s,
        detectable_ul=max(_DETECTABLE_INTERVALS * interval_ul, _DETECTABLE_SIGMA * noise_g * collection.ul_per_g),
    )


def whole_infusion_error_percent(
    collection: Collection, series: FlowSeries, *, set_flow_ul_per_h: float
) -> float | None:
    """Return the mean flow error (%) from the start of the infusion to its end, nothing left out; None without data."""
    infusion = infusion_of(series)
    if not (collection.time_s[0] <= infusion.begin_s and infusion.end_s <= collection.time_s[-1]):
        return None
    ends = np.interp((infusion.begin_s, infusion.end_s), collection.time_s, collection.volume_ul)
    flow = float(ends[1] - ends[0]) / infusion.duration_s * 3600.0
    return flow_error_percent(flow_ul_per_h=flow, set_flow_ul_per_h=set_flow_ul_per_h)


def _grid(collection: Collection, period: Phase, profile: MethodProfile, marks: Marks) -> GridSeries:
    grid = on_grid(
        collection.time_s,
        collection.volume_ul,
        begin_s=period.begin_s,
        end_s=period.end_s,
        sample_interval_s=profile.sample_interval_s,
    )
    return replace(grid, marks=marks)
