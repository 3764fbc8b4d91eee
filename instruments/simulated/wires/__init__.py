"""The wires of the simulated bench: pseudo-terminals, TCP sockets and NI's gRPC device service, all on loopback."""
