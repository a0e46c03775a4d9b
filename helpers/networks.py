"""What is left of a network when its nodes fail, or are shot.

Notation
    n          nodes, numbered from 0
    edges      (m, 2) int64: pairs of different nodes, each pair once
    degree     edges at a node
    removed    share of the nodes that is gone, with all their edges
    reach      share of all n nodes in the largest component of what is left
"""
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, shortest_path

from . import checks


def star(n):
    """Node 0 in the middle, tied to all others."""
    n = checks.count("n", n, 2)
    return np.column_stack([np.zeros(n - 1, np.int64), np.arange(1, n, dtype=np.int64)])


def random_network(n, m, rng):
    """m edges between pairs drawn by lot (Erdos & Renyi 1959)."""
    n, m = checks.count("n", n, 2), checks.count("m", m, 0)
    if m > n * (n - 1) // 2:
        raise ValueError(f"m={m}: must be at most {n * (n - 1) // 2}, the number of pairs of {n} nodes")
    found = np.zeros(0, np.int64)
    while found.size < m:
        a, b = rng.integers(0, n, (2, 2 * (m - found.size) + 10))
        pair = np.minimum(a, b) * n + np.maximum(a, b)
        pair = np.concatenate([found, pair[a != b]])
        _, first = np.unique(pair, return_index=True)
        found = pair[np.sort(first)][:m]
    return np.stack([found // n, found % n], axis=1)


def scale_free(n, m, rng):
    """Nodes come one by one and tie themselves to m of those there, by their degrees (Barabasi & Albert 1999).

    It starts from m + 1 nodes all tied to one another.
    """
    n, m = checks.count("n", n, 2), checks.count("m", m)
    if m >= n:
        raise ValueError(f"m={m}: must be below the number of nodes, {n}")
    first = np.array(np.triu_indices(m + 1, 1)).T
    edges = np.empty((len(first) + m * (n - m - 1), 2), np.int64)
    edges[:len(first)] = first
    ends, size = edges.ravel(), 2 * len(first)  # each node stands there once for each of its edges
    for node in range(m + 1, n):
        chosen = set()
        while len(chosen) < m:
            chosen.add(int(ends[rng.integers(0, size)]))
        for other in sorted(chosen):
            ends[size:size + 2] = node, other
            size += 2
    return edges


def degrees(n, edges):
    """Edges at each node, int64 (n,)."""
    n = checks.count("n", n, 0)
    return np.bincount(checks.edges(n, edges).ravel(), minlength=n).astype(np.int64)


def _links(n, edges):
    return coo_matrix((np.ones(len(edges)), edges.T), shape=(n, n))


def largest_component(n, edges, alive=None):
    """Nodes in the largest component of those `alive` (n,), all if None."""
    n = checks.count("n", n, 0)
    edges = checks.edges(n, edges)
    if alive is not None:
        checks.numbers("alive", alive)
        alive = np.asarray(alive)
        if alive.shape != (n,) or alive.dtype != bool:
            raise ValueError(f"alive of shape {alive.shape} and type {alive.dtype}: must be bool of shape ({n},)")
        edges = edges[alive[edges].all(axis=1)]
    _, member = connected_components(_links(n, edges), directed=False)
    sizes = np.bincount(member if alive is None else member[alive])
    return int(sizes.max()) if sizes.size else 0


def giant(n, edges):
    """(nodes, edges) of the largest component, its nodes numbered anew from 0."""
    n = checks.count("n", n)
    edges = checks.edges(n, edges)
    _, member = connected_components(_links(n, edges), directed=False)
    inside = member == np.bincount(member).argmax()
    return int(inside.sum()), (np.cumsum(inside, dtype=np.int64) - 1)[edges[inside[edges[:, 0]]]]


def attack(n, edges, rng):
    """The nodes in the order of their degrees, the largest first; equals by lot: int64 (n,)."""
    n = checks.count("n", n, 0)
    return np.lexsort((rng.random(n), -degrees(n, edges))).astype(np.int64)


def reach(n, edges, order, removed):
    """Share of all n nodes in the largest component when the first round(removed * n) of `order` are gone.

    order (n,), each node once; removed (k,), shares; returns (k,).
    """
    n, removed = checks.count("n", n), checks.vector("removed", removed, 0, 1)
    edges, order, left = checks.edges(n, edges), checks.counts("order", order, 0), []
    if not np.array_equal(np.sort(order, axis=None), np.arange(n)) or order.ndim != 1:
        raise ValueError(f"order of shape {order.shape}: must hold each of {n} nodes, numbered from 0, once")
    for share in removed:
        alive = np.ones(n, bool)
        alive[order[:round(share * n)]] = False
        left.append(largest_component(n, edges, alive) / n)
    return np.array(left)


def failure_threshold(degree):
    """Share of nodes that must fail by lot until no giant component is left: 1 - 1 / (kappa - 1).

    kappa = mean of degree**2 / mean of degree (Molloy & Reed 1995; Cohen et al. 2000). For a random network
    it is 1 - 1 / mean degree.
    """
    degree = checks.vector("degree", degree, 0)
    if not degree.any():
        raise ValueError("degree: all are 0, so there is no network to break")
    kappa = (degree**2).mean() / degree.mean()
    return max(0.0, 1 - 1 / (kappa - 1)) if kappa > 2 else 0.0


def mean_distance(n, edges, sources=None):
    """Mean number of steps from `sources` (all if None) to every other node.

    sources: nodes (k,), or one. Raises ValueError if the network falls apart, when some distances are infinite.
    """
    n, edges = checks.count("n", n, 2), checks.edges(n, edges)
    if sources is not None:
        sources = checks.counts("sources", sources, 0)
        if sources.ndim > 1 or not sources.size or sources.max() >= n:
            raise ValueError(f"sources of shape {sources.shape}: must be nodes from 0 to {n - 1}, one or (k,)")
    links = _links(n, edges)
    pieces, _ = connected_components(links, directed=False)
    if pieces > 1:
        raise ValueError(f"edges: the network has {pieces} components; distances need one")
    steps = shortest_path(links, directed=False, unweighted=True, indices=sources)
    return float(np.sum(steps) / (np.atleast_2d(steps).shape[0] * (n - 1)))
