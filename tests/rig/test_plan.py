"""Plans: the shipped one says what the procedure says; what cannot be run or judged is refused beforehand."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from instruments.program import FlowStep, ProgramMode
from results.profiles import load_profile, profile_ids
from rig.configuration import ConfigurationError
from rig.plan import Plan, load_plan
from rig.procedures.flow_accuracy import FlowCase
from tests.rig.toml_mutation import check_message, document, mutated_tables, mutated_text

SHIPPED = Path(__file__).parents[2] / "protocols" / "flow_accuracy.toml"
TEXT = SHIPPED.read_text(encoding="utf-8")
TABLES: dict[str, Any] = tomllib.loads(TEXT)


@pytest.fixture(scope="module")
def shipped() -> Plan:
    return load_plan(SHIPPED)


def flow_cases(plan: Plan) -> list[FlowCase]:
    return [plan.case(case.name, FlowCase) for case in plan.cases]


def refusal(folder: Path, text: str | bytes) -> ConfigurationError:
    path = folder / "plan.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigurationError) as caught:
        load_plan(path)
    check_message(caught.value, path)
    return caught.value


def problem_at(error: ConfigurationError, key: str) -> str:
    problems = [fault.problem for fault in error.faults if fault.key == key]
    assert problems, str(error)
    return "\n".join(problems)


# ---- the shipped plan


def test_the_maintenance_case_is_9_ul_per_hour(shipped: Plan) -> None:
    case = shipped.case("maintenance", FlowCase)
    assert (case.dose_ug_per_day, case.concentration_ug_per_ml) == (108.0, 500.0)
    assert case.flow_ul_per_h == pytest.approx(9.0, rel=1e-15)
    assert case.program.mode is ProgramMode.CONTINUOUS
    assert case.program.steps == (FlowStep(case.flow_ul_per_h),)
    assert case.evaluation.set_flow_ul_per_h == case.flow_ul_per_h
    assert (case.blank_s, case.stabilisation_s, case.analysis_s) == (2 * 3600, 24 * 3600, 25 * 3600)
    assert case.deviation is None
    profile = load_profile(case.evaluation.profile).profile
    assert profile.sample_interval_s == 15 * 60
    assert [k * profile.sample_interval_s / 60 for k in profile.window_samples] == [15, 60, 150, 330, 570, 930]


def test_case_one_is_1_ml_per_day_timed_likewise(shipped: Plan) -> None:
    case, maintenance = shipped.case("one", FlowCase), shipped.case("maintenance", FlowCase)
    assert case.flow_ul_per_h * 24 == pytest.approx(1000.0, rel=1e-15)
    assert (case.blank_s, case.stabilisation_s, case.analysis_s) == (
        maintenance.blank_s,
        maintenance.stabilisation_s,
        maintenance.analysis_s,
    )
    assert case.dose_ug_per_day is None


def test_the_fast_case_can_be_watched_and_says_it_is_not_by_the_standard(shipped: Plan) -> None:
    case = shipped.case("fast", FlowCase)
    assert case.flow_ul_per_h * 24 == pytest.approx(10_000.0, rel=1e-15)
    assert (case.stabilisation_s, case.analysis_s) == (600, 3600)
    profile = load_profile(case.evaluation.profile).profile
    assert profile.sample_interval_s == 30
    assert [k * profile.sample_interval_s / 60 for k in profile.window_samples] == [2, 5, 11, 19, 31]
    assert "not by the standard" in case.title
    assert "not by the standard" in profile.wording.lower()


def test_the_limit_is_labelled_as_our_reading_of_its_source(shipped: Plan) -> None:
    for case in flow_cases(shipped):
        (criterion,) = case.evaluation.criteria
        assert (criterion.low, criterion.high, criterion.unit) == (-14.5, 14.5, "%")
        assert "our symmetric reading" in criterion.source.lower()
        assert "one-sided" in criterion.source
        assert case.evaluation.decision_rule.kind == "guarded"


def test_the_plan_says_by_analogy_and_names_what_it_answers_to(shipped: Plan) -> None:
    identity = shipped.identity
    assert "by analogy" in identity.wording
    assert "excludes implantable" in identity.wording
    assert (identity.id, identity.revision) == ("flow-accuracy", "1")
    assert identity.requirements
    assert identity.sources
    assert identity.text == TEXT
    assert [case.name for case in shipped.cases] == ["maintenance", "one", "fast"]
    assert all(case.plan is identity for case in shipped.cases)


def test_the_planned_time_is_that_of_all_phases(shipped: Plan) -> None:
    case = shipped.case("maintenance", FlowCase)
    prime_s = case.prime.duration_s
    assert prime_s is not None
    assert case.planned_s == prime_s + (2 + 24 + 25 + 2) * 3600


def test_an_unknown_case_is_answered_with_the_known_ones(shipped: Plan) -> None:
    with pytest.raises(ConfigurationError, match="no case 'mantenance'; there are: maintenance, one, fast") as caught:
        shipped.case("mantenance", FlowCase)
    check_message(caught.value, SHIPPED)


# ---- what is refused


def test_a_missing_plan_says_where_plans_lie(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no such file\. A plan lies beside its protocol"):
        load_plan(tmp_path / "flow.toml")


def with_case(**changes: Any) -> str:
    """Return the shipped plan with one case, changed: None removes a key."""
    case = {**TABLES["case"]["maintenance"], **changes}
    return document({**TABLES, "case": {"x": {key: value for key, value in case.items() if value is not None}}})


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"flow_ml_per_day": 1.0}, "case.x", "both a dose and flow_ml_per_day"),
        ({"dose_ug_per_day": None, "flow_ml_per_day": 1.0}, "case.x", "both a dose and flow_ml_per_day"),
        ({"dose_ug_per_day": None, "concentration_ug_per_ml": None}, "case.x", "states no flow"),
        ({"dose_ug_per_day": None}, "case.x.dose_ug_per_day", "missing beside concentration_ug_per_ml"),
        ({"concentration_ug_per_ml": None}, "case.x.concentration_ug_per_ml", "missing beside dose_ug_per_day"),
        ({"dose_ug_per_day": 0.0}, "case.x.dose_ug_per_day", "found 0.0; wanted a number > 0"),
        ({"dose_ug_per_day": float("nan")}, "case.x.dose_ug_per_day", "found nan; wanted a finite number"),
        ({"dose_ug_per_day": float("inf")}, "case.x.dose_ug_per_day", "found inf; wanted a finite number"),
        ({"dose_ug_per_day": -108.0}, "case.x.dose_ug_per_day", "found -108.0; wanted a number > 0"),
        # 22 ug/day at 500 ug/mL is 0.044 mL/day, less than the pump's 0.048; 108 at 4000 is 0.027; 96.3 at 4000 too.
        ({"dose_ug_per_day": 22.0}, "case.x", "the set flow: 1.83333 uL/h lies outside the pump's range 2 to 1000"),
        ({"concentration_ug_per_ml": 4000.0}, "case.x", "the set flow: 1.125 uL/h lies outside"),
        ({"dose_ug_per_day": 13_000.0}, "case.x", "the set flow: 1083.33 uL/h lies outside"),
        ({"dose_ug_per_day": 1e300, "concentration_ug_per_ml": 1e-300}, "case.x", "the set flow: inf uL/h"),
        ({"prime_flow_ml_per_day": 25.0}, "case.x", "the prime: 1041.67 uL/h lies outside"),
        ({"prime_s": None}, "case.x.prime_s", "missing; wanted a number > 0"),
        ({"prime_s": 0}, "case.x.prime_s", "wanted a number > 0"),
        ({"blank_s": 899}, "case.x.blank_s", "899 s is shorter than one sample interval S = 900 s"),
        ({"blank_s": "2 h"}, "case.x.blank_s", 'found "2 h"; wanted a number > 0'),
        ({"analysis_s": 90_001.0}, "case.x.analysis_s", "not a multiple of the sample interval S = 900 s"),
        ({"analysis_s": 45_000.0}, "case.x.analysis_s", "shorter than the longest window of the profile, 55800 s"),
        ({"stabilisation_s": 0, "analysis_s": 72_000}, "case.x", "72000 s is shorter than the profile's start-up"),
        (
            {"analysis_s": 180_000.0},
            "case.x.deviation",
            "missing; the timing is not the profile's (analysis_s = 180000",
        ),
        ({"stabilisation_s": 3600.0}, "case.x.deviation", "stabilisation_s = 3600 s, not 86400 s"),
        ({"deviation": "by habit"}, "case.x.deviation", "the timing is the profile's own"),
        ({"profile": "ambulatory"}, "case.x.profile", f"there are: {', '.join(profile_ids())}"),
        ({"profile": None}, "case.x.profile", "missing"),
        ({"dosis_ug_per_day": 108.0}, "case.x.dosis_ug_per_day", "did you mean 'dose_ug_per_day'?"),
        ({"pump": "elastomeric"}, "case.x.pump", 'wanted one of "implantable", "external", "syringe"'),
        ({"sampling": {"balance_period_s": 0.0}}, "case.x.sampling.balance_period_s", "wanted a number >= 0.1"),
        ({"sampling": {"burette_period_s": 1.0}}, "case.x.sampling.burette_period_s", "unknown key"),
        ({"evaluation": {"pump_temperature_c": 99.0}}, "case.x.evaluation.pump_temperature_c", "found 99.0"),
        ({"limits": {"FLOW-B": {"high": 5.0, "source": "x"}}}, "case.x.limits.FLOW-B", "there are: FLOW-A"),
        ({"limits": {"FLOW-A": {"high": 5.0}}}, "case.x.limits.FLOW-A.source", "missing"),
        ({"evaluation": {"set_flow_ul_per_h": 3.0}}, "case.x.evaluation.set_flow_ul_per_h", "said by the case"),
    ],
)
def test_a_case_that_cannot_be_run_is_refused(tmp_path: Path, changes: dict[str, Any], key: str, words: str) -> None:
    assert words in problem_at(refusal(tmp_path, with_case(**changes)), key)


def test_the_pumps_own_limits_are_within_its_range(tmp_path: Path) -> None:
    # 96.3 ug/day at 2000 ug/mL is 0.04815 mL/day: a real patient's dose, a hair above the smallest flow.
    for changes in (
        {"dose_ug_per_day": 96.3, "concentration_ug_per_ml": 2000.0},
        {"dose_ug_per_day": None, "concentration_ug_per_ml": None, "flow_ml_per_day": 24.0},
    ):
        path = tmp_path / "plan.toml"
        path.write_text(with_case(**changes), encoding="utf-8")
        load_plan(path)


def test_a_deviation_that_is_explained_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(with_case(analysis_s=180_000.0, deviation="twice as long, for the trumpet"), encoding="utf-8")
    case = load_plan(path).case("x", FlowCase)
    assert case.analysis_s == 180_000.0
    assert case.deviation == "twice as long, for the trumpet"


def test_a_case_may_replace_keys_of_the_evaluation(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(with_case(evaluation={"pump_temperature_c": 37.0}), encoding="utf-8")
    evaluation = load_plan(path).case("x", FlowCase).evaluation
    shipped = TABLES["evaluation"]
    assert (evaluation.pump_temperature_c, evaluation.direction) == (37.0, "collect")
    assert evaluation.volume_reference_temperature_c == shipped["volume_reference_temperature_c"]


def test_a_case_may_have_limits_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(with_case(limits={"FLOW-A": {"high": 5.0, "source": "tighter here"}}), encoding="utf-8")
    (criterion,) = load_plan(path).case("x", FlowCase).evaluation.criteria
    assert (criterion.low, criterion.high, criterion.source) == (None, 5.0, "tighter here")
    assert criterion.unit == "%"


def test_what_is_stated_of_sampling_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(with_case(sampling={"pressure_rate_hz": 1000.0}), encoding="utf-8")
    assert load_plan(path).case("x", FlowCase).sampling.stated() == {"pressure_rate_hz": 1000.0}


def test_a_plan_says_how_the_test_is_set_up(tmp_path: Path, shipped: Plan) -> None:
    assert shipped.cases[0].conditions.equilibration_s == 7200.0
    without = {key: table for key, table in TABLES.items() if key != "conditions"}
    assert "missing" in problem_at(refusal(tmp_path, document(without)), "conditions")


def test_a_plan_for_no_procedure_is_told_those_there_are(tmp_path: Path) -> None:
    text = document({**TABLES, "plan": {**TABLES["plan"], "procedure": "flow-acuracy", "revision": 1}})
    error = refusal(tmp_path, text)
    assert {fault.key for fault in error.faults} == {"plan.procedure", "plan.revision"}
    assert "flow-accuracy" in problem_at(error, "plan.procedure")


def with_evaluation(**changes: Any) -> str:
    return document({**TABLES, "evaluation": {**TABLES["evaluation"], **changes}})


WINDOW = "Ep(max), P = 930 min"
CRITERION = TABLES["evaluation"]["criteria"][0]


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"profile": "bench-fast"}, "evaluation.profile", "said by each case"),
        ({"set_flow_ul_per_h": 9.0}, "evaluation.set_flow_ul_per_h", "said by each case"),
        ({"pump_temperature_c": 99.0}, "evaluation.pump_temperature_c", "found 99.0"),
        ({"liquid": {"kind": "oil"}}, "evaluation.liquid.kind", 'one of "water", "measured"'),
        ({"liquid": {"kind": "measured"}}, "evaluation.liquid", "needs density_kg_per_m3"),
        ({"decision_rule": {"kind": "simple"}}, "evaluation.decision_rule", "needs minimum_limit_to_u_ratio"),
        ({"criteria": [{**CRITERION, "low": 20.0}]}, "evaluation.criteria[1]", "low 20 is not below high 14.5"),
        ({"criteria": [{**CRITERION, "measurand": "A"}]}, "evaluation.criteria", "'A' is no measurand of a flow test"),
        ({"criteria": [{**CRITERION, "measurand": WINDOW}]}, "evaluation.criteria[1].measurand", "case 'fast' has no"),
        ({"criteria": [{**CRITERION, "unit": "uL/h"}]}, "evaluation.criteria", "flow errors are in '%'"),
        ({"criteria": [{**CRITERION, "high": float("nan")}]}, "evaluation.criteria[1].high", "a finite number"),
    ],
)
def test_an_evaluation_that_could_not_judge_is_refused(
    tmp_path: Path, changes: dict[str, Any], key: str, words: str
) -> None:
    assert words in problem_at(refusal(tmp_path, with_evaluation(**changes)), key)


def test_a_criterion_may_name_a_window_that_every_case_evaluates(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    evaluation = {**TABLES["evaluation"], "criteria": [CRITERION, {**CRITERION, "id": "E", "measurand": WINDOW}]}
    cases = {name: TABLES["case"][name] for name in ("maintenance", "one")}
    path.write_text(document({**TABLES, "evaluation": evaluation, "case": cases}), encoding="utf-8")
    assert [criterion.measurand for criterion in flow_cases(load_plan(path))[0].evaluation.criteria][1] == WINDOW


def test_the_faults_of_all_parts_are_told_together(tmp_path: Path) -> None:
    text = document(
        {
            "plan": {**TABLES["plan"], "revision": 1, "autor": "x"},
            "evaluation": {**TABLES["evaluation"], "pump_temperature_c": float("nan")},
            "case": {
                "a": {**TABLES["case"]["one"], "flow_ml_per_day": 100.0},
                "b": {**TABLES["case"]["fast"], "blank_s": 1.0, "prime_s": True},
                "B": TABLES["case"]["fast"],
            },
            "cases": {},
            "conditions": {**TABLES["conditions"], "head_height_mm": "level"},
        }
    )
    keys = {fault.key for fault in refusal(tmp_path, text).faults}
    assert keys == {
        "plan.revision",
        "plan.autor",
        "evaluation.pump_temperature_c",
        "case.a",
        "case.b.blank_s",
        "case.b.prime_s",
        "case.B",
        "cases",
        "conditions.head_height_mm",
    }


def test_a_plan_without_cases_is_no_plan(tmp_path: Path) -> None:
    error = refusal(tmp_path, document({**TABLES, "case": {}}))
    assert problem_at(error, "case") == "found a table; wanted a table with at least one entry"


@settings(max_examples=150, deadline=None)
@given(tables=mutated_tables(TABLES))
def test_a_mutated_plan_is_a_whole_plan_or_a_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory, tables: dict[str, Any]
) -> None:
    _whole_or_refused(tmp_path_factory.mktemp("plan"), document(tables).encode())


@settings(max_examples=150, deadline=None)
@given(data=mutated_text(TEXT))
def test_a_damaged_plan_file_is_a_whole_plan_or_a_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    _whole_or_refused(tmp_path_factory.mktemp("plan"), data)


def _whole_or_refused(folder: Path, data: bytes) -> None:
    path = folder / "plan.toml"
    path.write_bytes(data)
    try:
        plan = load_plan(path)
    except ConfigurationError as error:
        check_message(error, path)
        return
    assert plan.cases
    for case in flow_cases(plan):
        assert 2.0 <= case.flow_ul_per_h <= 1000.0
        assert case.planned_s > case.analysis_s > 0.0
        assert case.evaluation.set_flow_ul_per_h == case.flow_ul_per_h
