"""Analog input through the unmodified nidaqmx client."""

from __future__ import annotations

import nidaqmx
import numpy as np
import pytest
from nidaqmx.constants import (
    READ_ALL_AVAILABLE,
    AcquisitionType,
    BridgeElectricalUnits,
    BridgePhysicalUnits,
    BridgeUnits,
    CurrentShuntResistorLocation,
    PressureUnits,
    VoltageUnits,
)
from nidaqmx.errors import DaqError, DaqReadError
from nidaqmx.scale import Scale
from nidaqmx.stream_readers import AnalogMultiChannelReader, AnalogSingleChannelReader
from numpy.typing import NDArray

from instruments.simulated.wires.ni_grpc import Quantity
from tests.instruments.simulated.benches import hand_clock
from tests.instruments.simulated.daq_device import RampDevice, Served, served

CONTINUOUS, FINITE = AcquisitionType.CONTINUOUS, AcquisitionType.FINITE


def sampling(daq: Served, *, inputs: str = "Dev1/ai0:1", rate_hz: float = 10.0) -> nidaqmx.Task:
    task = daq.task()
    task.ai_channels.add_ai_voltage_chan(inputs, min_val=-1000.0, max_val=1000.0)
    task.timing.cfg_samp_clk_timing(rate_hz, sample_mode=CONTINUOUS)
    return task


def read(task: nidaqmx.Task, count: int) -> tuple[NDArray[np.float64], int]:
    reader = AnalogMultiChannelReader(task.in_stream)
    samples = np.full((len(task.ai_channels), count), np.nan)
    return samples, reader.read_many_sample(samples, count, timeout=0.0)


def test_blocks_follow_the_sample_clock_from_the_start_of_the_task() -> None:
    with hand_clock() as clock, served(clock) as daq:
        clock.sleep_until(100.0)
        with sampling(daq) as task:
            task.start()
            clock.sleep_until(101.0)
            first, count = read(task, 10)
            clock.sleep_until(102.05)
            second, _ = read(task, 10)
            assert task.in_stream.avail_samp_per_chan == 0
    assert count == 10
    times_s = 100.0 + np.arange(20) / 10.0
    np.testing.assert_allclose(np.hstack((first, second)), [times_s, 2.0 * times_s], rtol=1e-12)
    assert daq.device.asked == [
        (channel, Quantity.VOLTAGE, first_sample, 10) for first_sample in (0, 10) for channel in ("ai0", "ai1")
    ]


def test_a_fast_device_clock_takes_more_samples_and_takes_them_earlier() -> None:
    fast = RampDevice(clock_factor=1.01)
    with hand_clock() as clock, served(clock, fast) as daq, sampling(daq, inputs="Dev1/ai0") as task:
        task.start()
        clock.sleep_until(90.05)
        assert task.in_stream.avail_samp_per_chan == 909
        assert task.timing.samp_clk_rate == 10.0  # the driver knows the nominal rate only
        samples, _ = read(task, 909)
    np.testing.assert_allclose(samples[0], np.arange(909) / 10.1, rtol=1e-12)


def test_samples_not_yet_taken_come_as_an_error_that_carries_the_others() -> None:
    with hand_clock() as clock, served(clock) as daq, sampling(daq) as task:
        task.start()
        clock.sleep_until(0.75)
        reader = AnalogMultiChannelReader(task.in_stream)
        samples = np.full((2, 10), np.nan)
        with pytest.raises(DaqReadError) as caught:
            reader.read_many_sample(samples, 10, timeout=0.0)
        clock.sleep_until(1.0)
        rest, count = read(task, 3)
    assert caught.value.error_code == -200284
    assert caught.value.samps_per_chan_read == 7
    np.testing.assert_allclose(samples[0, :7], np.arange(7) / 10.0)
    np.testing.assert_array_equal(samples[:, 7:], 0.0)
    assert count == 3
    np.testing.assert_allclose(rest[0], [0.7, 0.8, 0.9])


def test_reading_all_there_is() -> None:
    with hand_clock() as clock, served(clock) as daq, sampling(daq) as task:
        task.start()
        assert task.read(READ_ALL_AVAILABLE) == [[], []]
        clock.sleep_until(0.5)
        samples = task.read(READ_ALL_AVAILABLE)
    np.testing.assert_allclose(samples, [np.arange(5) / 10.0, np.arange(5) / 5.0])


def test_an_overrun_is_an_error_until_the_task_starts_again() -> None:
    with hand_clock() as clock, served(clock) as daq, sampling(daq) as task:
        task.start()
        clock.sleep_until(100.0)
        assert task.in_stream.avail_samp_per_chan == 1000  # the whole buffer
        clock.sleep_until(100.2)
        for _ in range(2):
            with pytest.raises(DaqReadError) as caught:
                read(task, 10)
            assert caught.value.error_code == -200279
            assert caught.value.samps_per_chan_read == 0
        task.stop()
        task.start()
        clock.sleep_until(101.3)
        samples, count = read(task, 10)
    assert count == 10
    np.testing.assert_allclose(samples[0], 100.2 + np.arange(10) / 10.0)


def test_the_buffer_grows_with_the_samples_asked_for_in_the_timing() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        task.ai_channels.add_ai_voltage_chan("Dev1/ai0", min_val=-1e6, max_val=1e6)
        task.timing.cfg_samp_clk_timing(10.0, sample_mode=CONTINUOUS, samps_per_chan=5000)
        task.start()
        clock.sleep_until(500.0)
        assert read(task, 5000)[1] == 5000


def test_a_finite_task_ends_and_gives_no_more_than_it_took() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        task.ai_channels.add_ai_voltage_chan("Dev1/ai0", min_val=-10.0, max_val=10.0)
        task.timing.cfg_samp_clk_timing(10.0, sample_mode=FINITE, samps_per_chan=5)
        assert task.is_task_done()
        task.start()
        assert not task.is_task_done()
        with pytest.raises(DaqError) as caught:
            task.wait_until_done(timeout=1.0)
        assert caught.value.error_code == -200560
        clock.sleep_until(2.0)
        assert task.is_task_done()
        task.wait_until_done(timeout=1.0)
        np.testing.assert_allclose(task.read(50), np.arange(5) / 10.0)
        assert task.read(READ_ALL_AVAILABLE) == []


def test_on_demand_reads_take_the_present_value() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        task.ai_channels.add_ai_voltage_chan("Dev1/ai1", min_val=-10.0, max_val=10.0)
        clock.sleep_until(2.0)
        assert task.read() == 4.0
        assert AnalogSingleChannelReader(task.in_stream).read_one_sample() == 4.0
        assert task.read(3) == [4.0, 4.0, 4.0]
    assert [first for _, _, first, _ in daq.device.asked] == [0, 1, 2]


def test_two_tasks_of_one_device_cannot_sample_at_once() -> None:
    with hand_clock() as clock, served(clock) as daq, sampling(daq) as one, sampling(daq, inputs="Dev1/ai2") as two:
        one.start()
        with pytest.raises(DaqError) as caught:
            two.start()
        assert caught.value.error_code == -50103
        one.stop()
        two.start()
        clock.sleep_until(1.0)
        assert read(two, 10)[1] == 10


def test_each_kind_of_channel_measures_its_own_quantity_and_is_scaled_and_clipped() -> None:
    with hand_clock() as clock, served(clock) as daq:
        clock.sleep_until(2.0)
        with daq.task() as task:
            task.ai_channels.add_ai_voltage_chan("Dev1/ai0", "voltage", min_val=0.0, max_val=5.0)
            task.ai_channels.add_ai_current_chan(
                "Dev1/ai1",
                "current",
                min_val=-10.0,
                max_val=3.5,
                shunt_resistor_loc=CurrentShuntResistorLocation.EXTERNAL,
                ext_shunt_resistor_val=249.0,
            )
            task.ai_channels.add_ai_bridge_chan(
                "Dev1/ai2", "bridge", min_val=-1e5, max_val=1e5, units=BridgeUnits.MILLIVOLTS_PER_VOLT
            )
            task.ai_channels.add_ai_pressure_bridge_two_point_lin_chan(
                "Dev1/ai3",
                "pressure",
                min_val=0.0,
                max_val=1e6,
                units=PressureUnits.BAR,
                first_electrical_val=1.0,
                second_electrical_val=3.0,
                electrical_units=BridgeElectricalUnits.MILLIVOLTS_PER_VOLT,
                first_physical_val=0.0,
                second_physical_val=1.0e5,
                physical_units=BridgePhysicalUnits.PASCALS,
            )
            # ai3 reads 8 V/V: 8000 mV/V, and 1 bar for each 2 mV/V above 1 mV/V.
            np.testing.assert_allclose(task.read(), [2.0, 3.5, 6000.0, 7999.0 / 2.0], rtol=1e-12)
    assert [quantity for _, quantity, _, _ in daq.device.asked] == [
        Quantity.VOLTAGE,
        Quantity.CURRENT,
        Quantity.BRIDGE_RATIO,
        Quantity.BRIDGE_RATIO,
    ]


def test_a_pressure_bridge_in_psi() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        task.ai_channels.add_ai_pressure_bridge_two_point_lin_chan(
            "Dev1/ai0", min_val=-1e6, max_val=1e6, second_electrical_val=2.0
        )
        clock.sleep_until(0.003)
        # The client's own units: 3 mV/V, 100 psi at 2 mV/V.
        assert task.read() == pytest.approx(150.0)


def test_a_custom_scale() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        scale = Scale.create_lin_scale("kilopascals", slope=50.0, y_intercept=-10.0, grpc_options=daq.options())
        task.ai_channels.add_ai_voltage_chan(
            "Dev1/ai0",
            min_val=-10.0,
            max_val=500.0,
            units=VoltageUnits.FROM_CUSTOM_SCALE,
            custom_scale_name=scale.name,
        )
        clock.sleep_until(2.0)
        assert task.read() == pytest.approx(90.0)


@pytest.mark.parametrize(
    ("physical", "limits", "code"),
    [
        ("Dev1/ai9", (0.0, 5.0), -200170),
        ("Dev2/ai0", (0.0, 5.0), -200220),
        ("Dev1/ai0:9", (0.0, 5.0), -200170),
        ("Dev1/ai0", (5.0, 5.0), -200082),
        ("", (0.0, 5.0), -200170),
    ],
)
def test_channels_that_cannot_be(physical: str, limits: tuple[float, float], code: int) -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        with pytest.raises(DaqError) as caught:
            task.ai_channels.add_ai_voltage_chan(physical, min_val=limits[0], max_val=limits[1])
        assert caught.value.error_code == code
        assert not isinstance(caught.value, DaqReadError)


@pytest.mark.parametrize(
    ("rate_hz", "code"), [(0.0, -200077), (-1.0, -200077), (float("nan"), -200077), (1e9, -200332)]
)
def test_rates_that_cannot_be(rate_hz: float, code: int) -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        task.ai_channels.add_ai_voltage_chan("Dev1/ai0")
        with pytest.raises(DaqError) as caught:
            task.timing.cfg_samp_clk_timing(rate_hz)
        assert caught.value.error_code == code


def test_a_task_must_have_channels_and_must_not_change_while_it_runs() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        with pytest.raises(DaqError) as caught:
            task.start()
        assert caught.value.error_code == -200478
        task.ai_channels.add_ai_voltage_chan("Dev1/ai0", "one")
        with pytest.raises(DaqError) as caught:
            task.ai_channels.add_ai_voltage_chan("Dev1/ai1", "one")
        assert caught.value.error_code == -200489
        task.start()
        with pytest.raises(DaqError) as caught:
            task.ai_channels.add_ai_voltage_chan("Dev1/ai1")
        assert caught.value.error_code == -200479
