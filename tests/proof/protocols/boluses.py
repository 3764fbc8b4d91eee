"""What a bolus test reports beside what truly came: each bolus, their mean, how long they took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.proof.protocols.rows import Compare, Comparison
from tests.proof.protocols.truth import RunTruth

SETTLE_S, READING_S = 30.0, 90.0
"""As the plans have them."""
NO_ERROR = "systematic_error_percent = { value = 0.0, u = 0.0"
ERROR = "systematic_error_percent = { value = 0.0, u = 1.5"
GOOD = {ERROR: "systematic_error_percent = { value = 0.0, u = 0.75"}
"""A pump that keeps to the limits of a bolus test: one in a hundred of the shipped pumps does not."""
SMALL = {
    ERROR: NO_ERROR,
    "stroke_duration_s": "fast_error_percent = -5.0\nfast_from_ul_per_h = 600.0\nstroke_duration_s",
}
"""A pump without error but for its boluses, which are 5 % too small."""


def compare_boluses(*, bolus_s: float, basal_ul_per_h: float = 0.0) -> Compare:
    """Return the comparison for boluses of a duration; a bolus is what came beyond the basal flow, which it interrupts.

    Volumes are means over the times of the readings, as the balance averages the strokes of a basal flow.
    """

    def compare(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
        set_ul = outcome["set_volume_ul"]
        comparisons, errors = [], []
        for one in outcome["boluses"]:
            begin_s, _ = truth.phase(f"bolus {one['number']}")
            reading_s = np.linspace(0.0, READING_S, 181)
            before_ul = truth.volumes_ul(begin_s - READING_S + reading_s)
            after_ul = truth.volumes_ul(begin_s + bolus_s + SETTLE_S + reading_s)
            basal_ul = basal_ul_per_h * (READING_S + SETTLE_S) / 3600.0
            true_ul = float(np.mean(after_ul) - np.mean(before_ul)) - basal_ul
            errors.append(100.0 * (true_ul / set_ul - 1.0))
            volume = one["volume"]
            name = f"bolus {one['number']}"
            comparisons.append(Comparison(name, volume["value"], volume["expanded_uncertainty"], true_ul))
        mean = outcome["mean_error"]["measured"]
        true_mean = float(np.mean(errors))
        comparisons.append(Comparison("mean", mean["value"], mean["expanded_uncertainty"], true_mean))
        if len(errors) > 1:
            sd = outcome["sd_error"]["sd"]
            true_sd = float(np.std(errors, ddof=1))
            comparisons.append(Comparison("SD", sd["value"], sd["expanded_uncertainty"], true_sd))
        return comparisons

    return compare
