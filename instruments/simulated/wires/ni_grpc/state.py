"""State behind the service: tasks by name, custom scales, reservations, faults, and the one lock over all of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import NoReturn

import grpc
import numpy as np
from numpy.typing import NDArray

from instruments.clock import Clock
from instruments.simulated.wires.faults import LinkFaultMode, LinkFaults
from instruments.simulated.wires.ni_grpc import errors
from instruments.simulated.wires.ni_grpc.acquisition import Acquisition
from instruments.simulated.wires.ni_grpc.channels import FROM_CUSTOM_SCALE, LinearScale
from instruments.simulated.wires.ni_grpc.device import DaqDevice
from instruments.simulated.wires.ni_grpc.errors import DaqmxError, ErrorPeriod, LinkDown
from instruments.simulated.wires.ni_grpc.tasks import DaqTask


class ServerState:
    """Tasks of one device server."""

    def __init__(
        self, device: DaqDevice, clock: Clock, faults: LinkFaults, errors_to_come: Sequence[ErrorPeriod] = ()
    ) -> None:
        self.device = device
        self.clock = clock
        self.lock = threading.Lock()
        self._changed = threading.Condition(self.lock)
        self._faults = faults
        self._tasks: dict[str, DaqTask] = {}
        self._scales: dict[str, LinearScale] = {}
        self._unnamed = 0
        self._closing = False
        self._hanging: set[threading.Event] = set()
        self._error: int | None = None
        self._errors_to_come = tuple(errors_to_come)

    # ---- faults

    def link_trouble(self) -> tuple[bool, bool]:
        """Return whether the link swallows the request, and whether it swallows the answer.

        Raises `LinkDown` while the link is down or the server is closing. An answer that is late is one lost: the
        caller has given up by then, and gRPC hands it to nobody.
        """
        fault = self._faults.active(self.clock.now())
        mode = None if fault is None else fault.mode
        if self._closing or mode is LinkFaultMode.DROP_CONNECTION:
            raise LinkDown
        return mode is LinkFaultMode.SILENT, mode in (LinkFaultMode.REPLY_LOST, LinkFaultMode.LATE)

    def hang(self, context: grpc.ServicerContext) -> NoReturn:
        """Answer nothing until the caller gives up or the server closes."""
        given_up = threading.Event()
        if context.add_callback(given_up.set):
            self._hanging.add(given_up)
            if not self._closing:
                given_up.wait()
            self._hanging.discard(given_up)
        raise LinkDown

    def inject_error(self, code: int | None) -> None:
        """Let every start, read and write fail with a DAQmx error until None is given; wakes blocked reads.

        A positive code is a warning: calls succeed, and reads carry it.
        """
        with self.lock:
            self._error = code
            self._changed.notify_all()

    def close(self) -> None:
        """Wake and refuse every call."""
        with self.lock:
            self._closing = True
            self._changed.notify_all()
        for given_up in tuple(self._hanging):
            given_up.set()

    def mind_plug(self) -> None:
        """Let the device lose its tasks and the levels of its lines when its plug has been pulled."""
        now_s = self.clock.now()
        if self._faults.has_port(now_s):
            return
        with self.lock:
            for task in self._tasks.values():
                task.stop()
            self._tasks.clear()
            for line in self.device.digital_lines:
                self.device.write_line(line, False, now_s)
            self._changed.notify_all()

    def check_plug(self, *, samples_read: int | None = None) -> None:
        """Raise `DaqmxError` while the device is not there; lock held. Reads give `samples_read`."""
        if not self._faults.has_port(self.clock.now()):
            detail = f"Device Specified: {self.device.name}"
            raise DaqmxError(errors.DEVICE_CANNOT_BE_ACCESSED, detail, samples_read=samples_read)

    def check_device(self, *, samples_read: int | None = None) -> None:
        """Raise the error that was injected, or that is due; lock held. Reads give `samples_read`."""
        self.check_plug(samples_read=samples_read)
        code = self._error if self._error is not None and self._error < 0 else self._due_error(samples_read is not None)
        if code is not None:
            raise DaqmxError(code, f"Device Specified: {self.device.name}", samples_read=samples_read)

    def _due_error(self, reading: bool) -> int | None:
        now_s = self.clock.now()
        return next((period.code for period in self._errors_to_come if period.hits(now_s, reading=reading)), None)

    @property
    def warning(self) -> int:
        """The injected warning, or 0."""
        return max(0, self._error or 0)

    # ---- tasks and scales; lock held

    def create_task(self, name: str, *, may_create: bool, may_attach: bool) -> tuple[DaqTask, bool]:
        """Return the task of that name and whether it is new; the empty name is always new."""
        if name in self._tasks:
            if not may_attach:
                raise DaqmxError(errors.DUPLICATE_TASK, f"Task Name: {name}")
            return self._tasks[name], False
        if not may_create:
            raise DaqmxError(errors.INVALID_TASK, f"Task Name: {name}")
        if not name:
            name = f"_unnamedTask<{self._unnamed}>"
            self._unnamed += 1
        task = DaqTask(name, self.device)
        self._tasks[name] = task
        return task, True

    def task(self, name: str) -> DaqTask:
        """Return a task by name, or raise `DaqmxError`."""
        try:
            return self._tasks[name]
        except KeyError:
            raise DaqmxError(errors.INVALID_TASK, f"Task Name: {name}") from None

    def clear_task(self, name: str) -> None:
        """Stop a task and forget it."""
        self.task(name).stop()
        del self._tasks[name]
        self._changed.notify_all()

    def clear_tasks(self, names: Iterable[str]) -> None:
        """Clear those of the tasks that are still there."""
        for name in names:
            if name in self._tasks:
                self.clear_task(name)

    def start_task(self, task: DaqTask) -> None:
        """Start a task; raise `DaqmxError` while another one holds the analog inputs."""
        self.check_device()
        if task.analog and any(other.running and other.analog for other in self._tasks.values() if other is not task):
            raise DaqmxError(errors.RESOURCE_RESERVED, f"Device: {self.device.name}\nTask Name: {task.name}")
        task.start(self.clock.now())

    def stop_task(self, task: DaqTask) -> None:
        """Stop a task."""
        task.stop()
        self._changed.notify_all()

    def add_scale(self, name: str, scale: LinearScale) -> None:
        """Keep a custom scale."""
        if scale.slope == 0:
            raise DaqmxError(errors.ZERO_SLOPE_LINEAR_SCALE)
        self._scales[name] = scale

    def scale(self, units: int, name: str, others: LinearScale | Callable[[], LinearScale]) -> LinearScale:
        """Return the custom scale when `units` ask for one, else `others`."""
        if units != FROM_CUSTOM_SCALE:
            return others if isinstance(others, LinearScale) else others()
        try:
            return self._scales[name]
        except KeyError:
            raise DaqmxError(errors.CUSTOM_SCALE_DOES_NOT_EXIST, f"Custom Scale Name: {name}") from None

    # ---- waiting; lock held, given up while waiting

    def read_analog(self, task: DaqTask, requested: int, timeout_s: float) -> tuple[NDArray[np.float64], int, bool]:
        """Return samples (channels, n), the count asked for, and whether all of them came within the time-out.

        With a virtual clock nothing waits: time stands still while a client waits for an answer.
        """
        self.check_device(samples_read=0)
        if not task.analog:
            raise DaqmxError(errors.READ_CHANNEL_TYPE_MISMATCH, f"Task Name: {task.name}", samples_read=0)
        if task.timing is None:
            count = 1 if requested < 0 else requested
            return task.measure(count, self.clock.now()), count, True
        if not task.running:
            self.start_task(task)
        acquisition = task.acquisition
        if acquisition is None:
            raise DaqmxError(errors.INVALID_TASK, f"Task Name: {task.name}")
        wanted = acquisition.resolve(requested, self.clock.now())
        self._wait_for(task, acquisition, wanted, timeout_s)
        ready = min(wanted, self._available(acquisition))
        return task.take(acquisition, ready), wanted, ready == wanted

    def available(self, task: DaqTask) -> int:
        """Return the samples per channel that can be read from a task now."""
        return 0 if task.acquisition is None else self._available(task.acquisition)

    def wait_until_done(self, task: DaqTask, timeout_s: float) -> None:
        """Return when a task is done; raise `DaqmxError` after the time-out, at once with a virtual clock."""
        acquisition = task.acquisition
        if acquisition is not None and acquisition.clock.continuous:
            timeout_s = 0.0 if self.clock.is_virtual else timeout_s
            self._wait_until(task, acquisition, self.clock.now() + timeout_s)
        elif acquisition is not None:
            self._wait_for(task, acquisition, acquisition.resolve(-1, self.clock.now()), timeout_s)
        if not task.is_done(self.clock.now()):
            raise DaqmxError(errors.WAIT_UNTIL_DONE_NOT_DONE, f"Task Name: {task.name}")

    def _available(self, acquisition: Acquisition) -> int:
        return acquisition.available(self.clock.now())

    def _wait_for(self, task: DaqTask, acquisition: Acquisition, count: int, timeout_s: float) -> None:
        if self.clock.is_virtual or count <= self._available(acquisition):
            return
        give_up_s = self.clock.now() + (timeout_s if timeout_s >= 0 else float("inf"))
        while count > self._available(acquisition) and self.clock.now() < give_up_s:
            self._wait_until(task, acquisition, min(acquisition.due_s(count), give_up_s))

    def _wait_until(self, task: DaqTask, acquisition: Acquisition, until_s: float) -> None:
        # A hair past the due time: rounding must not turn the wait into a loop of zero waits.
        self._changed.wait(max(until_s - self.clock.now(), 0.0) + 0.0002)
        if self._closing:
            raise LinkDown
        self.check_device(samples_read=0)
        if task.acquisition is not acquisition:
            raise DaqmxError(errors.INVALID_TASK, f"Task Name: {task.name}", samples_read=0)
