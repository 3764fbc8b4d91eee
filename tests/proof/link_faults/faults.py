"""What fails: the link of every driver, how, and in which phase. Drawn from a seed, never chosen."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

PHASES = ("connect", "prime", "blank", "infusing", "closing")

ON_LINES = (
    "silent",
    "reply_lost",
    "garbage",
    "half_line",
    "late",
    "duplicate",
    "repeated",
    "babbling",
    "drop_connection",
    "unplugged",
)
"""Of every link that carries bytes."""

LONGEST_S = 20.0
"""Of a fault that ends; shorter than the gap a plan allows, `GAP_S`."""
GAP_S = 30.0
DEADLINE_S = 0.8
"""Of every driver, host time: a twin in this process answers in a millisecond, on a busy host in some hundred."""
SILENT_AFTER_S = 35.0
"""How long a station lets an instrument be silent."""

_FIRST_MESSAGES = 8


@dataclass(frozen=True, slots=True)
class Driver:
    """One driver on its link: station, case of the plan, link of the twin, stream of the trace.

    `words`: one of them must be in the reason of a run that this link ended. `changes` of the station file.
    """

    name: str
    base: str
    case: str
    link: str
    stream: str
    words: tuple[str, ...]
    modes: tuple[str, ...]
    changes: Mapping[str, str] = field(default_factory=dict)


_BALANCE = ("balance", "mass")
_SBI = {
    'driver = "mt-sics"': 'driver = "sbi"',
    'address = "twin://balance"': 'address = "twin://balance_sbi"',
    'mode = "sensor"                          # fixed filter: an adaptive one eats a slow flow\n': (
        'auto_zero = "off at the menu"\ninternal_adjustment = "off at the menu"\n'
        'print_after_stability = "off at the menu"\nautomatic_print = "off at the menu"\n'
    ),
}
_SERIAL = {'address = "twin://balance"': 'address = "twin://balance_serial"\nport_search = ["twin://ports"]'}
_SEARCHED = {'port = "twin://pump"': 'port = "twin://pump"\nport_search = ["twin://ports"]'}

DRIVERS = (
    Driver(
        "bench-interface",
        "simulated-external",
        "external",
        "pump",
        "pump",
        ("pump",),
        (*ON_LINES, "replugged", "wrong_device"),
        _SEARCHED,
    ),
    Driver("ne1000", "simulated-syringe", "external", "pump", "pump", ("pump",), (*ON_LINES, "replugged")),
    Driver(
        "mt-sics, socket",
        "simulated",
        "implant",
        "balance",
        "mass",
        _BALANCE,
        (*ON_LINES, "power_cycled", "wrong_device"),
    ),
    Driver(
        "mt-sics, serial",
        "simulated",
        "implant",
        "balance_serial",
        "mass",
        _BALANCE,
        (*ON_LINES, "replugged", "power_cycled", "wrong_device"),
        _SERIAL,
    ),
    Driver(
        "sbi",
        "simulated",
        "implant",
        "balance_sbi",
        "mass",
        _BALANCE,
        (*ON_LINES, "power_cycled", "wrong_device"),
        _SBI,
    ),
    Driver("ptu300", "simulated", "implant", "ambient", "ambient", ("ambient",), (*ON_LINES, "wrong_device")),
    Driver(
        "ni-daq",
        "simulated",
        "implant",
        "daq",
        "pressure",
        ("pressure", "lines", "valve"),
        ("silent", "reply_lost", "late", "drop_connection", "unplugged", "wrong_device", "overrun", "device_lost"),
    ),
)

DAQ_ERRORS = {"overrun": -200279, "device_lost": -201003}
"""Faults of the DAQ that are no faults of its link, by their DAQmx codes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in one run.

    It begins after so many `messages` to the device in its phase, or, where that is None, after the share `at` of the
    phase's duration; it lasts `duration_s` of station time, None: for good. A late reply is `delay_s` late.
    """

    seed: int
    driver: str
    mode: str
    phase: str
    gap: bool
    at: float
    messages: int | None
    duration_s: float | None
    delay_s: float

    @property
    def words(self) -> str:
        """What it is, in one line."""
        where = f"after {self.messages} messages" if self.messages is not None else f"at {self.at:.2f} of it"
        lasting = "for good" if self.duration_s is None else f"{self.duration_s:.1f} s"
        return f"seed {self.seed}: {self.driver}, {self.mode}, {self.phase}, {where}, {lasting}, gap {self.gap}"


def driver_of(fault: Fault) -> Driver:
    """Return the driver whose link fails."""
    return next(driver for driver in DRIVERS if driver.name == fault.driver)


def fault_of(seed: int, driver: Driver, mode: str, phase: str, *, gap: bool) -> Fault:
    """Draw a fault: its instant, its duration (one in four for good), how late its late replies are."""
    draw = random.Random(f"{seed}/{driver.name}/{mode}/{phase}/{gap}")
    by_message = phase == "connect" or draw.random() < 0.5
    return Fault(
        seed=seed,
        driver=driver.name,
        mode=mode,
        phase=phase,
        gap=gap,
        at=draw.random(),
        messages=draw.randint(0, _FIRST_MESSAGES) if by_message else None,
        duration_s=None if draw.random() < 0.25 else draw.uniform(2.0, LONGEST_S),
        delay_s=draw.choice((0.1, 0.7, 2.5, 6.0)),
    )


def all_faults(seed: int) -> Iterator[Fault]:
    """Yield every cell of the matrix at one seed."""
    for driver in DRIVERS:
        for mode in driver.modes:
            for phase in PHASES:
                for gap in (False, True):
                    yield fault_of(seed, driver, mode, phase, gap=gap)
