"""What is demanded of a run whose link failed: a named outcome, a pump that stands, and no number of unknown origin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.trace.reader import Trace, read_trace
from results.trace.schema import READING_DOUBTED
from tests.proof.link_faults.faults import Driver
from tests.proof.link_faults.one_run import TIMED_OUT_BY_S, Finished
from tests.proof.link_faults.parsers import DAQ_STREAMS, QUESTIONS
from tests.proof.link_faults.tap import DaqRead, Exchange, Published, Tap

UNHARMED, MARKED, GAP, ENDED, REFUSED = "unharmed", "marked", "gap", "ended", "refused"
"""Outcomes: nothing lost; samples without a number, run to its end; the same with a gap on record; INVALID or ABORTED,
the instrument named; NOT RUN, the instrument named."""

SaidBetween = Callable[[int, int | None], bytes]
"""Returns what left the device between two counts of its link's traffic."""

_JUDGED = ("PASS", "FAIL", "INCONCLUSIVE")
_NUMBERS = (0, 1)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome, and what was not as demanded."""

    outcome: str
    complaints: tuple[str, ...]


def judge(run: Finished, driver: Driver) -> Judgement:
    """Judge a run by its record, its trace, and what the devices' ends of its links say."""
    trace = read_trace(run.folder.trace) if run.folder is not None and run.folder.trace.exists() else None
    complaints = [*_pump_not_stopped(run)]
    outcome = ""
    if run.verdict in _JUDGED and trace is not None:
        outcome = _outcome_of_a_whole_run(trace, driver)
    elif run.verdict in ("INVALID", "ABORTED", "NOT RUN"):
        outcome = REFUSED if run.verdict == "NOT RUN" else ENDED
        if outcome == REFUSED and any(flow for _, flow in run.pump_acts):
            complaints.append("NOT RUN, although something was delivered")
        if run.fault is not None and not any(word in run.reason for word in driver.words):
            complaints.append(f"{run.verdict} without naming the instrument: {run.reason!r}")
    else:
        complaints.append(f"verdict {run.verdict!r}: {run.reason!r}")
    if run.fault is None and (run.verdict not in _JUDGED or outcome != UNHARMED):
        complaints.append(f"a run without a fault ended {run.verdict}, {outcome}: {run.reason!r}")
    if trace is not None:
        complaints += numbers_without_origin(trace, driver, run.tap)
        complaints += _unmarked(trace)
    return Judgement(outcome, tuple(complaints))


def _outcome_of_a_whole_run(trace: Trace, driver: Driver) -> str:
    streams = [spec.name for spec in trace.spec if spec.name.startswith(driver.stream)]
    if any(event.kind == "link_lost" for event in trace.events):
        return GAP
    lost = any((~np.isin(trace.stream(name).status, _NUMBERS)).any() for name in streams)
    return MARKED if lost else UNHARMED


def _pump_not_stopped(run: Finished) -> Iterator[str]:
    """Yield what is wrong with how the pump was left, by the twin alone."""
    at_s, flow = 0.0, 0.0
    for act_s, act_ul_per_h in run.pump_acts:
        if act_ul_per_h != flow:
            at_s, flow = act_s, act_ul_per_h
    if flow != 0.0:
        yield f"the pump still delivers {flow:g} uL/h {TIMED_OUT_BY_S:g} s after the end"
    elif at_s > run.ended_s and "NOT SAFE" not in run.reason:
        yield f"the pump stopped {at_s - run.ended_s:.1f} s after the run's end, and nobody says that it was not safe"


def _unmarked(trace: Trace) -> Iterator[str]:
    for name in (spec.name for spec in trace.spec):
        stream = trace.stream(name)
        for column in stream.spec.columns:
            if not column.dtype.startswith("f"):
                continue
            values = np.asarray(stream.column(column.name), dtype=np.float64)
            marked = ~np.isin(stream.status, _NUMBERS)
            if np.isfinite(values[marked]).any():
                yield f"{name}.{column.name}: a number beside a status that carries none"


def numbers_without_origin(trace: Trace, driver: Driver, tap: Tap) -> list[str]:
    """Return every number of the driver's streams that no reply to its own question gave."""
    if driver.link == "daq":
        return [complaint for place in range(len(DAQ_STREAMS)) for complaint in _samples_not_given(trace, tap, place)]
    stream = trace.stream(driver.stream)
    key = "mt-sics" if driver.name.startswith("mt-sics") else driver.name
    columns = QUESTIONS[key][2]
    values = np.array([np.asarray(stream.column(name), dtype=np.float64) for name in columns]).T
    return untraced(
        key,
        values,
        np.isin(stream.status, _NUMBERS) & ~np.isin(stream.time_ns, _doubted_ns(trace, driver.stream)),
        tap.published[driver.stream],
        tap.exchanges[driver.link],
        lambda begin, end: tap.said_between(driver.link, begin, end),
    )


def _doubted_ns(trace: Trace, stream: str) -> list[int]:
    """Return the times of the samples that the trace itself says may be older."""
    events = [event for event in trace.events if event.kind == READING_DOUBTED and event.source == stream]
    return [int(str(event.data["time_ns"])) for event in events]


def untraced(
    key: str,
    values: NDArray[np.float64],
    with_number: NDArray[np.bool_],
    published: Sequence[Published],
    exchanges: Sequence[Exchange],
    said_between: SaidBetween,
) -> list[str]:
    """Return what is wrong with samples of shape (samples, columns).

    The question of a sample is the last one of its kind before it was published. Its number must be what the device
    answered to that question, the bytes of that answer must have left the device, and no two samples share one.
    """
    question, decode, columns = QUESTIONS[key]
    complaints = []
    if len(values) != len(published):
        return [f"{len(values)} samples in the trace, {len(published)} published"]
    used = -1
    for row, (numbers, valid, at) in enumerate(zip(values, with_number, published, strict=True)):
        if not valid:
            continue
        asked = next((place for place in range(at.exchanges - 1, -1, -1) if question in exchanges[place].heard), None)
        if asked is None or asked <= used:
            complaints.append(f"sample {row} of {key}: no question of its own was heard")
            continue
        used = asked
        exchange = exchanges[asked]
        answer = exchange.said
        told = decode(answer)
        if exchange.is_other:
            complaints.append(f"sample {row} of {key}: another device gave it")
        if told is None or not np.allclose(told, numbers, rtol=1e-12, atol=0.0):
            complaints.append(
                f"sample {row} of {key}: {dict(zip(columns, numbers, strict=True))}, "
                f"but the device answered {exchange.said!r}"
            )
        elif answer not in said_between(exchange.wire, _wire_after(exchanges, asked)):
            complaints.append(f"sample {row} of {key}: the reply {answer!r} never left the device in one piece")
    return complaints


def _wire_after(exchanges: Sequence[Exchange], place: int) -> int | None:
    return exchanges[place + 1].wire if place + 1 < len(exchanges) else None


def _samples_not_given(trace: Trace, tap: Tap, place: int) -> Iterator[str]:
    name, column, scale = DAQ_STREAMS[place]
    stream = trace.stream(name)
    values = np.asarray(stream.column(column), dtype=np.float64)[np.isin(stream.status, _NUMBERS)]
    yield from not_given(name, values, np.array([scale(float(raw)) for raw in _all_given(tap.reads, place)]))


def not_given(name: str, values: NDArray[np.float64], given: NDArray[np.float64]) -> Iterator[str]:
    """Yield the first of the values of a stream that is none of those given, in their order, each used once."""
    given = given[~np.isnan(given)]
    next_place = 0
    for row, value in enumerate(values):
        found = np.flatnonzero(np.isclose(given[next_place:], value, rtol=1e-9, atol=1e-12))
        if not found.size:
            yield f"{name}: number {row}, {value!r}, was given by no read that is not used yet"
            return
        next_place += int(found[0]) + 1


def _all_given(reads: Sequence[DaqRead], place: int) -> Iterator[float]:
    for read in reads:
        if not read.is_other:
            yield from read.samples[place]
