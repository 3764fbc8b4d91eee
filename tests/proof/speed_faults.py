"""Faults of the readings in tests that deliver at several speeds, or at once: none may be silently wrong.

    python -m tests.proof.speed_faults --first 101 --seeds 10

Occlusion, its bolus reduction, the occluded catheter, lockout and priming on the twin; the pan touched, a load laid on
or taken off, the balance re-zeroed, at every stage. Tuned on the seeds 1 to 5, reported on others.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.measured.measurand import Measurand
from results.measured.outcome import MeasuredOutcome
from results.refusal import EvaluationRefused
from tests.proof.measured_bench import Fault
from tests.proof.measured_infusions import primed_and_bridged
from tests.proof.measured_runs import Measured
from tests.proof.measured_volumes import locked_out
from tests.results.occlusion import catheter_runs, occlusion_runs

Floats = NDArray[np.float64]
Run = Callable[[int, Fault | None], tuple[MeasuredOutcome, Mapping[str, float]]]
_NAMED_WITHIN_S = 30.0
_TOUCH_S = 15.0
FAULTS: Mapping[str, float | None] = {
    "touched, 20 mg up": 0.02,
    "touched, 20 mg down": -0.02,
    "laid on, 20 mg": 0.02,
    "taken off, 20 mg": -0.02,
    "laid on, 3 mg": 0.003,
    "taken off, 3 mg": -0.003,
    "re-zeroed": None,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A test on the twin: what it makes of a seed and a fault, and when (s, by its stage) faults happen in it."""

    run: Run
    stages: Mapping[str, float]


def _occlusion(reduction: bool) -> Run:
    def run(seed: int, fault: Fault | None) -> tuple[MeasuredOutcome, Mapping[str, float]]:
        made = occlusion_runs.run_occlusion(seed, reduction=reduction, hold_s=150.0, fault=fault)
        return made.outcome, made.true

    return run


def _catheter(seed: int, fault: Fault | None) -> tuple[MeasuredOutcome, Mapping[str, float]]:
    made = catheter_runs.run_catheter(seed, fault=fault)
    return made.outcome, made.true


def _measured(
    run: Callable[..., Measured],
) -> Callable[[int, Fault | None], tuple[MeasuredOutcome, Mapping[str, float]]]:
    def of(seed: int, fault: Fault | None) -> tuple[MeasuredOutcome, Mapping[str, float]]:
        made = run(seed, fault=fault)
        if not isinstance(made.outcome, MeasuredOutcome):
            raise TypeError("a bolus test has a table of its own")
        return made.outcome, made.truth

    return of


_CLOSED, _RELEASED = occlusion_runs.CLOSED_S, occlusion_runs.CLOSED_S + 150.0
_LINE = {
    "steady": _CLOSED - 300.0,
    "4 s before closing": _CLOSED - 4.0,
    "closed": _CLOSED + 60.0,
    "5 s before the release": _RELEASED - 5.0,
    "2 s after the release": _RELEASED + 2.0,
    "30 s after the release": _RELEASED + 30.0,
}
_SHUT, _OPENED = catheter_runs.CLOSED_S, catheter_runs.CLOSED_S + 1200.0
KINDS: Mapping[str, Kind] = {
    "occlusion": Kind(_occlusion(False), _LINE),
    "occlusion, bolus reduction": Kind(_occlusion(True), _LINE),
    "catheter occlusion": Kind(
        _catheter,
        {
            "steady": _SHUT - 3600.0,
            "4 s before closing": _SHUT - 4.0,
            "closed": _SHUT + 600.0,
            "5 s before the release": _OPENED - 5.0,
            "2 s after the release": _OPENED + 2.0,
            "recovery": _OPENED + 4000.0,
        },
    ),
    "lockout": Kind(
        _measured(locked_out),
        {
            "before the bolus, 4 s": 300.0 + 4.0 * 3600.0 - 4.0,
            "bolus": 300.0 + 4.0 * 3600.0 + 40.0,
            "after the bolus, 4 s": 300.0 + 4.0 * 3600.0 + 84.0,
            "lockout": 300.0 + 6.0 * 3600.0,
        },
    ),
    "priming and bridge": Kind(
        _measured(primed_and_bridged),
        {
            "4 s before priming": 300.0 + 2.0 * 3600.0 - 4.0,
            "priming": 300.0 + 2.0 * 3600.0 + 200.0,
            "4 s after priming": 300.0 + 2.0 * 3600.0 + 544.0,
            "flow after": 300.0 + 5.0 * 3600.0,
            "bridge": 300.0 + 12.0 * 3600.0,
        },
    ),
}


def fault_of(name: str, at_s: float) -> Fault:
    """Return what a fault of `FAULTS` makes of readings (g) at times (s)."""
    size_g = FAULTS[name]

    def happens(times: Floats, mass_g: Floats) -> Floats:
        since = times >= at_s
        if size_g is None:
            return np.asarray(mass_g - np.where(since, float(np.interp(at_s, times, mass_g)), 0.0))
        if name.startswith("touched"):
            since = since & (times < at_s + _TOUCH_S)
        return np.asarray(mass_g + size_g * since)

    return happens


def verdict_on(kind: Kind, seed: int, name: str, at_s: float, clean: Set[str]) -> tuple[str, list[str]]:
    """Return "held", "no number", "named" (a number is off by more than U, but named) or "silent"; and which are off.

    `clean`: those that are off without a fault already.
    """
    try:
        outcome, true = kind.run(seed, fault_of(name, at_s))
    except EvaluationRefused:
        return "no number", []
    wrong = [one.name for one in outcome.measurands if _off(one, true) and one.name not in clean]
    gone = any(one.absent and one.name in true for one in outcome.measurands)
    if not wrong:
        return ("no number" if gone else "held"), []
    return ("named" if any(_near(outcome, at_s)) else "silent"), wrong


def _clean(kind: Kind, seed: int) -> Iterator[str]:
    outcome, true = kind.run(seed, None)
    for one in outcome.measurands:
        if _off(one, true):
            yield one.name


def _off(one: Measurand, true: Mapping[str, float]) -> bool:
    if one.value is None or one.name not in true:
        return False
    return not abs(one.value.value - true[one.name]) <= one.value.expanded_uncertainty


def _near(outcome: MeasuredOutcome, at_s: float) -> Iterator[bool]:
    for found in outcome.findings:
        yield found.begin_s - _NAMED_WITHIN_S <= at_s <= found.end_s + _NAMED_WITHIN_S
    for entry in outcome.exclusions:
        for begin_s, end_s in entry.listed_s:
            yield begin_s - _NAMED_WITHIN_S <= at_s <= end_s + _NAMED_WITHIN_S


def main() -> None:
    """Print, for every kind, stage and fault, how its runs ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=101)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", default="", help="kinds whose name holds this")
    arguments = parser.parse_args()
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    everything: Counter[str] = Counter()
    for kind_name, kind in KINDS.items():
        if arguments.only not in kind_name:
            continue
        clean = {seed: frozenset(_clean(kind, seed)) for seed in seeds}
        sys.stdout.write(f"{kind_name}; off without a fault: {[sorted(off) for off in clean.values() if off]}\n")
        for stage, at_s in kind.stages.items():
            for name in FAULTS:
                ends: Counter[str] = Counter()
                off: Counter[str] = Counter()
                for seed in seeds:
                    end, wrong = verdict_on(kind, seed, name, at_s + 0.37, clean[seed])
                    ends[end] += 1
                    off.update(wrong)
                everything += ends
                sys.stdout.write(f"    {stage:24s} {name:22s} {dict(ends)} {dict(off) or ''}\n")
    sys.stdout.write(f"all: {dict(everything)}\n")


if __name__ == "__main__":
    main()
