import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from helpers import juries


@pytest.mark.parametrize(
    ("p", "table"),
    [
        (0.6, {1: 0.6, 3: 0.648, 5: 0.6826, 11: 0.7535, 13: 0.7712, 25: 0.8462, 51: 0.9265, 101: 0.9791}),
        (0.51, {101: 0.5799, 1001: 0.7366}),
        (0.7, {11: 0.9218}),
        (0.4, {11: 0.2465, 101: 0.0209}),
    ],
)
def test_condorcet_t1_2(p, table):
    got = juries.majority(list(table), p)
    np.testing.assert_allclose(got, list(table.values()), rtol=0, atol=5.001e-5)


@pytest.mark.parametrize(
    ("p", "target", "n"),
    [(0.51, 0.95, 6763), (0.55, 0.95, 269), (0.6, 0.95, 67), (0.7, 0.95, 17)]
    + [(0.51, 0.99, 13527), (0.55, 0.99, 539), (0.6, 0.99, 133)],
)
def test_smallest_jury_t1_2(p, target, n):
    assert juries.smallest_jury(p, target) == n
    assert juries.majority(n, p) >= target > juries.majority(n - 2, p)


def test_smallest_jury_edges():
    assert juries.smallest_jury(0.9, 0.9) == 1
    assert juries.smallest_jury(1, 0.999) == 1
    assert juries.smallest_jury(0.6, 0.61) == 3
    with pytest.raises(ValueError, match="^p="):
        juries.smallest_jury(0.5 + 1e-9, 0.99)


def test_twelve_jurors_t1_2():
    assert juries.majority(12, 0.8, ties="wrong") == pytest.approx(0.9806, abs=5e-5)
    assert juries.majority(12, 0.8, quorum=7) == juries.majority(12, 0.8, ties="wrong")
    assert juries.majority(12, 0.8, quorum=10) == pytest.approx(0.5583, abs=5e-5)
    assert juries.majority(12, 0.8, quorum=12) == pytest.approx(0.8**12)
    assert juries.majority(12, 0.8, quorum=12) == pytest.approx(0.0687, abs=5e-5)
    tie = 2 * (juries.majority(12, 0.8, ties="coin") - juries.majority(12, 0.8, ties="wrong"))
    assert tie == pytest.approx(0.0155, abs=5e-5)


# SciPy's binomial overflows for p near the smallest float (1.17.1).
@given(st.integers(1, 60), st.one_of(st.sampled_from([0, 1]), st.floats(1e-9, 1)))
def test_majority_against_scipy(n, p):
    assert juries.majority(n, p, ties="wrong") == pytest.approx(stats.binom.sf(n // 2, n, p), abs=1e-12)
    split = stats.binom.pmf(n // 2, n, p) / 2 if n % 2 == 0 else 0
    assert juries.majority(n, p, ties="coin") == pytest.approx(stats.binom.sf(n // 2, n, p) + split, abs=1e-12)
    if n % 2:  # with a coin the even juror adds nothing
        assert juries.majority(n + 1, p, ties="coin") == pytest.approx(juries.majority(n, p), abs=1e-12)


def enumerate_votes(p, weights, tie):
    total = 0.0
    for votes in product([0, 1], repeat=len(p)):
        chance = math.prod(a if v else 1 - a for a, v in zip(p, votes, strict=True))
        lead = math.fsum(w if v else -w for w, v in zip(weights, votes, strict=True))
        total += chance * (1 if lead > 1e-12 else tie if lead > -1e-12 else 0)
    return total


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_unequal_jurors_against_enumeration(p):
    for ties, tie in (("coin", 0.5), ("wrong", 0)):
        assert juries.majority_unequal(p, ties) == pytest.approx(enumerate_votes(p, [1] * len(p), tie), abs=1e-12)
    assert juries.weighted_majority(p, np.ones(len(p))) == pytest.approx(juries.majority_unequal(p, "coin"), abs=1e-12)


def test_poisson_binomial():
    p = [0.1, 0.5, 0.9]
    assert juries.poisson_binomial(p) == pytest.approx([0.045, 0.455, 0.455, 0.045])
    np.testing.assert_allclose(juries.poisson_binomial([0.3] * 50), stats.binom.pmf(range(51), 50, 0.3), rtol=1e-11)


@given(st.lists(st.floats(0.02, 0.98), min_size=1, max_size=6), st.lists(st.floats(0.1, 5), min_size=6, max_size=6))
def test_log_odds_weights_are_best(p, other):
    best = juries.weighted_majority(p, juries.log_odds_weights(p))
    assert best == pytest.approx(enumerate_votes(p, np.log(p) - np.log1p(-np.array(p)), 0.5), abs=1e-9)
    assert best >= juries.weighted_majority(p, other[: len(p)]) - 1e-12
    assert best >= max(p) - 1e-12


def test_a_split_is_seen_through_rounding():
    p = [0.9, 0.8, 0.6]
    assert 0.1 + 0.2 != 0.3
    exact = juries.weighted_majority(p, [1, 2, 3])
    assert juries.weighted_majority(p, [0.1, 0.2, 0.3]) == pytest.approx(exact, abs=1e-12)
    assert exact == pytest.approx(enumerate_votes(p, [1, 2, 3], 0.5), abs=1e-12)


def test_optimal_vote_may_be_dictatorial():
    # logit .95 = 2.94 > 4 logit .6 = 1.62
    p = [0.95, 0.6, 0.6, 0.6, 0.6]
    assert juries.weighted_majority(p, juries.log_odds_weights(p)) == pytest.approx(0.95)
    assert juries.majority_unequal(p) < 0.95


def test_correlated_t1_3():
    np.testing.assert_allclose(juries.correlated_majority(101, 0.6, [0.05, 0.1]), [0.7950, 0.7281], atol=5e-5)
    np.testing.assert_allclose(juries.correlated_limit(0.6, [0.05, 0.1]), [0.8145, 0.7361], atol=5e-5)


@pytest.mark.parametrize(("n", "p", "rho"), [(11, 0.6, 0.1), (10, 0.3, 0.4), (101, 0.55, 0.02)])
def test_correlated_against_the_integral_over_a_common_competence(n, p, rho):
    beta = stats.beta(p * (1 / rho - 1), (1 - p) * (1 / rho - 1))
    # in x = beta.cdf: smooth though the density may be infinite at 0 and 1
    integral = integrate.quad(lambda u: float(juries.majority(n, beta.ppf(u), ties="coin")), 0, 1, epsabs=1e-10)[0]
    assert juries.correlated_majority(n, p, rho, ties="coin") == pytest.approx(integral, abs=1e-8)
    scipy = stats.betabinom.sf(n // 2, n, p * (1 / rho - 1), (1 - p) * (1 / rho - 1))
    assert juries.correlated_majority(n, p, rho, ties="wrong") == pytest.approx(scipy, abs=1e-10)


@given(st.integers(1, 40), st.floats(0, 1))
def test_correlated_extremes(n, p):
    assert juries.correlated_majority(n, p, 0, "coin") == pytest.approx(juries.majority(n, p, "coin"), abs=1e-11)
    assert juries.correlated_majority(n, p, 1e-13, "coin") == pytest.approx(juries.majority(n, p, "coin"), abs=1e-9)
    assert juries.correlated_majority(n, p, 1, "wrong") == p
    assert juries.correlated_limit(p, 1) == p
    mirrored = juries.correlated_majority(n, 1 - p, 0.2, "coin")
    assert juries.correlated_majority(n, p, 0.2, "coin") == pytest.approx(1 - mirrored, abs=1e-10)


def test_correlated_limit_is_the_limit():
    p, rho = np.array([[0.3], [0.5], [0.6]]), np.array([0.01, 0.1, 0.5])
    limit = juries.correlated_limit(p, rho)
    near, far = (np.abs(juries.correlated_majority(n, p, rho) - limit) for n in (2001, 20_001))
    assert np.all(far < 4e-4)
    assert np.all(far < near / 9 + 1e-9)  # the distance falls as 1 / n
    assert juries.correlated_limit([0.4, 0.5, 0.6], 0).tolist() == [0, 0.5, 1]
    assert juries.correlated_limit([0, 1], 0.3).tolist() == [0, 1]


@pytest.mark.parametrize(("informed", "right"), [(5, 0.551), (10, 0.836), (15, 0.970)])
def test_audience_t1_7(informed, right):
    assert juries.audience(100, informed) == pytest.approx(right, abs=0.002)


def test_audience_with_twenty_informed_claim_c5():
    assert juries.audience(100, 20) == pytest.approx(0.998, abs=5e-4)


@pytest.mark.parametrize(("voters", "informed", "options"), [(1, 0, 2), (5, 1, 4), (6, 2, 3), (7, 0, 3), (4, 3, 4)])
def test_audience_against_enumeration(voters, informed, options):
    total = 0.0
    for votes in product(range(options), repeat=voters - informed):
        tally = np.bincount(votes, minlength=options)
        tally[0] += informed
        total += (tally[0] == tally.max()) / np.sum(tally == tally.max())
    exact = total / options ** (voters - informed)
    assert juries.audience(voters, informed, options) == pytest.approx(exact, abs=1e-12)


def test_audience_limits():
    for voters in (1, 30, 400):
        assert juries.audience(voters, 0, 4) == pytest.approx(1 / 4, abs=1e-10)
        assert juries.audience(voters, voters) == 1
    # two options: k informed shift a binomial
    assert juries.audience(21, 3, 2) == pytest.approx(stats.binom.sf(7, 18, 0.5), abs=1e-12)


def test_large_juries_stay_finite():
    assert juries.majority([3, 4], 2.3e-308, "wrong").tolist() == pytest.approx([0, 0], abs=1e-300)
    assert juries.majority(10**9 + 1, 0.5) == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("n", lambda: juries.majority(0, 0.6)),
        ("n", lambda: juries.majority(2.5, 0.6)),
        ("n", lambda: juries.majority(12, 0.6)),
        ("n", lambda: juries.majority([11, 12], 0.6)),
        ("n", lambda: juries.majority_unequal([0.6, 0.6])),
        ("n", lambda: juries.correlated_majority(2, 0.6, 0.1)),
        ("n", lambda: juries.correlated_majority([3, 5], 0.6, 0.1)),
        ("p", lambda: juries.majority(11, 1.1)),
        ("p", lambda: juries.majority(11, np.nan)),
        ("ties", lambda: juries.majority(12, 0.6, ties="right")),
        ("ties", lambda: juries.majority(12, 0.6, ties="coin", quorum=7)),
        ("quorum", lambda: juries.majority(12, 0.6, quorum=13)),
        ("quorum", lambda: juries.majority(12, 0.6, quorum=0)),
        ("p", lambda: juries.smallest_jury(0.5, 0.9)),
        ("p", lambda: juries.smallest_jury([0.6, 0.7], 0.9)),
        ("target", lambda: juries.smallest_jury(0.6, 1)),
        ("p", lambda: juries.poisson_binomial([])),
        ("p", lambda: juries.poisson_binomial([0.5, -0.1])),
        ("p", lambda: juries.majority_unequal(0.5)),
        ("p", lambda: juries.log_odds_weights([0.5, 1])),
        ("p", lambda: juries.weighted_majority([0.5] * 21, [1] * 21)),
        ("p", lambda: juries.weighted_majority([0.5, 1.5, 0.5], [1] * 3)),
        ("weights", lambda: juries.weighted_majority([0.5] * 3, [1] * 2)),
        ("weights", lambda: juries.weighted_majority([0.5] * 3, [1, 1, np.inf])),
        ("rho", lambda: juries.correlated_majority(3, 0.6, -0.1)),
        ("p", lambda: juries.correlated_majority(3, 1.6, 0.1)),
        ("rho", lambda: juries.correlated_limit(0.6, 2)),
        ("p", lambda: juries.correlated_limit(np.nan, 0.5)),
        ("voters", lambda: juries.audience(0, 0)),
        ("informed", lambda: juries.audience(10, 11)),
        ("informed", lambda: juries.audience(10, -1)),
        ("options", lambda: juries.audience(10, 1, 1)),
    ],
)
def test_bad_input_is_named(name, call):
    with pytest.raises(ValueError, match=rf"^{name}( of shape|=)"):
        call()
