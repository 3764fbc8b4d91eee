"""Every fault of the readings at three severities: found and named, or harmless within U, or refused.

`python -m tests.proof.fault_matrix` prints the table as Markdown (about three minutes).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from results.outcome import FlowOutcome
from results.refusal import EvaluationRefused
from results.series import FlowSeries, Phase
from results.trace.status import SampleStatus
from tests.proof.array_bench import ArrayRun, phases_of, run_case, shipped_bench, shipped_case, twin

Event = Mapping[str, object]
Corruption = Callable[[FlowSeries, np.random.Generator], FlowSeries]

AT_S = 123_457.0
"""Within the analysis period of the maintenance case."""
IN_BLANK_S = 189_000.0
_END_S = 192_600.0
_NEAR_S = 900.0
SEEDS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one severity: events of the bench, or what befalls the record, from `at_s` on."""

    kind: str
    severity: str
    events: tuple[Event, ...] = ()
    corruption: Corruption | None = None
    at_s: float = AT_S

    @property
    def label(self) -> str:
        """Kind and severity."""
        return f"{self.kind}: {self.severity}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one fault: `error_percent` and `expanded_percent` are None when it was refused."""

    fault: Fault
    seed: int
    names: tuple[str, ...]
    refusal: str
    error_percent: float | None
    expanded_percent: float | None

    @property
    def covered(self) -> bool:
        """True when there is no number, or one that holds the truth within U."""
        if self.error_percent is None or self.expanded_percent is None:
            return bool(self.refusal)
        return abs(self.error_percent) <= self.expanded_percent

    @property
    def word(self) -> str:
        """The fault's fate in a word or two."""
        if self.refusal:
            return "refused"
        if not self.covered:
            return "WRONG, named" if self.names else "SILENTLY WRONG"
        return "named, within U" if self.names else "harmless, within U"


def _event(kind: str, **keys: object) -> Event:
    return {"kind": kind, "at_s": AT_S, **keys}


def _events(kind: str, severities: Mapping[str, Event], at_s: float = AT_S) -> Iterator[Fault]:
    for severity, event in severities.items():
        yield Fault(kind, severity, events=({**event, "at_s": at_s},), at_s=at_s)


def _corrupted(kind: str, severities: Mapping[str, Corruption], at_s: float = AT_S) -> Iterator[Fault]:
    for severity, corruption in severities.items():
        yield Fault(kind, severity, corruption=corruption, at_s=at_s)


def _left(load_g: float, at_s: float = AT_S) -> Event:
    return _event("load", load_g=load_g, duration_s=2.0 * _END_S - at_s)


def _stretch(series: FlowSeries, duration_s: float, at_s: float = AT_S) -> slice:
    return slice(*(int(place) for place in np.searchsorted(series.time_s, (at_s, at_s + duration_s))))


def _state(status: SampleStatus, duration_s: float) -> Corruption:
    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        mass_g, codes, inside = series.mass_g.copy(), series.status.copy(), _stretch(series, duration_s)
        mass_g[inside], codes[inside] = np.nan, status.value
        return replace(series, mass_g=mass_g, status=codes)

    return corrupt


def _frozen(duration_s: float) -> Corruption:
    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        mass_g, inside = series.mass_g.copy(), _stretch(series, duration_s)
        mass_g[inside] = mass_g[inside.start]
        return replace(series, mass_g=mass_g)

    return corrupt


def _without(series: FlowSeries, gone: NDArray[np.bool_]) -> FlowSeries:
    kept = ~gone
    return replace(series, time_s=series.time_s[kept], mass_g=series.mass_g[kept], status=series.status[kept])


def _missing_share(share: float) -> Corruption:
    return lambda series, generator: _without(series, generator.random(series.time_s.size) < share)


def _hole(duration_s: float) -> Corruption:
    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        return _without(series, (series.time_s >= AT_S) & (series.time_s < AT_S + duration_s))

    return corrupt


def _repeated(share: float) -> Corruption:
    def corrupt(series: FlowSeries, generator: np.random.Generator) -> FlowSeries:
        time_s = series.time_s.copy()
        places = np.flatnonzero(generator.random(time_s.size - 1) < share) + 1
        time_s[places] = time_s[places - 1]
        return replace(series, time_s=time_s)

    return corrupt


def _jittered(sd_s: float) -> Corruption:
    def corrupt(series: FlowSeries, generator: np.random.Generator) -> FlowSeries:
        return replace(series, time_s=series.time_s + sd_s * generator.standard_normal(series.time_s.size))

    return corrupt


def _clock_set(by_s: float) -> Corruption:
    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        return replace(series, time_s=series.time_s + np.where(series.time_s >= AT_S, by_s, 0.0))

    return corrupt


def _lone_time(by_s: float) -> Corruption:
    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        time_s = series.time_s.copy()
        time_s[_stretch(series, 1.0).start] += by_s
        return replace(series, time_s=time_s)

    return corrupt


def _shifted(by_g: float | None, *, tare: bool = False) -> Corruption:
    """Set the indication to another value from then on; None for zero. `tare`: the rig did it, and recorded it."""

    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        later = series.time_s >= AT_S
        change_g = -float(series.mass_g[np.argmax(later)]) if by_g is None else by_g
        return replace(
            series, mass_g=series.mass_g + np.where(later, change_g, 0.0), tare_s=(AT_S,) if tare else series.tare_s
        )

    return corrupt


def _dropping(drop_ul: float) -> Corruption:
    """Let what flowed fall in drops: nothing, then a drop."""

    def corrupt(series: FlowSeries, generator: np.random.Generator) -> FlowSeries:
        phases = series.phases
        smooth_g = ndimage.median_filter(series.mass_g, size=31)
        begin_s, end_s = phases.infusion_start_s or 0.0, phases.analysis.end_s
        flowing = (series.time_s >= begin_s) & (series.time_s < end_s)
        risen_g = np.maximum.accumulate(smooth_g[flowing]) - smooth_g[np.argmax(flowing)]
        drop_g = drop_ul * 0.998e-3
        hanging_g = (risen_g + drop_g * generator.random()) % drop_g
        hanging_g -= hanging_g[0]
        change_g = np.zeros(series.time_s.size)
        change_g[flowing] = -hanging_g
        change_g[series.time_s >= end_s] = -hanging_g[-1]
        return replace(series, mass_g=series.mass_g + change_g)

    return corrupt


def _creeping(ug_per_min: float) -> Corruption:
    def corrupt(series: FlowSeries, _: np.random.Generator) -> FlowSeries:
        return replace(series, mass_g=series.mass_g + series.time_s / 60.0 * ug_per_min * 1e-6)

    return corrupt


def faults() -> tuple[Fault, ...]:
    """Return the whole matrix."""
    overload, underload = SampleStatus.OVERLOAD, SampleStatus.UNDERLOAD
    stall, bubble, film = "stall of the pump", "bubble through the outlet", "oil film lost"
    return (
        *_events(
            "knock",
            {
                "0.2 mg, 5 s": _event("spike", amplitude_mg=0.2, duration_s=5.0),
                "5 mg, 20 s": _event("spike", amplitude_mg=5.0, duration_s=20.0),
                "200 mg, 50 s": _event("spike", amplitude_mg=200.0, duration_s=50.0),
            },
        ),
        *(
            fault
            for place, at_s in (("in the analysis", AT_S), ("in a blank", IN_BLANK_S))
            for fault in _events(
                f"door open {place}",
                {
                    "0.3 mg, 20 s": _event("door_open", step_mg=0.3, duration_s=20.0),
                    "2 mg, 60 s": _event("door_open", step_mg=2.0, duration_s=60.0),
                    "20 mg, 5 min": _event("door_open", step_mg=20.0, duration_s=300.0),
                },
                at_s,
            )
        ),
        *_events("laid on and left", {"1 mg": _left(1e-3), "5 mg": _left(5e-3), "2 g": _left(2.0)}),
        *_events(
            "laid on and left in a blank",
            {name: _left(load, IN_BLANK_S) for name, load in {"0.03 mg": 3e-5, "0.3 mg": 3e-4, "5 mg": 5e-3}.items()},
            IN_BLANK_S,
        ),
        *_events(
            "laid on and taken off",
            {
                "5 mg, 2 min": _event("load", load_g=5e-3, duration_s=120.0),
                "2 g, 8 min": _event("load", load_g=2.0, duration_s=480.0),
                "50 mg, 2 h": _event("load", load_g=0.05, duration_s=7200.0),
            },
        ),
        *_events("touched off", {"0.3 mg": _left(-3e-4), "5 mg": _left(-5e-3), "80 mg": _left(-0.08)}),
        *_corrupted("zero shifted", {"-0.05 mg": _shifted(-5e-5), "-5 mg": _shifted(-5e-3), "-90 mg": _shifted(-0.09)}),
        *_events(
            "re-zero",
            {f"to {target:g} mg": _event("rezero", indication_mg=target) for target in (0.0, 5000.0, 7700.0)},
        ),
        *_corrupted(
            "tare by the rig",
            {
                "0.1 mg": _shifted(1e-4, tare=True),
                "10 mg": _shifted(-1e-2, tare=True),
                "to zero": _shifted(None, tare=True),
            },
        ),
        *_corrupted("overload", {f"{length:g} s": _state(overload, length) for length in (10.0, 600.0, 3600.0)}),
        *_corrupted("underload", {f"{length:g} s": _state(underload, length) for length in (10.0, 600.0, 3600.0)}),
        *_corrupted("frozen balance", {f"{length:g} s": _frozen(length) for length in (30.0, 600.0, 10800.0)}),
        *_corrupted("repeated times", {f"{share:.1%}": _repeated(share) for share in (0.001, 0.05, 0.4)}),
        *_corrupted("missing readings", {f"{share:.0%}": _missing_share(share) for share in (0.01, 0.3, 0.8)}),
        *_corrupted("hole in the record", {f"{length:g} s": _hole(length) for length in (30.0, 600.0, 3600.0)}),
        *_corrupted("jittered times", {f"sd {sd:g} s": _jittered(sd) for sd in (0.1, 1.0, 5.0)}),
        *_corrupted("clock set back", {f"{by:g} s": _clock_set(-by) for by in (5.0, 60.0, 3600.0)}),
        *_corrupted("clock set forward", {f"{by:g} s": _clock_set(by) for by in (5.0, 600.0, 3600.0)}),
        *_corrupted("lone wrong time", {f"{by:+g} s": _lone_time(by) for by in (30.0, -3600.0, 1e9)}),
        *_corrupted("drops", {f"{drop:g} uL": _dropping(drop) for drop in (5.0, 20.0, 50.0)}),
        *_events(bubble, {f"{volume:g} uL": _event("bubble", volume_ul=volume) for volume in (1.0, 5.0, 20.0)}),
        *_events(stall, {f"{length:g} s": _event("stall", duration_s=length) for length in (500.0, 3600.0, 10800.0)}),
        *_events(
            "leak before the tip",
            {
                f"{r:g} kPa h/mL": _event("leak", resistance_kpa_h_per_ml=r, duration_s=20_000.0)
                for r in (1e3, 1e2, 1e1)
            },
        ),
        *_events(
            film,
            {
                f"{rate:g} ug/min": _event("evaporation", ug_per_min=rate, duration_s=_END_S)
                for rate in (3.0, 10.0, 50.0)
            },
        ),
        *_events(
            "drift of the pump",
            {f"{rate:g} %/d": _event("drift", percent_per_day=rate, duration_s=_END_S) for rate in (0.5, 5.0, 30.0)},
        ),
        *_corrupted(
            "balance creeping up", {f"{rate:g} ug/min": _creeping(rate) for rate in (1.0, 4.0, 20.0)}, at_s=1800.0
        ),
    )


@cache
def _sound(seed: int) -> ArrayRun:
    return run_case(shipped_case("maintenance"), twin(), seed)


def judge(fault: Fault, seed: int) -> Verdict:
    """Run a fault on the bench of a seed and say what became of it."""
    run = _sound(seed) if not fault.events else run_case(shipped_case("maintenance"), twin(events=fault.events), seed)
    if fault.corruption is not None:
        run = replace(run, series=fault.corruption(run.series, np.random.default_rng(seed)))
    try:
        outcome = run.evaluated(shipped_bench())
    except EvaluationRefused as refusal:
        return Verdict(fault, seed, (), str(refusal), None, None)
    measured = outcome.error_a.measured
    return Verdict(
        fault,
        seed,
        names_near(outcome, fault),
        "",
        measured.value - run.true_error_percent,
        measured.expanded_uncertainty,
    )


def names_near(outcome: FlowOutcome, fault: Fault) -> tuple[str, ...]:
    """Return the rules that speak of the time of the fault; those that hold for the whole run by their notes."""
    near = Phase(fault.at_s - _NEAR_S, fault.at_s + _NEAR_S)
    names = {found.rule for found in outcome.findings if found.begin_s <= near.end_s and found.end_s >= near.begin_s}
    for entry in outcome.exclusions:
        if entry.rule == "time order" or any(
            begin <= near.end_s and end >= near.begin_s for begin, end in entry.listed_s
        ):
            names.add(entry.rule)
    if any(begin < near.end_s and end > near.begin_s for begin, end in outcome.gaps.listed_s):
        names.add("gap")
    if outcome.continuity.interrupted:
        names.add("interrupted")
    names |= {name for name in ("drift, not evaporation", "wander more") if any(name in note for note in outcome.notes)}
    return tuple(sorted(names))


def markdown() -> Iterator[str]:
    """Yield the lines of the table: one row for each fault, the worst of the seeds."""
    analysis = phases_of(shipped_case("maintenance")).analysis
    yield f"Maintenance case, analysis {analysis.begin_s:g} to {analysis.end_s:g} s; faults at {AT_S:g} s unless in a"
    yield f"blank; seeds {', '.join(map(str, SEEDS))}. Error and U: those of the seed with the largest error / U."
    yield ""
    yield "| fault | severity | fate by seed | named as | error of A, % | U, % |"
    yield "|---|---|---|---|---|---|"
    wrong = 0
    for fault in faults():
        verdicts = [judge(fault, seed) for seed in SEEDS]
        wrong += sum(not verdict.covered for verdict in verdicts)
        numbers = [
            (verdict.error_percent, verdict.expanded_percent)
            for verdict in verdicts
            if verdict.error_percent is not None and verdict.expanded_percent is not None
        ]
        error, expanded = max(numbers, key=lambda pair: abs(pair[0]) / pair[1], default=(float("nan"), float("nan")))
        names = sorted({name for verdict in verdicts for name in verdict.names})
        refusals = [verdict.refusal for verdict in verdicts if verdict.refusal]
        told = ", ".join(names) or (refusals[0].split(";")[0].split(":")[0] if refusals else "-")
        fates = " / ".join(dict.fromkeys(verdict.word for verdict in verdicts))
        figures = f"{error:+.2f} | {expanded:.2f}" if numbers else "- | -"
        yield f"| {fault.kind} | {fault.severity} | {fates} | {told} | {figures} |"
    yield ""
    yield f"Runs: {len(faults()) * len(SEEDS)}; outside U: {wrong}."


if __name__ == "__main__":
    for line in markdown():
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
