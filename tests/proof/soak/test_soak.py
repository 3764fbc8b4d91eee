"""A short soak: an hour and a half with as many faults as a day has, and what became of process and samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.end_to_end.bench_runs import ROOT
from tests.proof.soak.soak import soak


def test_faults_at_random_lose_no_acknowledged_sample_and_leave_no_descriptor_open(tmp_path: Path) -> None:
    soaked = soak(
        tmp_path,
        protocol=ROOT / "protocols" / "flow_accuracy.py",
        case="fast",
        seed=1,
        until_s=5000.0,
        every_h=0.1,
        times=20.0,
    )
    assert soaked.lost == ()
    assert soaked.acknowledged > 100_000
    assert soaked.verdict in {"PASS", "FAIL", "INCONCLUSIVE"}, soaked.reason
    assert np.ptp(soaked.meters["descriptors"][2:]) == 0.0
