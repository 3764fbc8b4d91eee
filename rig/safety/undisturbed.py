"""What no signal may leave half done: one command to an instrument, or one event on its way to the record.

An exception of a signal handler may come between any two instructions. Within a library, it can leave a lock locked
that the way to safety needs next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, TypeVar, cast

T = TypeVar("T")


def undisturbed(own: T, deferring: Callable[[], AbstractContextManager[None]]) -> T:
    """Return what does the same as `own`, and defers signals to the end of each call in the main thread.

    A command is bounded by its link's deadline, so that is how long a signal may wait.
    """
    return cast(T, _Undisturbed(own, deferring))


class _Undisturbed:
    def __init__(self, own: object, deferring: Callable[[], AbstractContextManager[None]]) -> None:
        self._own = own
        self._deferring = deferring

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._own, name)
        if not callable(found) or threading.current_thread() is not threading.main_thread():
            return found

        @wraps(found)
        def call(*arguments: Any, **named: Any) -> Any:
            with self._deferring():
                return found(*arguments, **named)

        return call
