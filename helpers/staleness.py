"""Gradients that come late: how far one may step on them, training with them, and the workers that make them.

Notation
    delay      d: steps from the weights on which a gradient is taken to the step that uses it; 0 is no delay
    step       a = rate times curvature, the share of the way to the minimum of a parabola: x' = x - a x[d steps ago]
    decay      factor by which what is left shrinks in a step in the long run: stable below 1
    inputs     (m, n), labels (m,) whole numbers from 0, c classes
    weights    (k, n + 1, c) of k runs side by side; the bias is the last row of each
    rate       learning rate
    loss       mean cross-entropy of softmax over all cases, log c for weights of zero
    speeds     (w,) gradients that each of w workers takes in a unit of time, on average
    staleness  updates by others from a worker's reading of the weights to its own update: (updates,)
"""
from typing import NamedTuple

import numpy as np

from . import checks

LARGEST = 1e6  # that inputs and rates may be, so that no weight overflows
HOPELESS = 100.0  # times the loss of weights of zero: there a run is cut off
MOST = 2**22  # durations drawn at once, numbers in gradients kept


def limit(delay):
    """The step below which it is stable: 2 sin(pi / (2 (2 d + 1))), of the shape of delay; about pi / (2 d) for long delays.

    Levin & May 1976, Kuruklis 1994. At the border z = e^(i u) solves z^(d+1) - z^d + a = 0: |z^d (z - 1)| = 2 sin(u / 2) = a, and
    z^d (z - 1) points along -1 if d u + u / 2 + pi / 2 = pi, which u = pi / (2 d + 1) is the first to do.
    """
    return 2 * np.sin(np.pi / (2 * (2 * checks.counts("delay", delay, 0) + 1)))


def decay(step, delay):
    """The decay at each step, of its shape, for one delay up to 500: the greatest |z| of z^(d+1) - z^d + a = 0."""
    step, delay = checks.finite("step", step, 0, LARGEST), checks.count("delay", delay, 0)
    if delay > 500:
        raise ValueError(f"delay={delay}: must be at most 500")
    companion = np.zeros((*step.shape, delay + 1, delay + 1))
    companion[..., np.arange(1, delay + 1), np.arange(delay)] = 1  # each state is the one before, a step later
    companion[..., 0, 0] = 1
    companion[..., 0, delay] -= step
    return np.abs(np.linalg.eigvals(companion)).max(axis=-1)


def best(delay):
    """(step, decay) where the decay is least: d^d / (d + 1)^(d+1), where two roots meet, and d / (d + 1)."""
    delay = checks.counts("delay", delay, 0)
    left = delay / (delay + 1)
    return left**delay / (delay + 1), left


class Training(NamedTuple):
    """losses (steps + 1, k), the first before any step; weights (k, n + 1, c) at the end; diverged, bool (k,)."""

    losses: np.ndarray
    weights: np.ndarray
    diverged: np.ndarray


def _with_one(inputs):
    inputs = checks.finite("inputs", inputs, -LARGEST, LARGEST)
    if inputs.ndim != 2 or 0 in inputs.shape:
        raise ValueError(f"inputs of shape {inputs.shape}: must be (cases, features), at least one of each")
    return np.column_stack([inputs, np.ones(len(inputs))])


def _softmax(scores):
    """Probabilities, and minus their logarithms."""
    scores = scores - scores.max(axis=-1, keepdims=True)
    spread = np.exp(scores)
    total = spread.sum(axis=-1, keepdims=True)
    return spread / total, np.log(total) - scores


def curvature(inputs, weights=None, *, classes=None):
    """The greatest eigenvalue of the loss's second derivative at weights (n + 1, c), or at zero for so many classes.

    `limit(delay)` over it is the greatest rate that is stable there.
    """
    inputs = _with_one(inputs)
    m, n = inputs.shape
    weights = np.zeros((n, checks.count("classes", classes, 2))) if weights is None else checks.finite("weights", weights)
    if weights.ndim != 2 or len(weights) != n or weights.shape[1] < 2:
        raise ValueError(f"weights of shape {weights.shape}: must be ({n}, c), c at least 2")
    c = weights.shape[1]
    chances = _softmax(inputs @ weights)[0]
    blocks = np.empty((c, n, c, n))
    for one in range(c):
        for other in range(c):
            share = chances[:, one] * ((one == other) - chances[:, other])
            blocks[one, :, other] = (inputs * share[:, None]).T @ inputs / m
    return float(np.linalg.eigvalsh(blocks.reshape(c * n, c * n))[-1])


def train(inputs, labels, delays, rate, steps, *, batch=None, rng=None):
    """Logistic regression by gradients that are late, weights from zero: a Training.

    delays: (k,), or (steps, k) if the delay changes from step to step, at most the steps; rate: one, or (k,).
    Each gradient is of all cases, or of a `batch` of them drawn by rng without replacement, the same for every run.
    The first steps, before any gradient could arrive, repeat that of the start. With softmax no gradient exceeds the
    inputs, so a run beyond its limit swings rather than explodes; one whose loss passes HOPELESS times log c is cut off,
    its losses from there on infinite. Diverged are these, and all that end no better than they began.
    """
    cases, labels = _with_one(inputs), checks.counts("labels", labels, 0)
    if labels.shape != (len(cases),):
        raise ValueError(f"labels of shape {labels.shape}: must have shape ({len(cases)},)")
    if not 1 <= labels.max() <= 999:
        raise ValueError(f"labels: the greatest is {labels.max()}; must be from 1 to 999")
    steps = checks.count("steps", steps)
    delays, rate = checks.counts("delays", delays, 0), checks.finite("rate", rate, 0, LARGEST, open_low=True)
    if delays.ndim > 2 or rate.ndim > 1 or (delays.ndim == 2 and len(delays) != steps):
        raise ValueError(f"delays, rate of shapes {delays.shape}, {rate.shape}: must be (k,) or ({steps}, k), and (k,) or one number")
    if not delays.size or not rate.size:
        raise ValueError(f"delays, rate of shapes {delays.shape}, {rate.shape}: must be of one run or more")
    if delays.max() > steps:
        raise ValueError(f"delays: {delays.max()} is among them; must be at most steps={steps}")
    try:
        k = np.broadcast_shapes(delays.shape[-1:], rate.shape, (1,))[0]
    except ValueError:
        raise ValueError(f"delays, rate of shapes {delays.shape}, {rate.shape}: must be for as many runs") from None
    room = int(delays.max()) + 1
    delays, rate = np.broadcast_to(delays, (steps, k)), np.broadcast_to(rate, k)
    m, c = len(cases), int(labels.max()) + 1
    batch = m if batch is None else checks.count("batch", batch)
    if batch > m:
        raise ValueError(f"batch={batch}: must be at most the number of cases, {m}")
    if batch < m and not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng={rng!r}: must be a generator, which draws the batches")
    truth = np.eye(c)[labels]
    weights = np.zeros((k, cases.shape[1], c))
    if room * weights.size > MOST:
        raise ValueError(f"delays: up to {room - 1}, of {k} runs with {weights[0].size} weights; must be fewer, or shorter")
    gradients = np.zeros((room, *weights.shape))  # taken at step t: in row t % room
    losses, runs = np.full((steps + 1, k), np.inf), np.arange(k)

    def side_by_side(weights):
        return weights.transpose(1, 0, 2).reshape(-1, k * c)

    for t in range(steps + 1):
        # All runs in one product of two matrices, (m, k, c), which is many times quicker than one for each.
        chances, surprise = _softmax((cases @ side_by_side(weights)).reshape(m, k, c))
        loss = surprise[np.arange(m), :, labels].mean(axis=0)
        going = loss <= HOPELESS * np.log(c)  # for good: who is cut off moves no more
        losses[t, going] = loss[going]
        if t == steps or not going.any():
            break
        some = slice(None) if batch == m else rng.permutation(m)[:batch]
        off = (chances[some] - truth[some, None]).reshape(-1, k * c)
        gradients[t % room] = (cases[some].T @ off / batch).reshape(-1, k, c).transpose(1, 0, 2)
        late = gradients[np.maximum(t - delays[t], 0) % room, runs]
        weights = weights - (rate * going)[:, None, None] * late
    return Training(losses, weights, ~going | (losses[-1] >= losses[0]))


class Updates(NamedTuple):
    """Of each update: when it came, by which worker, and its staleness; all (updates,)."""

    times: np.ndarray
    workers: np.ndarray
    staleness: np.ndarray


def _durations(speeds, name, count, rng):
    """How long each worker (w,) takes for each of `count` gradients, the argument `name`: (w, count)."""
    if speeds.size * count > MOST:
        raise ValueError(f"{name}={count}: of {speeds.size} workers; must be at most {MOST // speeds.size}")
    return rng.exponential(size=(speeds.size, count)) / speeds[:, None]


def _speeds(speeds):
    speeds = checks.vector("speeds", speeds, 1e-6, LARGEST)
    if speeds.size > 1000:
        raise ValueError(f"speeds of shape {speeds.shape}: must be of at most 1000 workers")
    return speeds


def asynchronous(speeds, updates, rng):
    """Workers that read the weights, take an exponential time for a gradient, update and read again at once: Updates.

    At time 0 all read. Whatever the times, mean staleness tends to w - 1: between two readings of a worker every
    update is one that it missed, but for its own.
    """
    speeds, updates = _speeds(speeds), checks.count("updates", updates)
    ends = _durations(speeds, "updates", updates, rng).cumsum(axis=1).ravel()
    first = np.argsort(ends, kind="stable")[:updates]
    workers = first // updates
    own = np.argsort(workers, kind="stable")  # each worker's updates in a row
    before = np.where(np.diff(workers[own], prepend=-1) == 0, np.roll(own, 1), -1)
    staleness = np.empty(updates, np.int64)
    staleness[own] = own - before - 1
    return Updates(ends[first], workers, staleness)


def synchronous(speeds, rounds, rng):
    """Times (rounds,) of the updates of workers that wait for the slowest, each update the mean of all their gradients."""
    return _durations(_speeds(speeds), "rounds", checks.count("rounds", rounds), rng).max(axis=0).cumsum()


def staleness_law(speeds, most):
    """Chances, (most + 1,), that a staleness is 0, 1, ..., most once all run: sum of p^2 (1 - p)^s, p each worker's share of
    the speed. For equal workers geometric with mean w - 1 (Mitliagkas, Zhang, Hadjis & Re 2016)."""
    speeds, most = _speeds(speeds), checks.count("most", most, 0)
    share = (speeds / speeds.sum())[:, None]
    return (share**2 * (1 - share) ** np.arange(most + 1)).sum(axis=0)


class Pace(NamedTuple):
    """Gradients used in a unit of time, and mean staleness, without waiting and with."""

    asynchronous: float
    synchronous: float
    staleness: float


def pace(speeds):
    """What is expected of workers at these speeds: a Pace.

    Without waiting the sum of the speeds. A synchronous round takes the mean of the longest of w exponential times: for
    equal speeds H_w = 1 + 1/2 + ... + 1/w over the speed (Dutta, Joshi, Ghosh, Dube & Nagpurkar 2018), else the
    integral of the chance that it is longer than t, here by trapezes in log t, whose error vanishes exponentially.
    """
    speeds = _speeds(speeds)
    t = np.exp(np.arange(-40, 8, 1 / 32)) / speeds.min()
    longer = -np.expm1(np.log(-np.expm1(-speeds[:, None] * t)).sum(axis=0))
    return Pace(float(speeds.sum()), float(speeds.size / ((t * longer).sum() / 32)), float(speeds.size - 1))
