"""Averages without a centre: each node hears its neighbours alone, and all come to the mean of all.

Notation
    n, m       nodes, numbered from 0; links
    edges      (m, 2): pairs of different nodes, each pair once; what is said is heard both ways
    x          (n,) or (runs, n): what each node holds
    weights    (m,): by what share of their difference the two ends of a link move towards each other in a round
    W          (n, n): a round is x -> W x. W = I - sum of weight (e_i - e_j)(e_i - e_j)^T over the links
    rho        the greatest |eigenvalue| of W but for the 1 of the mean: what a round leaves of the worst disagreement
    gap        1 - rho, the spectral gap; tau = 1 / log(1 / rho), the rounds in which disagreement falls to 1 / e
DeGroot 1974; Xiao & Boyd 2004 for the weights; Boyd, Ghosh, Prabhakar & Shah 2006 for gossip.
"""
import math

import numpy as np

from . import checks

# The small graph of Boyd's lecture at the ICM 2006: 8 nodes, 13 links.
EIGHT = np.array([(0, 1), (1, 2), (2, 3), (0, 4), (1, 7), (1, 3), (4, 5), (4, 6), (2, 6), (3, 7), (5, 6), (6, 7), (1, 6)])


def ring(n):
    n = checks.count("n", n, 3)
    return np.column_stack([np.arange(n, dtype=np.int64), np.roll(np.arange(n, dtype=np.int64), -1)])


def complete(n):
    return np.array(np.triu_indices(checks.count("n", n, 2), 1), np.int64).T


def grid(side):
    """side x side nodes, each linked to the next in its row and column; side from 2 to 10,000."""
    side = checks.count("side", side, 2)
    if side > 10_000:
        raise ValueError(f"side={side}: must be at most 10000")
    nodes = np.arange(side**2, dtype=np.int64).reshape(side, side)
    return np.concatenate([np.column_stack([nodes[:, :-1].ravel(), nodes[:, 1:].ravel()]),
                           np.column_stack([nodes[:-1].ravel(), nodes[1:].ravel()])])


def parts(n, edges):
    """Which part of the graph each node is in, int64 (n,): the least node that can be reached from it."""
    edges = checks.edges(n, edges)
    part = np.arange(n, dtype=np.int64)
    while True:
        before = part.copy()
        for here, there in ((0, 1), (1, 0)):
            np.minimum.at(part, edges[:, here], before[edges[:, there]])
        part = part[part]
        if np.array_equal(part, before):
            return part


def limits(values, edges):
    """What each node comes to, (n,): the mean of its part. One number if the graph hangs together."""
    values = checks.vector("values", values)
    _, part = np.unique(parts(values.size, edges), return_inverse=True)
    return (np.bincount(part, values) / np.bincount(part))[part]


def degrees(n, edges):
    return np.bincount(checks.edges(n, edges).ravel(), minlength=int(n))


RULES = {  # the weight of a link from the degrees of its ends and the greatest of all
    "greatest degree": lambda here, there, most: np.full(here.shape, 1 / most),
    "Metropolis-Hastings": lambda here, there, most: 1 / np.maximum(here, there),
    "Metropolis": lambda here, there, most: 1 / (1 + np.maximum(here, there)),
}


def weights(n, edges, rule="Metropolis"):
    """Weights (m,) that two neighbours can agree on; "greatest degree" asks all to know one number.

    Where there is agreement at all "Metropolis" (Xiao, Boyd & Lall 2005) always comes to it. With the others two nodes
    and one link exchange what they hold, for ever.
    """
    checks.one_of("rule", rule, tuple(RULES))
    degree = degrees(n, edges)
    if not len(edges):
        raise ValueError("edges: there are none; must be at least one")
    return RULES[rule](*degree[np.asarray(edges)].T.astype(float), float(degree.max()))


def matrix(n, edges, weights):
    """W (n, n) of the weights, (m,), which may be negative. Its rows and columns sum to one, so that the mean is kept."""
    edges, weights = checks.edges(n, edges), checks.finite("weights", weights, -1e6, 1e6)
    if weights.shape != (len(edges),):
        raise ValueError(f"weights of shape {weights.shape}: must be ({len(edges)},), one a link")
    made = np.zeros((int(n), int(n)))
    for here, there in ((0, 1), (1, 0)):
        np.add.at(made, (edges[:, here], edges[:, there]), weights)
    return made + np.diag(1 - made.sum(axis=1))


def _matrix(W):
    W = checks.finite("W", W)
    if W.ndim != 2 or W.shape[0] != W.shape[1] or not W.size:
        raise ValueError(f"W of shape {W.shape}: must be (n, n), n at least 1")
    for axis, what in ((1, "row"), (0, "column")):
        off = np.abs(W.sum(axis=axis) - 1)
        if off.max() > 1e-9:
            at = int(off.argmax())
            raise ValueError(f"W: {what} {at} sums to {W.sum(axis=axis)[at]:.6g}; must sum to one, or the mean drifts")
    return W


def rho(W):
    """The greatest |eigenvalue| of W on what is not the mean; 1 or more: no agreement. Raises ValueError unless W is symmetric."""
    W = _matrix(W)
    if not np.allclose(W, W.T, atol=1e-9):
        raise ValueError("W: must be symmetric; links are heard both ways here")
    return float(np.abs(np.linalg.eigvalsh(W - 1 / len(W))).max())


def rounds_for(share, within):
    """Rounds until a disagreement that falls to `share` (rho) in each is at most `within` of the first; inf if share >= 1."""
    share, within = checks.finite("share", share, 0), checks.one_number("within", within, 0, 1, open_low=True, open_high=True)
    with np.errstate(divide="ignore"):  # share 0: agreed after one round
        return np.where(share >= 1, np.inf, np.maximum(np.ceil(np.log(within) / np.log(np.minimum(share, 1 - 1e-16))), 1))


def listen(values, edges, weights):
    """One round x -> W x for values (n,), without W: each link is used once, both ways. weights: (m,), or one for all."""
    values, weights = checks.vector("values", values), checks.finite("weights", weights)
    i, j = checks.edges(values.size, edges).T
    if weights.shape not in ((), i.shape):
        raise ValueError(f"weights of shape {weights.shape}: must be one number or have shape {i.shape}, one a link")
    said = weights * (values[j] - values[i])
    return values + np.bincount(i, said, values.size) - np.bincount(j, said, values.size)


def fidelity(W, rounds):
    """Correlation of what each node holds after `rounds` with the mean of all that was there at first, (n,).

    For first values that are independent and alike: 1 / (sqrt(n) |row of W^rounds|), as the rows sum to one. Raises
    ValueError if what the nodes hold has grown beyond all numbers by then, which it may where rho is above 1.
    """
    W, rounds = _matrix(W), checks.count("rounds", rounds, 0)
    with np.errstate(over="ignore", invalid="ignore"):  # looked at below
        rows = np.linalg.matrix_power(W, rounds)
        squares = (rows * rows).sum(axis=1)
    if not np.isfinite(squares).all():
        raise ValueError(f"rounds={rounds}: W has grown beyond all numbers by then; must be fewer")
    return 1 / np.sqrt(len(W) * squares)


# --- gossip: two at a time ----------------------------------------------------------------------------


def _callers(n, edges):
    """The edges and the degrees of n nodes, each of which has a neighbour to call."""
    edges, degree = checks.edges(n, edges), degrees(n, edges)
    if degree.min(initial=1) == 0:
        raise ValueError(f"edges: node {int(degree.argmin())} has no neighbour to call; each must have one")
    return edges, degree


def gossip_matrix(n, edges):
    """What one tick of gossip does to the mean of x, (n, n): a node wakes by lot, calls a neighbour, and both take their mean."""
    edges, degree = _callers(n, edges)
    return matrix(n, edges, (1 / degree[edges]).sum(axis=1) / (2 * n))


def gossip_bounds(n, edges, within):
    """(least, most) ticks until gossip is `within` of the mean, but for a chance of `within`, from the worst start.

    Boyd et al. 2006: 1/2 and 3 times log(1 / within) / log(1 / lambda_2), lambda_2 of `gossip_matrix`. Both are infinite
    if the graph falls into parts, and zero for two nodes, who agree once they have met.
    """
    within = checks.one_number("within", within, 0, 1, open_low=True, open_high=True)
    second = float(np.linalg.eigvalsh(gossip_matrix(n, edges))[-2])
    if second >= 1 - 1e-14:
        return math.inf, math.inf
    if n == 2:  # lambda_2 is zero, give or take what rounding does
        return 0.0, 0.0
    ticks = math.log(1 / within) / -math.log(second)
    return ticks / 2, 3 * ticks


def gossip(values, edges, ticks, rng, every=1):
    """Disagreement |x - mean| as a share of |x(0)|, (runs, 1 + ticks // every), of values (runs, n), one tick after another."""
    x = checks.finite("values", values).copy()
    if x.ndim != 2:
        raise ValueError(f"values of shape {x.shape}: must be (runs, n)")
    runs, n = x.shape
    ticks, every = checks.count("ticks", ticks, 0), checks.count("every", every)
    edges, degree = _callers(n, edges)
    ends = np.concatenate([edges, edges[:, ::-1]])
    neighbours = ends[np.argsort(ends[:, 0], kind="stable"), 1]  # of node 0, then of node 1, ...
    first = np.cumsum(degree) - degree
    size, row = np.sqrt((x * x).sum(axis=1)), np.arange(runs, dtype=np.int64)
    if np.any(size == 0):
        raise ValueError("values: a run holds nothing but zeros; must hold something else")
    mean = x.mean(axis=1, keepdims=True)
    found = []
    for tick in range(ticks + 1):
        if tick % every == 0:
            found.append(np.sqrt(((x - mean) ** 2).sum(axis=1)) / size)
        if tick == ticks:
            return np.array(found).T
        caller = rng.integers(0, n, runs)
        called = neighbours[first[caller] + (rng.random(runs) * degree[caller]).astype(np.int64)]
        x[row, caller] = x[row, called] = (x[row, caller] + x[row, called]) / 2


def meetings(n, edges, rng):
    """Which links are used in a round in which nobody talks to two, bool (m,): those whose lot is highest at both ends."""
    edges = checks.edges(n, edges)
    lot, highest = rng.random(len(edges)), np.zeros(int(n))
    for end in (0, 1):
        np.maximum.at(highest, edges[:, end], lot)
    return (lot == highest[edges[:, 0]]) & (lot == highest[edges[:, 1]])
