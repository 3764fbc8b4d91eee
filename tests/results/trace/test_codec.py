"""Samples become bytes and the same samples again; other bytes become an error."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from results.trace.codec import decode, encode

DTYPES = ("<i8", "<f8", "<f4", "u1", "<u2", "<i4", "S1", "S7")
DTYPE = st.sampled_from([np.dtype(name) for name in DTYPES])


@st.composite
def rows(draw: st.DrawFn) -> list[NDArray[np.generic]]:
    count = draw(st.integers(1, 12))
    return [draw(hnp.arrays(draw(DTYPE), count)) for _ in range(draw(st.integers(1, 5)))]


@given(rows())
@example([np.array([np.inf, -0.0, np.nan])])
@example([np.array([-(2**63), 0, 2**63 - 1]), np.array([2**62, -(2**62), -(2**63)])])
def test_decoding_returns_the_same_bytes(arrays: list[NDArray[np.generic]]) -> None:
    decoded = decode([array.dtype for array in arrays], len(arrays[0]), encode(arrays))
    assert [array.dtype for array in decoded] == [array.dtype for array in arrays]
    assert [array.tobytes() for array in decoded] == [array.tobytes() for array in arrays]


@given(st.binary(max_size=64), st.lists(DTYPE, min_size=1, max_size=3), st.integers(1, 8))
def test_any_bytes_decode_or_are_refused(payload: bytes, dtypes: list[np.dtype[np.generic]], count: int) -> None:
    try:
        arrays = decode(dtypes, count, payload)
    except ValueError:
        return
    assert [array.shape for array in arrays] == [(count,)] * len(dtypes)


@given(rows(), st.data())
def test_a_shortened_payload_is_refused(arrays: list[NDArray[np.generic]], data: st.DataObject) -> None:
    payload = encode(arrays)
    cut = data.draw(st.integers(0, len(payload) - 1))
    with pytest.raises(ValueError):
        decode([array.dtype for array in arrays], len(arrays[0]), payload[:cut])


def test_what_a_sample_clock_and_a_good_channel_repeat_takes_no_room() -> None:
    times = np.arange(1000) * 1_000_000
    status = np.zeros(1000, np.uint8)
    pressure = np.random.default_rng(1).normal(size=1000)
    assert len(encode([times, status, pressure])) == (1 + 16) + (1 + 1) + (1 + 8000)
