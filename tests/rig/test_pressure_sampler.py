"""The pressure's sampler against a DAQ behind its wire: streams, the sample clock's record, and a reader held up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest

from instruments.clock import Task, VirtualClock
from instruments.daq.pressure import PressureOptions, open_pressure
from instruments.errors import InstrumentError, InstrumentTimeout, LinkLost, SamplesLost
from instruments.interfaces import PressureInput
from instruments.readings import PressureBlock
from instruments.simulated.wires.ni_grpc import Quantity
from results.timebase import SampleClock, fit_sample_clock
from results.trace.schema import SAMPLE_CLOCK, Block
from rig.acquisition.pressure_sampler import PressureSampler
from rig.acquisition.sample import Sample
from rig.acquisition.stream import Item, SampleStream
from tests.instruments.daq_peer import SERIAL, BenchDaq, served

RATE_HZ, BLOCK_S = 100.0, 0.5
ORIGIN_S = 2.0
SIGNALS = {"ai0": (Quantity.VOLTAGE, 2.5), "ai1": (Quantity.VOLTAGE, 4.0)}
OPTIONS = {
    "device": "Dev1",
    "serial": SERIAL,
    "transfer_s": 0.002,
    "channels": [{"name": "line", "physical_channel": "ai0", "kind": "voltage", "pressure_kpa": [0.0, 100.0]}],
    "voltages": [{"name": "valve", "physical_channel": "ai1"}],
}


@dataclass
class Sampled:
    """A sampler at work, and what it published."""

    clock: VirtualClock
    sampler: PressureSampler
    task: Task
    stream: SampleStream
    blocks: dict[str, list[Block]] = field(default_factory=dict)
    anchors: list[Sample] = field(default_factory=list)
    faults: list[InstrumentError] = field(default_factory=list)

    def listen(self, item: Item) -> None:
        if isinstance(item, Block):
            self.blocks.setdefault(item.stream, []).append(item)
        elif isinstance(item, Sample):
            self.anchors.append(item)

    def times_s(self, stream: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.concatenate([block.time_ns for block in self.blocks[stream]]) / 1e9

    def sample_clock(self) -> SampleClock:
        assert {anchor.stream for anchor in self.anchors} == {SAMPLE_CLOCK}
        nominal_s, early_s = np.array([anchor.values for anchor in self.anchors], dtype=np.float64).T
        return fit_sample_clock(nominal_s, np.array([anchor.time_ns for anchor in self.anchors]) / 1e9, early_s)


class SlowToAnswer:
    """A pressure input whose second answer takes some time, and holds what was sampled until then."""

    def __init__(self, own: PressureInput, clock: VirtualClock, delay_s: float) -> None:
        self._own = own
        self._clock = clock
        self._delays_s = [delay_s, 0.0]

    def read_available(self) -> PressureBlock:
        if self._delays_s:
            self._clock.sleep_until(self._clock.now() + self._delays_s.pop())
        return self._own.read_available()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


class RefusesToStart:
    """A pressure input that cannot be started so many times."""

    def __init__(self, own: PressureInput, times: int) -> None:
        self._own = own
        self._times = times

    def start(self, *, rate_hz: float, block_samples: int) -> None:
        if self._times:
            self._times -= 1
            raise LinkLost("gone", instrument="pressure")
        self._own.start(rate_hz=rate_hz, block_samples=block_samples)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


@contextmanager
def sampling(
    *,
    clock_factor: float = 1.0,
    block_s: float = BLOCK_S,
    held_up: Callable[[VirtualClock, Item], None] | None = None,
    slow_s: float = 0.0,
    refusals: int = 0,
    try_again_after_s: float | None = None,
) -> Iterator[Sampled]:
    """Sample a DAQ on a virtual clock until the block is left; `held_up` runs in the reading thread."""
    clock, device, stream = VirtualClock(), BenchDaq(SIGNALS), SampleStream(capacity=10**9)
    device.clock_factor = clock_factor
    with clock.participate("test"), served(device, clock) as (wire, _):
        pressure = open_pressure("pressure", PressureOptions.model_validate(OPTIONS), clock, grpc_address=wire.target)
        clock.sleep_until(ORIGIN_S + 0.25)
        faults: list[InstrumentError] = []

        def on_fault(source: str, error: InstrumentError) -> float | None:
            faults.append(error)
            return None if try_again_after_s is None else clock.now() + try_again_after_s

        given = cast(PressureInput, SlowToAnswer(pressure, clock, slow_s)) if slow_s else pressure
        sampler = PressureSampler(
            clock=clock,
            stream=stream,
            origin_s=ORIGIN_S,
            rate_hz=RATE_HZ,
            block_s=block_s,
            pressure=cast(PressureInput, RefusesToStart(given, refusals)) if refusals else given,
            on_fault=on_fault,
        )
        stop = clock.event()
        task = clock.spawn("sampler", lambda: sampler.run(stop))
        sampled = Sampled(clock, sampler, task, stream, faults=faults)
        stream.subscribe(sampled.listen)
        if held_up is not None:
            stream.subscribe(lambda item: held_up(clock, item))
        try:
            yield sampled
            stop.set()
            task.join()
        finally:
            pressure.close()


def hold_once(at_s: float, lasting_s: float) -> Callable[[VirtualClock, Item], None]:
    """Hold the reading thread up once, at the first item after a time."""
    held: list[float] = []

    def hold(clock: VirtualClock, item: Item) -> None:
        if not held and clock.now() >= at_s:
            held.append(clock.now())
            clock.sleep_until(clock.now() + lasting_s)

    return hold


def test_pressures_and_voltages_stand_on_one_time_base() -> None:
    with sampling() as sampled:
        sampled.clock.sleep_until(10.0)
    assert set(sampled.blocks) == {"pressure_line", "voltage_valve"}
    times_s = sampled.times_s("pressure_line")
    np.testing.assert_array_equal(times_s, sampled.times_s("voltage_valve"))
    np.testing.assert_allclose(times_s, 0.25 + np.arange(times_s.size) / RATE_HZ, atol=1e-9)
    volts = np.concatenate([block.columns["voltage_v"] for block in sampled.blocks["voltage_valve"]])
    assert volts.mean() == pytest.approx(4.0, rel=1e-4)
    assert sampled.sampler.tally.samples == times_s.size


def test_what_the_sample_clock_was_worth_is_recorded_about_once_a_second() -> None:
    with sampling() as sampled:
        sampled.clock.sleep_until(62.25)
    assert 55 <= len(sampled.anchors) <= 61
    nominal_s, early_s = np.array([anchor.values for anchor in sampled.anchors], dtype=np.float64).T
    assert np.isin(nominal_s.round(6), sampled.times_s("pressure_line").round(6)).all()
    # Two periods, and the transfer the station states: at virtual time the answer itself takes none.
    np.testing.assert_allclose(early_s, 2.0 / RATE_HZ + 0.002)


@pytest.mark.parametrize("error_ppm", [50.0, -50.0])
def test_fifty_ppm_between_the_clocks_are_found(error_ppm: float) -> None:
    with sampling(clock_factor=1.0 + 1e-6 * error_ppm, block_s=2.0) as sampled:
        sampled.clock.sleep_until(1800.0)
    clock = sampled.sample_clock()
    assert abs(clock.rate_error_ppm - error_ppm) < 2.0 * clock.rate_u_ppm
    assert clock.rate_u_ppm < 5.0
    nominal_s = sampled.times_s("pressure_line")
    true_s = 0.25 + np.arange(nominal_s.size) / RATE_HZ / (1.0 + 1e-6 * error_ppm)
    off_s = clock.station_s(nominal_s) - true_s
    assert (np.abs(off_s) <= clock.half_width_s(nominal_s)).all()
    assert clock.half_width_s(nominal_s).max() < 0.02
    assert abs(nominal_s[-1] - true_s[-1]) > 0.08  # which is what reading the times as they stand would cost


def test_a_reader_held_up_for_less_than_the_buffer_loses_nothing() -> None:
    with sampling(held_up=hold_once(20.0, 40.0)) as sampled:
        sampled.clock.sleep_until(100.0)
    times_s = sampled.times_s("pressure_line")
    np.testing.assert_allclose(np.diff(times_s), 1.0 / RATE_HZ, atol=1e-9)
    assert times_s[-1] > 97.0
    assert not sampled.faults
    tally = sampled.sampler.tally
    assert (tally.late, tally.missed, tally.failed) == (1, 79, 0)
    assert tally.due == pytest.approx(tally.samples / RATE_HZ / BLOCK_S, abs=1.5)


def test_blocks_of_one_sample_bear_a_clock_that_runs_slow() -> None:
    with sampling(clock_factor=1.0 - 1e-3, block_s=1.0 / RATE_HZ) as sampled:
        sampled.clock.sleep_until(15.0)
    assert not sampled.faults
    assert sampled.sampler.tally.samples == pytest.approx((15.0 - ORIGIN_S - 0.25) * RATE_HZ * 0.999, abs=1.5)


def test_a_device_that_takes_no_samples_ends_it() -> None:
    with sampling(clock_factor=1e-9) as sampled:
        sampled.clock.sleep_until(15.0)
    (fault,) = sampled.faults
    assert isinstance(fault, InstrumentTimeout)
    assert "no sample within 0.5 s" in str(fault)


def test_an_answer_that_took_long_leaves_nothing_for_the_next_and_that_is_no_fault() -> None:
    with sampling(slow_s=1.5 * BLOCK_S) as sampled:
        sampled.clock.sleep_until(15.0)
    assert not sampled.faults
    assert sampled.sampler.tally.samples == pytest.approx((15.0 - ORIGIN_S - 0.25) * RATE_HZ, abs=1.5)


def check_times_rise_and_the_sample_clock_holds(sampled: Sampled) -> None:
    assert (np.diff(sampled.times_s("pressure_line")) > 0.0).all()
    for anchor in sampled.anchors:
        nominal_s, early_s = (float(value) for value in anchor.values)
        assert -1e-6 <= anchor.time_ns / 1e9 - nominal_s <= early_s + 1e-6


@pytest.mark.parametrize("refusals", [1, 3])
def test_a_device_that_cannot_be_started_at_first_is_had_within_a_gap(refusals: int) -> None:
    with sampling(refusals=refusals, try_again_after_s=1.0) as sampled:
        sampled.clock.sleep_until(10.0)
    assert len(sampled.faults) == refusals
    assert sampled.task.error is None
    check_times_rise_and_the_sample_clock_holds(sampled)


def test_gaps_bring_no_sample_out_of_its_time() -> None:
    """Nor does any fall behind: what the sample clock tells of itself holds after seven gaps as before the first."""
    held = [hold_once(at_s, 101.0) for at_s in range(4, 1000, 150)]

    def hold(clock: VirtualClock, item: Item) -> None:
        for one in held:
            one(clock, item)

    with sampling(held_up=hold, try_again_after_s=1.0) as sampled:
        sampled.clock.sleep_until(1100.0)
    assert len(sampled.faults) == 7
    check_times_rise_and_the_sample_clock_holds(sampled)


def test_a_reader_held_up_for_longer_ends_with_an_overrun_and_keeps_what_it_had() -> None:
    with sampling(held_up=hold_once(20.0, 101.0)) as sampled:
        sampled.clock.sleep_until(150.0)
    (fault,) = sampled.faults
    assert isinstance(fault, SamplesLost)
    assert b"-200279" in (fault.reply or b"")
    assert sampled.task.error is fault
    assert 17.0 < sampled.times_s("pressure_line")[-1] < 19.0
