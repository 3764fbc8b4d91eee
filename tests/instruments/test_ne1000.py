"""The NE-1000 driver against transcripts on a pseudo-terminal, in safe and in basic mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from instruments.clock import WallClock
from instruments.errors import InstrumentTimeout, ProtocolError
from instruments.links.link import Garbled, RefusedByDevice
from instruments.program import InfusionProgram, ProgramError, ProgramMode, bolus, continuous, minimum_rate
from instruments.pumps.ne1000.driver import Ne1000Options, Ne1000Pump, flow_range, open_ne1000
from instruments.pumps.ne1000.packets import Reassembly, crc16, encode_safe
from instruments.pumps.ne1000.replies import format_flow, format_number, read_flow_ul_per_h, read_infused_ul, read_reply
from instruments.readings import PumpAlarm, PumpState
from tests.instruments.scripted_peer import PtyPeer, Step
from tests.instruments.wires import impatient


def safe(command: str, reply: str) -> Step:
    """A question and its reply in safe mode."""
    return encode_safe(f"00{command}".encode()), encode_safe(f"00{reply}".encode())


def basic(command: str, reply: str) -> Step:
    return f"00{command}\r".encode(), f"\x0200{reply}\x03".encode()


WHO = [safe("SAF60", "S"), safe("VER", "SNE1000V3.928")]
SETTINGS = [safe("", "S"), safe("DIA", "S14.43"), safe("DIRINF", "S"), safe("DIR", "SINF")]
UPLOAD = [
    safe("", "S"),
    safe("PHN1", "S"),
    safe("FUNRAT", "S"),
    safe("RAT416.7UH", "S"),
    safe("RAT", "S416.7UH"),
    safe("DIRINF", "S"),
    safe("DIR", "SINF"),
    safe("VOL0.000", "S"),
    safe("VOL", "S0.000ML"),
    safe("PHN2", "S"),
    safe("FUNSTP", "S"),
    safe("PHN1", "S"),
]
PROGRAM = continuous(10_000.0 / 24.0)


def options(port: str, **changes: object) -> Ne1000Options:
    told = {"port": port, "serial": "283411", "deadline_s": 5.0, "syringe_diameter_mm": 14.43}
    return Ne1000Options.model_validate({**told, **changes})


@contextmanager
def pump_saying(steps: Sequence[Step], who: Sequence[Step] = WHO, **changes: object) -> Iterator[Ne1000Pump]:
    with PtyPeer([*who, *steps]) as peer:
        pump = open_ne1000("pump", options(peer.port, **changes), WallClock())
        try:
            yield pump
            assert pump.link.bytes_sent == peer.bytes_heard
        finally:
            pump.close()


def test_the_whole_way_of_an_infusion() -> None:
    steps = [
        *SETTINGS,
        *UPLOAD,
        safe("RUN1", "I"),
        safe("DIS", "II1.250W0.000ML"),
        safe("", "I"),
        safe("STP", "P"),
        safe("", "P"),
        safe("STP", "S"),
        safe("", "S"),
    ]
    with pump_saying(steps) as pump:
        record = pump.configure()
        pump.upload(PROGRAM)
        pump.start()
        status = pump.status()
        pump.stop()
    assert record["mode"] == "safe"
    assert "no threshold to choose" in record["occlusion"]
    assert status.state is PumpState.INFUSING
    assert status.set_flow_ul_per_h == pytest.approx(416.6667, rel=1e-6)
    assert (status.delivered_ul, status.reservoir_ul, status.alarms) == (1250.0, None, frozenset())


def test_another_syringe_is_set_and_read_back() -> None:
    steps = [SETTINGS[0], safe("DIA", "S26.72"), safe("DIA14.43", "S"), safe("DIA", "S14.42")]
    with pump_saying(steps) as pump, pytest.raises(ProtocolError, match="read-back differs"):
        pump.configure()
    with pump_saying([*steps[:3], *SETTINGS[1:]]) as pump:
        assert pump.configure()["syringe_diameter_mm"] == "14.43"


def test_without_a_time_out_it_speaks_basic_mode() -> None:
    who = [safe("SAF0", "S"), basic("VER", "SNE1000V3.928")]
    with pump_saying([basic("DIS", "SI0.000W0.000UL")], who, communication_timeout_s=0) as pump:
        assert pump.status().state is PumpState.STOPPED
        assert not pump.capabilities.communication_timeout
        identity = pump.link.identity
    assert identity is not None
    assert (identity.maker, identity.model, identity.firmware) == ("New Era Pump Systems", "NE1000", "3.928")


def test_a_priming_bolus_stops_at_its_volume() -> None:
    changed = {b"00VOL0.000": safe("VOL0.100", "S"), b"00VOL": safe("VOL", "S0.100ML")}
    changed |= {b"00RAT416.7UH": safe("RAT1000.UH", "S"), b"00RAT": safe("RAT", "S1000.UH")}
    steps = [changed.get(question[2:-3], (question, reply)) for question, reply in UPLOAD]
    with pump_saying(steps) as pump:
        pump.upload(bolus(ProgramMode.PRIMING_BOLUS, volume_ul=100.0, duration_s=360.0))


def test_a_stall_stands_until_it_is_acknowledged_and_nothing_starts_before() -> None:
    again = [*WHO, safe("DIS", "SI0.300W0.000ML")]
    steps = [*UPLOAD, safe("RUN1", "I"), safe("DIS", "A?S"), *again]
    steps += [safe("", "S"), *UPLOAD, safe("RUN1", "I")]
    with pump_saying(steps) as pump:
        pump.upload(PROGRAM)
        pump.start()
        status = pump.status()
        assert (status.state, status.alarms) == (PumpState.ALARM, frozenset({PumpAlarm.MOTOR_STALL}))
        assert (status.set_flow_ul_per_h, status.delivered_ul) == (0.0, 300.0)
        with pytest.raises(ProtocolError, match=r"an alarm stands.*motor stall"):
            pump.start()
        assert pump.acknowledge() == {PumpAlarm.MOTOR_STALL}
        pump.upload(PROGRAM)
        pump.start()


def test_an_alarm_in_reply_to_run_is_no_start() -> None:
    with pump_saying([*UPLOAD, safe("RUN1", "A?T")]) as pump:
        pump.upload(PROGRAM)
        with pytest.raises(ProtocolError, match=r"not started.*communication time-out"):
            pump.start()


def test_a_reset_after_power_up_is_expected_but_never_during_an_infusion() -> None:
    who = [safe("SAF60", "A?R"), *WHO]
    with pump_saying([*UPLOAD, safe("RUN1", "I"), safe("DIS", "A?R")], who) as pump:
        pump.upload(PROGRAM)
        pump.start()
        with pytest.raises(ProtocolError, match="the pump has restarted"):
            pump.status()


def test_a_restart_is_told_at_every_poll_until_the_stop_though_the_pump_says_it_once() -> None:
    """It loses its power while a poll is under way; what puts the conversation in order again hears of it first."""
    lost = (encode_safe(b"00DIS"), b"")
    steps = [*UPLOAD, safe("RUN1", "I"), lost, safe("SAF60", "A?R"), *WHO, *[safe("DIS", "SI0.000W0.000ML")] * 2]
    with pump_saying([*steps, safe("", "S"), safe("DIS", "SI0.000W0.000ML")]) as pump:
        pump.upload(PROGRAM)
        pump.start()
        with impatient(pump.link), pytest.raises(InstrumentTimeout):
            pump.status()
        for _ in range(2):
            with pytest.raises(ProtocolError, match="the pump has restarted"):
                pump.status()
        pump.stop()
        assert pump.status().state is PumpState.STOPPED


def test_a_late_reply_is_passed_over() -> None:
    late = (WHO[0][0], b"".join([encode_safe(b"00II0.900W0.000ML"), WHO[0][1] or b""]))
    steps = [(encode_safe(b"00DIS"), b""), late, WHO[1], safe("DIS", "II1.000W0.000ML")]
    with pump_saying(steps) as pump:
        with impatient(pump.link), pytest.raises(InstrumentTimeout, match="pump: no answer"):
            pump.status()
        assert pump.status().delivered_ul == 1000.0


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (encode_safe(b"00S?OOR"), "out of range"),
        (encode_safe(b"00I?NA"), "cannot do that now"),
        (encode_safe(b"00S?COM"), "damaged packet"),
        (b"\x02\x0700S\x00\x00\x03", "CRC does not match"),
        (b"garbage\x03", "no packet"),
    ],
)
def test_a_refusal_or_damage_says_why(reply: bytes, words: str) -> None:
    with pump_saying([(encode_safe(b"00DIS"), reply)]) as pump, pytest.raises(ProtocolError, match=words):
        pump.status()


def test_a_flow_that_reads_back_otherwise_is_refused() -> None:
    steps = [*UPLOAD[:4], safe("RAT", "S416.6UH")]
    with pump_saying(steps) as pump, pytest.raises(ProtocolError, match="read-back differs"):
        pump.upload(PROGRAM)


@pytest.mark.parametrize(
    "program",
    [minimum_rate(), bolus(ProgramMode.SINGLE_BOLUS, volume_ul=10.0, duration_s=60.0)],
    ids=["minimum rate", "single bolus"],
)
def test_what_it_does_not_have_is_refused_unsent(program: InfusionProgram) -> None:
    with pump_saying([]) as pump:
        with pytest.raises(ProgramError, match="an NE-1000 has no"):
            pump.upload(program)
        for refuse in (pump.set_reservoir, pump.set_low_reservoir, pump.set_occlusion_threshold):
            with pytest.raises(ProgramError, match="nothing was sent"):
                refuse(1.0)
        with pytest.raises(ProgramError):
            pump.set_automatic_restart(True)
        with pytest.raises(ProgramError):
            pump.set_volume_to_be_infused(None)


def test_the_flows_of_a_1_ml_syringe_are_those_of_the_manual() -> None:
    # 4.699 mm (B-D, 1 mL): 0.73 uL/h to 53.07 mL/h.
    found = flow_range(4.699)
    assert found.minimum_ul_per_h == pytest.approx(0.73, abs=0.005)
    assert found.maximum_ul_per_h == pytest.approx(53_070, rel=1e-3)


def test_the_crc_is_the_manual_s() -> None:
    assert crc16(b"SAF0") == 0x5543
    assert encode_safe(b"SAF0") == bytes.fromhex("02 08 53 41 46 30 55 43 03")


@given(st.binary(min_size=1, max_size=43).filter(lambda data: data != b""))
@example(b"00S\x03\x03")
def test_a_packet_cut_at_every_etx_is_put_together(data: bytes) -> None:
    packet, found = Reassembly(), []
    for unit in encode_safe(data).split(b"\x03")[:-1]:
        found.append(packet.add(unit + b"\x03"))
    assert found[-1] == data
    assert found[:-1] == [None] * (len(found) - 1)


@given(st.binary(max_size=40))
@example(b"00A?S")
@example(b"00II0.050W0.000ML")
def test_any_bytes_are_a_reply_or_an_error(data: bytes) -> None:
    with suppress(Garbled, RefusedByDevice):
        read_reply(0, data)
    with suppress(Garbled):
        Reassembly().add(data)
    for read in (read_flow_ul_per_h, read_infused_ul):
        with suppress(Garbled):
            read(data.decode("latin-1"))


@given(st.floats(min_value=0.5, max_value=9_999_000.0))
def test_a_flow_keeps_its_value_to_a_part_in_a_thousand(flow_ul_per_h: float) -> None:
    words = format_flow(flow_ul_per_h)
    assert read_flow_ul_per_h(words) == pytest.approx(flow_ul_per_h, rel=1e-3)
    assert len(words.rstrip("UMH").replace(".", "")) <= 4


@pytest.mark.parametrize("value", [0.0004, 12345.0, float("nan")])
def test_a_number_that_does_not_fit_is_refused(value: float) -> None:
    with pytest.raises(ProgramError, match="four digits"):
        format_number(value)


@pytest.mark.parametrize("wrong", [{"address": 100}, {"syringe_diameter_mm": 60.0}, {"communication_timeout_s": 256}])
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        options("/dev/null", **wrong)
