"""One run of the short plan in this process, at virtual time, with one fault of one link; and what came of it."""

from __future__ import annotations

import io
import json
import resource
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from instruments.clock import Clock, host_monotonic_s
from instruments.simulated.twin import TwinStation
from rig import station as station_module
from rig.bench import Bench
from rig.cases.gaps import NO_GAPS, AllowedGaps
from rig.plan import load_plan
from rig.procedures.stop_restart import StopRestartCase
from rig.run_folder import RunFolder
from rig.running.case_run import CaseRun
from rig.running.verdicts import reason_of_error, verdict_of_error
from rig.session import RigSession
from rig.stations.file import StationFile, load_station_file
from rig.stations.twin import load_truth
from tests.end_to_end.bench_runs import make_station
from tests.proof.link_faults.faults import DEADLINE_S, GAP_S, SILENT_AFTER_S, Driver, Fault
from tests.proof.link_faults.striker import Striker
from tests.proof.link_faults.tap import Tap

PLAN = Path(__file__).with_name("short_run.toml")
TIMED_OUT_BY_S = 70.0
"""By when after the run's end the pump's communication time-out (60 s) must have stopped a pump that was lost."""

_GAPS = AllowedGaps(mass_s=GAP_S, ambient_s=GAP_S, pressure_s=GAP_S, pump_s=GAP_S)


@dataclass(slots=True)
class Finished:
    """A run that has ended. `pump_acts`: (bench time s, flow uL/h) of its pump, by the twin; `ended_s`: the rig's end.

    `struck_s` is None where the fault never began. `record` is empty where there was none to be written.
    """

    fault: Fault | None
    verdict: str
    reason: str
    record: Mapping[str, Any]
    folder: RunFolder | None
    tap: Tap
    struck_s: float | None
    pump_acts: list[tuple[float, float]]
    ended_s: float
    took_s: float
    cpu_s: float


def run_one(folder: Path, driver: Driver, fault: Fault | None, *, seed: int = 1) -> Finished:
    """Run it; whatever ends it is part of what is returned."""
    station = load_station_file(_station(folder, driver))
    runs = folder / "runs"
    runs.mkdir()
    session = RigSession(station=station, virtual=True, seed=seed, runs=runs, terminal=io.StringIO(), figures=False)
    striker = Striker(fault)
    tap = Tap({driver.stream: driver.link} if driver.link != "daq" else {}, striker.heard)
    acts: list[tuple[float, float]] = []
    ended_s: list[float] = []
    case = load_plan(PLAN).case(driver.case, StopRestartCase)
    if fault is not None:
        case = replace(case, gaps=_GAPS if fault.gap else NO_GAPS)
    run = CaseRun(session, case)
    began_s, used = host_monotonic_s(), resource.getrusage(resource.RUSAGE_SELF)
    error: BaseException | None = None
    with pytest.MonkeyPatch.context() as patch:
        tap.put_in(patch)
        patch.setattr(station_module, "start_twin", _twin_maker(tap, striker, acts, ended_s))
        try:
            with run.opened() as bench:
                _protocol(bench, case, striker)
        except Exception as raised:
            error = raised
    now = resource.getrusage(resource.RUSAGE_SELF)
    has_record = run.folder.record.exists()
    record = json.loads(run.folder.record.read_text(encoding="utf-8")) if has_record else {}
    if error is not None and not record:
        verdict, reason = verdict_of_error(error).value, reason_of_error(error)
    else:
        verdict, reason = record.get("verdict", ""), record.get("reason", "")
    return Finished(
        fault=fault,
        verdict=verdict,
        reason=reason,
        record=record,
        folder=run.folder if has_record else None,
        tap=tap,
        struck_s=striker.struck_s,
        pump_acts=acts,
        ended_s=ended_s[0] if ended_s else 0.0,
        took_s=host_monotonic_s() - began_s,
        cpu_s=now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime,
    )


def _protocol(bench: Bench, case: StopRestartCase, striker: Striker) -> None:
    striker.begin("prime", case.prime.duration_s or 0.0)
    bench.prime(case.prime)
    striker.begin("blank", case.blank_s)
    bench.blank("blank_before", case.blank_s)
    striker.begin("infusing", case.before_s)
    bench.start_infusion(case.program)
    bench.infuse("before stop", case.before_s)
    bench.stop_infusion()
    with bench.phase("stopped", case.stopped_s):
        bench.wait(case.stopped_s)
    bench.start_infusion(case.program)
    bench.infuse("after restart", case.after_s)
    striker.begin("closing", case.blank_s)
    bench.stop_infusion()
    bench.blank("blank_after", case.blank_s)
    bench.evaluate()


def _station(folder: Path, driver: Driver) -> Path:
    path = make_station(folder / "station", station=driver.changes, base=driver.base)
    text = path.read_text(encoding="utf-8")
    lines = []
    for line in text.splitlines():
        lines.append(line)
        if line.startswith("driver = "):
            lines.append(f"deadline_s = {DEADLINE_S}")
        if line.startswith("silent_after_s = "):
            lines[-1] = f"silent_after_s = {SILENT_AFTER_S}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _twin_maker(tap: Tap, striker: Striker, acts: list[tuple[float, float]], ended_s: list[float]) -> Any:
    def start(file: StationFile, *, clock: Clock, seed: int) -> TwinStation:
        twin = TwinStation(load_truth(file), seed=seed, clock=clock, pump_power_relay=file.power.relay)

        def note(t_s: float, act: str, values: Mapping[str, float]) -> None:
            if act == "pump_flow":
                acts.append((t_s, values["flow_ul_per_h"]))

        twin.bench.call_on_command(note)
        own_close = twin.close

        def close() -> None:
            if not ended_s:
                ended_s.append(clock.now())
                # What nobody stopped any more must stop by itself.
                twin.bench.pump_mechanics(clock.now() + TIMED_OUT_BY_S)
            own_close()

        twin.close = close  # type: ignore[method-assign]
        tap.watch(twin)
        striker.attach(twin)
        twin.start()
        striker.begin("connect")
        return twin

    return start


def in_new_folder(driver: Driver, fault: Fault | None) -> Finished:
    """Run it in a folder that is gone afterwards; for looking at one by hand."""
    with tempfile.TemporaryDirectory(prefix="link-fault-") as name:
        return run_one(Path(name), driver, fault)
