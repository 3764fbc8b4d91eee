"""The codec against the vectors of its document, and against a bad line."""

import re
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.pumps.bench_interface.frames import (
    MAXIMUM_DATA_BYTES,
    DamagedFrame,
    FrameDecoder,
    crc16,
    encode_frame,
)
from instruments.pumps.bench_interface.messages import (
    ErrorCode,
    MessageError,
    Request,
    format_error,
    format_number,
    format_ok,
    format_request,
    parse_number,
    parse_reply,
    parse_request,
)

DOCUMENT = (Path(__file__).parents[2] / "docs" / "bench-interface.md").read_text()
VECTORS = [
    line for block in re.findall(r"```vectors\n(.*?)```", DOCUMENT, re.DOTALL) for line in block.strip().splitlines()
]
EXAMPLES = [
    line
    for block in re.findall(r"```(?:example|external)\n(.*?)```", DOCUMENT, re.DOTALL)
    for line in block.strip().splitlines()
]

data = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=MAXIMUM_DATA_BYTES)
words = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'), min_size=1, max_size=12)
commands = st.from_regex(r"[A-Z]{2,5}\??", fullmatch=True)
requests = st.builds(Request, st.integers(0, 0xFFFF), commands, st.lists(words, max_size=4).map(tuple))
field_values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"'), max_size=20)
fields = st.dictionaries(st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True), field_values, max_size=5)


def words_of(received: str | DamagedFrame) -> str:
    return f"! {received.damage.name}" if isinstance(received, DamagedFrame) else received


def test_the_document_has_vectors_of_every_kind() -> None:
    assert len(VECTORS) > 15
    for kind in ("CRC", "LENGTH", "CHARACTER", "INTERRUPTED"):
        assert any(f"! {kind}" in vector for vector in VECTORS)


@pytest.mark.parametrize("vector", VECTORS)
def test_vector_of_the_document(vector: str) -> None:
    raw, *expected = (part.strip() for part in vector.split("=>"))
    received = [words_of(item) for item in FrameDecoder().feed(bytes.fromhex(raw))]
    assert received == [item for item in expected if item]
    if len(expected) == 1 and raw.startswith("02") and expected[0] and "!" not in expected[0]:
        assert encode_frame(expected[0]) == bytes.fromhex(raw)


def test_the_examples_of_the_document_parse_and_each_reply_belongs_to_its_request() -> None:
    for question, answer in zip(EXAMPLES[::2], EXAMPLES[1::2], strict=True):
        assert question.startswith("> ")
        assert answer.startswith("< ")
        request, reply = parse_request(question[2:]), parse_reply(answer[2:])
        assert format_request(request) == question[2:]
        assert (reply.sequence, reply.command) == (request.sequence, request.command)
        encode_frame(answer[2:])
        if reply.error is None:
            assert format_ok(request, reply.fields) == answer[2:]
        else:
            assert format_error(request, ErrorCode(reply.error[0]), reply.error[1]) == answer[2:]


def test_the_document_names_every_error_code() -> None:
    for code in ErrorCode:
        assert f"| {code:02d} |" in DOCUMENT


def test_crc_is_ccitt_false() -> None:
    # Check value of CRC-16/IBM-3740 ("CCITT-FALSE") in the catalogue of parametrised CRC algorithms.
    assert crc16(b"123456789") == 0x29B1


@given(st.lists(data, max_size=5), st.integers(1, 50))
def test_frames_survive_any_cutting(payloads: list[str], cut: int) -> None:
    stream = b"".join(encode_frame(payload) for payload in payloads)
    decoder = FrameDecoder()
    received = [item for i in range(0, len(stream), cut) for item in decoder.feed(stream[i : i + cut])]
    assert received == payloads


@given(st.binary(max_size=600), data)
def test_a_frame_is_received_whatever_came_before(garbage: bytes, payload: str) -> None:
    received = FrameDecoder().feed(garbage + encode_frame(payload))
    assert received[-1] == payload


@given(data, st.data())
def test_no_single_changed_byte_passes(payload: str, drawn: st.DataObject) -> None:
    frame = bytearray(encode_frame(payload))
    position = drawn.draw(st.integers(0, len(frame) - 1))
    frame[position] = drawn.draw(st.integers(0, 255).filter(lambda byte: byte != frame[position]))
    assert [item for item in FrameDecoder().feed(bytes(frame)) if isinstance(item, str)] == []


@given(st.binary(max_size=2000))
def test_the_decoder_never_holds_more_than_a_frame(noise: bytes) -> None:
    for item in FrameDecoder().feed(b"\x02" + noise):
        assert len(item.raw if isinstance(item, DamagedFrame) else item) <= MAXIMUM_DATA_BYTES + 10


def test_an_endless_frame_is_reported_once() -> None:
    received = FrameDecoder().feed(b"\x02" + b"A" * 1000)
    assert [words_of(item) for item in received] == ["! OVERSIZE"]


def test_a_forgotten_half_frame_does_not_come_back() -> None:
    decoder = FrameDecoder()
    frame = encode_frame("0009 RUN")
    decoder.feed(frame[:5])
    decoder.reset()
    assert decoder.feed(frame[5:]) == []


@pytest.mark.parametrize("payload", ["", "x" * (MAXIMUM_DATA_BYTES + 1), "a\x02b", "a\nb", "\xb5L", "ab\x7f"])
def test_what_no_frame_can_carry_is_refused(payload: str) -> None:
    with pytest.raises(ValueError, match="a frame carries"):
        encode_frame(payload)


@given(requests)
def test_requests_round_trip(request: Request) -> None:
    assert parse_request(format_request(request)) == request


@given(requests, fields)
def test_granted_replies_round_trip(request: Request, given_fields: dict[str, str]) -> None:
    reply = parse_reply(format_ok(request, given_fields))
    assert (reply.sequence, reply.command, reply.error) == (request.sequence, request.command, None)
    assert reply.fields == given_fields


@given(requests, st.sampled_from(ErrorCode))
def test_refusals_round_trip(request: Request, code: ErrorCode) -> None:
    reply = parse_reply(format_error(request, code, "the reason in words"))
    assert reply.error == (code, "the reason in words")
    assert reply.sequence == request.sequence


@given(data)
def test_any_data_is_a_message_or_refused_clearly(payload: str) -> None:
    # Nothing but MessageError may come out.
    for parse in (parse_request, parse_reply):
        with suppress(MessageError):
            parse(payload)


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "0001",
        "0001  RUN",
        "001 RUN",
        "000a RUN",
        "0001 run",
        "0001 RUN ",
        "0001 RUN OK ",
        "0001 RUN ERR 1 words",
        "0001 RUN ERR 12",
        "0001 STA? OK STATE",
        "0001 STA? OK STATE=A STATE=B",
        '0001 STA? OK STATE="A',
        "0001 STA? OK state=A",
    ],
)
def test_what_is_no_reply_is_refused(payload: str) -> None:
    with pytest.raises(MessageError):
        parse_reply(payload)


@given(st.floats(0, 999_999_999, allow_nan=False))
def test_numbers_round_trip_to_half_of_the_last_decimal(value: float) -> None:
    assert abs(parse_number(format_number(value)) - Decimal(repr(value))) <= Decimal("0.0000005")


@pytest.mark.parametrize(
    ("value", "text"), [(9.0, "9"), (0.0, "0"), (1000 / 24, "41.666667"), (1e-7, "0"), (0.25, "0.25")]
)
def test_numbers_are_written_plainly(value: float, text: str) -> None:
    assert format_number(value) == text


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), 1e10])
def test_numbers_that_cannot_be_written_are_refused(value: float) -> None:
    with pytest.raises(ValueError):
        format_number(value)


@pytest.mark.parametrize("text", ["", "-1", "+1", "1e3", "1.", ".5", "1,5", "nan", "1.0000001", "1234567890", "\u0661"])
def test_texts_that_are_no_numbers_are_refused(text: str) -> None:
    with pytest.raises(MessageError):
        parse_number(text)
