"""Who runs this process, for records."""

from __future__ import annotations

import getpass


def user_name() -> str:
    """Return the name of the user, or "unknown" where the system tells none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
