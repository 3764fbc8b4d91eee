"""The disk after a power cut: what was synced is there; of the rest, any page may be old, new or in between.

A file's bytes are certain once it was synced, a name once its folder was. Later pages (4 KiB) hold any of the states
they went through, each page for itself; the length is any it went through, and what was cut off is cut off whole; later
changes of a folder survive up to any point, in their order: as a journalling file system keeps them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from tests.proof.power_cut.recorder import Name, Op, Resize, Sync, SyncFolder, Write

PAGE = 4096


def lay_out(ops: Sequence[Op], target: Path, chance: random.Random) -> None:
    """Make a folder as a power cut after these operations may leave it."""
    names = _names(ops, chance)
    target.mkdir()
    for inside, file in sorted(names.items()):
        path = target / inside
        if not path.parent.is_dir():
            continue  # its folder was lost
        if file < 0:
            path.mkdir()
        else:
            path.write_bytes(
                _content([op for op in ops if isinstance(op, Write | Resize | Sync) and op.file == file], chance)
            )


def _names(ops: Sequence[Op], chance: random.Random) -> dict[str, int]:
    """Return the names that survive, by their path."""
    survivors: dict[str, int] = {}
    folders = {op.folder for op in ops if isinstance(op, Name)}
    for folder in folders:
        changes = [op for op in ops if isinstance(op, Name | SyncFolder) and op.folder == folder]
        synced = max((at + 1 for at, op in enumerate(changes) if isinstance(op, SyncFolder)), default=0)
        until = chance.choice((synced, len(changes), chance.randint(synced, len(changes))))
        for op in changes[:until]:
            if not isinstance(op, Name):
                continue
            if op.instead_of is not None:
                survivors.pop(str(Path(folder) / op.instead_of), None)
            inside = str(Path(folder) / op.name)
            if op.file is None:
                survivors.pop(inside, None)
            else:
                survivors[inside] = op.file
    return survivors


def _content(ops: Sequence[Op], chance: random.Random) -> bytes:
    """Return the bytes of a file."""
    synced = max((at + 1 for at, op in enumerate(ops) if isinstance(op, Sync)), default=0)
    content = bytearray()
    for op in ops[:synced]:
        _apply(op, content)
    later = ops[synced:]
    how = chance.choice(("any", "any", "any", "old", "new"))
    until = {"old": 0, "new": len(later)}.get(how, chance.randint(0, len(later)))
    states: dict[int, list[bytes]] = {}
    length = len(content)
    for at, op in enumerate(later):
        if isinstance(op, Resize) and at >= until:
            continue  # a truncation has happened whole, or not at all
        for page in _pages(op, len(content)):
            seen = states.setdefault(page, [_page(content, page)])
            if isinstance(op, Resize):
                seen.clear()
        touched = _pages(op, len(content))
        _apply(op, content)
        for page in touched:
            states[page].append(_page(content, page))
        if at < until:
            length = len(content)
    content.extend(bytes(max(0, length - len(content))))
    for page, of_page in states.items():
        state = {"old": of_page[0], "new": of_page[-1]}.get(how, chance.choice(of_page))
        content[page * PAGE : (page + 1) * PAGE] = state
    return bytes(content[:length])


def _apply(op: Op, content: bytearray) -> None:
    if isinstance(op, Write):
        if op.offset > len(content):
            content.extend(bytes(op.offset - len(content)))
        content[op.offset : op.offset + len(op.data)] = op.data
    elif isinstance(op, Resize):
        del content[op.length :]
        content.extend(bytes(op.length - len(content)))


def _pages(op: Op, length: int) -> range:
    if isinstance(op, Write):
        return range(op.offset // PAGE, (op.offset + max(1, len(op.data)) - 1) // PAGE + 1)
    if isinstance(op, Resize):
        return range(min(op.length, length) // PAGE, (max(op.length, length) + PAGE - 1) // PAGE)
    return range(0)


def _page(content: bytearray, page: int) -> bytes:
    return bytes(content[page * PAGE : (page + 1) * PAGE]).ljust(PAGE, b"\0")
