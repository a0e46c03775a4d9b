"""Breiman's synthetic problems: what he tried bagging and random forests on.

Notation
    n        cases
    d        inputs of a case: 21 for the waveforms, 20 for the normals, 10 or 4 for Friedman's
    inputs   (n, d)
    labels   (n,) int64, from 0: every class has the same probability
    targets  (n,) what a regression is to predict: truth + noise
The waveforms are those of Breiman, Friedman, Olshen & Stone (1984, section 2.6.2), twonorm, threenorm
and ringnorm those of Breiman (1998, Arcing classifiers, Annals of Statistics 26), the regressions
those of Friedman (1991, Multivariate adaptive regression splines, Annals of Statistics 19).
Breiman used the waveforms and the regressions in Bagging predictors (1996), the rest in Random forests (2001).
"""

import math

import numpy as np

from . import checks

NORMAL_INPUTS = 20
TIMES = np.arange(1.0, 22)
# Three triangles of height 6 with their peaks at times 11, 15 and 7: h1, h2(t) = h1(t - 4), h3(t) = h1(t + 4).
WAVES = np.maximum(6 - np.abs(TIMES - np.array([[11.0], [15], [7]])), 0)
PAIRS = np.array([[0, 1], [0, 2], [1, 2]], dtype=np.int64)  # the waves that a class mixes
NOISE = {1: 1.0, 2: 125.0, 3: 0.1}  # Friedman's: standard deviation
# Least error that any rule can reach, where it is an elementary formula. Twonorm: the two means lie 4
# standard deviations apart, so it is Phi(-2).
BAYES_ERROR = {"twonorm": math.erfc(math.sqrt(2)) / 2}


def _labels(n, rng, classes=2):
    # int64 by name: NumPy's default integer has 32 bits on Pyodide.
    return rng.integers(classes, size=checks.count("n", n), dtype=np.int64)


def waveform(n, rng):
    """Inputs (n, 21) and labels (n,), 0 to 2: u h_a + (1 - u) h_b + N(0, 1), u uniform on (0, 1), one for a case.

    Class 0 mixes waves 1 and 2, class 1 waves 1 and 3, class 2 waves 2 and 3.
    """
    labels = _labels(n, rng, 3)
    a, b = WAVES[PAIRS[labels].T]
    share = rng.random((labels.size, 1))
    return share * a + (1 - share) * b + rng.standard_normal(a.shape), labels


def noisy_waveform(n, rng):
    """Inputs (n, 40) and labels (n,): `waveform`, and nineteen inputs of N(0, 1) that say nothing (Breiman et al. 1984)."""
    inputs, labels = waveform(n, rng)
    return np.hstack([inputs, rng.standard_normal((len(inputs), 19))]), labels


def twonorm(n, rng):
    """Inputs (n, 20) and labels (n,): N((a, ..., a), I) or N((-a, ..., -a), I), a = 2 / sqrt(20)."""
    labels = _labels(n, rng)
    mean = 2 / math.sqrt(NORMAL_INPUTS) * (1 - 2 * labels)
    return mean[:, np.newaxis] + rng.standard_normal((labels.size, NORMAL_INPUTS)), labels


def threenorm(n, rng):
    """Inputs (n, 20) and labels (n,), of unit covariance around one of three means, a = 2 / sqrt(20).

    Class 0 lies around (a, ..., a) or (-a, ..., -a), by the toss of a coin, class 1 around (a, -a, a, ..., -a).
    """
    labels = _labels(n, rng)
    side = 1 - 2 * rng.integers(2, size=labels.size, dtype=np.int64)
    alternating = 1 - 2 * (np.arange(NORMAL_INPUTS) % 2)
    signs = np.where(labels[:, np.newaxis] == 0, side[:, np.newaxis], alternating)
    return 2 / math.sqrt(NORMAL_INPUTS) * signs + rng.standard_normal(signs.shape), labels


def ringnorm(n, rng):
    """Inputs (n, 20) and labels (n,): N(0, 4 I) or, inside this ring, N((a, ..., a), I), a = 1 / sqrt(20)."""
    labels = _labels(n, rng)[:, np.newaxis]
    mean, deviation = labels / math.sqrt(NORMAL_INPUTS), 2 - labels
    return mean + deviation * rng.standard_normal((len(labels), NORMAL_INPUTS)), labels[:, 0]


CLASSIFICATION = {"waveform": waveform, "twonorm": twonorm, "threenorm": threenorm, "ringnorm": ringnorm}


def friedman_truth(number, inputs):
    """What Friedman's problem `number`, 1 to 3, has as the mean target (...) of inputs (..., d).

    1: 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5; further inputs do not matter.
    2, 3: the impedance and the phase of a circuit in series: resistance x1, angular frequency x2,
    inductance x3, capacitance x4. ValueError if x2, x4 or, for 3, x1 is 0.
    """
    checks.one_of("number", number, tuple(NOISE))
    inputs = checks.finite("inputs", inputs)
    used = 5 if number == 1 else 4
    if inputs.ndim == 0 or inputs.shape[-1] < used:
        raise ValueError(f"inputs of shape {inputs.shape}: must be (..., d), d at least {used}")
    if number == 1:
        x1, x2, x3, x4, x5 = np.moveaxis(inputs, -1, 0)[:used]
        return 10 * np.sin(np.pi * x1 * x2) + 20 * (x3 - 0.5) ** 2 + 10 * x4 + 5 * x5
    resistance, frequency, inductance, capacitance = np.moveaxis(inputs, -1, 0)[:used]
    if np.any(frequency * capacitance == 0) or number == 3 and np.any(resistance == 0):
        raise ValueError(f"inputs of shape {inputs.shape}: frequency, capacitance and, for number 3, resistance must not be 0")
    reactance = frequency * inductance - 1 / (frequency * capacitance)
    return np.hypot(resistance, reactance) if number == 2 else np.arctan(reactance / resistance)


def friedman(number, n, rng):
    """Inputs (n, 10) for number 1, (n, 4) for 2 and 3, and targets (n,): `friedman_truth` plus N(0, NOISE[number]^2).

    The inputs are uniform: for 1 on (0, 1); for 2 and 3 on (0, 100), (40 pi, 560 pi), (0, 1) and (1, 11).
    """
    checks.one_of("number", number, tuple(NOISE))
    n = checks.count("n", n)
    if number == 1:
        inputs = rng.random((n, 10))
    else:
        inputs = rng.uniform([0, 40 * np.pi, 0, 1], [100, 560 * np.pi, 1, 11], (n, 4))
    return inputs, friedman_truth(number, inputs) + NOISE[number] * rng.standard_normal(n)
