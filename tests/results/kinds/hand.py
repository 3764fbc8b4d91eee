"""Records made by hand: a delivered volume that is known exactly, weighed by a quiet bench in still air."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.decision import DecisionRule
from results.evaluation import Liquid
from results.measured.pump_log import PumpLog
from results.measured.run_record import RunRecord
from results.measured.weighing import weighed_phases
from results.series import AmbientSeries, FlowSeries, Phase
from results.trace.schema import TraceEvent
from tests.results.synthetic import BENCH

Z_UL_PER_MG = 1.002851
"""ISO 8655-6: water and air at 20 Celsius, 1013.25 hPa, 50 %RH, steel weights."""
HOUR_S = 3600.0
QUIET = BENCH.model_copy(
    update={
        "tube_outer_diameter_mm": 0.0,
        "outlet_tube_volume_ul": 0.0,
        "catheter_volume_ul": 0.0,
        "capillary_u_ul": 0.0,
        "balance_zero_drift_ug_per_sqrt_h": 0.0,
        "balance_repeatability_mg": 0.002,
        "balance_readability_mg": 0.001,
        "balance_sensitivity_u_ppm": 10.0,
        "timing_u_s": 0.01,
    }
)
COMMON: dict[str, Any] = {
    "volume_reference_temperature_c": 20.0,
    "liquid": Liquid(kind="water"),
    "decision_rule": DecisionRule(kind="guarded"),
}


def piecewise(*pieces: tuple[float, float]) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return the volume (uL) at times (s) of flows (uL/h), each held for a while: (duration_s, flow), from 0 s."""
    edges = np.concatenate(([0.0], np.cumsum([duration for duration, _ in pieces])))
    volumes = np.concatenate(([0.0], np.cumsum([duration * flow / HOUR_S for duration, flow in pieces])))
    return lambda times: np.asarray(np.interp(times, edges, volumes))


def consecutive(*named: tuple[str, float]) -> dict[str, Phase]:
    """Return phases one after the other from 0 s: (name, duration_s)."""
    phases, at_s = {}, 0.0
    for name, duration_s in named:
        phases[name] = Phase(at_s, at_s + duration_s)
        at_s += duration_s
    return phases


def record(
    volume_ul: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    phases: Mapping[str, Phase],
    *,
    period_s: float = 2.0,
    log: PumpLog | None = None,
    events: Sequence[TraceEvent] = (),
    noise_ug: float = 1.0,
) -> RunRecord:
    """Return the record of a delivery at 20 Celsius without evaporation."""
    end_s = max(phase.end_s for phase in phases.values())
    time_s = np.arange(0.0, end_s + period_s, period_s)
    noise_g = noise_ug * 1e-6 * np.random.default_rng(1).standard_normal(time_s.size)
    constant = np.ones(51)
    series = FlowSeries(
        time_s=time_s,
        mass_g=20.0 + volume_ul(time_s) / Z_UL_PER_MG * 1e-3 + noise_g,
        status=np.zeros(time_s.size, np.uint8),
        phases=weighed_phases(phases, phases.values()),
        ambient=AmbientSeries(
            time_s=np.linspace(0.0, float(time_s[-1]), 51),
            temperature_c=20.0 * constant,
            humidity_percent=50.0 * constant,
            pressure_hpa=1013.25 * constant,
        ),
        title="by hand",
    )
    made = RunRecord(series=series, phases=phases, events=tuple(events))
    return made if log is None else RunRecord(series=series, phases=phases, events=tuple(events), pump=lambda: log)


def log_of(
    end_s: float, reservoir_ul: Callable[[float], float], *, alarms: Mapping[str, float] | None = None
) -> PumpLog:
    """Return a pump's own words every 10 s: what it calculates its reservoir holds, alarms from given instants (s)."""
    time_s = np.arange(5.0, end_s, 10.0)
    reservoir = np.array([reservoir_ul(float(t)) for t in time_s])
    return PumpLog(
        time_s=time_s,
        set_flow_ul_per_h=np.zeros(time_s.size),
        delivered_ul=reservoir[0] - reservoir,
        reservoir_ul=reservoir,
        states=("infusing",) * time_s.size,
        alarms=tuple(frozenset(a for a, at_s in (alarms or {}).items() if t >= at_s) for t in time_s),
    )


def event(at_s: float, kind: str, **data: object) -> TraceEvent:
    """Return an event of the rig."""
    return TraceEvent(round(at_s * 1e9), kind, "rig", data)
