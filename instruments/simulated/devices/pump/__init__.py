"""The implantable pump of the bench: firmware that speaks the bench interface (docs/bench-interface.md)."""

from instruments.simulated.devices.pump.firmware import PumpBuild, PumpFirmware
from instruments.simulated.devices.pump.session import PumpSession

__all__ = ["PumpBuild", "PumpFirmware", "PumpSession"]
