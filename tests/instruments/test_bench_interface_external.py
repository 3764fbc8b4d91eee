"""The pump driver and an external pump, against transcripts on a pseudo-terminal; and what each pump says it can do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from instruments.clock import WallClock
from instruments.errors import InstrumentTimeout, ProtocolError
from instruments.program import (
    FlowRange,
    FlowStep,
    InfusionProgram,
    ProgramError,
    ProgramMode,
    bolus,
    bridge_bolus,
    continuous,
    flex,
    minimum_rate,
)
from instruments.pumps.bench_interface.driver import BenchInterfacePump, open_bench_interface
from instruments.readings import PumpAlarm, PumpState
from tests.instruments.bench_interface_peer import (
    EXTERNAL_FUNCTIONS,
    EXTERNAL_HELLO,
    FUNCTIONS,
    STATUS,
    Line,
    options,
    pump_saying,
    spoken,
)
from tests.instruments.scripted_peer import PtyPeer
from tests.instruments.wires import impatient

CONFIGURED: list[Line] = [
    ("CTO 60", "OK"),
    ("CTO?", "OK SECONDS=60"),
    ("RLS ON", "OK"),
    ("RLS?", "OK REDUCTION=ON DRAWN_BACK=0"),
    ("ARS OFF", "OK"),
    ("ARS?", "OK RESTART=OFF LEFT=3"),
    ("VTI -", "OK"),
    ("VTI?", "OK VOLUME=- LEFT=-"),
    ("OCC?", "OK THRESHOLD=30"),
]


def test_an_external_pump_says_what_it_can_do() -> None:
    with pump_saying([], hello=EXTERNAL_HELLO) as pump:
        can = pump.capabilities
        assert can.modes == {
            ProgramMode.CONTINUOUS,
            ProgramMode.SINGLE_BOLUS,
            ProgramMode.PRIMING_BOLUS,
            ProgramMode.STOP,
        }
        assert can.flow_range == pump.flow_range == FlowRange(20.0, 125_000.0)
        assert (can.bolus_maximum_ul_per_h, can.reservoir_capacity_ul) == (125_000.0, 100_000.0)
        assert can.occlusion_thresholds_kpa == (30.0, 50.0, 75.0, 100.0, 120.0)
        assert can.keep_open_ul_per_h == 100.0
        assert (can.occlusion_alarm, can.bolus_reduction, can.automatic_restart, can.volume_to_be_infused) == (
            True,
        ) * 4
        assert (can.stall_alarm, can.reservoir, can.lockout, can.communication_timeout) == (True,) * 4


def test_an_implant_says_what_it_cannot_do() -> None:
    with pump_saying([]) as pump:
        can = pump.capabilities
        assert can.modes == frozenset(ProgramMode)
        assert (can.occlusion_alarm, can.bolus_reduction, can.automatic_restart) == (False,) * 3
        assert not can.volume_to_be_infused
        assert (can.occlusion_thresholds_kpa, can.keep_open_ul_per_h) == ((), None)
        assert (can.stall_alarm, can.reservoir, can.lockout, can.communication_timeout) == (True,) * 4


def test_a_pump_without_a_stall_alarm_does_not_claim_one() -> None:
    hello = [*EXTERNAL_HELLO[:2], ("FUN?", EXTERNAL_FUNCTIONS.replace("STALL_ALARM,", ""))]
    with pump_saying([], hello=hello) as pump:
        assert not pump.capabilities.stall_alarm


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        (FUNCTIONS.replace("THRESHOLDS=-", "THRESHOLDS=30"), "without one"),
        (FUNCTIONS.replace("STALL_ALARM", "BOLUS_REDUCTION"), "without one"),
        (EXTERNAL_FUNCTIONS.replace("30,50", "50,30"), "do not ascend"),
        (EXTERNAL_FUNCTIONS.replace("30,50", "50,50"), "do not ascend"),
        (EXTERNAL_FUNCTIONS.replace("30,50", "low,50"), "no number"),
        (EXTERNAL_FUNCTIONS.replace(" KEEP_OPEN=100", ""), "KEEP_OPEN is missing"),
        ("ERR 10 unknown command", "error 10.*does not have this function"),
    ],
)
def test_functions_that_contradict_themselves_are_refused(functions: str, words: str) -> None:
    with (
        PtyPeer(spoken([*EXTERNAL_HELLO[:2], ("FUN?", functions)])) as peer,
        pytest.raises(ProtocolError, match=words),
    ):
        open_bench_interface("pump", options(peer.port), WallClock())


def test_functions_this_rig_does_not_know_do_no_harm() -> None:
    hello = [*EXTERNAL_HELLO[:2], ("FUN?", EXTERNAL_FUNCTIONS.replace("STALL_ALARM", "STALL_ALARM,WIFI"))]
    with pump_saying([], hello=hello) as pump:
        assert pump.capabilities.stall_alarm


def test_the_whole_way_of_an_occlusion() -> None:
    occluded = "OK STATE={} MODE=- FLOW=0 DELIVERED=1052.778 RESERVOIR=98947.222 ALARMS=OCCLUSION UPTIME=5{}"
    script: list[Line] = [
        *CONFIGURED,
        ("OCC 75", "OK"),
        ("OCC?", "OK THRESHOLD=75"),
        ("PGM CONTINUOUS 1", "OK"),
        ("STEP 1 10000 -", "OK"),
        ("STORE", "OK"),
        ("PGM?", "OK MODE=CONTINUOUS STEPS=1 LOCKOUT=0"),
        ("STEP? 1", "OK FLOW=10000 FOR=-"),
        ("STA?", STATUS.replace("5400", "500")),
        ("RUN", "OK"),
        ("STA?", occluded.format("BOLUS_REDUCTION", "70")),
        ("STA?", occluded.format("ALARM", "80")),
        ("ALM?", "OK ALARMS=OCCLUSION RAISED=561.5"),
        ("RLS?", "OK REDUCTION=ON DRAWN_BACK=44.444"),
        ("ACK", "OK ALARMS=OCCLUSION"),
        ("STOP", "OK"),
    ]
    with pump_saying(script, hello=EXTERNAL_HELLO) as pump:
        assert pump.configure() == {
            "profile": "EXTERNAL",
            "communication_timeout_s": "60",
            "flow_minimum_ul_per_h": "20",
            "flow_maximum_ul_per_h": "125000",
            "bolus_maximum_ul_per_h": "125000",
            "capacity_ul": "100000",
            "bolus_reduction": "on",
            "automatic_restart": "off",
            "occlusion_threshold_kpa": "30",
        }
        pump.set_occlusion_threshold(75.0)
        pump.upload(continuous(10_000.0))
        pump.start()
        assert pump.status().state is PumpState.BOLUS_REDUCTION
        status = pump.status()
        assert (status.state, status.alarms) == (PumpState.ALARM, frozenset({PumpAlarm.OCCLUSION}))
        assert pump.alarms() == {PumpAlarm.OCCLUSION: 561.5}
        assert pump.drawn_back_ul() == 44.444
        assert pump.acknowledge() == {PumpAlarm.OCCLUSION}
        pump.stop()


@pytest.mark.parametrize(
    ("word", "state"), [("KEEP_OPEN", PumpState.KEEP_OPEN), ("CHECKING_LINE", PumpState.CHECKING_LINE)]
)
def test_states_of_an_external_pump(word: str, state: PumpState) -> None:
    answer = STATUS.replace("INFUSING", word).replace("ALARMS=-", "ALARMS=END_OF_INFUSION")
    with pump_saying([("STA?", answer)], hello=EXTERNAL_HELLO) as pump:
        status = pump.status()
        assert (status.state.name, status.alarms) == (word, frozenset({PumpAlarm.END_OF_INFUSION}))


SETTINGS: list[tuple[Callable[[BenchInterfacePump], None], str, str, str]] = [
    (lambda pump: pump.set_occlusion_threshold(120.0), "OCC 120", "OCC?", "THRESHOLD=120"),
    (lambda pump: pump.set_automatic_restart(True), "ARS ON", "ARS?", "RESTART=ON LEFT=3"),
    (lambda pump: pump.set_automatic_restart(False), "ARS OFF", "ARS?", "RESTART=OFF LEFT=3"),
    (lambda pump: pump.set_bolus_reduction(False), "RLS OFF", "RLS?", "REDUCTION=OFF DRAWN_BACK=1.5"),
    (lambda pump: pump.set_volume_to_be_infused(2000.0), "VTI 2000", "VTI?", "VOLUME=2000 LEFT=2000"),
    (lambda pump: pump.set_volume_to_be_infused(None), "VTI -", "VTI?", "VOLUME=- LEFT=-"),
    (lambda pump: pump.set_low_reservoir(4000.25), "LOW 4000.25", "LOW?", "VOLUME=4000.25"),
]
ids = [command for _, command, _, _ in SETTINGS]
OTHER = {
    "OCC?": "THRESHOLD=100",
    "VTI?": "VOLUME=1999.999999 LEFT=2000",
    "LOW?": "VOLUME=4000",
}


@pytest.mark.parametrize(("call", "command", "query", "answer"), SETTINGS, ids=ids)
def test_settings_are_read_back(
    call: Callable[[BenchInterfacePump], None], command: str, query: str, answer: str
) -> None:
    with pump_saying([(command, "OK"), (query, f"OK {answer}")], hello=EXTERNAL_HELLO) as pump:
        call(pump)


@pytest.mark.parametrize(("call", "command", "query", "answer"), SETTINGS, ids=ids)
def test_a_setting_that_does_not_stick_is_refused(
    call: Callable[[BenchInterfacePump], None], command: str, query: str, answer: str
) -> None:
    swapped = answer.replace("=ON", "=off").replace("=OFF", "=ON").replace("=off", "=OFF")
    other = OTHER.get(query, swapped)
    with (
        pump_saying([(command, "OK"), (query, f"OK {other}")], hello=EXTERNAL_HELLO) as pump,
        pytest.raises(ProtocolError, match="read-back differs"),
    ):
        call(pump)


@pytest.mark.parametrize(("call", "command", "query", "answer"), SETTINGS, ids=ids)
def test_late_and_duplicate_replies_to_settings_are_told_by_their_number(
    call: Callable[[BenchInterfacePump], None], command: str, query: str, answer: str
) -> None:
    # The grant comes twice, and so does a read-back of long ago; the true one comes last.
    stale = f"=0001 {query} OK {OTHER.get(query, answer.replace('ON', 'OFF'))}"
    script: list[Line] = [(command, "OK|OK"), (query, f"=0003 {command.split()[0]} OK|{stale}|OK {answer}|OK {answer}")]
    with pump_saying([*script, ("STA?", STATUS)], hello=EXTERNAL_HELLO) as pump:
        call(pump)
        assert pump.status().delivered_ul == 12.5


@pytest.mark.parametrize("answer", ["OK", "OK THRESHOLD=-", "OK THRESHOLD=high", "OK RESTART=MAYBE LEFT=3"])
def test_a_read_back_without_meaning_is_refused(answer: str) -> None:
    script: list[Line] = [("OCC 50", "OK"), ("OCC?", answer)]
    with pump_saying(script, hello=EXTERNAL_HELLO) as pump, pytest.raises(ProtocolError, match="unintelligible"):
        pump.set_occlusion_threshold(50.0)


def test_after_a_lost_reply_to_a_setting_the_pump_is_identified_before_anything_else() -> None:
    script: list[Line] = [("ARS ON", ""), EXTERNAL_HELLO[0], ("ARS ON", "OK"), ("ARS?", "OK RESTART=ON LEFT=3")]
    with pump_saying(script, hello=EXTERNAL_HELLO) as pump:
        with impatient(pump.link), pytest.raises(InstrumentTimeout, match="ARS ON"):
            pump.set_automatic_restart(True)
        pump.set_automatic_restart(True)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda pump: pump.set_occlusion_threshold(50.0), "no selectable occlusion threshold"),
        (lambda pump: pump.set_automatic_restart(False), "no automatic restart"),
        (lambda pump: pump.set_bolus_reduction(True), "no bolus reduction"),
        (lambda pump: pump.drawn_back_ul(), "no bolus reduction"),
        (lambda pump: pump.set_volume_to_be_infused(None), "no volume to be infused"),
    ],
)
def test_what_an_implant_does_not_have_is_refused_before_the_wire(
    call: Callable[[BenchInterfacePump], object], words: str
) -> None:
    with pump_saying([]) as pump, pytest.raises(ProgramError, match=f"pump: this implantable pump has {words}"):
        call(pump)


@pytest.mark.parametrize(
    ("program", "mode"),
    [
        (flex([FlowStep(100.0, 86400.0)]), "flex"),
        (minimum_rate(), "minimum rate"),
        (bridge_bolus(dead_volume_ul=441.0, dose_ug_per_day=108.0, concentration_ug_per_ml=500.0), "bridge bolus"),
    ],
    ids=["flex", "minimum rate", "bridge bolus"],
)
def test_a_mode_an_external_pump_does_not_have_is_refused_before_the_wire(program: InfusionProgram, mode: str) -> None:
    with (
        pump_saying([], hello=EXTERNAL_HELLO) as pump,
        pytest.raises(ProgramError, match=f"this external pump has no mode '{mode}'; nothing was sent"),
    ):
        pump.upload(program)


@pytest.mark.parametrize("threshold_kpa", [29.0, 31.0, 121.0, float("nan")])
def test_a_threshold_the_pump_does_not_have_is_refused_before_the_wire(threshold_kpa: float) -> None:
    with (
        pump_saying([], hello=EXTERNAL_HELLO) as pump,
        pytest.raises(ProgramError, match="there are 30, 50, 75, 100, 120 kPa"),
    ):
        pump.set_occlusion_threshold(threshold_kpa)


def test_a_bolus_of_the_trial_with_lockout() -> None:
    script: list[Line] = [
        ("PGM SINGLE_BOLUS 1 LOCKOUT=3600", "OK"),
        ("STEP 1 120000 60", "OK"),
        ("STORE", "OK"),
        ("PGM?", "OK MODE=SINGLE_BOLUS STEPS=1 LOCKOUT=3600"),
        ("STEP? 1", "OK FLOW=120000 FOR=60"),
        ("STA?", STATUS),
        ("RUN", "OK"),
        ("RUN", "ERR 23 lockout, 3500 s left"),
    ]
    with pump_saying(script, hello=EXTERNAL_HELLO) as pump:
        pump.upload(bolus(ProgramMode.SINGLE_BOLUS, volume_ul=2000.0, duration_s=60.0, lockout_s=3600.0))
        pump.start()
        with pytest.raises(ProtocolError, match=r"lockout, 3500 s left.*Wait for the end"):
            pump.start()
