"""What the events of a trace tell the reader of an outcome."""

from __future__ import annotations

from results.trace.reader import Trace

_MOST_TOLD = 10


def pump_alarm_notes(trace: Trace) -> tuple[str, ...]:
    """Return a note for each alarm the pump raised, with its time, in order; of many, the first ten and how many."""
    raised = [event for event in trace.events if event.kind == "pump_alarm"]
    notes = [
        f"the pump raised an alarm at {event.time_ns / 3600e9:.3f} h of the record: {_names(event.data.get('alarms'))}"
        for event in raised[:_MOST_TOLD]
    ]
    if len(raised) > _MOST_TOLD:
        notes.append(f"the pump raised {len(raised) - _MOST_TOLD} more alarms")
    return tuple(notes)


def _names(alarms: object) -> str:
    return ", ".join(map(str, alarms)) if isinstance(alarms, list | tuple) and alarms else "not named"
