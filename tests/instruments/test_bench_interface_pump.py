"""The pump driver against transcripts on a pseudo-terminal."""

from __future__ import annotations

import pytest

from instruments.clock import WallClock
from instruments.errors import CommandRefused, InstrumentTimeout, LinkLost, ProtocolError
from instruments.links.serial import SerialTransport
from instruments.program import (
    FlowStep,
    InfusionProgram,
    ProgramError,
    ProgramMode,
    bolus,
    continuous,
    flow_ul_per_h_from_dose,
    minimum_rate,
)
from instruments.pumps.bench_interface.driver import BenchInterfacePump, open_bench_interface
from instruments.readings import PumpAlarm, PumpState
from tests.instruments.bench_interface_peer import (
    HELLO,
    IDENTITY,
    LIMITS,
    STATUS,
    Line,
    options,
    pump_saying,
    spoken,
)
from tests.instruments.scripted_peer import PtyPeer
from tests.instruments.wires import impatient


def upload_of(mode: str, *steps: str) -> list[Line]:
    """The conversation of an upload the pump agrees with."""
    reads = [step.split() for step in steps]
    return [
        (f"PGM {mode} {len(steps)}", "OK"),
        *((f"STEP {i} {step}", "OK") for i, step in enumerate(steps, start=1)),
        ("STORE", "OK"),
        ("PGM?", f"OK MODE={mode} STEPS={len(steps)} LOCKOUT=0"),
        *((f"STEP? {i}", f"OK FLOW={flow} FOR={duration}") for i, (flow, duration) in enumerate(reads, start=1)),
        ("STA?", STATUS),
    ]


def test_the_whole_way_of_a_maintenance_infusion() -> None:
    script = [
        ("CTO 60", "OK"),
        ("CTO?", "OK SECONDS=60"),
        *upload_of("CONTINUOUS", "9 -"),
        ("RUN", "OK"),
        ("STA?", STATUS),
        ("STOP", "OK"),
        ("ACK", "OK ALARMS=LOW_RESERVOIR,MOTOR_STALL"),
    ]
    with pump_saying(script) as pump:
        assert pump.configure()["communication_timeout_s"] == "60"
        pump.upload(continuous(flow_ul_per_h_from_dose(dose_ug_per_day=108.0, concentration_ug_per_ml=500.0)))
        pump.start()
        status = pump.status()
        assert (status.state, status.set_flow_ul_per_h) == (PumpState.INFUSING, 9.0)
        assert (status.delivered_ul, status.reservoir_ul, status.alarms) == (12.5, 19987.5, frozenset())
        pump.stop()
        assert pump.acknowledge() == {PumpAlarm.LOW_RESERVOIR, PumpAlarm.MOTOR_STALL}


def test_identity_and_range_are_the_pump_s_own() -> None:
    with pump_saying([("IDN?", IDENTITY)]) as pump:
        identity = pump.identify()
        assert (identity.maker, identity.model) == ("Example Medical", "ITB-20")
        assert (identity.serial, identity.firmware) == ("P0042", "1.4.2")
        assert (pump.flow_range.minimum_ul_per_h, pump.flow_range.maximum_ul_per_h) == (2.0, 1000.0)
        assert pump.limits.capacity_ul == 20000.0


def test_flows_travel_with_six_decimals_and_are_compared_as_numbers() -> None:
    script = upload_of("CONTINUOUS", "41.666667 -")
    script[4] = ("STEP? 1", "OK FLOW=0041.666667 FOR=-")
    with pump_saying(script) as pump:
        pump.upload(continuous(1000.0 / 24.0))


@pytest.mark.parametrize(
    ("program", "script"),
    [
        (
            InfusionProgram(ProgramMode.FLEX, (FlowStep(9.0, 43200.0), FlowStep(12.5, 43200.0))),
            upload_of("FLEX", "9 43200", "12.5 43200"),
        ),
        (bolus(ProgramMode.SINGLE_BOLUS, volume_ul=100.0, duration_s=3600.0), upload_of("SINGLE_BOLUS", "100 3600")),
        (bolus(ProgramMode.PRIMING_BOLUS, volume_ul=100.0, duration_s=720.0), upload_of("PRIMING_BOLUS", "500 720")),
        (bolus(ProgramMode.BRIDGE_BOLUS, volume_ul=441.0, duration_s=176400.0), upload_of("BRIDGE_BOLUS", "9 176400")),
        (InfusionProgram(ProgramMode.MINIMUM_RATE), upload_of("MINIMUM_RATE")),
        (InfusionProgram(ProgramMode.STOP), upload_of("STOP")),
    ],
    ids=lambda value: value.mode.value if isinstance(value, InfusionProgram) else "",
)
def test_every_mode_can_be_uploaded(program: InfusionProgram, script: list[Line]) -> None:
    with pump_saying(script) as pump:
        pump.upload(program)


def test_a_lockout_is_sent_and_read_back() -> None:
    script: list[Line] = [
        ("PGM MINIMUM_RATE 0 LOCKOUT=28800", "OK"),
        ("STORE", "OK"),
        ("PGM?", "OK MODE=MINIMUM_RATE STEPS=0 LOCKOUT=28800"),
        ("STA?", STATUS),
    ]
    with pump_saying(script) as pump:
        pump.upload(minimum_rate(lockout_s=28800.0))


def test_a_rate_the_pump_refuses_is_told_in_its_words_with_a_remedy() -> None:
    script: list[Line] = [
        ("PGM CONTINUOUS 1", "OK"),
        ("STEP 1 1.5 -", "ERR 12 flow 1.5 outside 2 to 1000 uL/h"),
    ]
    with pump_saying(script) as pump, pytest.raises(ProtocolError) as caught:
        pump.upload(continuous(1.5))
    text = str(caught.value)
    for part in ("pump", "STEP 1 1.5 -", "outside 2 to 1000", "Choose a dose"):
        assert part in text


def test_a_pump_that_accepts_what_it_must_refuse_is_caught() -> None:
    with (
        pump_saying([("PGM CONTINUOUS 1", "OK"), ("STEP 1 1500 -", "OK")]) as pump,
        pytest.raises(ProgramError, match=r"must refuse.*1500"),
    ):
        pump.upload(continuous(1500.0))


@pytest.mark.parametrize(
    ("index", "answer"),
    [
        (3, "OK MODE=FLEX STEPS=1 LOCKOUT=0"),
        (3, "OK MODE=CONTINUOUS STEPS=2 LOCKOUT=0"),
        (3, "OK MODE=CONTINUOUS STEPS=1 LOCKOUT=60"),
        (4, "OK FLOW=9.000001 FOR=-"),
        (4, "OK FLOW=9 FOR=3600"),
    ],
)
def test_a_read_back_that_differs_in_anything_is_refused(index: int, answer: str) -> None:
    script = upload_of("CONTINUOUS", "9 -")[: index + 1]
    script[index] = (script[index][0], answer)
    with pump_saying(script) as pump, pytest.raises(ProtocolError, match="read-back differs"):
        pump.upload(continuous(9.0))


def test_a_time_out_that_does_not_stick_is_refused() -> None:
    with (
        pump_saying([("CTO 60", "OK"), ("CTO?", "OK SECONDS=255")]) as pump,
        pytest.raises(ProtocolError, match="read-back differs"),
    ):
        pump.configure()


@pytest.mark.parametrize(
    ("introduction", "words"),
    [
        (IDENTITY.replace("P0042", "P0043"), "serial number 'P0043'.*not 'P0042'.*Connect the device"),
        (IDENTITY.replace("IMPLANTABLE", "HOSPITAL"), "profile HOSPITAL.*Use the driver that fits"),
        (IDENTITY.replace("INTERFACE=1", "INTERFACE=2"), "interface 2"),
        (IDENTITY.replace("SERIAL=P0042 ", ""), "SERIAL is missing"),
    ],
)
def test_the_wrong_pump_is_refused_when_it_is_opened(introduction: str, words: str) -> None:
    with PtyPeer(spoken([("IDN?", introduction)])) as peer, pytest.raises(ProtocolError, match=words):
        open_bench_interface("pump", options(peer.port), WallClock())


def test_a_pump_with_another_range_is_refused() -> None:
    lines: list[Line] = [("IDN?", IDENTITY), ("LIM?", LIMITS.replace("FLOW_MAX=1000", "FLOW_MAX=900"))]
    with PtyPeer(spoken(lines)) as peer, pytest.raises(ProtocolError, match=r"2 to 900 uL/h.*2 to 1000"):
        open_bench_interface("pump", options(peer.port), WallClock())


def test_another_pump_plugged_in_later_is_refused() -> None:
    script: list[Line] = [("STA?", "raw:02 30 03"), ("IDN?", IDENTITY.replace("P0042", "P0043"))]
    with pump_saying(script) as pump:
        with pytest.raises(ProtocolError, match="unintelligible"):
            pump.status()
        with pytest.raises(ProtocolError, match="another device"):
            pump.status()


def test_late_and_duplicate_replies_are_told_by_their_number() -> None:
    old = STATUS.replace("DELIVERED=12.5", "DELIVERED=1")
    script: list[Line] = [("STA?", f"=0002 STA? {old}|=0003 STOP OK|{STATUS}|{STATUS}"), ("STA?", STATUS)]
    with pump_saying(script) as pump:
        assert pump.status().delivered_ul == 12.5
        assert pump.status().delivered_ul == 12.5


def test_after_silence_the_pump_is_identified_and_armed_again_before_anything_else() -> None:
    script: list[Line] = [
        ("CTO 60", "OK"),
        ("CTO?", "OK SECONDS=60"),
        ("STA?", ""),
        ("IDN?", f"=0005 STA? {STATUS}|{IDENTITY}"),
        ("CTO 60", "OK"),
        ("CTO?", "OK SECONDS=60"),
        ("STA?", STATUS),
    ]
    with pump_saying(script) as pump:
        pump.configure()
        with impatient(pump.link), pytest.raises(InstrumentTimeout, match="STA"):
            pump.status()
        assert pump.status().delivered_ul == 12.5


def test_a_reply_in_the_middle_of_noise_is_understood() -> None:
    noise = "raw:ff 03 00 02 31 32 0d 0a"
    with pump_saying([("STA?", f"{noise}|{STATUS}")]) as pump:
        assert pump.status().delivered_ul == 12.5


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("raw:02 30 39 30 30 30 33 20 53 54 41 3f 30 30 30 30 03", "CRC"),
        ("=0003 nonsense", "no reply"),
        (STATUS.replace("INFUSING", "DANCING"), "'DANCING' is no PumpState"),
        (STATUS.replace("ALARMS=-", "ALARMS=FIRE"), "'FIRE' is no PumpAlarm"),
        (STATUS.replace("FLOW=9", "FLOW=nan"), "no number"),
        (STATUS.replace(" UPTIME=5400", ""), "UPTIME is missing"),
        ("ERR 30 sensor broken", "error 30: sensor broken"),
        ("ERR 77 new", "error 77: new"),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(answer: str, words: str) -> None:
    with pump_saying([("STA?", answer)]) as pump, pytest.raises(ProtocolError, match=words) as caught:
        pump.status()
    assert caught.value.reply


def test_a_complaint_about_some_damaged_frame_is_no_refusal_of_the_command() -> None:
    with pump_saying([("RUN", f"=???? - ERR 01 bad frame|OK|{STATUS}"), ("STA?", STATUS)]) as pump:
        pump.start()
        pump.status()


def test_a_command_that_only_that_complaint_answers_was_perhaps_carried_out() -> None:
    with (
        pump_saying([("RUN", "=???? - ERR 01 bad frame")]) as pump,
        impatient(pump.link),
        pytest.raises(ProtocolError, match=r"none to this command.*ERR 01.*cable") as caught,
    ):
        pump.start()
    assert not isinstance(caught.value, CommandRefused)


@pytest.mark.parametrize("failure", ["", "ERR 30 busy", "raw:02 03"])
def test_a_stop_is_tried_again(failure: str) -> None:
    script: list[Line] = [("STOP", failure), ("IDN?", IDENTITY), ("STOP", "OK")]
    if failure.startswith("ERR"):
        script.pop(1)
    # A second is long enough for the answer to the repetition even on a busy host.
    with pump_saying(script) as pump, impatient(pump.link, 1.0 if failure == "" else 20.0):
        pump.stop()


def test_a_stop_that_never_succeeds_says_so() -> None:
    with pump_saying([("STOP", "ERR 30 x")] * 3) as pump, pytest.raises(ProtocolError, match="STOP"):
        pump.stop()


def test_a_pump_that_restarted_is_noticed_until_it_is_programmed_again() -> None:
    restarted = STATUS.replace("UPTIME=5400", "UPTIME=3")
    programmed = upload_of("CONTINUOUS", "9 -")
    programmed[-1] = ("STA?", restarted)
    with pump_saying([("STA?", STATUS), ("STA?", restarted), *programmed, ("STA?", restarted)]) as pump:
        pump.status()
        with pytest.raises(ProtocolError, match=r"restarted.*program and counters are gone"):
            pump.status()
        pump.upload(continuous(9.0))
        pump.status()


def test_a_pump_that_vanishes_is_a_lost_link() -> None:
    with PtyPeer(spoken([*HELLO, ("STA?", None)])) as peer:
        pump = open_bench_interface("pump", options(peer.port), WallClock())
        with pytest.raises(LinkLost, match="is gone"):
            pump.status()
        with pytest.raises(LinkLost, match="cannot be opened"):
            pump.stop()
        pump.close()


def test_a_silent_port_is_one_clear_message() -> None:
    with (
        PtyPeer(spoken([("IDN?", "")])) as peer,
        pytest.raises(InstrumentTimeout, match=r"pump: no answer.*'IDN\?'.*Check power"),
    ):
        open_bench_interface("pump", options(peer.port, deadline_s=0.2), WallClock())


def test_alarm_times_and_refill() -> None:
    script: list[Line] = [
        ("ALM?", "OK ALARMS=EMPTY_RESERVOIR,MOTOR_STALL RAISED=86400.5,90000"),
        ("RES 18000", "OK"),
        ("RES 30000", "ERR 12 above 20000"),
        ("LOW 1500.5", "OK"),
        ("LOW?", "OK VOLUME=1500.5"),
        ("LOW 1500", "OK"),
        ("LOW?", "OK VOLUME=2000"),
    ]
    with pump_saying(script) as pump:
        assert pump.alarms() == {PumpAlarm.EMPTY_RESERVOIR: 86400.5, PumpAlarm.MOTOR_STALL: 90000.0}
        pump.set_reservoir(18000.0)
        with pytest.raises(ProtocolError, match="above 20000"):
            pump.set_reservoir(30000.0)
        pump.set_low_reservoir(1500.5)
        with pytest.raises(ProtocolError, match="read-back differs"):
            pump.set_low_reservoir(1500.0)


def test_a_driver_that_was_never_connected_says_so() -> None:
    with PtyPeer([]) as peer:
        transport = SerialTransport(peer.port, terminator=b"\x03")
        pump = BenchInterfacePump("pump", transport, options(peer.port), WallClock())
        for look in (lambda: pump.flow_range, lambda: pump.capabilities):
            with pytest.raises(LinkLost, match="not connected"):
                look()
