"""Tolerance factors for normal samples and zero-failure sample sizes."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, special, stats

_NODES = 400
_REACH_SIGMA = 9.0


def one_sided_factor(*, units: int, proportion: float, confidence: float) -> float:
    """Return k1: mean + k1 s exceeds a `proportion` of the population with `confidence`, for `units` pumps.

    Exact, by the non-central t distribution (ISO 16269-6:2014, annex on one-sided intervals). Raises `ValueError`
    unless units >= 2 and both fractions lie between 0 and 1.
    """
    _check(units, proportion, confidence)
    root = math.sqrt(units)
    shift = float(stats.norm.ppf(proportion)) * root
    return float(stats.nct.ppf(confidence, units - 1, shift)) / root


def two_sided_factor(*, units: int, proportion: float, confidence: float) -> float:
    """Return k2: mean +/- k2 s covers at least a `proportion` of the population with `confidence`, for `units` pumps.

    Exact: the confidence is the mean, over the standardised error x of the sample mean, of the probability that s is
    large enough, chi2 > nu R(x)^2 / k2^2 with Phi(x + R) - Phi(x - R) = proportion (Wald and Wolfowitz 1946; Odeh
    1978). The closed form of Howe (1969) is slightly too small between 10 and 60 units. Raises `ValueError` as
    `one_sided_factor`.
    """
    _check(units, proportion, confidence)
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    reach = _REACH_SIGMA / math.sqrt(units)
    offset = (nodes + 1.0) / 2.0 * reach
    density = 2.0 * math.sqrt(units / (2.0 * math.pi)) * np.exp(-units * offset**2 / 2.0) * weights * reach / 2.0
    needed = special.chndtrix(proportion, 1.0, offset**2)
    freedom = units - 1

    def excess(factor: float) -> float:
        return float(np.dot(density, special.chdtrc(freedom, freedom * needed / factor**2))) - confidence

    high = 2.0
    while excess(high) < 0.0:
        high *= 2.0
    return float(optimize.brentq(excess, 1e-6, high, xtol=1e-12, rtol=1e-12))


def success_run_units(*, reliability: float, confidence: float) -> int:
    """Return how many pumps must all succeed to show a reliability with a confidence: ceil(ln(1 - C) / ln R)."""
    _check(2, reliability, confidence)
    exact = math.log(1.0 - confidence) / math.log(reliability)
    return math.ceil(exact - 1e-9)


def _check(units: int, proportion: float, confidence: float) -> None:
    if units < 2:
        raise ValueError(f"a tolerance interval needs at least two pumps, not {units}")
    if not (0.0 < proportion < 1.0 and 0.0 < confidence < 1.0):
        raise ValueError(f"proportion {proportion!r} and confidence {confidence!r} must lie between 0 and 1")
