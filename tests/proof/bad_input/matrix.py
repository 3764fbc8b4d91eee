"""The matrix: every file the rig reads x every damage that can happen to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.proof.bad_input.damages import DAMAGES, Damage
from tests.proof.bad_input.kinds import KINDS, Kind
from tests.proof.bad_input.outcome import Outcome, check_refusal, in_words, use

MEANS_ANOTHER = {
    ("events.jsonl", "empty"): "used: a log of no events; the record has its SHA-256",
    ("broken.json", "missing"): "no station is broken without one: faults.jsonl keeps every latching",
    ("current-run.json", "missing"): "no run was at the station",
    ("record.json (evaluate)", "missing"): "without a record the trace is held to what it says of itself",
}
"""What nothing in a file itself can tell from a sound one."""


@dataclass(frozen=True)
class Cell:
    """One file with one damage, and what is said."""

    kind: str
    damage: str
    words: str


def cells_of(kind: Kind, folder: Path) -> Iterator[Cell]:
    """Yield what becomes of a kind of file under every damage; AssertionError for what no user should see."""
    good = use(kind, kind.place(folder / "good"))
    for number, damage in enumerate(one for one in DAMAGES if one.happens_to(kind.name, kind.form)):
        path = kind.place(folder / f"{number}")
        damage.apply(path)
        outcome = use(kind, path)
        check(kind, damage, outcome, good, path)
        words = MEANS_ANOTHER.get((kind.name, damage.name)) or in_words(outcome, good, path)
        yield Cell(kind.name, damage.name, words)


def check(kind: Kind, damage: Damage, outcome: Outcome, good: Outcome, path: Path) -> None:
    """Demand words for a refusal, and that nothing damaged is used as if it meant something else."""
    if outcome.refusal is not None:
        check_refusal(outcome.refusal, path, kind)
    elif outcome.lost is None and (kind.name, damage.name) not in MEANS_ANOTHER:
        assert outcome.meaning == good.meaning, (kind.name, damage.name)
    if kind.always_refused and (kind.name, damage.name) not in MEANS_ANOTHER:
        assert outcome.refusal is not None, (kind.name, damage.name)


def markdown(cells: list[Cell]) -> str:
    """Return the matrix as one table per kind of file."""
    lines: list[str] = []
    for kind in KINDS:
        mine = [cell for cell in cells if cell.kind == kind.name]
        if mine:
            lines += [f"### {kind.name}", "", "| damage | what is said |", "|---|---|"]
            lines += [f"| {cell.damage} | {cell.words.replace('|', chr(92) + '|')} |" for cell in mine]
            lines.append("")
    return "\n".join(lines)
