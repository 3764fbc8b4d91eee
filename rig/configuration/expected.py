"""What a model expects at a place of a file, in words."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

Location = tuple[int | str, ...]
_PLAIN = {float: "a number", int: "a whole number", str: "text", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Expected:
    """What stands at one place: its type, the bounds on it, and the words its author gave it."""

    annotation: Any
    bounds: tuple[Any, ...] = ()
    description: str | None = None
    discriminator: str | None = None

    @classmethod
    def of(cls, annotation: Any, field: FieldInfo | None = None) -> Expected:
        """Return what an annotation (of a field) expects, looking within Annotated and Optional."""
        bounds: list[Any] = list(field.metadata) if field else []
        description = field.description if field else None
        discriminator = field.discriminator if field else None
        while True:
            origin = get_origin(annotation)
            if origin is Annotated:
                annotation, *extras = get_args(annotation)
                for extra in extras:
                    bounds += extra.metadata if isinstance(extra, FieldInfo) else [extra]
                    description = description or getattr(extra, "description", None)
                    discriminator = discriminator or getattr(extra, "discriminator", None)
                continue
            inner = [argument for argument in get_args(annotation) if argument is not types.NoneType]
            if origin not in (Union, types.UnionType) or len(inner) != 1:
                key = discriminator if isinstance(discriminator, str) else None
                return cls(annotation, tuple(bounds), description, key)
            annotation = inner[0]

    @property
    def model(self) -> type[BaseModel] | None:
        """The model of a table; None where something else is wanted."""
        is_model = isinstance(self.annotation, type) and issubclass(self.annotation, BaseModel)
        return self.annotation if is_model else None

    @property
    def item(self) -> Any:
        """What the items of a list, or the values of a table with free names, must be; None elsewhere."""
        origin = get_origin(self.annotation)
        if origin in (tuple, list):
            return get_args(self.annotation)[0]
        return get_args(self.annotation)[-1] if origin in (dict, Mapping) else None

    @property
    def name(self) -> Expected:
        """What the names in a table with free names must be."""
        return Expected.of(get_args(self.annotation)[0])

    @property
    def choices(self) -> dict[str, type[BaseModel]]:
        """The tables one of which is wanted, by the value of the key that tells them apart; empty elsewhere."""
        if self.discriminator is None:
            return {}
        models = [model for argument in get_args(self.annotation) if (model := Expected.of(argument).model)]
        return {
            value: model
            for model in models
            for value in get_args(Expected.of(model.model_fields[self.discriminator].annotation).annotation)
        }

    def at(self, location: Location) -> tuple[Expected, Location]:
        """Return what is expected further inside, and the keys on the way as they stand in the file.

        A validator's location also holds which of several tables it took; that is no key. Where the way leads beyond
        what is known, the last known place is returned.
        """
        place = self
        keys: list[int | str] = []
        for part in location:
            if part in place.choices:
                place = Expected(place.choices[str(part)])
                continue
            keys.append(part)
            field = place.model.model_fields.get(str(part)) if place.model else None
            if field is not None:
                place = Expected.of(field.annotation, field)
            elif place.item is not None:
                place = Expected.of(place.item)
        return place, tuple(keys)

    def in_words(self) -> str:
        """Return what is wanted here."""
        words = _kind(self.annotation, self.bounds)
        return f"{words} ({self.description})" if self.description else words


def _kind(annotation: Any, bounds: Sequence[Any]) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        choices = [json.dumps(choice) if isinstance(choice, str) else str(choice) for choice in get_args(annotation)]
        return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(Expected.of(argument).in_words() for argument in get_args(annotation)))
    if origin in (tuple, list):
        arguments = get_args(annotation)
        item = Expected.of(arguments[0]).in_words()
        if origin is tuple and arguments[-1] is not Ellipsis:
            return f"a list of {len(arguments)}; each item {item}"
        return f"a list{_bounds(bounds, empty='of at least 1')}; each item {item}"
    if origin in (dict, Mapping):
        return f"a table{_bounds(bounds, empty='with at least one entry')}"
    return _PLAIN.get(annotation, "a table") + _bounds(bounds, empty="that is not empty")


def _bounds(bounds: Sequence[Any], *, empty: str) -> str:
    words: list[str] = []
    for bound in bounds:
        match bound:
            case annotated_types.Gt(value):
                words.append(f"> {value:g}")
            case annotated_types.Ge(value):
                words.append(f">= {value:g}")
            case annotated_types.Lt(value):
                words.append(f"< {value:g}")
            case annotated_types.Le(value):
                words.append(f"<= {value:g}")
            case annotated_types.MinLen(1):
                words.append(empty)
            case annotated_types.MinLen(length):
                words.append(f"of at least {length}")
            case annotated_types.MaxLen(length):
                words.append(f"of at most {length}")
    return f" {' and '.join(words)}" if words else ""
