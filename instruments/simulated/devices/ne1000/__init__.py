"""A syringe pump of the NE-1000 family on the bench: no pressure sensor, it stalls against the line.

Source of the command set: New Era Pump Systems, NE-1000 user manual, chapter 10.
"""

from instruments.simulated.devices.ne1000.firmware import Ne1000Firmware
from instruments.simulated.devices.ne1000.session import Ne1000Session

__all__ = ["Ne1000Firmware", "Ne1000Session"]
