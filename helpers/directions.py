"""Directions in a space of few dimensions: how nearly orthogonal many of them can be.

Notation
    n, d         directions, dimensions
    directions   (n, d), a row each, of any length but 0: only where they point counts
    cosine       of the angle between two of them
    coherence    the greatest |cosine| of all pairs
"""
from typing import NamedTuple

import numpy as np
from scipy.integrate import trapezoid
from scipy.special import betainc

from . import checks

TINY = 1e-300


class Fit(NamedTuple):
    """How many directions fit: drawn at random all at once, for certain, and no more than that."""

    drawn: float
    sure: float
    most: float


def _sizes(n, d, least):
    """n and d as int64 arrays that go together; directions on a line, d = 1, have no angle to speak of."""
    n, d = checks.counts("n", n, least), checks.counts("d", d, 2)
    try:
        return np.broadcast_arrays(n, d)
    except ValueError:
        raise ValueError(f"n, d of shapes {n.shape}, {d.shape}: must be alike, or single numbers") from None


def unit_rows(directions):
    """Directions of length 1, (n, d)."""
    directions = checks.finite("directions", directions, -1e100, 1e100)
    if directions.ndim != 2 or directions.size == 0:
        raise ValueError(f"directions of shape {directions.shape}: must be (n, d)")
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    if lengths.min() < 1e-100:
        raise ValueError(f"directions[{int(lengths.argmin())}]: has length {lengths.min()}; must not be 0")
    return directions / lengths


def welch_bound(n, d):
    """No n directions in d dimensions have a smaller coherence: sqrt((n - d) / (d (n - 1))), 0 for n <= d (Welch 1974).

    Reached only by equiangular tight frames, which few pairs (n, d) have.
    """
    n, d = _sizes(n, d, 1)
    return np.sqrt(np.maximum(n - d, 0) / (d * np.maximum(n - 1.0, 1)))


def random_directions(n, d, rng):
    """n unit vectors (n, d), each as likely to point anywhere."""
    return unit_rows(rng.standard_normal((checks.count("n", n), checks.count("d", d, 2))))


def cosines(directions):
    """Cosine of each pair, (n (n - 1) / 2,)."""
    unit = unit_rows(directions)
    return (unit @ unit.T)[np.triu(np.ones((len(unit), len(unit)), bool), 1)]


def beyond(cosine, d):
    """Probability that |cosine| of two random directions exceeds `cosine`: its square is Beta(1/2, (d - 1)/2), mean 1/d."""
    cosine, d = checks.probability("cosine", cosine), checks.counts("d", d, 2)
    checks.together(cosine=cosine, d=d)
    return betainc((d - 1) / 2, 0.5, 1 - cosine * cosine)


def rough_coherence(n, d):
    """Coherence of n >= 2 random directions in short, sqrt(2 ln(n (n - 1) / 2) / d): always too large, by a few per cent where
    it is small, without sense where it is not far below 1."""
    n, d = _sizes(n, d, 2)
    return np.sqrt(2 * np.log(n * (n - 1.0) / 2) / d)


def random_coherence(n, d):
    """Expected coherence of n >= 2 random directions by the law of one cosine, as if all pairs, which are independent two by
    two, were so together: to three digits but for few dimensions (10 in the plane 0.9988 for 0.9991)."""
    n, d = _sizes(n, d, 2)
    top = np.minimum(rough_coherence(n, d) + 8 / np.sqrt(d), 1)[..., None]
    grid = top * np.linspace(0, 1, 4001)
    below = np.log1p(-np.minimum(beyond(grid, d[..., None]), 1 - 1e-16))
    return trapezoid(-np.expm1((n * (n - 1.0) / 2)[..., None] * below), grid, axis=-1)


def _most(d, coherence):
    """Logarithm of Delsarte's bound, f(1) / mean f, for an f of x = 2 cosine^2 - 1 that is not positive up to coherence.

    f(x) = (p(x) q(s) - q(x) p(s))^2 / (x - s) (McEliece, Rodemich, Rumsey & Welch 1977), or (1 + x) times it; q and p orthonormal
    Jacobi polynomials of degrees k and k + 1, the first for which p(s) < 0 < q(s). What holds up to some s holds up to less: the
    best s from coherence on, but not far.
    """
    y = np.linspace(coherence**2, min(coherence**2 + 2 / d, 1), 400, endpoint=False)
    x, alpha, least = np.append(2 * y - 1, 1), (d - 3) / 2, np.inf  # the last x is for f(1)
    for beta, times in ((-0.5, 1), (0.5, d)):
        c = alpha + beta
        q, p, k, reach, waiting = np.zeros_like(x), np.ones_like(x), 0, 0.0, np.ones(y.size, bool)
        while waiting.any() and p[-1] < 1e150:
            middle = (beta - alpha) / (c + 2) * ((alpha + beta) / (2 * k + c) * (c + 2) / (2 * k + c + 2) if k else 1)
            k += 1
            ratio = (k + c) / (2 * k + c - 1) if k > 1 else 1
            new = np.sqrt(4 * k * (k + alpha) * (k + beta) * ratio / ((2 * k + c)**2 * (2 * k + c + 1)))
            q, p, reach = p, ((x - middle) * p - reach * q) / new, new
            at = np.flatnonzero(waiting & (p[:-1] < 0) & (q[:-1] > 0))
            if at.size:
                found = (2 * np.log(p[-1] * q[at] - q[-1] * p[at]) + np.log(times * reach)
                         - np.log(1 - x[at]) - np.log(-p[at]) - np.log(q[at]))
                least = min(least, found.min())
            waiting &= p[:-1] >= 0
    return least


def how_many(d, coherence):
    """Fit of directions in d dimensions with no |cosine| above `coherence`, in [0, 0.999].

    With p = `beyond`(coherence, d):
    drawn  n (n - 1) / 2 p <= 1: of that many random ones, one pair or less is too close on average.
    sure   1 / p: while there are fewer, the caps around them leave a place for one more (Shannon 1959).
    most   no more than that can fit (Delsarte, Goethals & Seidel 1975); never above what `welch_bound` allows.
    Raises ValueError where `most` is beyond 1e300.
    """
    d, coherence = checks.count("d", d, 2), checks.one_number("coherence", coherence, 0, 0.999)
    most = _most(d, coherence)
    if most > -np.log(TINY):
        raise ValueError(f"d={d}, coherence={coherence}: more directions may fit than can be counted; must be below 1e300")
    p = float(beyond(coherence, d))
    drawn, sure, most = np.floor([(1 + np.sqrt(1 + 8 / p)) / 2, max(d, np.ceil(1 / p)), np.exp(most) * (1 + 1e-9)]).tolist()
    return Fit(drawn, sure, most)


def jl_dimension(n, eps):
    """Dimensions in which n points fit, all squared distances kept to a factor 1 +- eps: the whole part of 4 ln n /
    (eps^2/2 - eps^3/3) (Johnson & Lindenstrauss 1984; Dasgupta & Gupta 2003), int64."""
    n, eps = checks.counts("n", n), checks.finite("eps", eps, 1e-6, 1, open_high=True)
    checks.together(n=n, eps=eps)
    return np.floor(4 * np.log(n) / (eps**2 / 2 - eps**3 / 3)).astype(np.int64)


def spread(directions, steps, *, rate=0.1):
    """Let directions push each other apart: (unit directions (n, d), coherence before and after each step (steps + 1,)).

    Steepest descent of the sum over pairs of |cosine|^p, in which ever fewer pairs, the closest, count as p rises from 2 to 200;
    the one that moves most moves by `rate`, falling to 0.
    """
    unit, steps = unit_rows(directions), checks.count("steps", steps, 0)
    rate = checks.one_number("rate", rate, 0, 1, open_low=True)
    found = []
    for step in range(steps + 1):
        gram = unit @ unit.T
        np.fill_diagonal(gram, 0)
        close = np.abs(gram)
        found.append(close.max())
        if step < steps:
            push = (np.sign(gram) * (close / max(found[-1], TINY))**(2 * 100**(step / steps) - 1)) @ unit
            push -= (push * unit).sum(axis=1, keepdims=True) * unit
            unit = unit_rows(unit - rate * (1 - step / steps) * push / max(np.linalg.norm(push, axis=1).max(), TINY))
    return unit, np.array(found)
