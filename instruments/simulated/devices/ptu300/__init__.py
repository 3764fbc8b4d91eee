"""The ambient sensor of the bench: a transmitter with the command line of the Vaisala PTU300.

Source of the commands: Vaisala, PTU300 User's Guide M210796EN, chapter 4.
"""

from instruments.simulated.devices.ptu300.session import TransmitterSession
from instruments.simulated.devices.ptu300.transmitter import SimulatedTransmitter

__all__ = ["SimulatedTransmitter", "TransmitterSession"]
