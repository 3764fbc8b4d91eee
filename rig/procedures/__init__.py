"""The procedures a plan can be written for; docs/protocols.md says how to add one."""

from __future__ import annotations

from collections.abc import Mapping

from rig.procedures import (
    bolus_accuracy,
    bolus_trial,
    catheter_occlusion,
    catheter_trial,
    daily_check,
    flex_schedule,
    flow_accuracy,
    flow_factors,
    lockout,
    low_reservoir,
    occlusion,
    over_infusion,
    priming_bridge,
    refill,
    stall_recovery,
    stop_restart,
)
from rig.procedures.procedure import Procedure

_ALL = (
    bolus_accuracy.PROCEDURE,
    bolus_trial.PROCEDURE,
    catheter_occlusion.PROCEDURE,
    catheter_trial.PROCEDURE,
    daily_check.PROCEDURE,
    flex_schedule.PROCEDURE,
    flow_accuracy.PROCEDURE,
    flow_factors.PROCEDURE,
    lockout.PROCEDURE,
    low_reservoir.PROCEDURE,
    occlusion.PROCEDURE,
    over_infusion.PROCEDURE,
    priming_bridge.PROCEDURE,
    refill.PROCEDURE,
    stall_recovery.PROCEDURE,
    stop_restart.PROCEDURE,
)

PROCEDURES: Mapping[str, Procedure] = {procedure.name: procedure for procedure in _ALL}
"""The procedures by the name plans call them."""
