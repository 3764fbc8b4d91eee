"""The station: configuration, plan, acquisition, safety, run record, pytest plugin and the `rig` command."""
