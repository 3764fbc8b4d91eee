"""What conditions must say, and what must fit together."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from results.foreign.conditions import Conditions
from results.foreign.consistency import CONTRADICTIONS, refuse_contradictions
from results.foreign.evaluate import evaluate_foreign, read_pressure
from results.refusal import EvaluationRefused
from tests.results.foreign.files import FLOW, Table, changed, conditions_of

BOLUS = changed(
    FLOW,
    kind="bolus",
    flow=None,
    method=None,
    periods=None,
    bolus={"set_volume_ul": 10.0, "duration_s": 10.0, "settle_s": 30.0, "reading_s": 20.0},
    events={"boluses": [100.0, 200.0]},
)
STATED: dict[str, Any] = {"profile": None, "sample_interval_s": 900.0, "windows_min": [15.0]}
CRITERION = {"id": "A", "measurand": "mean flow error A", "unit": "%", "low": -5.0, "source": "label"}
PRESSURE_FILE = {
    "path": "pressure.csv",
    "file": {"delimiter": ";", "decimal": ","},
    "time": {"name": "t", "unit": "min", "u_s": 0.1},
    "pressure": {"name": "p", "unit": "mbar"},
}
AIR = {"temperature_u_c": 0.1, "humidity_u_percent": 1.0, "pressure_u_hpa": 0.1}
CONSTANT_AIR = {**AIR, "temperature_c": 20.0, "humidity_percent": 50.0, "pressure_hpa": 1013.0}
AIR_COLUMNS = {
    "temperature": {"name": "T"},
    "humidity": {"name": "H", "unit": "%"},
    "pressure": {"name": "p", "unit": "hPa"},
}


def problems(table: Table) -> list[str]:
    conditions = conditions_of(table)
    return [f"{key}: {problem}" for told in CONTRADICTIONS for key, problem in told(conditions)]


@pytest.mark.parametrize("table", [FLOW, BOLUS, changed(FLOW, method=STATED), changed(FLOW, air=CONSTANT_AIR)])
def test_sound_conditions_have_no_contradictions(table: Table) -> None:
    assert problems(table) == []
    refuse_contradictions(conditions_of(table))


REFERENCE_VESSEL = {
    "loss_ratio_u": 0.05,
    "displaced_volume_ml": 28.0,
    "displaced_volume_u_ml": 0.5,
    "balance_readability_mg": 0.01,
    "balance_repeatability_mg": 0.015,
    "balance_zero_drift_ug_per_sqrt_h": 10.0,
}
WRONG = {
    "separators": (changed(FLOW, file={"decimal": ","}), "file.decimal: the same as the delimiter"),
    "first line": (changed(FLOW, file={"first_line": 1}), "file.first_line: not after the header in line 1"),
    "no flow": (changed(FLOW, flow=None), "flow: missing; wanted a table, for kind = 'flow'"),
    "no bolus": (changed(BOLUS, bolus=None), "bolus: missing"),
    "both": (changed(BOLUS, flow={"set_flow_ul_per_h": 9.0}), "flow: not for kind = 'bolus'"),
    "no analysis": (changed(FLOW, periods=None), "periods.analysis: missing"),
    "no pump temperature": (
        changed(FLOW, temperatures={"pump_c": None}),
        "temperatures.pump_c: missing; wanted for a flow test",
    ),
    "no boluses": (changed(BOLUS, events=None), "events.boluses: missing"),
    "falling boluses": (changed(BOLUS, events={"boluses": [200.0, 100.0]}), "events.boluses[2]: not after the one"),
    "boluses of a flow": (changed(FLOW, events={"boluses": [1.0]}), "events.boluses: not for kind = 'flow'"),
    "analysis of a bolus": (changed(BOLUS, periods={"analysis": [0.0, 1.0]}), "periods.analysis: not for kind"),
    "no method": (changed(FLOW, method={"profile": None}), "method.sample_interval_s: missing"),
    "no windows": (changed(FLOW, method={**STATED, "windows_min": []}), "method.windows_min: missing"),
    "P": (changed(FLOW, method={**STATED, "windows_min": [15.0, 20.0]}), "method.windows_min[2]: P = 20 min is not"),
    "analysis no multiple": (
        changed(FLOW, method=STATED, periods={"analysis": [0.0, 1000.0]}),
        "method.sample_interval_s: the analysis period of 1000 s is not a multiple",
    ),
    "unknown profile": (changed(FLOW, method={"profile": "mine"}), "method.profile: there is no method profile 'mine'"),
    "two methods": (changed(FLOW, method={"sample_interval_s": 900.0}), "method.sample_interval_s: stated by the prof"),
    "backward period": (changed(FLOW, periods={"analysis": [9.0, 9.0]}), "periods.analysis: does not end after"),
    "starts too late": (
        changed(FLOW, events={"infusion_start": 60.0}),
        "periods.analysis: begins before events.infusion_start",
    ),
    "stops too early": (
        changed(FLOW, events={"infusion_stop": 60.0}),
        "periods.analysis: ends after events.infusion_stop",
    ),
    "blank with the pump on": (
        changed(FLOW, periods={"blank_before": [-10.0, 5.0]}, events={"infusion_start": 0.0}),
        "periods.blank_before: ends after events.infusion_start",
    ),
    "blank with the pump still on": (
        changed(FLOW, periods={"blank_after": [90_000.0, 91_000.0]}, events={"infusion_stop": 90_500.0}),
        "periods.blank_after: begins before events.infusion_stop",
    ),
    "pressure of a flow": (changed(FLOW, pressure_file=PRESSURE_FILE), "pressure_file: not for kind = 'flow'"),
    "date-time for seconds": (
        changed(FLOW, events={"infusion_start": datetime(2026, 1, 1, tzinfo=UTC)}),
        "events.infusion_start: a date-time, but the time column holds numbers",
    ),
    "air without uncertainty": (
        changed(FLOW, columns={"air": AIR_COLUMNS}),
        "air: missing; wanted the uncertainties of the air columns",
    ),
    "air twice": (changed(FLOW, columns={"air": AIR_COLUMNS}, air=CONSTANT_AIR), "air: the air has columns and const"),
    "air in two files": (
        changed(
            FLOW,
            columns={"air": AIR_COLUMNS},
            air=AIR,
            air_file={
                "path": "air.csv",
                "file": {"delimiter": ",", "decimal": "."},
                "time": {"name": "t", "unit": "s", "u_s": 1.0},
                "air": AIR_COLUMNS,
            },
        ),
        "air_file: the air has columns in the balance's file already",
    ),
    "half the air": (changed(FLOW, air={**CONSTANT_AIR, "pressure_hpa": None}), "air: without air columns, wanted"),
    "liquid without air": (
        changed(FLOW, vessel={"liquid_temperature_c": 20.0}),
        "vessel.liquid_temperature_c: only with constant air",
    ),
    "liquid twice": (
        changed(FLOW, air=CONSTANT_AIR, vessel={"liquid_temperature_c": 20.0, "liquid_temperature_offset_c": 1.0}),
        "vessel.liquid_temperature_offset_c: the liquid's temperature is stated already",
    ),
    "tube": (changed(FLOW, vessel={"tube_outer_diameter_mm": 20.0}), "vessel.tube_outer_diameter_mm: not smaller"),
    "evaporation": (
        changed(FLOW, vessel={"evaporation_limit_ug_per_min": None}),
        "vessel.evaporation_limit_ug_per_min: missing; without a blank",
    ),
    "reference without a vessel": (
        changed(FLOW, columns={"reference_mass": {"name": "r", "unit": "mg"}}),
        "reference_vessel: missing; wanted a table",
    ),
    "vessel without readings": (
        changed(FLOW, reference_vessel=REFERENCE_VESSEL),
        "reference_vessel: has no readings; wanted columns.reference_mass or [reference_file]",
    ),
    "reference twice": (
        changed(
            FLOW,
            columns={"reference_mass": {"name": "r", "unit": "mg"}},
            reference_vessel=REFERENCE_VESSEL,
            reference_file={
                "path": "second.csv",
                "file": {"delimiter": ",", "decimal": "."},
                "time": {"name": "t", "unit": "s", "u_s": 1.0},
                "mass": {"name": "m", "unit": "g"},
            },
        ),
        "reference_file: the reference vessel has a column in the balance's file already",
    ),
    "no rule": (changed(FLOW, criteria=[CRITERION]), "decision_rule: missing"),
    "no measurand": (
        changed(FLOW, criteria=[{**CRITERION, "measurand": "colour"}], decision_rule={"kind": "guarded"}),
        "criteria[1]: 'colour' is no measurand of a flow test",
    ),
    "bolus measurand": (
        changed(BOLUS, criteria=[CRITERION], decision_rule={"kind": "guarded"}),
        "criteria[1]: 'mean flow error A' is no measurand of a bolus test",
    ),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_contradictions_are_told_and_refused(name: str, tmp_path: Path) -> None:
    table, problem = WRONG[name]
    (told,) = [told for told in problems(table) if told.startswith(problem)]
    with pytest.raises(EvaluationRefused) as refusal:
        refuse_contradictions(conditions_of(table))
    assert told in str(refusal.value)
    evaluation = evaluate_foreign(tmp_path / "never-read.csv", conditions_of(table))
    assert evaluation.table is None
    assert told in str(evaluation.refusal)


def test_the_pressure_file_is_read_in_kilopascals(tmp_path: Path) -> None:
    (tmp_path / "pressure.csv").write_text("t;p\n0,5;1000,0\n1,0;1013,25\n", encoding="utf-8")
    conditions = conditions_of(changed(FLOW, kind="occlusion", pressure_file=PRESSURE_FILE))
    table = read_pressure(tmp_path, conditions, origin_us=None)
    assert table.time_s.tolist() == [30.0, 60.0]
    assert table.columns["pressure"] == pytest.approx([100.0, 101.325])
    with pytest.raises(EvaluationRefused, match="state no pressure_file"):
        read_pressure(tmp_path, conditions_of(FLOW), origin_us=None)


@pytest.mark.parametrize(
    "changes",
    [
        {"direction": "sideways"},
        {"mystery": 1.0},
        {"balance": {"readability_mg": float("nan")}},
        {"balance": {"readability_mg": 0.0}},
        {"columns": {"mass": {"name": "m", "unit": "oz"}}},
        {"columns": {"mass": {"name": 0, "unit": "g"}}},
        {"file": {"delimiter": " "}},
        {"periods": {"analysis": [0.0]}},
        {"events": {"boluses": ["noon"]}},
    ],
)
def test_values_outside_the_model_are_errors(changes: Table) -> None:
    with pytest.raises(ValidationError):
        conditions_of(changed(FLOW, **changes))


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
LEAVES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
)


@given(key=st.sampled_from(sorted(Conditions.model_fields)), value=LEAVES)
def test_any_value_anywhere_is_taken_or_told(key: str, value: object) -> None:
    try:
        conditions = conditions_of({**FLOW, key: value})
    except ValidationError:
        return
    try:
        refuse_contradictions(conditions)
    except EvaluationRefused:
        return
    assert conditions.kind in ("flow", "occlusion")


def test_conditions_survive_toml(tmp_path: Path) -> None:
    text = 'periods.analysis = [2026-03-01T08:00:00Z, 2026-03-02T09:00:00Z]\ncolumns.time.unit = "iso8601"\n'
    table = changed(FLOW, columns={"time": {"name": "t", "unit": "iso8601", "u_s": 0.1}})
    table["periods"] = tomllib.loads(text)["periods"]
    assert problems(table) == []
