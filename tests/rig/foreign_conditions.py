"""The conditions under which a run of our own was recorded, as a foreign file needs them stated."""

from __future__ import annotations

from results.foreign.conditions import Vessel
from results.series import FlowSeries
from tests.results.foreign.files import Table
from tests.results.synthetic import BENCH
from tests.results.test_evaluate_trace import EVALUATION


def own_conditions(series: FlowSeries) -> Table:
    """The conditions under which a run of our own was recorded."""
    bench, phases = BENCH.model_dump(), series.phases
    named = {name: getattr(phases, name) for name in ("blank_before", "stabilisation", "analysis", "blank_after")}
    balance = {key.removeprefix("balance_"): value for key, value in bench.items() if key.startswith("balance_")}
    vessel = {key: value for key, value in bench.items() if key in Vessel.model_fields}
    return {
        "kind": "flow",
        "title": "Flow accuracy: fast",
        "simulated": True,
        "direction": "collect",
        "file": {"delimiter": ",", "decimal": "."},
        "columns": {
            "time": {"name": "time_s", "unit": "s", "u_s": bench["timing_u_s"]},
            "mass": {"name": "mass_g", "unit": "g"},
            "air": {
                "temperature": {"name": "temperature_c"},
                "humidity": {"name": "humidity_percent", "unit": "%"},
                "pressure": {"name": "pressure_hpa", "unit": "hPa"},
            },
        },
        "flow": {"set_flow_ul_per_h": EVALUATION.set_flow_ul_per_h},
        "method": {"profile": EVALUATION.profile},
        "periods": {name: [phase.begin_s, phase.end_s] for name, phase in named.items() if phase is not None},
        "events": {"infusion_start": phases.infusion_start_s},
        "temperatures": {
            "volume_reference_c": EVALUATION.volume_reference_temperature_c,
            "pump_c": EVALUATION.pump_temperature_c,
            "dose_concentration_c": EVALUATION.dose_concentration_temperature_c,
        },
        "liquid": {"kind": "water"},
        "balance": balance,
        "vessel": vessel,
        "air": {
            "temperature_u_c": bench["air_temperature_u_c"],
            "humidity_u_percent": bench["air_humidity_u_percent"],
            "pressure_u_hpa": bench["air_pressure_u_hpa"],
        },
        "criteria": [criterion.model_dump() for criterion in EVALUATION.criteria],
        "decision_rule": EVALUATION.decision_rule.model_dump(),
    }
