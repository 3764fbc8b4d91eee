"""How often instruments are read in a case: as the station has it, where the plan does not say otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from rig.cases.plan_tables import SamplingOverrides
from rig.faults import NotRun
from rig.stations.device_checks import telemetry_faults
from rig.stations.file import StationFile
from rig.stations.tables import SamplingTable, block_faults, heartbeat_faults, silence_faults

_LEAST_TRIP_SHARE = 0.5
"""A trip level nearer to the pressures of ordinary work than this share of the burst limit guards nothing well."""


def sampling_of(station: StationFile, overrides: SamplingOverrides) -> SamplingTable:
    """Return the sampling of a case on a station."""
    return station.sampling.model_copy(update=overrides.stated())


def refuse_unsound_sampling(station: StationFile, overrides: SamplingOverrides) -> None:
    """Raise `NotRun` with every reason why a case's sampling cannot be had on a station."""
    sampling = sampling_of(station, overrides)
    faults = list(_faults(station, sampling)) if overrides.stated() else []
    if faults:
        raise NotRun([f"the case's sampling does not suit station {station.id!r}: {fault}" for fault in faults])


def _faults(station: StationFile, sampling: SamplingTable) -> Iterator[str]:
    for key, problem in (
        *block_faults(sampling),
        *silence_faults(sampling, station.limits.silent_after_s),
        *(heartbeat_faults(sampling, station.watchdog.timeout_s) if station.is_shared else ()),
        *((fault.key, fault.problem) for fault in telemetry_faults(station.pump.options, sampling)),
        *_interlock_faults(station, sampling),
    ):
        yield f"{key}: {problem}"


def burst_trip_kpa(station: StationFile, sampling: SamplingTable) -> float:
    """Return the gauge pressure at which the interlock trips: the burst limit, earlier where it looks seldom.

    It looks once a block. In a block longer than the station's the pressure may rise by as much as the pump and the
    line can make it rise, so it trips that much below: the burst limit is not reached before the next look.
    """
    limits, block_s = station.limits, sampling.pressure_block_s
    if block_s <= station.sampling.pressure_block_s or limits.pressure_rise_kpa_per_s is None:
        return limits.burst_pressure_kpa
    return limits.burst_pressure_kpa - limits.pressure_rise_kpa_per_s * block_s


def _interlock_faults(station: StationFile, of_case: SamplingTable) -> Iterator[tuple[str, str]]:
    block_s, of_station_s = of_case.pressure_block_s, station.sampling.pressure_block_s
    if block_s <= of_station_s:
        return
    longer = (
        f"{block_s:g} s is longer than the station's {of_station_s:g} s (burst pressure is looked for once a block)"
    )
    if station.limits.pressure_rise_kpa_per_s is None:
        yield (
            "sampling.pressure_block_s",
            f"{longer}; a plan may only shorten it, unless the station states limits.pressure_rise_kpa_per_s",
        )
        return
    trip_kpa, burst_kpa = burst_trip_kpa(station, of_case), station.limits.burst_pressure_kpa
    if trip_kpa < _LEAST_TRIP_SHARE * burst_kpa:
        yield (
            "sampling.pressure_block_s",
            f"{longer}: at {station.limits.pressure_rise_kpa_per_s:g} kPa/s the interlock would have to trip at "
            f"{trip_kpa:.0f} kPa, less than {_LEAST_TRIP_SHARE:.0%} of {burst_kpa:g} kPa; shorten it",
        )
