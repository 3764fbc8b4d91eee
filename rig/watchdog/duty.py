"""What a watchdog is told when it starts, as one line of JSON: whom it guards, how, and what it makes safe."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rig.stations.device import Device, device_from_json


@dataclass(frozen=True, slots=True)
class Times:
    """Host times, s: the longest silence of the rig while it samples, while it opens its station, and while it dies.

    `closing_s`: what it may take, once its bench is safe, until its run is sealed and evaluated.
    """

    timeout_s: float
    closing_s: float
    setup_s: float = 180.0
    fence_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Duty:
    """One run's guard. `relay` tells whether there is a power relay among the lines; `state`: the station's folder."""

    rig_pid: int
    station: str
    times: Times
    pump: Device
    lines: Device
    relay: bool
    state: Path

    def as_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {
            "rig_pid": self.rig_pid,
            "station": self.station,
            "times": asdict(self.times),
            "pump": self.pump.as_json(),
            "lines": self.lines.as_json(),
            "relay": self.relay,
            "state": str(self.state),
        }


def duty_from_line(line: bytes) -> Duty:
    """Return the duty of a line; imports the drivers it names."""
    said = json.loads(line)
    return Duty(
        rig_pid=said["rig_pid"],
        station=said["station"],
        times=Times(**said["times"]),
        pump=device_from_json(said["pump"]),
        lines=device_from_json(said["lines"]),
        relay=said["relay"],
        state=Path(said["state"]),
    )


def to_line(message: dict[str, object]) -> bytes:
    """Return a message between rig and watchdog as one line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"
