"""Robust statistics of noise that strokes, knocks and steps stand in."""

SD_PER_MEDIAN_DEVIATION = 1.4826
"""Standard deviation of normal noise over the median of its absolute deviations: 1 / quantile(0.75)."""
