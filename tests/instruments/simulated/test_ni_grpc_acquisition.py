"""Which samples there are: the same ones however they are read."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from nidaqmx.constants import UsageTypeAI

from instruments.simulated.wires.faults import LinkFaults
from instruments.simulated.wires.ni_grpc.acquisition import sample_clock
from instruments.simulated.wires.ni_grpc.channels import LinearScale, analog_inputs
from instruments.simulated.wires.ni_grpc.device import Quantity
from instruments.simulated.wires.ni_grpc.state import ServerState
from tests.instruments.simulated.benches import hand_clock
from tests.instruments.simulated.daq_device import RampDevice


@given(
    reads=st.lists(st.tuples(st.floats(0.0, 20.0), st.integers(0, 300)), max_size=12),
    rate_hz=st.floats(0.5, 40.0),
    clock_factor=st.floats(0.999, 1.001),
    start_s=st.floats(0.0, 1e5),
)
def test_reads_of_any_size_at_any_time_give_every_sample_once(
    reads: list[tuple[float, int]], rate_hz: float, clock_factor: float, start_s: float
) -> None:
    device = RampDevice(clock_factor=clock_factor)
    with hand_clock() as clock:
        clock.sleep_until(start_s)
        state = ServerState(device, clock, LinkFaults())
        task, _ = state.create_task("", may_create=True, may_attach=True)
        task.add(
            analog_inputs(
                device,
                physical_channel="Dev1/ai0",
                name="",
                quantity=Quantity.VOLTAGE,
                usage=UsageTypeAI.VOLTAGE,
                minimum=-1e9,
                maximum=1e9,
                scale=LinearScale(),
            )
        )
        task.timing = sample_clock(
            rate_hz=rate_hz, clock_factor=clock_factor, continuous=True, samples_per_channel=20_000
        )
        state.start_task(task)
        taken: list[float] = []
        for wait_s, count in reads:
            clock.sleep_until(clock.now() + wait_s)
            samples, wanted, complete = state.read_analog(task, count, 0.0)
            assert wanted == count
            assert complete is (samples.shape[1] == count)
            taken.extend(samples[0])
        samples, _, _ = state.read_analog(task, -1, 0.0)
        taken.extend(samples[0])
        expected = start_s + np.arange(len(taken)) / (rate_hz * clock_factor)
        np.testing.assert_array_equal(taken, expected)
        # None is from the future, and none is missing.
        assert not taken or taken[-1] <= clock.now()
        assert start_s + (len(taken) + 1) / (rate_hz * clock_factor) > clock.now() - 1e-6
