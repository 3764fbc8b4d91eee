from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.simulated.truth import TwinConfigError, draw, load_twin, twin_from_mapping
from instruments.simulated.truth.config import drawn_values

SHIPPED = Path(__file__).parents[4] / "rig" / "stations" / "simulated" / "twin.toml"


def _faults(table: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(TwinConfigError) as caught:
        twin_from_mapping(table)
    return caught.value.faults


def _set(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(table: dict[str, Any]) -> None:
        *path, name = key.split(".")
        for part in path:
            table = table[part]
        table[name] = value

    return change


def _delete(key: str) -> Callable[[dict[str, Any]], None]:
    def change(table: dict[str, Any]) -> None:
        *path, name = key.split(".")
        for part in path:
            table = table[part]
        del table[name]

    return change


def _table() -> dict[str, Any]:
    return tomllib.loads(SHIPPED.read_text(encoding="utf-8"))


def _drawn(value: float, u: float, distribution: str = "normal") -> dict[str, Any]:
    return {"value": value, "u": u, "distribution": distribution}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (_set("pump.stroke_volum_ul", 1.0), "pump.stroke_volum_ul"),
        (_set("pmup", {}), "pmup"),
        (_delete("balance.readability_g"), "balance.readability_g"),
        (_delete("room"), "room"),
        (_set("pump.stroke_volume_ul", 3.0), "pump.stroke_volume_ul"),
        (_set("pump.stroke_volume_ul", "1.0"), "pump.stroke_volume_ul"),
        (_set("pump.stroke_volume_ul", True), "pump.stroke_volume_ul"),
        (_set("pump.stroke_jitter_percent", float("nan")), "pump.stroke_jitter_percent"),
        (_set("pump.reservoir_capacity_ul", float("inf")), "pump.reservoir_capacity_ul"),
        (_set("pump.systematic_error_percent", 3.0), "pump.systematic_error_percent"),
        (_set("pump.systematic_error_percent", _drawn(0.0, -1.0)), "pump.systematic_error_percent.u"),
        (_set("pump.crystal_error_ppm", _drawn(0.0, 1.0, "gaussian")), "pump.crystal_error_ppm.distribution"),
        (_set("pump.reservoir_ul", 30_000.0), "pump"),
        (_set("vessel.inner_diameter_mm", _drawn(20.0, 5.0)), "vessel.inner_diameter_mm"),
        (_set("vessel.inner_diameter_mm", _drawn(-20.0, 0.0)), "vessel.inner_diameter_mm"),
        (_set("balance.filter", "slow"), "balance.filter"),
        (_set("balance.zero_tracking", 0), "balance.zero_tracking"),
        (_set("channel.line.signal", "voltage"), "channel.line.signal"),
        (_set("channel.line.pressure_high_kpa", -1.0), "channel.line"),
        (_set("event", [{"kind": "stal", "at_s": 0.0}]), "event[0]"),
        (_set("event", [{"kind": "stall", "at_s": 0.0}]), "event[0].stall.duration_s"),
        (_set("event", [{"kind": "stall", "at_s": -1.0, "duration_s": 1.0}]), "event[0].stall.at_s"),
        (_set("event", [{"kind": "bubble", "at_s": 1.0, "volume_ul": 1.0, "duration_s": 3.0}]), "event[0].bubble.dura"),
        (_set("event", [{"kind": "leak", "at_s": 1.0, "duration_s": 1.0}]), "event[0].leak.resistance_kpa_h_per_ml"),
        (_set("event", {"kind": "stall"}), "event"),
    ],
)
def test_a_fault_is_named_by_its_key(change: Callable[[dict[str, Any]], None], key: str) -> None:
    table = _table()
    change(table)
    faults = _faults(table)
    assert any(fault.startswith(key) for fault in faults), faults


def test_all_faults_of_a_file_at_once(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    text = text.replace("stroke_volume_ul = 1.0", "stroke_volume_ul = 9.0")
    text = text.replace("readability_g = 0.00001", "readability_g = nan")
    text = text.replace('filter = "standard"', 'filter = "standart"')
    text += "\n[[event]]\nkind = 'stall'\nat_s = 0.0\n\n[sundries]\n"
    (tmp_path / "twin.toml").write_text(text, encoding="utf-8")
    with pytest.raises(TwinConfigError) as caught:
        load_twin(tmp_path / "twin.toml")
    keys = {fault.split(":")[0] for fault in caught.value.faults}
    assert keys == {
        "pump.stroke_volume_ul",
        "balance.readability_g",
        "balance.filter",
        "event[0].stall.duration_s",
        "sundries",
    }
    assert str(tmp_path / "twin.toml") in str(caught.value)
    assert all(key in str(caught.value) for key in keys)


@pytest.mark.parametrize("content", [b"[pump\n", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_file_that_is_not_toml(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "twin.toml").write_bytes(content)
    with pytest.raises(TwinConfigError, match="is not TOML"):
        load_twin(tmp_path / "twin.toml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TwinConfigError, match="cannot be read"):
        load_twin(tmp_path / "twin.toml")


def test_the_truth_does_not_change_after_loading() -> None:
    truth = load_twin(SHIPPED)
    with pytest.raises(ValueError, match="frozen"):
        truth.pump.stroke_volume_ul = 2.0


def test_every_stated_value_is_drawn_once_and_only_those() -> None:
    truth = load_twin(SHIPPED)
    drawn, again, other = draw(truth, 1), draw(truth, 1), draw(truth, 2)
    stated = dict(drawn_values(truth))
    first, second = dict(drawn_values(drawn)), dict(drawn_values(other))
    assert first == dict(drawn_values(again))
    assert len(stated) > 25
    assert all(first[name] != stated[name] for name in stated)
    assert all(first[name] != second[name] for name in stated)
    assert drawn.pump.stroke_volume_ul == truth.pump.stroke_volume_ul
    assert drawn.balance.filter == truth.balance.filter


@pytest.mark.parametrize("distribution", ["normal", "rectangular"])
def test_u_is_the_standard_deviation_of_what_is_drawn(distribution: str) -> None:
    table = _table()
    table["pump"]["systematic_error_percent"] = _drawn(3.0, 2.0, distribution)
    truth = twin_from_mapping(table)
    values = np.array([draw(truth, seed).pump.systematic_error_percent.value for seed in range(1, 1001)])
    assert values.mean() == pytest.approx(3.0, abs=4 * 2.0 / np.sqrt(1000))
    assert values.std() == pytest.approx(2.0, rel=4 / np.sqrt(2000))
    widest = np.abs(values - 3.0).max() / 2.0
    assert widest <= np.sqrt(3.0) if distribution == "rectangular" else widest > 2.5


def test_a_new_key_changes_no_other_draw() -> None:
    table = _table()
    before = dict(drawn_values(draw(twin_from_mapping(table), 1)))
    table["pump"]["drift_percent_per_day"] = _drawn(5.0, 1.0)
    after = dict(drawn_values(draw(twin_from_mapping(table), 1)))
    assert {name for name in before if before[name] != after[name]} == {"pump.drift_percent_per_day"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_table_is_refused_with_faults_and_not_with_a_crash(value: Any) -> None:
    for key in ("pump", "event", "channel"):
        table = _table()
        table[key] = value
        faults: tuple[str, ...] = ("none",)
        try:
            twin_from_mapping(table)
        except TwinConfigError as error:
            faults = error.faults
        assert faults
