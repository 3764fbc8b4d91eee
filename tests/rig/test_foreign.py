"""`rig evaluate DATA --conditions FILE`, as a person types it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from results.evaluate_trace import evaluate_trace
from results.foreign.conditions import Conditions
from results.foreign.evaluate import evaluate_foreign
from rig.cli import main
from rig.configuration import ConfigurationError
from rig.foreign import load_conditions
from tests.results.foreign.files import write_table
from tests.results.synthetic import BENCH, simulate
from tests.results.test_evaluate_trace import SHORT, header, phase_events, written
from tests.rig.foreign_conditions import own_conditions

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "syringe-pump.csv"


@pytest.fixture
def conditions(tmp_path: Path) -> Path:
    """The conditions in the document."""
    text = (DOCS / "foreign-data.md").read_text(encoding="utf-8")
    path = tmp_path / "conditions.toml"
    path.write_text("".join(re.findall(r"^```toml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)), encoding="utf-8")
    return path


def evaluate(data: Path, conditions: Path, folder: Path) -> tuple[int, dict[str, Any]]:
    out = folder / "out.json"
    status = main(["evaluate", str(data), "--conditions", str(conditions), "--json", str(out)])
    record: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return status, record


def test_the_example_in_the_document(tmp_path: Path, conditions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, record = evaluate(EXAMPLE, conditions, tmp_path)
    assert status == 0
    assert record["schema"] == "evaluation/1.2.0"
    assert record["refusal"] is None
    assert record["file"]["rows_used"] == 241
    outcome = record["outcome"]
    assert outcome["as_written"]["error_a_percent"] == pytest.approx(2.040959, abs=5e-7)
    assert outcome["verdict"] == "PASS"
    assert outcome["findings"] == []  # an even delivery with a ripple, read as seldom as S
    printed = capsys.readouterr().out
    assert "+2.0410" in printed
    assert "PASS" in printed


def test_every_key_of_the_record_is_in_the_document(tmp_path: Path, conditions: Path) -> None:
    _, record = evaluate(EXAMPLE, conditions, tmp_path)
    document = (DOCS / "evaluation-json.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z0-9_]+)`", document))
    assert set(record) <= named
    assert set(record["file"]) <= named
    assert set(record["outcome"]["error_a"]["lines"][0]) <= named
    assert set(record["outcome"]["decisions"][0]) <= named
    assert set(record["outcome"]["corrected"]["trumpet"][0]) <= named


def test_a_refusal_is_printed_recorded_and_an_exit_status(
    tmp_path: Path, conditions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "short.csv"
    data.write_text("Time (min);Balance (g)\n0,0;12,3\n0,5;------\n1,0;12,4\n", encoding="utf-8")
    status, record = evaluate(data, conditions, tmp_path)
    assert status == 1
    assert record["outcome"] is None
    assert "line 3: mass is '------'" in record["refusal"]["reason"]
    assert "REFUSED" in capsys.readouterr().out
    text = conditions.read_text(encoding="utf-8").replace('bad_rows = "refuse"', 'bad_rows = "exclude"')
    conditions.write_text(text.replace("[columns]", "most_bad_percent = 40.0\n[columns]"), encoding="utf-8")
    status, record = evaluate(data, conditions, tmp_path)
    assert status == 1
    assert "1 rows of the file were left out" in record["refusal"]["reason"]
    assert record["file"]["rows_left_out_listed"] == [{"line": 3, "reason": "mass is '------'", "after_s": 0.0}]


def test_all_faults_of_the_conditions_are_told_at_once(
    tmp_path: Path, conditions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = conditions.read_text(encoding="utf-8")
    for good, bad in (
        ('direction = "collect"', 'direction = "sideways"'),
        ("readability_mg = 0.1", 'readability_mg = "fine"'),
        ("windows_min = [2.0,", "windows_min = [2.2,"),
        ("tube_outer_diameter_mm = 1.2", "tube_outer_diameter_mm = 50.0"),
        ("analysis = [3600.0,", "analysis = ['noon',"),
    ):
        assert good in text
        text = text.replace(good, bad)
    conditions.write_text(text, encoding="utf-8")
    assert main(["evaluate", str(EXAMPLE), "--conditions", str(conditions)]) == 1
    told = capsys.readouterr().err
    for problem in (
        'direction: found "sideways"; wanted one of "collect", "withdraw"',
        'balance.readability_mg: found "fine"; wanted a number > 0',
        "method.windows_min[1]: P = 2.2 min is not a multiple of S = 30 s",
        "vessel.tube_outer_diameter_mm: not smaller than the vessel",
        'periods.analysis[1]: found "noon"; wanted',
    ):
        assert problem in told
    with pytest.raises(ConfigurationError, match="A conditions file says what a data file does not"):
        load_conditions(tmp_path / "nowhere.toml")


def test_a_time_of_hundreds_of_digits_is_a_fault(conditions: Path) -> None:
    text = conditions.read_text(encoding="utf-8")
    assert "analysis = [3600.0," in text
    conditions.write_text(text.replace("analysis = [3600.0,", f"analysis = [1{'0' * 400},"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"periods\.analysis\[1\]: .*wanted"):
        load_conditions(conditions)


def test_a_data_file_without_conditions_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(EXAMPLE)]) == 1
    assert "give --conditions" in capsys.readouterr().err


def test_a_missing_data_file_is_told(conditions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path / "no.csv"), "--conditions", str(conditions)]) == 1
    assert "no.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: "", "has no line 1 with text"),
        (lambda text: text.split("\n")[0] + "\n", "holds 0 usable rows"),
        (lambda text: text.replace("Balance (g)", "Weight"), "no column is named 'Balance (g)'"),
        (lambda text: text.replace("\n1,0;", "\n1,0;nan", 1), "mend the file, or say bad_rows"),
        (lambda text: text.replace(";", ","), "no column is named 'Time (min)'"),
        (lambda text: text[:3000], "the readings span"),
        (lambda text: "\x00\x01" + text, "damaged, or no text file"),
    ],
    ids=["empty", "header only", "missing column", "nan", "other delimiter", "cut short", "binary"],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_remedy(
    change: Callable[[str], str], told: str, tmp_path: Path, conditions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data.csv"
    data.write_bytes(change(EXAMPLE.read_text(encoding="utf-8")).encode())
    status, record = evaluate(data, conditions, tmp_path)
    assert status == 1
    assert told in record["refusal"]["reason"]
    assert "REFUSED" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ('unit = "g"', 'unit = "kg"', 'columns.mass.unit: found "kg"; wanted one of "g", "mg", "ug"'),
        ('kind = "flow"  ', 'kind = "trumpet"  ', 'kind: found "trumpet"; wanted one of'),
        ("volume_reference_c = 20.0", "", "temperatures.volume_reference_c: missing"),
        ("pump_c = 20.0", "", "temperatures.pump_c: missing"),
        ("readability_mg = 0.1", "readability_mg = nan", "balance.readability_mg: found nan"),
    ],
)
def test_conditions_that_cannot_be_used_are_refused_before_the_file_is_read(
    good: str, bad: str, told: str, tmp_path: Path, conditions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = conditions.read_text(encoding="utf-8")
    assert good in text
    conditions.write_text(text.replace(good, bad, 1), encoding="utf-8")
    assert main(["evaluate", str(tmp_path / "not there"), "--conditions", str(conditions)]) == 1
    assert told in capsys.readouterr().err


def test_readings_that_go_the_other_way_are_refused_with_a_remedy(tmp_path: Path, conditions: Path) -> None:
    stated = conditions.read_text(encoding="utf-8")
    assert 'direction = "collect"' in stated
    conditions.write_text(stated.replace('direction = "collect"', 'direction = "withdraw"'), encoding="utf-8")
    status, record = evaluate(EXAMPLE, conditions, tmp_path)
    assert status == 1
    assert record["outcome"] is None
    assert "Correct `direction`" in record["refusal"]["reason"]


def test_a_flow_far_from_the_set_one_is_told_to_be_perhaps_a_unit_stated_wrongly(
    tmp_path: Path, conditions: Path
) -> None:
    stated = conditions.read_text(encoding="utf-8")
    assert 'name = "Balance (g)", unit = "g"' in stated
    conditions.write_text(stated.replace('"Balance (g)", unit = "g"', '"Balance (g)", unit = "mg"'), encoding="utf-8")
    status, record = evaluate(EXAMPLE, conditions, tmp_path)
    assert status == 0
    assert record["outcome"]["verdict"] == "FAIL"
    assert "look at the units of the columns" in record["outcome"]["notes"][0]


def test_a_trace_is_evaluated_by_itself(tmp_path: Path, conditions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    series = simulate(SHORT, 1).series
    trace = written(tmp_path, series, events=phase_events(series), head=header())
    out, figure = tmp_path / "out.json", tmp_path / "run.png"
    assert main(["evaluate", str(trace), "--json", str(out), "--figure", str(figure)]) == 0
    record = json.loads(out.read_text(encoding="utf-8"))
    assert record["outcome"] == evaluate_trace(trace).as_record()
    assert (record["kind"], record["source"], record["refusal"]) == ("flow", "trace.h5", None)
    assert record["file"]["sha256"] == hashlib.sha256(trace.read_bytes()).hexdigest()
    assert record["conditions"]["gravimetric_bench"]["capillary_u_ul"] == BENCH.capillary_u_ul
    assert figure.read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    for label in ("fully corrected", "as the standard's formula is written", "noise floor", "true Ep(max)"):
        assert label in printed
    assert main(["evaluate", str(trace), "--conditions", str(conditions)]) == 1
    assert "leave out --conditions" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["evaluate", str(trace), "--figure", "run.xyz"])
    assert "ends in none of .png, .svg, .pdf" in capsys.readouterr().err


def test_a_trace_without_an_analysis_is_a_refusal_in_the_json_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    series = simulate(SHORT, 1).series
    trace = written(tmp_path, series, events=phase_events(series)[:3], head=header())
    out = tmp_path / "out.json"
    assert main(["evaluate", str(trace), "--json", str(out)]) == 1
    assert "no completed phase 'analysis'" in json.loads(out.read_text(encoding="utf-8"))["refusal"]["reason"]
    assert "no completed phase 'analysis'" in capsys.readouterr().err


BOLUS_CONDITIONS = """
kind = "bolus"
title = "Patch pump, 1 U"
direction = "collect"
file = { delimiter = ",", decimal = "." }
events.boluses = [660.0, 780.0, 900.0, 1020.0]
periods.blank_before = [0.0, 600.0]
temperatures.volume_reference_c = 20.0
liquid.kind = "water"

[columns]
time = { name = "t", unit = "s", u_s = 0.1 }
mass = { name = "m", unit = "mg" }

[bolus]
set_volume_ul = 10.0
duration_s = 10.0
settle_s = 30.0
reading_s = 20.0
units_per_ml = 100.0

[air]
temperature_c = 20.0
humidity_percent = 50.0
pressure_hpa = 1013.25
temperature_u_c = 0.2
humidity_u_percent = 1.0
pressure_u_hpa = 0.5

[balance]
readability_mg = 0.01
repeatability_mg = 0.02
sensitivity_u_ppm = 50.0
zero_drift_ug_per_sqrt_h = 10.0

[vessel]
vessel_inner_diameter_mm = 20.0
vessel_inner_diameter_u_mm = 0.1
tube_outer_diameter_mm = 0.0
tube_outer_diameter_u_mm = 0.0
displaced_volume_ml = 10.0
displaced_volume_u_ml = 0.5
capillary_u_ul = 0.05
liquid_temperature_u_c = 0.5
"""


def test_a_bolus_test_from_file_to_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1 U of U100, delivered as 10 mg each: 10.03 uL by ISO 8655-6; a flickering last digit, as balances have."""
    conditions, out, figure = tmp_path / "bolus.toml", tmp_path / "out.json", tmp_path / "bolus.png"
    conditions.write_text(BOLUS_CONDITIONS, encoding="utf-8")
    time_s = np.arange(0.0, 1140.0)
    given = sum(10.0 * np.clip((time_s - at) / 10.0, 0.0, 1.0) for at in (660.0, 780.0, 900.0, 1020.0))
    noise = 0.01 * np.random.default_rng(1).integers(-1, 2, time_s.size)
    data = write_table(tmp_path / "bolus.csv", ("t", "m"), (time_s, np.round(5000.0 + np.asarray(given) + noise, 2)))
    arguments = ["evaluate", str(data), "--conditions", str(conditions), "--json", str(out), "--figure", str(figure)]
    assert main(arguments) == 0
    outcome = json.loads(out.read_text(encoding="utf-8"))["outcome"]
    assert outcome["schema"] == "bolus-outcome/1.1.0"
    assert outcome["verdict"] == "NOT RUN"
    assert outcome["corrected"]["mean_volume_ul"] == pytest.approx(10.0285, abs=0.01)
    assert [bolus["dose_units"] for bolus in outcome["boluses"]] == pytest.approx([1.00285] * 4, abs=0.003)
    assert outcome["boluses"][0]["volume"]["expanded_uncertainty"] < 0.2
    document = (DOCS / "evaluation-json.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z0-9_]+)`", document))
    for part in (outcome, outcome["boluses"][0], outcome["corrected"], outcome["mean_error"]):
        assert set(part) <= named
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert "mean bolus error" in capsys.readouterr().out


def test_an_air_file_on_another_clock_is_refused(tmp_path: Path) -> None:
    series = simulate(SHORT, 1).series
    data = write_table(tmp_path / "run.csv", ("time_s", "mass_g"), (series.time_s, series.mass_g))
    stamps = ["2026-03-01T08:00:00", "2026-03-01T08:10:00", "2026-03-01T08:20:00"]
    write_table(tmp_path / "air.csv", ("t", "T", "H", "p"), (stamps, [20.0] * 3, [50.0] * 3, [1013.0] * 3))
    table = own_conditions(series)
    table["columns"].pop("air")
    table["air_file"] = {
        "path": "air.csv",
        "file": {"delimiter": ",", "decimal": "."},
        "time": {"name": "t", "unit": "iso8601", "u_s": 1.0},
        "air": {
            "temperature": {"name": "T"},
            "humidity": {"name": "H", "unit": "%"},
            "pressure": {"name": "p", "unit": "hPa"},
        },
    }
    evaluation = evaluate_foreign(data, Conditions.model_validate(table))
    assert evaluation.outcome is None
    assert "in another way than the balance's" in str(evaluation.refusal)


def test_the_occlusion_example_is_the_published_vector(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """12 mL/h into 10 uL/kPa from 15 kPa, alarm at 85 kPa, 8 s late: 218 s and 0.7267 mL; 120 s are required."""
    status, record = evaluate(
        DOCS / "examples" / "occlusion-balance.csv", DOCS / "examples" / "occlusion.toml", tmp_path
    )
    assert status == 0
    outcome = record["outcome"]
    values = {one["name"]: one["value"] for one in outcome["measurands"]}
    for name, true in (
        ("time to alarm", 218.0),
        ("stored volume at alarm", 726.7),
        ("pressure at alarm", 87.667),
        ("line compliance", 10.0),
        ("line compliance by release", 10.0),
        ("unintended bolus", 876.67),
        ("steady flow", 12000.0),
    ):
        assert values[name]["value"] == pytest.approx(true, abs=values[name]["expanded_uncertainty"]), name
    assert values["stored volume at alarm"]["expanded_uncertainty"] < 5.0
    assert [decision["verdict"] for decision in outcome["decisions"]] == ["FAIL", "PASS"]
    assert record["pressure_file"]["rows"] == 1802
    assert [mark["name"] for mark in outcome["course"]["marks"]] == [
        "line closed",
        "alarm",
        "released",
        "pressure back",
    ]
    assert "at 638.0 s: alarm" in capsys.readouterr().out


def test_the_document_shows_the_conditions_of_the_occlusion_example() -> None:
    document = (DOCS / "foreign-data.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r'^```text\nkind = "occlusion"\n(.*?)^```$', document, re.DOTALL | re.MULTILINE)
    assert shown.split("[occlusion]")[1].strip() in (DOCS / "examples" / "occlusion.toml").read_text(encoding="utf-8")


def test_an_occlusion_without_an_alarm_is_a_result(tmp_path: Path) -> None:
    for name in ("occlusion-balance.csv", "occlusion-pressure.csv"):
        (tmp_path / name).write_bytes((DOCS / "examples" / name).read_bytes())
    conditions = tmp_path / "silent.toml"
    text = (DOCS / "examples" / "occlusion.toml").read_text(encoding="utf-8")
    conditions.write_text(re.sub(r"^alarm = .*$", "", text, flags=re.MULTILINE), encoding="utf-8")
    status, record = evaluate(tmp_path / "occlusion-balance.csv", conditions, tmp_path)
    assert status == 0
    by_name = {one["name"]: one for one in record["outcome"]["measurands"]}
    assert by_name["time to alarm"]["value"] is None
    assert by_name["time to alarm"]["absent"] == "no alarm is stated for the 280 s of the occlusion"
    assert by_name["maximum pressure"]["value"]["value"] == pytest.approx(87.7, abs=0.3)
    assert record["outcome"]["decisions"][0]["verdict"] == "FAIL"
    assert record["outcome"]["verdict"] == "FAIL"
