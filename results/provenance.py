"""What a figure of a run must name to be traced back: pump, plan, trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from results.trace.content import file_sha256
from results.trace.reader import Trace

_UNKNOWN = "not recorded"


@dataclass(frozen=True, slots=True)
class Provenance:
    """The pump (maker, model, serial number, firmware), the plan (id, revision, case) and the trace's SHA-256."""

    pump: str
    plan: str
    trace_sha256: str

    @property
    def line(self) -> str:
        """One line for a figure."""
        return f"Pump {self.pump}. Plan {self.plan}. Trace SHA-256 {self.trace_sha256}."


def provenance_of(trace: Trace) -> Provenance:
    """Return the provenance that the header of a trace states, with the hash of its file."""
    instruments = _table(trace.header.get("instruments"))
    plan = _table(trace.header.get("plan"))
    return Provenance(
        pump=_pump(_table(instruments.get("pump"))),
        plan=f"{plan['id']} revision {plan['revision']}, case {plan['case']}"
        if {"id", "revision", "case"} <= plan.keys()
        else _UNKNOWN,
        trace_sha256=file_sha256(trace.path),
    )


def _pump(identity: Mapping[str, object]) -> str:
    told = [
        word.format(identity[key])
        for key, word in (("maker", "{}"), ("model", "{}"), ("serial", "serial no. {}"), ("firmware", "firmware {}"))
        if identity.get(key)
    ]
    return ", ".join(told) or _UNKNOWN


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
