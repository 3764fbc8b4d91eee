"""A lock that another user lets one only read is none: SQLite would give it to any number at once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from results.trace.ownership import OwnerLock, has_owner

NOBODY = 65534


@pytest.fixture
def anybodys() -> Iterator[Path]:
    """A folder of which anybody may change the files' names."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="no users to be")
def test_a_lock_file_that_can_only_be_read_is_not_held(anybodys: Path) -> None:
    held = anybodys / "rig"
    OwnerLock(held, keep_file=True).release()
    (anybodys / "rig.lock").chmod(0o444)
    if os.geteuid() != 0:
        with pytest.raises(OSError, match="only read"):
            OwnerLock(held, keep_file=True)
        return
    os.seteuid(NOBODY)
    try:
        with pytest.raises(OSError, match="only read"):
            OwnerLock(held, keep_file=True)
    finally:
        os.seteuid(0)
    OwnerLock(held, keep_file=True).release()
    assert not has_owner(held)
