"""Every fault of the readings at three severities: found and named, or harmless within U, or refused.

`python -m tests.proof.fault_matrix` prints the table as Markdown; `--seeds 11-20` chooses other seeds.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from results.refusal import EvaluationRefused
from tests.proof.array_bench import ArrayRun, phases_of, run_case, shipped_bench, shipped_case, twin
from tests.proof.fault_matrix_faults import AT_S, IN_BLANK_S, WHOLE, Fault, faults
from tests.proof.fault_matrix_naming import statements

REPORTED_SEEDS = tuple(range(31, 41))
"""Never used to find a fault in the evaluation or to mend it."""
_TREATMENTS = ("repaired", "excluded", "kept, U widened", "kept", "reported")
_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one fault of one seed. Errors and U in %; None for all of them when it was refused.

    `names`: the statements at the time of the fault that name it rightly; `others`: those at its time that do not, and
    that the sound run does not make as well. `sound_percent`: error of the same seed's run without the fault.
    """

    fault: Fault
    seed: int
    names: frozenset[str]
    others: frozenset[str]
    treatment: str
    refusal: str
    error_percent: float | None
    expanded_percent: float | None
    sound_percent: float
    sound_expanded_percent: float

    @property
    def covered(self) -> bool:
        """True when there is no number, or one that holds the truth within U."""
        if self.error_percent is None or self.expanded_percent is None:
            return bool(self.refusal)
        return abs(self.error_percent) <= self.expanded_percent

    @property
    def by_chance(self) -> bool:
        """True when U misses the truth without the fault too, as one in twenty does, and the fault adds at most U."""
        if self.error_percent is None or self.expanded_percent is None or self.covered:
            return False
        missed = abs(self.sound_percent) > self.sound_expanded_percent
        return missed and abs(self.error_percent - self.sound_percent) <= self.expanded_percent

    @property
    def fate(self) -> str:
        """The fault's fate in a word or two."""
        if self.refusal:
            return (
                "INVALID" if self.fault.refusal and self.fault.refusal in self.refusal else "INVALID, reason not named"
            )
        if not self.covered and not self.by_chance:
            return "WRONG, named" if self.names else "SILENTLY WRONG"
        if self.names:
            return {"kept, U widened": "U widened", "kept": "reported"}.get(self.treatment, self.treatment)
        return "harmless within U"


@cache
def _sound(seed: int) -> ArrayRun:
    return run_case(shipped_case("maintenance"), twin(), seed)


@cache
def _sound_statements(seed: int) -> tuple[float, float, frozenset[str]]:
    run = _sound(seed)
    outcome = run.evaluated(shipped_bench())
    measured = outcome.error_a.measured
    said = frozenset(found.name for found in statements(outcome, WHOLE))
    return measured.value - run.true_error_percent, measured.expanded_uncertainty, said


def judge(fault: Fault, seed: int) -> Verdict:
    """Run a fault on the bench of a seed and say what became of it."""
    run = _sound(seed) if not fault.events else run_case(shipped_case("maintenance"), twin(events=fault.events), seed)
    if fault.corruption is not None:
        run = replace(run, series=fault.corruption(run.series, np.random.default_rng(seed)))
    sound_percent, sound_expanded_percent, usual = _sound_statements(seed)
    none: frozenset[str] = frozenset()
    try:
        outcome = run.evaluated(shipped_bench())
    except EvaluationRefused as refusal:
        reason = str(refusal)
        return Verdict(fault, seed, none, none, "", reason, None, None, sound_percent, sound_expanded_percent)
    said = [entry for entry in statements(outcome, WHOLE) if entry.is_at(fault.when)]
    naming = [entry for entry in said if entry.name in fault.names]
    treatments = {entry.did for entry in naming}
    measured = outcome.error_a.measured
    return Verdict(
        fault=fault,
        seed=seed,
        names=frozenset(entry.name for entry in naming),
        others=frozenset(entry.name for entry in said) - fault.names - usual,
        treatment=next((treatment for treatment in _TREATMENTS if treatment in treatments), ""),
        refusal="",
        error_percent=measured.value - run.true_error_percent,
        expanded_percent=measured.expanded_uncertainty,
        sound_percent=sound_percent,
        sound_expanded_percent=sound_expanded_percent,
    )


def verdicts_of(table: Sequence[Fault], seeds: Sequence[int]) -> list[list[Verdict]]:
    """Return the verdicts of every fault, seed by seed, worked out on both cores."""
    with ProcessPoolExecutor(_WORKERS) as pool:
        by_seed = list(pool.map(_all_of, [[fault.label for fault in table]] * len(seeds), seeds))
    return [list(row) for row in zip(*by_seed, strict=True)]


def _all_of(labels: Sequence[str], seed: int) -> list[Verdict]:
    known = {fault.label: fault for fault in faults()}
    # Corruptions are closures, which no pipe carries: the caller puts its own faults back.
    return [replace(judge(known[label], seed), fault=_bare(known[label])) for label in labels]


def _bare(fault: Fault) -> Fault:
    return replace(fault, corruption=None)


def markdown(seeds: Sequence[int], rows: Sequence[Sequence[Verdict]]) -> Iterator[str]:
    """Yield the lines of the table: one row for each fault."""
    analysis = phases_of(shipped_case("maintenance")).analysis
    yield f"Maintenance case, analysis {analysis.begin_s:g} to {analysis.end_s:g} s; faults begin at {AT_S:g} s unless"
    yield f"in a blank ({IN_BLANK_S:g} s) or throughout; seeds {seeds[0]} to {seeds[-1]}. Error and U: those of the"
    yield "seed with the largest error / U."
    yield ""
    yield "| fault | severity | fate, times | named as | also found there | error of A, % | U, % |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        yield _line(row)
    everything = [verdict for row in rows for verdict in row]
    fates = Counter(verdict.fate for verdict in everything)
    yield ""
    yield f"Runs: {len(everything)}; " + ", ".join(f"{fate} {count}" for fate, count in fates.most_common()) + "."
    by_chance = sum(verdict.by_chance for verdict in everything)
    missed = sorted(
        {verdict.seed for verdict in everything if abs(verdict.sound_percent) > verdict.sound_expanded_percent}
    )
    yield f"Outside U in the sound run too, and counted by name: {by_chance}, of the seeds {missed or 'none'}."


def _line(row: Sequence[Verdict]) -> str:
    fault = row[0].fault
    numbers = [
        (verdict.error_percent, verdict.expanded_percent)
        for verdict in row
        if verdict.error_percent is not None and verdict.expanded_percent is not None
    ]
    error, expanded = max(numbers, key=lambda pair: abs(pair[0]) / pair[1], default=(float("nan"), float("nan")))
    names = sorted({name for verdict in row for name in verdict.names})
    others = sorted({name for verdict in row for name in verdict.others})
    refusals = [verdict.refusal for verdict in row if verdict.refusal]
    told = ", ".join(names) or (refusals[0].split(";")[0].split(":")[0] if refusals else "-")
    fates = ", ".join(f"{fate} {count}" for fate, count in Counter(verdict.fate for verdict in row).most_common())
    figures = f"{error:+.2f} | {expanded:.2f}" if numbers else "- | -"
    return f"| {fault.kind} | {fault.severity} | {fates} | {told} | {', '.join(others) or '-'} | {figures} |"


def _seeds(text: str) -> tuple[int, ...]:
    first, _, last = text.partition("-")
    return tuple(range(int(first), int(last or first) + 1))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Print the fault matrix as Markdown.")
    parser.add_argument("--seeds", type=_seeds, default=REPORTED_SEEDS, help="such as 11-20")
    parser.add_argument("--only", default="", help="faults whose label holds these words")
    chosen = parser.parse_args()
    table = [fault for fault in faults() if chosen.only in fault.label]
    for line in markdown(chosen.seeds, verdicts_of(table, chosen.seeds)):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
