"""Choices by lot: from scores to chances (softmax, Boltzmann's), and from chances to what is drawn."""
import numpy as np

from . import checks


def softmax(scores):
    """Chances (..., m) that grow as exp(scores (..., m)) and sum to one. A score of -inf is a chance of 0.

    ValueError if the greatest of some m is not finite, or m is 0.
    """
    scores = checks.numbers("scores", scores)
    if not scores.ndim or not scores.shape[-1]:
        raise ValueError(f"scores of shape {scores.shape}: must be (..., m), m at least 1")
    top = scores.max(axis=-1, keepdims=True)
    if not np.isfinite(top).all():  # NaN is the greatest of those it is among
        raise ValueError(f"scores, the greatest of each m: {top.min()} to {top.max()}; must be finite")
    raised = np.exp(scores - top)
    return raised / raised.sum(axis=-1, keepdims=True)


def draw(chances, rng):
    """One of m, int64 (...), by each of the chances (..., m), which need not sum to one.

    ValueError for a chance below 0, if all m are 0, or m is.
    """
    chances = checks.finite("chances", chances, 0)
    if not chances.ndim or not chances.shape[-1]:
        raise ValueError(f"chances of shape {chances.shape}: must be (..., m), m at least 1")
    sums = chances.cumsum(axis=-1)
    if not sums[..., -1].all():
        raise ValueError("chances: some m are 0 throughout; one at least must not be")
    return (sums < rng.random(chances.shape[:-1])[..., np.newaxis] * sums[..., -1:]).sum(axis=-1, dtype=np.int64)
