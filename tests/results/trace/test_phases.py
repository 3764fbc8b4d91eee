"""Phases are what their events say, or an error."""

import pytest

from results.trace.phases import open_phases, phase_intervals
from results.trace.schema import TraceEvent


def at(second: float, kind: str, phase: object) -> TraceEvent:
    return TraceEvent(round(second * 1e9), kind, "protocol", {"phase": phase})


BLANK = [at(10.5, "phase_begin", "blank_before"), at(20.25, "phase_end", "blank_before")]


def test_begin_and_end_in_seconds_in_order_of_begin() -> None:
    events = [
        at(0, "phase_begin", "whole"),
        *BLANK,
        TraceEvent(15, "valve", "bench", {"line": "outlet"}),
        at(30, "phase_end", "whole"),
        at(30, "phase_begin", "analysis"),
    ]
    assert phase_intervals(events) == {"whole": (0.0, 30.0), "blank_before": (10.5, 20.25)}
    assert list(phase_intervals(events)) == ["whole", "blank_before"]
    assert open_phases(events) == {"analysis": 30.0}


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([*BLANK, *BLANK], "begins a second time"),
        ([BLANK[0], BLANK[0]], "begins a second time"),
        (BLANK[1:], "without having begun"),
        ([*BLANK, BLANK[1]], "without having begun"),
        ([BLANK[0], at(10, "phase_end", "blank_before")], "before its begin"),
        ([at(0, "phase_begin", None)], "names no phase"),
        ([TraceEvent(0, "phase_end", "protocol", {})], "names no phase"),
    ],
)
def test_phases_that_contradict_themselves(events: list[TraceEvent], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        phase_intervals(events)
    with pytest.raises(ValueError, match=words):
        open_phases(events)
