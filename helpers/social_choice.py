"""Collective irrationality: majorities of sensible people that go in circles, or contradict themselves.

Notation
    orders       the six rankings of three candidates 0, 1, 2, best first: ORDERS (6, 3)
    culture      (6,) chance that a voter holds each order, independent of the others; all alike: the impartial culture
    n            voters, or judges; odd, so that no majority is tied
    verdicts     (n, 2) bool: what each judge holds of two premises. Each draws the conclusion: both premises are true
    held         (4,) chance that a judge holds neither premise, the second only, the first only, both
Condorcet 1785 for the circle; Guilbaud 1952 for its chance among many; Kornhauser & Sager 1986 for the judges.
All chances are exact; nothing here is simulated.
"""
import itertools
import math

import numpy as np

from . import checks

ORDERS = np.array(list(itertools.permutations(range(3))), np.int64)
PEAKED = np.array([order[-1] != 1 for order in ORDERS])  # on the line 0 - 1 - 2 nobody ranks the middle last
MOST = 201  # voters: C(204, 3) = 1.4 million ways for the counts to fall


def _odd(name, value):
    n = checks.count(name, value)
    if n % 2 == 0 or n > MOST:
        raise ValueError(f"{name}={value!r}: must be odd and at most {MOST}")
    return n


def _chances(name, value, size):
    chances = checks.vector(name, value, 0, 1)
    if chances.size != size or abs(chances.sum() - 1) > 1e-9:
        raise ValueError(f"{name}={value!r}: must hold {size} chances that sum to one")
    return chances


def majorities(rankings):
    """(m, m) bool: by a majority of the rankings (n, m), each best first, a is preferred to b."""
    rankings = checks.counts("rankings", rankings, 0)
    if (rankings.ndim != 2 or rankings.size == 0
            or np.any(np.sort(rankings, axis=1) != np.arange(rankings.shape[1]))):
        raise ValueError(f"rankings={rankings!r}: must be (n, m), each row an order of 0 to m - 1")
    place = np.argsort(rankings, axis=1)
    before = np.sum(place[:, :, np.newaxis] < place[:, np.newaxis, :], axis=0)
    return 2 * before > len(rankings)


def condorcet_winner(rankings):
    """The candidate whom a majority prefers to each other one, or None."""
    winners = np.flatnonzero(majorities(rankings).sum(axis=1) == np.shape(rankings)[1] - 1)
    return int(winners[0]) if winners.size else None


def culture(peaked):
    """The culture in which a share of the voters sees the candidates on one line, with one of them in the middle, and
    ranks them from its own place on it, so that nobody ranks the middle last (Black 1948); the rest is impartial."""
    share = checks.one_number("peaked", peaked, 0, 1)
    return share * PEAKED / PEAKED.sum() + (1 - share) / 6


def _multinomial(n, chances):
    """Every way for n to fall into four classes: counts (k, 4) and their chances (k,)."""
    i, j = np.divmod(np.arange((n + 1) ** 2, dtype=np.int64), n + 1)
    pair = np.stack([i, j], axis=1)[i + j <= n]
    left = n - pair.sum(axis=1)
    third = np.concatenate([np.arange(rest + 1, dtype=np.int64) for rest in left])
    pair = np.repeat(pair, (left + 1).astype(np.intp), axis=0)
    counts = np.column_stack([pair, third, n - pair.sum(axis=1) - third])
    logs = np.array([math.lgamma(k + 1) for k in range(n + 1)])
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 log 0: a class of no chance that nobody falls in
        terms = np.where(counts > 0, counts * np.log(chances), 0.0)
    return counts, np.exp(logs[n] - logs[counts].sum(axis=1) + terms.sum(axis=1))


def winner_chances(n, culture):
    """(3,) chance that each candidate beats both others among n voters of this culture."""
    n, culture = _odd("n", n), _chances("culture", culture, 6)
    place = np.argsort(ORDERS, axis=1)
    chances = []
    for one in range(3):
        others = [other for other in range(3) if other != one]
        beats = place[:, [one]] < place[:, others]  # (6, 2)
        classes = 2 * beats[:, 0] + beats[:, 1]
        counts, chance = _multinomial(n, np.bincount(classes, weights=culture, minlength=4))
        first, second = counts[:, 2] + counts[:, 3], counts[:, 1] + counts[:, 3]
        chances.append(chance[(2 * first > n) & (2 * second > n)].sum())
    return np.array(chances)


def cycle_chance(n, culture):
    """Chance that n voters, odd, have no Condorcet winner among three candidates: the majority goes in a circle."""
    return max(0.0, 1 - float(winner_chances(n, culture).sum()))  # rounding may leave less than nothing


def cycle_limit():
    """Its limit for many voters of the impartial culture: 1/4 - 3 arcsin(1/3) / (2 pi) (Guilbaud 1952)."""
    return 0.25 - 1.5 * math.asin(1 / 3) / math.pi


def court(verdicts):
    """(first, second, conclusion): what the majorities of judges say of two premises, and of their conclusion.

    verdicts (n, 2) bool. The court contradicts itself where conclusion is not (first and second).
    """
    checks.numbers("verdicts", verdicts)
    verdicts = np.asarray(verdicts)
    if verdicts.ndim != 2 or verdicts.shape[1] != 2 or verdicts.dtype != bool:
        raise ValueError(f"verdicts={verdicts!r}: must be bool of shape (n, 2)")
    n = _odd("len(verdicts)", len(verdicts))
    first, second = (int(count) for count in verdicts.sum(axis=0))
    return 2 * first > n, 2 * second > n, 2 * int(verdicts.all(axis=1).sum()) > n


def doctrinal_chances(n, held):
    """(premises, conclusion, contradiction): chances that n judges, odd, uphold both premises by majority; that they
    uphold the conclusion by majority; and that the two differ."""
    n, held = _odd("n", n), _chances("held", held, 4)
    counts, chance = _multinomial(n, held)
    by_premises = (2 * (counts[:, 2] + counts[:, 3]) > n) & (2 * (counts[:, 1] + counts[:, 3]) > n)
    by_conclusion = 2 * counts[:, 3] > n
    return tuple(float(chance[which].sum()) for which in (by_premises, by_conclusion, by_premises != by_conclusion))


def held(competence, truth=(True, True)):
    """(4,) `held` of a judge who is right about each premise with probability `competence`, independently."""
    p = checks.one_number("competence", competence, 0, 1)
    truth = checks.counts("truth", truth, 0)
    if truth.shape != (2,) or truth.max() > 1:
        raise ValueError(f"truth={truth.tolist()}: must be two truth values")
    first, second = ((p if real else 1 - p) for real in truth)
    return np.array([(1 - first) * (1 - second), (1 - first) * second, first * (1 - second), first * second])
