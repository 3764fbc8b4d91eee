"""Evaluation of a foreign file under its conditions, to one record that says what was done with every reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results.bolus import bolus_phases, evaluate_bolus
from results.bolus_outcome import BolusOutcome
from results.evaluate_flow import evaluate_flow
from results.flow.grid import GridError
from results.foreign.conditions import Conditions
from results.foreign.consistency import refuse_contradictions
from results.foreign.file_format import GAUGE_PRESSURE_FACTORS_KPA
from results.foreign.mapping import (
    bench_of,
    bolus_evaluation_of,
    flow_evaluation_of,
    flow_phases_of,
    phase_of,
    second_of,
)
from results.foreign.method import method_profile
from results.foreign.occlusion import evaluate_occlusion_table
from results.foreign.plausible import plausible
from results.foreign.series import air_wanted, columns_wanted, flow_series_of, reference_wanted, time_wanted
from results.foreign.table_file import ColumnWanted, TableData, read_table
from results.occlusion.outcome import OcclusionOutcome
from results.outcome import FlowOutcome, as_json
from results.refusal import EvaluationRefused

EVALUATION_SCHEMA = "evaluation/1.2.0"
"""Semantic version of the record of `Evaluation.as_record`, described in docs/evaluation-json.md."""

ForeignOutcome = FlowOutcome | BolusOutcome | OcclusionOutcome


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What became of a file: an outcome, or the reason why there is none. `table` is None when it was not read.

    `air`, `reference` and `pressure` are what the files of their own hold, None without one.
    """

    source: str
    kind: str
    conditions: Conditions | None
    table: TableData | None
    air: TableData | None
    reference: TableData | None
    pressure: TableData | None
    outcome: ForeignOutcome | None
    refusal: str | None

    def as_record(self) -> dict[str, Any]:
        """Return the evaluation as JSON types, by `EVALUATION_SCHEMA`."""
        outcome = self.outcome
        return {
            "schema": EVALUATION_SCHEMA,
            "kind": self.kind,
            "source": self.source,
            "conditions": None if self.conditions is None else self.conditions.model_dump(mode="json"),
            "file": None if self.table is None else file_record(self.table),
            "air_file": None if self.air is None else file_record(self.air),
            "reference_file": None if self.reference is None else file_record(self.reference),
            "pressure_file": None if self.pressure is None else file_record(self.pressure),
            "refusal": None if self.refusal is None else {"reason": self.refusal},
            "outcome": None if outcome is None else outcome.as_record(),
        }


def evaluate_foreign(path: Path, conditions: Conditions) -> Evaluation:
    """Return the evaluation of a foreign file; a refusal is part of it.

    Raises `OSError` where the file cannot be read. What the conditions leave open or contradict is a refusal too.
    """
    table: TableData | None = None
    air: TableData | None = None
    reference: TableData | None = None
    pressure: TableData | None = None
    outcome: ForeignOutcome | None = None
    refusal: str | None = None
    try:
        refuse_contradictions(conditions)
        table = read_foreign(path, conditions)
        air = read_air(path.parent, conditions, origin_us=table.origin_us)
        reference = read_reference(path.parent, conditions, origin_us=table.origin_us)
        if conditions.kind == "occlusion":
            pressure = read_pressure(path.parent, conditions, origin_us=table.origin_us)
        _refuse_other_clock(table, air, "the air's file")
        _refuse_other_clock(table, reference, "the reference vessel's file")
        _refuse_other_clock(table, pressure, "the pressure's file")
        outcome = evaluate_table(table, conditions, run_id=path.name, air=air, reference=reference, pressure=pressure)
    except EvaluationRefused as error:
        refusal = _with_bad_rows(error, table)
    return Evaluation(
        source=path.name,
        kind=conditions.kind,
        conditions=conditions,
        table=table,
        air=air,
        reference=reference,
        pressure=pressure,
        outcome=outcome,
        refusal=refusal,
    )


def read_foreign(path: Path, conditions: Conditions) -> TableData:
    """Return the columns of a foreign file: time (s), "mass" (g), and the air where the conditions name its columns.

    Raises `EvaluationRefused` with line numbers for rows that cannot be used, `OSError` for a file that cannot.
    """
    return read_table(
        path, conditions.file, time=time_wanted(conditions.columns.time), wanted=columns_wanted(conditions)
    )


def read_pressure(folder: Path, conditions: Conditions, *, origin_us: int | None) -> TableData:
    """Return the pressure in the line from its own file, its path relative to a folder: time (s), "pressure" (kPa).

    `origin_us` is that of the balance's file: date-times count from the same instant. Raises `EvaluationRefused`
    without a pressure file or for rows that cannot be used, `OSError` for a file that cannot be read.
    """
    stated = conditions.pressure_file
    if stated is None:
        raise EvaluationRefused("the conditions state no pressure_file")
    factor = GAUGE_PRESSURE_FACTORS_KPA[stated.pressure.unit]
    wanted = {"pressure": ColumnWanted(name=stated.pressure.name, unit=stated.pressure.unit, factor=factor)}
    return read_table(
        folder / stated.path, stated.file, time=time_wanted(stated.time), wanted=wanted, origin_us=origin_us
    )


def read_air(folder: Path, conditions: Conditions, *, origin_us: int | None) -> TableData | None:
    """Return the air from its own file, its path relative to a folder, or None where the conditions name none.

    Columns and errors as `read_foreign` has them; `origin_us` is that of the balance's file.
    """
    stated = conditions.air_file
    if stated is None:
        return None
    return read_table(
        folder / stated.path,
        stated.file,
        time=time_wanted(stated.time),
        wanted=air_wanted(stated.air),
        origin_us=origin_us,
    )


def read_reference(folder: Path, conditions: Conditions, *, origin_us: int | None) -> TableData | None:
    """Return the reference vessel's readings from their own file, or None where the conditions name none.

    Column "reference mass" (g); paths and errors as `read_air` has them.
    """
    stated = conditions.reference_file
    if stated is None:
        return None
    return read_table(
        folder / stated.path,
        stated.file,
        time=time_wanted(stated.time),
        wanted=reference_wanted(stated.mass),
        origin_us=origin_us,
    )


def evaluate_table(
    table: TableData,
    conditions: Conditions,
    *,
    run_id: str,
    air: TableData | None = None,
    reference: TableData | None = None,
    pressure: TableData | None = None,
) -> ForeignOutcome:
    """Return the outcome of the readings of a foreign file.

    `air`, `reference` and `pressure` are what files of their own hold; an occlusion test needs the pressure. Raises
    `EvaluationRefused` where no honest number can be computed.
    """
    if conditions.kind == "occlusion":
        if pressure is None:
            raise EvaluationRefused("an occlusion test cannot be evaluated without the pressure in the line")
        return evaluate_occlusion_table(table, pressure, conditions, run_id=run_id, air=air, reference=reference)
    if conditions.kind == "flow":
        phases = flow_phases_of(conditions, table)
        profile = method_profile(conditions.method, analysis_s=phases.analysis.duration_s)
        outcome = evaluate_flow(
            flow_series_of(conditions, table, phases=phases, run_id=run_id, air=air, reference=reference),
            flow_evaluation_of(conditions, profile=profile.profile.id),
            bench=bench_of(conditions),
            profile=profile,
        )
        return plausible(outcome)
    evaluation = bolus_evaluation_of(conditions)
    boluses_s = [second_of(at, table) for at in conditions.events.boluses]
    phases = bolus_phases(
        boluses_s,
        evaluation.timing,
        blank_before=phase_of(conditions.periods.blank_before, table),
        blank_after=phase_of(conditions.periods.blank_after, table),
    )
    series = flow_series_of(conditions, table, phases=phases, run_id=run_id, air=air, reference=reference)
    return evaluate_bolus(series, boluses_s, evaluation, bench=bench_of(conditions))


def file_record(table: TableData) -> Mapping[str, Any]:
    """Return what was read of a file, and every row that was left out, as JSON types."""
    return {
        "sha256": table.sha256,
        "rows": table.rows,
        "rows_used": table.rows - table.bad_count,
        "rows_left_out": table.bad_count,
        "rows_left_out_listed": [as_json(row) for row in table.bad_rows],
    }


def _refuse_other_clock(table: TableData, other: TableData | None, name: str) -> None:
    if other is not None and ((other.origin_us is None, other.zoned) != (table.origin_us is None, table.zoned)):
        raise EvaluationRefused(
            f"{name} tells the time in another way than the balance's: both as numbers, or both as date-times, "
            "with a time zone or without"
        )


def _with_bad_rows(error: EvaluationRefused, table: TableData | None) -> str:
    """Return the reason of a refusal; where readings do not reach, with the rows that were left out."""
    if table is None or not table.bad_rows or not isinstance(error, GridError):
        return str(error)
    last = table.bad_rows[-1]
    return f"{error} ({table.bad_count} rows of the file were left out; line {last.line}: {last.reason})"
