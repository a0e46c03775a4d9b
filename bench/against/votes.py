"""Votes and guesses: the book's exact formulas beside simulating everybody, with NumPy, all voters of all juries at once.

10,000 juries, or crowds, of 1,001. A simulation must agree with its formula within five of its own standard errors. The formulas leave no
error at all; where the book has none, it draws one binomial number for a group, not one number for each of its members.
"""
from functools import partial

import numpy as np
from race import brief, faster, growth, grown, race

from helpers import crowd, juries

VOTERS, JURIES, AT_ONCE = 1001, 10_000, 500  # a simulation holds as many juries at once as fit the cache
P, RHO = 0.51, 0.02
NEEDED = VOTERS // 2 + 1


def in_parts(part):
    """What `part`(rng, juries) gives, of all juries, some at a time."""
    rng = np.random.default_rng(1)
    return np.concatenate([part(rng, AT_ONCE) for _ in range(JURIES // AT_ONCE)])


def alike(rng, count):
    return np.count_nonzero(rng.random((count, VOTERS)) < P, axis=1) >= NEEDED


def unlike(rng, count, p):
    return np.count_nonzero(rng.random((count, VOTERS)) < p, axis=1) >= NEEDED


def tied(rng, count):
    """Voters whose common competence is drawn for each jury."""
    p = rng.beta(P * (1 / RHO - 1), (1 - P) * (1 / RHO - 1), (count, 1))
    return np.count_nonzero(rng.random((count, VOTERS)) < p, axis=1) >= NEEDED


def crowds(rng, count):
    """Squared errors of the mean of a crowd's guesses."""
    biases = crowd.member_biases((count, VOTERS), rng, bias=1, diversity=0.7)
    return crowd.estimates(count, biases, rng, correlation=0.1).mean(axis=1)**2


def rows():
    p = np.random.default_rng(1).uniform(0.4, 0.62, VOTERS)
    for what, exact, part in (
            ("a vote, everybody as competent", lambda: juries.majority(VOTERS, P), alike),
            ("a vote, everybody with a competence of their own", lambda: juries.majority_unequal(p), partial(unlike, p=p)),
            ("a vote, correlated", lambda: juries.correlated_majority(VOTERS, P, RHO), tied),
            ("the error of a crowd's mean",
             lambda: crowd.expected_errors(VOTERS, correlation=0.1, bias=1, diversity=0.7).crowd_error, crowds)):
        simulated = in_parts(part)
        error = simulated.std() / np.sqrt(JURIES)
        assert abs(simulated.mean() - exact()) < 5 * error, what
        peer = f"{JURIES:,} simulated one by one, to {brief(100 * error / simulated.mean())}%"
        times = race({"book": (lambda exact=exact: exact, 100), peer: (lambda part=part: lambda: in_parts(part), 1)}, 5)
        yield faster(f"{what}, {VOTERS:,} voters, exactly", peer, times, None)
    drawn = race({"book": (lambda: lambda rng=np.random.default_rng(1): rng.binomial(VOTERS, P, JURIES), 5),
                  "NumPy, voter by voter": (lambda: lambda: in_parts(alike), 1)}, 5)
    yield faster(f"{JURIES:,} juries drawn, a binomial number each", "NumPy, voter by voter", drawn, None)
    sizes = (1001, 3001, 10_001, 30_001)
    yield grown("a vote: exponent of the formula's time in the voters, 1,001 to 30,001",
                growth(lambda n: lambda: juries.majority(n, P), sizes), 1.15)
    yield grown("a vote, competences of their own: that exponent; n convolutions of up to n: 2",
                growth(lambda n: lambda: juries.majority_unequal(np.full(n, P)), sizes[:3], 3), 2.1)
