"""The fault matrix as Markdown: one row for each fault, and the counts below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from scipy import stats

from tests.proof.array_bench import phases_of, shipped_case
from tests.proof.fault_matrix_faults import AT_S, IN_BLANK_S
from tests.proof.fault_matrix_verdict import Verdict

_COLUMNS = (
    "| fault | severity | fate, times | named as | also found there | error of A, % | U, % | displaced, U | outside U |"
)


def markdown(seeds: Sequence[int], rows: Sequence[Sequence[Verdict]]) -> Iterator[str]:
    """Yield the lines of the table and of the counts."""
    analysis = phases_of(shipped_case("maintenance")).analysis
    yield f"Maintenance case, analysis {analysis.begin_s:g} to {analysis.end_s:g} s; faults begin at {AT_S:g} s unless"
    yield f"in a blank ({IN_BLANK_S:g} s) or throughout; seeds {seeds[0]} to {seeds[-1]}. Error and U: those of the"
    yield "seed with the largest error / U. Displaced: the largest displacement of the row, in U."
    yield ""
    yield _COLUMNS
    yield "|" + "---|" * _COLUMNS.count(" | ") + "---|"
    for row in rows:
        yield _line(row)
    yield ""
    yield from counts([verdict for row in rows for verdict in row])


def counts(everything: Sequence[Verdict]) -> Iterator[str]:
    """Yield how often each fate was met, and the strict counts beside it: truth outside U, whatever the cause."""
    fates = Counter(verdict.fate for verdict in everything)
    yield f"Runs: {len(everything)}; " + ", ".join(f"{fate} {count}" for fate, count in fates.most_common()) + "."
    yield ""
    numbers = [verdict for verdict in everything if verdict.error_percent is not None]
    unnamed = [verdict for verdict in numbers if not verdict.names]
    named = [verdict for verdict in numbers if verdict.names]
    yield "| strictly: the truth outside U, whatever the cause | outside U | runs | within U, with its 95 % interval |"
    yield "|---|---|---|---|"
    yield _strict("fault not named", unnamed)
    yield _strict("fault named", named)
    yield _strict_sound(everything)
    yield ""
    largest = max(unnamed, key=lambda verdict: abs(verdict.displaced_share), default=None)
    if largest is not None:
        yield (
            f"The largest displacement of a run whose fault was not named: {largest.displaced_share:+.2f} U "
            f"({largest.fault.label}, seed {largest.seed})."
        )


def _strict(title: str, verdicts: Sequence[Verdict]) -> str:
    return _share(title, sum(not verdict.covered for verdict in verdicts), len(verdicts))


def _strict_sound(everything: Sequence[Verdict]) -> str:
    sound = {verdict.seed: abs(verdict.sound_percent) > verdict.sound_expanded_percent for verdict in everything}
    return _share("sound run of each seed", sum(sound.values()), len(sound))


def _share(title: str, outside: int, runs: int) -> str:
    if not runs:
        return f"| {title} | 0 | 0 | - |"
    within = stats.binomtest(runs - outside, runs)
    interval = within.proportion_ci(method="exact")
    return (
        f"| {title} | {outside} | {runs} | {100.0 * within.statistic:.1f} % "
        f"({100.0 * interval.low:.1f} to {100.0 * interval.high:.1f} %) |"
    )


def _line(row: Sequence[Verdict]) -> str:
    fault = row[0].fault
    numbers = [
        (verdict.error_percent, verdict.expanded_percent)
        for verdict in row
        if verdict.error_percent is not None and verdict.expanded_percent is not None
    ]
    error, expanded = max(numbers, key=lambda pair: abs(pair[0]) / pair[1], default=(float("nan"), float("nan")))
    displaced = max((verdict.displaced_share for verdict in row), key=abs)
    names = sorted({name for verdict in row for name in verdict.names})
    others = sorted({name for verdict in row for name in verdict.others})
    refusals = [verdict.refusal for verdict in row if verdict.refusal]
    told = ", ".join(names) or (refusals[0].split(";")[0].split(":")[0] if refusals else "-")
    fates = ", ".join(f"{fate} {count}" for fate, count in Counter(verdict.fate for verdict in row).most_common())
    outside = sum(not verdict.covered for verdict in row)
    figures = f"{error:+.2f} | {expanded:.2f} | {displaced:+.2f} | {outside}" if numbers else "- | - | - | -"
    return f"| {fault.kind} | {fault.severity} | {fates} | {told} | {', '.join(others) or '-'} | {figures} |"
