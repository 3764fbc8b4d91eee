"""The kill matrix as tables of docs/crash-safety.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tests.proof.document import made_at
from tests.proof.kill.causes import CAUSES, NAMES, PHASES
from tests.proof.kill.judged import Judged

DOCUMENT = Path("docs/crash-safety.md")


def as_text(judged: Sequence[Judged], *, loads: Sequence[float], took_s: float) -> str:
    """Return both tables and what was not met."""
    struck = [one for one in judged if not one.came_too_late and one.seed]
    lines = [
        f"{len(struck)} kills, {sum(1 for one in struck if not one.complaints)} of them as demanded; "
        f"{sum(one.came_too_late for one in judged)} more came after the run's end and count for nothing. "
        f"{made_at()}; {took_s / 60.0:.0f} min; load of the two-core machine {min(loads):.1f} to {max(loads):.1f}, "
        f"median {statistics.median(loads):.1f}.",
        "",
        "From the strike to the pump's stop, by the twin's witness, in s; where the pump stood already there is none:",
        "",
        "| cause | bound | kills | pump ran | median | p99 | longest | all safe, longest | not as demanded |",
        "|---|---|---|---|---|---|---|---|---|",
        *(
            _cause_row(cause.name, cause.bound_s, [one for one in struck if one.cause == cause.name])
            for cause in CAUSES
        ),
        "",
        "Kills as demanded of kills, by phase:",
        "",
        "| cause | " + " | ".join(NAMES.get(phase, phase) for phase in PHASES) + " |",
        "|---" * (1 + len(PHASES)) + "|",
        *(_phase_row(cause.name, [one for one in struck if one.cause == cause.name]) for cause in CAUSES),
        "",
        *_complaints(judged),
    ]
    return "\n".join(lines) + "\n"


def _cause_row(name: str, bound_s: float, kills: Sequence[Judged]) -> str:
    times_s = [one.stopping_s for one in kills if one.stopping_s is not None]
    settled_s = [one.settling_s for one in kills if one.settling_s is not None]
    figures = (
        [_s(np.percentile(times_s, 50)), _s(np.percentile(times_s, 99)), _s(max(times_s))] if times_s else ["-"] * 3
    )
    wrong = sum(1 for one in kills if one.complaints)
    cells = [name, f"{bound_s:g}", str(len(kills)), str(len(times_s)), *figures]
    return "| " + " | ".join([*cells, _s(max(settled_s)) if settled_s else "-", str(wrong)]) + " |"


def _s(time_s: float) -> str:
    return f"{time_s:.2f}" if time_s >= 0.1 else f"{time_s:.3f}"


def _phase_row(name: str, kills: Sequence[Judged]) -> str:
    cells = []
    for phase in PHASES:
        there = [one for one in kills if one.phase == phase]
        cells.append(f"{sum(1 for one in there if not one.complaints)} of {len(there)}" if there else "-")
    return f"| {name} | " + " | ".join(cells) + " |"


def _complaints(judged: Sequence[Judged]) -> Iterator[str]:
    found = [one for one in judged if one.complaints]
    if found:
        yield "Not as demanded:"
        yield ""
    for one in found:
        where = f"seed {one.seed}, {one.bench}, {one.cause}, {NAMES.get(one.phase, one.phase)}"
        yield f"* {where}: {'; '.join(one.complaints)}"
