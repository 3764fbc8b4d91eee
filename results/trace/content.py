"""What a trace says, independent of how HDF5 lays it out: a hash over names, types, shapes, bytes and attributes.

Two traces with the same content hash hold the same record, though a repacking tool may have changed the file's bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

CONTENT_HASH_AT = ("/entry/journal", "content_sha256")
"""Where a trace keeps its own content hash: the one attribute the hash leaves out."""

_ROWS_PER_READ = 65_536
_BYTES_PER_READ = 8 << 20


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal. Errors: OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_sha256(root: h5py.Group, known: Mapping[str, str] | None = None) -> str:
    """Return the content hash of an open HDF5 file, in hexadecimal.

    SHA-256 over one line per object in order of path: group or dataset with dtype and shape and the SHA-256 of its
    little-endian bytes, soft link with its target; and one line per attribute in order of name.
    `known`: SHA-256 of the bytes of datasets, by path, that need not be read again.
    """
    digest = hashlib.sha256()
    _add_group(digest, root, known or {})
    return digest.hexdigest()


def data_sha256(dataset: h5py.Dataset) -> str:
    """Return the SHA-256 of a dataset's bytes as stored, in hexadecimal; reads it piece by piece."""
    digest = hashlib.sha256()
    if dataset.ndim == 0:
        digest.update(np.asarray(dataset[()]).tobytes())
    else:
        rows = max(1, min(_ROWS_PER_READ, _BYTES_PER_READ // max(1, dataset.dtype.itemsize)))
        for start in range(0, dataset.shape[0], rows):
            digest.update(dataset[start : start + rows].tobytes())
    return digest.hexdigest()


def _add_group(digest: hashlib._Hash, group: h5py.Group, known: Mapping[str, str]) -> None:
    _add_line(digest, "group", group.name)
    _add_attributes(digest, group)
    for name in sorted(group):
        path = f"{group.name.rstrip('/')}/{name}"
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            _add_line(digest, "link", path, link.path)
        elif isinstance(group[name], h5py.Group):
            _add_group(digest, group[name], known)
        else:
            dataset = group[name]
            data = known.get(path) or data_sha256(dataset)
            _add_line(digest, "dataset", path, dataset.dtype.str, str(dataset.shape), data)
            _add_attributes(digest, dataset)


def _add_attributes(digest: hashlib._Hash, item: h5py.Group | h5py.Dataset) -> None:
    for name in sorted(item.attrs):
        if (item.name, name) != CONTENT_HASH_AT:
            value = np.asarray(item.attrs[name])
            _add_line(digest, "attribute", name, value.dtype.str, str(value.shape), value.tobytes().hex())


def _add_line(digest: hashlib._Hash, *words: str) -> None:
    digest.update("\x1f".join(words).encode() + b"\n")
