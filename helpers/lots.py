"""Choices by lot: from scores to chances (softmax, Boltzmann's), and from chances to what is drawn."""
import numpy as np


def softmax(scores):
    """Chances (..., m) that grow as exp(scores (..., m)) and sum to one. A score of -inf is a chance of 0."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def draw(chances, rng):
    """One of m, int64 (...), by each of the chances (..., m)."""
    sums = chances.cumsum(axis=-1)
    return (sums < rng.random(chances.shape[:-1])[..., np.newaxis] * sums[..., -1:]).sum(axis=-1, dtype=np.int64)
