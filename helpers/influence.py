"""What talking does to a crowd: averaging, cascades, small groups.

Notation
    n        people; t: rounds of talk
    opinions (n,) estimates before anybody talks
    pull     fraction of the way to the crowd's consensus that everyone moves in a round
    weights  (n,) influence: what each person's opinion counts for in the consensus
    q        probability that a private signal about a yes-or-no matter is right
"""

import math
from typing import NamedTuple

import numpy as np

from . import checks

CASCADE_TIES = ("coin", "own")


class Cascade(NamedTuple):
    right: float
    wrong: float
    none: float


class GroupError(NamedTuple):
    bias: np.ndarray
    variance: np.ndarray
    mse: np.ndarray


def degroot(opinions, pull, rounds, weights=None):
    """Opinions (rounds + 1, n) while everyone moves by `pull` to the weighted mean, round by round.

    DeGroot 1974 with the trust matrix (1 - pull) I + pull 1 w'. The weighted mean c never moves,
    so everyone stands at c + (1 - pull)**t (opinion - c): exact. With equal weights (None) the
    crowd's error stays and its diversity dies, as in Lorenz et al. 2011.
    """
    opinions = checks.vector("opinions", opinions)
    pull = checks.one_number("pull", pull, 0, 1)
    rounds = checks.count("rounds", rounds, 0)
    n = opinions.size
    consensus = checks.weights("weights", np.ones(n) if weights is None else weights, n) @ opinions
    left = (1 - pull) ** np.arange(rounds + 1, dtype=np.int64)
    return consensus + left[:, np.newaxis] * (opinions - consensus)


def consensus_variance(weights, variance=1):
    """Variance of the consensus of independent opinions: variance * sum w**2 >= variance / n.

    weights (n,) are scaled to sum to one. Least for equal weights: a loud voice costs accuracy.
    """
    variance = checks.one_number("variance", variance, 0)
    weights = checks.vector("weights", weights, 0)
    share = checks.weights("weights", weights, weights.size)
    return variance * share @ share


def cascade(q, n, ties="coin"):
    """Probabilities that n people in a queue are in a right cascade, a wrong one, or none.

    Each sees a private signal and all earlier choices, and follows the likelier side; where both
    are equally likely, "coin" tosses one (Bikhchandani, Hirshleifer & Welch 1992) and "own" follows
    the signal. q in (1/2, 1]; n a whole number >= 0, or math.inf for the limit. Person n + 1
    chooses rightly with probability right + none * q under either rule.
    """
    q = checks.one_number("q", q, 0.5, 1, open_low=True)
    checks.one_of("ties", ties, CASCADE_TIES)
    pairs = math.inf if np.ndim(n) == 0 and n == math.inf else checks.count("n", n, 0) // 2
    # Outside a cascade people come in pairs: equal choices start a cascade, opposite ones cancel.
    # The second follows the first on an equal signal, and on an opposite one if the coin says so.
    swayed = 0.5 if ties == "coin" else 0.0
    right = q * (q + (1 - q) * swayed)
    wrong = (1 - q) * (1 - q + q * swayed)
    again = 2 * q * (1 - q) * (1 - swayed)
    none = again**pairs
    return Cascade(right * (1 - none) / (1 - again), wrong * (1 - none) / (1 - again), none)


def simulate_cascade(q, n, runs, rng, ties="coin"):
    """Choices (runs, n) of people in queues, True where right; rules as in `cascade`."""
    q = checks.one_number("q", q, 0.5, 1, open_low=True)
    n, runs = checks.count("n", n), checks.count("runs", runs)
    checks.one_of("ties", ties, CASCADE_TIES)
    signals = rng.random((runs, n)) < q
    coins = rng.random((runs, n)) < 0.5 if ties == "coin" else signals
    choices = np.empty((runs, n), dtype=bool)
    lead = np.zeros(runs, dtype=np.int64)  # right minus wrong choices that told something
    for person in range(n):
        evidence = lead + np.where(signals[:, person], 1, -1)
        choice = np.where(evidence == 0, coins[:, person], evidence > 0)
        choices[:, person] = choice
        # At a lead of two the choice is the same on either signal, so nothing more is learned.
        lead += np.where(np.abs(lead) < 2, np.where(choice, 1, -1), 0)
    return choices


def _talk(confident, persuasion, confident_error, other_error, noise):
    confident = checks.probability("confident", confident)
    persuasion = checks.probability("persuasion", persuasion)
    confident_error = checks.finite("confident_error", confident_error)
    other_error = checks.finite("other_error", other_error)
    return confident, persuasion, confident_error, other_error, checks.finite("noise", noise, 0)


def group_consensus(size, groups, *, confident, persuasion, confident_error, other_error, noise):
    """Bias, variance and mean squared error of the mean of `groups` consensuses of `size` people.

    OUR model, made to ask when the few groups of Navajas et al. 2018 can beat a great crowd; it is
    not theirs. A person is confident with probability `confident`. Estimates are off by
    `confident_error` or, for the others, `other_error`, plus independent noise of sd `noise`. In a
    group each confident member persuades with probability `persuasion`; if one does, all take over
    the confident error, and if none does the group takes its plain mean. Noise is averaged either
    way. size=1 is a crowd of `groups` people who do not talk. Exact; all arguments broadcast.

    Talk lets what few know spread: confident_error=0, other_error=b. It spreads as well what few
    are wrongly sure of: confident_error=b, other_error=0.
    """
    size, groups = checks.counts("size", size), checks.counts("groups", groups)
    c, a, sure, unsure, noise = _talk(confident, persuasion, confident_error, other_error, noise)
    silent = 1 - c * a
    moved = 1 - silent**size
    # Where nobody persuades, each member is confident with this conditional probability.
    still = c * (1 - a) / np.where(silent == 0, 1, silent)
    shift = sure - unsure
    mean = moved + (1 - moved) * still
    square = moved + (1 - moved) * (still * (1 - still) / size + still**2)
    bias = unsure + shift * mean
    # max: rounding may leave a variance of zero slightly below it
    variance = (shift**2 * np.maximum(square - mean**2, 0) + noise**2 / size) / groups
    return GroupError(bias, variance, bias**2 + variance)


def deliberate(size, groups, runs, rng, *, confident, persuasion, confident_error, other_error, noise):
    """Consensuses (runs, groups), as errors around the truth 0, of the model of `group_consensus`."""
    shape = tuple(checks.count(k, v) for k, v in (("runs", runs), ("groups", groups), ("size", size)))
    c, a, sure, unsure, noise = _talk(confident, persuasion, confident_error, other_error, noise)
    if {np.ndim(value) for value in (c, a, sure, unsure, noise)} != {0}:
        raise ValueError("confident, persuasion, confident_error, other_error, noise: must be one number each")
    known = rng.random(shape) < c
    persuaded = np.any(known & (rng.random(shape) < a), axis=-1, keepdims=True)
    estimates = np.where(known | persuaded, sure, unsure) + noise * rng.standard_normal(shape)
    return estimates.mean(axis=-1)
