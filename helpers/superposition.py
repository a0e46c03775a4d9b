"""More features than dimensions: what they whisper to one another, and a net that learns to live with it.

Notation
    n, m         features, dimensions
    directions   (n, m), a row each, of any length but 0: only where they point counts
    active       k of n features that are not silent at a time
    W, b         weights (..., m, n) and biases (..., n) of the toy model x' = ReLU(W'W x + b) (Elhage et al. 2022)
    inputs       x (..., n, t), t examples
    importance   I (n,), weight of each feature's squared error
    sparsity     S (s,), probability that a feature is silent
    restarts     nets trained side by side for each sparsity
"""
from typing import NamedTuple

import numpy as np

from . import checks
from .directions import TINY, unit_rows

EXAMPLES = 20_000  # on which trained nets are judged


class Toy(NamedTuple):
    """Trained nets: W (s, restarts, m, n), b (s, restarts, n), losses (s, restarts) on fresh examples."""

    W: np.ndarray
    b: np.ndarray
    losses: np.ndarray


def send(directions, active, trials, rng):
    """(sent, received), both (n, trials): features written along their directions into one vector, and read along them.

    In each trial `active` features, drawn by lot, have standard normal values a, the others 0; received is U U'a, rows of U unit.
    """
    unit, trials = unit_rows(directions), checks.count("trials", trials)
    active = checks.count("active", active)
    if active > len(unit):
        raise ValueError(f"active={active}: must be at most the {len(unit)} directions")
    which = rng.random((len(unit), trials)).argsort(axis=0)[:active]
    sent = np.zeros((len(unit), trials))
    np.put_along_axis(sent, which, rng.standard_normal(which.shape), axis=0)
    return sent, unit @ (unit.T @ sent)


def expected_fidelity(others, mean_square):
    """Correlation of received with sent over all features, 1 / sqrt(1 + others * mean_square), exactly.

    mean_square: of the cosines of all pairs, 1/m on average for random directions, welch_bound squared for tight frames.
    others: k - 1, counting only the trials in which the feature is active; n - 1, counting all, however few are active at a time,
    for while a feature is silent the others are not.
    """
    others, mean_square = checks.finite("others", others, 0, 2**53), checks.probability("mean_square", mean_square)
    checks.together(others=others, mean_square=mean_square)
    return 1 / np.sqrt(1 + others * mean_square)


def _net(W, b, inputs, importance):
    W, b = checks.finite("W", W, -1e6, 1e6), checks.finite("b", b, -1e6, 1e6)
    inputs, importance = checks.finite("inputs", inputs, -1e6, 1e6), checks.vector("importance", importance, 0, 1e6)
    n = importance.size
    wrong = ValueError(f"W, b, inputs of shapes {W.shape}, {b.shape}, {inputs.shape}: must be (..., m, {n}), (..., {n}), (..., {n}, t)")
    if W.ndim < 2 or W.shape[-1] != n or b.shape != W.shape[:-2] + (n,) or inputs.ndim < 2 or inputs.shape[-2] != n:
        raise wrong
    try:
        hidden = W @ inputs
    except ValueError:  # as many inputs as nets, or of one for all
        raise wrong from None
    return W, inputs, importance[:, None], hidden, np.maximum(np.swapaxes(W, -1, -2) @ hidden + b[..., None], 0)


def losses(W, b, inputs, importance):
    """Loss of each net, (...,): sum over features of I (x - x')^2, mean over examples (Elhage et al. 2022)."""
    _, inputs, importance, _, out = _net(W, b, inputs, importance)
    return (importance * (out - inputs)**2).sum(axis=-2).mean(axis=-1)


def slopes(W, b, inputs, importance):
    """Gradient of the loss by W and by b, of their shapes."""
    W, inputs, importance, hidden, out = _net(W, b, inputs, importance)
    off = 2 / inputs.shape[-1] * importance * (out - inputs) * (out > 0)
    return hidden @ np.swapaxes(off, -1, -2) + (W @ off) @ np.swapaxes(inputs, -1, -2), off.sum(axis=-1)


def examples(n, sparsity, t, rng):
    """Inputs (s, 1, n, t): 0 with probability S, else uniform on (0, 1); from the same draws for every S, and every restart."""
    sparsity = checks.vector("sparsity", sparsity, 0, 1)
    chance, value = rng.random((2, checks.count("n", n), checks.count("t", t)))
    return np.where(chance >= sparsity[:, None, None, None], value, 0)


def train(importance, m, sparsity, restarts, rng, *, steps=1500, batch=256, rate=0.03):
    """Toy nets of n features in m dimensions, trained by Adam with a rate that falls to 0 as a cosine; importance (n,), sparsity
    (s,) in [0, 1)."""
    importance, m = checks.vector("importance", importance, 0, 1e6), checks.count("m", m)
    sparsity, restarts = checks.vector("sparsity", sparsity, 0, 1, open_high=True), checks.count("restarts", restarts)
    steps, batch = checks.count("steps", steps), checks.count("batch", batch)
    rate = checks.one_number("rate", rate, 0, 1, open_low=True)
    n, nets = importance.size, (sparsity.size, restarts)
    parameters = [rng.standard_normal((*nets, m, n)) / (2 * np.sqrt(m)), np.zeros((*nets, n))]
    means, squares = ([np.zeros_like(one) for one in parameters] for _ in range(2))
    for step in range(steps):
        now = rate * (1 + np.cos(np.pi * step / steps)) / 2
        for i, slope in enumerate(slopes(*parameters, examples(n, sparsity, batch, rng), importance)):
            means[i] += 0.1 * (slope - means[i])
            squares[i] += 0.01 * (slope * slope - squares[i])
            mean, square = means[i] / (1 - 0.9**(step + 1)), squares[i] / (1 - 0.99**(step + 1))
            parameters[i] -= now * mean / (np.sqrt(square) + 1e-8)
    fresh = examples(n, sparsity, EXAMPLES, rng)
    found = [losses(W, b, x, importance) for W, b, x in zip(*parameters, fresh, strict=True)]
    return Toy(*parameters, np.array(found))


def best(toy):
    """Of the restarts of each sparsity the net of least loss: W (s, m, n), b (s, n), losses (s,)."""
    at = np.arange(len(toy.losses)), toy.losses.argmin(axis=1)
    return Toy(toy.W[at], toy.b[at], toy.losses[at])


def norms(W):
    """How strongly each feature is represented, |W_i|, (..., n): about 1 if it is, 0 if not; over 1/2 counts as represented."""
    W = checks.finite("W", W, -1e6, 1e6)
    if W.ndim < 2:
        raise ValueError(f"W of shape {W.shape}: must be (..., m, n)")
    return np.linalg.norm(W, axis=-2)


def interference(W):
    """What the others add along each feature's direction, sum over j != i of (What_i . W_j)^2, (..., n); 0 where W_i is 0."""
    lengths = norms(W)
    W = np.asarray(W, np.float64)
    along = np.swapaxes(W / np.maximum(lengths, TINY)[..., None, :], -1, -2) @ W
    return (along**2).sum(axis=-1) - lengths**2


def dimensionality(W):
    """Dimensions that each feature has to itself, |W_i|^2 / sum over j of (What_i . W_j)^2, (..., n) (Elhage et al. 2022):
    1 alone, 1/2 in an antipodal pair, 2/5 in a pentagon, 0 where W_i is 0. All together they have at most m."""
    own = norms(W)**2
    return own / np.maximum(own + interference(W), TINY)
