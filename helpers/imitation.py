"""Learning a game by playing it, by rules none of which looks for an equilibrium: imitation, fictitious play, regret.

Notation
    A, B     (m, n): what the row and the column player are paid, together a `game` (games.Game)
    x, y     (..., m), (..., n): mixed strategies: shares of a population, or of the rounds played
    u, v     scores, log x and log y up to a constant each
    p, q     (m,), (n,): how many rounds each pure strategy was seen in, whole numbers
    z        (..., m, n): the share of the rounds in which each pair was played
Taylor 1979 and Hofbauer & Sigmund 1998 for the flow, Schlag 1998 for imitation as its source; Brown 1951, Robinson 1951
and Shapley 1964 for fictitious play; Hart & Mas-Colell 2000 for regret matching.
"""
import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from . import checks
from .lots import softmax

MOST = 20_000  # steps of a flow: seconds


def worth(game, x, y):
    """What each pure strategy gets, (..., m) and (..., n), against the other's mixed one."""
    x, y = _both("x", x, "y", y, game)
    return y @ game.A.T, x @ game.B


def _both(row_name, row, column_name, column, game):
    """Two finite arrays (..., m) and (..., n), alike but for their last axis."""
    row, column = checks.finite(row_name, row, -1e100, 1e100), checks.finite(column_name, column, -1e100, 1e100)
    if row.shape[-1:] + column.shape[-1:] != game.A.shape:
        raise ValueError(f"{row_name}, {column_name} of shapes {row.shape}, {column.shape}: must be (..., {game.A.shape[0]}), (..., {game.A.shape[1]})")
    checks.together(**{row_name: row[..., 0], column_name: column[..., 0]})
    return row, column


# --- imitation: those who earn more are copied, in proportion to how much more ------------------------------


def field(game, x, y):
    """The replicator flow of two populations, (dx, dy): dx_i = x_i ((A y)_i - x . A y), dy_j = y_j ((x B)_j - x B . y).

    field(game, x, x)[0] is the flow of one population that plays a symmetric game (B = A.T) against itself.
    """
    x, y = _both("x", x, "y", y, game)
    row, column = worth(game, x, y)
    return (x * (row - (x * row).sum(axis=-1, keepdims=True)), y * (column - (y * column).sum(axis=-1, keepdims=True)))


def advance(game, u, v, step):
    """Scores (u, v) a time `step` later along du = A y, dv = x B, the same flow: Runge and Kutta's fourth order.

    In scores no step, however long, leaves the simplex, and what is extinct remains so. `u` and `v` are trusted: scores, of
    which one at least is finite.
    """
    step = checks.one_number("step", step)
    def rates(u, v):
        return worth(game, softmax(u), softmax(v))

    a = rates(u, v)
    b = rates(u + step / 2 * a[0], v + step / 2 * a[1])
    c = rates(u + step / 2 * b[0], v + step / 2 * b[1])
    d = rates(u + step * c[0], v + step * c[1])
    u, v = (s + step / 6 * (s1 + 2 * s2 + 2 * s3 + s4) for s, s1, s2, s3, s4 in zip((u, v), a, b, c, d, strict=True))
    return u - u.max(axis=-1, keepdims=True), v - v.max(axis=-1, keepdims=True)


def flow(game, x, y=None, *, time, step=0.05):
    """Mixed strategies x (k, m), y (k, n) at every `step` of the flow from x (m,), y (n,); k = 1 + round(time / step).

    y None: one population, which plays a symmetric game against itself; y is then x all along.
    """
    alone = _alone(game, y)
    m, n = game.A.shape
    x, y = checks.weights("x", x, m), checks.weights("y", x if alone else y, n)
    time, step = checks.one_number("time", time, 0, 1e6), checks.one_number("step", step, 1e-6, 10)
    with np.errstate(divide="ignore"):
        u, v = np.log(x), np.log(y)
    path = [(x, y)]
    for _ in range(checks.steps(time, "step", step, MOST)):
        u, v = advance(game, u, v, step)
        v = u if alone else v
        path.append((softmax(u), softmax(v)))
    xs, ys = zip(*path, strict=True)
    return np.array(xs), np.array(ys)


def _alone(game, y):
    if y is None and not np.array_equal(game.A, game.B.T):
        raise ValueError("y=None: one population needs a symmetric game, B = A.T; must be what the others do")
    return y is None


def imitators(game, heads, others=None, *, time, step, rng, runs=1):
    """Shares x (k, runs, m), y (k, runs, n) at every `step`, of finite populations: heads (m,), others (n,) at first.

    In a round, of length `step`, each player meets one of the other population and sees what one of her own, chosen by
    lot, was paid in a meeting of hers. If that was more by d, she copies with a chance of `step` times d. All look
    before any copies. others None: one population. Players who do the same are alike, so that they are counted and not
    told apart. As the populations grow and the step shrinks, this comes to `flow`.
    """
    alone = _alone(game, others)
    m, n = game.A.shape
    heads, others = _heads("heads", heads, m), _heads("others", heads if alone else others, n)
    time, runs = checks.one_number("time", time, 0, 1e6), checks.count("runs", runs)
    spread = max(np.ptp(game.A), np.ptp(game.B), 1e-9)
    step = checks.one_number("step", step, 0, 1 / spread, open_low=True)  # a chance is at most one
    counts = [np.tile(heads, (runs, 1)), np.tile(others, (runs, 1))]
    more = [np.maximum(paid - paid[:, :, np.newaxis, np.newaxis], 0) for paid in (game.A, game.B.T)]  # at [i, k, j, l]
    path = [[count / count.sum(axis=1, keepdims=True) for count in counts]]
    for _ in range(checks.steps(time, "step", step, MOST)):
        x, y = path[-1]
        moved = [_copied(counts[0], x, y, more[0], step, rng)]
        moved.append(moved[0] if alone else _copied(counts[1], y, x, more[1], step, rng))
        counts = moved
        path.append([count / count.sum(axis=1, keepdims=True) for count in counts])
    xs, ys = zip(*path, strict=True)
    return np.array(xs), np.array(ys)


def _heads(name, value, m):
    heads = checks.counts(name, value, 0)
    if heads.shape != (m,) or heads.sum() == 0:
        raise ValueError(f"{name}={value!r}: must hold {m} whole numbers, not all zero")
    return heads


def _copied(count, x, y, more, step, rng):
    """Counts (runs, m) after a round: those who do i and met a k copy one who does j and met an l."""
    chance = step * x[:, np.newaxis] * np.einsum("rk,rl,ikjl->rij", y, y, more)
    own = np.arange(count.shape[1])
    chance[:, own, own] = 0
    chance[:, own, own] = np.maximum(1 - chance.sum(axis=2), 0)
    return rng.multinomial(count, chance).sum(axis=1)


# --- fictitious play: the best reply to how often the other has played what ------------------------------------


def _whole(paid):
    """Payoffs as lists of ints, in the ratios of the decimals as written: no rounding makes or breaks a tie."""
    exact = [[Fraction(str(float(one))) for one in row] for row in paid]
    unit = math.lcm(*(one.denominator for row in exact for one in row))
    return [[int(one * unit) for one in row] for row in exact]


def _reply(scores, now):
    """The best, and among equals `now`, or else the first."""
    best = max(scores)
    return now if scores[now] == best else scores.index(best)


def _patience(scores, gains, now):
    """Rounds until another than `now`, which is best, is strictly better, if each round adds `gains` to the scores."""
    return min(((scores[now] - score) // (gain - gains[now]) + 1
                for score, gain in zip(scores, gains, strict=True) if gain > gains[now]), default=math.inf)


def spells(game, p, q, first=(0, 0)):
    """Fictitious play after rounds in which p and q were seen: yields (i, j, rounds), the longest spells of one pair.

    In each round both play what would have earned most against all that they have seen of the other. Who has several
    such keeps to what she played last (`first` before the first round) if it is among them, or else takes the first.
    A spell that nobody will ever want to end has math.inf rounds, and is the last. Whole numbers all through: exact,
    and a million rounds take no longer than the spells in them.
    """
    A, B = _whole(game.A), _whole(game.B.T)
    u = [sum(a * seen for a, seen in zip(row, q, strict=True)) for row in A]
    v = [sum(b * seen for b, seen in zip(row, p, strict=True)) for row in B]
    (i, j), rounds = first, 0
    while rounds < math.inf:
        i, j = _reply(u, i), _reply(v, j)
        gains, others = [row[j] for row in A], [row[i] for row in B]
        rounds = min(_patience(u, gains, i), _patience(v, others, j))
        yield i, j, rounds
        if rounds < math.inf:
            u = [score + rounds * gain for score, gain in zip(u, gains, strict=True)]
            v = [score + rounds * gain for score, gain in zip(v, others, strict=True)]


class Play(NamedTuple):
    """Spells of the same pair: pairs (k, 2), rounds (k,); and p (k, m), q (k, n) at the end of each. All int64."""

    pairs: np.ndarray
    rounds: np.ndarray
    p: np.ndarray
    q: np.ndarray


def fictitious(game, rounds, p=None, q=None, first=(0, 0)):
    """The Play of so many rounds, its last spell cut short; p, q: what was seen before, None nothing. See `spells`."""
    m, n = game.A.shape
    rounds = checks.count("rounds", rounds)
    p, q = (np.zeros(size, np.int64) if seen is None else checks.counts(name, seen, 0)
            for name, seen, size in (("p", p, m), ("q", q, n)))
    for name, seen, size in (("p", p, m), ("q", q, n)):
        if seen.shape != (size,):
            raise ValueError(f"{name} of shape {seen.shape}: must be ({size},), one a strategy")
    first = checks.counts("first", first, 0)
    if first.shape != (2,) or first[0] >= m or first[1] >= n:
        raise ValueError(f"first={first.tolist()}: must be a row below {m} and a column below {n}")
    pairs, lengths, left = [], [], rounds
    for i, j, length in spells(game, p.tolist(), q.tolist(), first.tolist()):
        pairs.append((i, j))
        lengths.append(min(length, left))
        left -= lengths[-1]
        if not left:
            break
    pairs, lengths = np.array(pairs, np.int64), np.array(lengths, np.int64)
    seen = [before + np.cumsum(lengths[:, np.newaxis] * (played[:, np.newaxis] == np.arange(size)), axis=0)
            for before, played, size in ((p, pairs[:, 0], m), (q, pairs[:, 1], n))]
    return Play(pairs, lengths, *seen)


# --- regret matching: the more a change would have paid, the likelier it is ----------------------------------


def regrets(game, z):
    """What playing k wherever one played j would have added per round: (..., m, m) and (..., n, n), at [j, k]."""
    z = checks.finite("z", z, -1e100, 1e100)
    if z.shape[-2:] != game.A.shape:
        raise ValueError(f"z of shape {z.shape}: must be (..., {game.A.shape[0]}, {game.A.shape[1]})")
    row, column = z @ game.A.T, np.swapaxes(z, -1, -2) @ game.B  # at [j, k]: what k would get where j was played
    return tuple(paid - np.diagonal(paid, axis1=-2, axis2=-1)[..., np.newaxis] for paid in (row, column))


def worst_regret(game, z):
    """The greatest of all regrets, (...,); z is a correlated equilibrium (Aumann 1974) if and only if it is 0."""
    return np.maximum(*(regret.max(axis=(-2, -1)) for regret in regrets(game, z)))


def regret_matching(game, rounds, rng, runs=1):
    """Joint play z (len(rounds), runs, m, n) after so many rounds each, rising.

    Who played j last plays k with a chance of regret [j, k] / mu if that is above 0, and j again otherwise; mu is the
    greatest possible regret times the number of strategies. The first pair is drawn by lot. z comes to the correlated
    equilibria with probability one (Hart & Mas-Colell 2000).
    """
    rounds, runs = checks.counts("rounds", rounds), checks.count("runs", runs)
    if rounds.ndim != 1 or not rounds.size or np.any(np.diff(rounds) <= 0):
        raise ValueError(f"rounds={rounds.tolist()}: must be whole numbers, each above the last")
    m, n = game.A.shape
    mu = [max(np.ptp(game.A), 1e-9) * m, max(np.ptp(game.B), 1e-9) * n]
    every, counts, found = np.arange(runs), np.zeros((runs, m, n)), []
    i, j = rng.integers(0, m, runs), rng.integers(0, n, runs)
    for done in range(1, int(rounds[-1]) + 1):
        counts[every, i, j] += 1
        if done in rounds:
            found.append(counts / done)
        would = [counts[every, i] @ game.A.T, (counts[every, :, j][:, np.newaxis] @ game.B)[:, 0]]
        i, j = (_changed(paid / done, now, scale, rng) for paid, now, scale in zip(would, (i, j), mu, strict=True))
    return np.array(found)


def _changed(paid, now, mu, rng):
    chance = np.maximum(paid - paid[np.arange(now.size), now][:, np.newaxis], 0) / mu
    chosen = (rng.random(now.size)[:, np.newaxis] >= np.cumsum(chance, axis=1)).sum(axis=1)
    return np.where(chosen < chance.shape[1], chosen, now)
