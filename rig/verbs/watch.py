"""Things the protocol waits for, watched in the threads that publish samples."""

from __future__ import annotations

from collections.abc import Callable

from instruments.readings import PumpStatus
from rig.acquisition.stream import Item


class Watch:
    """One thing waited for. `met` stays True once it has come true; `wake` is called at that moment."""

    def __init__(
        self,
        *,
        item: Callable[[Item], bool] | None = None,
        status: Callable[[PumpStatus], bool] | None = None,
        wake: Callable[[], None],
    ) -> None:
        self.met = False
        self._item = item
        self._status = status
        self._wake = wake

    def see_item(self, item: Item) -> None:
        """Look at an item of the stream."""
        if self._item is not None and not self.met and self._item(item):
            self._come_true()

    def see_status(self, status: PumpStatus) -> None:
        """Look at what the pump says of itself."""
        if self._status is not None and not self.met and self._status(status):
            self._come_true()

    def _come_true(self) -> None:
        self.met = True
        self._wake()


class Watchers:
    """The watches there are now; samplers' threads show them what comes."""

    def __init__(self) -> None:
        self._watches: tuple[Watch, ...] = ()

    def add(self, watch: Watch) -> None:
        """Begin to show it what comes; called by the protocol's thread."""
        self._watches = (*self._watches, watch)

    def remove(self, watch: Watch) -> None:
        """Show it no more; called by the protocol's thread."""
        self._watches = tuple(one for one in self._watches if one is not watch)

    def listen(self, item: Item) -> None:
        """Take one item of the stream."""
        for watch in self._watches:
            watch.see_item(item)

    def note_status(self, status: PumpStatus) -> None:
        """Take what the pump says of itself."""
        for watch in self._watches:
            watch.see_status(status)
