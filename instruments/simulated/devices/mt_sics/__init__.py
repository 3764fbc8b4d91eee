"""The analytical balance of the bench: speaks MT-SICS on its serial port and its network port.

Source of the command set: METTLER TOLEDO, MT-SICS reference manuals 11780711 (Excellence) and 11780559.
"""

from instruments.simulated.devices.mt_sics.balance import SimulatedBalance
from instruments.simulated.devices.mt_sics.session import BalanceSession

__all__ = ["BalanceSession", "SimulatedBalance"]
