"""The protocol matrix as a table: verdicts per row, and how reported numbers agree with the twin's truth."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence

from tests.proof.protocols.matrix import RowRun
from tests.proof.protocols.rows import Row

LEAST_AGREEMENT = 0.93


def matrix_markdown(runs: Sequence[RowRun]) -> str:
    """Return both tables as Markdown."""
    return "\n".join([*_verdicts(runs), "", *_agreement(runs), ""])


def agreement(runs: Sequence[RowRun]) -> tuple[int, int]:
    """Return how many reported numbers hold the truth within U, and how many there are."""
    compared = [one for run in runs for one in run.comparisons]
    return sum(one.agrees for one in compared), len(compared)


def _verdicts(runs: Sequence[RowRun]) -> list[str]:
    lines = [
        "| protocol | case | pump or bench | wanted | as wanted | verdicts | s of a processor each |",
        "|---|---|---|---|---|---|---|",
    ]
    for key in dict.fromkeys(run.row.key for run in runs):
        same = [run for run in runs if run.row.key == key]
        row = same[0].row
        words = Counter(run.verdict.value if run.verdict else "no record" for run in same)
        told = ", ".join(f"{word} {count}" for word, count in words.items())
        good = sum(run.as_expected for run in same)
        mark = "" if good == len(same) else " **MISSED**"
        head = f"{row.protocol} | {row.case} | {row.label} | {_wanted(row)}"
        cost_s = statistics.median(run.cpu_s for run in same)
        lines.append(f"| {head} | {good} of {len(same)}{mark} | {told} | {cost_s:.1f} |")
    return lines


def _agreement(runs: Sequence[RowRun]) -> list[str]:
    lines = ["| protocol | runs | numbers compared | truth within U |", "|---|---|---|---|"]
    for protocol in dict.fromkeys(run.row.protocol for run in runs):
        lines.append(_agreement_line(protocol, [run for run in runs if run.row.protocol == protocol]))
    lines.append(_agreement_line("all", runs))
    return lines


def _agreement_line(name: str, runs: Sequence[RowRun]) -> str:
    good, count = agreement(runs)
    share = f"{good} ({100.0 * good / count:.1f} %)" if count else "-"
    return f"| {name} | {len(runs)} | {count} | {share} |"


def _wanted(row: Row) -> str:
    return row.verdict.value if row.or_else is None else f"{row.verdict.value} or {row.or_else.value}"
