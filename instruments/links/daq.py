"""The way to an NI-DAQmx device: the driver of this machine, or an NI gRPC device server.

`nidaqmx` is used as it is; the only difference between the two ways is the `grpc_options` of a task. Calls to a server
get a deadline and are counted in bytes; the driver of this machine offers neither.
"""

from __future__ import annotations

import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
import nidaqmx
import nidaqmx.errors
from nidaqmx.constants import TaskMode
from nidaqmx.error_codes import DAQmxErrors
from nidaqmx.system import System

from instruments.clock import Clock, host_monotonic_s
from instruments.errors import InstrumentError, InstrumentTimeout, LinkLost, ProtocolError, SamplesLost
from instruments.readings import Identity

_CHANNEL_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)
_LOST_CODES = frozenset(
    code.value
    for code in (
        DAQmxErrors.DEV_CANNOT_BE_ACCESSED,
        DAQmxErrors.INVALID_DEVICE_ID,
        DAQmxErrors.INVALID_TASK,
    )
)
_OVERRUN_CODES = frozenset(
    code.value
    for code in (
        DAQmxErrors.SAMPLES_NO_LONGER_AVAILABLE,
        DAQmxErrors.ACQ_STOPPED_TO_PREVENT_INTERMEDIATE_BUFFER_OVERFLOW,
        DAQmxErrors.INPUT_FIFO_OVERFLOW,
        DAQmxErrors.INPUT_FIFO_OVERFLOW_2,
        DAQmxErrors.ADC_OVERRUN,
        DAQmxErrors.AI_OVERRUN,
    )
)
_IN_USE_CODES = frozenset((DAQmxErrors.PAL_RESOURCE_RESERVED.value, DAQmxErrors.RESOURCE_ALREADY_RESERVED.value))
_IN_USE_REMEDY = "Close the other program that uses the device"
_TURNS_WAITED = 10.0
"""How many deadlines of an answer a call waits for the one before it, which is bounded by a few."""
_DRIVER_REMEDY = "Install NI-DAQmx from ni.com/downloads"
_SERVER_REMEDY = "Check that the NI gRPC device server runs and that its address is right"
_DEVICE_REMEDY = "Check power, cable and the device name (NI MAX lists the names)"
_OVERRUN_REMEDY = "Read more often, sample more slowly, or find out what held this computer up; then start again"


class _CallDetails(
    namedtuple("_CallDetails", ("method", "timeout", "metadata", "credentials", "wait_for_ready", "compression")),
    grpc.ClientCallDetails,
):
    """The details of one call."""


if TYPE_CHECKING:
    _Interceptor = grpc.UnaryUnaryClientInterceptor[Any, Any]
else:
    _Interceptor = grpc.UnaryUnaryClientInterceptor  # generic in its type stubs only


class _Meter(_Interceptor):
    """Gives each call a deadline and counts its bytes."""

    def __init__(self, deadline_s: float) -> None:
        self.bytes_sent = 0
        self.bytes_received = 0
        self._deadline_s = deadline_s

    def intercept_unary_unary(self, continuation: Callable[..., Any], client_call_details: Any, request: Any) -> Any:
        details = client_call_details
        call = continuation(
            _CallDetails(details.method, self._deadline_s, details.metadata, details.credentials, None, None), request
        )
        self.bytes_sent += request.ByteSize()
        if call.exception() is None:
            self.bytes_received += call.result().ByteSize()
        return call


class DaqConnection:
    """The way to one device; one call at a time, errors told in the rig's words. Opening it asks nothing yet."""

    def __init__(
        self, *, instrument: str, device: str, clock: Clock, deadline_s: float, grpc_address: str | None
    ) -> None:
        self.instrument = instrument
        self.device = device
        self._clock = clock
        self._deadline_s = deadline_s
        self._grpc_address = grpc_address
        self._lock = threading.RLock()
        self._leftovers: list[nidaqmx.Task] = []
        self._channel: grpc.Channel | None = None
        self._meter = _Meter(deadline_s)
        self._options: nidaqmx.GrpcSessionOptions | None = None
        if grpc_address is not None:
            self._channel = grpc.insecure_channel(grpc_address, options=_CHANNEL_OPTIONS)
            metered = grpc.intercept_channel(self._channel, self._meter)
            self._options = nidaqmx.GrpcSessionOptions(metered, "")

    @property
    def bytes_sent(self) -> int:
        """Bytes of the requests sent to a server; 0 with the driver of this machine."""
        return self._meter.bytes_sent

    @property
    def bytes_received(self) -> int:
        """Bytes of the answers of a server; 0 with the driver of this machine."""
        return self._meter.bytes_received

    def task(self) -> nidaqmx.Task:
        """Make an empty task; call within `speaking`."""
        self._release_leftovers()
        return nidaqmx.Task(grpc_options=self._options)

    def release(self, task: nidaqmx.Task) -> None:
        """Close a task and give its resources back; where the device is out of reach, before the next task is made."""
        self._leftovers.append(task)
        with self._turn("release"):
            self._release_leftovers()

    def _release_leftovers(self) -> None:
        waiting, self._leftovers = self._leftovers, []
        for task in waiting:
            try:
                task.control(TaskMode.TASK_ABORT)  # first, because a close that fails forgets the task all the same
                task.close()
            except nidaqmx.errors.RpcError:
                self._leftovers.append(task)  # a server out of reach may hold it still
            except nidaqmx.errors.Error:
                continue  # gone with its device or server

    def physical(self, channel: str) -> str:
        """Return the full name of a channel or line of the device."""
        return f"{self.device}/{channel}"

    def identify(self) -> tuple[Identity, bool]:
        """Ask the device who it is, and whether it is simulated. The serial number is the eight digits on its label."""
        with self.speaking("identify"):
            system = System.local() if self._options is None else System.remote(grpc_options=self._options)
            version = system.driver_version
            device = system.devices[self.device]
            identity = Identity(
                maker="National Instruments",
                model=device.product_type,
                serial=f"{device.serial_num:08X}",
                firmware=f"NI-DAQmx {version.major_version}.{version.minor_version}.{version.update_version}",
            )
            return identity, bool(device.is_simulated)

    def expect(self, serial: str) -> tuple[Identity, bool]:
        """Identify the device; `ProtocolError` unless it has this serial number."""
        identity, simulated = self.identify()
        if identity.serial != serial.upper().rjust(8, "0"):
            raise ProtocolError(
                f"serial number {identity.serial} ({identity.model}) is behind {self.device}, not {serial}",
                instrument=self.instrument,
                command="identify",
                reply=repr(identity).encode(),
                remedy="Connect the device of the station file, or correct its serial number there",
            )
        return identity, simulated

    def close(self) -> None:
        """Close the channel to the server; idempotent."""
        if self._channel is not None:
            self._channel.close()

    @contextmanager
    def speaking(self, command: str) -> Iterator[None]:
        """Hold the connection for some calls of nidaqmx and turn its errors into the rig's three."""
        started_s = host_monotonic_s()
        try:
            with self._turn(command):
                yield
        except nidaqmx.errors.Error as error:
            told = self._told(error, command, host_monotonic_s() - started_s)
            if isinstance(told, InstrumentTimeout):
                self._clock.charge(self._deadline_s)
            raise told from error

    @contextmanager
    def _turn(self, command: str) -> Iterator[None]:
        """Hold the connection; `InstrumentTimeout` where another call has held it for long: its thread hangs."""
        waited_s = _TURNS_WAITED * self._deadline_s
        if not self._lock.acquire(timeout=waited_s):
            raise InstrumentTimeout(
                f"another call has held the connection for {waited_s:g} s",
                instrument=self.instrument,
                command=command,
                elapsed_s=waited_s,
                remedy="The driver of the device hangs: end this process, look at device and cable",
            )
        try:
            yield
        finally:
            self._lock.release()

    def _told(self, error: nidaqmx.errors.Error, command: str, elapsed_s: float) -> InstrumentError:
        kind, problem, remedy = self._verdict(error)
        return kind(
            problem,
            instrument=self.instrument,
            command=command,
            reply=" ".join(str(error).split()).encode(),
            elapsed_s=elapsed_s,
            remedy=remedy,
        )

    def _verdict(self, error: nidaqmx.errors.Error) -> tuple[type[InstrumentError], str, str]:
        if isinstance(error, nidaqmx.errors.DaqNotFoundError | nidaqmx.errors.DaqNotSupportedError):
            return LinkLost, "the NI-DAQmx driver is not installed on this machine", _DRIVER_REMEDY
        if isinstance(error, nidaqmx.errors.RpcError):
            return self._rpc_verdict(error.rpc_code)
        code = getattr(error, "error_code", 0)
        if code in _OVERRUN_CODES:
            return SamplesLost, "samples were overwritten before they were read (overrun)", _OVERRUN_REMEDY
        if code in _LOST_CODES:
            return LinkLost, f"device {self.device} cannot be reached (DAQmx error {code})", _DEVICE_REMEDY
        remedy = _IN_USE_REMEDY if code in _IN_USE_CODES else "Check the options of the station file"
        return ProtocolError, f"device {self.device} refuses (DAQmx error {code})", remedy

    def _rpc_verdict(self, code: object) -> tuple[type[InstrumentError], str, str]:
        where = f"NI gRPC device server at {self._grpc_address}"
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            return InstrumentTimeout, f"no answer of the {where} within {self._deadline_s:g} s", _SERVER_REMEDY
        if code == grpc.StatusCode.UNIMPLEMENTED:
            return ProtocolError, f"the {where} does not have this function", "Use a newer server"
        return LinkLost, f"the {where} cannot be reached", _SERVER_REMEDY
