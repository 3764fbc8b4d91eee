"""Files as a hurried person, a broken editor, a bad merge or a bad disk leave them, drawn by hypothesis."""

from __future__ import annotations

import json
import tomllib

from hypothesis import strategies as st

from tests.rig.toml_mutation import document, mutated_tables, mutated_text

ODD_CELLS = (
    "",
    " ",
    "NaN",
    "-inf",
    "1e999",
    "1_000",
    "１２",
    "٣",
    "0x10",
    "1,5",
    "1.5",
    "1.234,5",
    "12.3 mg",
    "12.3 g",
    "12.3g",
    "-0",
    "1e-400",
    "+5",
    " 5 ",
    '"5"',
    '"5',
    "5;5",
    "−5",
    "5\u00a0",
    "#",
    "\x1b[2J",
)


@st.composite
def damaged_bytes(draw: st.DrawFn, original: bytes) -> bytes:
    """Draw the bytes with bits flipped, ranges zeroed, doubled, moved or cut."""
    data = bytearray(original)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.sampled_from((1, 16, 512, 4096)))
        action = draw(st.sampled_from(("flip", "flip", "flip", "zero", "double", "cut", "noise")))
        if action == "flip" and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif action == "zero":
            data[at : at + length] = bytes(len(data[at : at + length]))
        elif action == "double":
            data[at:at] = data[at : at + length]
        elif action == "cut":
            del data[at : at + length if draw(st.booleans()) else len(data)]
        elif action == "noise":
            data[at : at + length] = draw(st.randoms(use_true_random=False)).randbytes(len(data[at : at + length]))
    return bytes(data)


@st.composite
def damaged_rows(draw: st.DrawFn, original: bytes) -> bytes:
    """Draw a table with cells replaced, and rows removed, doubled, swapped or merged."""
    lines = [line.split(";") for line in original.decode().split("\n")]
    for _ in range(draw(st.integers(1, 4))):
        row = draw(st.integers(0, len(lines) - 2))
        action = draw(st.sampled_from(("cell", "cell", "cell", "remove", "double", "swap", "merge", "cell more")))
        if action == "cell" and lines[row]:
            lines[row][draw(st.integers(0, len(lines[row]) - 1))] = draw(st.sampled_from(ODD_CELLS))
        elif action == "remove":
            del lines[row]
        elif action == "double":
            lines.insert(row, list(lines[row]))
        elif action == "swap":
            lines[row], lines[row - 1] = lines[row - 1], lines[row]
        elif action == "merge" and len(lines) > row + 1:
            lines[row] += lines.pop(row + 1)
        elif action == "cell more":
            lines[row].append(draw(st.sampled_from(ODD_CELLS)))
    return "\n".join(";".join(cells) for cells in lines).encode()


def damaged(form: str, original: bytes) -> st.SearchStrategy[bytes]:
    """Return the strategy of damaged files of a form."""
    anything = damaged_bytes(original)
    if form in ("hdf5", "sqlite"):
        return anything
    text = mutated_text(original.decode())
    if form == "toml":
        tables = mutated_tables(tomllib.loads(original.decode())).map(lambda table: document(table).encode())
        return st.one_of(tables, tables, text, anything)
    if form == "json":
        values = mutated_tables(json.loads(original)).map(lambda table: json.dumps(table, default=str).encode())
        return st.one_of(values, text, anything)
    return st.one_of(damaged_rows(original), text, anything) if form == "csv" else st.one_of(text, anything)
