"""All rows of the matrix: each protocol has a module `rows_<protocol>` beside this one with a tuple `ROWS`."""

from __future__ import annotations

import importlib
from pathlib import Path

from tests.proof.protocols.rows import Row


def all_rows() -> tuple[Row, ...]:
    """Return the rows of every protocol, in the order of its module's name."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("rows_*.py"))
    modules = [importlib.import_module(f"tests.proof.protocols.{name}") for name in names]
    return tuple(row for module in modules for row in module.ROWS)
