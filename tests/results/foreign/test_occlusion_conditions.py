"""The conditions of a foreign occlusion test: what must fit together, and what the file then tells."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from results.foreign.conditions import Conditions
from results.foreign.consistency import refuse_contradictions
from results.foreign.evaluate import Evaluation, evaluate_foreign, evaluate_table, read_foreign
from results.occlusion.outcome import OcclusionOutcome
from results.refusal import EvaluationRefused
from tests.results.test_evaluation_schema import faults

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
BALANCE = EXAMPLES / "occlusion-balance.csv"
GONE = object()


def conditions_of(changes: dict[str, Any] | None = None) -> Conditions:
    """The example's conditions with changes such as {"events.alarm": GONE}."""
    table: dict[str, Any] = copy.deepcopy(tomllib.loads((EXAMPLES / "occlusion.toml").read_text(encoding="utf-8")))
    for key, value in (changes or {}).items():
        *path, name = key.split(".")
        place = table
        for part in path:
            place = place.setdefault(part, {})
        if value is GONE:
            del place[name]
        else:
            place[name] = value
    return Conditions.model_validate(table)


NOT_YET_RELEASED_S = 695.0


def evaluated(changes: dict[str, Any] | None = None) -> Evaluation:
    return evaluate_foreign(BALANCE, conditions_of(changes))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"occlusion": GONE}, "occlusion: missing; wanted a table"),
        ({"pressure_file": GONE}, "pressure_file: missing; wanted a table"),
        ({"periods.steady": GONE}, "periods.steady: missing"),
        ({"periods.steady": [180.0, 500.0]}, "periods.steady: ends after events.occluded"),
        ({"periods.analysis": [180.0, 400.0]}, "periods.analysis: not for kind = 'occlusion'"),
        ({"events.occluded": GONE}, "events.occluded: missing"),
        ({"events.alarm": 400.0}, "events.alarm: not after events.occluded"),
        ({"events.released": 419.0}, "events.released: not after events.occluded"),
        ({"events.boluses": [1.0]}, "events.boluses: not for kind = 'occlusion'"),
        ({"direction": "withdraw"}, "direction: an occlusion test collects"),
        ({"occlusion.fixture_compliance_u_ul_per_kpa": GONE}, "state both or neither"),
        ({"occlusion.valve_displacement_ul": GONE}, "state both or neither"),
        (
            {"criteria": [{"id": "x", "measurand": "alarm time", "unit": "s", "high": 1.0, "source": "s"}]},
            "criteria[1]: 'alarm time' is no measurand of an occlusion test; there are 'steady flow'",
        ),
        ({"flow": {"set_flow_ul_per_h": 1.0}}, "flow: not for kind = 'occlusion'"),
    ],
)
def test_contradictions_are_told(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(EvaluationRefused) as refusal:
        refuse_contradictions(conditions_of(changes))
    assert problem in str(refusal.value)
    assert problem in str(evaluated(changes).refusal)


def test_events_of_an_occlusion_are_not_for_another_kind() -> None:
    with pytest.raises(EvaluationRefused) as refusal:
        refuse_contradictions(conditions_of({"kind": "bolus"}))
    for key in ("events.occluded", "events.alarm", "events.released", "periods.steady", "pressure_file", "occlusion"):
        assert f"{key}: not for kind = 'bolus'" in str(refusal.value)


def test_the_example_has_no_contradictions_and_an_outcome() -> None:
    refuse_contradictions(conditions_of())
    evaluation = evaluated()
    assert isinstance(evaluation.outcome, OcclusionOutcome)
    assert evaluation.pressure is not None
    assert evaluation.as_record()["kind"] == "occlusion"


def test_events_known_less_well_widen_the_times() -> None:
    outcome = evaluated({"occlusion.events_within_s": 5.0}).outcome
    assert isinstance(outcome, OcclusionOutcome)
    time = outcome.measurand("time to alarm").value
    assert time is not None
    assert time.standard_uncertainty == pytest.approx(5.0 * (2.0 / 3.0) ** 0.5, rel=0.01)


def test_a_line_never_let_go_has_no_bolus(tmp_path: Path) -> None:
    for name in (BALANCE.name, "occlusion-pressure.csv"):
        heading, *rows = (EXAMPLES / name).read_text(encoding="utf-8").splitlines(keepends=True)
        before = [row for row in rows if float(row.replace(";", ",").split(",")[0]) < NOT_YET_RELEASED_S]
        (tmp_path / name).write_text("".join([heading, *before]), encoding="utf-8")
    changes = {"events.released": GONE, "periods.blank_after": GONE}
    outcome = evaluate_foreign(tmp_path / BALANCE.name, conditions_of(changes)).outcome
    assert isinstance(outcome, OcclusionOutcome)
    assert outcome.measurand("unintended bolus").absent == "the line was not let go"
    assert outcome.measurand("time to alarm").value is not None


def test_a_burst_without_a_release_is_no_occlusion_test() -> None:
    assert "jumps by +0.19" in str(evaluated({"events.released": GONE}).refusal)


def test_a_pressure_file_that_does_not_reach_leaves_what_it_does_not_reach_unmeasured(tmp_path: Path) -> None:
    (tmp_path / BALANCE.name).write_bytes(BALANCE.read_bytes())
    lines = (EXAMPLES / "occlusion-pressure.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "occlusion-pressure.csv").write_text("".join(lines[: 1 + 2 * 705]), encoding="utf-8")
    outcome = evaluate_foreign(tmp_path / BALANCE.name, conditions_of()).outcome
    assert isinstance(outcome, OcclusionOutcome)
    assert "did not come back" in outcome.measurand("unintended bolus").absent
    assert outcome.measurand("pressure at alarm").value is not None
    (tmp_path / "occlusion-pressure.csv").write_text("".join(lines[:200]), encoding="utf-8")
    evaluation = evaluate_foreign(tmp_path / BALANCE.name, conditions_of())
    assert evaluation.outcome is None
    assert evaluation.refusal is not None


def test_without_the_pressure_there_is_no_outcome() -> None:
    table = read_foreign(BALANCE, conditions_of())
    with pytest.raises(EvaluationRefused, match="without the pressure in the line"):
        evaluate_table(table, conditions_of(), run_id="x")


def test_the_record_is_what_the_published_schema_says() -> None:
    published = json.loads((EXAMPLES.parent / "evaluation.schema.json").read_text(encoding="utf-8"))
    for changes in (None, {"events.alarm": GONE}, {"periods.steady": GONE}):
        assert faults(published, evaluated(changes).as_record()) == []
