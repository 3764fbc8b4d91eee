"""Loading method profiles, with the hash that goes into every record."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from importlib import resources

from pydantic import Field, model_validator

from results.decision import StrictModel


class ProfileError(ValueError):
    """A method profile that does not exist or is malformed."""


class MethodProfile(StrictModel):
    """How a flow test is timed and evaluated. Windows are stored as sample counts k; P = k S."""

    id: str = Field(min_length=1)
    version: str = Field(min_length=1)
    title: str
    source: str
    wording: str
    reason: str
    sample_interval_s: float = Field(gt=0.0)
    window_samples: list[int] = Field(min_length=1)
    stabilisation_s: float = Field(ge=0.0)
    analysis_s: float = Field(gt=0.0)
    startup_s: float = Field(gt=0.0)
    density_g_per_ml: float = Field(gt=0.0)

    @model_validator(mode="after")
    def _windows_are_counts(self) -> MethodProfile:
        if any(count < 1 for count in self.window_samples):
            raise ValueError("window_samples must be whole numbers >= 1")
        if sorted(set(self.window_samples)) != self.window_samples:
            raise ValueError("window_samples must rise")
        return self


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """A profile and the SHA-256 of the file it was read from."""

    profile: MethodProfile
    sha256: str


def profile_ids() -> tuple[str, ...]:
    """Return the ids of the profiles that come with the package, sorted."""
    files = resources.files("results.profiles").iterdir()
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in files if entry.name.endswith(".toml")))


def load_profile(profile_id: str) -> LoadedProfile:
    """Return a packaged profile by its id. Raises `ProfileError` naming the profiles there are."""
    known = profile_ids()
    if profile_id not in known:
        raise ProfileError(f"there is no method profile {profile_id!r}; there are: {', '.join(known)}")
    return parse_profile(resources.files("results.profiles").joinpath(f"{profile_id}.toml").read_bytes())


def parse_profile(content: bytes) -> LoadedProfile:
    """Return the profile in the bytes of a TOML file, with their hash. Raises `ProfileError` with every fault."""
    try:
        profile = MethodProfile.model_validate(tomllib.loads(content.decode("utf-8")))
    except (ValueError, RecursionError) as error:
        raise ProfileError(f"malformed method profile: {error}") from error
    return LoadedProfile(profile=profile, sha256=hashlib.sha256(content).hexdigest())
