"""A pump on its bench, spoken to in the words of the bench interface."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np

from instruments.pumps.bench_interface.frames import FrameDecoder, encode_frame
from instruments.pumps.bench_interface.messages import Reply, parse_reply
from instruments.readings import Identity
from instruments.simulated.devices.pump import PumpFirmware, PumpSession, build_of
from instruments.simulated.physics.bench import Bench
from tests.instruments.simulated.benches import truth

IDENTITY = Identity("Example Medical", "ITB-20", "P0042", "1.4.2")
EXACT = {"pump.crystal_error_ppm": {"value": 0.0, "u": 0.0, "distribution": "normal"}}


def exactly(value: float) -> dict[str, Any]:
    """Return a drawn value that is what it says."""
    return {"value": value, "u": 0.0, "distribution": "normal"}


class PumpOnBench:
    """The firmware, its serial port and a count of requests; `at` moves the bench's time."""

    station = "simulated"
    identity = IDENTITY

    def __init__(
        self,
        changes: dict[str, Any] | None = None,
        events: list[dict[str, Any]] | None = None,
        *,
        reservoir_ul: float = 20000.0,
    ) -> None:
        self.bench = Bench(truth(EXACT | (changes or {}), events, station=self.station), seed=1)
        build = build_of(self.bench.drawn, lambda t_s: self.identity)
        self.firmware = PumpFirmware(self.bench, replace(build, reservoir_ul=reservoir_ul))
        self.session = PumpSession(self.firmware)
        self.now_s = 0.0
        self.sequence = 0

    def at(self, now_s: float) -> Self:
        self.now_s = now_s
        return self

    def exchange(self, data: bytes) -> list[str]:
        """Send bytes; return the data of the frames that come back, which must be whole."""
        found = FrameDecoder().feed(self.session.receive(data, self.now_s))
        assert all(isinstance(frame, str) for frame in found)
        return [str(frame) for frame in found]

    def send(self, words: str) -> str:
        """Send a request under the next sequence number; return what follows number and command in the reply."""
        head = f"{self.sequence:04X} {words.split()[0]}"
        (reply,) = self.exchange(encode_frame(f"{self.sequence:04X} {words}"))
        self.sequence += 1
        assert reply.startswith(f"{head} ")
        return reply.removeprefix(f"{head} ")

    def ask(self, words: str) -> dict[str, str]:
        """Send a request that must be granted; return its fields."""
        reply = self.reply(words)
        assert reply.error is None, reply
        return dict(reply.fields)

    def refused(self, words: str) -> int:
        """Send a request that must be refused; return the code."""
        reply = self.reply(words)
        assert reply.error is not None, reply
        return reply.error[0]

    def reply(self, words: str) -> Reply:
        return parse_reply(f"{self.sequence:04X} {words.split()[0]} {self.send(words)}")

    def upload(self, head: str, *steps: str) -> None:
        self.ask(f"PGM {head}")
        for number, step in enumerate(steps, start=1):
            self.ask(f"STEP {number} {step}")
        self.ask("STORE")

    def run(self, head: str, *steps: str) -> None:
        self.upload(head, *steps)
        self.ask("RUN")

    def status(self) -> dict[str, str]:
        return self.ask("STA?")

    def state(self) -> tuple[str, str, str]:
        found = self.status()
        return found["STATE"], found["MODE"], found["FLOW"]

    def mechanism_flow(self) -> float:
        """The flow the mechanism is really commanded to, uL/h."""
        return self.bench.pump_mechanics(self.now_s).flow_ul_per_h


class ExternalPumpOnBench(PumpOnBench):
    """The external pump on its bench: a sensor without error and a mechanism that delivers what it should."""

    station = "simulated-external"
    identity = Identity("Example Medical", "AMB-100", "E0007", "2.1.0")

    def __init__(
        self, changes: dict[str, Any] | None = None, events: list[dict[str, Any]] | None = None, **options: float
    ) -> None:
        sensor = "pump.occlusion_sensor"
        ideal = {
            f"{sensor}.error_kpa": exactly(0.0),
            f"{sensor}.gain_error_percent": exactly(0.0),
            "pump.stroke_jitter_percent": 0.0,
            "pump.systematic_error_percent": exactly(0.0),
            "pump.back_pressure_percent_per_kpa": exactly(0.0),
            "catheter.compliance_ul_per_kpa": exactly(1.0),
            "fixture.compliance_ul_per_kpa": exactly(0.0),
            "fixture.valve_displacement_ul": exactly(0.0),
        }
        super().__init__(ideal | (changes or {}), events, **{"reservoir_ul": 100000.0} | options)

    def occlude(self, closed: bool = True) -> None:
        self.bench.set_valve(self.now_s, "occluder", energised=closed)

    def line_kpa(self) -> float:
        return float(self.bench.pressure_kpa("line", np.array([self.now_s]))[0])
