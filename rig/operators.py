"""Who does the manual steps of a session: the digital twin where there is one in this process, else a person."""

from __future__ import annotations

from rig.operator import Operator, ScriptedOperator, TerminalOperator
from rig.session import RigSession
from rig.station import Station

PATIENCE_S = 3600.0
"""How long an operator's answer is waited for, host time."""


def operator_of(station: Station, session: RigSession) -> Operator:
    """Return who is asked."""
    twin = station.twin
    if twin is not None:
        return ScriptedOperator(lambda action, values: twin.operate(action, values))
    return TerminalOperator(question=session.terminal, answer=session.keyboard, patience_s=PATIENCE_S)
