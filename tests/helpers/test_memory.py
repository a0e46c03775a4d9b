import itertools
import math

import numpy as np
import pytest

from helpers import memory


def network(p, n, seed=0):
    rng = np.random.default_rng(seed)
    patterns = memory.random_patterns(p, n, rng)
    return patterns, memory.hebb(patterns), rng


def test_hebb_by_hand():
    np.testing.assert_allclose(memory.hebb([[1, 1, -1], [1, -1, -1]]),
                               np.array([[0, 0, -2], [0, 0, 0], [-2, 0, 0]]) / 3)


@pytest.mark.parametrize("p", [1, 7, 40])
def test_the_field_through_the_overlaps_is_hebb_s(p):
    patterns, weights, rng = network(p, 60)
    states = memory.random_patterns(9, 60, rng)
    np.testing.assert_allclose(memory.hebb_field(states, patterns), states @ weights, atol=1e-12)


def test_projection_holds_patterns_however_alike():
    rng = np.random.default_rng(1)
    patterns = memory.flip(np.repeat(memory.random_patterns(1, 50, rng), 20, axis=0), 0.2, rng)
    weights = memory.projection(patterns)
    np.testing.assert_allclose(weights, weights.T)
    assert not weights.diagonal().any()
    orthogonal = [[1, 1, 1, 1], [1, -1, 1, -1]]  # where the two rules are one
    np.testing.assert_allclose(memory.projection(orthogonal), memory.hebb(orthogonal), atol=1e-12)
    np.testing.assert_array_equal(memory.recall(patterns, weights, 1), patterns)
    assert (memory.recall(patterns, memory.hebb(patterns), 1) != patterns).any()


def test_energy_by_hand_and_falling():
    patterns, weights, rng = network(5, 40)
    states = memory.random_patterns(3, 40, rng)
    by_hand = [-sum(weights[i, j] * s[i] * s[j] for i, j in itertools.combinations(range(40), 2)) for s in states]
    np.testing.assert_allclose(memory.energy(states, weights), by_hand)
    state = memory.kill(states, 8, rng)
    for sweep in range(5):
        after = memory.settle(state, weights, rng, sweeps=1)
        assert (memory.energy(after, weights) <= memory.energy(state, weights) + 1e-12).all()
        assert ((after == 0) == (state == 0)).all()
        state = after


def test_recall_updates_all_at_once():
    patterns, weights, rng = network(4, 30)
    states = memory.random_patterns(6, 30, rng)
    expected, whole = states.copy(), np.rint(30 * weights)  # in whole numbers a tie is one
    for _ in range(3):
        field = expected @ whole
        expected = np.where(field == 0, expected, np.where(field > 0, 1, -1))
    np.testing.assert_array_equal(memory.recall(states, weights, 3), expected)
    lonely = np.zeros((30, 30))
    np.testing.assert_array_equal(memory.recall(states, lonely, 2), states)


def test_settled_states_are_at_rest(seed):
    patterns, weights, rng = network(6, 80, seed)
    rest = memory.settle(memory.random_patterns(10, 80, rng), weights, rng)
    assert (rest * (rest @ np.rint(80 * weights)) >= 0).all()  # whole numbers, so that no tie is rounded


def test_a_tie_changes_nobody(seed):
    """Against whole numbers, where sums of k / 80 would be rounded away from 0."""
    patterns, weights, _ = network(6, 80, seed)
    whole = np.rint(80 * weights).astype(int).tolist()
    starts = memory.random_patterns(3, 80, np.random.default_rng(seed + 1))
    for start in starts:
        expected = start.astype(int).tolist()
        for _ in range(3):
            fields = [sum(map(int.__mul__, row, expected)) for row in whole]
            expected = [state if field == 0 else 1 if field > 0 else -1 for state, field in zip(expected, fields, strict=True)]
        assert memory.recall(start, weights, 3).tolist() == expected
        expected, rng = start.astype(int).tolist(), np.random.default_rng(9)
        for _ in range(4):
            for neuron in rng.permutation(80):
                field = sum(map(int.__mul__, whole[neuron], expected))
                expected[neuron] = expected[neuron] if field == 0 else 1 if field > 0 else -1
        assert memory.settle(start, weights, np.random.default_rng(9), sweeps=4)[0].tolist() == expected


def test_a_tie_of_tenths_is_one():
    """0.1 + 0.2 - 0.3 is above 0 in floating point, in whatever order it is summed; the other three are at rest."""
    weights = np.array([[0, 0.1, 0.2, 0.3], [0.1, 0, 1, 0], [0.2, 1, 0, 0], [0.3, 0, 0, 0]])
    for state in ([-1.0, 1, 1, -1], [1.0, -1, -1, 1]):
        assert memory.recall(np.array(state), weights, 2).tolist() == state
        assert memory.settle(state, weights, np.random.default_rng(0))[0].tolist() == state


def test_without_synapses_nothing_moves():
    states = memory.random_patterns(4, 12, np.random.default_rng(0))
    np.testing.assert_array_equal(memory.settle(states, np.zeros((12, 12)), np.random.default_rng(0)), states)
    # both patterns pull every neuron both ways, equally hard
    for start in itertools.product((-1, 1), repeat=2):
        assert memory.dense_settle(start, [[1, 1], [1, -1]], 2, np.random.default_rng(0)).tolist() == [list(start)]


def test_overlap_by_hand():
    patterns = np.array([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1]])
    np.testing.assert_allclose(memory.overlap(patterns[0], patterns), [1, 0, 0])
    np.testing.assert_allclose(memory.overlap(np.array([[-1.0, -1, -1, 1], [0, 0, 1, -1]]), patterns), [[-0.5, -0.5, -0.5], [0, 0.5, 0]])


def test_critical_load_of_amit_gutfreund_and_sompolinsky_t4_1():
    load, overlap = memory.critical_load()
    assert load == pytest.approx(0.137906, abs=1e-6)
    assert overlap == pytest.approx(0.96742, abs=1e-5)
    np.testing.assert_allclose(memory.retrieval_overlap([0.05, 0.10]), [0.99999, 0.99800], atol=6e-6)
    assert memory.retrieval_overlap(load * 1.0001) == 0
    assert memory.retrieval_overlap(load * (1 - 1e-9)) == pytest.approx(overlap, abs=1e-3)
    for alpha in (0.06, 0.11, 0.137):  # m solves the equation
        overlap = memory.retrieval_overlap(alpha)
        y = next(y for y in np.linspace(6, 1, 500_001) if math.erf(y) <= overlap)
        assert y * (math.sqrt(2 * alpha) + 2 / math.sqrt(math.pi) * math.exp(-y * y)) == pytest.approx(math.erf(y), abs=1e-4)


def test_one_step_error_t4_2(seed):
    np.testing.assert_allclose(memory.one_step_error([0.105, 0.138, 0.185]), [0.001, 0.0036, 0.01], rtol=0.02)
    n, load, flips, tries = 1000, 0.185, 0, 0
    rng = np.random.default_rng(seed)
    for _ in range(3):
        patterns = memory.random_patterns(round(load * n), n, rng)
        flips += (memory.hebb_field(patterns, patterns) * patterns < 0).sum()
        tries += patterns.size
    chance = float(memory.one_step_error(load))
    # fields of one network are correlated; its weights number n**2 / 2, about as many as the tries
    assert abs(flips / tries - chance) < 5 * math.sqrt(2 * chance / tries) + 0.02 * chance


@pytest.mark.parametrize(("load", "cuts", "expected"), [
    (0.05, (0, 0.2, 0.4, 0.6, 0.8), (1.000, 1.000, 1.000, 0.996, 0.929)), (0.10, (0, 0.2), (0.997, 0.992))])
def test_deleted_synapses_t4_3(seed, load, cuts, expected):
    """The target's tolerance of 0.02, and five standard errors over 20 patterns."""
    patterns, weights, rng = network(round(load * 1000), 1000, seed)
    for share, overlap in zip(cuts, expected, strict=True):
        found = (memory.settle(patterns[:20], memory.cut(weights, share, rng), rng, sweeps=15) * patterns[:20]).mean(axis=1)
        assert abs(found.mean() - overlap) < 0.02 + 5 * found.std() / math.sqrt(20)


def test_memory_breaks_down_near_the_critical_load(seed):
    """n = 1000: well below the critical load all patterns stand, well above none."""
    for load, stands in ((0.10, True), (0.20, False)):
        patterns, weights, rng = network(round(load * 1000), 1000, seed)
        overlap = (memory.settle(patterns[:10], weights, rng, sweeps=20) * patterns[:10]).mean(axis=1)
        assert (np.median(overlap) > 0.95) == stands


def test_cut_takes_synapses_on_both_sides(seed):
    weights = np.ones((200, 200)) - np.eye(200)
    left = memory.cut(weights, 0.3, np.random.default_rng(seed))
    np.testing.assert_array_equal(left, left.T)
    pairs = 200 * 199 / 2
    assert abs(left.sum() / 2 - 0.7 * pairs) < 5 * math.sqrt(0.21 * pairs)


def test_flip_and_kill_are_exact():
    rng = np.random.default_rng(0)
    states = memory.random_patterns(30, 50, rng)
    assert ((memory.flip(states, 0.3, rng) != states).sum(axis=1) == 15).all()
    assert ((memory.flip(states, 0.37, rng) != states).sum(axis=1) == 18).all()  # round(18.5), the even one
    assert ((memory.flip(states, 0.39, rng) != states).sum(axis=1) == 20).all()  # round(19.5)
    dead = memory.kill(states, 17, rng) == 0
    assert (dead.sum(axis=1) == 17).all()
    for harmed in (dead, memory.flip(states, 0.3, rng) != states):  # each state has its own
        assert len(np.unique(harmed, axis=0)) == 30
    assert not memory.kill(states, 50, rng).any()


def test_dense_memory_of_power_two_is_hopfield_s(seed):
    patterns, weights, _ = network(3, 40, seed)
    starts = memory.random_patterns(5, 40, np.random.default_rng(seed + 1))
    dense = memory.dense_settle(starts, patterns, 2, np.random.default_rng(9))
    np.testing.assert_array_equal(dense, memory.settle(starts, weights, np.random.default_rng(9), sweeps=20))


def test_dense_memory_lowers_its_energy_and_holds_more(seed):
    rng = np.random.default_rng(seed)
    patterns = memory.random_patterns(100, 60, rng)  # a load of 1.67
    starts = memory.flip(patterns[:10], 0.1, rng)
    found = memory.dense_settle(starts, patterns, 4, rng)
    assert (((found @ patterns.T) ** 4).sum(axis=1) >= ((starts @ patterns.T) ** 4).sum(axis=1)).all()
    assert (found == patterns[:10]).all(axis=1).mean() >= 0.9
    assert (memory.settle(starts, memory.hebb(patterns), rng) == patterns[:10]).all(axis=1).mean() <= 0.1


@pytest.mark.parametrize(("call", "message"), [
    (lambda rng: memory.hebb([[1, 0.5]]), r"patterns of shape \(1, 2\): must be \+1 or -1"),
    (lambda rng: memory.hebb([[1, 0]]), r"patterns of shape \(1, 2\): must be \+1 or -1"),
    (lambda rng: memory.hebb([[1]]), r"patterns of shape \(1, 1\): must be .* for at least two neurons"),
    (lambda rng: memory.hebb(1), r"patterns of shape \(\): must be"),
    (lambda rng: memory.hebb([1, -1]), r"patterns of shape \(2,\): must have shape \(p, n\)"),
    (lambda rng: memory.projection([[1, np.nan]]), "patterns=.*must be finite"),
    (lambda rng: memory.random_patterns(0, 5, rng), "p=0: must be"),
    (lambda rng: memory.random_patterns(5, 1, rng), "n=1: must be"),
    (lambda rng: memory.kill(np.ones(5), 6, rng), "count=6: must be at most the number of neurons, 5"),
    (lambda rng: memory.kill(np.ones(5), -1, rng), "count=-1: must be"),
    (lambda rng: memory.flip(np.ones(5), 1.2, rng), "share=1.2: must be"),
    (lambda rng: memory.cut(np.ones((2, 2)), -0.1, rng), "share=-0.1: must be"),
    (lambda rng: memory.settle(np.ones(3), np.ones((3, 3)), rng), r"weights of shape \(3, 3\): must be square, with nothing on the diagonal"),
    (lambda rng: memory.settle(np.ones(3), np.zeros((2, 3)), rng), r"weights of shape \(2, 3\): must be square"),
    (lambda rng: memory.settle(np.ones(3), np.zeros(3), rng), r"weights of shape \(3,\): must be square"),
    (lambda rng: memory.recall(np.ones(3), np.zeros((3, 3)), 0), "steps=0: must be"),
    (lambda rng: memory.recall(np.ones(2), [[0, np.nan], [0, 0]], 1), "weights: some are no numbers"),
    (lambda rng: memory.settle(np.ones(2), [[0, np.inf], [np.inf, 0]], rng), "weights: some are no numbers; all must be finite"),
    (lambda rng: memory.one_step_error(-0.1), "load=-0.1: must be"),
    (lambda rng: memory.retrieval_overlap(0), "load=0: must be"),
    (lambda rng: memory.dense_settle([1, 0], [[1, -1]], 3, rng), r"states of shape \(2,\): must be \+1 or -1"),
    (lambda rng: memory.dense_settle(np.ones(2), [[1, 2]], 3, rng), r"patterns of shape \(1, 2\): must be \+1 or -1"),
    (lambda rng: memory.dense_settle(np.ones(2), [[1, -1]], 1, rng), "power=1: must be"),
    (lambda rng: memory.dense_settle(np.ones(2), [[1, -1]], 608, rng), "power=608: must be at most 607 for 2 neurons"),
    (lambda rng: memory.dense_settle(np.ones(3), [[1, -1]], 2, rng), r"states of shape \(1, 3\): must have shape \(runs, 2\)"),
    (lambda rng: memory.hebb_field(np.ones(3), [[1, -1]]), r"states of shape \(3,\): must have shape \(..., 2\)"),
    (lambda rng: memory.hebb_field([1, np.inf], [[1, -1]]), r"states=\[1, inf\]: must be finite"),
    (lambda rng: memory.overlap(1, [[1, -1]]), r"states of shape \(\): must have shape \(..., 2\)"),
    (lambda rng: memory.overlap([1, 1], np.ones((1, 1, 2))), r"patterns of shape \(1, 1, 2\): must have shape \(p, n\), or \(n,\)"),
    (lambda rng: memory.settle(np.ones((0, 2)), np.zeros((2, 2)), rng), r"states of shape \(0, 2\): must have shape \(runs, 2\), at least one"),
    (lambda rng: memory.energy([1, 1], np.ones(2)), r"weights of shape \(2,\): must be square"),
    (lambda rng: memory.energy([1, 1], [[0, np.inf], [-np.inf, 0]]), "weights: some are no numbers; all must be finite"),
    (lambda rng: memory.energy([1, 1, 1], np.zeros((2, 2))), r"states of shape \(3,\): must have shape \(..., 2\)"),
    (lambda rng: memory.recall([1, 1, 1], np.zeros((2, 2)), 1), r"states of shape \(3,\): must have shape \(..., 2\)"),
    (lambda rng: memory.settle(np.ones((1, 1, 2)), np.zeros((2, 2)), rng), r"states of shape \(1, 1, 2\): must have shape \(runs, 2\)"),
    (lambda rng: memory.flip(1, 0.5, rng), r"states of shape \(\): must have"),
    (lambda rng: memory.kill(1, 0, rng), r"states of shape \(\): must have"),
    (lambda rng: memory.cut(np.ones((2, 3)), 0.5, rng), r"weights of shape \(2, 3\): must be square"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
