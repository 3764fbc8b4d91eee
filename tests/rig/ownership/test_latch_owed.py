"""A latch that cannot be written leaves its run noted as current: the next start finds it, and latches."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from rig.ownership.state import StationState
from rig.ownership.station import StationClaim
from rig.running.case_run import CaseRun
from tests.rig.bench_sessions import session_on, trial_case


@pytest.mark.parametrize("is_written", [True, False])
def test_the_run_stays_current_where_the_latch_is_owed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_written: bool
) -> None:
    state = StationState(tmp_path / "state")
    session = session_on(tmp_path).session
    session.claim = cast(StationClaim, SimpleNamespace(state=state))
    state.begin_run(tmp_path)

    def full(own: StationState, reason: str, *, run: str = "") -> None:
        raise OSError(28, "No space left on device")

    if not is_written:
        monkeypatch.setattr(StationState, "latch", full)
    session.leave_broken("the pump did not stop", run=str(tmp_path))
    CaseRun(session, trial_case())._give_up_run()
    assert (state.fault is not None) is is_written
    assert (state.current_run is None) is is_written
