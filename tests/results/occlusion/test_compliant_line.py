"""The closed form of a line at a dead end, against published pumps."""

from __future__ import annotations

import pytest

from results.occlusion.compliant_line import compliance_ul_per_kpa, stored_volume_ul, time_to_alarm_s

KPA_PER_MMHG = 0.133322387415


def test_gv_o1() -> None:
    """12 mL/h into 10 uL/kPa, alarm at 85 kPa from 15 kPa, 8 s late: 218 s, beyond the 120 s that are required."""
    time_s = time_to_alarm_s(
        compliance_ul_per_kpa=10.0, flow_ul_per_h=12_000.0, initial_kpa=15.0, threshold_kpa=85.0, latency_s=8.0
    )
    assert time_s == pytest.approx(218.0, abs=1e-9)
    assert stored_volume_ul(flow_ul_per_h=12_000.0, duration_s=time_s - 8.0) == pytest.approx(700.0)
    assert stored_volume_ul(flow_ul_per_h=12_000.0, duration_s=time_s) == pytest.approx(726.7, abs=0.05)


@pytest.mark.parametrize(
    ("mmhg", "flow_ml_per_h", "minutes", "seconds", "implied"),
    [
        (226, 1, 9, 7, 5.04),
        (226, 25, 0, 33, 7.61),
        (226, 100, 0, 7, 6.45),
        (563, 1, 25, 53, 5.75),
        (563, 25, 1, 14, 6.85),
        (563, 100, 0, 15, 5.55),
        (900, 1, 46, 50, 6.51),
        (900, 25, 2, 6, 7.29),
        (900, 100, 0, 24, 5.56),
    ],
)
def test_gv_o2_every_cell(mmhg: float, flow_ml_per_h: float, minutes: int, seconds: int, implied: float) -> None:
    """Times to alarm of a volumetric pump (maker's instructions for use) imply the compliances of the table."""
    computed = compliance_ul_per_kpa(
        flow_ul_per_h=flow_ml_per_h * 1e3, duration_s=60.0 * minutes + seconds, rise_kpa=mmhg * KPA_PER_MMHG
    )
    assert computed == pytest.approx(implied, abs=0.0051)


def test_the_time_and_the_compliance_invert_each_other() -> None:
    time_s = time_to_alarm_s(compliance_ul_per_kpa=2.5, flow_ul_per_h=900.0, initial_kpa=0.0, threshold_kpa=60.0)
    assert compliance_ul_per_kpa(flow_ul_per_h=900.0, duration_s=time_s, rise_kpa=60.0) == pytest.approx(2.5)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="above the initial pressure"):
        time_to_alarm_s(compliance_ul_per_kpa=1.0, flow_ul_per_h=1.0, initial_kpa=90.0, threshold_kpa=85.0)
    with pytest.raises(ValueError, match="did not rise"):
        compliance_ul_per_kpa(flow_ul_per_h=1.0, duration_s=1.0, rise_kpa=0.0)
