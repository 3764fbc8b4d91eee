"""Taps at the devices' ends of all links, and at the stream: who was asked what when, and said what, in one order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from instruments.simulated.twin import TwinStation
from instruments.simulated.wires.conversation import Conversation
from instruments.simulated.wires.faults import LinkFaultMode
from instruments.simulated.wires.ni_grpc import server, service
from instruments.simulated.wires.session import Session
from rig.acquisition.sample import Sample
from rig.acquisition.stream import Item, SampleStream


@dataclass(frozen=True, slots=True)
class Exchange:
    """A device was told `heard` and answered `said`; `wire` counts the pieces of the link's traffic until then.

    `is_other`: it was not the device of the station file.
    """

    heard: bytes
    said: bytes
    wire: int
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class DaqRead:
    """Samples a device server gave: shape (channels, samples), in the units of the task; `is_other` as above."""

    samples: NDArray[np.float64]
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """A sample was published when its link had seen so many exchanges."""

    exchanges: int


class Tap:
    """Everything that was heard and said at the devices' ends of the links, and what stood there at each sample."""

    def __init__(self, link_of_stream: dict[str, str], on_heard: Callable[[str], None]) -> None:
        self.exchanges: dict[str, list[Exchange]] = {link: [] for link in link_of_stream.values()}
        self.reads: list[DaqRead] = []
        self.published: dict[str, list[Published]] = {stream: [] for stream in link_of_stream}
        self.twin: TwinStation | None = None
        self._link_of_stream = link_of_stream
        self._on_heard = on_heard
        self._lock = threading.Lock()

    def put_in(self, patch: pytest.MonkeyPatch) -> None:
        """Tap every link and stream that is made from now on."""
        tap, own_init, own_publish, own_read = self, Conversation.__init__, SampleStream.publish, _READ

        def init(conversation: Conversation, session: Session, faults: Any, clock: Any, name: str) -> None:
            own_init(conversation, _Tapped(session, name, tap), faults, clock, name)

        def publish(stream: SampleStream, item: Item) -> None:
            tap.note_sample(item)
            own_publish(stream, item)

        def read(state: Any, request: Any) -> Any:
            response = own_read(state, request)
            count = response.samps_per_chan_read
            rows = np.array(response.read_array).reshape(-1, request.num_samps_per_chan)[:, :count]
            tap.reads.append(DaqRead(rows, tap.is_other("daq")))
            return response

        patch.setattr(Conversation, "__init__", init)
        patch.setattr(SampleStream, "publish", publish)
        handlers = {name: _heard(handler, tap) for name, handler in service.HANDLERS.items()}
        handlers["ReadAnalogF64"] = _heard(read, tap)
        patch.setattr(server, "HANDLERS", handlers)

    def watch(self, twin: TwinStation) -> None:
        """Keep the bytes of every link of a twin."""
        self.twin = twin
        for traffic in twin.traffic().values():
            traffic.keep()

    def note_heard(self, link: str) -> None:
        """Tell that a device hears something now."""
        self._on_heard(link)

    def note_exchange(self, link: str, heard: bytes, said: bytes) -> None:
        """Note what a device made of what it heard."""
        if link in self.exchanges:
            with self._lock:
                self.exchanges[link].append(Exchange(heard, said, self._pieces(link), self.is_other(link)))

    def note_sample(self, item: Item) -> None:
        """Note what stands at a link as a sample of its instrument is published."""
        if not isinstance(item, Sample) or item.stream not in self._link_of_stream:
            return
        link = self._link_of_stream[item.stream]
        with self._lock:
            self.published[item.stream].append(Published(len(self.exchanges[link])))

    def said_between(self, link: str, begin: int, end: int | None) -> bytes:
        """Return what passed a link towards the rig between two counts of its pieces, or until the end."""
        if self.twin is None:
            return b""
        return b"".join(piece.data for piece in self.twin.traffic()[link].kept[begin:end] if piece.said)

    def is_other(self, link: str) -> bool:
        """Return whether another device sits behind a link now."""
        twin = self.twin
        return twin is not None and twin.faults[link].is_active(LinkFaultMode.WRONG_DEVICE, twin.clock.now())

    def _pieces(self, link: str) -> int:
        return 0 if self.twin is None else self.twin.traffic()[link].pieces


class _Tapped:
    """A session that tells the tap what it hears and says."""

    def __init__(self, session: Session, link: str, tap: Tap) -> None:
        self._session = session
        self._link = link
        self._tap = tap

    def receive(self, data: bytes, now_s: float) -> bytes:
        self._tap.note_heard(self._link)
        said = self._session.receive(data, now_s)
        self._tap.note_exchange(self._link, data, said)
        return said

    def next_output_s(self) -> float | None:
        return self._session.next_output_s()

    def speak(self, now_s: float) -> bytes:
        return self._session.speak(now_s)


_READ = service.HANDLERS["ReadAnalogF64"]


def _heard(handler: Callable[[Any, Any], Any], tap: Tap) -> Callable[[Any, Any], Any]:
    def handle(state: Any, request: Any) -> Any:
        tap.note_heard("daq")
        return handler(state, request)

    return handle
