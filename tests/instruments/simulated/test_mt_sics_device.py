"""The simulated balance, line by line, and what its settings do to the physics."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.balances.mt_sics_grammar import read_weight
from instruments.readings import Identity, MassReading, ReadingState
from instruments.simulated.devices.mt_sics import BalanceSession, SimulatedBalance
from instruments.simulated.devices.mt_sics.balance import ADJUSTMENT_S
from instruments.simulated.physics.bench import Bench
from tests.instruments.simulated.benches import truth

QUIET: dict[str, Any] = {
    "balance.white_noise_ug": 0.0,
    "balance.zero_drift_ug_per_sqrt_h": 0.0,
    "balance.flicker_ug": 0.0,
    "balance.vibration_spikes_per_h": 0.0,
}


class BalanceOnBench:
    def __init__(self, changes: dict[str, Any] | None = None, events: list[dict[str, Any]] | None = None) -> None:
        self.bench = Bench(truth(changes, events), seed=1)
        identity = Identity("Mettler-Toledo", "XPR205", "B123456789", "1.10 18.6.0.1361")
        self.balance = SimulatedBalance(self.bench, self.bench.drawn.balance, lambda t_s: identity)
        self.session = BalanceSession(self.balance)
        self.now_s = 60.0

    def at(self, now_s: float) -> BalanceOnBench:
        self.now_s = now_s
        return self

    def lines(self, command: str) -> list[str]:
        return split(self.session.receive(f"{command}\r\n".encode("latin-1"), self.now_s))

    def ask(self, command: str) -> str:
        (line,) = self.lines(command)
        return line

    def spoken(self) -> list[str]:
        return split(self.session.speak(self.now_s))

    def weight(self) -> MassReading:
        reading = read_weight(self.session.receive(b"SI\r\n", self.now_s))
        assert reading is not None
        return reading


def split(said: bytes) -> list[str]:
    assert not said or said.endswith(b"\r\n")
    return said.decode("ascii").split("\r\n")[:-1]


def talk(balance: BalanceOnBench, conversation: Sequence[tuple[str, str]]) -> None:
    for command, answer in conversation:
        assert balance.ask(command) == answer, command


def test_identity_and_reset() -> None:
    talk(
        BalanceOnBench(),
        [
            ("@", 'I4 A "B123456789"'),
            ("I1", 'I1 A "012" "2.30" "2.20" "1.10"'),
            ("I2", 'I2 A "XPR205 220.00000 g"'),
            ("I3", 'I3 A "1.10 18.6.0.1361"'),
            ("I4", 'I4 A "B123456789"'),
            ("I5", 'I5 A "00000000A"'),
            ("I10", 'I10 A ""'),
            ('I10 "nano bench"', "I10 A"),
            ("I10", 'I10 A "nano bench"'),
            ("I11", 'I11 A "XPR205"'),
        ],
    )


def test_every_command_it_names_is_one_it_knows() -> None:
    balance = BalanceOnBench()
    lines = balance.lines("I0")
    assert [line[:5] for line in lines] == ["I0 B "] * (len(lines) - 1) + ["I0 A "]
    names = [re.fullmatch(r'I0 [AB] [0-3] "(.+)"', line) for line in lines]
    for name in names:
        assert name is not None
        assert balance.lines(name[1]) != ["ES"]
        balance.ask("@")


def test_settings_are_set_and_read_back() -> None:
    talk(
        BalanceOnBench(),
        [
            ("M01", "M01 A 0"),
            ("M01 2", "M01 A"),
            ("M01", "M01 A 2"),
            ("M02", "M02 A 2"),
            ("M02 0", "M02 A"),
            ("M02", "M02 A 0"),
            ("M03", "M03 A 1"),
            ("M03 0", "M03 A"),
            ("M03", "M03 A 0"),
            ("C0", 'C0 A 1 0 ""'),
            ("C0 0 0", "C0 A"),
            ("C0", 'C0 A 0 0 ""'),
            ("UPD", "UPD A 5"),
            ("UPD 2.5", "UPD A"),
            ("UPD", "UPD A 2.5"),
            ("UPD 100", "UPD A"),
            ("UPD", "UPD A 5"),
            ('D "purge"', "D A"),
            ("DW", "DW A"),
            ("K 2", "K A"),
            ("WS", "WS A 0"),
        ],
    )


def test_what_is_not_understood() -> None:
    balance = BalanceOnBench()
    for command in ("FOO", "si", "SI 1 ", "SI\t", 'D "open', "S" * 81, "I0I0", ""):
        assert balance.lines(command) in (["ES"], ["ET"], []), command
    wrong = (
        "M03 2,M02 9,M02 x,M01 4,UPD 0,UPD 1_0,UPD nan,M21 0 9,TA -1 g,TA 1,TA 999 g,TA 1 oz,S 1,D text,K 9,C0 1,I2 x"
    )
    for command in wrong.split(","):
        assert balance.ask(command) == f"{command.split()[0]} L", command
    assert balance.ask("M\xdc") == "ET"


def test_weights_have_ten_columns_and_a_unit() -> None:
    balance = BalanceOnBench(QUIET)
    shown_g = balance.bench.balance_signal(60.0).indication_g
    assert balance.ask("SI") == f"S S    {shown_g:.5f} g"
    assert 7.0 < shown_g < 8.0
    balance.ask("TA 50.5 g")
    assert re.fullmatch(r"S S {4}7\.4\d{4} g", balance.ask("SI"))
    balance.ask("TA 200 g")
    assert re.fullmatch(r"S S -14[0-9]\.[0-9]{5} g", balance.ask("SI"))
    assert len(balance.ask("SI")) == len("S S ") + 10 + len(" g")


def test_units_of_the_interface() -> None:
    balance = BalanceOnBench(QUIET)
    grams = balance.weight().mass_g
    for code, name, pattern in (("3", "mg", r"S S {4}\d{4}\.\d\d mg"), ("1", "kg", r"S S 0\.\d{8} kg")):
        assert balance.ask(f"M21 0 {code}") == "M21 A"
        assert re.fullmatch(pattern, balance.ask("SI")), name
        assert balance.weight().mass_g == grams
    balance.ask("M21 1 3")
    assert balance.lines("M21") == ["M21 B 0 1", "M21 B 1 3", "M21 A 2 0"]


def test_a_reading_that_moves_is_dynamic() -> None:
    balance = BalanceOnBench(QUIET, [{"kind": "load", "at_s": 100.0, "duration_s": 50.0, "load_g": 10.0}])
    assert balance.at(99.0).weight().state is ReadingState.STABLE
    assert balance.at(101.0).weight().state is ReadingState.DYNAMIC
    assert balance.at(120.0).weight().state is ReadingState.STABLE


def test_overload_underload_and_faults_carry_no_number() -> None:
    events = [
        {"kind": "load", "at_s": 100.0, "duration_s": 50.0, "load_g": 200.0},
        {"kind": "load", "at_s": 300.0, "duration_s": 50.0, "load_g": -100.0},
    ]
    balance = BalanceOnBench(QUIET, events)
    for command, answers in (("SI", "S"), ("S", "S"), ("T", "T"), ("TI", "TI"), ("Z", "Z"), ("ZI", "ZI")):
        assert balance.at(120.0).ask(command) == f"{answers} +"
        assert balance.at(320.0).ask(command) == f"{answers} -"
    balance.at(500.0).balance.fault = "10b"
    assert balance.ask("SI") == "S S Error 10b"
    assert balance.weight() == MassReading(None, ReadingState.DEVICE_ERROR, "S S Error 10b")
    balance.balance.fault = None
    assert balance.weight().state is ReadingState.STABLE


def test_tare_and_zero() -> None:
    balance = BalanceOnBench(QUIET)
    signal = balance.bench.balance_signal(60.0)
    gross_g = signal.indication_g + signal.tare_g
    assert 57.0 < gross_g < 59.0
    assert balance.ask("TI") == f"TI S   {gross_g:.5f} g"
    assert balance.ask("SI") == "S S    0.00000 g"
    assert balance.ask("TA") == f"TA A   {gross_g:.5f} g"
    assert balance.ask("TA 50 g") == "TA A   50.00000 g"
    assert balance.ask("SI") == f"S S    {gross_g - 50.0:.5f} g"
    assert balance.ask("TAC") == "TAC A"
    assert balance.ask("SI") == f"S S   {gross_g:.5f} g"
    assert balance.ask("T") == f"T S   {gross_g:.5f} g"
    assert balance.ask("Z") == "Z A"
    assert balance.ask("TA") == "TA A    0.00000 g"
    assert balance.ask("SI") == "S S    0.00000 g"
    balance.ask("TA 1 g")
    assert balance.ask("ZI") == "ZI S"
    assert balance.ask("SI") == "S S    0.00000 g"


LOADED = [{"kind": "load", "at_s": 100.0, "duration_s": 1000.0, "load_g": 10.0}]


@pytest.mark.parametrize(("command", "answer"), [("S", r"S S +17\.5\d+ g"), ("T", r"T S +67\.9\d+ g"), ("Z", "Z A")])
def test_waiting_for_a_stable_reading(command: str, answer: str) -> None:
    balance = BalanceOnBench(QUIET, LOADED).at(101.0)
    assert balance.lines(command) == []
    due_s = balance.session.next_output_s()
    assert due_s is not None
    assert due_s > 101.0
    assert balance.at(101.05).spoken() == []
    (line,) = balance.at(120.0).spoken()
    assert re.fullmatch(answer, line)
    assert balance.session.next_output_s() is None


def test_waiting_ends_with_the_next_command_or_after_half_a_minute() -> None:
    restless = {"balance.stability_window_ug": 0.001, "balance.white_noise_ug": 1e4}
    balance = BalanceOnBench(restless).at(101.0)
    assert balance.lines("S") == []
    assert balance.weight().state is ReadingState.DYNAMIC
    assert balance.at(200.0).spoken() == []
    assert balance.lines("T") == []
    assert balance.at(229.9).spoken() == []
    assert balance.at(230.2).spoken() == ["T I"]


def test_repeated_immediate_values_come_at_the_update_rate_until_the_next_command() -> None:
    balance = BalanceOnBench()
    balance.ask("UPD 2")
    assert len(balance.lines("SIR")) == 1
    sent = balance.at(62.0).spoken()
    assert len(sent) == 4  # at 60.5, 61.0, 61.5 and 62.0 s
    fresh = BalanceOnBench()
    assert sent == [fresh.at(t_s).ask("SI") for t_s in (60.5, 61.0, 61.5, 62.0)]
    assert len(balance.at(100_000.0).spoken()) == 50
    balance.ask("SI")
    assert balance.at(100_010.0).spoken() == []
    assert balance.session.next_output_s() is None


def test_values_on_change_are_stable_ones_beyond_the_deadband() -> None:
    events = [
        {"kind": "load", "at_s": 100.0, "duration_s": 1000.0, "load_g": 0.5},
        {"kind": "load", "at_s": 130.0, "duration_s": 1000.0, "load_g": 2.0},
    ]
    balance = BalanceOnBench(QUIET, events)
    before_g = balance.bench.balance_signal(60.0).indication_g
    assert balance.lines("SR 1 g") == [f"S S    {before_g:.5f} g"]
    (line,) = [line for t_s in np.arange(60.0, 200.0, 1.0) for line in balance.at(t_s).spoken()]
    reading = read_weight(f"{line}\r\n".encode("ascii"))
    assert reading is not None
    assert reading.mass_g == pytest.approx(before_g + 2.5, abs=0.001)
    balance.ask("@")
    assert len(balance.at(60.0).lines("SR")) == 1
    assert balance.at(99.0).spoken() == []


def test_nothing_else_is_done_during_an_adjustment() -> None:
    balance = BalanceOnBench()
    assert balance.ask("C3") == "C3 B"
    assert balance.at(70.0).weight().state is ReadingState.BUSY
    for command in ("S", "TI", "Z", "M03 0", "I4", "C3", "UPD"):
        assert balance.ask(command) == f"{command.split()[0]} I"
    assert balance.spoken() == []
    assert balance.at(60.0 + ADJUSTMENT_S).spoken() == ["C3 A"]
    assert balance.weight().state.carries_number
    balance.ask("C3")
    assert balance.ask("@") == 'I4 A "B123456789"'
    assert balance.weight().state.carries_number
    assert balance.at(1000.0).spoken() == []


def test_zero_tracking_eats_a_slow_change_unless_it_is_off() -> None:
    thirsty = {"vessel.evaporation_ug_per_min": {"value": 100.0, "u": 0.0, "distribution": "normal"}}

    def gain_mg(*commands: str) -> float:
        balance = BalanceOnBench(QUIET | thirsty)
        for command in commands:
            assert balance.ask(command) == f"{command.split()[0]} A"
        balance.ask("TI")
        mass_g = balance.at(3660.0).weight().mass_g
        assert mass_g is not None
        return 1000.0 * mass_g

    assert gain_mg("M01 2", "M03 0") < -4.0
    assert abs(gain_mg("M01 2", "M03 1")) < 0.2
    assert abs(gain_mg("M03 0")) < 0.2  # an adaptive filter does the same


def test_the_filter_follows_the_environment() -> None:
    def time_to_settle(environment: str) -> float:
        balance = BalanceOnBench(QUIET | {"balance.adaptive": False}, LOADED)
        balance.ask(f"M02 {environment}")
        final_g = balance.at(160.0).weight().mass_g
        assert final_g is not None
        times_s = np.linspace(100.0, 159.8, 300)
        values_g = balance.bench.indications_g(times_s)
        return float(times_s[np.flatnonzero(values_g < final_g - 0.1)[-1]] - 100.0)

    settled_s = [time_to_settle(str(environment)) for environment in range(5)]
    assert settled_s == sorted(settled_s)
    assert settled_s[-1] > 5.0 * settled_s[0]


def test_the_inner_temperature_follows_the_room() -> None:
    balance = BalanceOnBench()
    found = re.fullmatch(r"M28 A 1 (\d+\.\d)", balance.ask("M28"))
    assert found is not None
    assert 0.0 < float(found[1]) - balance.bench.room(60.0).temperature_c < 2.0


def test_an_open_door_is_told() -> None:
    balance = BalanceOnBench(QUIET, [{"kind": "door_open", "at_s": 100.0, "duration_s": 20.0, "step_mg": 1.0}])
    assert [balance.at(t_s).ask("WS") for t_s in (99.0, 110.0, 130.0)] == ["WS A 0", "WS A 1", "WS A 0"]


def test_polling_more_often_sees_the_same_values() -> None:
    often, seldom = BalanceOnBench(), BalanceOnBench()
    seen = {t_s: often.at(t_s).ask("SI") for t_s in np.arange(60.0, 160.0, 0.1).round(1)}
    for t_s in (65.0, 100.0, 150.0):
        assert seldom.at(t_s).ask("SI") == seen[t_s]


WORDS = "@ C0 C3 D DW I0 I1 I10 K M01 M02 M03 M21 M28 S SI SIR SR T TA TAC TI UPD WS Z ZI 0 1 2 5 g mg 12.5 -1 nan"
words = st.sampled_from(WORDS.split())
commands = st.lists(words, min_size=1, max_size=4).map(lambda parts: " ".join(parts).encode() + b"\r\n")


@given(st.lists(st.tuples(st.floats(0.0, 60.0), st.one_of(st.binary(max_size=60), commands)), max_size=20))
@settings(max_examples=60, deadline=None)
def test_nothing_one_can_send_upsets_the_balance(said: list[tuple[float, bytes]]) -> None:
    balance = BalanceOnBench()
    for wait_s, message in said:
        balance.now_s += wait_s
        for answer in (balance.session.receive(message, balance.now_s), balance.session.speak(balance.now_s)):
            for line in split(answer):
                assert re.fullmatch(r"E[SLT]|[A-Z][A-Z0-9]{0,2} [A-Z+-]( .+)?", line), line
    balance.session.receive(b"\r\n", balance.now_s)
    assert balance.ask("@") == 'I4 A "B123456789"'
    assert balance.weight().state is not ReadingState.BUSY
