"""Turns what a validator reports into words: what was found at which key, and what is wanted there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from results.printable import on_one_line
from rig.configuration.expected import Expected, Location
from rig.configuration.faults import Fault

_LONGEST_FOUND = 60
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_NAME_OF_AN_ENTRY = "[key]"


def dotted_key(location: Location) -> str:
    """Return a location as a key a person finds in the file; items of lists count from 1: `criteria[2].high`."""
    key = ""
    for part in location:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        else:
            name = _shortened(part if _BARE_KEY.fullmatch(part) else quoted(part))
            key += f".{name}" if key else name
    return key


def quoted(text: str) -> str:
    """Return a text in double quotes, with escapes for what a terminal would not show."""
    return on_one_line(json.dumps(text, ensure_ascii=False))


def found(value: object) -> str:
    """Return a value as it would stand in a TOML file, shortened."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_FOUND:
        return "a number with too many digits"
    return _shortened(quoted(value) if isinstance(value, str) else str(value))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_FOUND else f"{text[: _LONGEST_FOUND - 3]}..."


def unknown_key(key: str, known: Sequence[str]) -> str:
    """Return the problem of a key that does not exist, with what may have been meant."""
    similar = get_close_matches(key, known, n=1)
    if similar:
        return f"unknown key; did you mean {similar[0]!r}?"
    return f"unknown key; known here: {', '.join(known)}" if known else "unknown key"


def fault_of(error: ErrorDetails, model: type[BaseModel], prefix: Location) -> Fault:
    """Return the fault that one error of a validator stands for."""
    location = error["loc"]
    kind = error["type"]
    value = error["input"]
    parent = Expected.of(model).at(location[:-1])[0]
    place, keys = Expected.of(model).at(location)
    key = dotted_key((*prefix, *keys))
    if kind == "extra_forbidden":
        return Fault(key, unknown_key(str(location[-1]), sorted(parent.model.model_fields) if parent.model else ()))
    if location[-1:] == (_NAME_OF_AN_ENTRY,):
        name = Expected.of(model).at(location[:-2])[0].name
        return Fault(dotted_key((*prefix, *keys[:-1])), f"a name here is {name.description or name.in_words()}")
    if kind in ("union_tag_invalid", "union_tag_not_found") and place.discriminator is not None:
        was = "missing"
        if isinstance(value, Mapping) and place.discriminator in value:
            was = f"found {found(value[place.discriminator])}"
        choices = ", ".join(found(choice) for choice in place.choices)
        return Fault(f"{key}.{place.discriminator}", f"{was}; wanted one of {choices}")
    if kind == "missing":
        return Fault(key, f"missing; wanted {place.in_words()}")
    if kind == "value_error":
        reason = str(error["ctx"]["error"])
        return Fault(key, reason if isinstance(value, Mapping | list) else f"found {found(value)}; {reason}")
    wanted = place.in_words()
    if kind == "finite_number":
        wanted = wanted.replace("a number", "a finite number", 1)
    return Fault(key, f"found {found(value)}; wanted {wanted}")
