"""The bench's digital twin: physics, device front-ends and the wires they are reached by."""
