"""A fixed small part of the coverage study, and the document it writes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from instruments.simulated.physics.lags import delayed_recursion
from instruments.simulated.physics.room import CELL_S, RoomAir
from tests.proof.array_bench import phases_of
from tests.proof.bench_qualities import QUALITIES, UNSTEADY_ROOM, BenchQuality
from tests.proof.coverage import keep, kept_rows, notes_of
from tests.proof.coverage_document import NOTES, coverage_of, document
from tests.proof.coverage_left_out import LEFT_OUT
from tests.proof.coverage_runs import Row, case_at, cells, row

ROOM_SEEDS = range(1, 41)
_SURPRISE = 1e-3


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Two runs of each of the nine cells; no two runs share a seed, for those would share their room."""
    nine = [cell for cell in cells() if not cell.extra]
    return [row(cell, 2 * number + run) for number, cell in enumerate(nine) for run in (1, 2)]


def test_errors_scatter_as_their_uncertainties_say_neither_more_nor_less(rows: list[Row]) -> None:
    """The sum of (error / u)^2 is chi-squared; both tails: padding fails as well."""
    total = sum((found.error / (found.expanded / 2.0)) ** 2 for found in rows)
    assert stats.chi2.ppf(_SURPRISE, len(rows)) <= total <= stats.chi2.isf(_SURPRISE, len(rows))


def test_without_the_correction_for_evaporation_every_run_is_wrong(rows: list[Row]) -> None:
    keys = [change.key for change in LEFT_OUT if change.no_evaporation]
    without = [found.left_out[key] for found in rows for key in keys if key in found.left_out]
    assert without
    assert all(abs(error) > expanded for error, expanded in without)


@pytest.mark.parametrize("quality", [*QUALITIES, UNSTEADY_ROOM], ids=lambda quality: str(quality.name))
def test_the_tubes_temperature_is_stated_as_unknown_as_the_whole_of_its_change(quality: BenchQuality) -> None:
    """It follows the room's air with a lag; what is stated holds even for one who thinks it stands still."""
    phases = phases_of(case_at(9.0))
    ends_s = [
        (phase.begin_s, phase.end_s) for phase in (phases.blank_before, phases.analysis, phases.blank_after) if phase
    ]
    changes = []
    for seed in ROOM_SEEDS:
        air_c, _, _ = RoomAir(quality.truth.room, seed).block(0, math.ceil(phases.end_s / CELL_S) + 1)
        keep = math.exp(-CELL_S / quality.truth.room.liquid_lag_s)
        liquid_c, _ = delayed_recursion(air_c, keep=keep, first=float(air_c[0]))
        changes.append([liquid_c[int(end_s / CELL_S)] - liquid_c[int(begin_s / CELL_S)] for begin_s, end_s in ends_s])
    rms_k = float(np.sqrt(np.mean(np.square(changes))))
    assert quality.bench.tube_temperature_u_k == pytest.approx(rms_k, rel=0.3)


def test_coverage_counts_what_lies_within_u() -> None:
    found = coverage_of([0.5, -1.5, 2.0, 0.0], [1.0, 1.0, 2.0, 1.0])
    assert (found.runs, found.covered_percent, found.median_u, found.mean_error) == (4, 75.0, 1.0, 0.25)


def test_notes_written_by_hand_outlive_the_tables(rows: list[Row]) -> None:
    old = f"# Old\n\n{NOTES}\nMissed by chance.\n"
    new = document(rows, made="a test", notes=notes_of(old))
    assert notes_of(new) == f"{NOTES}\nMissed by chance.\n"
    assert notes_of("# None yet\n") == NOTES


def test_a_study_goes_on_from_what_it_kept(rows: list[Row], tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    assert kept_rows(path, [(rows[0].cell, rows[0].seed)]) == {}
    for found in rows:
        keep(path, found, "abc1234")
    last = rows[-1]
    assert kept_rows(path, [(last.cell, last.seed), (last.cell, -1)]) == {(last.cell, last.seed): (last, "abc1234")}
