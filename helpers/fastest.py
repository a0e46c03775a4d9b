"""The weights with which a graph agrees fastest, found by somebody who sees all of it.

Notation as in `consensus`. The symmetric fastest distributed linear averaging (Xiao & Boyd 2004) is the convex problem

    least rho(W(weights))

and with no weight and no W_ii below zero it is the fastest mixing Markov chain (Boyd, Diaconis & Xiao 2004). Both are
solved as linear programmes: rho is the greatest of |v^T W v| over unit vectors v, each v is one line in the weights, and
the v of the weights found so far are added until they gain nothing (Kelley's cutting planes).
"""
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from . import checks, consensus


class Fastest(NamedTuple):
    """weights (m,), their rho, and a bound below which no weights can bring it."""

    weights: np.ndarray
    rho: float
    bound: float


def best_constant(n, edges):
    """The one weight, the same for all links, with the least rho: 2 / (least + greatest eigenvalue of the Laplacian)."""
    n = checks.count("n", n)
    edges = checks.edges(n, edges)
    spectrum = np.linalg.eigvalsh(np.eye(n) - consensus.matrix(n, edges, np.ones(len(edges))))
    if spectrum[1] < 1e-9:
        raise ValueError("edges: the graph falls into parts, and no weight makes them agree")
    return float(2 / (spectrum[1] + spectrum[-1]))


def best_weights(n, edges, *, markov=False, within=1e-6, most=500):
    """Fastest weights; `markov`: none below zero, also of a node for itself.

    Raises ValueError if the graph falls into parts; RuntimeError if `most` programmes do not come `within` of the bound.
    """
    n, most = checks.count("n", n), checks.count("most", most)
    edges = checks.edges(n, edges)
    checks.one_number("within", within, 0)
    checks.one_of("markov", markov, (False, True))
    if len(edges) == 0 or np.any(consensus.parts(n, edges) > 0):
        raise ValueError("edges: the graph falls into parts, and no weights make them agree")
    m = len(edges)
    lines, limits = [], []
    if markov:  # what a node's links take is at most all it has
        for node in range(n):
            lines.append(np.append((edges == node).any(axis=1).astype(float), 0.0))
            limits.append(1.0)
    weights = np.full(m, best_constant(n, edges) if not markov else 1 / consensus.degrees(n, edges).max())
    best, best_rho, bound = weights, consensus.rho(consensus.matrix(n, edges, weights)), 0.0
    for _ in range(most):
        W = consensus.matrix(n, edges, weights) - 1 / n
        values, vectors = np.linalg.eigh(W)
        for at in (0, 1, -2, -1):  # v^T W v = v^T (I - 11^T / n) v - sum of weight (v_i - v_j)^2
            v = vectors[:, at]
            slope = (v[edges[:, 0]] - v[edges[:, 1]]) ** 2
            rest = 1 - v.sum() ** 2 / n
            for sign in (1, -1):
                lines.append(np.append(-sign * slope, -1.0))
                limits.append(-sign * rest)
        found = linprog(np.append(np.zeros(m), 1.0), np.array(lines), np.array(limits),
                        bounds=[(0 if markov else -2, 2)] * m + [(0, None)])
        if not found.success:
            raise RuntimeError(f"the linear programme failed: {found.message}")
        bound, trial = found.fun, found.x[:-1]
        # Half way back to the best so far: the programme's corners alone jump about.
        weights = (trial + best) / 2
        for candidate in (trial, weights):
            rho = consensus.rho(consensus.matrix(n, edges, candidate))
            if rho < best_rho:
                best, best_rho = candidate, rho
        if best_rho - bound <= within:
            return Fastest(best, best_rho, bound)
    raise RuntimeError(f"after {most} programmes rho is {best_rho:.6f} and its bound {bound:.6f}")
