"""The one map from device states to trace statuses is complete, and keeps numbers where numbers are."""

from __future__ import annotations

import pytest

from instruments.errors import InstrumentError, InstrumentTimeout, LinkLost, ProtocolError
from instruments.readings import ReadingState
from results.trace.status import SampleStatus
from rig.acquisition.sample import STATUS_OF_ERROR, STATUS_OF_STATE, status_of_error


@pytest.mark.parametrize("state", list(ReadingState))
def test_every_state_has_a_status_that_agrees_on_carrying_a_number(state: ReadingState) -> None:
    assert STATUS_OF_STATE[state].carries_number is state.carries_number


def test_no_two_states_share_a_status() -> None:
    assert len(set(STATUS_OF_STATE.values())) == len(ReadingState)


def test_every_status_is_reached_from_a_state_an_error_or_a_missed_tick() -> None:
    reached = {*STATUS_OF_STATE.values(), *STATUS_OF_ERROR.values(), SampleStatus.MISSED}
    assert reached == set(SampleStatus)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (InstrumentTimeout, SampleStatus.TIMEOUT),
        (LinkLost, SampleStatus.LINK_LOST),
        (ProtocolError, SampleStatus.PROTOCOL_ERROR),
        (InstrumentError, SampleStatus.DEVICE_ERROR),
    ],
)
def test_errors_become_statuses_without_a_number(kind: type[InstrumentError], status: SampleStatus) -> None:
    assert status_of_error(kind("x", instrument="balance")) is status
    assert not status.carries_number
