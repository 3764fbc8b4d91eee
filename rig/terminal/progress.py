"""The progress bar: phase, simulated time, live flow against set flow, time left."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from instruments.clock import host_monotonic_s
from rig.terminal.live_view import LiveView

REFRESH_S = 0.2
PLAIN_LINE_PERIOD_S = 10.0
LEAST_RATE_S = 1.0
"""Host time over which the rate of station time is worth a guess."""


def open_terminal() -> TextIO:
    """Return a stream to the terminal that outlives pytest's capture (a duplicate of stderr)."""
    source = sys.__stderr__ if sys.__stderr__ is not None else sys.stderr
    return os.fdopen(os.dup(source.fileno()), "w", encoding="utf-8", errors="replace", buffering=1)


def format_station_time(time_s: float) -> str:
    """Return station time as days, hours and minutes, or minutes and seconds when short."""
    minutes, seconds = divmod(round(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:d} h {minutes:02d} min" if hours else f"{minutes:d} min {seconds:02d} s"


def describe(view: LiveView) -> str:
    """Return phase, station time and flow as one line that fits a narrow terminal beside a bar."""
    flow = view.live_flow_ul_per_h
    live = "to waste" if not view.to_vessel else "--" if flow is None else f"{flow:.2f}"
    phase = view.phase.replace("_", " ")
    return f"{phase:<13} {format_station_time(view.time_s):>11} {live:>8}/{view.set_flow_ul_per_h:.2f} uL/h"


@contextmanager
def progress_display(view: LiveView, *, title: str, terminal: TextIO) -> Iterator[None]:
    """Show a view until the block ends: a bar on a terminal, a line now and then elsewhere."""
    console = Console(file=terminal)
    finished = threading.Event()
    show = _show_bar if console.is_terminal else _show_lines
    thread = threading.Thread(target=show, args=(console, view, title, finished), name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


def _show_bar(console: Console, view: LiveView, title: str, finished: threading.Event) -> None:
    console.print(f"\n{title}: phase, station time, live flow / set flow, time left", highlight=False)
    bar = Progress(
        BarColumn(bar_width=14),
        TaskProgressColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console,
        refresh_per_second=1 / REFRESH_S,
    )
    with bar:
        task: TaskID = bar.add_task(describe(view), total=1.0)
        while not finished.wait(REFRESH_S):
            bar.update(task, completed=view.fraction, description=describe(view))
        bar.update(task, completed=view.fraction, description=describe(view))


def _show_lines(console: Console, view: LiveView, title: str, finished: threading.Event) -> None:
    phase = ""
    next_line_s = host_monotonic_s()
    begun: tuple[float, float] | None = None
    """Host time and station time when the station's had begun to pass: before that, instruments are connected."""
    while not finished.wait(REFRESH_S):
        now_s = host_monotonic_s()
        if view.phase == phase and now_s < next_line_s:
            continue
        phase = view.phase
        next_line_s = now_s + PLAIN_LINE_PERIOD_S
        if begun is None and view.time_s > 0.0:
            begun = now_s, view.time_s
        left_s = None if begun is None else _left_s(view, passed_s=now_s - begun[0], since_s=begun[1])
        left = "" if left_s is None else f"   left {format_station_time(left_s)}"
        console.print(f"{title}: {view.fraction:4.0%}  {describe(view)}{left}", highlight=False, soft_wrap=True)


def _left_s(view: LiveView, *, passed_s: float, since_s: float) -> float | None:
    """Return the host time left, s, at the rate station time went by since `since_s`; None before it shows."""
    gone_s = view.time_s - since_s
    if gone_s <= 0.0 or passed_s < LEAST_RATE_S:
        return None
    return passed_s * max(0.0, view.planned_s - view.time_s) / gone_s
