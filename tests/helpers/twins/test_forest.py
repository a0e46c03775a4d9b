"""A forest and boosting, against scikit-learn's own, the best rule, and brute force."""
import math
from copy import deepcopy
from functools import cache
from statistics import NormalDist

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from helpers import problems
from helpers.twins.forest import CHECK, LEARN, PAIR, SHOOTS, SPY, TREES, Boosting, Forest

BAYES = NormalDist().cdf(2)
KINDS = pytest.mark.parametrize("kind", [Forest, Boosting])
NEW = CHECK.stop - CHECK.start


@cache
def _built(seed, kind):
    return kind(np.random.default_rng(seed))


def built(seed, kind=Forest):
    """A system of its own: they cost too much to be taught anew for each test."""
    return deepcopy(_built(seed, kind))


def score(lead, side):
    """The quality by counting: right, and half of the ties."""
    right = np.count_nonzero(lead * side > 0) + np.count_nonzero(lead == 0) / 2
    return (right / side.size - 0.5) / (BAYES - 0.5)


def test_the_pair():
    assert (PAIR.decentralized, PAIR.centralized) == (Forest, Boosting)
    assert (Forest.bytes, Boosting.bytes) == (12.5, 800)
    assert Forest.parts == Boosting.parts == 100


@KINDS
def test_same_seed_same_numbers_and_twins_have_one_task(kind):
    one, other, twin = built(5, kind), kind(np.random.default_rng(5)), built(5)
    assert np.array_equal(one.inputs, twin.inputs) and np.array_equal(one.side, twin.side)
    assert np.array_equal(one.pushes, other.pushes)
    assert [one.quality(noise) for noise in (0.0, 1.0)] == [other.quality(noise) for noise in (0.0, 1.0)]


def test_the_cases_are_three_sets_apart():
    assert (LEARN.start, LEARN.stop, CHECK.stop) == (0, CHECK.start, SPY.start)


def test_one_and_zero_of_the_yardstick(seed):
    """The best rule asks on which side of zero the sum of the inputs is; a tree right half of the time is worth 0."""
    system = built(seed)
    at = 5 / math.sqrt(NEW) / (BAYES - 0.5)
    system.pushes = -np.sign(system.inputs.sum(axis=1))[np.newaxis]
    system.there = np.ones(1, bool)
    assert system.quality(0.0) == pytest.approx(1, abs=at * math.sqrt(BAYES * (1 - BAYES)))
    system.pushes = np.sign(np.random.default_rng(seed).standard_normal((1, SPY.stop)))
    assert system.quality(0.0) == pytest.approx(0, abs=at / 2)


@KINDS
def test_with_no_tree_left_it_is_a_guess(kind):
    system = built(0, kind)
    system.lose(np.arange(TREES))
    assert system.quality(0.0) == 0


def test_the_forest_s_votes_are_scikit_learn_s():
    system, rng = built(4), np.random.default_rng(4)
    problems.twonorm(SPY.stop, rng)
    theirs = RandomForestClassifier(TREES, random_state=int(rng.integers(2**31)))
    theirs.fit(system.inputs[LEARN], system.side[LEARN] > 0)
    votes = np.array([tree.predict(system.inputs) for tree in theirs.estimators_])
    assert np.array_equal(system.pushes, np.where(votes == 1, 1, -1))
    assert system.quality(0.0) == pytest.approx(score(system.pushes[:, CHECK].sum(axis=0), system.side[CHECK]))


def test_boosting_is_scikit_learn_s():
    """On what they learn from: elsewhere equally good questions, between which lots are drawn, answer differently."""
    for seed in range(2):
        system = built(seed, Boosting)
        theirs = GradientBoostingClassifier(learning_rate=0.3, max_depth=3, init="zero", criterion="squared_error",
                                            random_state=0)
        theirs.fit(system.inputs[LEARN], system.side[LEARN] > 0)
        stages = np.array([stage[:, 0] for stage in theirs.staged_decision_function(system.inputs[LEARN])])
        np.testing.assert_allclose(np.cumsum(system.pushes[:, LEARN], axis=0), stages, atol=1e-7)
    assert system.quality(0.0) == pytest.approx(score(system.pushes[:, CHECK].sum(axis=0), system.side[CHECK]))


@KINDS
def test_a_lost_tree_is_not_heard(kind):
    one, other = built(1, kind), built(1, kind)
    gone = np.arange(3, 60, 3)
    for system in (one, other):
        system.lose(gone)
    other.pushes[gone] = 1e6
    assert one.quality(0.5) == other.quality(0.5)
    one.mend(), other.mend()
    assert np.array_equal(one.pushes[TREES:], other.pushes[TREES:])


def test_noise_turns_votes_as_often_as_the_protocol_says(seed):
    system = built(seed)
    for noise in (0.25, 1.0, 2.0):
        turned = np.mean(system._heard(system.pushes, noise) != system.pushes)
        p = NormalDist().cdf(-1 / noise)
        assert turned == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / system.pushes.size))


def test_noise_on_numbers_is_a_share_of_each_tree_s_own(seed):
    system = built(seed, Boosting)
    pushes = system.pushes[:, CHECK]
    off, own = (system._heard(pushes, 0.5) - pushes).std(axis=1), pushes.std(axis=1)
    assert np.all(np.abs(off - 0.5 * own) <= 0.5 * own * 5 / math.sqrt(2 * NEW) + 1e-12)
    assert np.array_equal(system._heard(pushes, 0.0), pushes)


@KINDS
def test_noise_without_end_leaves_guesses(kind, seed):
    assert built(seed, kind).quality(1e9) == pytest.approx(0, abs=5 * 0.5 / math.sqrt(NEW) / (BAYES - 0.5))


@KINDS
def test_the_adversary_takes_what_costs_most(kind):
    """Greedy, by brute force over the trees that are left."""
    system = built(2, kind)
    leads, left = system.pushes[:, SPY] * system.side[SPY], list(range(TREES))
    for gone in system.worst(6):
        losses = [np.mean(np.log1p(np.exp(-leads[[j for j in left if j != k]].sum(axis=0)))) for k in left]
        assert losses[left.index(gone)] == pytest.approx(max(losses))
        left.remove(gone)
    assert sorted(system.worst(TREES).tolist()) == list(range(TREES))
    assert system.there.all() and np.array_equal(system.worst(5), system.worst(5))


@KINDS
def test_the_adversary_knows_the_good_trees(kind):
    """Trees that are right three times in four, among others that toss a coin: without them nothing is left."""
    system, rng = built(0, kind), np.random.default_rng(0)
    good = rng.permutation(TREES)[:40]
    system.pushes = rng.choice([-1.0, 1.0], system.pushes.shape)
    system.pushes[good] = np.where(rng.random((40, SPY.stop)) < 0.75, system.side, -system.side)
    assert sorted(system.worst(40).tolist()) == sorted(good.tolist())
    assert system.quality(0.0) > 0.9
    system.lose(system.worst(40))
    assert system.quality(0.0) < 0.2


@pytest.mark.parametrize(("kind", "cases"), [(Forest, SPY), (Boosting, SPY), (Boosting, CHECK)])
def test_the_adversary_harms_more_than_chance(kind, cases, seed):
    """On its own cases; the others of boosting, too. One tree of a forest is as good as another, but for luck."""
    system, rng = built(seed, kind), np.random.default_rng(seed)

    def loss_without(gone):
        left = np.delete(system.pushes[:, cases], gone, axis=0).sum(axis=0)
        return np.mean(np.logaddexp(0, -left * system.side[cases]))

    assert loss_without(system.worst(70)) > max(loss_without(rng.permutation(TREES)[:70]) for _ in range(20))


@KINDS
def test_ten_new_trees_grow(kind):
    system = built(3, kind)
    had = system.pushes
    system.lose(np.arange(10, 100))
    system.mend()
    assert np.array_equal(system.pushes[:TREES], had)
    assert np.flatnonzero(system.there).tolist() == [*range(10), *range(TREES, TREES + SHOOTS)]
    assert set(np.unique(system.pushes[TREES:])) == {-1.0, 1.0} or kind is Boosting


def test_the_new_trees_of_boosting_mend_what_is_left(seed):
    """Without seventy trees boosting fits less of what it learned from, and after each round more of it again."""
    system = built(seed, Boosting)

    def loss():
        return np.mean(np.logaddexp(0, -(system.pushes[system.there][:, LEARN].sum(axis=0) * system.side[LEARN])))

    losses = [loss()]
    system.lose(system.worst(70))
    losses.append(loss())
    for _ in range(2):
        system.mend()
        losses.append(loss())
    assert losses[0] < losses[1] > losses[2] > losses[3]


def test_each_step_of_boosting_goes_down_the_loss(seed):
    system = built(seed, Boosting)
    total = np.cumsum(system.pushes[:, LEARN], axis=0)
    losses = np.logaddexp(0, -total * system.side[LEARN]).mean(axis=1)
    assert losses[0] < math.log(2) and np.all(np.diff(losses) < 0)


def test_boosting_that_fits_to_the_last_digit_goes_on():
    """Where hardly any doubt is left, the step is still a number."""
    system = built(0, Boosting)
    for _ in range(12):
        system.mend()
    assert np.isfinite(system.pushes).all()
