"""The pumps of the bench, implantable or external: firmware that speaks docs/bench-interface.md."""

from instruments.simulated.devices.pump.build import PumpBuild, build_of
from instruments.simulated.devices.pump.firmware import PumpFirmware
from instruments.simulated.devices.pump.session import PumpSession

__all__ = ["PumpBuild", "PumpFirmware", "PumpSession", "build_of"]
