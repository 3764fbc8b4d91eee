"""Every plan that ships: it can be read, its protocol runs it, and its cases have names of their own."""

from __future__ import annotations

import ast
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from rig.cases.sampling import burst_trip_kpa, refuse_unsound_sampling, sampling_of
from rig.faults import NotRun
from rig.plan import load_plan
from rig.procedures import PROCEDURES
from rig.stations.file import load_station_file
from tests.end_to_end.bench_runs import protocol_command

PROTOCOLS = Path(__file__).parents[2] / "protocols"
PLANS = sorted(PROTOCOLS.glob("*.toml"))
STATIONS = sorted((PROTOCOLS.parent / "rig" / "stations").glob("*/station.toml"))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_a_shipped_plan_can_be_run(path: Path) -> None:
    plan = load_plan(path)
    assert plan.cases
    for case in plan.cases:
        assert case.planned_s > 0.0
        assert case.title
        assert case.evaluation.model_dump(mode="json")


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_a_shipped_plan_keeps_the_interlocks_of_the_shipped_stations(path: Path) -> None:
    for station in (load_station_file(file) for file in STATIONS):
        for case in load_plan(path).cases:
            sampling = sampling_of(station, case.sampling)
            if sampling.pressure_block_s <= station.sampling.pressure_block_s:
                continue
            if station.limits.pressure_rise_kpa_per_s is None:
                with pytest.raises(NotRun, match="burst pressure"):
                    refuse_unsound_sampling(station, case.sampling)
            else:
                refuse_unsound_sampling(station, case.sampling)
                assert burst_trip_kpa(station, sampling) < station.limits.burst_pressure_kpa


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_a_protocol_holds_no_number(path: Path) -> None:
    tree = ast.parse(path.with_suffix(".py").read_text(encoding="utf-8"))
    numbers = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert not [number for number in numbers if isinstance(number, int | float) and not isinstance(number, bool)]


def test_every_procedure_has_a_protocol_and_every_protocol_a_procedure() -> None:
    used = {load_plan(path).identity.procedure for path in PLANS}
    assert used == set(PROCEDURES)
    modules = {path.stem for path in PROTOCOLS.glob("*.py")} - {"__init__"}
    assert modules == {path.stem for path in PLANS}


def test_case_names_are_unique_over_all_plans() -> None:
    names = Counter(case.name for path in PLANS for case in load_plan(path).cases)
    assert not [name for name, count in names.items() if count > 1]


def test_the_daily_check_comes_first(tmp_path: Path) -> None:
    command = protocol_command(tmp_path / "runs", "--station", "simulated", "--collect-only", "-q")
    done = subprocess.run(command, cwd=PROTOCOLS.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    collected = [line for line in done.stdout.splitlines() if "::" in line]
    checks = [number for number, line in enumerate(collected) if "daily_check.py" in line]
    assert checks == list(range(len(checks)))
    assert "protocols/catheter_trial.py" in done.stdout
