import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from helpers import crowd, ensembles, juries


def panel(seed=0, members=9, cases=40, classes=3, skill=0.5):
    rng = np.random.default_rng(seed)
    labels = np.append(np.arange(classes), rng.integers(0, classes, cases - classes))
    right = rng.random((members, cases)) < skill
    return np.where(right, labels, rng.integers(0, classes, (members, cases))), labels


def test_shares_by_hand():
    votes = [[0, 1, -1], [2, 1, -1], [2, 0, -1], [0, -1, -1]]
    assert ensembles.shares(votes, 3).tolist() == [[0.5, 0, 0.5], [0.25, 0.5, 0], [0, 0, 0]]
    weighted = ensembles.shares(votes, 3, [1, 3, 0, 0])
    np.testing.assert_allclose(weighted, [[0.25, 0, 0.75], [0, 1, 0], [0, 0, 0]])


def test_ties_are_drawn_by_lot():
    labels = [0, 0, 0, 1]
    shares = [[0.5, 0.5, 0], [0.4, 0.6, 0], [1 / 3, 1 / 3, 1 / 3], [0, 0, 0]]
    np.testing.assert_allclose(ensembles.right_chance(shares, labels), [1 / 2, 0, 1 / 3, 1 / 3])
    thirds = np.array([[0.1 + 0.2, 0.3]])  # 0.30000000000000004: rounding makes no winner
    assert ensembles.right_chance(thirds, [1])[0] == 0.5


def test_the_vote_s_error_by_hand():
    votes = [[0, 1, 1], [1, 1, 0], [0, 0, 0]]
    assert ensembles.vote_error(votes, [0, 1, 1]) == pytest.approx(1 / 3)
    assert ensembles.vote_error(votes[:2], [0, 1, 1]) == pytest.approx((0.5 + 0 + 0.5) / 3)
    assert ensembles.vote_error(votes, [0, 1, 1], weights=[2, 0, 1]) == 0
    assert ensembles.vote_error([[-1, -1], [0, -1]], [0, 1]) == 0.25
    assert ensembles.vote_error([[2, 0], [2, 1]], [0, 1]) == 0.75  # 2 is no case's class, but is voted for


@pytest.mark.parametrize("classes", [2, 4])
def test_errors_by_size_are_those_of_the_first_members(classes):
    votes, labels = panel(classes=classes)
    votes[2, ::3] = -1
    expected = [ensembles.vote_error(votes[:size], labels) for size in range(1, 10)]
    np.testing.assert_allclose(ensembles.errors_by_size(votes, labels), expected)


def test_errors_by_size_by_hand():
    assert ensembles.errors_by_size([[1, 1], [0, 1]], [0, 2]).tolist() == [1, 0.75]  # nobody votes for 2
    assert ensembles.errors_by_size([[3, 1], [0, 1]], [0, 1]).tolist() == [0.5, 0.25]  # 3 is no case's class
    assert ensembles.errors_by_size([[-1, 1], [-1, -1]], [0, 2]) == pytest.approx([(2 / 3 + 1) / 2] * 2)


def test_competence_by_hand():
    assert ensembles.competences([[0, 1, 1, 0], [1, -1, 1, 0]], [0, 1, 1, 1]).tolist() == [0.75, 0.25]


@pytest.mark.parametrize("skill", [0.2, 0.7])
def test_error_correlation_against_every_pair(skill):
    votes, labels = panel(members=7, cases=60, skill=skill)
    right = (votes == labels).astype(float)
    table = np.cov(right, ddof=0)
    between = np.mean([table[i, j] for i, j in itertools.permutations(range(7), 2)])
    found = ensembles.error_correlation(votes, labels)
    assert found == pytest.approx(between / np.mean(np.diag(table)))
    # and it is the crowd's: the law of chapter 1 holds exactly for it
    assert crowd.variance_of_mean(7, np.mean(np.diag(table)), max(found, 0)) == pytest.approx(
        right.mean(axis=0).var()) or found < 0


def test_members_who_think_alike_correlate_wholly():
    votes, labels = panel(members=1, cases=19)
    for members in range(2, 41):
        found = ensembles.error_correlation(np.repeat(votes, members, axis=0), labels)
        assert found == pytest.approx(1) and found <= 1  # `juries` takes no correlation above one


def test_independent_members_vote_as_condorcet_says(seed):
    rng = np.random.default_rng(seed)
    cases, labels = 20_000, np.resize([0, 1], 20_000)
    votes = np.where(rng.random((11, cases)) < 0.6, labels, 1 - labels)
    expected = juries.majority(11, 0.6)
    assert abs(1 - ensembles.vote_error(votes, labels) - expected) < 5 * np.sqrt(expected * (1 - expected) / cases)
    # the mean of 110 covariances of products of independent bits, each with variance (pq)^2 / cases;
    # the pairs are uncorrelated, and a pair counts twice
    assert abs(ensembles.error_correlation(votes, labels)) < 5 * np.sqrt(2 / (11 * 10 * cases))


def test_margins_by_hand():
    votes = [[0, 0, 2], [0, 1, 2], [1, 1, 0], [2, 1, 2]]
    assert ensembles.margins(votes, [0, 0, 1]).tolist() == [0.25, -0.5, -0.75]
    np.testing.assert_allclose(ensembles.margins(votes, [0, 0, 1], [1, 0, 1, 0]), [0, 0, -0.5])


def test_the_vote_is_right_where_its_margin_is_positive():
    votes, labels = panel(members=15, cases=300)
    margins = ensembles.margins(votes, labels)
    chance = ensembles.right_chance(ensembles.shares(votes, 3), labels)
    assert (chance[margins > 1e-9] == 1).all() and (chance[margins < -1e-9] == 0).all()
    assert ((0 < chance) & (chance < 1))[np.abs(margins) < 1e-9].all()


@pytest.mark.parametrize("members, classes", [(6, 3), (30, 4)])
def test_strength_and_correlation_by_breiman_s_definitions(members, classes):
    votes, labels = panel(members=members, cases=50, classes=classes, skill=0.4)
    margin, raw = [], np.zeros(votes.shape)
    for case, label in enumerate(labels):
        share = [np.mean(votes[:, case] == one) for one in range(classes)]
        rival = max((one for one in range(classes) if one != label), key=lambda one: share[one])  # the first of tied
        margin.append(share[label] - share[rival])
        for member, vote in enumerate(votes[:, case]):
            raw[member, case] = (vote == label) - int(vote == rival)
    s = np.mean(margin)
    deviations = raw - raw.mean(axis=1, keepdims=True)
    pairs = [(np.mean(deviations[i] * deviations[j]), raw[i].std() * raw[j].std())
             for i, j in itertools.product(range(members), repeat=2)]  # with replacement, as in the paper
    rho = np.mean([one for one, _ in pairs]) / np.mean([other for _, other in pairs])
    found = ensembles.strength(votes, labels)
    assert (found.strength, found.correlation) == pytest.approx((s, rho))
    assert found.bound == pytest.approx(rho * (1 - s**2) / s**2)


@given(arrays(np.int64, st.tuples(st.integers(1, 8), st.integers(3, 12)), elements=st.integers(0, 2)))
def test_no_forest_errs_more_than_its_bound(votes):
    labels = np.resize([0, 1, 2], votes.shape[1])
    found = ensembles.strength(votes, labels)
    assert np.mean(ensembles.margins(votes, labels) <= 0) <= found.bound + 1e-9


@pytest.mark.parametrize("m", [1, 3, 5, 7])
@pytest.mark.parametrize("competence", [0.2, 0.5, 0.6, 0.9])
def test_the_limits_of_a_majority_against_a_linear_programme(m, competence):
    patterns = np.array(list(itertools.product([0, 1], repeat=m)))
    won = (patterns.sum(axis=1) > m / 2).astype(float)
    equal = {"A_eq": np.vstack([patterns.T, np.ones(len(patterns))]), "b_eq": [competence] * m + [1], "bounds": (0, 1)}
    expected = linprog(won, **equal).fun, -linprog(-won, **equal).fun
    np.testing.assert_allclose(ensembles.majority_limits(m, competence), expected, atol=1e-9)


def test_the_worst_panel_by_hand():
    labels = np.array([0, 0, 0, 0, 1])
    right = np.array([[1, 1, 1, 1, 1],   # always right
                      [0, 0, 1, 1, 1],
                      [0, 1, 0, 1, 1],
                      [1, 0, 0, 1, 1]], bool)  # with the two before it: three votes lost by one, none by more
    votes = np.where(right, labels, 1 - labels)
    chosen = ensembles.worst_panel(votes, labels, 3)
    assert sorted(chosen) == [1, 2, 3]
    assert ensembles.vote_error(votes[chosen], labels) == 0.6  # each alone 0.4


@pytest.mark.parametrize("skill", [0.2, 0.6])
def test_the_worst_panel_member_by_member(skill):
    votes, labels = panel(members=9, cases=30, skill=skill)
    chosen = []
    for _ in votes:
        # a lead is right votes less wrong ones, and one of -1 is lost already
        value = {member: sum(max(sum(1 if votes[one, case] == label else -1 for one in [*chosen, member]), -1)
                             for case, label in enumerate(labels))
                 for member in range(9) if member not in chosen}
        chosen.append(min(value, key=value.get))
        assert ensembles.worst_panel(votes, labels, len(chosen)).tolist() == chosen


def test_the_worst_panel_is_worse_than_chance_ones():
    votes, labels = panel(members=60, cases=200, classes=2, skill=0.3)
    chosen = ensembles.worst_panel(votes, labels, 9)
    assert len(set(chosen.tolist())) == 9
    rng = np.random.default_rng(0)
    by_lot = [ensembles.vote_error(votes[rng.choice(60, 9, replace=False)], labels) for _ in range(200)]
    assert ensembles.vote_error(votes[chosen], labels) > max(by_lot)


VOTES, LABELS = [[0, 1], [1, 1]], [0, 1]


@pytest.mark.parametrize("call, message", [
    (lambda: ensembles.vote_error(np.zeros((0, 2)), LABELS), r"votes of shape \(0, 2\): must be \(members, cases\)"),
    (lambda: ensembles.vote_error([0, 1], LABELS), r"votes of shape \(2,\)"),
    (lambda: ensembles.vote_error([[0, 0.5]], LABELS), r"votes=.*must be whole"),
    (lambda: ensembles.vote_error([[0, -2]], LABELS), r"votes=.*must be finite and in \[-1"),
    (lambda: ensembles.vote_error(VOTES, [0, 1, 1]), r"labels of shape \(3,\): must have shape \(2,\)"),
    (lambda: ensembles.vote_error(VOTES, [1, 1]), r"labels: all are 1; there must be at least two classes"),
    (lambda: ensembles.vote_error(VOTES, LABELS, [1, -1]), r"weights=.*must be finite and in \[0"),
    (lambda: ensembles.vote_error(VOTES, LABELS, [0, 0]), r"weights=\[0, 0\]: must hold 2 non-negative weights, not all zero"),
    (lambda: ensembles.vote_error(VOTES, LABELS, [1]), r"weights=\[1\]: must hold 2"),
    (lambda: ensembles.competences(VOTES, []), r"labels of shape \(0,\): must have shape \(2,\)"),
    (lambda: ensembles.right_chance([0.5, 0.5], [0, 1]), r"shares of shape \(2,\): must be \(cases, classes\)"),
    (lambda: ensembles.right_chance(np.zeros((2, 0)), [0, 1]), r"shares of shape \(2, 0\): must be \(cases, classes\)"),
    (lambda: ensembles.right_chance([[0.5, 0.5]], [0, 1]), r"labels of shape \(2,\): must have shape \(1,\)"),
    (lambda: ensembles.right_chance([[0.5, 0.5]], [2]), r"labels: 2 is not one of 2 classes, from 0"),
    (lambda: ensembles.right_chance([[1.5, -0.5]], [0]), r"shares=.*must be finite and in \[0"),
    (lambda: ensembles.shares([[0, 3]], 3), r"votes: 3 is not one of 3 classes, from 0"),
    (lambda: ensembles.shares(VOTES, 1), r"classes=1: must be finite and in \[2"),
    (lambda: ensembles.error_correlation(VOTES[:1], LABELS), r"votes of one member"),
    (lambda: ensembles.error_correlation([[0, 1], [0, 1]], LABELS), r"votes: each member is always right"),
    (lambda: ensembles.competences(VOTES, [0, -1]), r"labels=.*must be finite and in \[0"),
    (lambda: ensembles.margins(VOTES, [[0, 1]]), r"labels of shape \(1, 2\)"),
    (lambda: ensembles.majority_limits(4, 0.6), r"m=4: must be odd"),
    (lambda: ensembles.majority_limits(3, 1.2), r"competence=1.2: must be finite and in \[0, 1\]"),
    (lambda: ensembles.worst_panel(VOTES, LABELS, 3), r"size=3: must be at most the number of members, 2"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_forest_no_better_than_chance_has_no_bound():
    assert ensembles.strength([[1, 0], [1, 0]], [0, 1]).bound == np.inf
    # one of ten is right on the first case, nine on the second: margins of -0.8 and 0.8, in floats not quite
    votes = np.zeros((10, 2), int)
    votes[0, 0] = votes[6, 1] = 1
    assert ensembles.strength(votes, [1, 0]).bound == np.inf


def test_a_forest_whose_margins_do_not_vary():
    assert ensembles.strength([[0, 1], [0, 1]], [0, 1]) == (1, 1, 0)
    # two always right, one always wrong: s = 1/3, and with rho = 1 the bound is (8/9) / (1/9)
    assert ensembles.strength([[0, 1], [0, 1], [1, 0]], [0, 1]) == pytest.approx((1 / 3, 1, 8))
