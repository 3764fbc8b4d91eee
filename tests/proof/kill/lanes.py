"""Kills one after the other at one bench, each at the bench as the one before has left it; several benches at once.

The first and the last run of a bench are not killed: the one says how long the phases last that no plan says, the other
proves that station and pump are free again. What a killed run could not record itself, a later session must have.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from rig.plan import load_plan
from rig.procedures.stop_restart import StopRestartCase
from tests.end_to_end.bench_runs import ROOT
from tests.proof.kill.benches import Bench, running_bench
from tests.proof.kill.causes import CAUSES
from tests.proof.kill.demands import settling_s, stopping_s, unrecorded, unsafe
from tests.proof.kill.judged import Judged
from tests.proof.kill.one_run import Kill, Struck, run_once
from tests.proof.kill.witness_log import read_witness

LANES = ("external", "implant", "external", "external")
ATTEMPTS = 5
"""How often a kill is made, at the most, until it comes before the run's end."""

PLAN = Path(__file__).with_name("short_run.toml")


def all_kills(times: int) -> list[Kill]:
    """Return every cause in each of its phases so many times; the seeds are consecutive."""
    cells = [(cause, phase) for _ in range(times) for cause in CAUSES for phase in cause.phases]
    return [Kill(seed, cause, phase) for seed, (cause, phase) in enumerate(cells, start=1)]


def run_lanes(
    folder: Path, kills: Sequence[Kill], report: Callable[[str], None], *, lanes: Sequence[str] = LANES
) -> list[Judged]:
    """Share the kills among the benches and return how each went, in order of the seeds."""
    shares = [(folder / f"lane{number}", kind, kills[number :: len(lanes)]) for number, kind in enumerate(lanes)]
    with ThreadPoolExecutor(len(shares)) as pool:
        found = list(pool.map(lambda share: list(_lane(*share, report=report)) if share[2] else [], shares))
    return sorted((judged for lane in found for judged in lane), key=lambda judged: judged.seed)


def _lane(folder: Path, kind: str, kills: Sequence[Kill], *, report: Callable[[str], None]) -> Iterator[Judged]:
    folder.mkdir(parents=True)
    runs = folder / "runs"
    with running_bench(folder, kind) as bench:
        lengths_s = _planned_s(bench)
        if any(kill.phase not in lengths_s for kill in kills):
            lengths_s |= _unplanned_s(run_once(bench, runs, folder / "first.txt", None, {}))
        struck: list[Struck] = []
        for one in _attempts(bench, runs, folder, kills, lengths_s):
            _clear_fault(bench, one)
            struck.append(one)
            if one.kill is not None:
                report(f"{one.kill.seed} {one.kill.cause.name} x {one.kill.phase}: status {one.status}")
        last = run_once(bench, runs, folder / "last.txt", None, {})
        witness = read_witness(bench.witness)
    for one in struck:
        seen = witness.until(_next_start_s(one, struck, last))
        faults = [*one.faults, *unsafe(one, seen), *unrecorded(one)]
        yield Judged.of(one, stopping_s(one, seen), settling_s(one, seen), faults)
    if "sealing" not in last.done:
        problem = f"the station is not usable after them: {last.output.read_text()[-600:]}"
        yield Judged.of_lane(kind, problem)


def _attempts(
    bench: Bench, runs: Path, folder: Path, kills: Sequence[Kill], lengths_s: Mapping[str, float]
) -> Iterator[Struck]:
    """Yield how each kill went; one that came after the run's end is made again, at another moment."""
    for kill in kills:
        for attempt in range(ATTEMPTS):
            output = folder / f"seed{kill.seed}_{attempt}.txt"
            one = run_once(bench, runs, output, replace(kill, attempt=attempt), lengths_s)
            yield one
            if one.struck_s is not None or one.faults:
                break


def _next_start_s(one: Struck, struck: Sequence[Struck], last: Struck) -> float:
    """Return when the next run connected: what happened until then is this one's."""
    following = [*struck[struck.index(one) + 1 :], last]
    return next((other.phases["connect"] for other in following if "connect" in other.phases), float("inf"))


def _planned_s(bench: Bench) -> dict[str, float]:
    case = load_plan(PLAN).case(bench.case, StopRestartCase)
    return {
        "prime": case.prime.duration_s or 0.0,
        "blank_before": case.blank_s,
        "before stop": case.before_s,
        "occluded": case.after_s,
    }


def _unplanned_s(first: Struck) -> dict[str, float]:
    if "sealing" not in first.done:
        raise RuntimeError(f"the run that nobody killed did not come to its end: {first.output.read_text()[-2000:]}")
    return {
        "connect": first.phases["prime"] - first.phases["connect"],
        "closing": first.done["closing"] - first.phases["closing"],
        "sealing": first.ended_s - first.phases["sealing"],
    }


def _clear_fault(bench: Bench, one: Struck) -> None:
    """Unlatch a station that a kill has left latched, as a person would; it counts against the kill."""
    if not list(bench.state.rglob("broken.json")):
        return
    one.faults.append("the station is latched as broken")
    command = [sys.executable, "-m", "rig", "clear-fault", str(bench.station), "--reason", "the kill matrix looked"]
    subprocess.run(command, cwd=ROOT, env=bench.environment(), check=False, stdin=subprocess.DEVNULL)
