"""Steps no set flow explains: refused, and what may be a delivery at once is said to be one."""

from __future__ import annotations

import numpy as np
import pytest

from results.cleaning.readings import CleanReadings
from results.cleaning.steps import refuse_steps
from results.refusal import EvaluationRefused


def refusal(step_g: float, *, sign: float) -> str:
    time_s = np.arange(0.0, 100.0)
    mass_g = 20.0 + np.where(time_s >= 60.0, step_g, 0.0)
    readings = CleanReadings(time_s=time_s, mass_g=mass_g, recorded=100, exclusions=())
    with pytest.raises(EvaluationRefused, match="jumps by") as refused:
        refuse_steps(readings, begin_s=0.0, end_s=100.0, set_flow_ul_per_h=30.0, sign=sign)
    return str(refused.value)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_step_the_way_of_a_delivery_may_be_a_burst_of_the_pump(sign: float) -> None:
    assert "the pump delivered up to 150 uL at once at 60 s" in refusal(sign * 0.15, sign=sign)
    assert "delivered" not in refusal(-sign * 0.15, sign=sign)
