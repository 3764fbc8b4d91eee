"""Pauses within a period of even flow, which weighing alone cannot lay to the pump."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from results.bench import GravimetricBench
from results.cleaning.findings import Finding
from results.evaluation import VolumeEvaluation
from results.flow.arrivals import irregularities
from results.flow.continuity import BINS_PER_INTERVAL
from results.flow_findings import PULLS_OF_A_PAUSE, irregular_finding
from results.gravimetry.collection import Collection
from results.series import Phase

_SIGMA = 8.0
_STROKES = 2.0
_DETECTABLES = 2.0
_CLEAR_OF_ENDS = 1.0


class Weighed(Protocol):
    """What a search for pauses needs of the kit."""

    @property
    def collection(self) -> Collection:
        """The volume collected."""

    @property
    def evaluation(self) -> VolumeEvaluation:
        """What the plan says."""

    @property
    def bench(self) -> GravimetricBench:
        """What the bench is."""

    @property
    def quantum_g(self) -> float:
        """In which the delivery arrives."""

    @property
    def reading_sd_ul(self) -> float:
        """Noise of a reading."""

    @property
    def reading_period_s(self) -> float:
        """Time between readings."""


def pauses_in(weighed: Weighed, period: Phase) -> Iterator[Finding]:
    """Yield the pauses of an even flow, clear of the ends of its period by an interval.

    An interval is as long as two strokes, or twice what shows, take to come.
    """
    collection = weighed.collection
    inside = slice(*np.searchsorted(collection.time_s, (period.begin_s, period.end_s)))
    time_s, volume_ul = collection.time_s[inside], collection.volume_ul[inside]
    if time_s.size < 2:
        return
    flow_ul_per_s = float(volume_ul[-1] - volume_ul[0]) / period.duration_s
    detectable_ul = max(_SIGMA * weighed.reading_sd_ul, PULLS_OF_A_PAUSE * weighed.bench.capillary_u_ul)
    stroke_ul = weighed.evaluation.stroke_volume_ul or 0.0
    if not flow_ul_per_s > 0.0:
        return
    amount_ul = max(_STROKES * stroke_ul, _DETECTABLES * detectable_ul)
    interval_s = max(amount_ul / flow_ul_per_s, BINS_PER_INTERVAL * weighed.reading_period_s)
    for entry in irregularities(
        time_s,
        volume_ul,
        sample_interval_s=interval_s,
        detectable_ul=detectable_ul,
        quantum_ul=weighed.quantum_g * collection.ul_per_g,
    ):
        margin_s = _CLEAR_OF_ENDS * interval_s
        clear = entry.begin_s > period.begin_s + margin_s and entry.end_s < period.end_s - margin_s
        if entry.volume_ul > 0.0 and clear:
            largest_ul = weighed.bench.outlet_tube_volume_ul + weighed.bench.outlet_tube_volume_u_ul
            yield irregular_finding(entry, ul_per_g=collection.ul_per_g, largest_bubble_ul=largest_ul)
