from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from instruments.simulated.physics.bench import Bench
from instruments.simulated.truth.config import drawn_values


def _written(path: Path, truth: Any, until_s: float) -> Bench:
    bench = Bench(truth, 1)
    bench.set_valve(0.0, "outlet", energised=True)
    bench.set_pump_flow(12.34, 36.0)
    bench.set_pump_flow(2000.0, 9.0)
    bench.write_truth(path, until_s)
    return bench


def test_volumes_stand_exactly_at_commands_strokes_and_edges(typical: Any, tmp_path: Path) -> None:
    bench = _written(tmp_path / "truth.h5", typical(), 5000.0)
    with h5py.File(tmp_path / "truth.h5") as file:
        time_s = file["time_s"][:]
        tip_ul = file["tip_volume_ul"][:]
        commands = file["commands/time_s"][:]
        tip_ug = file["tip_mass_ug"][:]
        units = {name: item.attrs["units"] for name, item in file["path"].items()}
        path_s, water_ug = file["path/time_s"][:], file["path/vessel_water_ug"][:]
    assert np.all(np.diff(time_s) > 0.0)
    assert np.diff(time_s).max() <= 10.0
    assert time_s[-1] == 5000.0
    assert set(commands.tolist()) == {0.0, 12.34, 2000.0}
    assert np.isin(commands, time_s).all()
    np.testing.assert_array_equal(tip_ul, bench.tip_volumes_ul(time_s))
    assert 1e-3 * tip_ug[-1] / tip_ul[-1] == pytest.approx(0.9979, abs=2e-4)
    assert units["reservoir_ul"] == "uL"
    assert all(units.values())
    assert np.isin(path_s, time_s).all()
    assert water_ug[0] == pytest.approx(7.5e6)


def test_between_rows_volumes_are_nearly_linear(typical: Any, tmp_path: Path) -> None:
    bench = _written(tmp_path / "truth.h5", typical(), 5000.0)
    with h5py.File(tmp_path / "truth.h5") as file:
        time_s, tip_ul = file["time_s"][:], file["tip_volume_ul"][:]
    asked_s = np.linspace(0.0, 5000.0, 7919)
    assert np.abs(np.interp(asked_s, time_s, tip_ul) - bench.tip_volumes_ul(asked_s)).max() < 0.02


def test_drawn_values_and_room_are_in_it(typical: Any, tmp_path: Path) -> None:
    bench = _written(tmp_path / "truth.h5", typical(), 3000.0)
    with h5py.File(tmp_path / "truth.h5") as file:
        drawn = dict(file["drawn"].attrs)
        assert file.attrs["simulated"]
        assert file.attrs["seed"] == 1
        room_s, air_c = file["room/time_s"][:], file["room/air_temperature_c"][:]
    assert drawn == dict(drawn_values(bench.drawn))
    assert drawn["pump.systematic_error_percent"] != 0.0
    assert (room_s[0], room_s[-1]) == (0.0, 3000.0)
    assert air_c[100] == pytest.approx(bench.room(1000.0).temperature_c, abs=1e-12)


def test_writing_the_truth_disturbs_nothing(typical: Any, tmp_path: Path) -> None:
    written = _written(tmp_path / "truth.h5", typical(), 3000.0)
    plain = Bench(typical(), 1)
    plain.set_valve(0.0, "outlet", energised=True)
    plain.set_pump_flow(12.34, 36.0)
    plain.set_pump_flow(2000.0, 9.0)
    for time_s in (2000.0, 3000.0, 9000.0):
        assert written.balance_signal(time_s) == plain.balance_signal(time_s)
