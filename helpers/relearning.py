"""Forgetting and relearning: what practice on a part brings back of the rest.

Linear neurons, after Stone & Jupp 2007 and 2008.

Notation
    n        inputs, so weights, of one linear neuron
    n1, n2   associations in the sets A1 and A2: random inputs and targets
    weights  (n,) the learned ones fit both sets exactly
    error    mean squared error on A1
"""
import numpy as np

from . import checks

WAYS = ("noise", "decay")


def expected_saving(n, n2, way="noise"):
    """Share of the error on A1 that relearning n2 associations takes off: n2 / n, or -n2 / (n - n2 - 1).

    Positive after noise (Stone & Jupp 2007), negative after decay (Stone & Jupp 2008): of both errors the ratio of
    the means. Relearning projects the change onto the n2 inputs of A2, which hold the share n2 / n of a random one;
    of the decayed weights it brings back those that serve A2, whose mean square n2 / (n - n2 - 1), the trace of
    an inverse Wishart matrix, is noise to A1. n2 < n - 1.
    """
    n, n2 = checks.count("n", n), checks.count("n2", n2)
    if n2 >= n - 1:
        raise ValueError(f"n2={n2}: must be below n - 1 = {n - 1}")
    return n2 / n if checks.one_of("way", way, WAYS) == "noise" else -n2 / (n - n2 - 1)


def free_lunch(n, n1, n2, runs, rng, *, way="noise"):
    """Errors on A1 after forgetting, and after A2 alone was relearned: float64 (runs, 2).

    A neuron has learned n1 + n2 <= n associations, with the least weights that do. It forgets: by "noise",
    each weight moves by a normal number; by "decay", each is halved. Then it relearns A2, never shown A1,
    by the least change of its weights. `expected_saving` is what that takes off the error on average.
    """
    n, n1, n2, runs = (checks.count(name, value) for name, value in (("n", n), ("n1", n1), ("n2", n2), ("runs", runs)))
    checks.one_of("way", way, WAYS)
    if n1 + n2 > n:
        raise ValueError(f"n1={n1}, n2={n2}: must be at most {n} together, the number of weights")
    errors = np.empty((runs, 2))
    for run in range(runs):
        inputs = rng.standard_normal((n1 + n2, n))
        targets = rng.standard_normal(n1 + n2)
        learned = np.linalg.lstsq(inputs, targets, rcond=None)[0]
        first, second = inputs[:n1], inputs[n1:]
        forgotten = learned + rng.standard_normal(n) if way == "noise" else learned / 2
        change = np.linalg.lstsq(second, targets[n1:] - second @ forgotten, rcond=None)[0]
        for moment, weights in enumerate((forgotten, forgotten + change)):
            errors[run, moment] = np.mean((first @ weights - targets[:n1]) ** 2)
    return errors
