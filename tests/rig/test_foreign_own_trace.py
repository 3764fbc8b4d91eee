"""A run of our own, given as somebody else's text files."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.evaluate_trace import evaluate_trace, flow_series
from results.foreign.conditions import Conditions
from results.foreign.evaluate import evaluate_foreign
from results.trace.reader import read_trace
from tests.results.foreign.files import write_table
from tests.results.synthetic import simulate
from tests.results.test_evaluate_trace import SHORT, header, phase_events, written
from tests.rig.foreign_conditions import own_conditions


@pytest.mark.parametrize("files", [1, 2])
def test_our_own_trace_as_text_files_gives_the_same_numbers(tmp_path: Path, files: int) -> None:
    """To the last digit, uncertainties and notes included."""
    series = simulate(SHORT, 1).series
    trace = written(tmp_path, series, events=phase_events(series), head=header())
    recorded = flow_series(read_trace(trace), sample_interval_s=30.0)
    air = recorded.ambient
    assert air is not None
    data = write_table(
        tmp_path / "run.csv",
        ("time_s", "mass_g", "temperature_c", "humidity_percent", "pressure_hpa"),
        (recorded.time_s, recorded.mass_g, air.temperature_c, air.humidity_percent, air.pressure_hpa),
    )
    table = own_conditions(recorded)
    if files == 2:
        write_table(
            tmp_path / "air.txt",
            ("time_s", "temperature_c", "humidity_percent", "pressure_hpa"),
            (recorded.time_s, air.temperature_c, air.humidity_percent, air.pressure_hpa),
            delimiter="\t",
        )
        table["air_file"] = {
            "path": "air.txt",
            "file": {"delimiter": "\t", "decimal": "."},
            "time": table["columns"]["time"],
            "air": table["columns"].pop("air"),
        }
    record = evaluate_foreign(data, Conditions.model_validate(table)).as_record()
    assert (record["air_file"] is None) is (files == 1)
    foreign = record["outcome"]
    own = evaluate_trace(trace).as_record()
    assert {**foreign, "run_id": own["run_id"]} == own
