"""A plan that cannot decide its own limit is refused before the pump starts, and says what would help."""

from __future__ import annotations

from pathlib import Path

from results.trace.reader import read_trace
from tests.end_to_end.bench_runs import make_station, run_protocols

HOPELESS = {"balance_zero_drift_ug_per_sqrt_h = 10.0": "balance_zero_drift_ug_per_sqrt_h = 20000.0"}


def test_a_plan_that_cannot_decide_is_not_run(tmp_path: Path) -> None:
    station = make_station(tmp_path / "station", station=HOPELESS)
    finished = run_protocols(tmp_path / "runs", "--station", str(station), "--case", "fast")
    assert finished.status != 0
    record = finished.record
    assert record["verdict"] == "NOT RUN", finished.output
    assert "the plan cannot decide on this bench: FLOW-A" in record["reason"]
    assert "What would make it feasible:" in finished.output
    assert "Traceback" not in finished.output
    assert record["safe_state"]["failed"] == []
    trace = read_trace(finished.run.trace)
    prediction = trace.header["feasibility"]
    assert isinstance(prediction, dict)
    assert prediction["undecidable"]
    assert not {"infusion_start", "program", "phase_begin"} & {event.kind for event in trace.events}
