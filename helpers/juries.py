"""Yes-or-no judgements: when is a vote right?

Notation
    n       jurors, or voters
    p       competence: probability that a juror judges rightly; one for all, or (n,)
    rho     intra-class correlation of two jurors' judgements, in [0, 1]
    quorum  votes needed for the right side to prevail; a majority needs n // 2 + 1
    ties    what an even split is worth: "coin" 1/2, "wrong" 0; it must be said where a split can occur
All results are exact probabilities; nothing here is simulated.
"""

import math

import numpy as np
from scipy import special, stats

from . import checks

TIES = {"coin": 0.5, "wrong": 0.0}
MOST_ENUMERATED = 20  # jurors: 2**20 verdicts take 16 MB


def _tie_value(n, ties):
    if ties is not None:
        return TIES[checks.one_of("ties", ties, tuple(TIES))]
    if np.any(np.asarray(n) % 2 == 0):
        raise ValueError(f"n={n}: an even jury can split; say ties='coin', ties='wrong' or give a quorum")
    return 0.0


def majority(n, p, ties=None, quorum=None):
    """Probability that independent jurors decide rightly: the binomial tail (Condorcet 1785).

    n, p and quorum broadcast. With a quorum there are no ties: fewer votes decide wrongly.
    """
    n, p = checks.counts("n", n), checks.probability("p", p)
    if quorum is None:
        tie = _tie_value(n, ties)
        # P(at least half) - P(more than half) is the probability of a split; for odd n it is zero.
        return (1 - tie) * _at_least(n // 2 + 1, n, p) + tie * _at_least((n + 1) // 2, n, p)
    if ties is not None:
        raise ValueError(f"ties={ties!r}: must be None where a quorum decides")
    quorum = checks.counts("quorum", quorum)
    if np.any(quorum > n):
        raise ValueError(f"quorum={quorum}: must be from 1 to n={n}")
    return _at_least(quorum, n, p)


def _at_least(k, n, p):
    return special.betainc(k, n - k + 1, p)


def smallest_jury(p, target):
    """Smallest odd number of independent jurors whose majority is right with at least `target`.

    p in (1/2, 1], target in (0, 1). ValueError if more than 10**9 would be needed.
    """
    p = checks.one_number("p", p, 0.5, 1, open_low=True)
    target = checks.one_number("target", target, 0, 1, open_low=True, open_high=True)

    def enough(m):  # n = 2 m + 1; for p > 1/2 it stays true once it is, so bisection applies
        return majority(2 * m + 1, p) >= target

    if enough(0):
        return 1
    low, high = 0, 1
    while not enough(high):
        low, high = high, 2 * high
        if high > 10**9:
            raise ValueError(f"p={p}: too close to 1/2 for target={target}; over 10**9 jurors are needed")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return 2 * high + 1


def poisson_binomial(p):
    """Probabilities (n + 1,) that 0..n of independent jurors with competences p (n,) are right."""
    pmf = np.ones(1)
    for right in checks.vector("p", p, 0, 1):
        pmf = np.append(pmf * (1 - right), 0.0) + np.append(0.0, pmf * right)
    return pmf


def majority_unequal(p, ties=None):
    """Probability that the majority of jurors with competences p (n,) is right."""
    pmf = poisson_binomial(p)
    n = pmf.size - 1
    tie = _tie_value(n, ties)
    split = pmf[n // 2] if n % 2 == 0 else 0.0
    return pmf[n // 2 + 1 :].sum() + tie * split


def log_odds_weights(p):
    """Weights log(p / (1 - p)) of the best weighted vote of independent jurors, p in (0, 1).

    Nitzan & Paroush 1982; Shapley & Grofman 1984. A juror below 1/2 has a negative weight.
    """
    return special.logit(checks.finite("p", p, 0, 1, open_low=True, open_high=True))


def weighted_majority(p, weights):
    """Probability that the side of greater weight is right; an even split is decided by a coin.

    p and weights (n,), n <= 20: exact, over all 2**n verdicts.
    """
    p, weights = checks.vector("p", p, 0, 1), checks.vector("weights", weights)
    if p.size > MOST_ENUMERATED:
        raise ValueError(f"p of shape {p.shape}: must hold at most {MOST_ENUMERATED} jurors")
    if weights.shape != p.shape:
        raise ValueError(f"weights of shape {weights.shape}: must have the shape of p, {p.shape}")
    chance, lead = np.ones(1), np.zeros(1)
    for right, weight in zip(p, weights, strict=True):
        chance = np.append(chance * (1 - right), chance * right)
        lead = np.append(lead - weight, lead + weight)
    # Equal sums of weights, added in another order, differ by rounding.
    split = np.abs(lead) <= 1e-12 * np.abs(weights).sum()
    return chance[(lead > 0) & ~split].sum() + chance[split].sum() / 2


def correlated_majority(n, p, rho, ties=None):
    """Probability that the majority of n exchangeable, correlated jurors is right: beta-binomial.

    One n; p and rho broadcast. Mean p and intra-class correlation rho (Ladha 1995): the jury's
    common competence is Beta(p (1/rho - 1), (1 - p) (1/rho - 1)). rho = 0 is `majority`; with rho = 1
    all judge alike, so nothing splits. It is also the competence at which one expert equals the jury.
    """
    n = checks.count("n", n)
    p, rho = checks.probability("p", p), checks.probability("rho", rho)
    checks.together(p=p, rho=rho)
    p, rho = np.broadcast_arrays(p, rho)
    tie = _tie_value(n, ties)
    one_mind = rho == 1
    # Products of p + i theta rather than Beta functions, which cancel badly as rho goes to 0.
    theta = np.where(one_mind, 0.0, rho / np.where(one_mind, 1.0, 1 - rho))[..., np.newaxis]
    steps = theta * np.arange(n, dtype=np.int64)
    with np.errstate(divide="ignore"):  # log(0) = -inf is right where p is 0 or 1
        right = _from_zero(np.log(p[..., np.newaxis] + steps))
        wrong = _from_zero(np.log(1 - p[..., np.newaxis] + steps))
    k = np.arange(n + 1, dtype=np.int64)
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    pmf = np.exp(ways + right + wrong[..., ::-1] - np.log1p(steps).sum(-1, keepdims=True))
    split = pmf[..., n // 2] if n % 2 == 0 else 0.0
    jury = pmf[..., n // 2 + 1 :].sum(-1) + tie * split
    return np.where(one_mind, p, jury)[()]


def _from_zero(logs):
    return np.concatenate([np.zeros_like(logs[..., :1]), np.cumsum(logs, -1)], -1)


def correlated_limit(p, rho):
    """Limit of `correlated_majority` for n to infinity: P(Beta > 1/2). p and rho broadcast."""
    p, rho = checks.probability("p", p), checks.probability("rho", rho)
    checks.together(p=p, rho=rho)
    p, rho = np.broadcast_arrays(p, rho)
    inside = (rho > 0) & (rho < 1) & (p > 0) & (p < 1)
    spread = 1 / np.where(inside, rho, 0.5) - 1
    safe = np.where(inside, p, 0.5)
    beta = special.betainc((1 - safe) * spread, safe * spread, 0.5)
    certain = np.where(rho == 0, np.heaviside(p - 0.5, 0.5), p)
    return np.where(inside, beta, certain)[()]


def audience(voters, informed, options=4):
    """Probability that the most votes fall on the right one of `options`; ties are drawn by lot.

    `informed` of the voters know it, the others vote uniformly. Exact: with independent Poisson
    counts for each option, conditioned on their total, the uniform votes are multinomial.
    """
    voters = checks.count("voters", voters)
    informed = checks.count("informed", informed, 0)
    options = checks.count("options", options, 2)
    if informed > voters:
        raise ValueError(f"informed={informed}: must be at most voters={voters}")
    if informed == voters:
        return 1.0
    guessing, wrong = voters - informed, options - 1
    rate = guessing / options
    poisson = stats.poisson.pmf(np.arange(voters + 1, dtype=np.int64), rate)
    total = 0.0
    for luck in range(informed == 0, guessing + 1):  # without a vote the right option cannot win
        votes, others = informed + luck, guessing - luck
        # powers[j]: j wrong options with fewer votes than the right one, by their total of votes
        fewer = poisson[: min(votes, others + 1)]
        powers = [np.ones(1)]
        for _ in range(wrong):
            powers.append(np.convolve(powers[-1], fewer)[: others + 1])
        for tied in range(wrong + 1):
            rest = others - tied * votes
            below = powers[wrong - tied]
            if 0 <= rest < below.size:
                ways = math.comb(wrong, tied) * poisson[votes] ** tied
                total += poisson[luck] * ways * below[rest] / (1 + tied)
    return float(total / stats.poisson.pmf(guessing, guessing))
