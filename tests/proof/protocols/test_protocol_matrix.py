"""One good and one bad pump of every protocol, each at one seed; the whole matrix is `python -m tests.proof.protocols`.

Numbers of a few runs cannot be held to 93 %: each must lie within twice U.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.bench_runs import ROOT
from tests.proof.protocols.all_rows import all_rows
from tests.proof.protocols.matrix import run_row
from tests.proof.protocols.rows import Row

SEED = 1
_IN_CI = [row for row in all_rows() if row.in_ci]


@pytest.mark.parametrize("row", _IN_CI, ids=[row.key for row in _IN_CI])
def test_row_ends_as_it_must(row: Row) -> None:
    run = run_row(row, SEED)
    assert run.as_expected, f"{run.verdict}: {run.reason}"
    for one in run.comparisons:
        assert abs(one.measured - one.true) <= 2.0 * one.expanded_uncertainty, one


def test_every_protocol_has_rows() -> None:
    protocols = {path.stem for path in Path(ROOT, "protocols").glob("*.toml")}
    assert {row.protocol for row in _IN_CI} == protocols
