"""Power cuts at random moments of one recorded run."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.proof.power_cut.demands import check_after_cut, promised
from tests.proof.power_cut.recorder import Op, Said, record
from tests.proof.power_cut.replay import lay_out


@dataclass(frozen=True)
class Cut:
    """One power cut: its seed, after which operation, what had been said last, what was left; or what was broken."""

    seed: int
    at: int
    stage: str
    left: str
    broken: str | None


def recorded_run(folder: Path, *, commits: int) -> list[Op]:
    """Return what a real writer does to its files, from the folder of the run to its record."""
    return record("tests.proof.power_cut.writer", folder / "recorded", str(commits))


def moment(ops: Sequence[Op], chance: random.Random) -> int:
    """Return a point in the run; half of them lie before the first commit or after the last: few operations do."""
    said = [at for at, op in enumerate(ops) if isinstance(op, Said) and op.words[0] == "committed"]
    endings = ("closed", "sealed", "recorded")
    ended = [at + 1 for at, op in enumerate(ops) if isinstance(op, Said) and op.words[0] in endings]
    return chance.choice((
        chance.randint(1, len(ops)),
        chance.randint(1, len(ops)),
        chance.randint(chance.choice(ended), len(ops)),
        chance.choice((chance.randint(1, said[0]), chance.randint(said[-1], len(ops)))),
    ))  # fmt: skip


def cuts(ops: Sequence[Op], folder: Path, seeds: range) -> Iterator[Cut]:
    """Cut the power once per seed and look at what is left."""
    (whole,) = (str(op.words[1]) for op in ops if isinstance(op, Said) and op.words[0] == "sealed")
    for seed in seeds:
        chance = random.Random(seed)
        at = moment(ops, chance)
        disk = folder / f"cut-{seed}"
        lay_out(ops[:at], disk, chance)
        word = promised(ops[:at])
        try:
            yield Cut(seed, at, word.stage, check_after_cut(disk, word, whole), None)
        except Exception as error:
            yield Cut(seed, at, word.stage, "broken", f"{type(error).__name__}: {error}")
        shutil.rmtree(disk)


def table(done: Sequence[Cut]) -> str:
    """Return how many cuts there were after each word, and what was left."""
    left = ("nothing", "recovered", "whole", "broken")
    lines = ["| last said to be durable | cuts | " + " | ".join(left) + " |", "|---|---|" + "---|" * len(left)]
    words = {"before": "nothing yet", "begun": "the head of the journal", "committed": "a commit"}
    words |= {"closed": "the closed journal", "sealed": "the sealed trace", "recorded": "the record"}
    for stage, name in words.items():
        counts = Counter(cut.left for cut in done if cut.stage == stage)
        lines.append(f"| {name} | {counts.total()} | " + " | ".join(str(counts[one]) for one in left) + " |")
    return "\n".join(lines)
