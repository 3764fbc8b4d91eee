"""The daily check on the twin: weights on the pan, a leaking line, pressures applied; and the truth of each."""

from __future__ import annotations

import tomllib

import numpy as np

from instruments.simulated.physics.bench import Bench
from instruments.simulated.truth import twin_from_mapping
from results.decision import DecisionRule
from results.kinds import daily_check
from results.measured.run_record import RunRecord, Samples
from results.measured.weighing import weighed_phases
from results.series import FlowSeries, Phase
from tests.proof.measured_bench import STATIONS
from tests.proof.measured_runs import Measured, shipped

WEIGHTS = (daily_check.CheckWeight(mass_g=0.2, u_mg=0.012), daily_check.CheckWeight(mass_g=1.0, u_mg=0.018))
"""Of class E2: rectangular within 0.020 and 0.030 mg, OIML R 111-1:2004."""
SPAN_KPA = 100.0
LEAK_KPA_H_PER_ML = 50_000.0
PHASES = {
    "zero": Phase(100.0, 160.0),
    "check weight 1": Phase(200.0, 260.0),
    "check weight 2": Phase(300.0, 360.0),
    "drift": Phase(400.0, 1000.0),
    "pressure hold": Phase(1100.0, 1700.0),
    "transducer zero": Phase(1800.0, 1860.0),
    "transducer span": Phase(1900.0, 1960.0),
}


def checked_daily(seed: int) -> Measured:
    """Check a bench whose line leaks 1 uL/h at 50 kPa."""
    with (STATIONS / "simulated" / "twin.toml").open("rb") as file:
        table = tomllib.load(file)
    leak = {"kind": "leak", "at_s": 0.0, "duration_s": 1e6, "resistance_kpa_h_per_ml": LEAK_KPA_H_PER_ML}
    bench = Bench(twin_from_mapping(table | {"event": [leak]}), seed, block_s=0.0, history_s=None)
    _operate(bench)
    channel = bench.drawn.channel.line
    first_s = PHASES["pressure hold"].begin_s

    def pressure(name: str, period: Phase) -> Samples:
        times = np.arange(period.begin_s, period.end_s, 0.1)
        current_ma = bench.electrical("line", times, round(10.0 * (period.begin_s - first_s)))
        return times, (current_ma - 4.0) / 16.0 * 200.0

    time_s = np.arange(0.0, 2000.0)
    series = FlowSeries(
        time_s=time_s,
        mass_g=bench.indications_g(time_s),
        status=np.ones(time_s.size, dtype=np.uint8),
        phases=weighed_phases(PHASES, PHASES.values()),
        simulated=True,
    )
    evaluation = daily_check.DailyCheckEvaluation(
        kind="daily_check",
        weights=WEIGHTS,
        line=daily_check.LineCheck(channel="line", compliance_ul_per_kpa=0.1, compliance_u_ul_per_kpa=0.01),
        transducers=(daily_check.TransducerCheck(channel="line", span_kpa=SPAN_KPA, span_u_kpa=0.02),),
        settle_s=10.0,
        decision_rule=DecisionRule(kind="guarded"),
    )
    outcome = daily_check.measure(RunRecord(series, PHASES, pressure=pressure), evaluation, shipped())
    held = PHASES["pressure hold"]
    mean_kpa = float(np.mean(bench.pressure_kpa("line", np.arange(held.begin_s + 10.0, held.end_s))))
    sensitivity = bench.drawn.balance.sensitivity_error_ppm.value * 1e-6
    truth = {f"check weight {n}": 1e3 * weight.mass_g * sensitivity for n, weight in enumerate(WEIGHTS, start=1)}
    truth |= {
        "leak rate": mean_kpa / LEAK_KPA_H_PER_ML * 1e3,
        "transducer zero, line": channel.offset_kpa.value,
        "transducer span error, line": channel.gain_error_percent.value,
    }
    return Measured(outcome, truth)


def _operate(bench: Bench) -> None:
    bench.set_balance_setting(0.0, "zero_tracking", False)
    bench.set_balance_setting(0.0, "adaptive", False)
    bench.set_balance_setting(0.0, "filter", "very stable")
    for n, weight in enumerate(WEIGHTS, start=1):
        phase = PHASES[f"check weight {n}"]
        bench.operate(phase.begin_s - 15.0, "place_weight", {"mass_g": weight.mass_g})
        bench.operate(phase.end_s + 1.0, "remove_weight", {})
    bench.set_valve(1050.0, "occluder", energised=True)
    bench.operate(1060.0, "inject_fixture", {"volume_ul": 5.0})
    bench.set_valve(1750.0, "occluder", energised=False)
    bench.operate(1790.0, "apply_pressure", {"line": 0.0})
    bench.operate(1890.0, "apply_pressure", {"line": SPAN_KPA})
