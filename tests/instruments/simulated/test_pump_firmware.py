"""The simulated pump, word by word: programs, delivery, refusals."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.pumps.bench_interface.frames import encode_frame
from tests.instruments.simulated.pump_bench import PumpOnBench

INTERFACE = Path(__file__).parents[3] / "docs" / "bench-interface.md"


def example() -> list[tuple[str, str]]:
    """The conversation that the interface's document shows."""
    text = INTERFACE.read_text(encoding="utf-8")
    block = re.search(r"```example\n(.*?)```", text, re.DOTALL)
    assert block is not None
    lines = block[1].splitlines()
    return [(question[2:], answer[2:]) for question, answer in zip(lines[::2], lines[1::2], strict=True)]


def test_the_document_s_conversation() -> None:
    pump = PumpOnBench({"pump.stall_detection_s": 300.0}, reservoir_ul=20000.0)
    conversation = example()
    assert len(conversation) > 10
    pump.at(400.0)
    for question, answer in conversation:
        if question.endswith("STA?"):
            while pump.now_s < 5400.0:  # 12.5 uL at 9 uL/h, without running into the communication time-out
                pump.at(pump.now_s + 50.0).exchange(encode_frame("FFFF STA?"))
        assert pump.exchange(encode_frame(question)) == [answer]


def test_a_running_program_commands_the_mechanism_and_counts_by_itself() -> None:
    pump = PumpOnBench({"pump.systematic_error_percent": {"value": 20.0, "u": 0.0, "distribution": "normal"}})
    pump.at(10.0).run("CONTINUOUS 1", "36 -")
    assert pump.mechanism_flow() == 36.0
    found = pump.at(3610.0).status()
    assert (found["STATE"], found["MODE"], found["FLOW"]) == ("INFUSING", "CONTINUOUS", "36")
    # It delivers 20 % more than it counts, and does not know.
    assert (found["DELIVERED"], found["RESERVOIR"]) == ("36", "19964")
    assert 18000.0 - pump.bench.pump_mechanics(3610.0).reservoir_ul > 36.0 * 1.1
    pump.ask("STOP")
    assert pump.mechanism_flow() == 0.0
    assert pump.at(7000.0).status()["DELIVERED"] == "36"


def test_a_fast_crystal_makes_hours_short() -> None:
    fast = {"value": 1000.0, "u": 0.0, "distribution": "normal"}
    pump = PumpOnBench({"pump.crystal_error_ppm": fast})
    pump.run("CONTINUOUS 1", "100 -")
    found = pump.at(36000.0).status()
    assert found["DELIVERED"] == "1001"
    assert found["UPTIME"] == "36036"


def test_a_change_of_flow_needs_no_stop_and_storing_changes_nothing() -> None:
    pump = PumpOnBench()
    pump.run("CONTINUOUS 1", "10 -")
    pump.at(3600.0).upload("CONTINUOUS 1", "20 -")
    assert pump.at(7200.0).state() == ("INFUSING", "CONTINUOUS", "10")
    pump.ask("RUN")
    assert pump.at(10800.0).status()["DELIVERED"] == "40"


def test_numbers_are_kept_exactly() -> None:
    pump = PumpOnBench()
    pump.upload("SINGLE_BOLUS 1 LOCKOUT=123456789.000001", "12.345678 86399.999999")
    assert pump.ask("PGM?") == {"MODE": "SINGLE_BOLUS", "STEPS": "1", "LOCKOUT": "123456789.000001"}
    assert pump.ask("STEP? 1") == {"FLOW": "12.345678", "FOR": "86399.999999"}


def test_flex_steps_follow_each_other_day_after_day() -> None:
    pump = PumpOnBench()
    pump.at(100.0).run("FLEX 3", "10 3600", "0020.0 7200", "5 75600")
    day_s = 86400.0
    for days in (0.0, 1.0, 2.0):
        for after_s, flow in ((1.0, "10"), (3599.0, "10"), (3601.0, "20"), (10799.0, "20"), (10801.0, "5")):
            assert pump.at(100.0 + days * day_s + after_s).state() == ("INFUSING", "FLEX", flow)
            assert pump.mechanism_flow() == float(flow)
    expected_ul = 2 * (10 + 40 + 5 * 21) + 10 + 40
    assert float(pump.at(100.0 + 2 * day_s + 10800.0).status()["DELIVERED"]) == pytest.approx(expected_ul, abs=0.002)


@given(
    st.lists(st.tuples(st.integers(2, 1000), st.integers(1, 3599)), min_size=1, max_size=23),
    st.lists(st.floats(0.0, 250_000.0), max_size=6).map(sorted),
)
@settings(max_examples=25, deadline=None)
def test_flex_delivers_the_sum_of_its_steps_whenever_it_is_asked(
    steps: list[tuple[int, int]], instants: list[float]
) -> None:
    pump = PumpOnBench()
    rest_s = 86400 - sum(duration for _, duration in steps)
    steps = [*steps, (2, rest_s)]
    pump.run(f"FLEX {len(steps)}", *(f"{flow} {duration}" for flow, duration in steps))
    for instant in instants:
        delivered_ul = float(pump.at(instant).status()["DELIVERED"])
        days, within_s = divmod(instant, 86400.0)
        expected_ul = days * sum(flow * duration / 3600.0 for flow, duration in steps)
        for flow, duration in steps:
            part_s = min(within_s, duration)
            expected_ul += flow * part_s / 3600.0
            within_s -= part_s
        if expected_ul < 20000.0:
            assert delivered_ul == pytest.approx(expected_ul, abs=0.01)


def test_a_single_bolus_comes_in_place_of_what_runs() -> None:
    pump = PumpOnBench()
    pump.run("CONTINUOUS 1", "10 -")
    pump.at(3600.0).run("SINGLE_BOLUS 1", "100 1800")
    assert pump.at(5399.0).state() == ("BOLUS", "SINGLE_BOLUS", "100")
    assert pump.at(5401.0).state() == ("INFUSING", "CONTINUOUS", "10")
    assert pump.at(9000.0).status()["DELIVERED"] == "70"


def test_a_bolus_from_rest_ends_at_rest() -> None:
    pump = PumpOnBench()
    pump.run("PRIMING_BOLUS 1", "60 600")
    assert pump.at(599.0).state() == ("PRIMING", "PRIMING_BOLUS", "60")
    assert pump.at(601.0).state() == ("STOPPED", "-", "0")
    assert pump.mechanism_flow() == 0.0
    assert pump.status()["DELIVERED"] == "10"


def test_a_bolus_within_a_day_of_steps_does_not_shift_the_day() -> None:
    pump = PumpOnBench()
    pump.run("FLEX 2", "10 3600", "20 82800")
    pump.at(3000.0).run("SINGLE_BOLUS 1", "100 1800")
    assert pump.at(4801.0).state() == ("INFUSING", "FLEX", "20")
    assert pump.at(86401.0).state() == ("INFUSING", "FLEX", "10")


def test_a_bolus_upon_a_bolus_goes_back_to_what_ran_before_both() -> None:
    pump = PumpOnBench()
    pump.run("CONTINUOUS 1", "10 -")
    pump.at(100.0).run("SINGLE_BOLUS 1", "100 1800")
    pump.at(200.0).run("SINGLE_BOLUS 1", "200 60")
    assert pump.at(261.0).state() == ("INFUSING", "CONTINUOUS", "10")


def test_a_bridge_bolus_hands_over_to_the_background_program_stored_last() -> None:
    pump = PumpOnBench()
    pump.run("CONTINUOUS 1", "10 -")
    pump.upload("CONTINUOUS 1", "30 -")
    pump.at(100.0).run("BRIDGE_BOLUS 1", "5 600")
    assert pump.at(699.0).state() == ("BOLUS", "BRIDGE_BOLUS", "5")
    assert pump.at(701.0).state() == ("INFUSING", "CONTINUOUS", "30")


@pytest.mark.parametrize("background", [None, "STOP 0"])
def test_a_bridge_bolus_without_anything_to_hand_over_to_ends_at_rest(background: str | None) -> None:
    pump = PumpOnBench()
    if background is not None:
        pump.upload(background)
    pump.run("BRIDGE_BOLUS 1", "5 600")
    assert pump.at(601.0).state() == ("STOPPED", "-", "0")


def test_the_minimum_rate_is_the_pump_s_own() -> None:
    pump = PumpOnBench()
    pump.run("MINIMUM_RATE 0")
    assert pump.at(14400.0).state() == ("MINIMUM_RATE", "MINIMUM_RATE", "0.25")
    assert pump.status()["DELIVERED"] == "1"


def test_the_program_stop_stops() -> None:
    pump = PumpOnBench()
    pump.run("CONTINUOUS 1", "10 -")
    pump.at(60.0).run("STOP 0")
    assert pump.state() == ("STOPPED", "-", "0")


@pytest.mark.parametrize(("missed", "flows"), [(1, [10, 10, 5, 10]), (2, [10, 20, 20, 10])])
def test_a_change_of_flow_the_firmware_forgets_is_reported_and_not_made(missed: int, flows: list[float]) -> None:
    pump = PumpOnBench({"pump.missed_step": missed})
    pump.run("FLEX 3", "10 3600", "20 7200", "5 75600")
    assert [pump.at(t_s).mechanism_flow() for t_s in (1.0, 3601.0, 10801.0, 86401.0)] == flows
    said = PumpOnBench({"pump.missed_step": missed})
    said.run("FLEX 3", "10 3600", "20 7200", "5 75600")
    assert [said.at(t_s).state()[2] for t_s in (1.0, 3601.0, 10801.0, 86401.0)] == ["10", "20", "5", "10"]


def test_lockout_of_boluses() -> None:
    pump = PumpOnBench()
    pump.run("SINGLE_BOLUS 1 LOCKOUT=3600", "100 60")
    assert pump.at(3599.0).send("RUN") == "ERR 23 lockout, 1 s left"
    pump.upload("PRIMING_BOLUS 1", "100 60")
    assert pump.refused("RUN") == 23
    pump.run("CONTINUOUS 1", "10 -")
    pump.ask("STOP")
    pump.at(3600.0).run("SINGLE_BOLUS 1", "100 60")


def test_a_pump_that_ignores_its_lockout_grants_every_bolus() -> None:
    pump = PumpOnBench({"pump.ignores_lockout": True})
    pump.run("SINGLE_BOLUS 1 LOCKOUT=3600", "100 60")
    assert pump.ask("PGM?")["LOCKOUT"] == "3600"
    pump.at(120.0).ask("RUN")
    assert pump.status()["STATE"] == "BOLUS"


def test_lockout_of_the_minimum_rate() -> None:
    pump = PumpOnBench()
    pump.run("MINIMUM_RATE 0 LOCKOUT=100")
    pump.upload("CONTINUOUS 1", "10 -")
    assert pump.at(99.0).refused("RUN") == 23
    pump.ask("STOP")
    pump.run("STOP 0")
    pump.at(100.0).run("CONTINUOUS 1", "10 -")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("FOO", 10),
        ("OCC 50", 10),
        ("RUN now", 11),
        ("RUN", 21),
        ("PGM?", 21),
        ("STEP? 1", 21),
        ("STEP 1 9 -", 20),
        ("STORE", 20),
        ("PGM", 11),
        ("PGM CONTINUOUS", 11),
        ("PGM WHATEVER 1", 11),
        ("PGM continuous 1", 11),
        ("PGM CONTINUOUS 1.5", 11),
        ("PGM CONTINUOUS 2", 12),
        ("PGM FLEX 25", 12),
        ("PGM STOP 1", 12),
        ("PGM CONTINUOUS 1 LOCKOUT=5", 11),
        ("PGM SINGLE_BOLUS 1 LOCKOUT=x", 11),
        ("PGM SINGLE_BOLUS 1 LOCK=5", 11),
        ("RES 20001", 12),
        ("RES -1", 11),
        ("RES", 11),
        ("LOW 20000.1", 12),
        ("CTO 86401", 12),
        ("CTO 0.5", 11),
        ("STEP? 0", 21),
    ],
)
def test_refusals(words: str, code: int) -> None:
    assert PumpOnBench().refused(words) == code


@pytest.mark.parametrize(
    ("head", "step", "answer"),
    [
        ("CONTINUOUS 1", "1 1.999999 -", "ERR 12 flow 1.999999 outside 2 to 1000 uL/h"),
        ("CONTINUOUS 1", "1 1000.000001 -", "ERR 12 flow 1000.000001 outside 2 to 1000 uL/h"),
        ("CONTINUOUS 1", "1 9 60", "ERR 11 a step of CONTINUOUS has no duration"),
        ("CONTINUOUS 1", "2 9 -", "ERR 11 step 1 comes next"),
        ("CONTINUOUS 1", "1 9", "ERR 11 STEP takes number, flow and duration"),
        ("CONTINUOUS 1", "1 1e2 -", "ERR 11 no number"),
        ("SINGLE_BOLUS 1", "1 9 -", "ERR 11 a step of SINGLE_BOLUS has a duration"),
        ("SINGLE_BOLUS 1", "1 9 0", "ERR 12 duration 0 is no duration"),
        ("FLEX 2", "1 0 60", "ERR 12 flow 0 outside 2 to 1000 uL/h"),
    ],
)
def test_steps_the_pump_refuses(head: str, step: str, answer: str) -> None:
    pump = PumpOnBench()
    pump.ask(f"PGM {head}")
    assert pump.send(f"STEP {step}") == answer


def test_an_upload_counts_only_when_it_is_whole() -> None:
    pump = PumpOnBench()
    pump.upload("CONTINUOUS 1", "9 -")
    pump.ask("PGM FLEX 2")
    pump.ask("STEP 1 10 3600")
    assert pump.refused("STORE") == 24
    assert pump.ask("PGM?")["MODE"] == "CONTINUOUS"
    pump.ask("STEP 2 10 3600")
    assert pump.send("STORE") == "ERR 12 durations 7200 s together, not 86400 s"
    assert pump.refused("STEP 3 10 3600") == 11
    pump.ask("PGM MINIMUM_RATE 0")
    pump.ask("STORE")
    assert pump.ask("PGM?") == {"MODE": "MINIMUM_RATE", "STEPS": "0", "LOCKOUT": "0"}
    assert pump.refused("STEP? 1") == 12


def test_a_repeated_command_is_answered_again_and_not_carried_out_again() -> None:
    pump = PumpOnBench()
    pump.run("SINGLE_BOLUS 1", "100 600")
    again = encode_frame(f"{pump.sequence - 1:04X} RUN")
    first = pump.at(300.0).exchange(again)
    assert first == [f"{pump.sequence - 1:04X} RUN OK"]
    assert pump.at(601.0).state() == ("STOPPED", "-", "0")  # the bolus was not begun anew
    # Only the last command counts as repeated.
    assert pump.exchange(again) == first
    assert pump.state()[0] == "BOLUS"


def test_queries_are_answered_anew() -> None:
    pump = PumpOnBench()
    pump.run("CONTINUOUS 1", "10 -")
    question = encode_frame("1234 STA?")
    assert pump.at(360.0).exchange(question) != pump.at(720.0).exchange(question)


def test_a_damaged_frame_is_told_and_changes_nothing() -> None:
    pump = PumpOnBench()
    pump.run("CONTINUOUS 1", "10 -")
    damaged = encode_frame("0100 STOP").replace(b"STOP", b"STOQ")
    assert pump.exchange(damaged) == ["???? - ERR 01 bad frame: the CRC does not match"]
    assert pump.state()[0] == "INFUSING"
    assert pump.exchange(b"STOP\r\n") == []
    assert pump.exchange(encode_frame("0100 stop")) == ["???? - ERR 01 no request"]


def test_frames_may_come_in_pieces_and_several_at_once() -> None:
    pump = PumpOnBench()
    frames = encode_frame("0001 LOW?") + encode_frame("0002 CTO?")
    answers = [answer for byte in frames for answer in pump.exchange(bytes([byte]))]
    assert answers == pump.exchange(frames) == ["0001 LOW? OK VOLUME=2000", "0002 CTO? OK SECONDS=0"]


WORDS = (
    "IDN? LIM? FUN? PGM STEP STORE PGM? STEP? RUN STOP STA? ALM? ACK RES LOW LOW? CTO CTO? CONTINUOUS FLEX "
    "SINGLE_BOLUS BRIDGE_BOLUS MINIMUM_RATE 0 1 2 9 12.5 60 3600 86400 99999999 - LOCKOUT=5 x"
)
words = st.sampled_from(WORDS.split())
requests = st.lists(words, min_size=1, max_size=5).map(" ".join)


@given(
    st.lists(
        st.tuples(st.floats(0.0, 4000.0), st.one_of(st.binary(max_size=40), requests)),
        max_size=25,
    )
)
@settings(max_examples=60, deadline=None)
def test_nothing_one_can_send_upsets_the_pump(said: list[tuple[float, bytes | str]]) -> None:
    pump = PumpOnBench()
    for number, (wait_s, message) in enumerate(said):
        pump.at(pump.now_s + wait_s)
        if isinstance(message, bytes):
            pump.exchange(message)
        else:
            (answer,) = pump.exchange(b"\x03" + encode_frame(f"{number:04X} {message}"))[-1:]
            assert answer.startswith((f"{number:04X} ", "???? - ERR 01"))
    pump.session.receive(b"\x03", pump.now_s)
    # What it says of its flow is what the mechanism is commanded to, and it can always be stopped.
    assert float(pump.status()["FLOW"]) == pump.mechanism_flow()
    pump.ask("STOP")
    assert pump.mechanism_flow() == 0.0
