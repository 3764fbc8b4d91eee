"""Running protocols as a person does: a process of its own, on a station written for the test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from instruments.clock import host_monotonic_s
from instruments.clock.interface import host_sleep
from results.trace.events import read_events
from rig.run_folder import RunFolder
from rig.stations.file import find_station

ROOT = Path(__file__).parents[2]
RUN_TIMEOUT_S = 300
LONG_ENOUGH_S = 120.0


@dataclass(frozen=True)
class Finished:
    """A session that has ended: exit status, what it printed, and the run folders it left."""

    status: int
    output: str
    runs: tuple[RunFolder, ...]

    @property
    def run(self) -> RunFolder:
        """The only run."""
        (run,) = self.runs
        return run

    @property
    def record(self) -> dict[str, Any]:
        """The record of the only run."""
        record: dict[str, Any] = json.loads(self.run.record.read_text())
        return record


def make_station(
    folder: Path,
    *,
    station: Mapping[str, str] | None = None,
    twin: Mapping[str, str] | None = None,
    base: str = "simulated",
) -> Path:
    """Copy a shipped simulated station into a folder, replacing texts in its two files; each must occur."""
    shipped = find_station(base).parent
    folder.mkdir(parents=True, exist_ok=True)
    for name, changes in (("station.toml", station or {}), ("twin.toml", twin or {})):
        text = (shipped / name).read_text(encoding="utf-8")
        for old, new in changes.items():
            if old not in text:
                raise ValueError(f"{name} does not contain {old!r}")
            text = text.replace(old, new)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "station.toml"


def add_events(station: Path, *events: str) -> Path:
    """Append `[[event]]` tables to the twin of a station; each is the body of one table."""
    twin = station.with_name("twin.toml")
    with twin.open("a", encoding="utf-8") as file:
        for event in events:
            file.write(f"\n[[event]]\n{event}\n")
    return station


LEAN = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist")
"""Options of a session without the plugins that only the tests use: one loads hypothesis at its end, two seconds."""


def protocol_command(runs: Path, *arguments: str, protocols: str = "protocols") -> list[str]:
    """Return the command line of a session that puts its runs into a folder."""
    lean = LEAN if "-n" not in arguments else LEAN[:2]
    return [sys.executable, "-m", "pytest", protocols, *lean, "--runs", str(runs), *arguments]


def run_protocols(
    runs: Path, *arguments: str, protocols: str = "protocols", cwd: Path = ROOT, timeout_s: float = RUN_TIMEOUT_S
) -> Finished:
    """Run a session to its end."""
    done = subprocess.run(
        protocol_command(runs, *arguments, protocols=protocols),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "160"},
    )
    return Finished(done.returncode, done.stdout + done.stderr, found_runs(runs))


def found_runs(runs: Path) -> tuple[RunFolder, ...]:
    """Return the run folders there are, oldest first."""
    return tuple(RunFolder(path) for path in sorted(runs.iterdir())) if runs.exists() else ()


def copy_protocols(folder: Path, changes: Mapping[str, str], *, protocol: str = "flow_accuracy") -> Path:
    """Copy the protocols to change the plan of one; returns the folder to give to pytest."""
    shutil.copytree(ROOT / "protocols", folder / "protocols", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "conftest.py", folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    plan = folder / "protocols" / f"{protocol}.toml"
    text = plan.read_text(encoding="utf-8")
    for old, new in changes.items():
        if old not in text:
            raise ValueError(f"the plan does not contain {old!r}")
        text = text.replace(old, new)
    plan.write_text(text, encoding="utf-8")
    return folder


def wait_for_phase(runs: Path, phase: str) -> None:
    """Return when the only run has begun a phase."""
    deadline_s = host_monotonic_s() + LONG_ENOUGH_S
    while host_monotonic_s() < deadline_s:
        for run in found_runs(runs):
            if run.events.exists() and any(
                event.kind == "phase_begin" and event.data["phase"] == phase for event in read_events(run.events).events
            ):
                return
        host_sleep(0.05)
    raise TimeoutError(f"no run began {phase!r}")


def error_percent(run: RunFolder, record: dict[str, Any]) -> tuple[float, float]:
    """Return the deviation of the measured mean flow from the truth, and U, both in % of the true flow."""
    outcome = record["outcome"]
    begin_s, end_s = outcome["analysis_begin_s"], outcome["analysis_end_s"]
    with h5py.File(run.truth) as truth:
        volume_ul = np.interp([begin_s, end_s], truth["time_s"][:], truth["tip_volume_ul"][:])
    true_ul_per_h = float(volume_ul[1] - volume_ul[0]) / (end_s - begin_s) * 3600.0
    flow = outcome["mean_flow"]
    return (flow["value"] / true_ul_per_h - 1) * 100, flow["expanded_uncertainty"] / true_ul_per_h * 100
