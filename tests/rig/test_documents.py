"""What the documents show is what the rig reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rig.plan import load_plan
from rig.station_file import load_station_file
from rig.station_tables import SamplingTable

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
    assert plan.case("maintenance").flow_ul_per_h == pytest.approx(96.3 / 2000 * 1000 / 24)
    assert plan.case("long").analysis_s == 2 * 24 * 3600


def test_the_station_in_the_document_can_be_loaded(tmp_path: Path) -> None:
    station = load_station_file(example("station.md", tmp_path))
    assert station.id == "bench-3"
    assert not station.is_simulated
    assert station.sampling == SamplingTable()
