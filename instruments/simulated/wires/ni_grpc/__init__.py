"""A stand-in for NI's gRPC device server: what the unmodified nidaqmx client needs for AI, DO and DI tasks.

Semantics follow the public server (https://github.com/ni/grpc-device) and the NI-DAQmx C reference; calls outside this
scope answer UNIMPLEMENTED.
"""

from instruments.simulated.wires.ni_grpc.device import DaqDevice, Quantity
from instruments.simulated.wires.ni_grpc.server import NiGrpcWire

__all__ = ["DaqDevice", "NiGrpcWire", "Quantity"]
