"""The central planner's estimators as they really are: which has a closed form, which only a convex loss.

Notation
    n, d, k      cases, features, classes
    inputs       (n, d); least squares adds no constant, the classifiers add a bias, the last weight
    targets      (n,) numbers
    labels       (n,) whole numbers: the classes, from 0; two classes for logistic regression
    correlation  rho, of two features of mean 0 and variance 1
"""
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import linprog
from scipy.special import expit

from . import checks

LARGEST = 1e100  # that inputs and targets may be: their squares, and sums of squares, must not overflow


def _inputs(inputs):
    inputs = checks.finite("inputs", inputs, -LARGEST, LARGEST)
    if inputs.ndim != 2 or 0 in inputs.shape:
        raise ValueError(f"inputs of shape {inputs.shape}: must be (cases, features), at least one of each")
    return inputs


def cases_and_targets(inputs, targets):
    """The inputs (n, d) and the targets (n,), no number above LARGEST."""
    inputs, targets = _inputs(inputs), checks.vector("targets", targets, -LARGEST, LARGEST)
    if targets.size != len(inputs):
        raise ValueError(f"targets of shape {targets.shape}: must have shape ({len(inputs)},)")
    return inputs, targets


def _full_rank(inputs, what="inputs"):
    """Raise ValueError unless the columns are independent, whatever their units."""
    rank = np.linalg.matrix_rank(inputs / np.maximum(np.abs(inputs).max(axis=0), np.finfo(float).tiny))
    if rank < inputs.shape[1]:
        raise ValueError(f"{what} of rank {rank}: must have rank {inputs.shape[1]}, no column a combination of the others")


def cases_and_labels(inputs, labels, most=None):
    """The inputs, labels of every class from 0 on, and how many classes: at least two, at most `most`."""
    inputs, labels = _inputs(inputs), checks.counts("labels", labels, 0)
    most = None if most is None else checks.count("most", most, 2)
    if labels.shape != (len(inputs),):
        raise ValueError(f"labels of shape {labels.shape}: must have shape ({len(inputs)},)")
    if np.all(labels == labels[0]):
        raise ValueError(f"labels: all are {labels[0]}; there must be at least two classes")
    k = int(labels.max()) + 1
    if most is not None and k > most:
        raise ValueError(f"labels: {k - 1} is not one of {most} classes, from 0")
    if k > len(labels) or not np.bincount(labels).all():
        raise ValueError(f"labels: the highest is {k - 1}, but not every class below it has a case")
    return inputs, labels, k


def least_squares(inputs, targets):
    """Weights (d,) of least squared error: a closed form, R^-1 Q'y with inputs = QR (no constant is added).

    Raises ValueError if the columns of the inputs are not independent.
    """
    inputs, targets = cases_and_targets(inputs, targets)
    _full_rank(inputs)
    q, r = np.linalg.qr(inputs)
    return solve_triangular(r, q.T @ targets)


def hessian(inputs):
    """X'X / n, (d, d): of half the mean squared error, everywhere the same; off the diagonal weights are coupled."""
    inputs = _inputs(inputs)
    return inputs.T @ inputs / len(inputs)


def correlated_pair(n, correlation, rng):
    """Inputs (n, 2) of mean 0 and variance 1 whose correlation is exactly this, in sample: n at least 3."""
    n, rho = checks.count("n", n, 3), checks.one_number("correlation", correlation, -1, 1)
    drawn = rng.standard_normal((n, 2))
    first, second = np.linalg.qr(drawn - drawn.mean(axis=0))[0].T * np.sqrt(n)
    return np.column_stack([first, rho * first + np.sqrt(1 - rho**2) * second])


def coordinate_descent(inputs, targets, sweeps):
    """Least squares one weight at a time, each at its best given the others: weights (sweeps + 1, d), from zero.

    Gauss-Seidel on the normal equations; with orthogonal features a single sweep arrives. With two of equal length,
    rho the cosine of the angle between them, the second weight's error e becomes exactly rho^(2s) e after s sweeps, and
    the first weight's, from the first sweep on and whatever it was, -rho^(2s - 1) e.
    """
    inputs, targets = cases_and_targets(inputs, targets)
    size = (inputs**2).sum(axis=0)
    if size.min() < np.finfo(float).tiny:
        raise ValueError(f"inputs: column {int(size.argmin())} is all zero, or its squares are; each must have something to say")
    weights, rest = np.zeros(inputs.shape[1]), targets.copy()
    path = [weights.copy()]
    for _ in range(checks.count("sweeps", sweeps, 0)):
        for one, column in enumerate(inputs.T):
            step = column @ rest / size[one]
            weights[one] += step
            rest -= step * column
        path.append(weights.copy())
    return np.array(path)


def sweeps_needed(correlation, tolerance=1e-6):
    """Sweeps until the error of the second of two weights is at most `tolerance` of what it was: rho^(2s), s whole.

    The first weight's error is then still |rho|^(2s - 1) of what the second's was at the start, 1 / |rho| times as much.
    """
    rho = checks.one_number("correlation", correlation, -1, 1, open_low=True, open_high=True)
    tolerance = checks.one_number("tolerance", tolerance, 0, 1, open_low=True, open_high=True)
    if rho == 0:
        return 1
    # the hair keeps rounding from adding a sweep where the power is the tolerance itself
    return max(1, int(np.ceil(np.log(tolerance) / (2 * np.log(abs(rho))) - 1e-9)))


class Discriminant(NamedTuple):
    """means (k, d), the covariance (d, d) within classes, and the linear scores: weights (k, d + 1), the bias last."""

    means: np.ndarray
    covariance: np.ndarray
    weights: np.ndarray


def discriminant(inputs, labels):
    """Linear discriminant analysis: a closed form (Fisher 1936; Hastie, Tibshirani & Friedman 2009, eq. 4.10).

    Score of class c: x' S^-1 m_c - m_c' S^-1 m_c / 2 + log of its share; S divides by n - k. The highest wins.
    Solved from the triangle R of inputs less their means = QR, each column by its own unit: S itself would square what is
    lost where columns are nearly alike. Raises ValueError if S is singular.
    """
    inputs, labels, k = cases_and_labels(inputs, labels)
    means = np.stack([inputs[labels == one].mean(axis=0) for one in range(k)])
    within = inputs - means[labels]
    _full_rank(within, "inputs less the means of their classes,")
    size, free = np.abs(within).max(axis=0), len(inputs) - k
    r = np.linalg.qr(within / size)[1]
    white = solve_triangular(r, (means / size).T, trans=1)  # the means where S is the unit matrix, but for n - k
    directions = free * solve_triangular(r, white).T / size
    bias = np.log(np.bincount(labels) / len(labels)) - free * (white * white).sum(axis=0) / 2
    return Discriminant(means, within.T @ within / free, np.column_stack([directions, bias]))


def linear_scores(inputs, weights):
    """The inputs' scores by weights (d + 1,) or (k, d + 1), the bias last: (n,) or (n, k)."""
    inputs, weights = _inputs(inputs), checks.finite("weights", weights)
    if weights.ndim not in (1, 2) or weights.shape[-1] != inputs.shape[1] + 1:
        raise ValueError(f"weights of shape {weights.shape}: must end with {inputs.shape[1] + 1}, features and a bias")
    return inputs @ weights[..., :-1].T + weights[..., -1]


def _binary(inputs, labels):
    inputs, labels, _ = cases_and_labels(inputs, labels, 2)
    extended = np.column_stack([inputs, np.ones(len(inputs))])
    _full_rank(extended, "inputs and a constant")
    return extended, labels


def separable(inputs, labels):
    """Whether some plane has no case on its wrong side and not all on it: then logistic regression has no maximum.

    Complete and quasi-complete separation (Albert & Anderson 1984), by a linear programme; overlap below a
    millionth of a feature's spread is not seen.
    """
    extended, labels = _binary(inputs, labels)
    middle = extended[:, :-1] - extended[:, :-1].mean(axis=0)
    extended[:, :-1] = middle / np.abs(middle).max(axis=0)
    signed = (2 * labels - 1)[:, None] * extended
    best = linprog(-signed.mean(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1))
    return bool(-best.fun > 1e-6)


def _mean_loss(extended, labels, weights):
    return np.logaddexp(0, (1 - 2 * labels) * (extended @ weights)).mean()


def _newton_step(extended, labels, weights):
    """Newton's step and the fall of the mean loss that it foretells; the step is halved until the loss does fall."""
    sign = 2 * labels - 1
    margin = sign * (extended @ weights)
    root = np.sqrt(expit(margin) * expit(-margin))  # not p (1 - p), which rounds to 0 for sure cases
    lag = sign * np.exp(np.minimum(-margin / 2, 700))  # (label - p) / root
    size = np.abs(extended).max(axis=0)  # least squares by singular values would drop a column of a small unit
    step = np.linalg.lstsq(root[:, None] * (extended / size), lag)[0] / size
    foretold = ((root[:, None] * extended @ step) @ lag) / (2 * len(labels))
    loss = _mean_loss(extended, labels, weights)
    while _mean_loss(extended, labels, weights + step) > loss * (1 + 1e-12):
        step = step / 2
    return step, foretold


def newton_path(inputs, labels, steps):
    """Newton's way to logistic regression, separable or not: weights (steps + 1, d + 1), from zero, steps at most 100.

    Each step is a weighted least squares of its own (IRLS). On separable data the weights grow without end.
    """
    extended, labels = _binary(inputs, labels)
    path = [np.zeros(extended.shape[1])]
    for _ in range(int(checks.one_number("steps", checks.count("steps", steps, 0), 0, 100))):
        path.append(path[-1] + _newton_step(extended, labels, path[-1])[0])
    return np.array(path)


class Logistic(NamedTuple):
    """weights (d + 1,), the bias last, the mean loss there in nats, and Newton's steps to it."""

    weights: np.ndarray
    loss: float
    steps: int


def logistic(inputs, labels):
    """Logistic regression without penalty: no closed form but a convex loss, by Newton.

    Raises ValueError on separable data, where the loss has no minimum and the weights would grow for ever.
    """
    if separable(inputs, labels):
        raise ValueError("labels: the inputs separate them, so that no weights are best; there must be an overlap")
    extended, labels = _binary(inputs, labels)
    weights = np.zeros(extended.shape[1])
    for steps in range(1, 201):
        step, foretold = _newton_step(extended, labels, weights)
        weights = weights + step
        if foretold < 1e-14:  # quadratic: the next would be 1e-28
            return Logistic(weights, float(_mean_loss(extended, labels, weights)), steps)
    raise ValueError("inputs: Newton did not converge in 200 steps; the overlap of the labels must not be so slight")


def logistic_hessian(inputs, weights):
    """(d + 1, d + 1), of the mean loss at `weights`: unlike least squares' it moves with them."""
    scores = linear_scores(inputs, weights)
    if scores.ndim != 1:
        raise ValueError(f"weights of shape {np.shape(weights)}: must have shape (d + 1,)")
    extended = np.column_stack([_inputs(inputs), np.ones(len(scores))])
    return (extended.T * (expit(scores) * expit(-scores))) @ extended / len(scores)
