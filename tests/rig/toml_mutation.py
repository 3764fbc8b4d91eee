"""TOML texts a hurried person, a broken editor or a bad merge could leave behind."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from typing import Any

from hypothesis import strategies as st

from rig.configuration import ConfigurationError

JARGON = ("Traceback", "pydantic", "http", "Input should", "Extra inputs", "validator", "NoneType", "<class")

ODD_VALUES: tuple[Any, ...] = (
    math.nan,
    math.inf,
    -math.inf,
    -1,
    0,
    0.0,
    1e308,
    10**400,
    True,
    "",
    "108",
    "text",
    "\u0000\u001b[2J",
    "../../etc",
    "twin://elsewhere",
    date(2026, 3, 1),
    [],
    [1, "two", [3]],
    {},
    {"unexpected": 1},
    {"driver": "none"},
)


def to_toml(value: Any) -> str:
    """Return a value as inline TOML; a table at top level as lines."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {to_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(to_toml(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    if isinstance(value, int) and abs(value) > 10**30:
        return f"1{'0' * 400}"
    return str(value)


def document(tables: Mapping[str, Any]) -> str:
    """Return a TOML text of top-level keys."""
    return "".join(f"{json.dumps(key)} = {to_toml(value)}\n" for key, value in tables.items())


def _places(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    places = [at] if at else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        places += _places(item, (*at, key))
    return places


@st.composite
def mutated_tables(draw: st.DrawFn, original: Mapping[str, Any]) -> dict[str, Any]:
    """Draw the tables with one to four values replaced, keys removed, or keys added."""
    tables = deepcopy(dict(original))
    for _ in range(draw(st.integers(1, 4))):
        *way, last = draw(st.sampled_from(_places(tables)))
        parent: Any = tables
        for key in way:
            parent = parent[key]
        action = draw(st.sampled_from(["replace", "remove", "add", "rename"]))
        if action == "replace":
            parent[last] = deepcopy(draw(st.sampled_from(ODD_VALUES)))
        elif action == "remove" or isinstance(parent, list):
            del parent[last]
        elif action == "add":
            parent[draw(st.text(max_size=8))] = deepcopy(draw(st.sampled_from(ODD_VALUES)))
        else:
            parent[f"{last}s"] = parent.pop(last)
        if not _places(tables):
            break
    return tables


@st.composite
def mutated_text(draw: st.DrawFn, original: str) -> bytes:
    """Draw the text with slices cut, doubled, or replaced by odd characters."""
    data = original.encode()
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(data)))
        end = min(len(data), begin + draw(st.integers(0, 40)))
        filling = draw(st.one_of(st.just(b""), st.just(data[begin:end] * 2), st.binary(max_size=6)))
        data = data[:begin] + filling + data[end:]
    return data


def check_message(error: ConfigurationError, path: object) -> None:
    """Demand a message a person can act on: the file, every fault, no jargon."""
    message = str(error)
    assert message.startswith(str(path))
    assert error.faults
    for fault in error.faults:
        assert fault.problem.strip()
        assert str(fault) in message
    for word in JARGON:
        assert word not in message, message
    assert all(line.isprintable() for line in message.splitlines()), message
