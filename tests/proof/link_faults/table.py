"""What the document says of the matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from tests.proof.document import made_at
from tests.proof.link_faults.faults import DRIVERS, PHASES
from tests.proof.link_faults.matrix import Judged

DOCUMENT = "docs/link-faults.md"
_OUTCOMES = ("unharmed", "marked", "gap", "ended", "refused")
_LETTERS = {"unharmed": "u", "marked": "m", "gap": "g", "ended": "e", "refused": "r"}


def as_text(judged: Sequence[Judged], *, took_s: float) -> str:
    """Return the tables."""
    struck = [one for one in judged if one.struck]
    wrong = [one for one in struck if one.complaints]
    cpu_s = [one.cpu_s for one in struck]
    seeds = len({one.fault.seed for one in judged})
    lines = [
        f"{len(judged)} runs (seeds: {seeds}), {len(struck)} of them met by their fault, {len(struck) - len(wrong)} as "
        f"demanded. {made_at()}, in {took_s / 60.0:.0f} min; a run took {np.median(cpu_s):.2f} s of a processor "
        f"(median; longest {max(cpu_s):.2f} s).",
        "",
        "| driver | runs | " + " | ".join(_OUTCOMES) + " | not as demanded |",
        "|---" * (3 + len(_OUTCOMES)) + "|",
        *(_driver_row(driver.name, struck) for driver in DRIVERS),
        "",
    ]
    for gap in (False, True):
        allowed = "With a gap of 30 s allowed" if gap else "Without an allowed gap"
        lines += [
            f"{allowed}: outcomes by phase (u unharmed, m marked, g gap, e ended, r refused):",
            "",
            "| driver | fault | " + " | ".join(PHASES) + " |",
            "|---" * (2 + len(PHASES)) + "|",
        ]
        for driver in DRIVERS:
            for mode in driver.modes:
                cells = [
                    _cell(one for one in struck if _key(one) == (driver.name, mode, phase, gap)) for phase in PHASES
                ]
                lines.append("| " + " | ".join((driver.name, mode, *cells)) + " |")
        lines.append("")
    return "\n".join([*lines, *_complaints(wrong)]) + "\n"


def _key(one: Judged) -> tuple[str, str, str, bool]:
    return one.fault.driver, one.fault.mode, one.fault.phase, one.fault.gap


def _cell(found: Iterator[Judged]) -> str:
    counts = Counter("X" if one.complaints else _LETTERS.get(one.outcome, "X") for one in found)
    return " ".join(f"{number}{letter}" for letter, number in sorted(counts.items())) or "-"


def _driver_row(name: str, struck: Sequence[Judged]) -> str:
    of_it = [one for one in struck if one.fault.driver == name]
    counts = Counter(one.outcome for one in of_it)
    wrong = sum(bool(one.complaints) for one in of_it)
    cells = [name, str(len(of_it)), *(str(counts[outcome]) for outcome in _OUTCOMES), str(wrong)]
    return "| " + " | ".join(cells) + " |"


def _complaints(wrong: Sequence[Judged]) -> Iterator[str]:
    if wrong:
        yield "Not as demanded:"
        yield ""
    for one in wrong:
        yield f"* {one.fault.words}: {one.verdict}; {'; '.join(one.complaints[:2])}"
