"""A process that dies leaves no task behind, as on a PC with NI's driver: the next one can sample."""

from __future__ import annotations

import subprocess
import sys

import nidaqmx
from nidaqmx.constants import AcquisitionType
from nidaqmx.errors import DaqError

from instruments.clock import WallClock
from tests.instruments.simulated.benches import wait_for
from tests.instruments.simulated.daq_device import Served, served

CLIENT = """
import sys, grpc, nidaqmx
from nidaqmx.constants import AcquisitionType
channel = grpc.insecure_channel(sys.argv[1])
task = nidaqmx.Task(grpc_options=nidaqmx.GrpcSessionOptions(channel, ""))
task.ai_channels.add_ai_voltage_chan("Dev1/ai0")
task.timing.cfg_samp_clk_timing(10.0, sample_mode=AcquisitionType.CONTINUOUS)
task.start()
sys.stdout.write("sampling\\n")
sys.stdout.flush()
sys.stdin.read()
"""
RESERVED = -50103


def refusal(daq: Served) -> int | None:
    """Return the error with which sampling is refused, None where it begins."""
    with daq.task() as task:
        task.ai_channels.add_ai_voltage_chan("Dev1/ai0")
        task.timing.cfg_samp_clk_timing(10.0, sample_mode=AcquisitionType.CONTINUOUS)
        try:
            task.start()
        except DaqError as error:
            return int(error.error_code)
    return None


def test_the_task_of_a_killed_process_is_gone_and_that_of_a_living_one_is_not() -> None:
    with served(WallClock()) as daq, nidaqmx.Task(grpc_options=daq.options()) as own:
        own.do_channels.add_do_chan("Dev1/port0/line0")
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, daq.wire.target], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert client.stdout is not None
            assert client.stdout.readline() == "sampling\n"
            assert refusal(daq) == RESERVED
        finally:
            client.kill()
            client.communicate()
        wait_for(lambda: refusal(daq) is None)
        own.write(True)
        assert daq.device.levels == {"port0/line0": True}
