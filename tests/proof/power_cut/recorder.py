"""What a process did to the files of a folder, in order, as strace saw it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.end_to_end.bench_runs import ROOT

_CALLS = (
    "openat,close,lseek,write,pwrite64,pwritev,writev,ftruncate,truncate,fsync,fdatasync,rename,renameat,renameat2,"
    "unlink,unlinkat,mkdir,mkdirat,link,linkat,symlink,symlinkat,sendfile,copy_file_range,clone,clone3"
)
_UNKNOWN = ("pwritev", "writev", "truncate", "link", "linkat", "symlink", "symlinkat", "sendfile", "copy_file_range")
_LINE = re.compile(r"^(\w+)\((.*)\)\s*= (-?\d+)", re.DOTALL)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FD_PATH = re.compile(r"<((?:\\x[0-9a-f]{2})*)>")
TIMEOUT_S = 900.0


@dataclass(frozen=True)
class Write:
    """Bytes written to a file (by its number in order of creation)."""

    file: int
    offset: int
    data: bytes


@dataclass(frozen=True)
class Resize:
    """A file cut or extended."""

    file: int
    length: int


@dataclass(frozen=True)
class Sync:
    """A file's bytes are on the disk."""

    file: int


@dataclass(frozen=True)
class Name:
    """A change of a folder: `file` gets a name, or loses it (None); a rename is one change. `file` -1: a folder."""

    folder: str
    name: str
    file: int | None
    instead_of: str | None = None


@dataclass(frozen=True)
class SyncFolder:
    """A folder's names are on the disk."""

    folder: str


@dataclass(frozen=True)
class Said:
    """What the process said was durable."""

    words: Sequence[Any]


Op = Write | Resize | Sync | Name | SyncFolder | Said


def record(module: str, root: Path, *arguments: str) -> list[Op]:
    """Run a module under strace, its first argument a folder; return everything it did there."""
    log = root.with_suffix(".strace")
    root.mkdir()
    command = ["strace", "-f", "-xx", "-y", "-s", "10000000", "-e", f"trace={_CALLS}", "-o", str(log)]
    command += [sys.executable, "-m", module, str(root), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise RuntimeError(f"the writer ended with status {done.returncode}: {done.stderr[-2000:]}")
    return list(_Reader(root.resolve()).ops(log))


class _Reader:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._files = 0
        self._named: dict[str, int] = {}
        self._open: dict[int, int] = {}
        self._folders: dict[int, str] = {}
        self._append: set[int] = set()
        self._at: dict[int, int] = {}
        self._sizes: dict[int, int] = {}

    def ops(self, log: Path) -> Iterator[Op]:
        waiting: dict[str, str] = {}
        threads: set[str] = set()
        with log.open(encoding="ascii") as lines:
            for line in lines:
                thread, _, text = line.rstrip("\n").partition(" ")
                text = text.lstrip()
                if text.endswith("<unfinished ...>"):
                    waiting[thread] = text.removesuffix("<unfinished ...>")
                    if text.startswith("close(") and thread in threads:
                        self._closed(text.removeprefix("close("))  # its number may be given away before it returns
                    continue
                if text.startswith("<... close"):
                    continue
                if text.startswith("<... "):
                    text = waiting.pop(thread) + text.partition("resumed>")[2]
                match = _LINE.match(text)
                threads = threads or {thread}
                if match is None or match[3].startswith("-") or thread not in threads:
                    continue  # another process than the writer has descriptors of its own
                if match[1].startswith("clone"):
                    threads |= {match[3]} if "CLONE_THREAD" in match[2] else set()
                else:
                    yield from self._op(match[1], match[2], int(match[3]))

    def _op(self, call: str, said: str, result: int) -> Iterator[Op]:
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(said)]
        number = int(said.split("<")[0]) if said[:1].isdigit() else -1
        if call == "openat":
            yield from self._opened(texts[0].decode(), said, result)
        elif call == "close":
            self._closed(said)
        elif call == "lseek":
            self._at[number] = result
        elif call == "write" and number == 1 and texts[0].startswith(b'["'):
            yield Said(json.loads(texts[0]))
        elif call in ("fsync", "fdatasync") and number in self._folders:
            yield SyncFolder(self._folders[number])
        elif number in self._open:
            yield from self._on_file(call, number, said, texts, result)
        elif number >= 0 and self._inside(_path_of(said)) is not None:
            raise ValueError(f"{call} on a file that was not seen opened: {_path_of(said)}")
        elif call in ("rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat"):
            yield from self._renamed(call, [text.decode() for text in texts])

    def _closed(self, said: str) -> None:
        number = int(said.split("<")[0])
        self._open.pop(number, None)
        self._folders.pop(number, None)

    def _opened(self, path: str, said: str, descriptor: int) -> Iterator[Op]:
        inside = self._inside(path)
        if inside is None:
            return
        if "O_DIRECTORY" in said or (self._root / inside).is_dir():
            self._folders[descriptor] = inside
            return
        self._at[descriptor] = 0
        if inside not in self._named:
            if "O_CREAT" not in said:
                return
            self._named[inside] = self._files
            self._sizes[self._files] = 0
            self._files += 1
            yield Name(*_split(inside), self._named[inside])
        file = self._open[descriptor] = self._named[inside]
        self._append.discard(descriptor)
        if "O_APPEND" in said:
            self._append.add(descriptor)
        if "O_TRUNC" in said and self._sizes[file]:
            self._sizes[file] = 0
            yield Resize(file, 0)

    def _on_file(self, call: str, number: int, said: str, texts: list[bytes], result: int) -> Iterator[Op]:
        file = self._open[number]
        if call in ("write", "pwrite64"):
            at = self._sizes[file] if number in self._append else self._at[number]
            if call == "pwrite64":
                at = int(said.rpartition(", ")[2])
            else:
                self._at[number] = at + result
            self._sizes[file] = max(self._sizes[file], at + result)
            yield Write(file, at, texts[0][:result])
        elif call == "ftruncate":
            self._sizes[file] = int(said.rpartition(", ")[2])
            yield Resize(file, self._sizes[file])
        elif call in ("fsync", "fdatasync"):
            yield Sync(file)
        elif call in _UNKNOWN:
            raise ValueError(f"{call} is not understood: {said[:200]}")

    def _renamed(self, call: str, paths: list[str]) -> Iterator[Op]:
        old = self._inside(paths[0])
        if old is None:
            return
        if call.startswith("mkdir"):
            yield Name(*_split(old), -1)
        elif call.startswith("unlink"):
            self._named.pop(old, None)
            yield Name(*_split(old), None)
        else:
            new = self._inside(paths[1])
            if new is None:
                raise ValueError(f"{old} leaves the folder")
            self._named[new] = self._named.pop(old)
            yield Name(*_split(new), self._named[new], instead_of=_split(old)[1])

    def _inside(self, path: str) -> str | None:
        try:
            return str(Path(path).relative_to(self._root))
        except ValueError:
            return None


def _path_of(said: str) -> str:
    match = _FD_PATH.search(said.partition(">")[0] + ">")
    return bytes.fromhex(match[1].replace("\\x", "")).decode() if match else ""


def _split(inside: str) -> tuple[str, str]:
    path = Path(inside)
    return str(path.parent), path.name
