"""What the twin's witness says of pump and valves, on the monotonic clock that all processes of a host share."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POWER_LINE = "port0/line2"


@dataclass(frozen=True, slots=True)
class Act:
    """What something became at `at_s` (monotonic): a flow in uL/h, or a valve or relay on (1) or off (0)."""

    at_s: float
    value: float


@dataclass(frozen=True, slots=True)
class WitnessLog:
    """The acts of each thing, in order: "pump", "outlet", "occluder", "power"."""

    acts: Mapping[str, Sequence[Act]]

    def until(self, end_s: float) -> WitnessLog:
        """Return the log as it was at a time."""
        return WitnessLog({thing: tuple(act for act in acts if act.at_s < end_s) for thing, acts in self.acts.items()})

    def at(self, thing: str, time_s: float) -> float:
        """Return what a thing was at a time; all begin at 0."""
        return next((act.value for act in reversed(self.acts[thing]) if act.at_s <= time_s), 0.0)

    def last(self, thing: str) -> float:
        """Return what a thing was in the end."""
        return self.acts[thing][-1].value if self.acts[thing] else 0.0

    def at_rest_since(self, thing: str, since_s: float) -> float | None:
        """Return when after `since_s` a thing came to rest (0) for good; `since_s` where it was; None if never."""
        if self.last(thing) != 0.0:
            return None
        later = [act for act in self.acts[thing] if act.at_s > since_s]
        if self.at(thing, since_s) == 0.0 and all(act.value == 0.0 for act in later):
            return since_s
        rest = self.acts[thing][-1].at_s
        for act in reversed(self.acts[thing]):
            if act.value != 0.0:
                break
            rest = act.at_s
        return rest


def read_witness(path: Path) -> WitnessLog:
    """Read the log of a twin that runs at wall-clock time."""
    lines = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    acts: dict[str, list[Act]] = {"pump": [], "outlet": [], "occluder": [], "power": []}
    # Bench time is monotonic time since the twin began; the shortest delay between act and note is taken as none.
    origin_s = min((line["monotonic_s"] - line["t_s"] for line in lines), default=0.0)
    for line in lines:
        found = _thing(line)
        if found is not None:
            thing, value = found
            acts[thing].append(Act(origin_s + line["t_s"], value))
    return WitnessLog({thing: tuple(sorted(found, key=lambda act: act.at_s)) for thing, found in acts.items()})


def _thing(line: Mapping[str, Any]) -> tuple[str, float] | None:
    act = line.get("act")
    if act == "pump_flow":
        return "pump", line["flow_ul_per_h"]
    if act in ("valve outlet", "valve occluder"):
        return act.removeprefix("valve "), line["energised"]
    told = str(line.get("told", ""))
    if line["device"] == "daq" and told.startswith(f"{POWER_LINE} "):
        return "power", float(told.endswith("high"))
    return None
