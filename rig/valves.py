"""The valve lines of the bench, by name; both are safe when a power cut de-energises them."""

OUTLET = "outlet"
"""Energised: the outlet leads into the weighed vessel. De-energised: to waste."""

OCCLUDER = "occluder"
"""Energised: dead end. De-energised: open."""

PUMP_POWER = "pump_power"
"""Energised: the pump has power. Only where the station has such a relay; an implant runs on its own battery."""
