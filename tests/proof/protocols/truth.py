"""What really happened in a simulated run, from the truth file beside its trace."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from instruments.simulated.physics.water import density_kg_per_m3
from results.trace.events import read_events
from results.trace.schema import TraceEvent
from rig.run_folder import RunFolder

REFERENCE_C = 20.0


class RunTruth:
    """The truth of one run. Times are station time, s; volumes are stated at a temperature in Celsius."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self.events: tuple[TraceEvent, ...] = tuple(read_events(run.events).events)
        with h5py.File(run.truth) as file:
            self._tip_s: NDArray[np.float64] = file["time_s"][:]
            self._tip_ug: NDArray[np.float64] = file["tip_mass_ug"][:]
            path = file["path"]
            self._path = {name: path[name][:] for name in path}
            self.drawn: dict[str, float] = dict(file["drawn"].attrs)

    @property
    def path(self) -> Path:
        """The file."""
        return self.run.truth

    def volume_ul(self, begin_s: float, end_s: float, *, reference_c: float = REFERENCE_C) -> float:
        """Return what left the tip between two instants, uL of water at `reference_c`."""
        mass_ug = np.interp([begin_s, end_s], self._tip_s, self._tip_ug)
        return float(mass_ug[1] - mass_ug[0]) / float(density_kg_per_m3(reference_c))

    def flow_ul_per_h(self, begin_s: float, end_s: float, *, reference_c: float = REFERENCE_C) -> float:
        """Return the mean flow out of the tip between two instants, uL/h."""
        return self.volume_ul(begin_s, end_s, reference_c=reference_c) / (end_s - begin_s) * 3600.0

    def path_at(self, name: str, time_s: float) -> float:
        """Return a quantity of the liquid's path (`line_pressure_kpa`, `reservoir_ul`, ...) at an instant."""
        return float(np.interp(time_s, self._path["time_s"], self._path[name]))

    def highest(self, name: str, begin_s: float, end_s: float) -> float:
        """Return the highest value of a quantity of the path between two instants."""
        time_s = self._path["time_s"]
        inside = (time_s >= begin_s) & (time_s <= end_s)
        ends = [self.path_at(name, begin_s), self.path_at(name, end_s)]
        return float(max([*self._path[name][inside], *ends]))

    def phase(self, name: str) -> tuple[float, float]:
        """Return begin and end of a phase of the run, s. Raises `KeyError` where it was not completed."""
        edges = {
            event.kind: event.time_ns / 1e9
            for event in self.events
            if event.kind in ("phase_begin", "phase_end") and event.data.get("phase") == name
        }
        return edges["phase_begin"], edges["phase_end"]

    def times_s(self, kind: str) -> list[float]:
        """Return when events of a kind were recorded, s."""
        return [event.time_ns / 1e9 for event in self.events if event.kind == kind]

    def deliveries_s(self, begin_s: float, end_s: float) -> NDArray[np.float64]:
        """Return when strokes that delivered began, between two instants, s."""
        made = np.flatnonzero(np.diff(self._path["strokes_made"]) > 0.0) + 1
        times_s = self._path["time_s"][made]
        return np.asarray(times_s[(times_s >= begin_s) & (times_s <= end_s)], dtype=np.float64)

    def volumes_ul(self, times_s: NDArray[np.float64], *, reference_c: float = REFERENCE_C) -> NDArray[np.float64]:
        """Return what had left the tip by each of some instants, uL of water at `reference_c`."""
        mass_ug = np.interp(times_s, self._tip_s, self._tip_ug)
        return np.asarray(mass_ug / float(density_kg_per_m3(reference_c)), dtype=np.float64)

    def operator_s(self, step: str) -> float:
        """Return when a manual step was done, s."""
        return next(
            event.time_ns / 1e9 for event in self.events if event.kind == "operator" and event.data["step"] == step
        )
