"""What the documents show is what the rig reads."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import get_args

import pytest

from instruments.simulated.truth import load_twin
from instruments.simulated.truth.events import ActionName, BenchEvent, LinkFaultEvent
from rig.plan import load_plan
from rig.procedures.flow_accuracy import FlowCase
from rig.stations.file import load_station_file
from rig.stations.tables import SamplingTable

DOCS = Path(__file__).parents[2] / "docs"


def example(document: str, folder: Path) -> Path:
    """Write the TOML of a document, all its pieces together, into a file."""
    text = (DOCS / document).read_text(encoding="utf-8")
    pieces = re.findall(r"^```toml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    path = folder / "example.toml"
    path.write_text("".join(pieces), encoding="utf-8")
    return path


def test_the_plan_in_the_document_can_be_loaded(tmp_path: Path) -> None:
    plan = load_plan(example("plan.md", tmp_path))
    assert plan.case("maintenance", FlowCase).flow_ul_per_h == pytest.approx(96.3 / 2000 * 1000 / 24)
    assert plan.case("long", FlowCase).analysis_s == 2 * 24 * 3600


def test_the_station_in_the_document_can_be_loaded(tmp_path: Path) -> None:
    station = load_station_file(example("station.md", tmp_path))
    assert station.id == "bench-3"
    assert not station.is_simulated
    assert station.sampling == SamplingTable()


def test_the_disturbances_in_the_document_belong_to_a_twin(tmp_path: Path) -> None:
    events = example("twin.md", tmp_path).read_text(encoding="utf-8")
    shipped = load_station_file("simulated").twin_file
    assert shipped is not None
    twin = tmp_path / "twin.toml"
    twin.write_text(shipped.read_text(encoding="utf-8") + events, encoding="utf-8")
    assert [event.kind for event in load_twin(twin).event] == ["stall", "evaporation", "link_fault"]


def test_every_disturbance_is_documented() -> None:
    before, by_hand = (DOCS / "twin.md").read_text(encoding="utf-8").split("## By hand")
    disturbances, link_faults = before.split("## Link faults")
    modes = get_args(LinkFaultEvent.model_fields["mode"].annotation)
    assert set(re.findall(r"^\| `(\w+)` \|", link_faults, re.MULTILINE)) == set(modes)
    documented = set(re.findall(r"^\| `(\w+)` \|", disturbances, re.MULTILINE))
    kinds = {get_args(one.model_fields["kind"].annotation)[0] for one in get_args(get_args(BenchEvent)[0])}
    assert documented == kinds
    actions = by_hand.split("##")[0]
    assert set(get_args(ActionName)) <= set(re.findall(r"`(\w+)`", actions))


def test_every_event_kind_of_the_rig_is_documented() -> None:
    documented = set(re.findall(r"`(\w+)`", (DOCS / "trace.md").read_text(encoding="utf-8")))
    sources = [path.read_text(encoding="utf-8") for path in (DOCS.parent / "rig").rglob("*.py")]
    written = {kind for text in sources for kind in re.findall(r"_?event\(\s*\"(\w+)\"", text)}
    assert len(written) >= 20
    assert written <= documented


def test_the_readme_holds_the_commands_ci_runs() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    endings = {"main": "protocols --station simulated --case maintenance", "tests": "pytest -n 2 --dist worksteal"}
    for name, ending in endings.items():
        block = re.search(rf"^<!-- run: {name} -->\n```sh\n(.*?)\n```$", readme, re.DOTALL | re.MULTILINE)
        assert block is not None
        assert block[1].endswith(ending)
        assert ".lock -e ." in block[1]


PYTHON_EXAMPLES = re.findall(
    r"^```python\n(.*?)^```$", (DOCS / "python.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
)


@pytest.mark.parametrize("number", range(len(PYTHON_EXAMPLES)))
def test_the_examples_in_python_run(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DOCS.parent)
    exec(compile(PYTHON_EXAMPLES[number], f"docs/python.md, example {number + 1}", "exec"), {})


def test_every_function_of_the_document_exists() -> None:
    named = re.findall(r"`(results(?:\.\w+)+)`", (DOCS / "python.md").read_text(encoding="utf-8"))
    assert len(named) >= 15
    for name in named:
        module, _, function = name.rpartition(".")
        assert callable(getattr(importlib.import_module(module), function)), name
