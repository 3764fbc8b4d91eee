"""A link to a scripted device: `key` is answered by `key=value`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from instruments.clock import Clock, WallClock
from instruments.links.link import Garbled, Link, RefusedByDevice
from instruments.links.transport import Transport
from instruments.readings import Identity
from tests.instruments.scripted_peer import ScriptedPeer, Step
from tests.instruments.wires import Wire

HELLO: Step = (b"who\n", b"who=unit 7\n")
SHORT_S = 0.15
LONG_S = 20.0


class ValueOf:
    """The answer to `key` is `key=value`; `key!words` refuses; a line without either mark is garbage."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, unit: bytes) -> str | None:
        line = unit.decode("latin-1").rstrip("\n")
        if line.startswith(f"{self.key}!"):
            raise RefusedByDevice(line.partition("!")[2], "Ask for something else")
        if "=" not in line:
            raise Garbled(repr(line))
        key, _, value = line.partition("=")
        return value if key == self.key else None


class Rig:
    """A link whose driver identifies the device with `who`."""

    def __init__(
        self,
        transport: Transport,
        *,
        deadline_s: float,
        clock: Clock | None = None,
        is_suspect: Callable[[bytes], bool] = lambda unasked: True,
    ) -> None:
        self.resynchronised = 0
        self.link = Link(
            transport,
            instrument="meter",
            clock=clock or WallClock(),
            deadline_s=deadline_s,
            resynchronise=self._resynchronise,
            identify=self._identify,
            is_suspect=is_suspect,
        )

    def _resynchronise(self) -> Identity:
        self.resynchronised += 1
        return self._identify()

    def _identify(self) -> Identity:
        return Identity("maker", "model", self.link.ask(b"who\n", ValueOf("who")), "1")

    def connect(self) -> Identity:
        return self.link.connect(expected_serial="unit 7")

    def ask(self, key: str) -> str:
        return self.link.ask(f"{key}\n".encode(), ValueOf(key))


@contextmanager
def connected(
    wire: Wire,
    transcript: Sequence[Step],
    *,
    deadline_s: float = LONG_S,
    is_suspect: Callable[[bytes], bool] = lambda unasked: True,
) -> Iterator[tuple[Rig, ScriptedPeer]]:
    with wire.peer([HELLO, *transcript]) as peer:
        rig = Rig(wire.transport(peer), deadline_s=deadline_s, is_suspect=is_suspect)
        try:
            assert rig.connect().serial == "unit 7"
            yield rig, peer
        finally:
            rig.link.close()
