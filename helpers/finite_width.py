"""Signals through real random networks, of finite width: lengths, correlations, error signals, and what noise leaves of them.

Notation, with that of helpers/propagation.py
    k       networks side by side, one for each sw2; they share their lots, so that what differs between them is due to sw2
    p       pairs of inputs, of length q and of correlations c (p,) at layer 0 exactly, in directions by lot
    sums    z_l (k, 2, p, n), one of a pair and the other
    errors  delta_l (k, 2, p, n), by backpropagation
    noise   standard deviation of what is added to each sum of each input at each layer, by lot
    scale   loss scale: what the last layer's errors are multiplied by before they go back in float16
"""
from typing import NamedTuple

import numpy as np

from . import checks, propagation, signals

FUNCTIONS = {  # phi(z), and its slope in terms of phi(z)
    "tanh": (np.tanh, lambda h: 1 - h * h),
    "relu": (lambda z: np.maximum(z, 0), lambda h: (h > 0).astype(np.float64)),
}


class _Networks(NamedTuple):
    """Drawn, and where they start."""

    seeds: np.ndarray  # of the layers: each is drawn again on the way back, for to keep them all takes too much memory
    weight: np.ndarray
    bias: float
    function: str
    keep: float
    a: float
    start: np.ndarray

    def lot(self, layer):
        n, rng = self.start.shape[-1], np.random.default_rng(self.seeds[layer])
        return rng.standard_normal((n, n)), rng.standard_normal(n)


def _networks(sw2, depth, rng, width, c, sb2, q, function, residual):
    sw2 = checks.vector("sw2", sw2, propagation.LEAST, propagation.MOST)
    depth, width = propagation.layers(depth), checks.count("width", width, 2)
    sb2 = checks.one_number("sb2", sb2, 0, propagation.BIAS)
    q = checks.one_number("q", propagation.length(q))
    checks.one_of("function", function, tuple(FUNCTIONS))
    shares = propagation.shares(residual)
    one, other = rng.standard_normal((2, c.size, width))
    one /= np.linalg.norm(one, axis=-1, keepdims=True)
    other -= (one * other).sum(axis=-1, keepdims=True) * one
    other /= np.linalg.norm(other, axis=-1, keepdims=True)
    other = c[:, None] * one + np.sqrt(1 - c * c)[:, None] * other
    start = np.tile(np.sqrt(q * width) * np.stack([one, other]), (sw2.size, 1, 1, 1))
    seeds = rng.integers(0, 2**63, depth, dtype=np.int64)
    return _Networks(seeds, np.sqrt(sw2 / width)[:, None, None, None], np.sqrt(sb2), function, *shares, start)


def _times(x, w):
    """x @ w, as one product of two matrices, which is quicker."""
    return (x.reshape(-1, x.shape[-1]) @ w).reshape(x.shape)


def _forward(nets, noise=0.0, rng=None):
    """z_0, z_1, ..."""
    z, value = nets.start, FUNCTIONS[nets.function][0]
    yield z
    for layer in range(nets.seeds.size):
        w, b = nets.lot(layer)
        z = nets.keep * z + nets.a * (nets.weight * _times(value(z), w.T) + nets.bias * b)
        if noise:
            z = z + noise * rng.standard_normal(z.shape[1:])
        yield z


def _half(x):
    """x as float16 holds it; nothing of a network of which it cannot hold some number."""
    with np.errstate(over="ignore"):
        x = x.astype(np.float16).astype(np.float64)
    return np.where(np.isfinite(x).all(axis=(1, 2, 3), keepdims=True), x, 0)


def _backward(nets, sums, errors, held=lambda x: x):
    """delta_depth, ..., delta_0 for the list `sums`, each as it is `held`."""
    value, slope = FUNCTIONS[nets.function]
    errors = held(errors)
    yield errors
    for layer in reversed(range(nets.seeds.size)):
        sent = nets.weight * _times(errors, nets.lot(layer)[0]) * slope(value(sums[layer]))
        errors = held(nets.keep * errors + nets.a * sent)
        yield errors


def _last(sums, rng):
    """Errors at the last layer, of squared norm one on average, alike for the two of a pair and in all networks."""
    return np.broadcast_to(rng.standard_normal(sums.shape[2:]) / np.sqrt(sums.shape[-1]), sums.shape)


def _cosine(pair):
    """From (k, 2, p, n) to (k, p); NaN where one of two is nothing."""
    one, other = pair[:, 0], pair[:, 1]
    with np.errstate(invalid="ignore"):
        return (one * other).sum(axis=-1) / (np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1))


def measure(sw2, depth, rng, *, width, c, sb2=0.05, q=1.0, function="tanh", residual=None):
    """propagation.Layers of networks of `width` units a layer, one for each sw2 (k,), for pairs of correlations c (p,).

    q and gradient, (depth + 1, k), are means over the 2 p inputs; c and overlap are (depth + 1, k, p), NaN where a narrow
    network is silent.
    """
    c = checks.vector("c", c, -1, 1)
    nets = _networks(sw2, depth, rng, width, c, sb2, q, function, residual)
    sums, squares, overlaps = list(_forward(nets)), [], []
    for errors in _backward(nets, sums, _last(nets.start, rng)):
        squares.append((errors * errors).sum(axis=-1).mean(axis=(1, 2)))
        overlaps.append(_cosine(errors))
    lengths, correlations = [(z * z).mean(axis=(1, 2, 3)) for z in sums], [_cosine(z) for z in sums]
    return propagation.Layers(*map(np.array, (lengths, correlations, (squares / squares[0])[::-1], overlaps[::-1])))


def signal_fidelity(sw2, depth, rng, *, width, noise=0.01, pairs=64, sb2=0.05, q=1.0, function="tanh", residual=None):
    """What is left at each layer of the differences between inputs, (depth + 1, k): the fidelity, over `pairs` of inputs, of
    their correlation there to that at layer 0, spread evenly over (0, 1).

    Without noise order loses no more than the edge of chaos: differences shrink, but all alike.
    """
    noise, pairs = checks.one_number("noise", noise, 0, 1), checks.count("pairs", pairs, 2)
    sent = (np.arange(pairs) + 0.5) / pairs
    nets = _networks(sw2, depth, rng, width, sent, sb2, q, function, residual)
    sent = np.tile(sent, (nets.weight.size, 1))
    return np.array([signals.fidelity(sent, _cosine(z)) for z in _forward(nets, noise, rng)])


def gradient_fidelity(sw2, depth, rng, *, width, scale=1.0, inputs=8, sb2=0.05, q=1.0, function="tanh", residual=None):
    """What float16 leaves of the gradient at each layer, (depth + 1, k): the fidelity, over units and `inputs`, of error
    signals rounded to float16 after every layer to those in float64.

    The last layer's are `scale` times numbers of variance 1 / width (loss scaling: Micikevicius et al. 2018). Where some
    overflow, nothing is left, nor in the layers before, as a step that overflows is not taken. Raises ValueError for a
    network so narrow that no error comes back.
    """
    scale, inputs = checks.one_number("scale", scale, 1e-6, 1e6), checks.count("inputs", inputs)
    nets = _networks(sw2, depth, rng, width, np.zeros(inputs), sb2, q, function, residual)
    nets = nets._replace(start=nets.start[:, :1])
    sums, last, k = list(_forward(nets)), _last(nets.start, rng), nets.weight.size
    both = zip(_backward(nets, sums, last), _backward(nets, sums, scale * last, _half), strict=True)
    found = []
    for exact, half in both:
        if not exact.any(axis=(1, 2, 3)).all():
            raise ValueError(f"width={width}: no unit of a layer answers, and no error comes back; must be greater")
        found.append(signals.fidelity(exact.reshape(k, -1), half.reshape(k, -1)))
    return np.array(found[::-1])
