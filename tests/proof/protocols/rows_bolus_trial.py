"""Bolus trial: good pumps at every dose, doses too small, a bolus too fast, the implant that cannot give them."""

from __future__ import annotations

from results.decision import Verdict
from tests.proof.protocols.boluses import ERROR, GOOD, compare_boluses
from tests.proof.protocols.rows import Row

_EXTERNAL = "simulated-external"
_DOSES = (25, 50, 75, 100)
_compare = compare_boluses(bolus_s=90.0)
_SMALL = {ERROR: "systematic_error_percent = { value = -20.0, u = 0.0"}
_HASTY = {"crystal_error_ppm = { value = 0.0": "crystal_error_ppm = { value = 800000.0"}
"""Its clock runs so fast that the 90 s of a bolus are over after 50 s."""

ROWS = (
    *(
        Row(
            "bolus_trial",
            f"trial_{dose}",
            "good pump",
            Verdict.PASS,
            base=_EXTERNAL,
            twin=GOOD,
            compare=_compare,
            in_ci=dose == 50,
        )
        for dose in _DOSES
    ),
    Row(
        "bolus_trial",
        "trial_50",
        "boluses 20 % too small",
        Verdict.FAIL,
        base=_EXTERNAL,
        twin=_SMALL,
        finds="mean bolus error",
        compare=_compare,
        in_ci=True,
    ),
    Row(
        "bolus_trial",
        "trial_100",
        "given within 50 s",
        Verdict.FAIL,
        base=_EXTERNAL,
        twin=_HASTY,
        finds="shortest bolus duration",
    ),
    Row("bolus_trial", "trial_50", "implantable pump", Verdict.NOT_RUN, finds="16.7 uL/min", in_ci=True),
)
