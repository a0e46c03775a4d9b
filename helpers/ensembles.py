"""Many models, one answer: votes, how right and how alike their members are, and what the vote is worth.

Notation
    m, n, k      members, cases, classes
    votes        (m, n) whole numbers: the class, from 0, that each member gives each case; -1 for no answer
    labels       (n,) whole numbers: the right classes
    weights      (m,) of the members, not negative; equal if None
    margin       of a case: weighted share of votes for the right class minus that for the likeliest wrong one
    competence   a member's share of right answers
"""
from typing import NamedTuple

import numpy as np

from . import checks

SAME = 1e-9  # shares that differ by less differ by rounding only


def _labels(labels, n):
    labels = checks.counts("labels", labels, 0)
    if labels.shape != (n,):
        raise ValueError(f"labels of shape {labels.shape}: must have shape ({n},)")
    return labels


def _classes(votes, labels):
    if np.all(labels == labels[0]):
        raise ValueError(f"labels: all are {labels[0]}; there must be at least two classes")
    return int(max(votes.max(), labels.max())) + 1


def _votes(votes):
    votes = checks.counts("votes", votes, -1)
    if votes.ndim != 2 or 0 in votes.shape:
        raise ValueError(f"votes of shape {votes.shape}: must be (members, cases), at least one of each")
    return votes


def _most(shares):
    """Where a class has the most votes of its case; shares that differ by rounding only are tied."""
    return shares >= shares.max(axis=1, keepdims=True) - SAME


def shares(votes, classes, weights=None):
    """Weighted share of the votes for each class, (n, classes); a case that nobody answers has zeros."""
    votes, classes = _votes(votes), checks.count("classes", classes, 2)
    if votes.max() >= classes:
        raise ValueError(f"votes: {votes.max()} is not one of {classes} classes, from 0")
    share = checks.weights("weights", np.ones(len(votes)) if weights is None else weights, len(votes))
    return np.stack([share @ (votes == one) for one in range(classes)], axis=1)


def right_chance(shares, labels):
    """Chance (n,) that the class with the most votes is right, ties drawn by lot: 1, 0, or one in so many.

    shares (n, k). Shares that differ by rounding only are tied.
    """
    shares = checks.finite("shares", shares, 0)
    if shares.ndim != 2 or 0 in shares.shape:
        raise ValueError(f"shares of shape {shares.shape}: must be (cases, classes), at least one of each")
    labels = _labels(labels, len(shares))
    if labels.max() >= shares.shape[1]:
        raise ValueError(f"labels: {labels.max()} is not one of {shares.shape[1]} classes, from 0")
    tied = _most(shares)
    return tied[np.arange(len(labels), dtype=np.int64), labels] / tied.sum(axis=1)


def vote_error(votes, labels, weights=None):
    """Share of the cases that the vote gets wrong, ties drawn by lot."""
    votes = _votes(votes)
    labels = _labels(labels, votes.shape[1])
    return float(1 - right_chance(shares(votes, _classes(votes, labels), weights), labels).mean())


def errors_by_size(votes, labels):
    """Error of the vote of the first 1, 2, ..., m members: (m,)."""
    votes = _votes(votes)
    labels = _labels(labels, votes.shape[1])
    count = np.zeros((votes.shape[1], _classes(votes, labels)))
    case, errors = np.arange(labels.size, dtype=np.int64), []
    for vote in votes:
        answered = vote >= 0
        count[case[answered], vote[answered]] += 1
        errors.append(1 - right_chance(count, labels).mean())
    return np.array(errors)


def competences(votes, labels):
    """Share of the cases that each member gets right: (m,)."""
    votes = _votes(votes)
    return (votes == _labels(labels, votes.shape[1])).mean(axis=1)


def error_correlation(votes, labels):
    """Intra-class correlation of the members' being right: mean covariance of two over the mean variance of one.

    With it, `crowd.variance_of_mean(m, mean variance, correlation)` is exactly the variance, over cases, of
    the share of members that are right; and for members of equal competence it is the rho of
    `juries.correlated_majority`. At most 1, at least -1 / (m - 1).
    """
    votes = _votes(votes)
    right = (votes == _labels(labels, votes.shape[1])).astype(float)
    m = len(right)
    if m < 2:
        raise ValueError("votes of one member: a correlation takes two")
    own = right.var(axis=1).mean()
    if own == 0:
        raise ValueError("votes: each member is always right or always wrong, so that nothing can correlate")
    return min(float((m * right.mean(axis=0).var() - own) / ((m - 1) * own)), 1.0)  # rounding may go beyond


def _leads(votes, labels, weights=None):
    """Margin of each case, and its likeliest wrong class, of tied ones the first, both (n,)."""
    share = shares(votes, _classes(votes, labels), weights)
    case = np.arange(labels.size, dtype=np.int64)
    right = share[case, labels]
    share[case, labels] = -1
    rival = _most(share).argmax(axis=1)
    return right - share[case, rival], rival


def margins(votes, labels, weights=None):
    """Margin of each case, (n,), in [-1, 1]: the vote is right where it is positive (Schapire et al. 1998)."""
    votes = _votes(votes)
    return _leads(votes, _labels(labels, votes.shape[1]), weights)[0]


class Strength(NamedTuple):
    """Of a forest (Breiman 2001): strength s, correlation rho, and the bound on its error, rho (1 - s^2) / s^2."""

    strength: float
    correlation: float
    bound: float


def strength(votes, labels):
    """Breiman's (2001, definitions 2.1-2.4 and theorem 2.3) strength, correlation and bound of a forest.

    s is the mean margin; rho the variance of the margin over the squared mean standard deviation of the
    members' raw margins (1 where a member is right, -1 where it gives the likeliest wrong class, else 0).
    With s not positive there is no bound: infinity. Where no raw margin varies, rho is set to 1.
    """
    votes = _votes(votes)
    labels = _labels(labels, votes.shape[1])
    margin, rival = _leads(votes, labels)
    raw = (votes == labels).astype(float) - (votes == rival)
    spread = raw.std(axis=1).mean()
    s = float(margin.mean())
    rho = float(margin.var() / spread**2) if spread > 0 else 1.0
    return Strength(s, rho, rho * (1 - s * s) / (s * s) if s > SAME else np.inf)


def majority_limits(m, competence):
    """(least, most) that the majority of m members, each right this often, can be right: m odd.

    The most: each right majority is as small as it can be and no right vote is wasted. The least: each
    wrong majority is as small as it can be (Kuncheva et al. 2003, patterns of success and failure).
    competence in [0, 1], any shape.
    """
    m = checks.count("m", m)
    p = checks.probability("competence", competence)
    if m % 2 == 0:
        raise ValueError(f"m={m}: must be odd")
    half = (m + 1) // 2
    return np.maximum(0, 1 - m * (1 - p) / half), np.minimum(1, m * p / half)


def worst_panel(votes, labels, size):
    """Members, int64 (size,), chosen one by one so that their vote is wrong as often as it can be made.

    Greedy: each next member is the one with whom the mean lead, right votes less wrong ones, is least, cut off
    just beyond a lost vote. All wrong votes of a case are taken as one, which for two classes they are.
    """
    votes = _votes(votes)
    labels = _labels(labels, votes.shape[1])
    size = checks.count("size", size)
    if size > len(votes):
        raise ValueError(f"size={size}: must be at most the number of members, {len(votes)}")
    lead = np.where(votes == labels, 1.0, -1.0)
    chosen, sums = [], np.zeros(labels.size)
    for _ in range(size):
        # A vote lost by one is as lost as one lost by ten: what is beyond helps no more.
        value = np.maximum(sums + lead, -1).mean(axis=1)
        value[chosen] = np.inf
        chosen.append(int(value.argmin()))
        sums += lead[chosen[-1]]
    return np.array(chosen, np.int64)
