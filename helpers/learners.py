"""Two who learn one game together: the same payoff goes to both, and each must find out what the other does.

Notation
    payoffs        (m, n): what both earn when one plays a row and the other a column; or (s, m, n): s tables, one of
                   which, drawn anew in each round of each run, pays
    q              (runs, actions): what a learner expects of each of its actions
    alpha, beta    step sizes: q moves towards a payoff by alpha of the way up, and by beta of the way down
    temperatures   (rounds,), tau > 0: an action is chosen with a probability that grows as exp(value / tau), Boltzmann's

Claus & Boutilier 1998 for the games (in `games`), and for independent learners, who see payoffs alone, against joint-action
learners, who see what the other did. Two cures for independent learners: do not believe bad news at once (hysteretic,
Matignon, Laurent & Le Fort-Piat 2007; with beta = 0 optimistic, Lauer & Riedmiller 2000), or ask how often the best
payoff of an action has come (the FMQ heuristic, Kapetanakis & Kudenko 2002).
"""
from typing import NamedTuple

import numpy as np

from . import checks, games, lots

CLIMBING = games.NAMED["climbing"].A
# One of two payoffs, at even odds, with the means of CLIMBING (Kapetanakis & Kudenko 2002).
STOCHASTIC_CLIMBING = np.array([[[10.0, 5, 8], [5, 14, 12], [5, 5, 7]], [[12, -65, -8], [-65, 0, 0], [-5, -5, 3]]])


def cooling(rounds, start=16.0, keep=0.995, floor=0.05):
    """Temperatures (rounds,): `keep` of the last is left in each round, but never less than `floor`."""
    start, floor = (checks.one_number(name, value, 0, 1e6, open_low=True) for name, value in (("start", start), ("floor", floor)))
    keep = checks.one_number("keep", keep, 0, 1, open_low=True)
    left = np.concatenate([[start], np.full(checks.count("rounds", rounds) - 1, keep)])
    return np.maximum(np.cumprod(left), floor)


def tendencies(values, temperature):
    """Probabilities (..., actions) of the actions of `values`."""
    values, temperature = checks.finite("values", values), checks.finite("temperature", temperature, 0, open_low=True)
    if not values.ndim or not values.shape[-1]:
        raise ValueError(f"values of shape {values.shape}: must be (..., actions), at least one")
    checks.together(values=values, temperature=temperature)
    return lots.softmax(values / temperature)


class Independent:
    """Learners, one in each run, who see what they earn and nothing else. Hysteretic if beta is below alpha."""

    def __init__(self, runs, actions, others, *, alpha=0.1, beta=None):
        self.alpha = checks.one_number("alpha", alpha, 0, 1, open_low=True)
        self.beta = self.alpha if beta is None else checks.one_number("beta", beta, 0, 1)
        runs, actions = checks.count("runs", runs), checks.count("actions", actions)
        self.q = np.zeros((runs, actions))
        self.run = np.arange(runs, dtype=np.int64)

    def values(self):
        return self.q

    def learn(self, own, other, payoff):
        """own, other, payoff: (runs,). `other`, what the other did, goes unseen."""
        error = payoff - self.q[self.run, own]
        self.q[self.run, own] += np.where(error >= 0, self.alpha, self.beta) * error


class Frequent(Independent):
    """FMQ: a value is q + weight x (the best payoff that the action has brought) x (how often it has brought it)."""

    def __init__(self, runs, actions, others, *, alpha=0.1, weight=10.0):
        super().__init__(runs, actions, others, alpha=alpha)
        self.weight = checks.one_number("weight", weight, 0, 1e6)
        self.best = np.full(self.q.shape, -np.inf)
        self.times, self.tried = np.zeros(self.q.shape), np.zeros(self.q.shape)

    def values(self):
        tried = self.tried > 0
        return self.q + self.weight * np.where(tried, self.best, 0.0) * self.times / np.maximum(self.tried, 1)

    def learn(self, own, other, payoff):
        super().learn(own, other, payoff)
        at = self.run, own
        self.times[at] = np.where(payoff > self.best[at], 1, self.times[at] + (payoff == self.best[at]))
        self.best[at] = np.maximum(self.best[at], payoff)
        self.tried[at] += 1


class Joint:
    """Joint-action learners: q (runs, own, other), weighted by how often the other has done what (counts begin at 1)."""

    def __init__(self, runs, actions, others, *, alpha=0.1):
        self.alpha = checks.one_number("alpha", alpha, 0, 1, open_low=True)
        runs, actions, others = (checks.count(name, value) for name, value in (("runs", runs), ("actions", actions), ("others", others)))
        self.q = np.zeros((runs, actions, others))
        self.seen = np.ones((runs, others))
        self.run = np.arange(runs, dtype=np.int64)

    def values(self):
        return (self.q * self.seen[:, np.newaxis]).sum(axis=-1) / self.seen.sum(axis=-1, keepdims=True)

    def learn(self, own, other, payoff):
        self.q[self.run, own, other] += self.alpha * (payoff - self.q[self.run, own, other])
        self.seen[self.run, other] += 1


KINDS = {  # what they are called, and how (runs, actions, others, alpha) makes them
    "independent": lambda *sizes, alpha: Independent(*sizes, alpha=alpha),
    "joint-action": lambda *sizes, alpha: Joint(*sizes, alpha=alpha),
    "hysteretic": lambda *sizes, alpha: Independent(*sizes, alpha=alpha, beta=alpha / 10),
    "optimistic": lambda *sizes, alpha: Independent(*sizes, alpha=alpha, beta=0.0),
    "FMQ": lambda *sizes, alpha: Frequent(*sizes, alpha=alpha),
}


def tables(payoffs):
    """`payoffs` as (s, m, n)."""
    payoffs = checks.finite("payoffs", payoffs, -1e6, 1e6)
    if payoffs.ndim not in (2, 3) or 0 in payoffs.shape:
        raise ValueError(f"payoffs of shape {payoffs.shape}: must be (m, n) or (s, m, n)")
    return payoffs.reshape(-1, *payoffs.shape[-2:])


def one_round(payoffs, rows, columns, temperature, rng):
    """Both, made by one of KINDS, choose and learn. (row, column, payoff), each (runs,)."""
    pays = tables(payoffs)
    for name, one, actions in (("rows", rows, pays.shape[1]), ("columns", columns, pays.shape[2])):
        if not hasattr(one, "learn") or one.values().shape[1] != actions:
            raise ValueError(f"{name}={one!r}: must be a learner of {actions} actions, as many as payoffs has {name}")
    row, column = (lots.draw(tendencies(one.values(), temperature), rng) for one in (rows, columns))
    payoff = pays[rng.integers(0, len(pays), row.size) if len(pays) > 1 else 0, row, column]
    rows.learn(row, column, payoff)
    columns.learn(column, row, payoff)
    return row, column, payoff


class Played(NamedTuple):
    """What came of it: the shares (m, n) of the runs that ended with each pair of actions, and the runs' mean payoff (rounds,)."""

    shares: np.ndarray
    earned: np.ndarray


def play(payoffs, runs, temperatures, rng, kind="independent", *, alpha=0.1):
    """Two learners of the `kind`, one of KINDS, in each of so many runs; a run ends with what is played in its last round."""
    pays, temperatures = tables(payoffs), checks.vector("temperatures", temperatures, 0, 1e6, open_low=True)
    alpha = checks.one_number("alpha", alpha, 0, 1, open_low=True)
    make, (m, n) = KINDS[checks.one_of("kind", kind, tuple(KINDS))], pays.shape[1:]
    rows, columns = make(runs, m, n, alpha=alpha), make(runs, n, m, alpha=alpha)
    earned = np.empty(temperatures.size)
    for number, temperature in enumerate(temperatures):
        row, column, payoff = one_round(pays, rows, columns, temperature, rng)
        earned[number] = payoff.mean()
    return Played(np.bincount(row * n + column, minlength=m * n).reshape(m, n) / runs, earned)
