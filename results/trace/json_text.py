"""JSON as the record stores it: one line, pure ASCII, valid for every parser."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from enum import Enum

import numpy as np


def to_json(value: object) -> str:
    """Return `value` as one line of ASCII JSON.

    Numpy scalars become numbers, enum members their value, tuples lists. JSON has no word for NaN and the infinities:
    they become the strings "NaN", "Infinity" and "-Infinity".
    Errors: TypeError naming the key path for anything else JSON cannot hold.
    """
    return json.dumps(_plain(value, "$"), allow_nan=False, separators=(",", ":"))


def _plain(value: object, where: str) -> object:
    if isinstance(value, Enum):
        return _plain(value.value, where)
    if isinstance(value, np.generic):
        return _plain(value.item(), where)
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, Mapping):
        return {_key(key, where): _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    raise TypeError(f"{where} is a {type(value).__name__}, which JSON cannot hold")


def _key(key: object, where: str) -> str:
    if isinstance(key, str):
        return key
    raise TypeError(f"{where} has the key {key!r}; JSON keys are strings")
