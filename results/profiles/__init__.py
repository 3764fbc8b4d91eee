"""Method profiles: every constant taken from a standard, as named and versioned data."""

from results.profiles.profile import (
    LoadedProfile,
    MethodProfile,
    ProfileError,
    load_profile,
    parse_profile,
    profile_ids,
)

__all__ = ["LoadedProfile", "MethodProfile", "ProfileError", "load_profile", "parse_profile", "profile_ids"]
