"""A network and logistic regression that read digits, against scikit-learn's own answers, and brute force."""
import math
from copy import deepcopy
from functools import cache

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from helpers.twins.network import CHECK, LEARN, PAIR, UNITS, Network, Regression

KINDS = pytest.mark.parametrize("kind", [Network, Regression])


@cache
def _built(seed, kind):
    return kind(np.random.default_rng(seed))


def built(seed, kind=Network):
    """A system of its own: they cost too much to be taught anew for each test."""
    return deepcopy(_built(seed, kind))


def seen(system, pixels):
    """What scikit-learn's model is shown."""
    return pixels if type(system) is Network else pixels * system.there


def test_the_pair():
    assert (PAIR.decentralized, PAIR.centralized) == (Network, Regression)
    assert Network.bytes == 8 * (64 * 64 + 64 * 10) and Regression.bytes == 8 * 64 * 10
    assert Network.parts == Regression.parts == 64
    assert built(0).model.coefs_[0].shape == (64, 64) and built(0, Regression).model.coefs_[0].shape == (64, 10)


@KINDS
def test_same_seed_same_numbers_and_twins_have_one_task(kind):
    one, other, twin = built(5, kind), kind(np.random.default_rng(5)), built(5)
    for ours, theirs in ((one.learn, twin.learn), (one.check, twin.check)):
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert [one.quality(noise) for noise in (0.0, 1.0)] == [other.quality(noise) for noise in (0.0, 1.0)]


def test_no_digit_is_both_learned_from_and_checked():
    system = built(0)
    system.learn[0][:, 0] = 1
    assert (len(system.learn[0]), len(system.check[0])) == (LEARN, CHECK) == (300, 600)
    assert not system.check[0][:, 0].any()
    both = np.concatenate([system.learn[0][:, 1:], system.check[0][:, 1:]])
    assert len(np.unique(both, axis=0)) == LEARN + CHECK
    assert both.max() == 1


@KINDS
def test_quality_is_scikit_learn_s_score(kind, seed):
    system = built(seed, kind)
    for _ in range(2):
        accuracy = system.model.score(seen(system, system.check[0]), system.check[1])
        assert system.quality(0.0) == pytest.approx((accuracy - 0.1) / 0.9)
        system.lose(np.arange(0, 40))


@KINDS
def test_they_learn_to_read(kind, seed):
    assert built(seed, kind).quality(0.0) > 0.8


def test_regression_is_as_good_as_the_best_that_is_found_for_sure(seed):
    """Within five standard errors of the difference, were the two right on different digits."""
    system = built(seed, Regression)
    best = LogisticRegression(max_iter=1000).fit(*system.learn).score(*system.check)
    assert system.quality(0.0) > (best - 0.1 - 5 * math.sqrt(best * (1 - best) / CHECK)) / 0.9


@KINDS
def test_zero_is_one_in_ten(kind, seed):
    """With noise alone, or with no unit left, when the same digit is always read."""
    at = 5 * math.sqrt(0.1 * 0.9 / CHECK) / 0.9
    assert built(seed, kind).quality(1e9) == pytest.approx(0, abs=at)
    system = built(seed, kind)
    system.lose(np.arange(UNITS))
    assert system.quality(0.0) == pytest.approx(0, abs=at)
    assert system.quality(1.0) == system.quality(0.0)


@KINDS
def test_noise_is_on_the_signals_as_a_share_of_their_own(kind, seed):
    quiet, loud = built(seed, kind), built(seed, kind)
    pixels, digits = quiet.check
    signals = np.maximum(pixels @ quiet.model.coefs_[0] + quiet.model.intercepts_[0], 0) if kind is Network else pixels
    spread = np.sqrt(np.mean((signals - signals.mean(axis=0)) ** 2, axis=0))
    z = quiet.rng.standard_normal(signals.shape)
    read = ((signals + 0.7 * spread * z) @ quiet.model.coefs_[-1] + quiet.model.intercepts_[-1]).argmax(axis=1)
    assert loud.quality(0.7) == pytest.approx((np.mean(read == digits) - 0.1) / 0.9)


@KINDS
def test_the_more_noise_the_worse(kind, seed):
    system = built(seed, kind)
    quality = [np.mean([system.quality(noise) for _ in range(5)]) for noise in (0.0, 1.0, 2.0, 4.0)]
    assert np.all(np.diff(quality) < 0)


@KINDS
def test_a_lost_unit_no_longer_matters(kind):
    """Not to what is read, nor to what is learned afterwards, and it stays lost."""
    one, other = built(1, kind), built(1, kind)
    gone = np.array([5, 20, 21, 43])
    for system in (one, other):
        system.lose(gone)
    if kind is Network:
        assert not one._signals(one.check[0])[:, gone].any()
    else:
        for pixels, _ in (other.learn, other.check):
            pixels[:, gone] = 7.0
    for _ in range(3):
        assert one.quality(0.5) == other.quality(0.5)
        one.mend(), other.mend()
    if kind is Network:
        weights = one.model.coefs_[0][:, gone], one.model.intercepts_[0][gone], one.model.coefs_[1][gone]
        assert not any(some.any() for some in weights)
        assert np.count_nonzero(one.model.coefs_[1].any(axis=1)) == UNITS - gone.size


@KINDS
def test_the_adversary_takes_what_costs_most(kind):
    """Greedy, by brute force over the units that are left."""
    system = built(2, kind)
    pixels, digits = system.learn
    signals, weights, bias = system._signals(pixels), system.model.coefs_[-1], system.model.intercepts_[-1]
    left = list(range(UNITS))
    for gone in system.worst(3):
        losses = []
        for k in left:
            rest = [j for j in left if j != k]
            losses.append(log_loss(digits, softmax(signals[:, rest] @ weights[rest] + bias, axis=1), labels=range(10)))
        assert losses[left.index(gone)] == pytest.approx(max(losses))
        left.remove(gone)
    assert sorted(system.worst(UNITS).tolist()) == list(range(UNITS))


@KINDS
def test_the_adversary_harms_more_than_chance(kind, seed):
    def without(gone):
        system = built(seed, kind)
        system.lose(gone)
        return system.quality(0.0)

    rng = np.random.default_rng(seed)
    assert without(built(seed, kind).worst(20)) < min(without(rng.permutation(UNITS)[:20]) for _ in range(5))


@KINDS
def test_a_round_is_one_pass_and_brings_much_back(kind, seed):
    """The adversary's fifth, lost."""
    system = built(seed, kind)
    assert len(system.model.loss_curve_) == 20
    system.lose(system.worst(13))
    hurt, other = system.quality(0.0), deepcopy(system.model)
    system.mend()
    other.partial_fit(seen(system, system.learn[0]), system.learn[1])
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(system.model.coefs_, other.coefs_, strict=True))
    assert system.quality(0.0) > hurt + 0.2
