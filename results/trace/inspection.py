"""A trace from an unknown hand, looked at in a process of its own: a damaged HDF5 file can end or hang the library.

`python -m results.trace.inspection TRACE` reads every byte of a trace and compares it with what the trace says of
itself; nothing that passes has surprises for the process that asked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import h5py

from results.trace.content import content_sha256
from results.trace.errors import TraceError, refuse_irregular
from results.trace.reader import REMEDY, REMEDY_OF_PATH, read_hdf5, read_trace

_REFUSED = 3
_PATIENCE_S = 60.0
_SLOWEST_BYTES_PER_S = 1e6
_LARGEST_CHUNK_BYTES = 64 << 20
_DEFLATE_AT_MOST = 1100
"""zlib makes no more than 1032 bytes of one."""


def inspect(path: Path) -> None:
    """Return when a trace is whole; the hash in it is that of all it says.

    Takes a child process and the time to read the file once. Errors: TraceError.
    """
    refuse_irregular(path, TraceError, REMEDY_OF_PATH)
    limit_s = _PATIENCE_S + path.stat().st_size / _SLOWEST_BYTES_PER_S
    command = [sys.executable, "-m", "results.trace.inspection", os.fspath(path.absolute())]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    try:
        child = subprocess.run(command, capture_output=True, timeout=limit_s, env=environment, check=False)
    except subprocess.TimeoutExpired:
        raise TraceError(path, f"cannot be read as a trace (no end of it within {limit_s:.0f} s)", REMEDY) from None
    if child.returncode == _REFUSED:
        told = json.loads(child.stdout)
        raise TraceError(path, told["problem"], told["remedy"])
    if child.returncode:
        last = (child.stderr.decode(errors="replace").strip().splitlines() or ["no word"])[-1]
        raise TraceError(path, f"ended the process that read it (status {child.returncode}: {last[:200]})", REMEDY)


def _inspect_here(path: Path) -> None:
    refuse_irregular(path, TraceError, REMEDY_OF_PATH)
    read_hdf5(path, lambda root: _refuse_absurd(root, path.stat().st_size))
    trace = read_trace(path)
    if read_hdf5(path, content_sha256) != trace.content_sha256:
        raise TraceError(path, "does not hold what it says of itself: it is damaged or was changed", REMEDY)
    _ = trace.events


def _refuse_absurd(root: h5py.File, file_bytes: int) -> None:
    """Raise `ValueError` for links out of the file, and for shapes no file of this size can fill."""
    waiting: list[h5py.Group] = [root]
    seen: set[int] = set()
    while waiting:
        group = waiting.pop()
        place = h5py.h5o.get_info(group.id).addr
        if place in seen:
            raise ValueError(f"{group.name} stands in more than one place")
        seen.add(place)
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise ValueError(f"{group.name}/{name} leads to another file")
            if isinstance(link, h5py.SoftLink):
                continue
            item = group[name]
            if isinstance(item, h5py.Group):
                waiting.append(item)
                continue
            if item.external or item.is_virtual:
                raise ValueError(f"{item.name} is kept in another file")
            chunk_bytes = item.dtype.itemsize
            for rows in item.chunks or ():
                chunk_bytes *= rows
            if item.nbytes > file_bytes * _DEFLATE_AT_MOST or chunk_bytes > _LARGEST_CHUNK_BYTES:
                raise ValueError(f"{item.name} claims {item.nbytes} bytes, in a file of {file_bytes}")


def main(path: Path) -> int:
    """Inspect a trace in this process; a refusal goes to standard output as JSON."""
    try:
        _inspect_here(path)
    except TraceError as error:
        sys.stdout.write(json.dumps({"problem": error.problem, "remedy": error.remedy}))
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
