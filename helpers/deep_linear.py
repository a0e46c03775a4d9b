"""Deep linear networks, which have an exact theory: modes learned one after another (Saxe, McClelland & Ganguli 2014). torch.

Notation
    s, u         strength of a mode: in the task (a singular value of what is to be learned), and in the network so far
    u0           u at the start; small, and balanced between the layers
    time, tau    time since the start, and its unit
"""
import numpy as np
import torch

from . import checks, deep


def mode_strength(time, s=1.0, u0=0.001, tau=1.0):
    """u(t) = s e^{2st/tau} / (e^{2st/tau} - 1 + s/u0): strength of a mode of a two-layer linear network with a small
    balanced start u0 (Saxe, McClelland & Ganguli 2014). time >= 0, any shape."""
    time, s = checks.finite("time", time, 0), checks.one_number("s", s, 0, open_low=True)
    u0, tau = checks.one_number("u0", u0, 0, open_low=True), checks.one_number("tau", tau, 0, open_low=True)
    return s / (1 + (s / u0 - 1) * np.exp(-2 * s * time / tau))


def mode_time(u, s=1.0, u0=0.001, tau=1.0):
    """(tau / 2s) ln[u (s - u0) / (u0 (s - u))]: when the mode has come to u, between u0 and s."""
    s, tau = checks.one_number("s", s, 0, open_low=True), checks.one_number("tau", tau, 0, open_low=True)
    u0 = checks.one_number("u0", u0, 0, s, open_low=True, open_high=True)
    u = checks.finite("u", u, u0, s, open_high=True)
    return tau / (2 * s) * np.log(u * (s - u0) / (u0 * (s - u)))


def learned_modes(matrix, rng, *, u0=0.001, aligned=True, rate=0.01, steps=1000):
    """(times, strengths): a two-layer linear network learning to be `matrix` (n_2, n_1), mode by mode.

    Inputs are white. Aligned: each mode starts at u0, balanced between the layers, in hidden directions drawn by lot,
    as the theory asks; else all weights are drawn by lot, so small that the network's matrix has entries of u0's size.
    times (steps + 1,) in units of tau, which is 1 / rate steps; strengths (steps + 1, modes), of the strongest mode
    first. Raises ValueError if it diverges.
    """
    matrix = checks.finite("matrix", matrix)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"matrix of shape {matrix.shape}: must be (outputs, inputs), at least one of each")
    u0 = checks.one_number("u0", u0, 0, open_low=True)
    steps, aligned = checks.count("steps", steps, 0), checks.one_of("aligned", aligned, (False, True))
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    width = len(right)
    if aligned:
        hidden = np.linalg.qr(rng.normal(size=(width, width)))[0] * u0**0.5
        start = [hidden @ right, left @ hidden.T]
    else:
        start = [rng.normal(0, (u0 / width**0.5) ** 0.5, size=shape) for shape in ((width, matrix.shape[1]), (matrix.shape[0], width))]
    white = np.eye(matrix.shape[1]) * matrix.shape[1] ** 0.5
    done = deep.train([torch.tensor(layer) for layer in start], deep.task(white, white @ matrix.T, ("identity", "identity"), layers=2),
                      rate=rate, steps=steps, keep=range(steps + 1))
    if done.diverged:
        raise ValueError(f"rate={rate!r}: the run diverged; must be smaller")
    strengths = [np.diag(left.T @ (second @ first).numpy() @ right.T) for first, second in done.kept.values()]
    return rate * np.arange(steps + 1), np.array(strengths)
