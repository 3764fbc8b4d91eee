"""What the pump driver does with options and bytes that nobody should give it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from instruments.clock import WallClock
from instruments.errors import InstrumentError
from instruments.pumps.bench_interface.driver import BenchInterfaceOptions, open_bench_interface
from instruments.pumps.bench_interface.frames import encode_frame
from instruments.pumps.bench_interface.messages import MessageError
from instruments.pumps.bench_interface.replies import (
    read_alarm_times,
    read_alarms,
    read_drawn_back,
    read_functions,
    read_introduction,
    read_limits,
    read_low_reservoir,
    read_program_head,
    read_reduction,
    read_restart,
    read_status,
    read_step,
    read_threshold,
    read_to_be_infused,
)
from tests.instruments.bench_interface_peer import (
    HELLO,
    options,
    spoken,
)
from tests.instruments.scripted_peer import PtyPeer
from tests.instruments.wires import impatient


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": ""},
        {"serial": 42},
        {"deadline_s": float("nan")},
        {"deadline_s": 0.0},
        {"communication_timeout_s": -1},
        {"communication_timeout_s": 1.5},
        {"speed": 9600},
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BenchInterfaceOptions.model_validate({"port": "/dev/ttyUSB0", "serial": "P0042", **wrong})


texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=15)
keys = (
    "MAKER MODEL SERIAL FIRMWARE PROFILE INTERFACE STATE MODE FLOW DELIVERED RESERVOIR ALARMS UPTIME RAISED STEPS FOR "
    "FUNCTIONS THRESHOLDS KEEP_OPEN VOLUME LEFT THRESHOLD RESTART REDUCTION DRAWN_BACK"
)


@given(
    st.dictionaries(
        st.sampled_from(keys.split()),
        texts | st.sampled_from(["-", "1", "1,2", "STOPPED", "STOP", "ON", "STALL_ALARM"]),
    )
)
def test_no_fields_lead_to_anything_but_an_answer_or_a_message_error(fields: dict[str, str]) -> None:
    for read in (
        read_introduction,
        read_limits,
        read_status,
        read_alarms,
        read_alarm_times,
        read_program_head,
        read_step,
        read_functions,
        read_low_reservoir,
        read_threshold,
        read_to_be_infused,
        read_restart,
        read_reduction,
        read_drawn_back,
    ):
        with suppress(MessageError):
            read(fields)


@given(st.binary(max_size=120))
def test_whatever_comes_is_a_status_or_an_instrument_error(noise: bytes) -> None:
    script = [*spoken(HELLO), (encode_frame(f"{len(HELLO):04X} STA?"), noise + b"\x03")]
    with PtyPeer(script) as peer:
        pump = open_bench_interface("pump", options(peer.port), WallClock())
        try:
            with impatient(pump.link, 0.03), pytest.raises(InstrumentError):
                pump.status()
        finally:
            pump.close()
