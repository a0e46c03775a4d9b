"""Double descent: the risk of the shortest least squares, by formula and by drawing it.

Notation
    n, p         cases, features
    inputs       (n, p) of independent features of variance 1
    targets      (n,) numbers
    ratio        gamma = p / n, features over cases
    signal       r^2, the squared length of the true coefficients
    noise        sigma^2, the variance of the targets around their mean
    risk         expected squared error of the predicted mean of a new target (without its noise)
"""
import numpy as np
from scipy.linalg import cho_factor, cho_solve

from . import checks, statistical


def _alike(**arrays):
    """Raise ValueError unless the arrays' shapes go together."""
    shapes = [array.shape for array in arrays.values()]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        said = f"{', '.join(arrays)} of shapes {', '.join(map(str, shapes))}"
        raise ValueError(f"{said}: must be alike, or single numbers") from None


def _sizes(signal, noise):
    return (checks.finite(name, value, 0, statistical.LARGEST) for name, value in (("signal", signal), ("noise", noise)))


def limit_risk(ratio, *, signal=1.0, noise=0.25):
    """Risk of the shortest least squares at this ratio, n and p without end, features independent and of variance 1.

    noise g / (1 - g) below g = 1, signal (1 - 1/g) + noise / (g - 1) above, infinite between (Hastie, Montanari,
    Rosset & Tibshirani 2022, theorem 1). ratio of any shape.
    """
    g = checks.finite("ratio", ratio, 0, open_low=True)
    signal, noise = _sizes(signal, noise)
    _alike(ratio=g, signal=signal, noise=noise)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(noise > 0, noise * np.minimum(g, 1) / np.abs(1 - g), 0)
    return signal * np.maximum(0, 1 - 1 / g) + spread


def gaussian_risk(n, p, *, signal=1.0, noise=0.25):
    """The same for n cases and p normal features, exactly: noise p / (n - p - 1) for p < n - 1, signal (1 - n / p) +
    noise n / (p - n - 1) for p > n + 1, infinite between (Belkin, Hsu & Xu 2020, theorem 1, less the noise)."""
    n, p = checks.counts("n", n), checks.counts("p", p)
    signal, noise = _sizes(signal, noise)
    _alike(n=n, p=p, signal=signal, noise=noise)
    left = np.abs(n - p) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(noise > 0, np.where(left > 0, noise * np.minimum(n, p) / left, np.inf), 0)
    return signal * np.maximum(0, 1 - n / p) + spread


def min_norm(inputs, targets):
    """Of all weights (d,) with the least squared error the shortest: by the normal equations, which is quick, or where
    these are near singular by singular values."""
    inputs, targets = statistical.cases_and_targets(inputs, targets)
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
    signal = checks.one_number("signal", signal, 0, statistical.LARGEST)
    noise = checks.one_number("noise", noise, 0, statistical.LARGEST)
    true = np.full(p, np.sqrt(signal / p))  # any direction: the features have none
    risks = []
    for _ in range(draws):
        inputs = rng.standard_normal((n, p))
        targets = inputs @ true + np.sqrt(noise) * rng.standard_normal(n)
        risks.append(((min_norm(inputs, targets) - true)**2).sum())
    return np.array(risks)
