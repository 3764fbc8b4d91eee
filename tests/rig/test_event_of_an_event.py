"""An event may set off another one: a limit that is found to be passed while an event is published trips then."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

from instruments.clock import WallClock
from results.trace.events import EventLog, read_events
from results.trace.schema import TraceEvent
from rig.acquisition.acquisition import Acquisition, SampledInstruments
from rig.acquisition.stream import Item, SampleStream


def test_a_trip_found_while_an_event_is_published_is_an_event_too(tmp_path: Path) -> None:
    stream = SampleStream()
    with EventLog(tmp_path / "events.jsonl") as log:
        acquisition = Acquisition(
            cast(SampledInstruments, None),
            clock=WallClock(),
            stream=stream,
            event_log=log,
            on_fault=lambda name, error: None,
        )

        def trip(item: Item) -> None:
            if isinstance(item, TraceEvent) and item.kind == "phase_end":
                acquisition.event("interlock", "rig")

        stream.subscribe(trip)
        protocol = threading.Thread(target=lambda: acquisition.event("phase_end", "protocol"), daemon=True)
        protocol.start()
        protocol.join(30.0)
        assert not protocol.is_alive()
    kinds = [event.kind for event in read_events(tmp_path / "events.jsonl").events]
    assert kinds == ["phase_end", "interlock"]
    items, _ = stream.drain(0.0)
    assert [item.kind for item in items if isinstance(item, TraceEvent)] == kinds
