"""Evaluation of a foreign file from the command line: conditions from a TOML file, a table, a record, a figure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from rich.console import Console

from results.foreign.conditions import Conditions
from results.foreign.consistency import CONTRADICTIONS
from results.foreign.evaluate import Evaluation, evaluate_foreign
from rig.configuration import Section, load_toml
from rig.figures import draw
from rig.terminal.foreign_tables import print_evaluation


class ConditionsFile(Conditions, Section):
    """The conditions as a file states them: every fault and every contradiction is told at once."""

    contradictions_of: ClassVar[Any] = CONTRADICTIONS


def load_conditions(path: Path) -> Conditions:
    """Read a conditions file. Raises `ConfigurationError` with every fault of the file."""
    remedy = "A conditions file says what a data file does not; docs/foreign-data.md shows one"
    return load_toml(path, ConditionsFile, remedy=remedy).value


def evaluate_file(
    data: Path, conditions: Path, *, console: Console, json_file: Path | None, figure: Path | None
) -> Evaluation:
    """Evaluate a data file under a conditions file, print what came out, and write what is wanted.

    Raises `ConfigurationError` for conditions that cannot be used, `OSError` for files that cannot be read or written.
    """
    evaluation = evaluate_foreign(data, load_conditions(conditions))
    print_evaluation(console, evaluation)
    if json_file is not None:
        write_json(evaluation.as_record(), json_file)
    if figure is not None and evaluation.outcome is not None:
        draw(evaluation.outcome, figure)
    return evaluation


def write_json(record: Mapping[str, Any], path: Path) -> None:
    """Write the record of an evaluation, strict JSON."""
    path.write_text(json.dumps(record, indent=2, allow_nan=False) + "\n", encoding="utf-8")
