import math
from itertools import combinations, permutations

import numpy as np
import pytest

from helpers import coalitions

SETS = {n: [frozenset(i for i in range(n) if s >> i & 1) for s in range(1 << n)] for n in range(1, 6)}


def a_game(n, seed=0, shape=()):
    return np.random.default_rng(seed).standard_normal((*shape, 1 << n))


def of(v, some):
    """The value of a set of players."""
    return v[..., sum(1 << i for i in some)]


# --- by their definitions --------------------------------------------------------------------------


def test_members():
    assert coalitions.members(3).tolist() == [[bool(s >> i & 1) for i in range(3)] for s in range(8)]
    assert coalitions.without(3, 1).tolist() == [0, 1, 4, 5] and coalitions.without(3, 0, 2).tolist() == [0, 2]
    assert coalitions.members(16).sum() == 16 << 15 and coalitions.players(np.zeros(1 << 16)) == 16
    assert coalitions.members(9).dtype == bool and coalitions.without(9, 0).dtype == np.int64


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_shapley_is_the_mean_over_all_orders(n):
    v, found = a_game(n), np.zeros(n)
    for order in permutations(range(n)):
        for at, i in enumerate(order):
            found[i] += of(v, order[:at + 1]) - of(v, order[:at])
    np.testing.assert_allclose(coalitions.shapley(v), found / math.factorial(n))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_banzhaf_and_marginals_and_harm_set_by_set(n):
    v = a_game(n, 1)
    for i in range(n):
        added = [of(v, some | {i}) - of(v, some) for some in SETS[n] if i not in some]
        assert coalitions.marginals(v, i).tolist() == added
        assert coalitions.banzhaf(v)[i] == pytest.approx(np.mean(added))
        assert coalitions.harm(v)[i] == np.mean(np.array(added) < 0)
        assert coalitions.harm(v, 0.8)[i] == np.mean(np.array(added) < -0.8)
        assert coalitions.alone(v)[i] == of(v, {i}) - v[0]
        assert coalitions.missed(v)[i] == v[-1] - of(v, set(range(n)) - {i})


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_interactions_set_by_set(n):
    """Grabisch & Roubens 1999: sum over S of |S|! (n - |S| - 2)! / (n - 1)! times the second difference."""
    v, found = a_game(n, 2), coalitions.interactions(a_game(n, 2))
    assert found.diagonal().tolist() == [0] * n
    for i, j in permutations(range(n), 2):
        seconds, rest = [], [some for some in SETS[n] if i not in some and j not in some]
        expected = 0
        for some in rest:
            seconds.append(of(v, some | {i, j}) - of(v, some | {i}) - of(v, some | {j}) + of(v, some))
            expected += math.factorial(len(some)) * math.factorial(n - len(some) - 2) / math.factorial(n - 1) * seconds[-1]
        np.testing.assert_allclose(coalitions.together(v, i, j), seconds, rtol=1e-12, atol=1e-12)
        assert found[i, j] == pytest.approx(expected)


@pytest.mark.parametrize("i, j", [(0, 3), (2, 1)])
def test_interaction_is_what_the_one_makes_of_the_other(i, j):
    """The Shapley value of i in the game with j for certain, less that in the game without j (Owen 1972)."""
    v, rest = a_game(4, 3), [k for k in range(4) if k != j]
    with_j, without_j = (np.array([of(v, {rest[k] for k in some} | there) for some in SETS[3]]) for there in ({j}, set()))
    expected = coalitions.shapley(with_j) - coalitions.shapley(without_j)
    assert coalitions.interactions(v)[i, j] == pytest.approx(expected[rest.index(i)])


# --- closed forms ----------------------------------------------------------------------------------


def test_an_additive_game():
    worth = np.array([3.0, -1, 0, 0.5])
    v = coalitions.additive(worth)
    assert v[0b1011] == 2.5
    for found in (coalitions.shapley, coalitions.banzhaf, coalitions.alone, coalitions.missed):
        np.testing.assert_allclose(found(v), worth)
    np.testing.assert_allclose(coalitions.interactions(v), 0, atol=1e-15)
    assert coalitions.redundancy(v) == 0 and coalitions.harm(v).tolist() == [0, 1, 0, 0]
    assert coalitions.kinds(v, 1e-9) == (0, 1, 0)


def test_gloves():
    """One left glove and two right ones: 2/3, 1/6, 1/6. The right ones compete; each needs the left one."""
    v = coalitions.gloves(1, 2)
    assert v.tolist() == [0, 0, 0, 1, 0, 1, 0, 1]
    np.testing.assert_allclose(coalitions.shapley(v), [2 / 3, 1 / 6, 1 / 6])
    np.testing.assert_allclose(coalitions.banzhaf(v), [3 / 4, 1 / 4, 1 / 4])
    np.testing.assert_allclose(coalitions.interactions(v), [[0, 1 / 2, 1 / 2], [1 / 2, 0, -1 / 2], [1 / 2, -1 / 2, 0]])
    assert coalitions.missed(v).tolist() == [1, 0, 0] and coalitions.redundancy(v) == 0
    assert coalitions.kinds(v, 0.4) == pytest.approx((1 / 3, 0, 2 / 3)) and coalitions.kinds(v, 0.5) == (0, 1, 0)
    assert coalitions.gloves(2, 3)[-1] == 2


@pytest.mark.parametrize("n, quota", [(2, 1), (2, 2), (3, 2), (5, 3), (5, 1), (5, 5), (7, 4)])
def test_equal_votes(n, quota):
    """Everybody has 1/n of the power; Banzhaf's is the chance that the others are one short. i and j are complements where both are
    needed, substitutes where either does: |S| = quota - 2 and quota - 1 of the n - 2 others, each size alike, cancel unless one is none."""
    v = coalitions.majority(np.ones(n), quota)
    np.testing.assert_allclose(coalitions.shapley(v), 1 / n)
    np.testing.assert_allclose(coalitions.banzhaf(v), math.comb(n - 1, quota - 1) / 2**(n - 1))
    expected = ((quota >= 2) - float(quota <= n - 1)) / (n - 1)
    np.testing.assert_allclose(coalitions.interactions(v)[np.triu_indices(n, 1)], expected, atol=1e-12)
    assert coalitions.redundancy(v) == (1 - n if quota == n else 1)


def test_a_published_index_of_power():
    """Votes 4, 3, 2, 1, quota 6 (Straffin): Shapley-Shubik (10, 6, 6, 2) / 24, Banzhaf 5 : 3 : 3 : 1."""
    v = coalitions.majority([4, 3, 2, 1], 6)
    np.testing.assert_allclose(coalitions.shapley(v) * 24, [10, 6, 6, 2])
    np.testing.assert_allclose(coalitions.banzhaf(v) * 8, [5, 3, 3, 1])


def test_the_security_council():
    """Fifteen members, of whom five have a veto, nine votes needed: Shapley & Shubik's 0.1963 for each of the five."""
    v = coalitions.majority([7] * 5 + [1] * 10, 39)
    found = coalitions.shapley(v)
    np.testing.assert_allclose(found[:5], 421 / 2145)
    np.testing.assert_allclose(found[5:], 4 / 2145)


def test_a_crowd():
    """Two who err to opposite sides are complements, a double is a substitute."""
    v = coalitions.crowd([2.0, -2, 2], -9)
    np.testing.assert_allclose(v, [-9, -4, -4, 0, -4, -4, 0, -4 / 9])
    errors = np.random.default_rng(0).standard_normal((7, 4))
    v = coalitions.crowd(errors, -5)
    for s, some in enumerate(SETS[4][1:], 1):
        assert v[s] == pytest.approx(-np.mean(errors[:, sorted(some)].mean(axis=1)**2))
    pair = coalitions.interactions(coalitions.crowd([1.0, -1], -1))[0, 1], coalitions.interactions(coalitions.crowd([1.0, 1], -4))[0, 1]
    assert pair == (1, -3)


# --- axioms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_efficiency_linearity_and_games_side_by_side(n):
    v, w = a_game(n, 4, (2, 3)), a_game(n, 5, (2, 3))
    np.testing.assert_allclose(coalitions.shapley(v).sum(axis=-1), coalitions.total(v))
    np.testing.assert_allclose(coalitions.total(v), v[..., -1] - v[..., 0])
    for index in (coalitions.shapley, coalitions.banzhaf, coalitions.interactions, coalitions.alone, coalitions.missed):
        np.testing.assert_allclose(index(2 * v - 3 * w + 7), 2 * index(v) - 3 * index(w), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(index(v)[1, 2], index(v[1, 2]))
    for share in (coalitions.harm, coalitions.redundancy):
        np.testing.assert_allclose(share(v)[1, 2], share(v[1, 2]))
    if n > 1:
        np.testing.assert_allclose(coalitions.kinds(v, 0.1).substitutes[1, 2], coalitions.kinds(v[1, 2], 0.1).substitutes)


def test_null_players_and_symmetry():
    small = a_game(3, 6)
    v = small[np.array([s & 0b11 | (s & 0b1000) >> 1 for s in range(16)])]  # player 2 of four never matters
    assert coalitions.shapley(v)[2] == coalitions.banzhaf(v)[2] == 0
    np.testing.assert_allclose(coalitions.interactions(v)[2], 0, atol=1e-15)
    np.testing.assert_allclose(coalitions.shapley(v)[[0, 1, 3]], coalitions.shapley(small))
    np.testing.assert_allclose(coalitions.interactions(v)[np.ix_([0, 1, 3], [0, 1, 3])], coalitions.interactions(small))
    order = [2, 0, 3, 1]  # player i is called order[i]
    v, named = a_game(4, 7), np.empty(16)
    for s, some in enumerate(SETS[4]):
        named[sum(1 << order[i] for i in some)] = v[s]
    np.testing.assert_allclose(coalitions.shapley(named)[order], coalitions.shapley(v))
    np.testing.assert_allclose(coalitions.interactions(named)[np.ix_(order, order)], coalitions.interactions(v))


def test_pure_complements_and_pure_substitutes():
    for n in (2, 3, 4):
        everybody, anybody = coalitions.majority(np.ones(n), n), coalitions.majority(np.ones(n), 1)
        for i, j in combinations(range(n), 2):
            assert coalitions.together(everybody, i, j).min() >= 0 and coalitions.together(anybody, i, j).max() <= 0
        assert coalitions.kinds(everybody, 0.1) == (0, 0, 1) and coalitions.kinds(anybody, 0.1) == (1, 0, 0)
    gloves = coalitions.gloves(1, 2)  # in units of the total's size, whatever its sign
    assert coalitions.kinds(-everybody, 0.1) == (1, 0, 0) and coalitions.kinds(-gloves, 0.5) == (0, 1, 0)
    assert coalitions.kinds(9 * gloves, 0.5) == (0, 1, 0) and coalitions.kinds(gloves / 9, 0.4) == coalitions.kinds(gloves, 0.4)


@pytest.mark.parametrize("call, message", [
    (lambda: coalitions.shapley(np.zeros(6)), r"v of shape \(6,\): must be \(..., 2\^n\), n from 1 to 16"),
    (lambda: coalitions.shapley(1.0), r"v of shape \(\)"),
    (lambda: coalitions.banzhaf(np.zeros((3, 0))), r"v of shape \(3, 0\)"),
    (lambda: coalitions.shapley([1.0]), r"v of shape \(1,\)"),
    (lambda: coalitions.players(np.broadcast_to(0.0, 1 << 17)), r"v of shape \(131072,\)"),
    (lambda: coalitions.interactions([0, np.nan]), r"v=.*must be finite"),
    (lambda: coalitions.members(17), r"n=17: must be at most 16"),
    (lambda: coalitions.players([[1, 2], [3]]), r"v=\[\[1, 2\], \[3\]\]: must be a number"),
    (lambda: coalitions.without(3, 0, 3), r"who=3: must be one of the 3 players"),
    (lambda: coalitions.without(3, 0.5), r"who=0.5: must be whole"),
    (lambda: coalitions.additive(np.ones(17)), r"worth of shape \(17,\): must be at most 16 players"),
    (lambda: coalitions.gloves(9, 8), r"left=9, right=8: must be at most 16 players"),
    (lambda: coalitions.majority(np.ones(17), 1), r"votes of shape \(17,\): must be at most 16 players"),
    (lambda: coalitions.crowd(np.ones(17), 1), r"errors of shape \(1, 17\): must be at most 16 players"),
    (lambda: coalitions.members(0), r"n=0: must be finite and in \[1"),
    (lambda: coalitions.marginals(np.zeros(4), 2), r"i=2: must be one of the 2 players"),
    (lambda: coalitions.marginals(np.zeros(4), -1), r"i=-1: must be finite and in \[0"),
    (lambda: coalitions.together(np.zeros(4), 0, 2), r"j=2: must be one of the 2 players"),
    (lambda: coalitions.together(np.zeros(4), 1, 1), r"i=1, j=1: must be two players"),
    (lambda: coalitions.redundancy(np.ones(4)), r"v: everybody must be worth more or less than nobody"),
    (lambda: coalitions.harm(np.zeros(4), -1), r"tolerance=-1: must be finite and in \[0"),
    (lambda: coalitions.kinds(np.zeros(4), -1), r"threshold=-1: must be finite and in \[0"),
    (lambda: coalitions.kinds(np.zeros(2), 0), r"v of shape \(2,\): must be of two players at least"),
    (lambda: coalitions.additive([[1, 2]]), r"worth of shape \(1, 2\)"),
    (lambda: coalitions.gloves(0, 1), r"left=0"),
    (lambda: coalitions.gloves(1, 1.5), r"right=1.5: must be whole"),
    (lambda: coalitions.majority([1, -1], 1), r"votes=\[1, -1\]"),
    (lambda: coalitions.majority([1, 1], 3), r"quota=3: must be finite and in \(0, 2\]"),
    (lambda: coalitions.crowd([[[1.0]]], 0), r"errors of shape \(1, 1, 1\): must be \(n,\) or \(cases, n\)"),
    (lambda: coalitions.crowd([], 0), r"errors of shape \(1, 0\)"),
    (lambda: coalitions.crowd([1.0], [1, 2]), r"nobody=\[1, 2\]: must be one number"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
