"""What is known of a run whose rig has died: from its own log of events, and from its watchdog's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from results.input_file import UnreadableFile, read_bounded, strict_json
from results.trace.errors import StorageError
from results.trace.events import MOST_LOG_BYTES, read_events
from results.trace.schema import TraceEvent
from rig.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What both logs say. `published`: samples per stream at the last heartbeat; None without a watchdog's word.

    `anchor`: the last pair of station time and UTC.
    """

    last_event: TraceEvent | None
    anchor: TraceEvent | None
    last_phase: str
    rig_made_safe: bool
    watchdog: tuple[Mapping[str, Any], ...]
    published: Mapping[str, int] | None
    torn: tuple[str, ...] = field(default=())

    @property
    def is_safe(self) -> bool:
        """True when the rig or its watchdog confirmed that the bench was made safe."""
        return self.rig_made_safe or any(_confirms(line) for line in self.watchdog)

    @property
    def deeds(self) -> list[Mapping[str, Any]]:
        """What the watchdog did once the rig was lost."""
        kinds = [line["kind"] for line in self.watchdog]
        return list(self.watchdog[kinds.index("rig_lost") :]) if "rig_lost" in kinds else []


def witnesses_of(folder: RunFolder) -> Witnesses:
    """Read what there is; a log that is missing or torn says less, and is no error."""
    try:
        logged = read_events(folder.events)
    except StorageError:
        events: tuple[TraceEvent, ...] = ()
        torn: tuple[str, ...] = ()
    else:
        events = logged.events
        torn = tuple(f"{folder.events.name} line {line.number}" for line in logged.torn)
    watchdog, torn_lines = _lines(folder)
    phases = [str(event.data.get("phase")) for event in events if event.kind == "phase_begin"]
    safe = [event for event in events if event.kind == "safe_state"]
    beats = [beat for line in watchdog if (beat := _published(line)) is not None]
    return Witnesses(
        last_event=events[-1] if events else None,
        anchor=next((event for event in reversed(events) if event.kind == "clock_anchor"), None),
        last_phase=phases[-1] if phases else "",
        rig_made_safe=bool(safe) and safe[-1].data.get("failed") == [],
        watchdog=watchdog,
        published=beats[-1] if beats else None,
        torn=torn + torn_lines,
    )


def _confirms(line: Mapping[str, Any]) -> bool:
    """Return True for a line of the watchdog's log that tells of a safe bench, by its kind and by what it lists."""
    return line["kind"] == "rig_made_safe" or (line["kind"] == "safe" and line.get("failed") == [])


def _published(line: Mapping[str, Any]) -> Mapping[str, int] | None:
    """Return the samples per stream of the heartbeat a line of the watchdog's log tells; None where it tells none."""
    beat = line.get("last_beat")
    counts = beat.get("published") if isinstance(beat, dict) else None
    if not isinstance(counts, dict) or not all(type(count) is int for count in counts.values()):
        return None
    return counts


def _lines(folder: RunFolder) -> tuple[tuple[Mapping[str, Any], ...], tuple[str, ...]]:
    try:
        content = read_bounded(folder.watchdog, most_bytes=MOST_LOG_BYTES)
    except FileNotFoundError:
        return (), ()
    except UnreadableFile as error:
        return (), (error.problem,)
    lines, torn = [], []
    for number, text in enumerate(content.splitlines(), 1):
        try:
            line = strict_json(text)
        except ValueError:
            line = None
        if isinstance(line, dict) and "kind" in line:
            lines.append(line)
        else:
            torn.append(f"{folder.watchdog.name} line {number}")
    return tuple(lines), tuple(torn)
