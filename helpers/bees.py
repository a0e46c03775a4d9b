"""How a swarm of bees chooses a nest: discovery, recruitment, stop signals, a quorum.

Notation
    v        (2,) values of two sites; a bee finds a site, recruits to it and holds on to it the more
             easily the better it is: discovery and recruitment at rate v, abandonment at rate 1 / v
    a, b     shares of the scouts committed to site A and to site B; u = 1 - a - b the uncommitted
    sigma    rate at which a committed bee is stopped by the other side's, per share of them
    quorum   share of the scouts whose commitment to one site decides
    lambda   interdependence: how much a scout's first choice follows the dances, not her own search
"""
from typing import NamedTuple

import numpy as np

from . import checks

POINTS = 5  # that stand for a normal error of judging


class Decision(NamedTuple):
    """For each run: the site chosen (0, 1, ...; -1 for none in time) and when."""

    site: np.ndarray
    time: np.ndarray


def flow(a, b, v, sigma):
    """(da/dt, db/dt) of Pais et al. 2013, equation 2, with rates gamma = rho = v and alpha = 1 / v. a, b and sigma broadcast."""
    a, b, sigma = checks.finite("a", a), checks.finite("b", b), checks.finite("sigma", sigma, 0)
    checks.together(a=a, b=b, sigma=sigma)
    return _flow(a, b, _values(v), sigma)


def _flow(a, b, v, sigma):
    u = 1 - a - b
    return (v[0] * u - a * (1 / v[0] - v[0] * u + sigma * b),
            v[1] * u - b * (1 / v[1] - v[1] * u + sigma * a))


def course(a, b, v, sigma, time=60.0, dt=0.01):
    """Shares in time from (a, b): float64 (steps + 1, 2, ...), by Runge and Kutta's fourth-order steps.

    a, b broadcast; a, b >= 0 and a + b <= 1. dt may be at most 2 / (4 v + 1 / v + sigma), of the greater v and the
    lesser: a rate is below that sum, and longer steps go astray.
    """
    a, b = checks.probability("a", a), checks.probability("b", b)
    checks.together(a=a, b=b)
    a, b = np.broadcast_arrays(a, b)
    if np.any(a + b > 1):
        raise ValueError(f"a={a!r}, b={b!r}: must sum to at most 1")
    v, sigma = _values(v), checks.one_number("sigma", sigma, 0)
    dt = checks.one_number("dt", dt, 0, 2 / (4 * v.max() + 1 / v.min() + sigma), open_low=True)
    steps = checks.steps(checks.one_number("time", time, 0, open_low=True), "dt", dt)
    state = np.empty((steps + 1, 2, *a.shape))
    state[0] = a, b
    for step in range(steps):
        now = state[step]
        one = np.array(_flow(*now, v, sigma))
        two = np.array(_flow(*(now + dt / 2 * one), v, sigma))
        three = np.array(_flow(*(now + dt / 2 * two), v, sigma))
        four = np.array(_flow(*(now + dt * three), v, sigma))
        state[step + 1] = now + dt / 6 * (one + 2 * two + 2 * three + four)
    return state


def critical_stopping(v):
    """sigma* = 4 v**3 / (v**2 - 1)**2: beyond it, the tie between two sites of value v > 1 is unstable.

    Pais et al. 2013. There a = b = (1 - 1 / v**2) / 2, so that u = 1 / v**2.
    """
    v = checks.finite("v", v, 1, open_low=True)
    return 4 * v**3 / (v**2 - 1) ** 2


def swarm_decision(runs, rng, *, v, sigma, quorum, scouts=200, most=50.0, dt=0.02):
    """Decision of each of `runs` swarms of so many scouts, from all uncommitted.

    Pais's rates, drawn: in a time dt each scout changes with probability 1 - exp(-rate dt). A swarm decides
    when `quorum` of its scouts are committed to one site; after `most` it has not decided.
    """
    runs, scouts = checks.count("runs", runs), checks.count("scouts", scouts)
    v, sigma = _values(v), checks.one_number("sigma", sigma, 0)
    quorum = checks.one_number("quorum", quorum, 0, 1, open_low=True)
    most, dt = (checks.one_number(name, value, 0, open_low=True) for name, value in (("most", most), ("dt", dt)))
    needed = int(np.ceil(quorum * scouts - 1e-9))
    committed = np.zeros((2, runs), np.int64)
    site, when = np.full(runs, -1, np.int64), np.full(runs, float(most))
    for step in range(1, round(most / dt) + 1):
        share = committed / scouts
        joining = v[:, None] * (1 + share)
        idle = scouts - committed.sum(axis=0)
        leaving = rng.binomial(idle, 1 - np.exp(-dt * joining.sum(axis=0)))
        to_a = rng.binomial(leaving, joining[0] / joining.sum(axis=0))
        lost = rng.binomial(committed, 1 - np.exp(-dt * (1 / v[:, None] + sigma * share[::-1])))
        committed = committed - lost + np.stack([to_a, leaving - to_a])
        decided = (committed.max(axis=0) >= needed) & (site < 0)
        tie = rng.random(runs) < 0.5
        first = np.where(committed[0] == committed[1], tie, committed[1] > committed[0])
        site[decided], when[decided] = first[decided], step * dt
        if (site >= 0).all():
            break
    return Decision(site, when)


def scouts_agree(runs, rng, *, interdependence, independence=1.0, qualities=(3, 5, 7, 9, 10), bees=200,
                 steps=300, finding=0.05, error=0.0):
    """Dancers for each site after `steps` rounds: int64 (runs, sites).

    After List, Elsholtz & Seeley 2009. In a round a bee who does not dance takes up site i with probability
    (1 - lambda) * finding + lambda * (share of all bees who now dance for i). With probability
    `independence` she judges the site herself and dances about as many rounds as its quality (a
    geometric number of that mean); otherwise she copies, and dances for the mean quality of all sites. Judgements are
    off by normal errors of standard deviation `error`, at Gauss and Hermite's points, but are never below 1.
    """
    runs, bees = checks.count("runs", runs), checks.count("bees", bees)
    steps = checks.count("steps", steps)
    mix = checks.one_number("interdependence", interdependence, 0, 1)
    own = checks.one_number("independence", independence, 0, 1)
    quality = checks.vector("qualities", qualities, 1)
    find = checks.one_number("finding", finding, 0, 1 / quality.size, open_low=True)
    error = checks.one_number("error", error, 0)
    off, odds = np.polynomial.hermite_e.hermegauss(POINTS if error else 1)
    odds = odds / odds.sum()
    # dancers who judged the site, off by so much, and dancers who copied: each stops with its own probability
    judgement = np.maximum(quality + error * off[:, None], 1)
    stop = 1 / np.concatenate([judgement, np.full((1, quality.size), quality.mean())])
    dancing = np.zeros((runs, off.size + 1, quality.size), np.int64)
    for _ in range(steps):
        share = dancing.sum(axis=1) / bees
        chance = (1 - mix) * find + mix * share
        idle = bees - dancing.sum(axis=(1, 2))
        dancing = dancing - rng.binomial(dancing, stop)
        taken = np.concatenate([chance, 1 - chance.sum(axis=1, keepdims=True)], axis=1)
        new = rng.multinomial(idle, np.clip(taken, 0, 1))[:, :-1]
        judged = rng.binomial(new, own)
        dancing[:, -1] += new - judged
        dancing[:, :-1] += np.moveaxis(rng.multinomial(judged, odds), -1, 1) if error else judged[:, None]
    return dancing.sum(axis=1)


def majority_site(dancers):
    """The site for which more than half of the dancers dance, -1 if there is none: int64 (runs,).

    dancers (runs, sites), as `scouts_agree` returns them.
    """
    dancers = checks.counts("dancers", dancers, 0)
    if dancers.ndim != 2 or dancers.shape[1] == 0:
        raise ValueError(f"dancers of shape {dancers.shape}: must be (runs, sites), at least one site")
    total = dancers.sum(axis=1)
    best = dancers.argmax(axis=1).astype(np.int64)
    return np.where(2 * dancers.max(axis=1) > total, best, -1)


def _values(v):
    v = checks.vector("v", v, 0, least=2, open_low=True)
    if v.size != 2:
        raise ValueError(f"v of shape {v.shape}: must be (value of A, value of B)")
    return v
