"""A trip between the record of a command and the command itself: the pump does not start, the outlet does not turn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from instruments.program import ProgramMode, bolus, continuous
from instruments.readings import PumpState
from rig.bench import Bench
from rig.faults import RigFault
from rig.trip import Trip
from rig.valves import OCCLUDER, OUTLET
from tests.rig.bench_sessions import session_on

BOLUS = bolus(ProgramMode.SINGLE_BOLUS, volume_ul=5.0, duration_s=60.0, lockout_s=60.0)


@pytest.mark.parametrize(
    ("kind", "verb"),
    [
        ("infusion_start", lambda bench: bench.start_infusion(continuous(90.0))),
        ("bolus_start", lambda bench: bench.give_bolus("bolus", BOLUS)),
        ("bolus_start", lambda bench: bench.demand_bolus("bolus", BOLUS, watched_s=60.0)),
        ("valve", lambda bench: bench.occlude()),
    ],
    ids=["infusion", "bolus", "demand", "occluder"],
)
def test_a_trip_is_not_undone_by_the_command_it_came_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, verb: Callable[[Bench], object]
) -> None:
    with session_on(tmp_path).bench() as (_, bench):
        record = bench._event

        def trip_after(
            what: str, source: str, data: dict[str, object] | None = None, at_s: float | None = None
        ) -> None:
            record(what, source, data, at_s)
            if what == kind:
                bench.trip(Trip("burst pressure"))

        monkeypatch.setattr(bench, "_event", trip_after)
        with pytest.raises(RigFault, match="burst pressure"):
            verb(bench)
        assert bench._station.pump.status().state is PumpState.STOPPED
        assert not bench._station.lines.read(OUTLET)
        assert not bench._station.lines.read(OCCLUDER)
