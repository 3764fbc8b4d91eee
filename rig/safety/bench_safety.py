"""The safe state of this bench, in order: pump stopped, stop confirmed, outlet to waste, occluder open, power off."""

from __future__ import annotations

from instruments.clock import Clock
from instruments.errors import ProtocolError
from instruments.interfaces import Pump, ValveLines
from instruments.readings import PumpState
from rig.safety.safe_state import SafeAction, SafeState
from rig.valves import OCCLUDER, OUTLET, PUMP_POWER

NOT_DELIVERING = frozenset({PumpState.STOPPED, PumpState.ALARM})


def bench_safe_state(pump: Pump, lines: ValveLines, *, clock: Clock) -> SafeState:
    """Return the safe-state path of a bench with this pump and these lines.

    The outlet opens to waste before anything waits: pressure is never left against a closed occluder, nor let into
    the weighed vessel. Where there is a power relay it drops last.
    """

    def confirm_stopped() -> None:
        status = pump.status()
        if status.state not in NOT_DELIVERING:
            raise ProtocolError(
                f"told to stop, but says {status.state.value!r}",
                instrument=pump.name,
                command="status",
                reply=status.state.value.encode(),
                remedy="Stop the pump by hand and clamp the line.",
            )

    actions = [
        SafeAction("pump stop", pump.stop),
        SafeAction("pump stop confirmed", confirm_stopped),
        SafeAction("outlet to waste", lambda: lines.write(OUTLET, False)),
        SafeAction("occluder open", lambda: lines.write(OCCLUDER, False)),
    ]
    if PUMP_POWER in lines.lines:
        actions.append(SafeAction("pump power off", lambda: lines.write(PUMP_POWER, False)))
    return SafeState(actions, clock=clock)
