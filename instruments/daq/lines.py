"""Valve and relay lines through NI-DAQmx digital outputs, each confirmed by reading it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

from nidaqmx import Task
from nidaqmx.constants import LineGrouping
from pydantic import Field, field_validator

from instruments.clock import Clock
from instruments.drivers import Driver
from instruments.errors import InstrumentTimeout, LinkLost, ProtocolError
from instruments.links.daq import DaqConnection
from instruments.options import Deadline, DriverOptions, Text
from instruments.readings import Identity


class LineOptions(DriverOptions):
    """One line: a name of the bench for a line of the device."""

    name: Text
    line: Text
    """Line of the device, without its name: `port0/line0`."""
    active_low: bool = False
    """True where a low level energises the valve."""


class LinesOptions(DriverOptions):
    """Options of the station file."""

    device: Text
    """Name of the device in NI-DAQmx: `Dev1`."""
    serial: Text
    """Serial number of the device, the hexadecimal digits on its label."""
    deadline_s: Deadline = 5.0
    """Longest wait for an answer of a gRPC device server."""
    lines: Annotated[tuple[LineOptions, ...], Field(strict=False, min_length=1)]

    @field_validator("lines")
    @classmethod
    def _names_differ(cls, lines: tuple[LineOptions, ...]) -> tuple[LineOptions, ...]:
        for what, values in (("name", [line.name for line in lines]), ("line", [line.line for line in lines])):
            if len(set(values)) != len(values):
                raise ValueError(f"two lines have the same {what}")
        return lines


class DaqLines:
    """Digital output lines of one NI-DAQmx device, a task each: writing one never touches another."""

    def __init__(self, name: str, options: LinesOptions, clock: Clock, *, grpc_address: str | None = None) -> None:
        """Make an unconnected driver; `connect` comes first. No `grpc_address`: the NI-DAQmx driver of this machine."""
        self.name = name
        self.connection = DaqConnection(
            instrument=name,
            device=options.device,
            clock=clock,
            deadline_s=options.deadline_s,
            grpc_address=grpc_address,
        )
        self._options = options
        self._by_name = {line.name: line for line in options.lines}
        self._identity: Identity | None = None
        self._simulated = False
        self._tasks: dict[str, Task] = {}
        self._doubtful = False
        self._told: dict[str, bool] = {}

    def connect(self) -> None:
        """Find out who answers and reserve the lines; their levels stay as they are until the first `write`."""
        self._identity, self._simulated = self.connection.expect(self._options.serial)
        self._reserve()

    @property
    def lines(self) -> tuple[str, ...]:
        """Names of the lines."""
        return tuple(self._by_name)

    @property
    def is_simulated(self) -> bool:
        """What the device itself says of it."""
        return self._simulated

    def identify(self) -> Identity:
        """Ask the device who it is."""
        return self.connection.identify()[0]

    def configure(self) -> Mapping[str, str]:
        """Return the wiring for the record."""
        found = {"simulated": str(self._simulated).lower()}
        for line in self._options.lines:
            level = "low" if line.active_low else "high"
            found[line.name] = f"{self.connection.physical(line.line)}, energised when {level}"
        return found

    def write(self, line: str, energised: bool) -> None:
        """Set a line and confirm it by reading it back; `ProtocolError` when the read-back differs."""
        high = energised is not self._line(line).active_low
        with self._watched(f"write {line}", line) as task:
            task.write(high, auto_start=True)
            found = bool(task.read())
        if found is not high:
            raise ProtocolError(
                f"line {line!r} was set {'high' if high else 'low'} and reads {'high' if found else 'low'}",
                instrument=self.name,
                command=f"write {line}",
                reply=str(found).encode(),
                remedy="Check the wiring: something else drives this line",
            )
        self._told[line] = energised

    def read(self, line: str) -> bool:
        """Read a line back: True while it is energised; `ProtocolError` where that is not what it was told."""
        active_low = self._line(line).active_low
        with self._watched(f"read {line}", line) as task:
            high = bool(task.read())
        energised = high is not active_low
        if energised is not self._told.get(line, energised):
            raise ProtocolError(
                f"line {line!r} was {'energised' if self._told[line] else 'released'} and no longer is",
                instrument=self.name,
                command=f"read {line}",
                reply=str(high).encode(),
                remedy="Check power and cable of the device: what flowed meanwhile went another way",
            )
        return energised

    def close(self) -> None:
        """Give the lines back; their levels stay."""
        self._release()
        self.connection.close()

    def _line(self, line: str) -> LineOptions:
        if line not in self._by_name:
            raise ProtocolError(
                f"no line {line!r}", instrument=self.name, remedy=f"The lines are {', '.join(self._by_name)}"
            )
        return self._by_name[line]

    def _task(self, line: str) -> Task:
        if self._doubtful:
            self._reconnect()
        if line not in self._tasks:
            raise LinkLost("not connected", instrument=self.name, remedy="Call connect() first")
        return self._tasks[line]

    def _reconnect(self) -> None:
        self._release()
        identity = self.identify()
        if identity != self._identity:
            raise ProtocolError(
                f"another device answers: {identity}, not {self._identity}",
                instrument=self.name,
                command="identify",
                remedy="Put the device of this run back, or start a new run with the other one",
            )
        self._reserve()
        self._doubtful = False

    def _reserve(self) -> None:
        for line in self._options.lines:
            with self.connection.speaking(f"reserve {line.name}"):
                task = self.connection.task()
                self._tasks[line.name] = task
                task.do_channels.add_do_chan(
                    self.connection.physical(line.line), line.name, line_grouping=LineGrouping.CHAN_PER_LINE
                )

    def _release(self) -> None:
        tasks, self._tasks = self._tasks, {}
        for task in tasks.values():
            self.connection.release(task)

    @contextmanager
    def _watched(self, command: str, line: str) -> Iterator[Task]:
        """Hold the connection with the task of a line. No other thread makes the tasks anew meanwhile."""
        try:
            with self.connection.speaking(command):
                yield self._task(line)
        except (LinkLost, InstrumentTimeout):
            self._doubtful = True
            raise


def open_lines(name: str, options: LinesOptions, clock: Clock, *, grpc_address: str | None = None) -> DaqLines:
    """Find the device and reserve the lines; one clear error when driver, server, device or line is absent."""
    lines = DaqLines(name, options, clock, grpc_address=grpc_address)
    try:
        lines.connect()
    except BaseException:
        lines.close()
        raise
    return lines


def _open_on_server(name: str, options: LinesOptions, clock: Clock, grpc_address: str) -> DaqLines:
    return open_lines(name, options, clock, grpc_address=grpc_address)


DRIVER = Driver(LinesOptions, open_lines, _open_on_server)
