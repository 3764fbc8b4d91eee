"""Registers the rig's pytest plugin; its options (--station and friends) need a conftest at the root."""

pytest_plugins = ["rig.plugin"]
