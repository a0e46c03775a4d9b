"""Division of labour by response thresholds: who works is decided by what each finds pressing.

Notation
    castes     0 majors, 1 minors
    s          stimulus: how pressing the task is (brood to tend, say); 0 or more
    threshold  (2,) theta, the stimulus at which a caste's idle member starts with probability 1/2 a step
    quitting   p: probability that an active member rests in a step
    demand     delta: what s grows by in a step
    relief     alpha: what s falls by in a step if all N members are active
    f          share of majors among the N members
    active     x: share of a caste that is active
"""

from typing import NamedTuple

import numpy as np

from . import checks

THRESHOLD = (8.0, 1.0)  # this and the next three: Bonabeau et al. 1996, their figure for two castes
QUITTING = 0.2
DEMAND = 1.0
RELIEF = 3.0
# Wilson 1984, Pheidole majors when minors run short: their activity rises so many times, and at least
# this share of the minors' missing work is done again.
WILSON_RISE = (15, 30)
WILSON_RESTORED = 0.75


class Steady(NamedTuple):
    stimulus: np.ndarray
    majors: np.ndarray
    minors: np.ndarray


class Course(NamedTuple):
    stimulus: np.ndarray
    active: np.ndarray


class Takeover(NamedTuple):
    rise: np.ndarray
    restored: np.ndarray


def response(stimulus, threshold):
    """Probability that an idle member starts: s**2 / (s**2 + theta**2), Bonabeau et al. 1996, equation 1."""
    s = checks.finite("stimulus", stimulus, 0)
    theta = checks.finite("threshold", threshold, 0, open_low=True)
    checks.together(stimulus=s, threshold=theta)
    return _response(s, theta)


def _response(s, theta):
    return s * s / (s * s + theta * theta)


def _settings(threshold, quitting, demand, relief):
    threshold = checks.vector("threshold", threshold, 0, least=2, open_low=True)
    if threshold.size != 2:
        raise ValueError(f"threshold of shape {threshold.shape}: must be (majors, minors)")
    quitting = checks.one_number("quitting", quitting, 0, 1, open_low=True)
    demand = checks.one_number("demand", demand, 0, open_low=True)
    return threshold, quitting, demand, checks.one_number("relief", relief, 0, open_low=True)


def steady_state(f, *, threshold=THRESHOLD, quitting=QUITTING, demand=DEMAND, relief=RELIEF):
    """Steady, each as f: the stimulus at which the work done is the work that comes in, exactly.

    A caste at rest with s has x = T / (T + p), and f x_major + (1 - f) x_minor = delta / alpha: a quadratic
    in s**2 with one positive root. f in [0, 1]. ValueError if delta / alpha is 1 / (1 + p) or more, the most
    that a colony can keep up.
    """
    f = checks.probability("f", f)
    (major, minor), p, demand, relief = _settings(threshold, quitting, demand, relief)
    needed = demand / relief
    if needed * (1 + p) >= 1:
        raise ValueError(f"demand={demand}: must be below relief / (1 + quitting) = {relief / (1 + p):g}, "
                         "or s grows for ever")
    a, b, q = p * major**2, p * minor**2, 1 + p
    square = q - needed * q * q
    linear = f * b + (1 - f) * a - needed * q * (a + b)
    constant = -needed * a * b
    # The form of the root without a difference of nearly equal numbers, for either sign of `linear`.
    half = -0.5 * (linear + np.copysign(np.sqrt(linear**2 - 4 * square * constant), linear))
    u = np.where(linear < 0, half / square, constant / half)
    return Steady(np.sqrt(u), u / (q * u + a), u / (q * u + b))


def takeover(f, *, scaled=True, threshold=THRESHOLD, quitting=QUITTING, demand=DEMAND, relief=RELIEF):
    """What the majors do once all minors are gone, each as f in (0, 1).

    rise: their activity over what it was. restored: the share of the minors' work that they take on. If
    `scaled`, the brood is as much smaller as the colony, as in `steady_state`; otherwise it stays, and no
    more than 1 / (1 + p) of them can be active at a time. Compare Wilson 1984: WILSON_RISE, WILSON_RESTORED.
    """
    f = checks.finite("f", f, 0, 1, open_low=True, open_high=True)
    settings = {"threshold": threshold, "quitting": quitting, "demand": demand, "relief": relief}
    before = steady_state(f, **settings).majors
    work = demand / relief
    after = np.full(f.shape, work) if checks.one_of("scaled", scaled, (False, True)) else np.minimum(work / f, 1 / (1 + quitting))
    # Scaled, each major faces the work of one member; else the work of 1 / f.
    missing = (work if scaled else work / f) - before
    return Takeover(after / before, (after - before) / missing)


def simulate(majors, minors, steps, rng, *, runs=1, removed=None, caste="minors", scaled=True,
             threshold=THRESHOLD, quitting=QUITTING, demand=DEMAND, relief=RELIEF):
    """Course of a colony: stimulus (steps + 1, runs) and numbers active, int64 (steps + 1, 2, runs).

    In a step each idle member starts with probability T(s), each active one rests with probability p, then s
    grows by delta - alpha * (number active) / N and never below 0 (Bonabeau et al. 1996, equations 1-3).
    Members of a caste are alike, so their number active is drawn in one: exact. At step `removed` the
    `caste` ("majors" or "minors") is taken away. If `scaled`, N then counts those left, so that the work
    shrinks with the colony; otherwise the work stays. All start idle, with s = 0.
    """
    size = np.array([checks.count("majors", majors, 0), checks.count("minors", minors, 0)], dtype=np.int64)
    if not size.all():
        checks.count("majors + minors", int(size.sum()))
    steps, runs = checks.count("steps", steps), checks.count("runs", runs)
    gone = ("majors", "minors").index(checks.one_of("caste", caste, ("majors", "minors")))
    if removed is not None:
        removed = checks.count("removed", removed)
        if size[1 - gone] == 0:
            raise ValueError(f"caste={caste!r}: must leave somebody, and there is no other")
    threshold, p, demand, relief = _settings(threshold, quitting, demand, relief)
    stimulus = np.zeros((steps + 1, runs))
    active = np.zeros((steps + 1, 2, runs), dtype=np.int64)
    total = size.sum()
    for step in range(steps):
        working = active[step]
        if step == removed:
            size[gone] = 0
            working = working.copy()
            working[gone] = 0
            total = size.sum() if scaled else total
        s = stimulus[step]
        starting = rng.binomial(size[:, np.newaxis] - working, _response(s, threshold[:, np.newaxis]))
        active[step + 1] = working - rng.binomial(working, p) + starting
        stimulus[step + 1] = np.maximum(s + demand - relief * active[step + 1].sum(axis=0) / total, 0)
    return Course(stimulus, active)
