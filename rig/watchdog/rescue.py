"""What a watchdog does when the rig is lost: fence it, then the same safe-state path with drivers of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar, cast

from instruments.clock import WallClock
from instruments.errors import InstrumentError
from instruments.interfaces import Instrument, Pump, ValveLines
from rig.ownership.hold import HeldByAnother, Hold
from rig.ownership.instruments import hold_instruments, release_all
from rig.safety.bench_safety import action_bound_s, bench_safe_state
from rig.safety.safe_state import SafeStateReport
from rig.valves import PUMP_POWER
from rig.watchdog.duty import Duty
from rig.watchdog.fence import Fence
from rig.watchdog.log import WatchdogLog
from rig.watchdog.relay import OwnedRelay

_OPENING_ATTEMPTS = 3

T = TypeVar("T", bound=Instrument)


class OpenedOnce(Generic[T]):
    """An instrument that is opened when it is first asked for, and kept."""

    def __init__(self, open_it: Callable[[], T]) -> None:
        self._open = open_it
        self._lock = threading.Lock()
        self._opened: T | None = None

    def __call__(self) -> T:
        """Return it; raises what opening it raised last."""
        with self._lock:
            if self._opened is None:
                self._opened = self._try()
            return self._opened

    def _try(self) -> T:
        for _ in range(_OPENING_ATTEMPTS - 1):
            try:
                return self._open()
            except InstrumentError:
                continue
        return self._open()


def fence_and_make_safe(
    duty: Duty,
    reason: str,
    *,
    is_safe: bool,
    pump_stopped: bool,
    fence: Fence,
    relay: OwnedRelay | None,
    log: WatchdogLog,
) -> SafeStateReport:
    """Kill the rig, wait for its death, then make the bench safe; every step is logged as it is done.

    `is_safe`: the rig has done that already, and its pump may be without power; nothing can have moved since.
    A rig that does not die keeps its pump's port: only the relay is dropped then, and the report says so.
    """
    fence.kill()
    dead = fence.is_dead_within(duty.times.fence_s)
    log.note("fenced", rig_pid=duty.rig_pid, dead=dead)
    if not dead:
        report = SafeStateReport(reason, failed=[("rig fenced", f"process {duty.rig_pid} does not die")])
        if relay is not None:
            log.note("action", name="pump power off", error=relay.try_to_switch(False))
        return report
    if is_safe:
        return SafeStateReport(reason, done=["by the rig, before it was lost"])
    held = _hold_instruments(duty, log)
    try:
        return make_safe(duty, reason, pump_stopped=pump_stopped, relay=relay, log=log)
    finally:
        release_all(held)


def _hold_instruments(duty: Duty, log: WatchdogLog) -> list[Hold]:
    """Keep others from pump and lines meanwhile; where another was faster, they are tried all the same."""
    try:
        return hold_instruments((duty.pump, duty.lines), run_on=f"station {duty.station!r}, its watchdog")
    except (HeldByAnother, OSError) as error:
        log.note("instruments_not_held", error=str(error))
        return []


def make_safe(
    duty: Duty, reason: str, *, pump_stopped: bool, relay: OwnedRelay | None, log: WatchdogLog
) -> SafeStateReport:
    """Make the bench safe with this process's own connections.

    A pump without power delivers nothing and answers nothing. It is not asked where it has had none since this watchdog
    began, nor where it was cut off once it had confirmed its stop to the rig (`pump_stopped`).
    """
    clock = WallClock()
    was_cut_off = pump_stopped and relay is not None and not relay.is_energised
    has_power = relay is None or (relay.has_fed and not was_cut_off)
    if not has_power:
        log.note("pump_without_power")
    pump = OpenedOnce(lambda: cast(Pump, duty.pump.open(clock)))
    lines = OpenedOnce(lambda: cast(ValveLines, duty.lines.with_lines(without=PUMP_POWER).open(clock)))
    path = bench_safe_state(
        pump if has_power else None,
        lines,
        power_off=None if relay is None else lambda: relay.switch(False),
        clock=clock,
        pump_bound_s=action_bound_s(duty.pump.deadline_s),
        lines_bound_s=action_bound_s(duty.lines.deadline_s),
        on_action=lambda name, error, took_s: log.note("action", name=name, error=error, took_s=round(took_s, 6)),
    )
    return path.enter(reason)
