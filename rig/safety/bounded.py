"""An action that may hang, waited for no longer than a bound of host time."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Hung(Exception):
    """An action did not return within its bound; its thread is left behind."""


def run_bounded(act: Callable[[], None], *, bound_s: float, name: str) -> None:
    """Run an action in a thread of its own and wait for it; raises what it raised, or `Hung`.

    A thread that is left behind still holds its link's lock: whoever talks to that instrument next waits for it there.
    Where the system has no thread left the action runs in this one: without a bound rather than not at all.
    """
    raised: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:  # whatever it is, it is raised where the action was asked for
            raised.append(error)

    thread = threading.Thread(target=run, name=f"bounded {name}", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no thread is left
        act()
        return
    thread.join(bound_s)
    if thread.is_alive():
        raise Hung(f"did not return within {bound_s:g} s")
    if raised:
        raise raised[0]
