"""Digital lines and discovery through the unmodified nidaqmx client."""

from __future__ import annotations

import pytest
from nidaqmx.constants import ChannelType, LineGrouping
from nidaqmx.errors import DaqError
from nidaqmx.stream_readers import DigitalSingleChannelReader
from nidaqmx.stream_writers import DigitalSingleChannelWriter
from nidaqmx.system import System

from tests.instruments.simulated.benches import hand_clock
from tests.instruments.simulated.daq_device import Served, served

PER_LINE, ALL_LINES = LineGrouping.CHAN_PER_LINE, LineGrouping.CHAN_FOR_ALL_LINES


def test_one_line_is_written_and_read_back() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        task.do_channels.add_do_chan("Dev1/port0/line1", "valve")
        assert task.read() is False
        task.write(True)
        assert task.read() is True
        assert daq.device.levels == {"port0/line1": True}
        task.write(False)
        assert task.read() is False


def test_lines_of_their_own_travel_as_flags() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        task.do_channels.add_do_chan("Dev1/port0/line0:3", line_grouping=PER_LINE)
        task.write([True, False, True, True])
        assert [daq.device.levels[f"port0/line{n}"] for n in range(4)] == [True, False, True, True]
        assert task.read() == [True, False, True, True]


def test_grouped_lines_travel_as_a_number_whose_bits_are_line_numbers() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        task.do_channels.add_do_chan("Dev1/port0/line1:3", line_grouping=ALL_LINES)
        task.write(0b1010)
        assert daq.device.levels == {"port0/line1": True, "port0/line2": False, "port0/line3": True}
        assert task.read() == 0b1010


def test_a_port_stands_for_its_lines() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        task.do_channels.add_do_chan("Dev1/port0", line_grouping=ALL_LINES)
        task.write(0b0110)
        assert [line for line, high in daq.device.levels.items() if high] == ["port0/line1", "port0/line2"]


def test_the_stream_classes_write_and_read() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        task.do_channels.add_do_chan("Dev1/port1/line0")
        DigitalSingleChannelWriter(task.out_stream).write_one_sample_one_line(True)
        assert DigitalSingleChannelReader(task.in_stream).read_one_sample_one_line()


def test_levels_outlive_the_task_that_set_them_and_inputs_see_them() -> None:
    with hand_clock() as clock, served(clock) as daq:
        with daq.task() as task:
            task.do_channels.add_do_chan("Dev1/port0/line0")
            task.write(True)
        with daq.task() as task:
            task.di_channels.add_di_chan("Dev1/port0/line0:1", line_grouping=PER_LINE)
            assert task.read() == [True, False]
            assert task.read(2) == [[True, True], [False, False]]


def test_analog_and_digital_do_not_mix() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        task.do_channels.add_do_chan("Dev1/port0/line0")
        with pytest.raises(DaqError) as caught:
            task.ai_channels.add_ai_voltage_chan("Dev1/ai0")
        assert caught.value.error_code == -200559
        with pytest.raises(DaqError) as caught:
            task.di_channels.add_di_chan("Dev1/port0/line1")
        assert caught.value.error_code == -200559


def test_a_line_that_is_not_there() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        with pytest.raises(DaqError) as caught:
            task.do_channels.add_do_chan("Dev1/port0/line7")
        assert caught.value.error_code == -200170


def discovered(daq: Served) -> System:
    return System.remote(grpc_options=daq.options())


def test_discovery_tells_that_the_device_is_simulated() -> None:
    with hand_clock() as clock, served(clock) as daq:
        system = discovered(daq)
        assert system.devices.device_names == ["Dev1"]
        device = system.devices["Dev1"]
        assert device.product_type == "SIM-RAMP"
        assert device.serial_num == 0x1234
        assert device.is_simulated is True
        assert device.ai_physical_chans.channel_names == [f"Dev1/ai{n}" for n in range(4)]
        assert device.do_lines.channel_names == [*(f"Dev1/port0/line{n}" for n in range(4)), "Dev1/port1/line0"]
        assert device.do_ports.channel_names == ["Dev1/port0", "Dev1/port1"]
        assert device.ao_physical_chans.channel_names == []
        device.self_test_device()
        assert system.driver_version.major_version == 25


def test_a_device_that_is_not_there() -> None:
    with hand_clock() as clock, served(clock) as daq:
        with pytest.raises(DaqError) as caught:
            _ = discovered(daq).devices["Dev7"].product_type
        assert caught.value.error_code == -200220


def test_tasks_are_found_by_name_again() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task("valves") as task:
        task.do_channels.add_do_chan("Dev1/port0/line0", "outlet")
        again = daq.task("valves")
        assert again.channel_names == ["outlet"]
        again.write(True)
        assert task.read() is True
        assert task.name == "valves"
        assert task.number_of_channels == 1
        assert task.do_channels["outlet"].chan_type is ChannelType.DIGITAL_OUTPUT
        assert task.do_channels["outlet"].physical_channel.name == "Dev1/port0/line0"
        assert task.do_channels["outlet"].do_num_lines == 1
