"""`python -m rig.watchdog`: started by the rig, which tells it its duty over a pipe. Not for a person to start."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import BinaryIO

from instruments.clock import WallClock, host_monotonic_s

_IGNORED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK", "SIGPIPE")


def main() -> int:
    """Guard a rig; 0 when it released its watchdog, 1 when the bench was made safe without it, 2 when it could not."""
    for name in _IGNORED:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    begun_s = host_monotonic_s()
    with os.fdopen(os.dup(1), "wb", buffering=0) as out:  # nothing is left to be flushed to a rig that is gone
        os.dup2(2, 1)  # what a driver prints is no answer to the rig
        return _guard(sys.stdin.buffer, out, begun_s)


def _guard(pipe: BinaryIO, out: BinaryIO, begun_s: float) -> int:
    line = pipe.readline()
    if not line:
        return 0  # the rig was gone before it said anything
    # Imported after the signals are ignored: it takes a quarter of a second.
    from instruments.drivers import DriverError
    from instruments.errors import InstrumentError
    from rig.ownership.hold import HeldByAnother, Hold
    from rig.ownership.state import StationState
    from rig.ownership.station import watchdog_lock
    from rig.watchdog.duty import duty_from_line, to_line
    from rig.watchdog.fence import hold_parent
    from rig.watchdog.guard import Guard
    from rig.watchdog.inbox import Inbox, Message
    from rig.watchdog.log import WatchdogLog
    from rig.watchdog.relay import OwnedRelay
    from rig.watchdog.rescue import fence_and_make_safe

    def answer(message: Message) -> None:
        try:
            out.write(to_line(message))
        except OSError:
            return  # the rig is gone: the inbox tells

    duty = duty_from_line(line)
    fence = hold_parent(duty.rig_pid)
    log = WatchdogLog()
    state = StationState(duty.state)
    try:
        held = Hold(
            watchdog_lock(state), f"station {duty.station!r}", program=f"the watchdog of process {duty.rig_pid}"
        )
    except (HeldByAnother, OSError) as error:
        answer({"refused": str(error)})
        return 0
    relay = OwnedRelay(duty.lines, clock=WallClock()) if duty.relay else None
    if relay is not None:
        try:
            relay.open()
        except (InstrumentError, DriverError) as error:
            answer({"refused": str(error)})
            return 0
    log.note("guarding", pid=os.getpid(), rig_pid=duty.rig_pid, timeout_s=duty.times.timeout_s, relay=duty.relay)
    inbox = Inbox(pipe, fence)
    answer({"ready": {"pid": os.getpid(), "took_s": round(host_monotonic_s() - begun_s, 3)}})
    guard = Guard(inbox, times=duty.times, relay=relay, log=log, answer=answer)
    try:
        lost = guard.until_released_or_lost()
    except Exception as error:  # whatever it is, a rig that is not guarded any more is not let run on
        lost = f"its watchdog failed: {error!r}"
        log.note("rig_lost", reason=lost)
    if not lost:
        if relay is not None and relay.is_energised:
            log.note("action", name="pump power off", error=relay.try_to_switch(False))
        log.close()
        answer({"released": True})
        held.release()
        return 0
    report = fence_and_make_safe(
        duty,
        lost,
        is_safe=guard.rig_made_safe,
        pump_stopped=guard.pump_stopped,
        fence=fence,
        relay=relay,
        log=log,
    )
    log.note("safe" if report.is_safe else "not_safe", done=report.done, failed=report.failed)
    if not report.is_safe:
        with suppress(OSError):  # the rig's note of its current run latches the station at the next start
            state.latch(f"the watchdog could not make the bench safe: {report.failures}", run=log.run)
    log.close()
    held.release()
    return 1 if report.is_safe else 2


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # a thread that hangs in a driver keeps no watchdog alive
