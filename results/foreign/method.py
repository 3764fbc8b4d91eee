"""The method of a foreign flow test: a packaged profile, or S and windows as its conditions state them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from results.foreign.conditions import Method, Periods
from results.profiles import LoadedProfile, MethodProfile, ProfileError, load_profile
from results.refusal import EvaluationRefused

_WHOLE = 1e-9
_STARTUP_S = 7200.0


def method_problems(method: Method, periods: Periods) -> Iterator[tuple[str, str]]:
    """Yield (key, what is wrong) of a method: a profile that does not exist, P or analysis period no multiple of S."""
    if method.profile is not None:
        for key in ("sample_interval_s", "windows_min", "startup_s"):
            if getattr(method, key) not in (None, ()):
                yield key, "stated by the profile; state one or the other"
        try:
            load_profile(method.profile)
        except ProfileError as error:
            yield "profile", str(error)
        return
    interval_s = method.sample_interval_s
    if interval_s is None:
        yield "sample_interval_s", "missing; wanted a number > 0, or a profile"
        return
    if not method.windows_min:
        yield "windows_min", "missing; wanted a list of windows P, in minutes"
    for number, minutes in enumerate(method.windows_min, start=1):
        if not is_whole(minutes * 60.0 / interval_s):
            yield f"windows_min[{number}]", f"P = {minutes:g} min is not a multiple of S = {interval_s:g} s"
    duration_s = _duration_s(periods)
    if duration_s is not None and duration_s > 0.0 and not is_whole(duration_s / interval_s):
        yield "sample_interval_s", f"the analysis period of {duration_s:g} s is not a multiple of S = {interval_s:g} s"


def method_profile(method: Method, *, analysis_s: float) -> LoadedProfile:
    """Return the profile of a method for an analysis period of a length (s). Raises `EvaluationRefused`.

    A method stated by S and windows is named "stated"; its hash is that of what is stated.
    """
    if method.profile is not None:
        return load_profile(method.profile)
    if method.sample_interval_s is None:
        raise EvaluationRefused("the method states neither a profile nor S")
    content = json.dumps(method.model_dump(mode="json"), sort_keys=True).encode()
    profile = MethodProfile(
        id="stated",
        version="1",
        title="S and windows as the conditions state them",
        source="the conditions of the measurement",
        wording="S and windows as stated in the conditions; by no standard unless these are.",
        reason="stated by who measured",
        sample_interval_s=method.sample_interval_s,
        window_samples=sorted({round(minutes * 60.0 / method.sample_interval_s) for minutes in method.windows_min}),
        stabilisation_s=0.0,
        analysis_s=analysis_s,
        startup_s=method.startup_s or _STARTUP_S,
        density_g_per_ml=method.density_g_per_ml,
    )
    return LoadedProfile(profile=profile, sha256=hashlib.sha256(content).hexdigest())


def is_whole(number: float) -> bool:
    """Return whether a number is whole and at least 1, but for rounding."""
    return round(number) >= 1 and math.isclose(number, round(number), rel_tol=_WHOLE)


def _duration_s(periods: Periods) -> float | None:
    if periods.analysis is None:
        return None
    begin, end = periods.analysis
    if isinstance(begin, datetime) and isinstance(end, datetime):
        zoned = {begin.tzinfo is None, end.tzinfo is None}
        return (end - begin) / timedelta(seconds=1) if len(zoned) == 1 else None
    return end - begin if isinstance(begin, float) and isinstance(end, float) else None
