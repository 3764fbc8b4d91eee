"""What must fit together in the conditions of a foreign measurement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from results.bolus import bolus_criterion_problem
from results.foreign.conditions import Conditions
from results.foreign.file_format import FileFormat
from results.foreign.method import method_problems
from results.measurands import window_measurand
from results.occlusion.trial_measurands import MEASURANDS as OCCLUSION_MEASURANDS
from results.refusal import EvaluationRefused

Problems = Iterator[tuple[str, str]]
"""Pairs of (key, what is wrong there)."""
_LATENESS_S = 1.0
_AIR_NAMES = "temperature_c, humidity_percent and pressure_hpa"


def refuse_contradictions(conditions: Conditions) -> None:
    """Raise `EvaluationRefused` with everything that does not fit together."""
    problems = [f"{key}: {problem}" for told in CONTRADICTIONS for key, problem in told(conditions)]
    if problems:
        raise EvaluationRefused("the conditions contradict themselves: " + "; ".join(problems))


def _layout(key: str, layout: FileFormat) -> Problems:
    if layout.delimiter == layout.decimal:
        yield f"{key}.decimal", "the same as the delimiter"
    if layout.first_line is not None and layout.first_line <= layout.header_line:
        yield f"{key}.first_line", f"not after the header in line {layout.header_line}"


def _file(conditions: Conditions) -> Problems:
    yield from _layout("file", conditions.file)


def _pressure_file(conditions: Conditions) -> Problems:
    if conditions.pressure_file is not None:
        if conditions.kind != "occlusion":
            yield "pressure_file", f"not for kind = {conditions.kind!r}: only an occlusion test uses it"
        yield from _layout("pressure_file.file", conditions.pressure_file.file)


def _air_file(conditions: Conditions) -> Problems:
    if conditions.air_file is not None:
        yield from _layout("air_file.file", conditions.air_file.file)


def _reference(conditions: Conditions) -> Problems:
    columns, file, vessel = conditions.columns.reference_mass, conditions.reference_file, conditions.reference_vessel
    if columns is not None and file is not None:
        yield "reference_file", "the reference vessel has a column in the balance's file already"
    if vessel is None and (columns is not None or file is not None):
        yield "reference_vessel", "missing; wanted a table: ratio of the losses, displaced volume, its balance"
    if vessel is not None and columns is None and file is None:
        yield "reference_vessel", "has no readings; wanted columns.reference_mass or [reference_file]"
    if file is not None:
        yield from _layout("reference_file.file", file.file)


def _test(conditions: Conditions) -> Problems:
    kind = conditions.kind
    for name, table in (("flow", conditions.flow), ("bolus", conditions.bolus), ("occlusion", conditions.occlusion)):
        if name == kind and table is None:
            yield name, f"missing; wanted a table, for kind = {kind!r}"
        if name != kind and table is not None:
            yield name, f"not for kind = {kind!r}"


def _flow_needs(conditions: Conditions) -> Problems:
    if conditions.kind != "flow":
        return
    if conditions.periods.analysis is None:
        yield "periods.analysis", "missing; wanted [begin, end] of the analysis period"
    for key in ("pump_c", "dose_concentration_c"):
        if getattr(conditions.temperatures, key) is None:
            yield f"temperatures.{key}", "missing; wanted for a flow test"
    if conditions.events.boluses:
        yield "events.boluses", "not for kind = 'flow'"


def _bolus_needs(conditions: Conditions) -> Problems:
    if conditions.kind != "bolus":
        return
    if not conditions.events.boluses:
        yield "events.boluses", "missing; wanted a list with the instant at which each bolus starts"
    for key in ("analysis", "stabilisation"):
        if getattr(conditions.periods, key) is not None:
            yield f"periods.{key}", "not for kind = 'bolus': the boluses and their timing say it"


def _occlusion_needs(conditions: Conditions) -> Problems:
    periods, events, test = conditions.periods, conditions.events, conditions.occlusion
    if conditions.kind != "occlusion":
        for name in ("occluded", "alarm", "released"):
            if getattr(events, name) is not None:
                yield f"events.{name}", f"not for kind = {conditions.kind!r}"
        if periods.steady is not None:
            yield "periods.steady", f"not for kind = {conditions.kind!r}"
        return
    if conditions.direction != "collect":
        yield "direction", "an occlusion test collects what comes after the release"
    if conditions.pressure_file is None:
        yield "pressure_file", "missing; wanted a table: the file with the pressure in the line"
    if periods.steady is None:
        yield "periods.steady", "missing; wanted [begin, end] of steady flow before the occlusion"
    if events.occluded is None:
        yield "events.occluded", "missing; wanted the instant at which the line was closed"
    if events.boluses:
        yield "events.boluses", "not for kind = 'occlusion'"
    for name in ("analysis", "stabilisation"):
        if getattr(periods, name) is not None:
            yield f"periods.{name}", "not for kind = 'occlusion': the steady period and the events say it"
    if periods.steady is not None and events.occluded is not None and _well_before(events.occluded, periods.steady[1]):
        yield "periods.steady", "ends after events.occluded"
    for earlier, later in (("occluded", "alarm"), ("occluded", "released")):
        first, second = getattr(events, earlier), getattr(events, later)
        if first is not None and second is not None and _same_kind(first, second) and not _before(first, second):
            yield f"events.{later}", f"not after events.{earlier}"
    for name in () if test is None else ("fixture_compliance{}_ul_per_kpa", "valve_displacement{}_ul"):
        if (getattr(test, name.format("")) is None) is not (getattr(test, name.format("_u")) is None):
            yield f"occlusion.{name.format('_u')}", f"belongs to {name.format('')}: state both or neither"


def _method(conditions: Conditions) -> Problems:
    if conditions.kind == "flow":
        for key, problem in method_problems(conditions.method, conditions.periods):
            yield f"method.{key}", problem


def _periods_rise(conditions: Conditions) -> Problems:
    for name in ("blank_before", "stabilisation", "steady", "analysis", "blank_after"):
        period = getattr(conditions.periods, name)
        if period is not None and _same_kind(*period) and not _before(*period):
            yield f"periods.{name}", "does not end after it begins"


def _instants_alike(conditions: Conditions) -> Problems:
    dated = conditions.columns.time.unit == "iso8601"
    zones = set()
    for key, instant in _instants(conditions):
        if isinstance(instant, datetime):
            zones.add(instant.tzinfo is not None)
            if not dated:
                yield key, "a date-time, but the time column holds numbers; wanted seconds"
    if len(zones) > 1:
        yield "events", "some date-times have a time zone and some have none"


def _pump_runs_and_rests(conditions: Conditions) -> Problems:
    periods, start, stop = conditions.periods, conditions.events.infusion_start, conditions.events.infusion_stop
    for name in ("stabilisation", "steady", "analysis"):
        period = getattr(periods, name)
        if period is not None and start is not None and _well_before(period[0], start):
            yield f"periods.{name}", "begins before events.infusion_start"
        if period is not None and stop is not None and _well_before(stop, period[1]):
            yield f"periods.{name}", "ends after events.infusion_stop"
    if periods.blank_before is not None and start is not None and _well_before(start, periods.blank_before[1]):
        yield "periods.blank_before", "ends after events.infusion_start: the pump must stand still"
    if periods.blank_after is not None and stop is not None and _well_before(periods.blank_after[0], stop):
        yield "periods.blank_after", "begins before events.infusion_stop: the pump must stand still"


def _boluses_rise(conditions: Conditions) -> Problems:
    for number, (first, second) in enumerate(pairwise(conditions.events.boluses), start=2):
        if _same_kind(first, second) and not _before(first, second):
            yield f"events.boluses[{number}]", "not after the one before"


def _air(conditions: Conditions) -> Problems:
    recorded = conditions.columns.air is not None or conditions.air_file is not None
    if conditions.columns.air is not None and conditions.air_file is not None:
        yield "air_file", "the air has columns in the balance's file already"
    stated = [] if conditions.air is None else [value is not None for value in conditions.air.constants]
    if recorded and conditions.air is None:
        yield "air", "missing; wanted the uncertainties of the air columns"
    if recorded and any(stated):
        yield "air", "the air has columns and constants; state one"
    if not recorded and conditions.air is not None and not all(stated):
        yield "air", f"without air columns, wanted are all of {_AIR_NAMES}; leave out [air] to assume laboratory air"


def _liquid_temperature(conditions: Conditions) -> Problems:
    vessel = conditions.vessel
    if vessel.liquid_temperature_c is None:
        return
    if vessel.liquid_temperature_offset_c is not None:
        yield "vessel.liquid_temperature_offset_c", "the liquid's temperature is stated already"
    if conditions.columns.air is not None or conditions.air_file is not None or conditions.air is None:
        yield "vessel.liquid_temperature_c", "only with constant air; state liquid_temperature_offset_c"


def _tube(conditions: Conditions) -> Problems:
    if not conditions.vessel.tube_outer_diameter_mm < conditions.vessel.vessel_inner_diameter_mm:
        yield "vessel.tube_outer_diameter_mm", "not smaller than the vessel"


def _evaporation(conditions: Conditions) -> Problems:
    periods = conditions.periods
    blank = periods.blank_before or periods.blank_after
    if blank or conditions.reference_vessel is not None:
        return
    if conditions.vessel.evaporation_limit_ug_per_min is None:
        yield (
            "vessel.evaporation_limit_ug_per_min",
            "missing; without a blank or a reference vessel, state the most that can have evaporated",
        )


def _criteria(conditions: Conditions) -> Problems:
    if conditions.criteria and conditions.decision_rule is None:
        yield "decision_rule", "missing; wanted a table, as there are criteria"
    for number, criterion in enumerate(conditions.criteria, start=1):
        problem = bolus_criterion_problem(criterion) if conditions.kind == "bolus" else ""
        if conditions.kind == "flow":
            try:
                window_measurand(criterion.measurand)
            except ValueError as error:
                problem = str(error)
            if criterion.unit != "%":
                problem = f"criterion {criterion.id!r} is in {criterion.unit!r}; flow errors are in '%'"
        if conditions.kind == "occlusion" and criterion.measurand not in OCCLUSION_MEASURANDS:
            problem = (
                f"{criterion.measurand!r} is no measurand of an occlusion test; there are "
                f"{', '.join(map(repr, OCCLUSION_MEASURANDS))}"
            )
        if problem:
            yield f"criteria[{number}]", problem


CONTRADICTIONS: tuple[Callable[[Conditions], Problems], ...] = (
    _file,
    _air_file,
    _pressure_file,
    _reference,
    _test,
    _flow_needs,
    _bolus_needs,
    _occlusion_needs,
    _method,
    _periods_rise,
    _instants_alike,
    _pump_runs_and_rests,
    _boluses_rise,
    _air,
    _liquid_temperature,
    _tube,
    _evaporation,
    _criteria,
)
"""Each is small: where a file has other faults, those that need a faulty value are passed over."""


def _instants(conditions: Conditions) -> Iterator[tuple[str, float | datetime]]:
    for name in ("blank_before", "stabilisation", "steady", "analysis", "blank_after"):
        for instant in getattr(conditions.periods, name) or ():
            yield f"periods.{name}", instant
    events = conditions.events
    for name in ("infusion_start", "infusion_stop", "occluded", "alarm", "released"):
        instant = getattr(events, name)
        if instant is not None:
            yield f"events.{name}", instant
    for name in ("boluses", "tares"):
        for number, instant in enumerate(getattr(events, name), start=1):
            yield f"events.{name}[{number}]", instant


def _same_kind(first: float | datetime, second: float | datetime) -> bool:
    if isinstance(first, datetime) and isinstance(second, datetime):
        return (first.tzinfo is None) is (second.tzinfo is None)
    return isinstance(first, float) and isinstance(second, float)


def _before(first: float | datetime, second: float | datetime) -> bool:
    if isinstance(first, datetime) and isinstance(second, datetime):
        return first < second
    return isinstance(first, float) and isinstance(second, float) and first < second


def _well_before(first: float | datetime, second: float | datetime) -> bool:
    """Return whether an instant comes before another by more than commands take to act."""
    if isinstance(first, datetime) and isinstance(second, datetime):
        return _same_kind(first, second) and second - first > timedelta(seconds=_LATENESS_S)
    return isinstance(first, float) and isinstance(second, float) and second - first > _LATENESS_S
