"""Whether the pump that is connected is one the case can be run on; asked before it is told anything."""

from __future__ import annotations

from instruments.interfaces import Pump
from rig.cases.case import Case
from rig.cases.needs import unmet
from rig.faults import NotRun


def refuse_unfit_pump(case: Case, pump: Pump) -> None:
    """Raise `NotRun` with every reason why a case cannot be run on a pump."""
    reasons = list(unmet(case.needs, pump.capabilities))
    stated = case.conditions.pump_serial
    if stated is not None:
        serial = pump.identify().serial
        if serial != stated:
            reasons.append(f"the plan is for pump {stated!r}; connected is {serial!r}")
    if reasons:
        raise NotRun(reasons)
