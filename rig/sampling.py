"""How often instruments are read in a case: as the station has it, where the plan does not say otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from rig.device_checks import telemetry_faults
from rig.faults import NotRun
from rig.plan_tables import SamplingOverrides
from rig.station_file import StationFile
from rig.station_tables import SamplingTable, block_faults, heartbeat_faults, silence_faults


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
        *_interlock_faults(station.sampling, sampling),
    ):
        yield f"{key}: {problem}"


def _interlock_faults(of_station: SamplingTable, of_case: SamplingTable) -> Iterator[tuple[str, str]]:
    # Burst pressure is looked for once a block: a longer block would let it stand longer than the station allows.
    if of_case.pressure_block_s > of_station.pressure_block_s:
        yield (
            "sampling.pressure_block_s",
            f"{of_case.pressure_block_s:g} s is longer than the station's {of_station.pressure_block_s:g} s, and burst "
            "pressure is looked for once a block; a plan may only shorten it",
        )
