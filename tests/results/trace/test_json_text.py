"""JSON of the record is valid for every parser."""

import json
from enum import Enum, IntEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.trace.json_text import to_json


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def refuse(constant: str) -> Any:
    raise ValueError(constant)


@given(VALUE)
def test_the_text_is_one_ascii_line_of_strict_json(value: Any) -> None:
    text = to_json(value)
    assert text.isascii()
    assert text.isprintable()
    json.loads(text, parse_constant=refuse)


def test_numbers_that_json_has_no_word_for_become_strings() -> None:
    value = {"a": float("nan"), "b": float("inf"), "c": np.float64("-inf"), "d": [1e-300]}
    assert to_json(value) == '{"a":"NaN","b":"Infinity","c":"-Infinity","d":[1e-300]}'


def test_numpy_scalars_and_enum_members_become_their_value() -> None:
    value = {
        "a": np.int64(3),
        "b": np.uint8(1),
        "c": np.bool_(True),
        "d": Colour.RED,
        "e": (Level.HIGH, np.float32(0.5)),
    }
    assert to_json(value) == '{"a":3,"b":1,"c":true,"d":"red","e":[3,0.5]}'


@pytest.mark.parametrize("value", [{1: "x"}, b"x", {"a": object()}, [{1, 2}], np.zeros(3)])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=r"^\$"):
        to_json(value)
