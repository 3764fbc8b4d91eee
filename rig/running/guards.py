"""Everything that may end a run by itself: limits of the bench, links, deadlines, the disk, its writer and samplers."""

from __future__ import annotations

from rig.acquisition.acquisition import Acquisition
from rig.acquisition.link_gaps import link_gaps
from rig.bench import Bench
from rig.cases.case import Case
from rig.disk.room import DiskGuard
from rig.disk.standstill import StandstillGuard
from rig.running.recording import RunRecording
from rig.safety.deadlines import Deadlines
from rig.safety.interlocks import Interlocks
from rig.session import RigSession
from rig.station import Station
from rig.stations.tables import SamplingTable


class RunGuards:
    """The guards of one run. `gaps` judges every fault of an instrument; `watch` sets all of them on the run."""

    def __init__(self, station: Station, case: Case, session: RigSession, sampling: SamplingTable) -> None:
        self._station = station
        self._case = case
        self._session = session
        self._interlocks = Interlocks(station.interlock_limits(sampling), clock=station.clock)
        self.gaps = link_gaps(
            case.gaps,
            station.sampled(sampling),
            station.lines,
            clock=station.clock,
            note_error=self._interlocks.note_error,
            on_trip=self._interlocks.latch,
        )

    def watch(self, recording: RunRecording, acquisition: Acquisition, bench: Bench) -> None:
        """Let whatever ends the run make the bench safe; a sample is shown to the interlocks before all else."""
        self.gaps.announce_to(acquisition.event)
        recording.writer.call_on_failure(bench.storage_failed)
        acquisition.call_on_death(bench.sampler_died)
        acquisition.call_on_alarm(bench.pump_alarmed)
        acquisition.call_on_status(bench.note_status)
        self._interlocks.call_on_trip(bench.trip)
        recording.stream.subscribe(self._interlocks.watch)
        recording.stream.subscribe(self.gaps.listen)
        self._watch_disk(recording)
        recording.stream.subscribe(self._deadlines().watch)
        recording.stream.subscribe(bench.listen)
        self._interlocks.expect(spec.name for spec in recording.specs)

    def _watch_disk(self, recording: RunRecording) -> None:
        session, on_trip = self._session, self._interlocks.latch
        guards: list[DiskGuard | StandstillGuard] = [
            DiskGuard(
                recording.folder.path,
                recording.specs,
                reserve_bytes=session.station.limits.disk_reserve_bytes,
                on_trip=on_trip,
                free=session.free_bytes,
            )
        ]
        if not self._station.clock.is_virtual:
            guards.append(StandstillGuard(on_trip=on_trip))
        for guard in guards:
            recording.writer.call_on_commit(guard.note_durable)
            recording.stream.subscribe(guard.listen)

    def _deadlines(self) -> Deadlines:
        return Deadlines(
            planned_s=self._case.planned_s,
            overtime_percent=self._session.overtime_percent,
            session_until_s=self._session.until_s,
            clock=self._station.clock,
            on_trip=self._interlocks.latch,
        )
