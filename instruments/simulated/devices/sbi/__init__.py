"""The SBI port of the bench's balance: the same weighing cell behind a Sartorius command set.

Source of the command set: Sartorius, operating instructions of the Master and ME series, data interface.
"""

from instruments.simulated.devices.sbi.session import SbiSession, sbi_identity

__all__ = ["SbiSession", "sbi_identity"]
