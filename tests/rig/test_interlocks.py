"""Interlocks: each limit trips once, at the sample that reaches it, and numbers that are none do not reset silence."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.errors import InstrumentTimeout, LinkLost
from results.trace.schema import AMBIENT, MASS, SAMPLE_CLOCK, Block
from results.trace.status import SampleStatus
from rig.acquisition.sample import Sample
from rig.safety.interlocks import InterlockLimits, Interlocks
from rig.trip import Trip, TrippingSample

LIMITS = InterlockLimits(burst_pressure_kpa=150.0, vessel_full_g=20.0, silent_after_s=60.0)


class Guard:
    """Interlocks on a virtual clock, and the trips they told of."""

    def __init__(self, limits: InterlockLimits = LIMITS) -> None:
        self.clock = VirtualClock()
        self.trips: list[Trip] = []
        self.interlocks = Interlocks(limits, clock=self.clock)
        self.interlocks.call_on_trip(self.trips.append)

    def mass(self, mass_g: float, status: SampleStatus = SampleStatus.GOOD) -> None:
        self.interlocks.watch(Sample(MASS, 0, status, (mass_g, b"")))

    def air(self, temperature_c: float, status: SampleStatus = SampleStatus.GOOD) -> None:
        self.interlocks.watch(Sample(AMBIENT, 0, status, (temperature_c, 50.0, 1000.0)))

    def pressure(self, *pressure_kpa: float, status_of_last: SampleStatus | None = None) -> None:
        values = np.array(pressure_kpa)
        status = np.where(np.isnan(values), SampleStatus.WIRE_BREAK, SampleStatus.GOOD).astype(np.uint8)
        if status_of_last is not None:
            status[-1] = status_of_last
        times = np.arange(len(values), dtype=np.int64)
        self.interlocks.watch(Block("pressure_line", times, status, {"pressure_kpa": values}))


@pytest.mark.parametrize(("mass_g", "trips"), [(19.999, 0), (20.0, 1), (25.0, 1), (math.nan, 1)])
def test_a_full_vessel_trips(mass_g: float, trips: int) -> None:
    guard = Guard()
    guard.mass(mass_g)
    assert len(guard.trips) == trips
    assert all(trip.is_limit and "vessel full" in trip.reason for trip in guard.trips)


@pytest.mark.parametrize(("pressures", "trips"), [((1.0, 149.9), 0), ((1.0, 150.0, 2.0), 1), ((math.nan, 200.0), 1)])
def test_burst_pressure_trips(pressures: tuple[float, ...], trips: int) -> None:
    guard = Guard()
    guard.pressure(*pressures)
    assert len(guard.trips) == trips
    assert all(trip.is_limit and "burst" in trip.reason for trip in guard.trips)


def test_silence_trips_after_its_time_and_names_the_last_error() -> None:
    guard = Guard()
    with guard.clock.participate("test"):
        guard.mass(1.0)
        guard.clock.sleep_until(30.0)
        guard.interlocks.note_error(MASS, InstrumentTimeout("no reply", instrument="balance", command="SI"))
        guard.mass(math.nan, SampleStatus.TIMEOUT)
        assert guard.trips == []
        guard.clock.sleep_until(60.0)
        guard.mass(math.nan, SampleStatus.TIMEOUT)
    (trip,) = guard.trips
    assert not trip.is_limit
    assert "60 s" in trip.reason
    assert "timeout" in trip.reason
    assert "SI" in str(trip.error)


def test_a_good_sample_ends_the_silence() -> None:
    guard = Guard()
    with guard.clock.participate("test"):
        guard.mass(math.nan, SampleStatus.OVERLOAD)
        guard.clock.sleep_until(59.0)
        guard.mass(1.0)
        guard.clock.sleep_until(118.0)
        guard.mass(math.nan, SampleStatus.OVERLOAD)
    assert guard.trips == []


def test_a_channel_with_a_broken_wire_is_silent() -> None:
    guard = Guard()
    with guard.clock.participate("test"):
        guard.pressure(math.nan, math.nan)
        guard.clock.sleep_until(60.0)
        guard.pressure(math.nan, math.nan)
    (trip,) = guard.trips
    assert "wire break" in trip.reason


def test_a_pressure_below_the_range_of_its_transducer_is_low_and_no_silence() -> None:
    guard = Guard()
    with guard.clock.participate("test"):
        for second in range(0, 200, 10):
            guard.clock.sleep_until(float(second))
            guard.interlocks.watch(below_range(second, SampleStatus.UNDER_RANGE))
        assert not guard.trips
        for second in range(200, 270, 10):
            guard.clock.sleep_until(float(second))
            guard.interlocks.watch(below_range(second, SampleStatus.WIRE_BREAK))
    (trip,) = guard.trips
    assert "no number for 60 s (last state: wire break)" in trip.reason


def below_range(second: int, last: SampleStatus) -> Block:
    states = np.array([SampleStatus.UNDER_RANGE, last], dtype=np.uint8)
    times_ns = np.array([second, second + 1], dtype=np.int64) * 1_000_000_000
    return Block("pressure_line", times_ns, states, {"pressure_kpa": np.full(2, math.nan)})


def test_a_lost_link_trips_at_once_and_only_the_first_trip_counts() -> None:
    guard = Guard()
    guard.interlocks.note_error(MASS, LinkLost("unplugged", instrument="balance"))
    guard.mass(100.0)
    (trip,) = guard.trips
    assert trip is guard.interlocks.trip
    assert "link is lost" in trip.reason


def test_an_instrument_nobody_reads_any_more_trips_by_the_samples_of_another() -> None:
    guard = Guard()
    with guard.clock.participate("test"):
        guard.pressure(1.0)
        for second in range(1, 61):
            guard.clock.sleep_until(float(second))
            guard.mass(1.0)
        assert not guard.trips
        guard.clock.sleep_until(61.0)
        guard.mass(1.0)
    (trip,) = guard.trips
    assert "pressure_line: nothing was read for 61 s" in trip.reason
    assert not trip.is_limit


def test_an_instrument_that_is_read_rarely_and_gives_no_number_is_not_said_to_be_held_up() -> None:
    guard = Guard()
    with guard.clock.participate("test"):
        guard.mass(1.0)
        for second in range(1, 76):
            guard.clock.sleep_until(float(second))
            guard.pressure(1.0)
            if second % 25 == 0:
                guard.mass(math.nan, SampleStatus.BUSY)
    (trip,) = guard.trips
    assert "mass: no number for 75 s (last state: busy)" in trip.reason


def test_the_sample_clock_is_not_missed_while_its_channels_are_in_a_gap() -> None:
    guard = Guard()
    with guard.clock.participate("test"):
        guard.interlocks.expect([MASS, SAMPLE_CLOCK, "pressure_line"])
        guard.interlocks.watch(Sample(SAMPLE_CLOCK, 0, SampleStatus.GOOD, (0.0, 0.0)))
        for second in range(90):
            guard.clock.sleep_until(float(second))
            guard.mass(1.0)
            if second in (0, 40, 55):
                guard.pressure(1.0 if second == 0 else math.nan)
        guard.pressure(1.0)
    assert not guard.trips


def test_a_stream_that_never_begins_is_missed() -> None:
    guard = Guard()
    with guard.clock.participate("test"):
        guard.interlocks.expect([MASS, "pressure_line"])
        for second in range(62):
            guard.clock.sleep_until(float(second))
            assert not guard.trips
            guard.mass(1.0)
    (trip,) = guard.trips
    assert "pressure_line: nothing was read for 61 s" in trip.reason


@pytest.mark.parametrize("pressure_kpa", [10.0, math.nan])
def test_above_the_range_of_the_transducer_trips_whatever_number_comes_with_it(pressure_kpa: float) -> None:
    guard = Guard()
    guard.pressure(1.0, pressure_kpa, status_of_last=SampleStatus.OVER_RANGE)
    (trip,) = guard.trips
    assert trip.is_limit
    assert "above the range" in trip.reason


def test_a_trip_names_the_first_sample_that_reached_the_limit() -> None:
    guard = Guard()
    guard.pressure(1.0, math.nan, 160.0, 180.0)
    (trip,) = guard.trips
    assert trip.sample == TrippingSample("pressure_line", 2, "GOOD", "pressure_kpa", 160.0)
    assert "180.0 kPa" in trip.reason


def test_a_silence_names_the_sample_at_which_it_had_lasted_too_long() -> None:
    guard = Guard()
    with guard.clock.participate("test"):
        guard.mass(1.0)
        guard.clock.sleep_until(60.0)
        guard.interlocks.watch(Sample(MASS, 60_000_000_000, SampleStatus.TIMEOUT, (math.nan, b"")))
    (trip,) = guard.trips
    assert trip.sample == TrippingSample(MASS, 60_000_000_000, "TIMEOUT", "mass_g", None)
    assert trip.as_record()["sample"] == {
        "stream": MASS,
        "time_ns": 60_000_000_000,
        "status": "TIMEOUT",
        "quantity": "mass_g",
        "value": None,
    }


def test_where_no_sample_tells_it_none_is_named() -> None:
    guard = Guard()
    guard.interlocks.note_error(MASS, LinkLost("unplugged", instrument="balance"))
    assert guard.trips[0].as_record()["sample"] is None


@pytest.mark.parametrize(
    ("temperature_c", "status", "trips"),
    [
        (18.0, SampleStatus.GOOD, 0),
        (26.0, SampleStatus.GOOD, 0),
        (17.99, SampleStatus.GOOD, 1),
        (26.01, SampleStatus.GOOD, 1),
        (60.0, SampleStatus.DEVICE_ERROR, 1),
        (math.inf, SampleStatus.GOOD, 1),
        (math.nan, SampleStatus.GOOD, 0),
    ],
)
def test_air_outside_its_band_trips(temperature_c: float, status: SampleStatus, trips: int) -> None:
    guard = Guard(replace(LIMITS, air_temperature_c=(18.0, 26.0)))
    guard.air(temperature_c, status)
    assert len(guard.trips) == trips
    assert all(trip.is_limit and "air temperature" in trip.reason for trip in guard.trips)
    assert all(trip.sample is not None and trip.sample.quantity == "temperature_c" for trip in guard.trips)


def test_without_a_band_no_temperature_trips() -> None:
    guard = Guard()
    guard.air(60.0)
    guard.air(math.nan)
    assert guard.trips == []


def test_a_temperature_that_is_no_number_is_silence_where_there_is_a_band() -> None:
    guard = Guard(replace(LIMITS, air_temperature_c=(18.0, 26.0)))
    with guard.clock.participate("test"):
        guard.air(math.nan)
        guard.clock.sleep_until(60.0)
        guard.air(math.nan)
    (trip,) = guard.trips
    assert "ambient: no number for 60 s" in trip.reason
