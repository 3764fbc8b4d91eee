"""The gRPC server on a loopback port: turns DAQmx errors into the status and metadata the nidaqmx client expects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from nidaqmx._stubs import nidaqmx_pb2 as messages

from instruments.clock import Clock
from instruments.simulated.wires.faults import LinkFaults
from instruments.simulated.wires.ni_grpc.clients import TaskOwners
from instruments.simulated.wires.ni_grpc.device import DaqDevice
from instruments.simulated.wires.ni_grpc.errors import DaqmxError, ErrorPeriod, LinkDown
from instruments.simulated.wires.ni_grpc.service import HANDLERS, Handler
from instruments.simulated.wires.ni_grpc.state import ServerState
from instruments.simulated.wires.traffic import Traffic

_WORKERS = 16  # a blocked read holds one
_OPTIONS = (("grpc.so_reuseport", 0), ("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))


class NiGrpcWire:
    """Serves one device on a port of 127.0.0.1 chosen by the system."""

    def __init__(
        self,
        name: str,
        device: DaqDevice,
        clock: Clock,
        faults: LinkFaults,
        errors_to_come: Sequence[ErrorPeriod] = (),
    ) -> None:
        self._state = ServerState(device, clock, faults, errors_to_come)
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix=f"{name} grpc")
        self._server = grpc.server(self._workers, options=_OPTIONS)
        self.traffic = Traffic()
        faults.call_on_change(self.mind_plug)
        self._port = self._server.add_insecure_port("127.0.0.1:0")
        owners = TaskOwners(self._port)
        methods = {name: _rpc(self._state, name, handler, self.traffic, owners) for name, handler in HANDLERS.items()}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("nidaqmx_grpc.NiDAQmx", methods),))
        self._started = False
        self._closed = False

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def target(self) -> str:
        """The address for a gRPC channel."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Begin to serve."""
        self._started = True
        self._server.start()

    def inject_error(self, code: int | None) -> None:
        """Let starts, reads and writes fail with a DAQmx error code until None is given; wakes blocked reads.

        A positive code is a warning: calls succeed, and reads carry it.
        """
        self._state.inject_error(code)

    def mind_plug(self) -> None:
        """Let the device lose tasks and levels when its plug has been pulled."""
        self._state.mind_plug()

    def close(self) -> None:
        """Refuse calls, wake blocked ones, end every thread; idempotent."""
        if self._closed:
            return
        self._closed = True
        self._state.close()
        if not self._started:
            # gRPC gives the port of a server back only if the server ever ran.
            self._server.start()
        self._server.stop(grace=None).wait()
        self._workers.shutdown(wait=True)


def _rpc(
    state: ServerState, method: str, handler: Handler, traffic: Traffic, owners: TaskOwners
) -> grpc.RpcMethodHandler[Any, Any]:
    def call(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            hangs_before, hangs_after = state.link_trouble()
            if hangs_before:
                state.hang(context)
            with state.lock:
                if method == "CreateTask":
                    state.clear_tasks(owners.orphans())
                response = handler(state, request)
                owners.note(context.peer(), request, response)
            if hangs_after:
                state.hang(context)
            return response
        except DaqmxError as error:
            metadata = [("ni-error", str(error.code))]
            if error.samples_read is not None:
                metadata.append(("ni-samps-per-chan-read", str(error.samples_read)))
            context.set_trailing_metadata(tuple(metadata))
            context.abort(grpc.StatusCode.UNKNOWN, error.text)
        except LinkDown:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the device server is gone")

    request_type = getattr(messages, f"{method}Request")
    response_type = getattr(messages, f"{method}Response")
    parse: Callable[[bytes], Any] = request_type.FromString
    write: Callable[[Any], bytes] = response_type.SerializeToString

    def deserialize(data: bytes) -> Any:
        traffic.note(state.clock.now(), data, said=False)
        return parse(data)

    def serialize(response: Any) -> bytes:
        data = write(response)
        traffic.note(state.clock.now(), data, said=True)
        return data

    return grpc.unary_unary_rpc_method_handler(call, request_deserializer=deserialize, response_serializer=serialize)
