"""The central planner's estimators as they really are: which has a closed form, which a convex programme.

Notation
    n, d, k      cases, features, classes
    inputs       (n, d); least squares adds no constant, the classifiers add a bias, the last weight
    targets      (n,) numbers
    labels       (n,) whole numbers: the classes, from 0; two classes for logistic regression and the SVM
    correlation  rho, of two features of mean 0 and variance 1
    cost         C of the SVM: what one unit of slack costs, the most that an alpha can be
    ratio        gamma = p / n, features over cases
    signal       r^2, the squared length of the true coefficients
    noise        sigma^2, the variance of the targets around their mean
    risk         expected squared error of the predicted mean of a new target (without its noise)
"""
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import linprog
from scipy.special import expit

from . import checks


def _inputs(inputs):
    inputs = checks.finite("inputs", inputs)
    if inputs.ndim != 2 or 0 in inputs.shape:
        raise ValueError(f"inputs of shape {inputs.shape}: must be (cases, features), at least one of each")
    return inputs


def _problem(inputs, targets):
    inputs, targets = _inputs(inputs), checks.vector("targets", targets)
    if targets.size != len(inputs):
        raise ValueError(f"targets of shape {targets.shape}: must have shape ({len(inputs)},)")
    return inputs, targets


def _full_rank(inputs, what="inputs"):
    """Raise ValueError unless the columns are independent, whatever their units."""
    rank = np.linalg.matrix_rank(inputs / np.maximum(np.abs(inputs).max(axis=0), np.finfo(float).tiny))
    if rank < inputs.shape[1]:
        raise ValueError(f"{what} of rank {rank}: must have rank {inputs.shape[1]}, no column a combination of the others")


def _classes(inputs, labels, most=None):
    """The inputs, labels of every class from 0 on, and how many classes: at least two, at most `most`."""
    inputs, labels = _inputs(inputs), checks.counts("labels", labels, 0)
    if labels.shape != (len(inputs),):
        raise ValueError(f"labels of shape {labels.shape}: must have shape ({len(inputs)},)")
    if np.all(labels == labels[0]):
        raise ValueError(f"labels: all are {labels[0]}; there must be at least two classes")
    k = int(labels.max()) + 1
    if most and k > most:
        raise ValueError(f"labels: {k - 1} is not one of {most} classes, from 0")
    if k > len(labels) or not np.bincount(labels).all():
        raise ValueError(f"labels: the highest is {k - 1}, but not every class below it has a case")
    return inputs, labels, k


def least_squares(inputs, targets):
    """Weights (d,) of least squared error: a closed form, R^-1 Q'y with inputs = QR (no constant is added).

    Raises ValueError if the columns of the inputs are not independent.
    """
    inputs, targets = _problem(inputs, targets)
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

    Gauss-Seidel on the normal equations. With two features the error of the second contracts by exactly rho^2
    a sweep; with orthogonal ones a single sweep arrives.
    """
    inputs, targets = _problem(inputs, targets)
    size = (inputs**2).sum(axis=0)
    if not size.all():
        raise ValueError(f"inputs: column {int(size.argmin())} is all zero; each must have something to say")
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
    """Sweeps until two features' error is at most `tolerance` of what it was: least whole s with rho^(2s) so small."""
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
    Raises ValueError if S is singular.
    """
    inputs, labels, k = _classes(inputs, labels)
    means = np.stack([inputs[labels == one].mean(axis=0) for one in range(k)])
    within = inputs - means[labels]
    _full_rank(within, "inputs less the means of their classes,")
    covariance = within.T @ within / (len(inputs) - k)
    directions = np.linalg.solve(covariance, means.T).T
    bias = np.log(np.bincount(labels) / len(labels)) - (directions * means).sum(axis=1) / 2
    return Discriminant(means, covariance, np.column_stack([directions, bias]))


def linear_scores(inputs, weights):
    """The inputs' scores by weights (d + 1,) or (k, d + 1), the bias last: (n,) or (n, k)."""
    inputs, weights = _inputs(inputs), checks.finite("weights", weights)
    if weights.ndim not in (1, 2) or weights.shape[-1] != inputs.shape[1] + 1:
        raise ValueError(f"weights of shape {weights.shape}: must end with {inputs.shape[1] + 1}, features and a bias")
    return inputs @ weights[..., :-1].T + weights[..., -1]


def _binary(inputs, labels):
    inputs, labels, _ = _classes(inputs, labels, 2)
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
    step = np.linalg.lstsq(root[:, None] * extended, lag)[0]
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
    slope = q @ alphas - 1
    for _ in range(most):
        low, high = _ends(alphas, sign, cost, slope)
        i = int(low.argmax())
        if low[i] - high.min() <= tolerance:
            break
        gap = np.maximum(low[i] - high, 0)
        bend = np.maximum(q[i, i] + np.diag(q) - 2 * sign[i] * sign * q[i], 1e-12)
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
    system = np.block([[q[np.ix_(free, free)], sign[free, None]], [sign[free], np.zeros(1)]])
    change = np.linalg.lstsq(system, np.append((1 - q @ alphas)[free], -sign @ alphas))[0]
    alphas = alphas.copy()
    alphas[free] += change[:-1]
    return alphas


def _dual(q, sign, cost, alphas):
    """The best alphas, and the least and greatest bias that they allow; None for both if they are not exact."""
    # slopes are sums of alphas times q, and cannot be known better than their rounding
    good = 1e-12 * max(100.0, cost * np.abs(q).max())
    for tolerance in 10.0 ** -np.arange(0, 13):
        alphas = _smo(q, sign, cost, alphas, tolerance, 5000)
        solved = _exact(q, sign, cost, alphas)
        low, high = _ends(solved, sign, cost, q @ solved - 1)
        if solved.min() >= 0 and solved.max() <= cost and low.max() - high.min() <= good:
            return solved, low.max(), high.min()
    return alphas, None, None


def svm(inputs, labels, cost=1.0):
    """The soft-margin support vector machine: no formula, a quadratic programme with bounds (Cortes & Vapnik 1995).

    Its dual: most sum(alphas) - |sum(alphas sign x)|^2 / 2 with alphas in [0, cost] and sum(alphas sign) = 0.
    Pairs of alphas are improved until it is plain which are at an end; the others then solve linear equations.
    A high cost is come to from low ones. The bias is the middle of those that are as good. For a few hundred points.
    """
    inputs, labels, _ = _classes(inputs, labels, 2)
    cost = checks.one_number("cost", cost, 0, open_low=True)
    sign = 2.0 * labels - 1
    signed = sign[:, None] * inputs
    q = signed @ signed.T
    # from so low that nearly all are at the cost; what is right at a third of the cost is nearly right, three times as large
    steps = 1 + int(np.ceil(np.log(max(1.0, cost * np.abs(q).max())) / np.log(3)))
    alphas, at = np.zeros(len(sign)), cost
    for now in cost / 3.0**np.arange(steps - 1, -1, -1):
        alphas, at = np.where(alphas == at, now, np.minimum(alphas * (now / at), now)), now
        alphas, low, high = _dual(q, sign, now, alphas)
    if low is None:
        raise ValueError(f"cost={cost!r}: too high for inputs of this size to be solved exactly; it must be lower")
    return Machine(alphas, np.append(alphas @ signed, (low + high) / 2))


def svm_path(inputs, labels, costs):
    """alphas (c, n) for each of the costs (c,): straight between kinks, where a case meets or leaves the margin
    (Hastie, Rosset, Tibshirani & Zhu 2004)."""
    return np.stack([svm(inputs, labels, cost).alphas for cost in checks.vector("costs", costs, 0, open_low=True)])


def ridgeless_risk(ratio, *, signal=1.0, noise=0.25):
    """Risk of the shortest least squares at this ratio, n and p without end, features independent and of variance 1.

    noise g / (1 - g) below g = 1, signal (1 - 1/g) + noise / (g - 1) above, infinite between (Hastie, Montanari,
    Rosset & Tibshirani 2022, theorem 1). ratio of any shape.
    """
    g = checks.finite("ratio", ratio, 0, open_low=True)
    signal, noise = checks.finite("signal", signal, 0), checks.finite("noise", noise, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(noise > 0, noise * np.minimum(g, 1) / np.abs(1 - g), 0)
    return signal * np.maximum(0, 1 - 1 / g) + spread


def gaussian_risk(n, p, *, signal=1.0, noise=0.25):
    """The same for n cases and p normal features, exactly: noise p / (n - p - 1) for p < n - 1, signal (1 - n / p) +
    noise n / (p - n - 1) for p > n + 1, infinite between (Belkin, Hsu & Xu 2020, theorem 1, less the noise)."""
    n, p = checks.counts("n", n), checks.counts("p", p)
    signal, noise = checks.finite("signal", signal, 0), checks.finite("noise", noise, 0)
    left = np.abs(n - p) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(noise > 0, np.where(left > 0, noise * np.minimum(n, p) / left, np.inf), 0)
    return signal * np.maximum(0, 1 - n / p) + spread


def min_norm(inputs, targets):
    """Of all weights (d,) with the least squared error the shortest: by the normal equations, which is quick, or where
    these are near singular by singular values."""
    inputs, targets = _problem(inputs, targets)
    wide = inputs.shape[1] > inputs.shape[0]
    try:
        factor = cho_factor(inputs @ inputs.T if wide else inputs.T @ inputs)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(inputs, targets)[0]
    size = np.diag(factor[0])**2
    if size.min() < 1e-10 * size.max():
        return np.linalg.lstsq(inputs, targets)[0]
    return inputs.T @ cho_solve(factor, targets) if wide else cho_solve(factor, inputs.T @ targets)


def min_norm_risk(n, p, draws, rng, *, signal=1.0, noise=0.25):
    """Risk, (draws,), of the shortest least squares on n cases of p normal features, drawn anew each time."""
    n, p, draws = checks.count("n", n), checks.count("p", p), checks.count("draws", draws)
    signal, noise = checks.one_number("signal", signal, 0), checks.one_number("noise", noise, 0)
    true = np.full(p, np.sqrt(signal / p))  # any direction: the features have none
    risks = []
    for _ in range(draws):
        inputs = rng.standard_normal((n, p))
        targets = inputs @ true + np.sqrt(noise) * rng.standard_normal(n)
        risks.append(((min_norm(inputs, targets) - true)**2).sum())
    return np.array(risks)
