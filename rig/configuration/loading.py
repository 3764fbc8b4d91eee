"""From the bytes of a TOML file to checked values, or to the list of all its faults."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from rig.configuration.expected import Expected, Location
from rig.configuration.faults import ConfigurationError, Fault
from rig.configuration.section import Section
from rig.configuration.source import SourceFile, read_source
from rig.configuration.words import dotted_key, fault_of

_UNUSABLE_VALUE = (AttributeError, TypeError, ValueError, LookupError, ArithmeticError)
"""What a contradiction meets that needs a value of a file with faults."""

MOST_TOLD = 50
"""Most faults of one table that are told one by one."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[M]):
    """What a file says, and the file."""

    value: M
    source: SourceFile


@dataclass(frozen=True, slots=True)
class Checked(Generic[M]):
    """A table after checking. `partial` holds what could be used: all of it, or what is left beside the faults."""

    value: M | None
    partial: M
    faults: tuple[Fault, ...]


def load_toml(path: Path, model: type[M], *, remedy: str = "") -> Loaded[M]:
    """Read a TOML file into a model.

    Raises `ConfigurationError` with every fault of the file: what it is where it cannot be read or is not TOML (with
    line and column), else each faulty key with what was found and what is wanted, contradictions included. `remedy`
    is said where no file is found.
    """
    source = read_source(path, remedy=remedy)
    checked = check_table(parse_toml(source), model)
    if checked.value is None:
        raise ConfigurationError(path, checked.faults)
    return Loaded(checked.value, source)


def parse_toml(source: SourceFile) -> dict[str, Any]:
    """Return the tables of a TOML text; `ConfigurationError` with line and column where it is malformed."""
    try:
        return tomllib.loads(source.text)
    except RecursionError:
        problem = "nested too deeply"
    except ValueError as error:
        problem = str(error)
        if "digits" in problem:
            problem = "holds a number with too many digits"
    raise ConfigurationError(source.path, [Fault("", f"not valid TOML: {problem}")])


def check_table(table: Mapping[str, Any], model: type[M], *, prefix: Location = ()) -> Checked[M]:
    """Check one table (at `prefix` in its file) against a model; never raises for what the table holds."""
    try:
        value = model.model_validate(table)
    except ValidationError as error:
        details = error.errors(include_url=False)
        faults = [fault_of(detail, model, prefix) for detail in details[:MOST_TOLD]]
        if len(details) > MOST_TOLD:
            faults.append(Fault("", f"and {len(details) - MOST_TOLD} more faults"))
        partial = _salvage_section(model, table, {tuple(detail["loc"]) for detail in details}, ())
        faults += _contradictions(partial, prefix, complete=False)
        return Checked(None, partial, tuple(faults))
    contradictions = tuple(_contradictions(value, prefix, complete=True))
    return Checked(None if contradictions else value, value, contradictions)


def _salvage(annotation: Any, value: Any, faulty: set[Location], at: Location) -> Any:
    """Return what is in order of a value: a faulty part leaves its attribute unset, or None in a list."""
    if at in faulty:
        return None
    expected = Expected.of(annotation)
    if expected.model is not None and isinstance(value, Mapping):
        return _salvage_section(expected.model, value, faulty, at)
    item = expected.item
    if item is not None and isinstance(value, list | tuple):
        return tuple(_salvage(item, part, faulty, (*at, index)) for index, part in enumerate(value))
    if item is not None and isinstance(value, Mapping):
        return {name: _salvage(item, part, faulty, (*at, name)) for name, part in value.items()}
    return value


def _salvage_section(model: type[M], table: Mapping[str, Any], faulty: set[Location], at: Location) -> M:
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        here = (*at, name)
        if here in faulty:
            continue
        if name in table:
            values[name] = _salvage(field.annotation, table[name], faulty, here)
        elif not field.is_required():
            values[name] = field.get_default(call_default_factory=True)
    return model.model_construct(**values)


def _contradictions(value: object, prefix: Location, *, complete: bool) -> Iterator[Fault]:
    """Yield what is wrong between values; where the file has faults, pass over what needs a faulty value."""
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _contradictions(item, (*prefix, index), complete=complete)
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _contradictions(item, (*prefix, name), complete=complete)
    if not isinstance(value, BaseModel):
        return
    if isinstance(value, Section):
        for contradictions in value.contradictions_of:
            try:
                for key, problem in contradictions(value):
                    inner = key if isinstance(key, str) else dotted_key(key)
                    yield Fault(".".join(part for part in (dotted_key(prefix), inner) if part), problem)
            except _UNUSABLE_VALUE:
                if complete:
                    raise
    for name, part in value.__dict__.items():
        yield from _contradictions(part, (*prefix, name), complete=complete)
