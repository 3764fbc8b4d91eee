"""One case from connecting to its record: opens the bench, and closes it whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial

from instruments.clock import host_monotonic_s
from results.after_check import AfterCheckOutcome, evaluate_after_check
from results.decision import Verdict
from results.evaluate_trace import evaluate_trace
from results.measured.outcome import Outcome
from results.trace.ownership import OwnerLock
from results.trace.reader import read_trace
from results.trace.seal import seal
from rig.acquisition.acquisition import Acquisition
from rig.acquisition.writer import TraceWriter
from rig.bench import Bench
from rig.cases.case import Case
from rig.cases.gaps import refuse_unsound_gaps
from rig.cases.readiness import refuse_unfit_pump
from rig.cases.sampling import refuse_unsound_sampling, sampling_of
from rig.daily_gate import refuse_without_daily_check
from rig.disk.ballast import Ballast
from rig.disk.room import refuse_full_disk
from rig.faults import CriterionReached, RigFault, VerdictError
from rig.figures import draw_figure
from rig.operators.chosen import operator_of
from rig.record import CaseRecord, write_record
from rig.run_folder import RunFolder, new_run_folder
from rig.run_header import Prepared, run_header, simulation_words, stream_specs
from rig.running.guards import RunGuards
from rig.running.recording import record_run, show_progress
from rig.running.verdicts import reason_of_error, verdict_of_error
from rig.safety.safe_state import SafeStateReport
from rig.safety.undisturbed import undisturbed
from rig.session import RigSession
from rig.station import NOT_SAFE, Station, StationError, UnsafeStation, open_station, watchdog_words
from rig.terminal.outcome_text import reason_text


class CaseRun:
    """Life of one case. `opened` gives the bench; `conclude` makes it safe, closes the record and judges."""

    def __init__(self, session: RigSession, case: Case) -> None:
        self.case = case
        self.verdict = Verdict.NOT_RUN
        self.reason = "the protocol ended before its evaluation"
        self.outcome: Outcome | None = None
        self.after_check: AfterCheckOutcome | None = None
        self.watchdog: Mapping[str, object] | str = "none: no station was opened"
        self.folder = RunFolder(session.runs)
        self.safe_state = SafeStateReport("")
        self._session = session
        self._bench: Bench | None = None
        self._ballast: Ballast | None = None
        self._writer: TraceWriter | None = None
        self._closing = ExitStack()
        self._closing_reason = ""
        self._notes: list[str] = []
        self._life: OwnerLock | None = None
        self._release_watchdog: Callable[[], None] = lambda: None
        self._made_safe = False
        self._begun = False
        self._concluded = False

    @contextmanager
    def opened(self) -> Iterator[Bench]:
        """Connect, start sampling and yield the bench; whatever leaves the block finds it safe and closed.

        Raises `StationError` when the station cannot be opened; no run folder is made then.
        """
        session = self._session
        if session.broken:
            raise StationError(session.station.id, [f"it was left unsafe and somebody has to look: {session.broken}"])
        if session.gate.asked_to_end:
            raise StationError(session.station.id, [f"the session was asked to end ({session.gate.asked_to_end})"])
        if session.until_s is not None and host_monotonic_s() >= session.until_s:
            raise StationError(session.station.id, ["the session's deadline has passed (--session-deadline)"])
        refuse_without_daily_check(session.station, self.case, session.runs)
        refuse_unsound_sampling(session.station, self.case.sampling)
        refuse_unsound_gaps(session.station, self.case.gaps, sampling_of(session.station, self.case.sampling))
        station, prepared = self._connect()
        try:
            yield self._begin(station, prepared)
        except BaseException as error:
            self.conclude(error)
            raise
        finally:
            try:
                self.conclude(None)
            finally:
                self._release_watchdog()

    def evaluate(self) -> Outcome:
        """Close the record, seal the trace, and evaluate it from the file alone."""
        self._close("the protocol has ended")
        if not self.safe_state.is_safe:
            raise RigFault("the bench could not be made safe")
        if self._bench is not None:
            self._bench.check_limits()
        self._seal()
        self.after_check = evaluate_after_check(read_trace(self.folder.trace))
        return self._evaluate_trace()

    def conclude(self, error: BaseException | None) -> None:
        """Judge the run by its outcome, or by what ended it, and write the record; idempotent."""
        with self._session.gate.shut():
            if self._concluded:
                return
            if error is not None and self._bench is not None:
                error = self._bench.what_ended(error)
            reason = "the protocol has ended" if error is None else reason_of_error(error)
            self._concluded = True
            if not self._begun:
                try:
                    self._close(reason)
                finally:
                    self._latch_unsafe()
                    self._give_up_run()
                return
            # What cannot be closed in order is sealed all the same, and whatever fails, the record is written.
            for step in (partial(self._close, reason), self._seal):
                try:
                    step()
                except Exception as closing_error:
                    if error is not None:
                        self._notes.append(f"while closing: {reason_of_error(closing_error)}")
                    error = error or closing_error
            self._note_lost_samples()
            if isinstance(error, CriterionReached):
                self.verdict, self.reason = error.verdict, error.reason
                self._evaluate_so_far()
            elif error is not None and not isinstance(error, VerdictError):
                self.verdict, self.reason = verdict_of_error(error), reason_of_error(error)
            elif self.outcome is not None:
                self.verdict, self.reason = self.outcome.verdict, reason_text(self.outcome)
            self._latch_unsafe()
            # Before its log is hashed for the record.
            self._release_watchdog()
            record = self._record()
            if self._ballast is not None:
                self._ballast.release()
            write_record(self.folder, record)
            self._give_up_run()
            self._session.concluded.append((record, self.folder))

    def refuse(self, reason: str) -> None:
        """Put a case on the verdict table that was never begun and has no run folder; else do nothing."""
        if self._concluded:
            return
        self._concluded = True
        self.reason = reason
        self._session.concluded.append((self._record(), None))

    def _latch_unsafe(self) -> None:
        if not self.safe_state.is_safe:
            self.reason = f"{self.reason}. {NOT_SAFE}: {self.safe_state.failures}"
            self._session.leave_broken(self.safe_state.failures, run=str(self.folder.path) if self._begun else "")

    def _seal(self) -> None:
        if not self.folder.trace.exists():
            report = seal(self.folder.journal, self.folder.trace)
            self._notes += [f"lost in the journal: {damage}" for damage in report.damage]

    def _note_lost_samples(self) -> None:
        """Say how many samples the rig took and could not store."""
        lost = self._writer.lost_samples if self._writer is not None else {}
        if lost:
            counts = ", ".join(f"{stream} {count}" for stream, count in lost.items())
            self._notes.append(f"samples taken that storage did not take: {counts}")

    def _evaluate_so_far(self) -> None:
        """Compute what can be computed of a run that a stopping criterion ended; its verdict stands already."""
        try:
            self._evaluate_trace()
        except Exception as error:  # whatever it is, the verdict that stands is recorded
            self._notes.append(f"no value of the run as a whole: {reason_of_error(error)}")

    def _evaluate_trace(self) -> Outcome:
        outcome = evaluate_trace(self.folder.trace)
        json.dumps(outcome.as_record(), allow_nan=False)  # one that no record can hold is none
        self.outcome = outcome
        if self._session.figures:
            self._notes += draw_figure(self.folder, outcome)
        return outcome

    def _connect(self) -> tuple[Station, dict[str, Prepared]]:
        """Open the station and set its instruments; what fails on the way leaves it safe and closed."""
        session, gate = self._session, self._session.gate
        with ExitStack() as stack:
            try:
                station = open_station(
                    session.station, virtual=session.virtual, seed=session.seed, deferring=gate.deferred
                )
                stack.callback(station.close)
                if station.watchdog is not None:
                    self._release_watchdog = station.watchdog.release
                if not station.clock.is_virtual:
                    gate.guard(station.end_now)
                    stack.callback(gate.guard, None)
                stack.enter_context(station.clock.participate("protocol"))
                stack.callback(self._leave_safe, station)
                refuse_unfit_pump(self.case, station.pump)
                prepared = station.undisturbed(gate.deferred).prepare()
                self._refuse_full_disk(station, prepared)
                gate.heed()
            except BaseException as error:
                self._closing_reason = reason_of_error(error)
                with gate.shut():
                    try:
                        stack.close()
                    except Exception as closing_error:  # it does not change what the bench is left like
                        error.add_note(f"while closing: {reason_of_error(closing_error)}")
                    finally:
                        self._release_watchdog()
                    if isinstance(error, UnsafeStation):
                        session.leave_broken(str(error))
                    elif not self.safe_state.is_safe:
                        session.leave_broken(self.safe_state.failures)
                        raise UnsafeStation(station.id, [str(error), f"{NOT_SAFE}: {session.broken}"]) from error
                raise
            self._closing = stack.pop_all()
        return station, prepared

    def _refuse_full_disk(self, station: Station, prepared: Mapping[str, Prepared]) -> None:
        refuse_full_disk(
            self._session.runs,
            stream_specs(station.sampled(sampling_of(station.file, self.case.sampling)), prepared),
            duration_s=self.case.planned_s,
            reserve_bytes=station.file.limits.disk_reserve_bytes,
            free=self._session.free_bytes,
        )

    def _leave_safe(self, station: Station) -> None:
        """Make the bench safe, once."""
        if self._made_safe:
            return
        self.safe_state = station.safe_state.enter(self._closing_reason)
        self._made_safe = True
        first = station.safe_state.first_report
        if first is not None and not first.is_safe and first is not self.safe_state:
            self._notes.append(f"made safe twice; the first time ({first.reason}) not done: {first.failures}")
        if station.watchdog is not None:
            station.watchdog.note_end(self.safe_state)

    def _begin(self, station: Station, prepared: Mapping[str, Prepared]) -> Bench:
        case, session, closing = self.case, self._session, self._closing
        self.folder = new_run_folder(session.runs, station=station.id, plan=case.plan.id, case=case.name)
        if station.watchdog is not None:
            # Before the run is noted as current: whoever loses it from here on, the log says how the bench was left.
            station.watchdog.guard_run(self.folder.path)
        self._life = OwnerLock(self.folder.life)
        if session.claim is not None:
            session.claim.note_run(self.folder.path)
        self._begun = True
        self._ballast = Ballast(self.folder.ballast)
        closing.callback(station.write_truth, self.folder.truth)
        sampling = sampling_of(station.file, case.sampling)
        sampled = station.sampled(sampling)
        feasibility = case.feasibility(station.file)
        self.watchdog = watchdog_words(station)
        header = run_header(station.file, case, self.folder, prepared, virtual=session.virtual, seed=session.seed)
        header |= {"watchdog": self.watchdog, "feasibility": dict(feasibility.record)}
        recording = record_run(self.folder, header, stream_specs(sampled, prepared), closing)
        self._writer = recording.writer
        show_progress(recording.stream, case, session.terminal, closing)
        if station.watchdog is not None:
            recording.beat(station.watchdog.beat)
        guards = RunGuards(station, case, session, sampling)
        acquisition = Acquisition(
            sampled,
            clock=station.clock,
            stream=recording.stream,
            event_log=recording.event_log,
            on_fault=guards.gaps.note_fault,
            on_answer=guards.gaps.note_answer,
        )
        deferring = session.gate.deferred
        bench = Bench(
            station=station.undisturbed(deferring),
            acquisition=undisturbed(acquisition, deferring),
            safe_state=station.safe_state,
            operator=operator_of(station, session),
            after_check=station.file.checks.after if case.is_checked_afterwards else None,
            evaluate=self.evaluate,
            heed_signals=session.gate.heed,
        )
        self._bench = bench
        guards.watch(recording, acquisition, bench)
        closing.callback(lambda: self._notes.extend(acquisition.clock_notes))
        closing.callback(acquisition.stop)
        closing.callback(self._make_safe, station, acquisition)
        if not station.clock.is_virtual:
            session.gate.guard(bench.end_now)
        if station.watchdog is not None:
            station.watchdog.call_on_death(bench.watchdog_died)
        acquisition.start()
        feasibility.refuse()
        return bench

    def _close(self, reason: str) -> None:
        self._closing_reason = reason
        with self._session.gate.shut():
            self._closing.close()

    def _make_safe(self, station: Station, acquisition: Acquisition) -> None:
        self._leave_safe(station)
        if self._ballast is not None:
            self._ballast.release_most()
        acquisition.event("safe_state", "rig", asdict(self.safe_state))

    def _give_up_run(self) -> None:
        """Let go of the run: it is on record."""
        if self._session.claim is not None and not self._session.is_latch_owed:
            self._session.claim.state.end_run()
        if self._life is not None:
            self._life.release()

    def _record(self) -> CaseRecord:
        plan, station = self.case.plan, self._session.station
        return CaseRecord(
            run_id=self.folder.run_id,
            plan_id=plan.id,
            plan_revision=plan.revision,
            plan_sha256=plan.sha256,
            procedure=plan.procedure,
            case=self.case.name,
            station=station.id,
            station_sha256=station.sha256,
            simulated=station.is_simulated,
            simulation=simulation_words(station, virtual=self._session.virtual, seed=self._session.seed),
            verdict=self.verdict,
            reason=self.reason,
            safe_state=self.safe_state,
            watchdog=self.watchdog,
            interlock=self._bench.tripped if self._bench is not None else None,
            notes=tuple(self._notes),
            outcome=self.outcome,
            after_check=self.after_check,
        )
