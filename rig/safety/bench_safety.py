"""The safe state of this bench, in order: pump stopped, stop confirmed, outlet to waste, occluder open, power off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from instruments.clock import Clock
from instruments.errors import InstrumentError, InstrumentTimeout, LinkLost, ProtocolError
from instruments.interfaces import Pump, ValveLines
from instruments.readings import PumpState
from rig.safety.safe_state import USUAL_BOUND_S, ActionListener, SafeAction, SafeState
from rig.valves import OCCLUDER, OUTLET

NOT_DELIVERING = frozenset({PumpState.STOPPED, PumpState.ALARM})


def bench_safe_state(
    pump: Callable[[], Pump] | None,
    lines: Callable[[], ValveLines] | None,
    *,
    power_off: Callable[[], None] | None,
    clock: Clock,
    on_confirmed: Callable[[], None] = lambda: None,
    pump_bound_s: float = USUAL_BOUND_S,
    lines_bound_s: float = USUAL_BOUND_S,
    on_action: ActionListener | None = None,
) -> SafeState:
    """Return the safe-state path of the bench with the pump and the lines that are got, or opened, when needed.

    What was never reached is None: there is nothing to be done with it. `on_confirmed` is called once the pump has
    confirmed its stop, before its power goes.

    The outlet opens to waste before the occluder does: stored pressure is never let into the weighed vessel. A pump
    that does not answer delays both valves by its two bounds at most. `power_off` drops the power relay where there is
    one: last, whether the stop was confirmed or not. The bounds are those of one action, s of host time.
    """
    actions: list[SafeAction] = []
    confirmed = threading.Event()
    without_power = threading.Event()
    """Set once the power was cut from a pump that had confirmed its stop: it cannot answer any more, nor deliver."""

    def stop() -> None:
        if pump is not None and not without_power.is_set():
            with _saying_what_rests(relay=power_off is not None) as reached:
                reached.append(pump())
                reached[0].stop()

    def confirm() -> None:
        if pump is not None and not without_power.is_set():
            with _saying_what_rests(relay=power_off is not None) as reached:
                reached.append(pump())
                confirm_stopped(reached[0])
            confirmed.set()
            on_confirmed()

    def cut_power() -> None:
        if power_off is not None:
            power_off()
        if confirmed.is_set():
            without_power.set()

    if pump is not None:
        actions += [
            SafeAction("pump stop", stop, pump_bound_s),
            SafeAction("pump stop confirmed", confirm, pump_bound_s),
        ]
    if lines is not None:
        actions += [
            SafeAction("outlet to waste", lambda: lines().write(OUTLET, False), lines_bound_s),
            SafeAction("occluder open", lambda: lines().write(OCCLUDER, False), lines_bound_s),
        ]
    if power_off is not None:
        actions.append(SafeAction("pump power off", cut_power, lines_bound_s))
    return SafeState(actions, clock=clock, on_action=on_action)


@contextmanager
def _saying_what_rests(*, relay: bool) -> Iterator[list[Pump]]:
    """Let the error of a pump that does not answer say what stops it all the same; the block adds the pump it reached.

    It is asked nothing more here: the relay waits meanwhile.
    """
    reached: list[Pump] = []
    try:
        yield reached
    except (InstrumentTimeout, LinkLost) as error:
        rest = ["the power relay, which is dropped"] if relay else []
        if not reached:
            rest.append("its own communication time-out, if it is armed")
        with suppress(InstrumentError):  # it was never asked what it can do
            if reached and reached[0].capabilities.communication_timeout:
                rest.append("its own communication time-out")
        last = f"What stops it now: {' and '.join(rest)}" if rest else "Nothing stops it by itself: do it by hand"
        error.remedy = f"{error.remedy}. {last}" if error.remedy else last
        raise


def confirm_stopped(pump: Pump) -> None:
    """Ask the pump, and raise unless it says that it does not deliver."""
    status = pump.status()
    if status.state not in NOT_DELIVERING:
        raise ProtocolError(
            f"told to stop, but says {status.state.value!r}",
            instrument=pump.name,
            command="status",
            reply=status.state.value.encode(),
            remedy="Stop the pump by hand and clamp the line.",
        )


def action_bound_s(deadline_s: float) -> float:
    """Return the bound of one action, s of host time, from the deadline of one answer: its attempts."""
    return 6.0 * deadline_s + 1.0
