"""The whole twin behind its real transports, with the drivers of real instruments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from instruments.ambient.ptu300 import Ptu300, Ptu300Options, open_ptu300
from instruments.balances.mt_sics import MtSicsBalance, MtSicsOptions, open_mt_sics
from instruments.clock import Clock, VirtualClock
from instruments.daq.lines import DaqLines, LinesOptions, open_lines
from instruments.daq.pressure import DaqPressure, PressureOptions, open_pressure
from instruments.pumps.bench_interface.driver import BenchInterfaceOptions, BenchInterfacePump, open_bench_interface
from instruments.simulated.twin import TwinStation
from tests.instruments.simulated.benches import hand_clock, truth

CHANNELS: list[dict[str, Any]] = [
    {"name": "line", "kind": "current", "physical_channel": "ai0", "pressure_kpa": [0.0, 200.0]},
    {
        "name": "catheter",
        "kind": "bridge",
        "physical_channel": "ai1",
        "pressure_kpa": [0.0, 200.0],
        "electrical_mv_per_v": [0.0, 3.0],
        "limits_mv_per_v": [-0.25, 3.5],
    },
]
LINES = [{"name": "outlet", "line": "port0/line0"}, {"name": "occluder", "line": "port0/line1"}]
DEADLINE_S = 0.3


@dataclass
class Bench:
    """A twin with its drivers connected."""

    twin: TwinStation
    clock: VirtualClock
    pump: BenchInterfacePump
    balance: MtSicsBalance
    ambient: Ptu300
    pressure: DaqPressure
    lines: DaqLines

    def wait(self, duration_s: float) -> None:
        self.clock.sleep_until(self.clock.now() + duration_s)


def open_pump(twin: TwinStation, clock: Clock, deadline_s: float = DEADLINE_S) -> BenchInterfacePump:
    options = BenchInterfaceOptions(
        port=twin.addresses()["pump"]["port"], serial=twin.bench.drawn.serials.pump, deadline_s=deadline_s
    )
    return open_bench_interface("pump", options, clock)


def open_balance(
    twin: TwinStation, clock: Clock, link: str = "balance", deadline_s: float = DEADLINE_S
) -> MtSicsBalance:
    options = MtSicsOptions(
        address=twin.addresses()[link]["visa"],
        serial=twin.bench.drawn.serials.balance,
        deadline_s=deadline_s,
        environment="very stable",
    )
    return open_mt_sics("balance", options, clock)


def open_ambient(twin: TwinStation, clock: Clock) -> Ptu300:
    options = Ptu300Options(
        address=twin.addresses()["ambient"]["visa"], serial=twin.bench.drawn.serials.ambient, deadline_s=DEADLINE_S
    )
    return open_ptu300("ambient", options, clock)


OPENERS: dict[str, Callable[[TwinStation, Clock], BenchInterfacePump | MtSicsBalance | Ptu300]] = {
    "pump": open_pump,
    "balance": open_balance,
    "ambient": open_ambient,
}


@contextmanager
def bench(events: list[dict[str, Any]] | None = None, changes: dict[str, Any] | None = None) -> Iterator[Bench]:
    with hand_clock() as clock, TwinStation(truth(changes, events), seed=1, clock=clock) as twin:
        daq = twin.addresses()["daq"]
        device = {"device": daq["device"], "serial": f"{twin.bench.drawn.serials.daq:08X}", "deadline_s": 0.5}
        made = Bench(
            twin,
            clock,
            open_pump(twin, clock),
            open_balance(twin, clock),
            open_ambient(twin, clock),
            open_pressure(
                "pressure",
                PressureOptions.model_validate({**device, "channels": CHANNELS}),
                clock,
                grpc_address=daq["grpc"],
            ),
            open_lines(
                "lines", LinesOptions.model_validate({**device, "lines": LINES}), clock, grpc_address=daq["grpc"]
            ),
        )
        try:
            for instrument in (made.pump, made.balance, made.ambient, made.pressure, made.lines):
                instrument.configure()
            yield made
        finally:
            for instrument in (made.pump, made.balance, made.ambient, made.pressure, made.lines):
                instrument.close()
