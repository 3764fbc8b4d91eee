"""A short soak: an hour and a half with more faults than a day has, and what became of process and samples."""

from __future__ import annotations

from pathlib import Path

from tests.proof.soak.soak import soak


def test_faults_at_random_lose_no_acknowledged_sample_and_leave_no_descriptor_open(tmp_path: Path) -> None:
    soaked = soak(
        tmp_path,
        protocol="flow_accuracy",
        case="fast",
        seed=1,
        from_s=700.0,
        until_s=4700.0,
        every_h=0.1,
        times=30.0,
    )
    assert soaked.lost == ()
    assert soaked.gaps > 3
    assert soaked.acknowledged > 100_000
    assert soaked.verdict in {"PASS", "FAIL", "INCONCLUSIVE"}, soaked.reason
    descriptors = soaked.meters["descriptors"][2:]  # fewer while a link is lost
    assert descriptors[-1] == descriptors[0] == descriptors.max()
