"""The liquid's way in time: strokes into the node, out of the tip, to the vessel or to waste.

History is a row of pieces. A piece ends where a stroke begins or ends, at every edge of the 10-s grid, where a leak or
bubble begins or ends, and at commands; never at a query. So history does not depend on how far ahead it was computed,
nor on who asked.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import NamedTuple

from instruments.simulated.physics.climate import Climate, Slow
from instruments.simulated.physics.node import State, Way, carry, piece, resumed
from instruments.simulated.physics.room import CELL_S
from instruments.simulated.physics.segments import Segments
from instruments.simulated.physics.strokes import SLICE_S, StrokeDrive, Surroundings
from instruments.simulated.physics.surface import Surface
from instruments.simulated.truth.config import TwinConfig
from instruments.simulated.truth.events import Bubble, Leak

_KPA_S_PER_UL = 3.6  # of one kPa h/mL
_CELL_COLUMNS = (
    Slow.WATER_KG_PER_M3,
    Slow.PATH_UL_PER_S_KPA,
    Slow.CATHETER_SHARE,
    Slow.CATHETER_SWELLING_UL_PER_S,
    Slow.TUBE_SWELLING_UL_PER_S,
    Slow.STROKE_FACTOR,
    Slow.COOLING,
    Slow.EVAPORATION_DRIVE,
)


class _Cell(NamedTuple):
    """The slow quantities that hold for one cell of the grid, in the order of `_CELL_COLUMNS`."""

    water_kg_per_m3: float
    path_ul_per_s_kpa: float
    catheter_share: float
    catheter_swelling: float
    tube_swelling: float
    stroke_factor: float
    cooling: float
    evaporation_drive: float


class FlowPath:
    """Pump, node, tip and vessel of one bench, computed ahead and taken back when a command comes."""

    def __init__(self, truth: TwinConfig, seed: int, climate: Climate) -> None:
        self.drive = StrokeDrive(truth.pump, truth.event, seed)
        self.segments = Segments()
        self.occluded = False
        self.isolated = False
        """The pump, with its set and catheter, is shut off from the fixture, and delivers nothing."""
        self.to_vessel = False
        self.applied_back_kpa = 0.0
        """Applied to the vessel's line beside its own head."""
        self._climate = climate
        self._surface = Surface(truth, 1e-6 * float(climate.column(Slow.WATER_KG_PER_M3, 0)[0]))
        self._pump_side = truth.catheter.compliance_ul_per_kpa.value
        self._fixture = truth.fixture.compliance_ul_per_kpa.value
        self._displacement_ul = truth.fixture.valve_displacement_ul.value
        self._shut_off_kpa = 0.0
        self._vessel_kpa = truth.outlet.back_pressure_kpa.value
        self._waste_kpa = truth.outlet.waste_back_pressure_kpa.value
        self._leaks = [event for event in truth.event if isinstance(event, Leak)]
        self._bubbles = [event for event in truth.event if isinstance(event, Bubble)]
        marks = {event.at_s for event in self._bubbles}
        marks.update(edge for leak in self._leaks for edge in (leak.at_s, leak.end_s))
        self._marks = sorted(marks)
        self._state = State(0.0, self._waste_kpa, truth.vessel.water_mass_g, truth.pump.reservoir_ul)
        self._arrive_at_mark(self._state)

    @property
    def end_s(self) -> float:
        """Bench time up to which history is computed."""
        return self._state.t_s

    def advance(self, until_s: float) -> None:
        """Compute on to the first edge of the grid at or after `until_s`."""
        if self._state.t_s >= until_s:
            return
        first = int(self._state.t_s // CELL_S)
        count = math.ceil(until_s / CELL_S) - first
        columns = [self._climate.column(which, first + count) for which in _CELL_COLUMNS]
        cells = map(_Cell, *(column[first : first + count].tolist() for column in columns))
        rows: list[list[float]] = []
        for number, cell in enumerate(cells, start=first):
            self._run_cell(cell, number * CELL_S, (number + 1) * CELL_S, rows)
        self.segments.append(rows)

    def take_back(self, t_s: float) -> None:
        """Forget what was computed beyond `t_s`, and stand there."""
        if t_s >= self._state.t_s:
            return
        index = self.segments.index_at(t_s)
        row = self.segments.row(index)
        self._state = resumed(row)
        if t_s > self._state.t_s:
            carry(self._state, row, t_s)
            index += 1
        self.segments.cut(index)

    def command_pump(self, flow_ul_per_h: float) -> None:
        """Run the mechanism at another flow from where the path stands: a slice ends there, a stroke is completed."""
        state = self._state
        if state.stroke_end_s < math.inf and self.drive.continuous:
            edge = int(state.t_s // CELL_S)
            cooling = float(self._climate.column(Slow.COOLING, edge)[edge])
            state.reservoir_ul += state.pump_flow / cooling * (state.stroke_end_s - state.t_s)
            state.pump_flow, state.stroke_end_s = 0.0, math.inf
        self.drive.command(state.t_s, flow_ul_per_h)
        hurried_s = state.t_s + 0.5 * SLICE_S
        if self.drive.continuous and hurried_s < state.stroke_end_s < math.inf:
            # The first slice must begin within its own time.
            state.pump_flow *= (state.stroke_end_s - state.t_s) / (hurried_s - state.t_s)
            state.stroke_end_s = hurried_s

    def switch_occluder(self, closed: bool) -> None:
        """Close or open the occluder where the path stands; it displaces liquid either way."""
        if closed is not self.occluded:
            self.occluded = closed
            self.inject(self._displacement_ul if closed else -self._displacement_ul)

    def inject(self, volume_ul: float) -> None:
        """Force a volume into the line at once, where the path stands."""
        self._state.pressure_kpa += volume_ul / self._compliance

    def isolate(self) -> None:
        """Shut the pump's side off. Its pressure stays in it."""
        if self._fixture <= 0.0:
            raise ValueError("this fixture yields to no pressure: give the twin's truth a [fixture] with a compliance")
        self.isolated = True
        self._shut_off_kpa = self._state.pressure_kpa
        self._state.pump_flow, self._state.stroke_end_s = 0.0, math.inf

    def connect(self) -> None:
        """Connect the pump's side again: the two pressures meet."""
        stored_ul = self._pump_side * self._shut_off_kpa + self._fixture * self._state.pressure_kpa
        self.isolated = False
        self._state.pressure_kpa = stored_ul / self._compliance

    def refill(self, volume_ul: float) -> None:
        """Let the reservoir hold a volume."""
        self._state.reservoir_ul = volume_ul

    def fill_vessel(self, water_g: float) -> None:
        """Let the vessel hold a mass of water."""
        self._state.water_g = water_g

    @property
    def _compliance(self) -> float:
        return self._fixture if self.isolated else self._pump_side + self._fixture

    def _run_cell(self, cell: _Cell, start_s: float, edge_s: float, rows: list[list[float]]) -> None:
        state = self._state
        g_per_ul = 1e-6 * cell.water_kg_per_m3
        if state.t_s == start_s:
            state.evaporation_g_per_s = self._surface.evaporation_g_per_s(
                start_s, water_g=state.water_g, g_per_ul=g_per_ul, drive=cell.evaporation_drive
            )
        way = self._way(cell, state.t_s)
        while state.t_s < edge_s:
            if state.t_s >= state.stroke_end_s:
                state.pump_flow, state.stroke_end_s = 0.0, math.inf
            next_s = state.stroke_end_s
            if next_s == math.inf:
                next_s = self.drive.next_start_s(state.strokes_begun)
                if next_s <= state.t_s:
                    self._begin_stroke(state, cell)
                    next_s = state.stroke_end_s
            end_s = min(edge_s, next_s)
            if self._marks:
                way = self._way(cell, state.t_s)
                end_s = min(end_s, self._next_mark_s(state.t_s))
            row = piece(state, way)
            rows.append(row)
            carry(state, row, end_s)
            self._arrive_at_mark(state)

    def _way(self, cell: _Cell, t_s: float) -> Way:
        leak = 0.0
        for event in self._leaks:
            if event.at_s <= t_s < event.end_s:
                leak += 1.0 / (_KPA_S_PER_UL * event.resistance_kpa_h_per_ml)
        return Way(
            self._compliance,
            0.0 if self.occluded else cell.path_ul_per_s_kpa,
            0.0 if self.occluded else cell.catheter_share,
            leak,
            self._vessel_kpa + self.applied_back_kpa if self.to_vessel else self._waste_kpa,
            1.0 if self.to_vessel else 0.0,
            0.0 if self.isolated else cell.catheter_swelling,
            cell.tube_swelling,
            1e-6 * cell.water_kg_per_m3,
        )

    def _next_mark_s(self, t_s: float) -> float:
        following = bisect_right(self._marks, t_s)
        return self._marks[following] if following < len(self._marks) else math.inf

    def _arrive_at_mark(self, state: State) -> None:
        for bubble in self._bubbles:
            if bubble.at_s == state.t_s:
                state.bubble_ul += bubble.volume_ul

    def _begin_stroke(self, state: State, cell: _Cell) -> None:
        around = Surroundings(state.pressure_kpa, state.reservoir_ul, cell.stroke_factor, shut_off=self.isolated)
        if self.drive.continuous:
            portion = self.drive.slice(state.slices_begun, state.t_s, around)
            state.slices_begun += 1
        else:
            portion = self.drive.stroke(state.strokes_begun, state.t_s, around)
            state.strokes_begun += 1
            state.strokes_made += portion.volume_ul > 0.0
        state.reservoir_ul -= portion.volume_ul
        # A stroke is a volume at the pump's temperature; what flows on has the tip's.
        state.pump_flow = portion.volume_ul * cell.cooling / (portion.end_s - state.t_s)
        state.stroke_end_s = portion.end_s
