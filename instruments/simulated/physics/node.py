"""The compliant node between pump and tip, solved exactly for constant inflow, and the state it carries along.

    C dP/dt = Q_pump + Q_swelling - (P - P_back) / R - P / R_leak

R is infinite at a dead end. With a way out, pressure relaxes exponentially; without one, it rises by Q/C.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from instruments.simulated.physics.segments import Seg


@dataclass(slots=True)
class State:
    """The state at an instant: volumes in uL since bench time 0, flows in uL/s; see `Seg`."""

    t_s: float
    pressure_kpa: float
    water_g: float
    reservoir_ul: float
    tip_ul: float = 0.0
    tip_g: float = 0.0
    vessel_ul: float = 0.0
    bubble_ul: float = 0.0
    evaporated_g: float = 0.0
    evaporation_g_per_s: float = 0.0
    pumped_ul: float = 0.0
    pump_flow: float = 0.0
    swollen_ul: float = 0.0
    leaked_ul: float = 0.0
    stroke_end_s: float = math.inf
    strokes_begun: int = 0
    strokes_made: int = 0
    slices_begun: int = 0


class Way(NamedTuple):
    """What the liquid meets during a piece: compliance in uL/kPa, conductances in uL/s per kPa, flows in uL/s."""

    compliance: float
    out: float
    """Conductance from the node to the end of the path; 0 at a dead end."""
    catheter_share: float
    """Part of the pressure drop that lies in the catheter."""
    leak: float
    back_kpa: float
    weighed: float
    """1 when the flow leads to the vessel, 0 when it leads to waste."""
    catheter_swelling: float
    tube_swelling: float
    g_per_ul: float


def piece(state: State, way: Way) -> list[float]:
    """Return the row (see `Seg`) of the piece that begins in `state`."""
    inflow = state.pump_flow + way.catheter_swelling
    conductance = way.out + way.leak
    if conductance > 0.0:
        settled_kpa = (inflow + way.out * way.back_kpa) / conductance
        per_tau, slope, swing = conductance / way.compliance, 0.0, settled_kpa - state.pressure_kpa
        tip_flow, tip_swing = way.out * (settled_kpa - way.back_kpa), -way.out * swing / per_tau
    else:
        per_tau, slope, swing, tip_flow, tip_swing = 0.0, inflow / way.compliance, 0.0, 0.0, 0.0
    return [
        state.t_s, per_tau, state.pressure_kpa, slope, swing, state.tip_ul, tip_flow, tip_swing,
        state.vessel_ul, way.weighed * tip_flow + way.tube_swelling, way.weighed * tip_swing, state.bubble_ul,
        way.g_per_ul, state.water_g, state.evaporation_g_per_s, way.catheter_share, way.back_kpa, state.evaporated_g,
        state.pumped_ul, state.pump_flow, state.swollen_ul, way.catheter_swelling, state.leaked_ul, way.leak,
        state.tip_g, state.stroke_end_s, state.strokes_begun, state.strokes_made, state.reservoir_ul,
        state.slices_begun,
    ]  # fmt: skip


def carry(state: State, row: list[float], until_s: float) -> None:
    """Carry a state through the piece that began with it, to `until_s`."""
    elapsed_s = until_s - state.t_s
    per_tau = row[Seg.PER_TAU]
    settled = -math.expm1(-elapsed_s * per_tau)
    swing = row[Seg.PRESSURE_SWING]
    if row[Seg.LEAK] > 0.0:
        state.leaked_ul += row[Seg.LEAK] * ((state.pressure_kpa + swing) * elapsed_s - swing * settled / per_tau)
    state.pressure_kpa += row[Seg.PRESSURE_SLOPE] * elapsed_s + swing * settled
    tip_ul = row[Seg.TIP_FLOW] * elapsed_s + row[Seg.TIP_SWING] * settled
    entered_ul = row[Seg.VESSEL_FLOW] * elapsed_s + row[Seg.VESSEL_SWING] * settled
    passed_ul = min(max(entered_ul, 0.0), state.bubble_ul)
    evaporated_g = row[Seg.EVAPORATION_G_PER_S] * elapsed_s
    state.t_s = until_s
    state.tip_ul += tip_ul
    state.tip_g += row[Seg.G_PER_UL] * tip_ul
    state.vessel_ul += entered_ul
    state.bubble_ul -= passed_ul
    state.water_g += row[Seg.G_PER_UL] * (entered_ul - passed_ul) - evaporated_g
    state.evaporated_g += evaporated_g
    state.pumped_ul += row[Seg.PUMP_FLOW] * elapsed_s
    state.swollen_ul += row[Seg.SWELLING_FLOW] * elapsed_s


def resumed(row: list[float]) -> State:
    """Return the state a piece began with."""
    return State(
        t_s=row[Seg.START_S],
        pressure_kpa=row[Seg.PRESSURE_KPA],
        water_g=row[Seg.WATER_G],
        reservoir_ul=row[Seg.RESERVOIR_UL],
        tip_ul=row[Seg.TIP_UL],
        tip_g=row[Seg.TIP_G],
        vessel_ul=row[Seg.VESSEL_UL],
        bubble_ul=row[Seg.BUBBLE_UL],
        evaporated_g=row[Seg.EVAPORATED_G],
        evaporation_g_per_s=row[Seg.EVAPORATION_G_PER_S],
        pumped_ul=row[Seg.PUMPED_UL],
        pump_flow=row[Seg.PUMP_FLOW],
        swollen_ul=row[Seg.SWOLLEN_UL],
        leaked_ul=row[Seg.LEAKED_UL],
        stroke_end_s=row[Seg.STROKE_END_S],
        strokes_begun=int(row[Seg.STROKES_BEGUN]),
        strokes_made=int(row[Seg.STROKES_MADE]),
        slices_begun=int(row[Seg.SLICES_BEGUN]),
    )
