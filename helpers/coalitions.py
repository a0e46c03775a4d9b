"""What a group is worth with and without each of its members: cooperative games.

Notation
    n          players, numbered from 0
    coalition  a set S of players as a whole number: bit i, of worth 2^i, is set if player i is in it; 0 is nobody
    v          (..., 2^n) value of every coalition; leading axes are games side by side
    marginal   v(S + i) - v(S), what i adds to a coalition without i
    together   v(S + i + j) - v(S + i) - v(S + j) + v(S), by how much j's coming raises what i adds
Two players are complements if `together` is positive (each makes the other worth more), substitutes if it is negative (each does
what the other would have done). Shapley 1953; Banzhaf 1965; Owen 1972 and Grabisch & Roubens 1999 for the interaction index.
"""
import math
from typing import NamedTuple

import numpy as np

from . import checks

MOST = 16  # players: 65,536 coalitions


def players(v):
    """n, of a game of 2^n values."""
    shape = checks.numbers("v", v).shape
    size = shape[-1] if shape else 0
    n = size.bit_length() - 1
    if size != 1 << max(n, 0) or not 1 <= n <= MOST:
        raise ValueError(f"v of shape {shape}: must be (..., 2^n), n from 1 to {MOST}")
    return n


def members(n):
    """Who is in each coalition, bool (2^n, n)."""
    n = checks.count("n", n)
    _few(f"n={n}", n)
    return (np.arange(1 << n, dtype=np.int64)[:, None] >> np.arange(n, dtype=np.int64) & 1).astype(bool)


def _few(what, n):
    if n > MOST:
        raise ValueError(f"{what}: must be at most {MOST} players")


def _game(v):
    v = checks.finite("v", v)
    return v, players(v)


def _player(name, i, n):
    if checks.count(name, i, 0) >= n:
        raise ValueError(f"{name}={i}: must be one of the {n} players, from 0")
    return int(i)


def without(n, *who):
    """The coalitions without these players, int64 (2^(n - players),), ascending."""
    here = members(n)
    who = [_player("who", one, here.shape[1]) for one in who]
    return np.flatnonzero(~here[:, who].any(axis=1)).astype(np.int64)


def marginals(v, i):
    """What player i adds to each coalition of the others, (..., 2^(n-1)), as `without(n, i)` lists them."""
    v, n = _game(v)
    others, bit = without(n, _player("i", i, n)), 1 << int(i)
    return v[..., others | bit] - v[..., others]


def together(v, i, j):
    """By how much j's coming raises what i adds to each coalition of the rest, (..., 2^(n-2)), as `without(n, i, j)` lists them."""
    v, n = _game(v)
    if _player("i", i, n) == _player("j", j, n):
        raise ValueError(f"i={i}, j={j}: must be two players")
    others, first, second = without(n, i, j), 1 << int(i), 1 << int(j)
    return v[..., others | first | second] - v[..., others | first] - v[..., others | second] + v[..., others]


def _by_size(n, who):
    """Chance of each coalition of the other n - who players if its size is drawn first, all sizes alike: |S|! (m - |S|)! / (m + 1)!
    with m = n - who."""
    m = n - who
    chance = np.array([1 / ((m + 1) * math.comb(m, size)) for size in range(m + 1)])
    return chance[members(m).sum(axis=1)] if m else chance


def shapley(v):
    """What each player adds when all come in an order drawn by lot, (..., n): it sums to v(everybody) - v(nobody)."""
    v, n = _game(v)
    return np.stack([marginals(v, i) @ _by_size(n, 1) for i in range(n)], axis=-1)


def banzhaf(v):
    """What each player adds to a coalition of the others drawn by lot, all alike, (..., n)."""
    v, n = _game(v)
    return np.stack([marginals(v, i).mean(axis=-1) for i in range(n)], axis=-1)


def interactions(v):
    """Shapley interaction index of all pairs, (..., n, n), 0 on the diagonal: `together`, averaged with |S|! (n - |S| - 2)! / (n - 1)!.

    It is by how much the Shapley value of the one changes on average between games with the other for certain and without:
    positive for complements, negative for substitutes, 0 for players who never meet.
    """
    v, n = _game(v)
    found = np.zeros((*v.shape[:-1], n, n))
    for i in range(n):
        for j in range(i):
            found[..., i, j] = found[..., j, i] = together(v, i, j) @ _by_size(n, 2)
    return found


def alone(v):
    """What each player is worth alone, v(i) - v(nobody), (..., n)."""
    v, n = _game(v)
    return v[..., 1 << np.arange(n, dtype=np.int64)] - v[..., :1]


def missed(v):
    """What is lost if one player alone is removed, v(everybody) - v(everybody - i), (..., n): the single ablation."""
    v, n = _game(v)
    return v[..., -1:] - v[..., -1 - (1 << np.arange(n, dtype=np.int64))]


def total(v):
    """v(everybody) - v(nobody), (...,)."""
    v, _ = _game(v)
    return v[..., -1] - v[..., 0]


def redundancy(v):
    """1 - sum of `missed` / total, (...,): 0 if the values add up, 1 if nobody is missed, down to 1 - n if each is indispensable."""
    worth = total(v)
    if np.any(worth == 0):
        raise ValueError("v: everybody must be worth more or less than nobody")
    return 1 - missed(v).sum(axis=-1) / worth


def harm(v, tolerance=0.0):
    """Share of the coalitions of the others that each player makes worse by more than `tolerance`, (..., n)."""
    tolerance = checks.one_number("tolerance", tolerance, 0)
    return np.stack([(marginals(v, i) < -tolerance).mean(axis=-1) for i in range(players(v))], axis=-1)


class Kinds(NamedTuple):
    """Shares of the pairs of players, (...,) each; they sum to one."""

    substitutes: np.ndarray
    independent: np.ndarray
    complements: np.ndarray


def kinds(v, threshold):
    """Pairs by their interaction index: below -threshold, up to it, above it, all in units of the |total|."""
    threshold, worth = checks.one_number("threshold", threshold, 0), np.abs(total(v))[..., None]
    n = players(v)
    if n < 2:
        raise ValueError(f"v of shape {np.shape(v)}: must be of two players at least")
    pairs = interactions(v)[..., *np.triu_indices(n, 1)]
    below, above = (pairs < -threshold * worth).mean(axis=-1), (pairs > threshold * worth).mean(axis=-1)
    return Kinds(below, 1 - below - above, above)


def additive(worth):
    """A game without any interaction: a coalition is worth the sum of its members, worth (n,)."""
    worth = checks.vector("worth", worth)
    _few(f"worth of shape {worth.shape}", worth.size)
    return members(worth.size) @ worth


def gloves(left, right):
    """`left` players have a left glove, the next `right` a right one; a coalition is worth its pairs (Shapley & Shubik 1969)."""
    left, right = checks.count("left", left), checks.count("right", right)
    _few(f"left={left}, right={right}", left + right)
    here = members(left + right)
    return np.minimum(here[:, :left].sum(axis=1), here[:, left:].sum(axis=1)).astype(float)


def majority(votes, quota):
    """1 for the coalitions with at least `quota` of the votes (n,), 0 for the others (Shapley & Shubik 1954)."""
    votes = checks.vector("votes", votes, 0)
    _few(f"votes of shape {votes.shape}", votes.size)
    quota = checks.one_number("quota", quota, 0, votes.sum(), open_low=True)
    return (additive(votes) >= quota).astype(float)


def crowd(errors, nobody):
    """Minus the squared error of a coalition's mean guess, averaged over cases; `nobody` is the value without any guess.

    errors (n,) or (cases, n): guess less truth. People who err to opposite sides are complements.
    """
    errors, nobody = np.atleast_2d(checks.finite("errors", errors, -1e100, 1e100)), checks.one_number("nobody", nobody)
    if errors.ndim != 2 or 0 in errors.shape:
        raise ValueError(f"errors of shape {errors.shape}: must be (n,) or (cases, n)")
    _few(f"errors of shape {errors.shape}", errors.shape[1])
    here = members(errors.shape[1])[1:]
    means = errors @ here.T / here.sum(axis=1)
    return np.concatenate([[nobody], -(means * means).mean(axis=0)])
