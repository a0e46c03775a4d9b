"""Whose merit was it? Agents who learn one task from their own rewards, from the common one, or from their difference to it.

The bar problem of Wolpert, Wheeler & Tumer (2000), after Arthur's El Farol: each week each of N agents goes to a bar on
one of K nights, and enjoys it the less the fuller it is.

Notation
    x                (..., K): how many come on each night; c: how many a bar holds well
    G                sum over the nights of x exp(-x / c), what all enjoy together
    local            exp(-x / c) on one's own night: G is the sum of it over the agents
    difference       G - (G had one stayed away): local less the harm that one's coming does to the others (Wolpert &
                     Tumer's wonderful life utility; a toll after Pigou)
    policies         p (..., N, K): each agent draws its night, alone; p = softmax of theta
A reward is *factored* if whatever an agent does to raise its own raises G as well, and *learnable* if the agent can see
in it what it did itself. All agents learn by the policy gradient with a baseline (REINFORCE, Williams 1992). Their
central twin climbs the exact gradient of E[G] by all theta, as a network does on one loss; it is, agent by agent, the
expectation of what the difference and the common reward teach.
"""
import itertools
from typing import NamedTuple

import numpy as np

from . import checks, lots

LEAST = 0.01  # c: below it exp(1 / c), which is in the difference where nobody came, soon grows beyond all numbers
BASELINE = 0.05  # by how much the mean of past rewards moves towards the last


def world(x, c):
    """G of x (..., K)."""
    x, c = checks.finite("x", x, 0), checks.one_number("c", c, LEAST)
    return (x * np.exp(-x / c)).sum(axis=-1)


def _local(x, c):
    return np.exp(-x / c)


def _difference(x, c):
    return x * np.exp(-x / c) - (x - 1) * np.exp(-(x - 1) / c)


def _common(x, c):
    return np.broadcast_to((x * np.exp(-x / c)).sum(axis=-1, keepdims=True), x.shape)


REWARDS = {"local": _local, "common": _common, "difference": _difference}


def rewards(kind, x, c):
    """What one who came on each night is told, (..., K); x (..., K) counts him. `kind`: one of REWARDS."""
    x, c = checks.finite("x", x, 0), checks.one_number("c", c, LEAST)
    return REWARDS[checks.one_of("kind", kind, tuple(REWARDS))](x, c)


def optimum(agents, nights, c):
    """The best G, and the x, int64 (nights,), that has it, from the fewest up.

    x exp(-x / c) bends down until 2c and up from there on. Of two nights up there the fuller would better take from the
    other; two down there had better be even. So one night takes what the others, filled evenly, leave.
    """
    agents, nights = checks.count("agents", agents), checks.count("nights", nights, 2)
    last = np.arange(agents + 1, dtype=np.int64)
    others = (agents - last[:, np.newaxis] + np.arange(nights - 1, dtype=np.int64)) // (nights - 1)
    x = np.column_stack([others, last])
    worth = world(x, c)
    return float(worth.max()), np.sort(x[worth.argmax()])


def crowd(agents, nights, c):
    """G if each goes where it is emptiest: the Nash equilibrium of the local rewards, as even as can be."""
    agents, nights = checks.count("agents", agents), checks.count("nights", nights, 2)
    return float(world((agents + np.arange(nights, dtype=np.int64)) // nights, c))


def _policies(policies):
    policies = checks.probability("policies", policies)
    if policies.ndim < 2 or not np.allclose(policies.sum(axis=-1), 1, atol=1e-9):
        raise ValueError(f"policies of shape {policies.shape}: must be (..., agents, nights), each summing to one")
    return policies


def _one_game(policies):
    """p (N, K), of at least one agent and two nights."""
    p = _policies(policies)
    if p.ndim != 2 or p.shape[0] < 1 or p.shape[1] < 2:
        raise ValueError(f"policies of shape {p.shape}: must be (agents, nights), at least one agent and two nights")
    return p


def _expected(p, c):
    """E[G] (...) and its slopes by p, (..., N, K): E[G | i comes on k] - E[G | i stays away], all others by lot.

    With s = exp(-1 / c) and f = 1 - p (1 - s) for each who may come, E[s^x] is the product of f, and E[x s^x] = s
    times that product times the sum of p / f.
    """
    s = np.exp(-1 / c)
    f = 1 - p * (1 - s)
    product, total = f.prod(axis=-2, keepdims=True), (p / f).sum(axis=-2, keepdims=True)
    slopes = s * product / f * (1 - (1 - s) * (total - p / f))
    return s * (product * total).sum(axis=(-2, -1)), slopes


def expected(policies, c):
    """E[G], (...), of policies (..., N, K), exactly."""
    return _expected(_policies(policies), checks.one_number("c", c, LEAST))[0]


def gradient(policies, c):
    """dE[G] / dtheta, (..., N, K), exactly: what backpropagation from the one loss -E[G] gives each agent, but for the sign."""
    return _gradient(_policies(policies), checks.one_number("c", c, LEAST))


def _gradient(p, c):
    slopes = _expected(p, c)[1]
    return p * (slopes - (p * slopes).sum(axis=-1, keepdims=True))


def lesson(kind, policies, c):
    """What a policy gradient learns from a reward on average, and its variance, each (N, K), by every joint choice.

    For one agent's reward r and choice a: of r (1[a = k] - p_k). policies (N, K); nights ** agents at most 20,000.
    """
    p = _one_game(policies)
    agents, nights = p.shape
    if nights**agents > 20_000:
        raise ValueError(f"policies of shape {p.shape}: there are {nights**agents} joint choices; must be at most 20,000")
    choices = np.array(list(itertools.product(range(nights), repeat=agents)), np.int64)
    came = np.eye(nights)[choices]  # (joint choices, N, K)
    chance = (came * p).sum(axis=-1).prod(axis=-1)[:, np.newaxis, np.newaxis]
    reward = (came * rewards(kind, came.sum(axis=1), c)[:, np.newaxis]).sum(axis=-1, keepdims=True)
    said = reward * (came - p)
    mean = (chance * said).sum(axis=0)
    return mean, (chance * said**2).sum(axis=0) - mean**2


def _came(p, rng):
    """Who comes when, float (..., N, K) of 0 and 1."""
    return (lots.draw(p, rng)[..., np.newaxis] == np.arange(p.shape[-1])).astype(float)


def factored(kind, policies, c, weeks, rng):
    """In what share of one agent's changes of night its reward and G move the same way, both not at all included.

    policies (N, K). A choice of all, an agent and another night for it are drawn anew in each of so many weeks.
    """
    p, weeks = _one_game(policies), checks.count("weeks", weeks)
    agents, nights = p.shape
    came = _came(np.broadcast_to(p, (weeks, *p.shape)), rng)
    x, row = came.sum(axis=1), np.arange(weeks, dtype=np.int64)
    here = came[row, rng.integers(0, agents, weeks)].argmax(axis=-1)
    there = (here + rng.integers(1, nights, weeks)) % nights
    moved = x.copy()
    moved[row, here] -= 1
    moved[row, there] += 1
    own = rewards(kind, moved, c)[row, there] - rewards(kind, x, c)[row, here]
    return float(np.mean(np.sign(np.round(own, 12)) == np.sign(np.round(world(moved, c) - world(x, c), 12))))


def learnable(kind, policies, c, weeks, rng):
    """What share of the variance of a reward is due to the agent's own choice, on average over the agents.

    policies (N, K). For many agents alike: 1 / N for the common reward, as everybody's choice moves it as much.
    Raises ValueError if the reward of an agent never varied.
    """
    p = _one_game(policies)
    agents, nights = p.shape
    n, first, second = np.zeros(p.shape), np.zeros(p.shape), np.zeros(p.shape)
    left = weeks = checks.count("weeks", weeks, nights + 1)
    while left:
        now = min(left, 1 + 2_000_000 // p.size)
        came = _came(np.broadcast_to(p, (now, *p.shape)), rng)
        told = came * rewards(kind, came.sum(axis=1), c)[:, np.newaxis]
        n, first, second, left = n + came.sum(axis=0), first + told.sum(axis=0), second + (told**2).sum(axis=0), left - now
    within = (second - first**2 / np.maximum(n, 1)).sum(axis=-1) / (weeks - nights)
    whole = (second.sum(axis=-1) - first.sum(axis=-1) ** 2 / weeks) / (weeks - 1)
    if np.any(whole <= 1e-12 * second.sum(axis=-1) / weeks):  # no more than rounding leaves
        raise ValueError(f"policies, c={c!r}: the reward of agent {int(whole.argmin())} never varies; must in some weeks")
    return float(np.mean(1 - within / whole))


class Taught(NamedTuple):
    """E[G] of the policies after each `every` weeks, (runs, 1 + weeks // every), and the last policies, (runs, N, K)."""

    worth: np.ndarray
    policies: np.ndarray


def teach(kind, agents, nights, c, weeks, rng, *, runs=1, rate=0.1, every=1):
    """So many runs of agents who learn from the reward `kind`, one of REWARDS, or of their "central" twin, which needs no lot.

    All begin near indifference: theta normal, of standard deviation 0.1.
    """
    checks.one_of("kind", kind, (*REWARDS, "central"))
    agents, nights, runs = checks.count("agents", agents), checks.count("nights", nights, 2), checks.count("runs", runs)
    c, rate = checks.one_number("c", c, LEAST), checks.one_number("rate", rate, 0, open_low=True)
    weeks, every = checks.count("weeks", weeks, 0), checks.count("every", every)
    theta = rng.normal(0, 0.1, (runs, agents, nights))
    baseline, worth = None, []
    for week in range(weeks + 1):
        p = lots.softmax(theta)
        if week % every == 0:
            worth.append(_expected(p, c)[0])
        if week == weeks:
            return Taught(np.array(worth).T, p)
        if kind == "central":
            theta += rate * _gradient(p, c)
            continue
        came = _came(p, rng)
        told = (came * REWARDS[kind](came.sum(axis=1), c)[:, np.newaxis]).sum(axis=-1, keepdims=True)
        baseline = told if baseline is None else baseline
        theta += rate * (told - baseline) * (came - p)
        baseline = baseline + BASELINE * (told - baseline)
