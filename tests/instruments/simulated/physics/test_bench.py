from __future__ import annotations

import threading
from typing import Any, cast

import numpy as np
import pytest

from instruments.simulated.physics.arrays import BalanceSet, Command, PumpFlow, Valve, simulate_arrays
from instruments.simulated.physics.bench import Bench
from instruments.simulated.physics.states import BalanceSignal

SCHEDULE: list[Command] = [
    BalanceSet(0.0, "adaptive", False),
    BalanceSet(0.0, "zero_tracking", False),
    BalanceSet(0.0, "filter", "stable"),
    Valve(3.33, "outlet", True),
    BalanceSet(61.7, "tare", True),
    PumpFlow(600.123, 60.0),
    PumpFlow(1800.0, 24.0),
    Valve(2500.05, "occluder", True),
    Valve(3100.0, "occluder", False),
    PumpFlow(4000.0, 0.0),
]
EVENTS = [
    {"kind": "spike", "at_s": 700.0, "duration_s": 5.0, "amplitude_mg": 4.0},
    {"kind": "bubble", "at_s": 1000.0, "volume_ul": 2.0},
    {"kind": "rezero", "at_s": 2000.1},
    {"kind": "leak", "at_s": 1500.0, "duration_s": 200.0, "resistance_kpa_h_per_ml": 0.2},
]


def _command(bench: Bench, command: Command) -> None:
    match command:
        case PumpFlow():
            bench.set_pump_flow(command.at_s, command.flow_ul_per_h)
        case Valve():
            bench.set_valve(command.at_s, command.name, energised=command.energised)
        case BalanceSet():
            bench.set_balance_setting(command.at_s, command.name, command.value)


def _polled(bench: Bench, period_s: float, until_s: float) -> dict[float, BalanceSignal]:
    """Ask for the balance at every period, giving commands when their time comes, as a live twin does."""
    waiting = list(SCHEDULE)
    signals = {}
    for poll in range(int(until_s / period_s) + 1):
        now_s = poll * period_s
        while waiting and waiting[0].at_s <= now_s:
            _command(bench, waiting.pop(0))
        signals[now_s] = bench.balance_signal(now_s)
    return signals


@pytest.fixture(params=["factory settings", "as the rig sets it"])
def schedule(request: pytest.FixtureRequest) -> list[Command]:
    return SCHEDULE if request.param == "as the rig sets it" else SCHEDULE[2:]


def test_polling_rate_changes_nothing(typical: Any) -> None:
    truth = typical(events=EVENTS)
    slow = _polled(Bench(truth, 1), 5.0, 5000.0)
    fast = _polled(Bench(truth, 1), 0.5, 5000.0)
    for time_s, signal in slow.items():
        assert fast[time_s] == signal


def test_block_length_changes_nothing(typical: Any) -> None:
    truth = typical(events=EVENTS)
    reference = _polled(Bench(truth, 1), 5.0, 5000.0)
    for block_s in (1.0, 10.0, 137.0, 5000.0):
        assert _polled(Bench(truth, 1, block_s=block_s), 5.0, 5000.0) == reference


def test_the_live_bench_and_the_arrays_are_one(typical: Any, schedule: list[Command]) -> None:
    truth = typical(events=EVENTS)
    times_s = np.arange(0.0, 5000.0, 3.0)
    arrays = simulate_arrays(truth, 1, schedule, times_s)
    bench = Bench(truth, 1)
    waiting = list(schedule)
    live, stable, tip = [], [], []
    for now_s in times_s.tolist():
        while waiting and waiting[0].at_s <= now_s:
            _command(bench, waiting.pop(0))
        signal = bench.balance_signal(now_s)
        live.append(signal.indication_g)
        stable.append(signal.stable)
        tip.append(bench.tip_volume_ul(now_s))
    np.testing.assert_array_equal(np.array(live), arrays.indication_g)
    np.testing.assert_array_equal(np.array(stable), arrays.stable)
    np.testing.assert_array_equal(np.array(tip), arrays.tip_volume_ul)


def test_the_order_of_queries_changes_nothing(typical: Any) -> None:
    truth = typical(events=EVENTS)
    times_s = np.arange(0.0, 3000.0, 10.0)
    order = np.random.default_rng(1).permutation(times_s.size)

    def bench() -> Bench:
        made = Bench(truth, 1)
        for command in SCHEDULE[:7]:
            _command(made, command)
        return made

    forward, shuffled = bench(), bench()
    expected = [
        (
            forward.balance_signal(t),
            forward.room(t),
            forward.tip_volume_ul(t),
            forward.pump_mechanics(t),
            forward.pressure_kpa("line", np.array([t]))[0],
        )
        for t in times_s.tolist()
    ]
    for place in order.tolist():
        t = float(times_s[place])
        line = shuffled.pressure_kpa("line", np.array([t]))[0]
        mechanics, tip = shuffled.pump_mechanics(t), shuffled.tip_volume_ul(t)
        room, signal = shuffled.room(t), shuffled.balance_signal(t)
        assert (signal, room, tip, mechanics, line) == expected[place]


def test_seeds_differ_and_repeat(typical: Any) -> None:
    times_s = np.arange(0.0, 3000.0, 1.0)
    first, again, other = (simulate_arrays(typical(), seed, SCHEDULE[:6], times_s) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.indication_g, again.indication_g)
    assert np.abs(first.indication_g - other.indication_g).max() > 1e-4
    assert first.drawn == again.drawn != other.drawn


def test_threads_asking_at_random_see_one_bench(typical: Any) -> None:
    truth = typical()
    expected = _polled(Bench(truth, 1), 5.0, 2400.0)
    bench = Bench(truth, 1, block_s=60.0)
    waiting = list(SCHEDULE)
    stop = threading.Event()
    failures: list[BaseException] = []

    def pester(seed: int) -> None:
        random = np.random.default_rng(seed)
        try:
            while not stop.is_set():
                t = float(random.uniform(0.0, 600.0))
                bench.pressure_kpa("catheter", np.array([t, t + 1.0]))
                bench.tip_volume_ul(t)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=pester, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    try:
        for now_s, signal in expected.items():
            while waiting and waiting[0].at_s <= now_s:
                _command(bench, waiting.pop(0))
            assert bench.balance_signal(now_s) == signal
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures


def test_the_balance_shows_its_last_own_update(typical: Any) -> None:
    bench = Bench(typical(), 1)
    assert bench.balance_signal(0.6).update == 3
    assert bench.balance_signal(0.79).update == 3
    assert bench.balance_signal(0.79) == bench.balance_signal(0.6)
    for update in range(0, 100_000, 997):
        assert bench.balance_signal(update * 0.2).update == update


def test_it_wakes_up_tared_with_its_water(typical: Any) -> None:
    signal = Bench(typical(), 1).balance_signal(0.0)
    assert signal.indication_g == pytest.approx(7.5 * 1.0011, abs=2e-3)
    assert signal.tare_g == pytest.approx(50.4, abs=0.3)


class _Pulse:
    """A firmware timer: a bolus that ends by itself."""

    def __init__(self, bench: Bench, times_s: list[float]) -> None:
        self._bench = bench
        self.times_s = times_s
        self.acted: list[float] = []

    def next_due_s(self) -> float | None:
        return self.times_s[0] if self.times_s else None

    def act(self, t_s: float) -> None:
        self.acted.append(self.times_s.pop(0))
        self._bench.set_pump_flow(t_s, 0.0 if len(self.acted) % 2 == 0 else 1000.0)


def test_an_agent_acts_at_its_own_instant_before_anything_later(quiet: Any) -> None:
    bench = Bench(quiet(), 1)
    bench.balance_signal(1.0)  # has computed far ahead
    agent = _Pulse(bench, [100.05, 172.05, 4000.0])
    bench.add_agent(agent)
    assert bench.pump_mechanics(1000.0).strokes_commanded == 20  # 72 s at 1000 uL/h
    assert agent.acted == [100.05, 172.05]
    assert bench.tip_volume_ul(1000.0) == pytest.approx(20.0, abs=0.1)


def test_an_agent_acts_before_a_later_command_and_before_pressure_is_told(quiet: Any) -> None:
    bench = Bench(quiet(), 1)
    agent = _Pulse(bench, [50.0])
    bench.add_agent(agent)
    bench.set_valve(60.0, "outlet", energised=True)
    assert agent.acted == [50.0]
    agent.times_s.append(70.0)
    bench.pressure_kpa("line", np.array([65.0, 80.0]))
    assert agent.acted == [50.0, 70.0]
    assert bench.pump_mechanics(80.0).flow_ul_per_h == 0.0


def test_commands_out_of_order_are_refused(typical: Any) -> None:
    bench = Bench(typical(), 1)
    bench.set_pump_flow(100.0, 9.0)
    bench.set_valve(99.5, "outlet", energised=True)  # two threads of a wall-clock twin
    with pytest.raises(ValueError, match="comes after one for"):
        bench.set_pump_flow(98.0, 9.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("filter", "slow"), ("filter", True), ("tare", False), ("tare_g", "1"), ("zero_tracking", 1.0), ("taer", True)],
)
def test_unknown_balance_settings_are_refused(typical: Any, name: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="no setting"):
        Bench(typical(), 1).set_balance_setting(0.0, name, value)


@pytest.mark.parametrize("flow", [-1.0, float("nan"), float("inf")])
def test_impossible_flows_are_refused(typical: Any, flow: float) -> None:
    with pytest.raises(ValueError, match="cannot be commanded"):
        Bench(typical(), 1).set_pump_flow(0.0, flow)


def test_an_unknown_valve_is_refused(typical: Any) -> None:
    with pytest.raises(ValueError, match="no valve"):
        Bench(typical(), 1).set_valve(0.0, cast(Any, "inlet"), energised=True)
