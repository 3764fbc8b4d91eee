"""The simulated data acquisition device: transducers on its inputs, valves on its lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from instruments.simulated.devices.ni_daq import SimulatedDaq
from instruments.simulated.physics.bench import Bench
from instruments.simulated.wires.ni_grpc import Quantity
from tests.instruments.simulated.benches import truth

Contacts = Callable[[NDArray[np.float64]], NDArray[np.bool_]]


def _open_contact(times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.zeros(times_s.shape, dtype=np.bool_)


def daq_on_bench(
    changes: dict[str, Any] | None = None,
    events: list[dict[str, Any]] | None = None,
    alarm_contacts: Contacts = _open_contact,
) -> tuple[SimulatedDaq, Bench]:
    bench = Bench(truth(changes, events), seed=1)
    daq = SimulatedDaq(bench, serial_number=lambda t_s: 7, clock_error_ppm=20.0, alarm_contacts=alarm_contacts)
    return daq, bench


def test_each_input_gives_the_signal_of_its_transducer_in_the_unit_of_the_quantity() -> None:
    daq, bench = daq_on_bench()
    times_s = np.arange(100) / 10.0
    line = daq.signal("ai0", Quantity.CURRENT, times_s, 0)
    catheter = daq.signal("ai1", Quantity.BRIDGE_RATIO, times_s, 0)
    np.testing.assert_allclose(line, bench.electrical("line", times_s, 0) * 1e-3)
    np.testing.assert_allclose(catheter, bench.electrical("catheter", times_s, 0) * 1e-3)
    assert 3.9e-3 < line.mean() < 4.2e-3  # near zero gauge pressure
    assert abs(catheter.mean()) < 0.05e-3


@pytest.mark.parametrize(
    ("channel", "quantity"),
    [("ai0", Quantity.VOLTAGE), ("ai0", Quantity.BRIDGE_RATIO), ("ai1", Quantity.CURRENT), ("ai2", Quantity.CURRENT)],
)
def test_what_is_not_wired_reads_zero(channel: str, quantity: Quantity) -> None:
    daq, _ = daq_on_bench()
    np.testing.assert_array_equal(daq.signal(channel, quantity, np.arange(5.0), 0), np.zeros(5))


def test_a_voltage_transducer() -> None:
    changes = {
        "channel.line.signal": "voltage_v",
        "channel.line.electrical_low": 0.0,
        "channel.line.electrical_high": 5.0,
        "channel.line.electrical_minimum": -0.05,
        "channel.line.electrical_maximum": 5.2,
    }
    daq, bench = daq_on_bench(changes)
    volts = daq.signal("ai0", Quantity.VOLTAGE, np.arange(10.0), 0)
    np.testing.assert_array_equal(volts, bench.electrical("line", np.arange(10.0), 0))


def test_a_broken_wire() -> None:
    fault = {"kind": "sensor_fault", "at_s": 5.0, "duration_s": 2.0, "channel": "line", "fault": "wire_break"}
    daq, _ = daq_on_bench(events=[fault])
    amperes = daq.signal("ai0", Quantity.CURRENT, np.arange(10.0), 0)
    assert (amperes[[5, 6]] == 0.0).all()
    assert (amperes[[4, 7]] > 3.6e-3).all()


def test_lines_switch_the_valves() -> None:
    daq, bench = daq_on_bench()
    bench.set_pump_flow(0.0, 1000.0)
    before_g = bench.balance_signal(900.0).indication_g
    assert daq.read_line("port0/line0", 900.0) is False
    daq.write_line("port0/line0", True, 900.0)
    assert daq.read_line("port0/line0", 900.0) is True
    # 1000 uL/h for half an hour, into the vessel now.
    assert 1000.0 * (bench.balance_signal(2700.0).indication_g - before_g) == pytest.approx(500.0, rel=0.1)
    daq.write_line("port0/line1", True, 2700.0)
    late_s = np.array([2760.0])
    assert float(bench.pressure_kpa("catheter", late_s)[0]) > 20.0  # a dead end
    daq.write_line("port0/line1", False, 2760.0)
    assert float(bench.pressure_kpa("catheter", late_s + 60.0)[0]) < 5.0


def test_the_occluders_drive_is_sampled_and_has_its_edge_when_it_is_switched() -> None:
    daq, _ = daq_on_bench({"daq.voltage_noise_v": 0.0})
    daq.write_line("port0/line1", True, 10.0005)
    daq.write_line("port0/line1", True, 11.0)
    daq.write_line("port0/line1", False, 12.0)
    times_s = np.array([0.0, 10.0, 10.0005, 10.001, 11.999, 12.0, 13.0])
    volts = daq.signal("ai2", Quantity.VOLTAGE, times_s, 0)
    np.testing.assert_array_equal(volts, [0.0, 0.0, 5.0, 5.0, 5.0, 0.0, 0.0])


def test_the_pumps_alarm_contact_is_sampled_with_the_noise_of_its_sample() -> None:
    daq, _ = daq_on_bench(alarm_contacts=lambda times_s: times_s > 5.0)
    times_s = np.arange(1000) / 100.0
    volts = daq.signal("ai3", Quantity.VOLTAGE, times_s, 0)
    np.testing.assert_allclose(volts, np.where(times_s > 5.0, 5.0, 0.0), atol=0.01)
    assert np.std(volts[:500]) == pytest.approx(0.002, rel=0.15)
    np.testing.assert_array_equal(volts[700:], daq.signal("ai3", Quantity.VOLTAGE, times_s[700:], 700))
    assert not np.array_equal(volts[:500], daq.signal("ai2", Quantity.VOLTAGE, times_s, 0)[:500])


def test_other_lines_hold_their_level_and_do_nothing() -> None:
    daq, bench = daq_on_bench()
    daq.write_line("port0/line2", True, 10.0)
    assert daq.read_line("port0/line2", 10.0) is True
    daq.write_line("port0/line2", True, 5.0)  # nothing of the bench is asked to go back
    assert bench.balance_signal(10.0).update == 50
