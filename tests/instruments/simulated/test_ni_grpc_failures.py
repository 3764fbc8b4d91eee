"""What the nidaqmx client sees when the device, the link or the server fails."""

from __future__ import annotations

import threading

import grpc
import nidaqmx
import pytest
from nidaqmx._stubs import nidaqmx_pb2, nidaqmx_pb2_grpc
from nidaqmx.constants import AcquisitionType, TaskMode
from nidaqmx.errors import DaqError, DaqReadError, DaqWarning, RpcError
from session_pb2 import Session

from instruments.clock import VirtualClock, WallClock
from instruments.simulated.wires.faults import LinkFaultMode, LinkFaults
from instruments.simulated.wires.ni_grpc import NiGrpcWire
from instruments.simulated.wires.ni_grpc.errors import ErrorPeriod
from tests.instruments.simulated.benches import descriptors, hand_clock, threads, wait_for
from tests.instruments.simulated.daq_device import RampDevice, Served, served


def sampling(daq: Served, rate_hz: float = 10.0) -> nidaqmx.Task:
    task = daq.task()
    task.ai_channels.add_ai_voltage_chan("Dev1/ai0", min_val=-1000.0, max_val=1000.0)
    task.timing.cfg_samp_clk_timing(rate_hz, sample_mode=AcquisitionType.CONTINUOUS)
    task.start()
    return task


def test_at_wall_clock_time_a_read_waits_for_its_samples() -> None:
    clock = WallClock()
    with served(clock) as daq, sampling(daq, 50.0) as task:
        begun_s = clock.now()
        samples = task.read(10, timeout=10.0)
        assert len(samples) == 10
        # The tenth sample is there one period after it was taken.
        assert clock.now() - begun_s >= 0.1


def test_at_wall_clock_time_a_read_gives_up_at_its_time_out() -> None:
    with served(WallClock()) as daq, sampling(daq, 1.0) as task:
        with pytest.raises(DaqReadError) as caught:
            task.read(10, timeout=0.05)
        assert caught.value.error_code == -200284


def test_with_a_virtual_clock_nothing_waits() -> None:
    with hand_clock() as clock, served(clock) as daq, sampling(daq) as task:
        with pytest.raises(DaqReadError) as caught:
            task.read(10, timeout=3600.0)
        assert caught.value.samps_per_chan_read == 0


def test_a_fault_of_the_device_wakes_a_read_that_waits() -> None:
    with served(WallClock()) as daq, sampling(daq, 0.01) as task:
        seen: list[DaqReadError] = []

        def read() -> None:
            try:
                task.read(10, timeout=3600.0)
            except DaqReadError as error:
                seen.append(error)

        reader = threading.Thread(target=read)
        reader.start()
        while not seen and reader.is_alive():
            daq.wire.inject_error(-201003)
            reader.join(0.05)
        reader.join(10.0)
        assert [error.error_code for error in seen] == [-201003]
        daq.wire.inject_error(None)


def test_clearing_a_task_wakes_a_read_that_waits() -> None:
    with served(WallClock()) as daq:
        task = sampling(daq, 0.01)
        seen: list[DaqError] = []

        def read() -> None:
            try:
                task.read(10, timeout=3600.0)
            except DaqError as error:
                seen.append(error)

        reader = threading.Thread(target=read)
        reader.start()
        daq.task(task.name).control(TaskMode.TASK_ABORT)
        while reader.is_alive():
            reader.join(0.05)
            daq.task(task.name).control(TaskMode.TASK_ABORT)
        task.close()
        assert [error.error_code for error in seen] == [-200088]


def test_a_faulty_device_fails_starts_writes_and_self_tests() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as lines:
        lines.do_channels.add_do_chan("Dev1/port0/line0")
        daq.wire.inject_error(-201003)
        for act in (lambda: lines.write(True), lambda: lines.read(), lines.start):
            with pytest.raises(DaqError) as caught:
                act()
            assert caught.value.error_code == -201003
        daq.wire.inject_error(None)
        lines.write(True)


def test_a_positive_code_is_a_warning_of_the_client() -> None:
    with hand_clock() as clock, served(clock) as daq, sampling(daq) as task:
        clock.sleep_until(1.05)
        daq.wire.inject_error(200011)
        with pytest.warns(DaqWarning, match="200011"):
            assert len(task.read(10)) == 10
        daq.wire.inject_error(None)
        clock.sleep_until(2.05)
        assert len(task.read(10)) == 10


def test_a_link_that_is_down_and_comes_back() -> None:
    with hand_clock() as clock, served(clock) as daq, sampling(daq) as task:
        daq.faults.inject(LinkFaultMode.DROP_CONNECTION)
        with pytest.raises(RpcError) as caught:
            task.is_task_done()
        assert caught.value.rpc_code == grpc.StatusCode.UNAVAILABLE
        daq.faults.clear()
        assert not task.is_task_done()


@pytest.mark.parametrize(
    ("mode", "carried_out"),
    [(LinkFaultMode.SILENT, False), (LinkFaultMode.REPLY_LOST, True), (LinkFaultMode.LATE, True)],
)
def test_a_silent_link_lets_calls_run_into_their_deadline(mode: LinkFaultMode, carried_out: bool) -> None:
    before = threads()
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        task.do_channels.add_do_chan("Dev1/port0/line0")
        request = nidaqmx_pb2.WriteDigitalLinesRequest(
            task=Session(name=task.name), num_samps_per_chan=1, auto_start=True, write_array=b"\x01"
        )
        daq.faults.inject(mode)
        with pytest.raises(grpc.RpcError) as caught:
            nidaqmx_pb2_grpc.NiDAQmxStub(daq.channel).WriteDigitalLines(request, timeout=0.1)
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        daq.faults.clear()
        assert task.read() is carried_out
    wait_for(lambda: threads() == before)


def test_closing_the_server_wakes_calls_that_hang_and_reads_that_wait() -> None:
    before = threads()
    with served(WallClock()) as daq:
        task = sampling(daq, 0.01)
        seen: list[RpcError] = []

        def call(act: object) -> None:
            assert callable(act)
            try:
                act()
            except RpcError as error:
                seen.append(error)

        callers = [threading.Thread(target=call, args=(lambda: task.read(10, timeout=3600.0),))]
        callers[0].start()
        wait_for(lambda: len(threads()) > len(before))
        daq.faults.inject(LinkFaultMode.SILENT)
        callers.append(threading.Thread(target=call, args=(task.is_task_done,)))
        callers[1].start()
        daq.wire.close()
        for caller in callers:
            caller.join(10.0)
            assert not caller.is_alive()
        assert len(seen) == 2
        with pytest.raises(RpcError):
            task.close()
    assert threads() == before


def test_what_the_stand_in_does_not_have_is_told_as_such() -> None:
    with hand_clock() as clock, served(clock) as daq, daq.task() as task:
        with pytest.raises(RpcError) as caught:
            task.ai_channels.add_ai_thrmcpl_chan("Dev1/ai0")
        assert caught.value.rpc_code == grpc.StatusCode.UNIMPLEMENTED
        task.ai_channels.add_ai_voltage_chan("Dev1/ai0")
        with pytest.raises(DaqError) as refused:
            _ = task.in_stream.channels_to_read.ai_coupling
        assert refused.value.error_code == -200197


def test_two_servers_never_share_a_port_and_leave_nothing() -> None:
    with served(VirtualClock()):
        before, open_before = threads(), descriptors()
        wires = [NiGrpcWire(f"daq {n}", RampDevice(), VirtualClock(), LinkFaults()) for n in range(3)]
        assert len({wire.port for wire in wires}) == 3
        for wire in wires[:2]:
            wire.start()
        for wire in wires:
            wire.close()
            wire.close()
        assert threads() == before
        assert descriptors() == open_before


def test_errors_come_and_go_at_their_times_and_an_overrun_is_found_by_reads_only() -> None:
    overrun, lost = ErrorPeriod(-200279, 10.0, 20.0), ErrorPeriod(-201003, 30.0, 40.0)
    with hand_clock() as clock, served(clock, errors_to_come=(overrun, lost)) as daq, sampling(daq) as task:
        for at_s, code in ((5.0, None), (10.0, -200279), (20.0, None), (30.0, -201003), (40.0, None)):
            clock.sleep_until(at_s)
            if code is None:
                assert len(task.read(10)) == 10
                continue
            with pytest.raises(DaqReadError) as caught:
                task.read(10)
            assert caught.value.error_code == code
            with daq.task() as lines:
                lines.do_channels.add_do_chan("Dev1/port0/line0")
                if code == -200279:
                    lines.write(True)
                else:
                    with pytest.raises(DaqError):
                        lines.write(True)
