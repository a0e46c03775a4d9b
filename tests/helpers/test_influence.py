import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import crowd, influence


def test_degroot_against_its_matrix():
    opinions, weights, pull = np.array([1.0, 5, 9, 2]), np.array([4.0, 1, 1, 2]), 0.3
    trust = (1 - pull) * np.eye(4) + pull * np.tile(weights / 8, (4, 1))
    history = [opinions]
    for _ in range(6):
        history.append(trust @ history[-1])
    np.testing.assert_allclose(influence.degroot(opinions, pull, 6, weights), history, rtol=1e-13)


def test_talk_keeps_the_error_and_kills_diversity_t1_6():
    opinions, pull = np.random.default_rng(0).normal(10, 3, 50), 0.4
    rounds = influence.degroot(opinions, pull, 5)  # Lorenz et al. 2011: five estimation periods
    before = crowd.diversity_prediction(opinions, 11)
    for t, talked in enumerate(rounds):
        after = crowd.diversity_prediction(talked, 11)
        assert after.crowd_error == pytest.approx(before.crowd_error, rel=1e-12)
        assert after.diversity == pytest.approx(before.diversity * (1 - pull) ** (2 * t), rel=1e-12)
        assert after.crowd_error == pytest.approx(after.average_error - after.diversity, rel=1e-12)


def test_degroot_limits():
    assert influence.degroot([1, 2, 6], 1, 2).tolist() == [[1, 2, 6], [3, 3, 3], [3, 3, 3]]
    assert influence.degroot([1, 2, 6], 0, 1).tolist() == [[1, 2, 6], [1, 2, 6]]
    assert influence.degroot([1, 2, 6], 0.5, 0).tolist() == [[1, 2, 6]]


def test_consensus_variance(seed):
    weights, variance = np.array([5.0, 1, 1, 1]), 4.0
    exact = influence.consensus_variance(weights, variance)
    assert exact == pytest.approx(4 * 28 / 64)
    assert influence.consensus_variance(np.ones(8)) == pytest.approx(1 / 8)
    rng, runs = np.random.default_rng(seed), 4000
    ends = [influence.degroot(rng.normal(0, 2, 4), 1, 1, weights)[1, 0] for _ in range(runs)]
    assert abs(np.mean(np.square(ends)) - exact) < 5 * exact * np.sqrt(2 / runs)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=20).filter(lambda w: sum(w) > 1e-3))
def test_a_loud_voice_costs_accuracy(weights):
    assert influence.consensus_variance(weights) >= 1 / len(weights) - 1e-12


@pytest.mark.parametrize("q", [0.51, 0.6, 0.75, 0.99, 1.0])
@pytest.mark.parametrize("n", [0, 2, 4, 10, 50])
def test_cascade_against_the_closed_forms_of_bhw(q, n):
    # Bikhchandani, Hirshleifer & Welch 1992: after an even number n, with the coin rule
    none = (q - q**2) ** (n / 2)
    assert influence.cascade(q, n) == pytest.approx(
        (q * (q + 1) * (1 - none) / (2 * (1 - q + q**2)), (q - 2) * (q - 1) * (1 - none) / (2 * (1 - q + q**2)), none)
    )


def test_cascade_limit():
    right, wrong, none = influence.cascade(0.6, math.inf, "own")
    assert (right, none) == (pytest.approx(0.36 / 0.52), 0)
    assert right + wrong == pytest.approx(1)
    assert influence.cascade(0.6, math.inf) == pytest.approx(influence.cascade(0.6, 200))


def bayesian_queue(q, n, ties):
    """P(each person is right) and of cascades, by the posterior of every history of choices: the definition."""
    tie = {"coin": lambda s: 0.5, "own": lambda s: float(s)}[ties]
    # history -> P(history | truth 1), P(history | truth 0)
    histories, right = {(): (1.0, 1.0)}, []
    for _ in range(n):
        following, chance = {}, 0.0
        for history, (one, zero) in histories.items():
            says_one = {}
            for s in (1, 0):
                a, b = one * (q if s else 1 - q), zero * (1 - q if s else q)
                says_one[s] = tie(s) if math.isclose(a, b, rel_tol=1e-9) else float(a > b)
            if_one = q * says_one[1] + (1 - q) * says_one[0]
            if_zero = (1 - q) * says_one[1] + q * says_one[0]
            following[(*history, 1)] = one * if_one, zero * if_zero
            following[(*history, 0)] = one * (1 - if_one), zero * (1 - if_zero)
            chance += one * if_one
        histories = {h: p for h, p in following.items() if max(p) > 0}
        right.append(chance)
    state = {1: 0.0, 0: 0.0, None: 0.0}
    for one, zero in histories.values():
        ratio = one / zero if zero else math.inf
        if math.isclose(ratio, q / (1 - q), rel_tol=1e-9) or math.isclose(ratio, (1 - q) / q, rel_tol=1e-9):
            state[None] += one
        else:
            state[1 if ratio > q / (1 - q) else 0 if ratio < (1 - q) / q else None] += one
    return right, (state[1], state[0], state[None])


@pytest.mark.parametrize("ties", influence.CASCADE_TIES)
@pytest.mark.parametrize("q", [0.55, 0.7, 0.9])
def test_cascade_against_bayes_for_every_history(q, ties):
    right, _ = bayesian_queue(q, 7, ties)
    for n in range(7):
        state = influence.cascade(q, n, ties)
        assert state == pytest.approx(bayesian_queue(q, n, ties)[1], abs=1e-12)
        assert right[n] == pytest.approx(state.right + state.none * q, abs=1e-12)


@pytest.mark.parametrize("ties", influence.CASCADE_TIES)
def test_simulated_cascades(seed, ties):
    q, n, runs = 0.65, 9, 20_000
    choices = influence.simulate_cascade(q, n, runs, np.random.default_rng(seed), ties)
    assert choices.shape == (runs, n)
    for person in range(n):
        state = influence.cascade(q, person, ties)
        p = state.right + state.none * q
        assert abs(choices[:, person].mean() - p) < 5 * np.sqrt(p * (1 - p) / runs)
    # Outside a cascade pairs of choices are opposite, so equal ones mark the start.
    equal = choices[:, 0:8:2] == choices[:, 1:8:2]
    p = influence.cascade(q, 8, ties).none
    assert abs(np.mean(~equal.any(axis=1)) - p) < 5 * np.sqrt(p * (1 - p) / runs)
    started = equal[:, 0]
    assert np.all(choices[started] == choices[started, :1])


KNOWING = {"confident": 0.3, "persuasion": 0.8, "confident_error": 0.0, "other_error": 10.0, "noise": 5.0}


def enumerate_group(size, c, a, sure, unsure):
    """Mean and variance of a group's consensus without noise, over who is confident and who persuades."""
    first = second = 0.0
    for kinds in product([0, 1, 2], repeat=size):  # other, confident and silent, confident and persuading
        chance = math.prod([1 - c, c * (1 - a), c * a][k] for k in kinds)
        value = sure if 2 in kinds else np.mean([unsure if k == 0 else sure for k in kinds])
        first, second = first + chance * value, second + chance * value**2
    return first, second - first**2


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize(("c", "a"), [(0.3, 0.8), (0.3, 0), (0, 0.5), (1, 1), (1, 0.4)])
@pytest.mark.parametrize(("sure", "unsure"), [(0, 10), (10, 0), (-3, 4)])
def test_group_consensus_against_enumeration(size, c, a, sure, unsure):
    mean, variance = enumerate_group(size, c, a, sure, unsure)
    got = influence.group_consensus(
        size, 4, confident=c, persuasion=a, confident_error=sure, other_error=unsure, noise=2
    )
    assert got.bias == pytest.approx(mean, abs=1e-12)
    assert got.variance == pytest.approx((variance + 4 / size) / 4, abs=1e-12)
    assert got.mse == pytest.approx(got.bias**2 + got.variance)


@given(st.integers(1, 9), st.integers(1, 9), st.floats(0, 1), st.floats(0, 1), st.floats(-9, 9), st.floats(-9, 9))
def test_without_persuasion_groups_are_a_plain_mean(size, groups, c, a, sure, unsure):
    model = {"confident": c, "confident_error": sure, "other_error": unsure, "noise": 1}
    silent = influence.group_consensus(size, groups, persuasion=0, **model)
    alone = influence.group_consensus(1, size * groups, persuasion=a, **model)
    assert silent == pytest.approx(alone, abs=1e-9)
    assert alone.bias == pytest.approx(c * sure + (1 - c) * unsure, abs=1e-9)


def test_four_groups_of_five_against_five_thousand():
    model = KNOWING | {"noise": 5.0}
    groups, everybody = influence.group_consensus(5, 4, **model), influence.group_consensus(1, 5180, **model)
    assert groups.bias == pytest.approx(10 * 0.7 * 0.76**4)
    assert everybody.bias == pytest.approx(7)
    assert groups.mse < everybody.mse / 2
    wrong = KNOWING | {"confident_error": 10.0, "other_error": 0.0}
    assert influence.group_consensus(5, 4, **wrong).mse > influence.group_consensus(1, 5180, **wrong).mse


def test_deliberation(seed):
    runs, groups, size = 20_000, 4, 5
    consensus = influence.deliberate(size, groups, runs, np.random.default_rng(seed), **KNOWING)
    assert consensus.shape == (runs, groups)
    one = influence.group_consensus(size, 1, **KNOWING)
    n = consensus.size
    assert abs(consensus.mean() - one.bias) < 5 * np.sqrt(one.variance / n)
    # The variance's standard error, from the exact fourth moment of a mixture of normals.
    c, a, spread = 0.3, 0.8, 25 / size
    centres, chances = [], []
    for kinds in product([0, 1, 2], repeat=size):
        chances.append(math.prod([1 - c, c * (1 - a), c * a][k] for k in kinds))
        centres.append((0 if 2 in kinds else 10 * np.mean([k == 0 for k in kinds])) - one.bias)
    d = np.array(centres)
    fourth = np.dot(chances, d**4 + 6 * d**2 * spread + 3 * spread**2)
    assert abs(np.mean((consensus - one.bias) ** 2) - one.variance) < 5 * np.sqrt((fourth - one.variance**2) / n)


RNG = np.random.default_rng(0)


def group(size=5, groups=4, **changes):
    return influence.group_consensus(size, groups, **KNOWING | changes)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("opinions", lambda: influence.degroot([], 0.5, 3)),
        ("opinions", lambda: influence.degroot([1, np.nan], 0.5, 3)),
        ("pull", lambda: influence.degroot([1], 1.5, 3)),
        ("rounds", lambda: influence.degroot([1], 0.5, -1)),
        ("weights", lambda: influence.degroot([1, 2], 0.5, 1, [1])),
        ("weights", lambda: influence.consensus_variance([0, 0])),
        ("weights", lambda: influence.consensus_variance([1, [2]])),
        ("weights", lambda: influence.consensus_variance(1)),
        ("variance", lambda: influence.consensus_variance([1], -1)),
        ("q", lambda: influence.cascade(0.5, 3)),
        ("q", lambda: influence.cascade(np.nan, 3)),
        ("n", lambda: influence.cascade(0.6, -1)),
        ("n", lambda: influence.cascade(0.6, 2.5)),
        ("n", lambda: influence.cascade(0.6, -math.inf)),
        ("ties", lambda: influence.cascade(0.6, 3, "signal")),
        ("q", lambda: influence.simulate_cascade(0.4, 3, 1, RNG)),
        ("n", lambda: influence.simulate_cascade(0.6, 0, 1, RNG)),
        ("runs", lambda: influence.simulate_cascade(0.6, 1, 0, RNG)),
        ("ties", lambda: influence.simulate_cascade(0.6, 1, 1, RNG, None)),
        ("size", lambda: group(size=0)),
        ("groups", lambda: group(groups=0)),
        ("confident", lambda: group(confident=1.1)),
        ("persuasion", lambda: group(persuasion=-0.1)),
        ("confident_error", lambda: group(confident_error=np.inf)),
        ("other_error", lambda: group(other_error=np.nan)),
        ("noise", lambda: group(noise=-1)),
        ("runs", lambda: influence.deliberate(5, 4, 0, RNG, **KNOWING)),
        ("size", lambda: influence.deliberate(0.5, 4, 1, RNG, **KNOWING)),
        ("groups", lambda: influence.deliberate(5, -4, 1, RNG, **KNOWING)),
        ("noise", lambda: influence.deliberate(5, 4, 1, RNG, **KNOWING | {"noise": -1})),
    ],
)
def test_bad_input_is_named(name, call):
    with pytest.raises(ValueError, match=rf"^{name}( of shape|=)"):
        call()
