"""Who does the manual steps of a session: the digital twin where there is one in this process, else a person."""

from __future__ import annotations

from rig.operators.person import PersonAtTerminal
from rig.operators.scripted import ScriptedOperator
from rig.operators.step import Operator
from rig.session import RigSession
from rig.station import Station

PATIENCE_S = 3600.0
"""How long an operator's answer is waited for, host time."""


def operator_of(station: Station, session: RigSession) -> Operator:
    """Return who is asked."""
    twin = station.twin
    if twin is not None:
        return ScriptedOperator(lambda action, values: twin.operate(action, values))
    return PersonAtTerminal(question=session.terminal, keyboard=session.keyboard, patience_s=PATIENCE_S)
