"""Warnings are errors in the tests, unlike in a session at the bench; what is kept of stations is kept apart."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

from rig.ownership.state import STATE_VARIABLE

_STATE = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Turn warnings into errors; let no test see, or leave, what this computer remembers of its stations."""
    config.addinivalue_line("filterwarnings", "error")
    config.stash[_STATE] = os.environ[STATE_VARIABLE] = tempfile.mkdtemp(prefix="rig-state-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove that folder."""
    shutil.rmtree(config.stash[_STATE], ignore_errors=True)
