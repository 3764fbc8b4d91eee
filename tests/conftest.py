"""Warnings are errors in the tests; a session at the bench is not ended by one."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Turn warnings into errors."""
    config.addinivalue_line("filterwarnings", "error")
