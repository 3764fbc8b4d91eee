"""The bench interface: a documented line protocol for a pump on a test bench (docs/bench-interface.md)."""
