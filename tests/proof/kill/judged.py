"""One kill as the table counts it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from tests.proof.kill.one_run import Struck


@dataclass(frozen=True, slots=True)
class Judged:
    """`stopping_s`: from strike to the pump's stop, None where it stood. `came_too_late`: the run had ended already.

    `faults` do not tell of times.
    """

    seed: int
    bench: str
    cause: str
    phase: str
    bound_s: float
    came_too_late: bool
    stopping_s: float | None
    settling_s: float | None
    verdict: str
    faults: tuple[str, ...]
    attempt: int = 0

    @property
    def complaints(self) -> tuple[str, ...]:
        """Everything that was not as demanded, the time to the pump's stop included."""
        if self.stopping_s is None or self.stopping_s <= self.bound_s:
            return self.faults
        return (*self.faults, f"the pump stopped after {self.stopping_s:.2f} s, later than {self.bound_s:g} s")

    @classmethod
    def of(cls, struck: Struck, stopping_s: float | None, settling_s: float | None, faults: Sequence[str]) -> Self:
        """Return what became of a kill."""
        if struck.kill is None:
            raise ValueError("a run that was not killed")
        kill = struck.kill
        return cls(
            kill.seed,
            struck.bench.case,
            kill.cause.name,
            kill.phase,
            kill.cause.bound_s,
            struck.struck_s is None,
            stopping_s,
            settling_s,
            struck.verdict,
            tuple(faults),
            kill.attempt,
        )

    @classmethod
    def of_lane(cls, bench: str, fault: str) -> Self:
        """Return what stands for a bench that could not be used after its kills."""
        return cls(0, bench, "all", "", 0.0, False, None, None, "", (fault,))


def keep(path: Path, judged: Sequence[Judged]) -> None:
    """Append them to a file of results."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(asdict(one))}\n" for one in judged)


def kept(path: Path) -> list[Judged]:
    """Return the results in a file, in order of the seeds; the last of each seed counts."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        found[said["seed"], said["cause"], said["bench"], said["attempt"]] = Judged(
            **{**said, "faults": tuple(said["faults"])}
        )
    return sorted(found.values(), key=lambda one: one.seed)
