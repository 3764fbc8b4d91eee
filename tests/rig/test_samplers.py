"""Samplers: every tick is on record, whether it was read, failed or missed."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from instruments.clock import VirtualClock
from instruments.errors import InstrumentError, InstrumentTimeout
from results.trace.schema import MASS
from results.trace.status import SampleStatus
from rig.acquisition.sample import NS_PER_S, Sample
from rig.acquisition.samplers import NO_VALUES, Sampler, Values
from rig.acquisition.stream import SampleStream

Reply = tuple[SampleStatus, Values]


def sampled(
    read: Callable[[VirtualClock], Reply], *, until_s: float, period_s: float = 1.0, ask_again_s: float = math.inf
) -> tuple[list[Sample], Sampler]:
    """Run a sampler on a virtual clock and return what it published."""
    clock = VirtualClock()
    stream = SampleStream()
    samples: list[Sample] = []
    faults: list[InstrumentError] = []
    stream.subscribe(lambda item: samples.append(item) if isinstance(item, Sample) else None)
    sampler = Sampler(
        MASS,
        clock=clock,
        stream=stream,
        origin_s=0.0,
        period_s=period_s,
        read=lambda: read(clock),
        no_values=NO_VALUES[MASS],
        on_fault=lambda _, error: faults.append(error),
        ask_again_s=ask_again_s,
    )
    with clock.participate("test"):
        stop = clock.event()
        task = clock.spawn("sampler", lambda: sampler.run(stop))
        clock.sleep_until(until_s)
        stop.set()
        task.join()
        if task.error is not None:
            raise task.error
    assert sampler.tally.failed == len(faults)
    return samples, sampler


def good(clock: VirtualClock) -> Reply:
    return SampleStatus.GOOD, (clock.now(), b"ok")


def test_samples_stand_on_the_grid() -> None:
    samples, sampler = sampled(good, until_s=5.5)
    assert [sample.time_ns for sample in samples] == [k * NS_PER_S for k in range(6)]
    assert [sample.values[0] for sample in samples] == [float(k) for k in range(6)]
    assert (sampler.tally.due, sampler.tally.missed, sampler.tally.late, sampler.tally.failed) == (6, 0, 0, 0)


def test_a_slow_read_misses_ticks_and_each_is_on_record() -> None:
    def slow_once(clock: VirtualClock) -> Reply:
        if clock.now() == 2.0:
            clock.sleep_until(5.25)
        return good(clock)

    samples, sampler = sampled(slow_once, until_s=7.5)
    statuses = [(sample.time_ns / NS_PER_S, sample.status) for sample in samples]
    assert statuses == [
        (0.0, SampleStatus.GOOD),
        (1.0, SampleStatus.GOOD),
        (3.625, SampleStatus.GOOD),
        (3.625 + 1e-9, SampleStatus.MISSED),
        (4.0, SampleStatus.MISSED),
        (5.25, SampleStatus.GOOD),
        (6.0, SampleStatus.GOOD),
        (7.0, SampleStatus.GOOD),
    ]
    assert sampler.tally.missed == 2
    assert sampler.tally.late == 1
    assert sampler.tally.due == len(samples)


def test_a_failed_read_is_a_sample_without_a_number() -> None:
    def fails_at_two(clock: VirtualClock) -> Reply:
        if clock.now() == 2.0:
            raise InstrumentTimeout("no reply", instrument="balance")
        return good(clock)

    samples, sampler = sampled(fails_at_two, until_s=3.5)
    assert [sample.status for sample in samples] == [
        SampleStatus.GOOD,
        SampleStatus.GOOD,
        SampleStatus.TIMEOUT,
        SampleStatus.GOOD,
    ]
    assert math.isnan(float(samples[2].values[0]))
    assert sampler.tally.failed == 1


def test_the_first_answer_after_a_fault_is_dated_by_an_exchange_of_its_own() -> None:
    """Before it the link was opened anew, the device identified and set."""

    def opened_anew_at_three(clock: VirtualClock) -> Reply:
        if clock.now() == 2.0:
            raise InstrumentTimeout("no reply", instrument="balance")
        if clock.now() == 3.0:
            clock.sleep_until(3.75)
        return good(clock)

    samples, _ = sampled(opened_anew_at_three, until_s=4.5)
    assert [(sample.time_ns / NS_PER_S, sample.status) for sample in samples] == [
        (0.0, SampleStatus.GOOD),
        (1.0, SampleStatus.GOOD),
        (2.0, SampleStatus.TIMEOUT),
        (3.75, SampleStatus.GOOD),
        (4.0, SampleStatus.GOOD),
    ]
    assert samples[3].values[0] == 3.75


def test_a_pump_is_asked_again_soon_after_a_lost_answer() -> None:
    def silent_for_a_while(clock: VirtualClock) -> Reply:
        if 20.0 <= clock.now() < 28.0:
            raise InstrumentTimeout("no reply", instrument="pump")
        return good(clock)

    samples, sampler = sampled(silent_for_a_while, until_s=41.0, period_s=20.0, ask_again_s=5.0)
    assert [(sample.time_ns / NS_PER_S, sample.status) for sample in samples] == [
        (0.0, SampleStatus.GOOD),
        (20.0, SampleStatus.TIMEOUT),
        (25.0, SampleStatus.TIMEOUT),
        (30.0, SampleStatus.GOOD),
        (40.0, SampleStatus.GOOD),
    ]
    assert (sampler.tally.due, sampler.tally.failed) == (3, 2)


def test_a_sampler_that_asks_again_ends_when_it_is_told() -> None:
    def silent(clock: VirtualClock) -> Reply:
        raise InstrumentTimeout("no reply", instrument="pump")

    samples, _ = sampled(silent, until_s=12.0, period_s=20.0, ask_again_s=5.0)
    assert [sample.time_ns / NS_PER_S for sample in samples] == [0.0, 5.0, 10.0]


def test_an_error_of_the_code_ends_the_sampler_and_is_kept() -> None:
    def broken(clock: VirtualClock) -> Reply:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sampled(broken, until_s=2.0)
