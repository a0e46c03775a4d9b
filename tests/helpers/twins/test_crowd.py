"""A crowd and its expert, against the closed forms of helpers.crowd."""
import numpy as np
import pytest

from helpers.twins import crowd
from helpers.twins.crowd import BIAS, PEOPLE, QUESTIONS, TRUTH, Crowd, Expert


def built(seed, kind=Crowd):
    return kind(np.random.default_rng(seed))


def test_twins_of_a_seed_are_the_same_people():
    many, one = built(3), built(3, Expert)
    assert np.array_equal(many.record, one.record)
    assert np.array_equal(many.biases, one.biases)


def expected_error(system, weights, noise=0.0):
    """Mean squared error of the weighted sum of all guesses, people as they are: bias, common noise, own noise."""
    w = weights * system.errors
    return ((w @ system.biases) ** 2 + crowd.CORRELATION * w.sum() ** 2 + (1 - crowd.CORRELATION) * (w**2).sum()
            + (noise * TRUTH) ** 2 * (weights**2).sum())


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_quality_is_what_the_formula_says(seed, noise):
    for system, weights in ((built(seed), np.full(PEOPLE, 1 / PEOPLE)), (built(seed, Expert), None)):
        if weights is None:
            weights = np.zeros(PEOPLE)
            weights[system.expert] = 1
        expected = expected_error(system, weights, noise)
        # a squared normal error of mean mu and variance v has the variance 2 v^2 + 4 mu^2 v, at most 2 (mu^2 + v)^2
        assert (1 - system.quality(noise)) * TRUTH**2 == pytest.approx(expected, abs=5 * expected * np.sqrt(2 / QUESTIONS))


def test_the_expert_has_the_best_record(seed):
    system = built(seed, Expert)
    errors = np.mean(system.record**2, axis=0)
    assert errors[system.expert] == errors.min()
    assert system.worst(PEOPLE)[0] == system.expert


def test_who_is_lost_is_not_heard():
    for kind in (Crowd, Expert):
        one, other = built(1, kind), built(1, kind)
        gone = one.worst(20)
        for system in (one, other):
            system.lose(gone)
        other.biases = np.where(other.there, other.biases, 1e6)
        assert one.quality(0.0) == other.quality(0.0)


def test_with_nobody_left_the_usual_value_stands(seed):
    for kind in (Crowd, Expert):
        system = built(seed, kind)
        system.lose(np.arange(PEOPLE))
        system.mend()
        assert system.quality(0.0) == pytest.approx(0, abs=5 * np.sqrt(2 / QUESTIONS))


def test_the_adversary_leaves_those_who_lean_together(seed):
    """All lean the way of the shared bias; without those who lean least, the rest lean more than after a loss by lot."""
    clever, chance = [], []
    for k in range(20):
        system = built([seed, k])
        gone = system.worst(PEOPLE // 2)
        assert len(set(gone.tolist())) == PEOPLE // 2
        for found, lost in ((clever, gone), (chance, np.random.default_rng(k).permutation(PEOPLE)[:PEOPLE // 2])):
            left = np.delete(system.errors * system.biases, lost)
            found.append(abs(left.mean()))
    gain = np.subtract(clever, chance)
    assert gain.mean() > 5 * gain.std(ddof=1) / np.sqrt(20)
    assert BIAS > 0


def test_an_empty_office_is_filled_with_the_next_best():
    system = built(0, Expert)
    first, second = system.worst(2)
    system.mend()
    assert system.expert == first
    system.lose(np.array([first]))
    assert system.quality(0.0) == pytest.approx(0, abs=5 * np.sqrt(2 / QUESTIONS))
    system.mend()
    assert system.expert == second
