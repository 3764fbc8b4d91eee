"""The options of a bench session: added to pytest's, checked, and made into the session."""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

import pytest

from instruments.clock import host_monotonic_s
from rig.configuration import ConfigurationError
from rig.session import RigSession
from rig.stations.file import StationFile, load_station_file
from rig.terminal.keyboard import open_keyboard
from rig.terminal.progress import open_terminal


def add_options(parser: pytest.Parser) -> None:
    """Add the options of a bench session."""
    group = parser.getgroup("rig", "pump bench rig")
    group.addoption("--station", metavar="NAME_OR_FILE", help="the station to run on: a shipped name or a station.toml")
    group.addoption(
        "--case", action="append", metavar="NAME", help="run only this case: NAME, or PLAN/NAME (repeatable)"
    )
    group.addoption("--clock", choices=("virtual", "wall"), help="how time passes on a simulated station [virtual]")
    group.addoption("--seed", type=int, help="seed of a twin in this process [1]")
    group.addoption(
        "--overtime",
        type=_overtime,
        default=50.0,
        metavar="PERCENT",
        help="a case that takes this much longer than planned, and half an hour, is ended safely as ABORTED [50]",
    )
    group.addoption(
        "--session-deadline",
        type=_minutes,
        metavar="MINUTES",
        help="after so many minutes end the case that runs safely as ABORTED and begin no other",
    )
    group.addoption(
        "--no-figure", action="store_true", help="draw no figures: `rig evaluate RUN --figure FILE` does later"
    )
    group.addoption("--runs", type=Path, default=Path("runs"), metavar="DIR", help="where run folders go [runs]")


def _overtime(text: str) -> float:
    percent = float(text)
    if not 0.0 <= percent <= 1000.0:
        raise argparse.ArgumentTypeError(f"{text!r}: wanted 0 to 1000 percent")
    return percent


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0.0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r}: wanted a number of minutes above 0")
    return minutes


def session_of(config: pytest.Config) -> RigSession | None:
    """Return the session its options ask for, None without a station; raises `UsageError` with what is wrong."""
    name = config.getoption("--station")
    if name is None:
        return None
    if config.getoption("numprocesses", None):
        raise pytest.UsageError("-n: a station runs one case at a time; leave it out with --station")
    try:
        station = load_station_file(name)
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from error
    runs: Path = config.getoption("--runs")
    try:
        runs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=runs):
            pass
    except OSError as error:
        raise pytest.UsageError(f"--runs: {runs} cannot be written ({error.strerror}); give another folder") from error
    minutes: float | None = config.getoption("--session-deadline")
    return RigSession(
        station=station,
        virtual=_is_virtual(station, config.getoption("--clock")),
        seed=_seed(station, config.getoption("--seed")),
        runs=runs,
        terminal=open_terminal(),
        keyboard=open_keyboard(),
        overtime_percent=config.getoption("--overtime"),
        until_s=None if minutes is None else host_monotonic_s() + 60.0 * minutes,
        figures=not config.getoption("--no-figure"),
    )


def _seed(station: StationFile, asked: int | None) -> int:
    """The seed is drawn by a twin in this process; one that runs already has drawn its own."""
    if asked is not None and not (station.is_simulated and station.attach is None):
        raise pytest.UsageError(f"--seed needs a twin in this process; station {station.id!r} has none")
    return 1 if asked is None else asked


def _is_virtual(station: StationFile, asked: str | None) -> bool:
    """Time can only jump where the whole bench is a twin in this process."""
    possible = station.is_simulated and station.attach is None
    if asked == "virtual" and not possible:
        raise pytest.UsageError(f"--clock virtual needs a twin in this process; station {station.id!r} has none")
    return possible and asked != "wall"
