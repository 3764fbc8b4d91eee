"""What leaving a budget line or a correction out does to one run of the coverage study."""

from __future__ import annotations

from dataclasses import dataclass

from results.bench import GravimetricBench
from results.outcome import FlowOutcome
from results.uncertainty.budget import Budget, combine
from tests.proof.array_bench import ArrayRun

_UL_PER_UG = 1.0 / 998.0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A budget line that is removed, or a correction that is switched off, in the cell where it matters."""

    title: str
    cell: str
    line: str = ""
    bench: tuple[tuple[str, float | None], ...] = ()
    as_written: bool = False
    no_evaporation: bool = False

    @property
    def key(self) -> str:
        """What and where."""
        return f"{self.title}; {self.cell}"


LEFT_OUT = (
    LeftOut("line: capillary pull on the tube", "good, 2 uL/h", line="capillary"),
    LeftOut("line: capillary pull on the tube", "typical, 2 uL/h", line="capillary"),
    LeftOut("line: balance zero drift", "poor, 2 uL/h", line="balance zero drift"),
    LeftOut("line: balance sensitivity, temperature", "unsteady room, 9 uL/h", line="balance sensitivity to the load"),
    LeftOut("line: driving force of evaporation", "good, shallow, 100 uL/h", line="evaporation, driving force"),
    LeftOut("line: headspace", "poor, shallow, 100 uL/h", line="evaporation, headspace"),
    LeftOut("line: headspace", "torn film, shallow, 100 uL/h", line="evaporation, headspace"),
    LeftOut("line: tube outer diameter", "typical, 100 uL/h", line="immersion, tube outer diameter"),
    LeftOut("correction: evaporation", "good, 2 uL/h", no_evaporation=True),
    LeftOut("correction: evaporation", "typical, 9 uL/h", no_evaporation=True),
    LeftOut("correction: evaporation follows the level", "good, shallow, 100 uL/h", bench=(("headspace_mm", None),)),
    LeftOut("correction: immersion", "typical, 100 uL/h", bench=(("tube_outer_diameter_mm", 0.0),)),
    LeftOut("corrections: buoyancy, density, immersion (the formula as written)", "good, 100 uL/h", as_written=True),
)


def left_out_of(change: LeftOut, run: ArrayRun, bench: GravimetricBench, outcome: FlowOutcome) -> tuple[float, float]:
    """Return error and U (% of the set flow) of a run with something left out."""
    truth, measured = run.true_error_percent, outcome.error_a.measured
    if change.as_written:
        return outcome.as_written.error_a_percent - truth, measured.expanded_uncertainty
    if change.line:
        return measured.value - truth, _without(outcome.error_a, change.line)
    if change.bench:
        poorer = run.evaluated(bench.model_copy(update=dict(change.bench))).error_a.measured
        return poorer.value - truth, measured.expanded_uncertainty
    lost_ul_per_h = outcome.evaporation_mean_ug_per_min * 60.0 * _UL_PER_UG
    return measured.value - 100.0 * lost_ul_per_h / run.case.flow_ul_per_h - truth, measured.expanded_uncertainty


def _without(budget: Budget, name: str) -> float:
    """Return U (%) of a budget without the lines whose names begin with `name`."""
    kept = [line for line in budget.lines if not line.name.startswith(name)]
    if len(kept) == len(budget.lines):
        raise ValueError(f"no budget line begins with {name!r}")
    shortened = combine(
        value=budget.measured.value, unit=budget.measured.unit, lines=kept, coverage_percent=budget.coverage_percent
    )
    return shortened.measured.expanded_uncertainty
