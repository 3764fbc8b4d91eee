"""What was found in the readings beyond single bad ones, where, and what was done about it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

END_NOT_WEIGHED = "end of the analysis not weighed"
NOT_WEIGHED: Literal["no volume across it"] = "no volume across it"
Treatment = Literal["repaired", "excluded", "kept", "kept, U widened", "no volume across it"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding from `begin_s` to `end_s` (s, time of the readings).

    `size_mg`: what the reading, or the reading equivalent of the delivery, changed by; `u_mg`: the standard uncertainty
    the treatment leaves in the reading after (for a repair that ends with `end_s`, in between). `lasting` is False for
    a repair that holds between `begin_s` and `end_s` only. `drift_s`: how far the clock may have been off.
    """

    rule: str
    treatment: Treatment
    begin_s: float
    end_s: float
    size_mg: float
    u_mg: float
    explanation: str
    lasting: bool = True
    drift_s: float = 0.0


def findings_notes(findings: tuple[Finding, ...]) -> list[str]:
    """Return one sentence for each rule: how often, where first, how large, what was done."""
    notes = []
    for rule in dict.fromkeys(finding.rule for finding in findings):
        found = [finding for finding in findings if finding.rule == rule]
        largest = max(found, key=lambda finding: abs(finding.size_mg))
        size = f", the largest {largest.size_mg:+.3g} mg" if math.isfinite(largest.size_mg) and largest.size_mg else ""
        treatments = " or ".join(dict.fromkeys(finding.treatment for finding in found))
        times = "once" if len(found) == 1 else f"{len(found)} times"
        notes.append(f"{rule}: {times}, first at {found[0].begin_s:.0f} s{size}; {treatments}: {found[0].explanation}")
    return notes
