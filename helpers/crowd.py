"""Estimates of one quantity: how to pool them, and what the pool's error is made of.

Notation
    n             members of the crowd
    estimates     (n, ...) the members' guesses, in the unit of the quantity; the rest of the shape is questions
    truth         (...) what the guesses are about
    correlation   rho in [0, 1]: between the noises of any two members on the same question
    bias          root mean square lean of a member: what stays when a question is asked again and again
    diversity     d in [0, 1]: share of bias**2 that is each member's own; the rest is shared by all
    noise         standard deviation of a member's noise
Errors are squared errors, so in the unit squared.
"""

from typing import NamedTuple

import numpy as np

from . import checks

RULES = ("mean", "median", "trimmed mean", "plurality")
TRIM = 0.1  # share cut off each end by the trimmed mean


class Errors(NamedTuple):
    crowd_error: np.ndarray
    average_error: np.ndarray
    diversity: np.ndarray


def diversity_prediction(estimates, truth, weights=None):
    """Crowd error = average error - diversity, for the (weighted) mean of the estimates.

    estimates (n, ...); truth broadcasts to (...); weights (n,), non-negative, scaled to sum to one
    (equal if None). Returns Errors, each of shape (...). The identity holds for any numbers
    (Krogh & Vedelsby 1995; Page 2007, the diversity prediction theorem).
    """
    estimates = checks.finite("estimates", estimates)
    truth = checks.finite("truth", truth)
    if estimates.ndim == 0 or len(estimates) == 0:
        raise ValueError(f"estimates of shape {estimates.shape}: must be (members, ...), at least one member")
    try:
        truth = np.broadcast_to(truth, estimates.shape[1:])
    except ValueError:
        raise ValueError(f"truth of shape {truth.shape}: must broadcast to {estimates.shape[1:]}") from None
    n = len(estimates)
    share = checks.weights("weights", np.ones(n) if weights is None else weights, n)
    # Deviations are taken before pooling, so that a large common offset costs no digits.
    deviations = estimates - truth
    crowd = np.tensordot(share, deviations, 1)
    return Errors(crowd**2, np.tensordot(share, deviations**2, 1), np.tensordot(share, (deviations - crowd) ** 2, 1))


def aggregate(estimates, rule, axis=0, *, width=None):
    """One answer from many: `rule`, one of RULES, along `axis`.

    "trimmed mean" cuts a tenth off each end (nothing below ten members). "plurality" rounds every
    estimate to a multiple of `width`, in the estimates' unit, and takes the most frequent;
    tied winners are averaged.
    """
    estimates = checks.finite("estimates", estimates)
    checks.one_of("rule", rule, RULES)
    axis = checks.count("axis", axis, -estimates.ndim)
    if axis >= estimates.ndim or estimates.shape[axis] == 0:
        raise ValueError(f"axis={axis}: must be an axis of estimates, of shape {estimates.shape}, with a member")
    if rule == "plurality":
        if width is None:
            raise ValueError("width=None: plurality needs the width of its bins")
        return _plurality(estimates, axis, checks.one_number("width", width, 0, open_low=True))
    if rule == "mean":
        return estimates.mean(axis)
    if rule == "median":
        return np.median(estimates, axis)
    cut = int(TRIM * estimates.shape[axis])
    inner = np.arange(cut, estimates.shape[axis] - cut, dtype=np.int64)
    return np.sort(estimates, axis).take(inner, axis).mean(axis)


def _plurality(estimates, axis, width):
    rounded = np.sort(np.moveaxis(np.floor(estimates / width + 0.5), axis, -1), axis=-1)
    place = np.arange(rounded.shape[-1], dtype=np.int64)
    starts = np.ones(rounded.shape, dtype=bool)
    starts[..., 1:] = np.diff(rounded, axis=-1) != 0
    run = place - np.maximum.accumulate(np.where(starts, place, 0), axis=-1)
    # A run's length is reached at its last place only, so each winner is counted once.
    winners = run == run.max(axis=-1, keepdims=True)
    return width * np.mean(rounded, axis=-1, where=winners)


def best_member(past_errors):
    """Index of the member with the least mean squared error on a track record.

    past_errors (..., questions, members) -> int64 (...). The first of tied members.
    """
    past_errors = checks.finite("past_errors", past_errors)
    if past_errors.ndim < 2 or 0 in past_errors.shape[-2:]:
        raise ValueError(f"past_errors of shape {past_errors.shape}: must be (..., questions, members), none empty")
    return np.mean(past_errors**2, axis=-2).argmin(axis=-1).astype(np.int64)


def variance_of_mean(n, variance, correlation):
    """Variance of the mean of n equally correlated estimates: variance * ((1 - rho) / n + rho)."""
    variance, size = checks.finite("variance", variance, 0), effective_size(n, correlation)
    checks.together(variance=variance, n=n, correlation=correlation)
    return variance / size


def effective_size(n, correlation):
    """Number of independent members worth n correlated ones: 1 / ((1 - rho) / n + rho), never above 1 / rho."""
    n, rho = checks.counts("n", n), checks.probability("correlation", correlation)
    checks.together(n=n, correlation=rho)
    return 1 / ((1 - rho) / n + rho)


def member_biases(size, rng, *, bias, diversity):
    """Biases of shape `size`: bias * sqrt(1 - d) for all, plus a normal one of sd bias * sqrt(d) each.

    A member's expected squared bias is bias**2 whatever d is: d decides only whether people lean
    the same way (0) or each their own way (1).
    """
    bias = checks.one_number("bias", bias, 0)
    diversity = checks.one_number("diversity", diversity, 0, 1)
    shape = checks.counts("size", size, 0)
    if shape.ndim > 1:
        raise ValueError(f"size={size!r}: must be one whole number, or a shape")
    size = tuple(shape.ravel().tolist())
    return bias * (np.sqrt(1 - diversity) + np.sqrt(diversity) * rng.standard_normal(size))


def estimates(trials, biases, rng, *, correlation, noise=1):
    """Errors (trials, n) of a crowd around the truth 0: biases plus equally correlated normal noise.

    biases (n,): one crowd answers every trial; or (trials, n): each trial has a crowd of its own.
    The noise is sqrt(rho) times a part common to the trial plus sqrt(1 - rho) times a part of one's own.
    """
    trials = checks.count("trials", trials)
    biases = checks.finite("biases", biases)
    rho = checks.one_number("correlation", correlation, 0, 1)
    noise = checks.one_number("noise", noise, 0)
    if biases.ndim not in (1, 2) or biases.size == 0 or (biases.ndim == 2 and len(biases) != trials):
        raise ValueError(f"biases of shape {biases.shape}: must be (n,) or (trials, n) with trials={trials}")
    common, own = rng.standard_normal((trials, 1)), rng.standard_normal((trials, biases.shape[-1]))
    return biases + noise * (np.sqrt(rho) * common + np.sqrt(1 - rho) * own)


def expected_errors(n, *, correlation, bias, diversity, noise=1):
    """Expected Errors of the mean of n `estimates` with `member_biases`, in closed form.

    The average error, bias**2 + noise**2, depends on neither correlation nor d. So each of them
    moves the crowd's error exactly as far as it moves the crowd's diversity the other way.
    """
    bias = checks.finite("bias", bias, 0)
    share = checks.probability("diversity", diversity)
    noise = checks.finite("noise", noise, 0)
    checks.together(n=n, correlation=correlation, bias=bias, diversity=share, noise=noise)
    # Personal biases average out like independent noise; the shared bias is a correlation of one.
    crowd = variance_of_mean(n, bias**2, 1 - share) + variance_of_mean(n, noise**2, correlation)
    average = bias**2 + noise**2
    return Errors(crowd, average, average - crowd)


def subset_error(guesses, truth, k):
    """Expected squared error of the mean of k of the N guesses, drawn without replacement.

    guesses (N,); k from 1 to N, any shape. Exact: the finite-population variance of a mean
    (Cochran 1977, theorem 2.2) plus the squared error of all N together.
    """
    guesses = checks.vector("guesses", guesses)
    truth = checks.one_number("truth", truth)
    k = checks.counts("k", k)
    if np.any(k > guesses.size):
        raise ValueError(f"k={k}: must be at most the number of guesses, {guesses.size}")
    return guesses.var() * (guesses.size - k) / (k * max(guesses.size - 1, 1)) + (guesses.mean() - truth) ** 2


def beaten(guesses, truth, guess):
    """Share of the guesses (N,) further from the truth than `guess`, of any shape; a tie counts half."""
    guesses = checks.vector("guesses", guesses)
    truth = checks.one_number("truth", truth)
    misses = np.abs(guesses - truth)
    miss = np.abs(checks.finite("guess", guess) - truth)[..., np.newaxis]
    return np.mean((misses > miss) + 0.5 * (misses == miss), axis=-1)
