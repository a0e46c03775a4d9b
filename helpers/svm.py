"""The soft-margin support vector machine: no formula but a quadratic programme, solved to its last digits.

Notation
    n, d         cases, features
    inputs       (n, d); the machine adds a bias, the last weight
    labels       (n,) whole numbers: the classes 0 and 1
    sign         (n,) of the classes: -1 and 1
    cost         C: what one unit of slack costs, the most that an alpha can be
    alphas       (n,) what each case pulls at the plane: 0 for all but the support vectors
    q            (n, n) of the dual: sign times sign times the product of two cases
"""
from typing import NamedTuple

import numpy as np

from . import checks, statistical

EXACT = 1e-6  # of a margin, which is 1: where rounding hides more there is no solution


class Machine(NamedTuple):
    """alphas (n,), 0 for all but the support vectors, and the plane they make: weights (d + 1,), the bias last."""

    alphas: np.ndarray
    weights: np.ndarray


def _ends(alphas, sign, cost, slope):
    """Score of each case, the bias it asks for, and where it may be raised or lowered: least and greatest bias."""
    asked = -sign * slope
    up = np.where(sign > 0, alphas < cost, alphas > 0)
    down = np.where(sign > 0, alphas > 0, alphas < cost)
    return np.where(up, asked, -np.inf), np.where(down, asked, np.inf)


def _smo(q, sign, cost, alphas, tolerance, most):
    """Two alphas at a time, the pair that promises most (Platt 1999; Fan, Chen & Lin 2005), until within tolerance."""
    slope, flat = q @ alphas - 1, max(1e-12 * np.abs(q).max(), 1e-300)
    for _ in range(most):
        low, high = _ends(alphas, sign, cost, slope)
        i = int(low.argmax())
        if low[i] - high.min() <= tolerance:
            break
        gap = np.maximum(low[i] - high, 0)
        bend = np.maximum(q[i, i] + np.diag(q) - 2 * sign[i] * sign * q[i], flat)
        j = int((gap**2 / bend).argmax())
        room_i = cost - alphas[i] if sign[i] > 0 else alphas[i]
        room_j = alphas[j] if sign[j] > 0 else cost - alphas[j]
        step = min(gap[j] / bend[j], room_i, room_j)
        before = alphas[[i, j]]
        alphas[i] = (cost if sign[i] > 0 else 0) if step == room_i else alphas[i] + sign[i] * step
        alphas[j] = (0 if sign[j] > 0 else cost) if step == room_j else alphas[j] - sign[j] * step
        slope += q[:, [i, j]] @ (alphas[[i, j]] - before)
    return alphas


def _exact(q, sign, cost, alphas):
    """The alphas strictly inside (0, cost), by more than rounding, solved from their linear equations, the others at their ends."""
    alphas = np.where(alphas < 1e-13 * cost, 0, np.where(alphas > cost * (1 - 1e-13), cost, alphas))
    free = (alphas > 0) & (alphas < cost)
    if not free.any():
        return alphas
    size = max(np.abs(q).max(), 1e-300)  # the signs have no unit; so neither may q
    system = np.block([[q[np.ix_(free, free)] / size, sign[free, None]], [sign[free], np.zeros(1)]])
    change = np.linalg.lstsq(system, np.append((1 - q @ alphas)[free], -size * (sign @ alphas)))[0]
    alphas = alphas.copy()
    alphas[free] += change[:-1] / size
    return alphas


def _rounding(q, alphas):
    """What the slopes, sums of alphas times q, cannot be known better than."""
    return np.finfo(float).eps * (np.abs(q) @ alphas).max()


def _dual(q, sign, cost, alphas):
    """The best alphas, and the least and greatest bias that they allow; None for both if they are not exact."""
    for tolerance in 10.0 ** -np.arange(0, 13):
        alphas = _smo(q, sign, cost, alphas, tolerance, 5000)
        solved = _exact(q, sign, cost, alphas)
        low, high = _ends(solved, sign, cost, q @ solved - 1)
        good = max(1e-10, 10 * _rounding(q, solved))
        if solved.min() >= 0 and solved.max() <= cost and low.max() - high.min() <= good:
            return solved, low.max(), high.min()
    return alphas, None, None


def train(inputs, labels, cost=1.0):
    """The soft-margin support vector machine: no formula, a quadratic programme with bounds (Cortes & Vapnik 1995).

    Its dual: most sum(alphas) - |sum(alphas sign x)|^2 / 2 with alphas in [0, cost] and sum(alphas sign) = 0.
    Pairs of alphas are improved until it is plain which are at an end; the others then solve linear equations.
    A high cost is come to from low ones. The bias is the middle of those that are as good. For a few hundred points.
    Raises ValueError if the cost is so high that rounding hides where the margin is.
    """
    inputs, labels, _ = statistical.cases_and_labels(inputs, labels, 2)
    cost = checks.one_number("cost", cost, 0, open_low=True)
    sign = 2.0 * labels - 1
    signed = sign[:, None] * inputs
    q = signed @ signed.T
    # from so low that nearly all are at the cost; what is right at a third of the cost is nearly right, three times as large
    most = cost * float(np.abs(q).max())
    steps = 1 + int(np.ceil(np.log(max(1.0, most)) / np.log(3))) if np.isfinite(most) else 0
    alphas, at, low = np.zeros(len(sign)), cost, None
    for now in cost / 3.0**np.arange(steps - 1, -1, -1):
        alphas, at = np.where(alphas == at, now, np.minimum(alphas * (now / at), now)), now
        alphas, low, high = _dual(q, sign, now, alphas)
        if _rounding(q, alphas) > EXACT:  # and higher costs are no better
            low = None
            break
        if low is not None and alphas.max() < now:  # no alpha is held back, so higher costs change nothing
            break
    if low is None:
        raise ValueError(f"cost={cost!r}: too high for inputs of this size to be solved exactly; it must be lower")
    return Machine(alphas, np.append(alphas @ signed, (low + high) / 2))


def path(inputs, labels, costs):
    """alphas (c, n) for each of the costs (c,): straight between kinks, where a case meets or leaves the margin
    (Hastie, Rosset, Tibshirani & Zhu 2004)."""
    return np.stack([train(inputs, labels, cost).alphas for cost in checks.vector("costs", costs, 0, open_low=True)])
