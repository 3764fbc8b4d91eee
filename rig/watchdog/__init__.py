"""The watchdog: a process of its own that owns the power relay, and makes the bench safe when the rig cannot."""
