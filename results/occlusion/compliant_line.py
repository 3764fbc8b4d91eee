"""A compliant line at a dead end: how long until the alarm, and how much is stored by then.

The pressure rises by Q / C (IEC 60601-2-24:2012, 201.12.4.4.104 asks for the time this takes at each threshold).
"""

from __future__ import annotations


def time_to_alarm_s(
    *,
    compliance_ul_per_kpa: float,
    flow_ul_per_h: float,
    initial_kpa: float,
    threshold_kpa: float,
    latency_s: float = 0.0,
) -> float:
    """Return the time (s) from closing a line to its alarm: C (P - P0) / Q, and then the alarm's own latency.

    Raises `ValueError` unless flow and compliance are positive and the threshold lies above the initial pressure.
    """
    if not (compliance_ul_per_kpa > 0.0 and flow_ul_per_h > 0.0 and threshold_kpa > initial_kpa and latency_s >= 0.0):
        raise ValueError("wanted are flow and compliance > 0, latency >= 0 and a threshold above the initial pressure")
    return compliance_ul_per_kpa * (threshold_kpa - initial_kpa) / flow_ul_per_h * 3600.0 + latency_s


def stored_volume_ul(*, flow_ul_per_h: float, duration_s: float) -> float:
    """Return the volume (uL) pumped into a closed line in a time (s)."""
    return flow_ul_per_h * duration_s / 3600.0


def compliance_ul_per_kpa(*, flow_ul_per_h: float, duration_s: float, rise_kpa: float) -> float:
    """Return the mean compliance (uL/kPa) of a line in which a flow raised the pressure by so much in a time (s).

    Raises `ValueError` unless the pressure rose.
    """
    if not rise_kpa > 0.0:
        raise ValueError(f"the pressure did not rise (by {rise_kpa:g} kPa): there is no compliance")
    return stored_volume_ul(flow_ul_per_h=flow_ul_per_h, duration_s=duration_s) / rise_kpa
