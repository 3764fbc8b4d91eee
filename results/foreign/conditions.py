"""What must be known of a foreign measurement besides its readings."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, PlainValidator, Strict

from results.bench import ReferenceVessel
from results.decision import Criterion, DecisionRule, StrictModel
from results.evaluation import Liquid
from results.foreign.file_format import AirFile, DataColumns, FileFormat, PressureFile, ReferenceFile
from results.foreign.occlusion_record import OcclusionTest
from results.physics.buoyancy import STEEL_WEIGHT_DENSITY_KG_PER_M3
from results.uncertainty.budget import DEFAULT_COVERAGE_PERCENT


def _instant(value: object) -> float | datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):  # an integer of hundreds of digits
            if math.isfinite(value):
                return float(value)
    raise ValueError("wanted seconds on the time axis of the file, or a date-time")


def _told(instant: float | datetime) -> float | str:
    return instant.isoformat() if isinstance(instant, datetime) else instant


Instant = Annotated[
    float | datetime, PlainValidator(_instant), PlainSerializer(_told, return_type=float | str, when_used="json")
]
"""With an ISO 8601 time column, second 0 is the first reading."""

Period = Annotated[tuple[Instant, Instant], Strict(False)]
Instants = Annotated[tuple[Instant, ...], Strict(False)]


class FlowTest(StrictModel):
    """What the pump was set to; `stroke_volume_ul` of a pump that delivers in strokes."""

    set_flow_ul_per_h: float = Field(gt=0.0)
    stroke_volume_ul: float | None = Field(default=None, gt=0.0)


class BolusTest(StrictModel):
    """What the pump was set to, and how each bolus is weighed.

    A bolus takes `duration_s`; its readings are the means over `reading_s` before its start and `settle_s` after its
    end. They are settled when they span at most `settled_range_mg` (six times repeatability and readability together,
    when not stated). `units_per_ml` is the strength of the drug, for doses in units (U).
    """

    set_volume_ul: float = Field(gt=0.0)
    duration_s: float = Field(ge=0.0)
    settle_s: float = Field(ge=0.0)
    reading_s: float = Field(gt=0.0)
    settled_range_mg: float | None = Field(default=None, gt=0.0)
    units_per_ml: float | None = Field(default=None, gt=0.0)
    basal_flow_ul_per_h: float = Field(default=0.0, ge=0.0)
    basal_flow_u_ul_per_h: float = Field(default=0.0, ge=0.0)


class Method(StrictModel):
    """A method profile by its id, or S and the windows themselves. `density_g_per_ml`: d of the formula as written."""

    profile: str | None = None
    sample_interval_s: float | None = Field(default=None, gt=0.0)
    windows_min: Annotated[tuple[Annotated[float, Field(gt=0.0)], ...], Strict(False)] = ()
    startup_s: float | None = Field(default=None, gt=0.0)
    density_g_per_ml: float = Field(default=0.998, gt=0.5, lt=2.0)


class Periods(StrictModel):
    """When the phases were, each [begin, end]; the pump stands still in the blanks.

    A flow test has an analysis period, an occlusion test a steady one, a bolus test neither.
    """

    analysis: Period | None = None
    steady: Period | None = None
    stabilisation: Period | None = None
    blank_before: Period | None = None
    blank_after: Period | None = None


class Events(StrictModel):
    """When things happened; `tares` are the instants at which the balance was set to zero.

    An occlusion without `alarm` raised none.
    """

    infusion_start: Instant | None = None
    infusion_stop: Instant | None = None
    boluses: Instants = ()
    tares: Instants = ()
    occluded: Instant | None = None
    alarm: Instant | None = None
    released: Instant | None = None


class Temperatures(StrictModel):
    """A volume without its temperature is no volume. The last two are for flow tests."""

    volume_reference_c: float = Field(ge=0.0, le=40.0)
    pump_c: float | None = Field(default=None, ge=0.0, le=40.0)
    dose_concentration_c: float | None = Field(default=None, ge=0.0, le=40.0)


class Air(StrictModel):
    """The air at the balance: constants, or only how well the columns are known. All three values, or none.

    The uncertainty of a constant holds for any instant: it includes how much the air varied.
    """

    temperature_c: float | None = Field(default=None, ge=0.0, le=40.0)
    humidity_percent: float | None = Field(default=None, ge=0.0, le=100.0)
    pressure_hpa: float | None = Field(default=None, ge=300.0, le=1200.0)
    temperature_u_c: float = Field(ge=0.0)
    humidity_u_percent: float = Field(ge=0.0)
    pressure_u_hpa: float = Field(ge=0.0)

    @property
    def constants(self) -> tuple[float | None, float | None, float | None]:
        """Temperature, humidity and pressure; None for what is not stated."""
        return self.temperature_c, self.humidity_percent, self.pressure_hpa


class Balance(StrictModel):
    """The balance. `sensitivity_u_ppm` and all other `_u_` are standard uncertainties; see `GravimetricBench`."""

    readability_mg: float = Field(gt=0.0)
    repeatability_mg: float = Field(ge=0.0)
    sensitivity_u_ppm: float = Field(ge=0.0)
    capacity_g: float | None = Field(default=None, gt=0.0)
    weights_density_kg_per_m3: float = Field(default=STEEL_WEIGHT_DENSITY_KG_PER_M3, gt=1000.0)
    response_s: float = Field(default=0.0, ge=0.0)
    zero_drift_ug_per_sqrt_h: float | None = Field(default=None, ge=0.0)
    flicker_ug: float = Field(default=0.0, ge=0.0)
    zero_u_ug_per_k: float = Field(default=0.0, ge=0.0)
    sensitivity_u_ppm_per_k: float = Field(default=0.0, ge=0.0)
    lag_s: float = Field(default=0.0, ge=0.0)


class Vessel(StrictModel):
    """What stands on the pan and what dips into it; see `GravimetricBench` for each. A tube that does not dip has 0 mm.

    The liquid follows the air with `liquid_lag_s` and `liquid_temperature_offset_c`; with constant air its own
    temperature may be stated instead: `liquid_temperature_c`.
    """

    vessel_inner_diameter_mm: float = Field(gt=0.0)
    vessel_inner_diameter_u_mm: float = Field(ge=0.0)
    tube_outer_diameter_mm: float = Field(ge=0.0)
    tube_outer_diameter_u_mm: float = Field(ge=0.0)
    displaced_volume_ml: float = Field(ge=0.0)
    displaced_volume_u_ml: float = Field(ge=0.0)
    gross_load_g: float = Field(default=0.0, ge=0.0)
    headspace_mm: float | None = Field(default=None, gt=0.0)
    headspace_u_mm: float = Field(default=0.0, ge=0.0)
    outlet_tube_volume_ul: float = Field(default=0.0, ge=0.0)
    outlet_tube_volume_u_ul: float = Field(default=0.0, ge=0.0)
    catheter_volume_ul: float = Field(default=0.0, ge=0.0)
    catheter_volume_u_ul: float = Field(default=0.0, ge=0.0)
    tube_expansion_per_k: float = Field(default=0.0, ge=0.0)
    tube_temperature_u_k: float = Field(default=0.0, ge=0.0)
    capillary_u_ul: float = Field(ge=0.0)
    evaporation_limit_ug_per_min: float | None = Field(default=None, ge=0.0)
    evaporation_model_u_percent: float = Field(default=20.0, ge=0.0)
    liquid_lag_s: float = Field(default=0.0, ge=0.0)
    liquid_temperature_c: float | None = Field(default=None, ge=0.0, le=40.0)
    liquid_temperature_offset_c: float | None = None
    liquid_temperature_u_c: float = Field(ge=0.0)


class Conditions(StrictModel):
    """All that must be known to evaluate a foreign file; `consistency.CONTRADICTIONS` says what must fit together.

    `direction`: "collect" when the pump delivers into the vessel on the balance, "withdraw" when it draws from it.
    """

    kind: Literal["flow", "bolus", "occlusion"]
    title: str = Field(min_length=1)
    simulated: bool = False
    direction: Literal["collect", "withdraw"]
    file: FileFormat
    columns: DataColumns
    temperatures: Temperatures
    liquid: Liquid
    balance: Balance
    vessel: Vessel
    air: Air | None = None
    flow: FlowTest | None = None
    bolus: BolusTest | None = None
    occlusion: OcclusionTest | None = None
    method: Method = Method()
    periods: Periods = Periods()
    events: Events = Events()
    air_file: AirFile | None = None
    pressure_file: PressureFile | None = None
    reference_file: ReferenceFile | None = None
    reference_vessel: ReferenceVessel | None = None
    criteria: Annotated[tuple[Criterion, ...], Strict(False)] = ()
    decision_rule: DecisionRule | None = None
    coverage_percent: float = Field(default=DEFAULT_COVERAGE_PERCENT, gt=50.0, lt=100.0)

    @property
    def air_is_recorded(self) -> bool:
        """Whether the air has columns, in the balance's file or in its own."""
        return self.columns.air is not None or self.air_file is not None
