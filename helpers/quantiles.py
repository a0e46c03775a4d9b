"""A distribution known by a published table of quantiles.

Notation
    levels   (m,) in (0, 1), strictly increasing: shares of the distribution
    values   (m,), never decreasing: the value that this share does not exceed
Between the entries of the table quantiles lie on straight lines. Below the first and above the last
entry nothing is published: there the outermost lines go straight on, an assumption.
"""

import numpy as np

from . import checks


def _knots(levels, values):
    levels = checks.vector("levels", levels, 0, 1, least=2, open_low=True, open_high=True)
    values = checks.vector("values", values, least=2)
    if np.any(np.diff(levels) <= 0):
        raise ValueError(f"levels={levels}: must increase strictly")
    if values.size != levels.size or np.any(np.diff(values) < 0):
        raise ValueError(f"values={values}: must be {levels.size} numbers that never decrease")
    slopes = np.diff(values) / np.diff(levels)
    lowest = values[0] - slopes[0] * levels[0]
    highest = values[-1] + slopes[-1] * (1 - levels[-1])
    return np.r_[0.0, levels, 1.0], np.r_[lowest, values, highest]


def interpolate_quantiles(levels, values, u):
    """Quantiles, of the shape of u, at u in [0, 1].

    ValueError if levels leave (0, 1) or do not increase, or if values decrease.
    """
    return np.interp(checks.probability("u", u), *_knots(levels, values))


def sample_quantiles(levels, values, size, rng):
    """Draws, of shape `size`, from the distribution of `interpolate_quantiles`."""
    size = checks.counts("size", size, 0)
    if size.ndim > 1:
        raise ValueError(f"size of shape {size.shape}: must be one whole number, or (k,)")
    return interpolate_quantiles(levels, values, rng.random(size.tolist()))


def quantile_moments(levels, values):
    """Exact mean and variance of the distribution of `interpolate_quantiles`."""
    levels, values = _knots(levels, values)
    share, left, right = np.diff(levels), values[:-1], values[1:]
    mean = np.sum(share * (left + right)) / 2
    left, right = left - mean, right - mean
    return mean, np.sum(share * (left**2 + left * right + right**2)) / 3
