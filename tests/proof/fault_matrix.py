"""Every fault of the readings at three severities: found and named, or harmless within U, or refused.

`python -m tests.proof.fault_matrix` prints the table as Markdown; `--seeds 11-20` chooses other seeds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache

import numpy as np

from results.refusal import EvaluationRefused
from tests.proof.array_bench import ArrayRun, run_case, shipped_bench, shipped_case, twin
from tests.proof.fault_matrix_document import markdown
from tests.proof.fault_matrix_faults import WHOLE, Event, Fault, faults
from tests.proof.fault_matrix_naming import statements
from tests.proof.fault_matrix_verdict import Verdict

REPORTED_SEEDS = tuple(range(61, 71))
"""Never used to find a fault in the evaluation or to mend it."""
_TREATMENTS = ("repaired", "excluded", "kept, U widened", "kept", "reported")
_WORKERS = 2
_G_PER_UL = 0.998e-3


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
        return Verdict(fault, seed, none, none, "", reason, None, None, None, sound_percent, sound_expanded_percent)
    said = [entry for entry in statements(outcome, WHOLE) if entry.is_at(fault.when)]
    naming = [entry for entry in said if entry.name in fault.names]
    treatments = {entry.did for entry in naming}
    measured = outcome.error_a.measured
    error_percent = measured.value - run.true_error_percent
    return Verdict(
        fault=fault,
        seed=seed,
        names=frozenset(entry.name for entry in naming),
        others=frozenset(entry.name for entry in said) - fault.names - usual,
        treatment=next((treatment for treatment in _TREATMENTS if treatment in treatments), ""),
        refusal="",
        error_percent=error_percent,
        expanded_percent=measured.expanded_uncertainty,
        displaced_percent=error_percent - sound_percent - _pulled_percent(run, fault, seed),
        sound_percent=sound_percent,
        sound_expanded_percent=sound_expanded_percent,
    )


def _pulled_percent(run: ArrayRun, fault: Fault, seed: int) -> float:
    """Return what the contact line's pull on the tube adds to the error in this run and not in the sound one, %.

    Where a fault changes the delivery, the analysis begins and ends at other levels, and the pull there is another draw
    of what the budget has a line for: no effect of the fault. The twin without a pull tells how much it is, exactly.
    Where the delivery is the sound run's, so is the pull.
    """
    sound = _sound(seed)
    if run.true_error_percent == sound.true_error_percent:
        return 0.0
    return _pull_percent(run, fault.events, seed) - _pull_percent(sound, (), seed)


def _pull_percent(run: ArrayRun, events: Sequence[Event], seed: int) -> float:
    still = run_case(run.case, twin({"meniscus.capillary_ul": 0.0}, events=events), seed)
    analysis = run.series.phases.analysis
    ends = np.searchsorted(run.series.time_s, (analysis.begin_s, analysis.end_s))
    pulled_g = float(np.diff((run.series.mass_g - still.series.mass_g)[ends])[0])
    set_ul = run.case.flow_ul_per_h * analysis.duration_s / 3600.0
    return 100.0 * pulled_g / _G_PER_UL / set_ul


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
