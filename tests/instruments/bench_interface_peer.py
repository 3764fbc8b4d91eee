"""A pump of the bench interface at the other end of a pseudo-terminal, saying what its script says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from instruments.clock import WallClock
from instruments.pumps.bench_interface.driver import BenchInterfaceOptions, BenchInterfacePump, open_bench_interface
from instruments.pumps.bench_interface.frames import encode_frame
from tests.instruments.scripted_peer import HANG_UP, PtyPeer, Step

Line = tuple[str, str | None]

IDENTITY = 'OK MAKER="Example Medical" MODEL=ITB-20 SERIAL=P0042 FIRMWARE=1.4.2 PROFILE=IMPLANTABLE INTERFACE=1'
LIMITS = (
    "OK FLOW_MIN=2 FLOW_MAX=1000 MINIMUM_RATE=0.25 BOLUS_MAX=1000 CAPACITY=20000 STEPS=24 "
    "MODES=CONTINUOUS,FLEX,SINGLE_BOLUS,PRIMING_BOLUS,BRIDGE_BOLUS,MINIMUM_RATE,STOP"
)
STATUS = "OK STATE=INFUSING MODE=CONTINUOUS FLOW=9 DELIVERED=12.5 RESERVOIR=19987.5 ALARMS=- UPTIME=5400"
FUNCTIONS = "OK FUNCTIONS=STALL_ALARM THRESHOLDS=- KEEP_OPEN=-"
HELLO: list[Line] = [("IDN?", IDENTITY), ("LIM?", LIMITS), ("FUN?", FUNCTIONS)]

EXTERNAL_LIMITS = (
    "OK FLOW_MIN=20 FLOW_MAX=125000 MINIMUM_RATE=- BOLUS_MAX=125000 CAPACITY=100000 STEPS=1 "
    "MODES=CONTINUOUS,SINGLE_BOLUS,PRIMING_BOLUS,STOP"
)
EXTERNAL_FUNCTIONS = (
    "OK FUNCTIONS=STALL_ALARM,OCCLUSION_ALARM,BOLUS_REDUCTION,AUTOMATIC_RESTART,VOLUME_TO_BE_INFUSED "
    "THRESHOLDS=30,50,75,100,120 KEEP_OPEN=100"
)
EXTERNAL_IDENTITY = IDENTITY.replace("IMPLANTABLE", "EXTERNAL").replace("ITB-20", "AMB-100")
EXTERNAL_HELLO: list[Line] = [("IDN?", EXTERNAL_IDENTITY), ("LIM?", EXTERNAL_LIMITS), ("FUN?", EXTERNAL_FUNCTIONS)]


def spoken(lines: Sequence[Line]) -> list[Step]:
    """Turn words into frames; `None` hangs up, an empty reply is silence, `raw:` hex is sent as it is."""
    steps: list[Step] = []
    for sequence, (question, answer) in enumerate(lines):
        reply = HANG_UP
        if answer == "":
            reply = b""
        elif answer is not None:
            reply = b"".join(frame_of(part, sequence, question.split()[0]) for part in answer.split("|"))
        steps.append((encode_frame(f"{sequence:04X} {question}"), reply))
    return steps


def frame_of(part: str, sequence: int, command: str) -> bytes:
    """Frame one part of an answer; after `=` it is the whole data, number and command included."""
    if part.startswith("raw:"):
        return bytes.fromhex(part[4:])
    whole = part[1:] if part.startswith("=") else f"{sequence:04X} {command} {part}"
    return encode_frame(whole)


def options(port: str, *, deadline_s: float = 20.0) -> BenchInterfaceOptions:
    """Return the options of the pump on this port."""
    return BenchInterfaceOptions(port=port, serial="P0042", deadline_s=deadline_s, communication_timeout_s=60)


@contextmanager
def pump_saying(lines: Sequence[Line], *, hello: Sequence[Line] = HELLO) -> Iterator[BenchInterfacePump]:
    """Open a pump that says hello; then the lines must be said, all of them and nothing else."""
    with PtyPeer(spoken([*hello, *lines])) as peer:
        pump = open_bench_interface("pump", options(peer.port), WallClock())
        try:
            yield pump
            assert pump.link.bytes_sent == peer.bytes_heard
            assert pump.link.bytes_received <= peer.bytes_said
        finally:
            pump.close()
