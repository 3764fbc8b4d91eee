"""What an evaluation writes is what the published schema says, no key more."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from results.evaluation_schema import evaluation_schema
from results.foreign.evaluate import Evaluation, evaluate_foreign
from results.trace_evaluation import evaluate_own
from tests.results.foreign.files import changed, conditions_of, write_table
from tests.results.foreign.test_vectors import day_conditions, day_readings
from tests.results.synthetic import simulate
from tests.results.test_bolus import VOLUMES, evaluated
from tests.results.test_evaluate_trace import SHORT, header, phase_events, written

PUBLISHED = Path(__file__).parents[2] / "docs" / "evaluation.schema.json"


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return schema


def faults(schema: dict[str, Any], record: Any) -> list[str]:
    """The faults of a record, as JSON, where no key may be added."""
    closed = _closed(copy.deepcopy(schema))
    Draft202012Validator.check_schema(closed)
    written_record = json.loads(json.dumps(record, allow_nan=False))
    return [error.message for error in Draft202012Validator(closed).iter_errors(written_record)]


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(entry) for entry in schema]
    if isinstance(schema, dict):
        made = {key: _closed(value) for key, value in schema.items()}
        if schema.get("type") == "object" and "properties" in schema:
            made["additionalProperties"] = False
        return made
    return schema


def test_the_published_schema_is_that_of_the_code(published: dict[str, Any]) -> None:
    """Else: python -m results.evaluation_schema > docs/evaluation.schema.json, and another version."""
    assert published == evaluation_schema()


def test_a_flow_test_a_refusal_and_a_bolus_test(published: dict[str, Any], tmp_path: Path) -> None:
    path = write_table(tmp_path / "day.csv", ("t", "m"), day_readings())
    flow = evaluate_foreign(path, conditions_of(day_conditions()))
    assert flow.outcome is not None
    assert faults(published, flow.as_record()) == []
    beyond = evaluate_foreign(path, conditions_of(day_conditions(periods={"analysis": [0.0, 900000.0]})))
    assert beyond.refusal is not None
    assert faults(published, beyond.as_record()) == []
    outcome = evaluated(VOLUMES, noise_ug=2.0)
    bolus = Evaluation("b.csv", "bolus", flow.conditions, flow.table, None, None, None, outcome, None)
    assert faults(published, bolus.as_record()) == []


def test_a_trace_of_our_own_and_its_refusal(published: dict[str, Any], tmp_path: Path) -> None:
    series = simulate(SHORT, 1).series
    trace = written(tmp_path, series, events=phase_events(series), head=header())
    own = evaluate_own(trace)
    assert own.outcome is not None
    assert faults(published, own.as_record()) == []
    (tmp_path / "short").mkdir()
    broken = written(tmp_path / "short", series, events=phase_events(series)[:3], head=header())
    refused = evaluate_own(broken)
    assert refused.outcome is None
    assert faults(published, refused.as_record()) == []


def test_a_missing_key_a_wrong_type_and_two_answers_are_faults(published: dict[str, Any], tmp_path: Path) -> None:
    path = write_table(tmp_path / "day.csv", ("t", "m"), day_readings())
    record = evaluate_foreign(path, conditions_of(day_conditions())).as_record()
    assert faults(published, changed(record, refusal={"reason": "and yet"}))
    assert faults(published, {key: value for key, value in record.items() if key != "file"})
    assert faults(published, changed(record, outcome={"set_flow_ul_per_h": "9"}))
    assert faults(published, changed(record, outcome={"new": 1.0}))
