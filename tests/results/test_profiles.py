"""Method profiles: what the packaged ones say, and that malformed ones are refused."""

from __future__ import annotations

import hashlib
from importlib import resources

import pytest

from results.profiles import ProfileError, load_profile, parse_profile, profile_ids

EXPECTED_MINUTES = {
    "ambulatory-continuous": (15.0, [15.0, 60.0, 150.0, 330.0, 570.0, 930.0], 24.0, 25.0),
    "volumetric-syringe": (0.5, [2.0, 5.0, 11.0, 19.0, 31.0], 1.0, 1.0),
    "bench-fast": (0.5, [2.0, 5.0, 11.0, 19.0, 31.0], 1.0 / 6.0, 1.0),
}


def test_the_packaged_profiles() -> None:
    assert profile_ids() == tuple(sorted(EXPECTED_MINUTES))


@pytest.mark.parametrize("name", list(EXPECTED_MINUTES))
def test_intervals_windows_and_periods(name: str) -> None:
    loaded = load_profile(name)
    profile = loaded.profile
    interval, windows, stabilisation_h, analysis_h = EXPECTED_MINUTES[name]
    assert profile.id == name
    assert profile.sample_interval_s / 60.0 == interval
    assert [count * interval for count in profile.window_samples] == windows
    assert profile.stabilisation_s / 3600.0 == pytest.approx(stabilisation_h)
    assert profile.analysis_s / 3600.0 == pytest.approx(analysis_h)
    assert profile.density_g_per_ml == 0.998
    assert profile.source
    assert profile.reason


def test_the_wording_never_claims_conformity_for_an_implant() -> None:
    ambulatory = load_profile("ambulatory-continuous").profile
    assert "by analogy" in ambulatory.wording
    assert "excludes implantable pumps" in ambulatory.reason
    assert "stroke" in ambulatory.reason
    assert load_profile("bench-fast").profile.wording.startswith("Not by the standard")


def test_the_hash_is_that_of_the_file() -> None:
    content = resources.files("results.profiles").joinpath("bench-fast.toml").read_bytes()
    assert load_profile("bench-fast").sha256 == hashlib.sha256(content).hexdigest()


def changed(old: str, new: str) -> bytes:
    text = resources.files("results.profiles").joinpath("bench-fast.toml").read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new).encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sample_interval_s = 30.0", "sample_interval_s = 0.0"),
        ("sample_interval_s = 30.0", "sample_interval_s = nan"),
        ("sample_interval_s = 30.0", 'sample_interval_s = "30"'),
        ("sample_interval_s = 30.0", "sample_interval = 30.0"),
        ("[4, 10, 22, 38, 62]", "[4, 10, 22.5]"),
        ("[4, 10, 22, 38, 62]", "[10, 4]"),
        ("[4, 10, 22, 38, 62]", "[4, 4]"),
        ("[4, 10, 22, 38, 62]", "[0]"),
        ("[4, 10, 22, 38, 62]", "[]"),
        ("density_g_per_ml = 0.998", "density_g_per_ml = inf"),
        ("density_g_per_ml = 0.998", "density_g_per_ml = "),
    ],
)
def test_malformed_profiles_are_refused(old: str, new: str) -> None:
    with pytest.raises(ProfileError, match="malformed method profile"):
        parse_profile(changed(old, new))


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ProfileError, match="malformed"):
        parse_profile(b"\xff\xfe")
