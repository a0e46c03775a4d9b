import itertools

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from helpers import staleness

pytestmark = pytest.mark.usefixtures("one_blas_thread", "one_thread")


def cases(m=40, n=3, c=3, seed=1):
    """Classes that overlap, so that the loss has a minimum."""
    rng = np.random.default_rng(seed)
    labels = np.arange(m) % c
    return 0.7 * np.eye(c, n)[labels] + rng.standard_normal((m, n)), labels


def test_the_limit_is_where_a_root_leaves_the_unit_circle():
    delays = np.array([0, 1, 2, 3, 7, 32, 200])
    limits = staleness.limit(delays)
    np.testing.assert_allclose(limits[:3], [2, 1, (5**0.5 - 1) / 2])
    np.testing.assert_allclose(limits, 2 * np.cos(delays * np.pi / (2 * delays + 1)))  # as Levin & May print it
    assert limits[-1] == pytest.approx(np.pi / 400, rel=3e-3)
    for delay, a in zip(delays.tolist(), limits, strict=True):
        z = np.exp(1j * np.pi / (2 * delay + 1))
        assert abs(z**(delay + 1) - z**delay + a) < 1e-12
        below, at, above = staleness.decay(a * np.array([0.999, 1, 1.001]), delay)
        assert below < 1 < above and at == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("delay", [0, 1, 2, 5, 17])
def test_decay_against_the_polynomial_and_the_walk_itself(delay):
    steps = np.array([[0.01, 0.05], [0.3, 1.3]])
    found = staleness.decay(steps, delay)
    for a, decay in zip(steps.ravel(), found.ravel(), strict=True):
        polynomial = np.zeros(delay + 2)
        polynomial[:2] = 1, -1
        polynomial[-1] += a
        assert decay == pytest.approx(np.abs(np.roots(polynomial)).max(), rel=1e-9)
        past, grown = [1.0] * (delay + 1), []
        for _ in range(4000):
            past = [*past, past[-1] - a * past[-1 - delay]][-delay - 1:]
            size = max(map(abs, past))
            grown.append(np.log(size))
            past = [one / size for one in past]
        assert np.mean(grown[1000:]) == pytest.approx(np.log(decay), abs=3e-3)
    assert staleness.decay(0, delay) == pytest.approx(1)


@pytest.mark.parametrize("delay", [0, 1, 3, 10])
def test_the_best_step(delay):
    step, decay = staleness.best(delay)
    assert staleness.decay(step, delay) == pytest.approx(decay, abs=1e-6)  # two roots meet: half the digits
    around = np.linspace(0.5, 1.5, 101) * step
    assert around[staleness.decay(around, delay).argmin()] == pytest.approx(step)


def test_the_best_steps_of_many_delays():
    step, decay = staleness.best([0, 1, 2])
    np.testing.assert_allclose(step, [1, 1 / 4, 4 / 27])
    np.testing.assert_allclose(decay, [0, 1 / 2, 2 / 3])
    assert staleness.decay(0.05, 4) < staleness.decay(0.05, 0) == pytest.approx(0.95)  # a small step is better late


def by_torch(inputs, labels, delays, rate, batches):
    """Losses and weights by automatic differentiation at weights kept as long as they are needed."""
    inputs, labels = torch.tensor(np.column_stack([inputs, np.ones(len(inputs))])), torch.tensor(labels)
    classes = int(labels.max()) + 1
    kept = [torch.zeros(inputs.shape[1], classes, dtype=torch.float64)]
    for t, delay in enumerate(delays):
        read = max(t - delay, 0)
        weights, some = kept[read].clone().requires_grad_(), batches[read]
        torch.nn.functional.cross_entropy(inputs[some] @ weights, labels[some]).backward()
        kept.append(kept[-1] - rate * weights.grad)
    losses = [float(torch.nn.functional.cross_entropy(inputs @ weights, labels)) for weights in kept]
    return losses, kept[-1].numpy()


@pytest.mark.parametrize("batch", [None, 7])
def test_training_against_torch(batch):
    """Delays and rates of three runs, one delay changing from step to step."""
    inputs, labels = cases()
    steps, rates = 30, np.array([0.3, 0.1, 2.0])
    delays = np.column_stack([np.full(steps, 0), np.full(steps, 4), np.random.default_rng(0).integers(0, 9, steps)])
    rng = np.random.default_rng(5)
    batches = [slice(None) if batch is None else rng.permutation(40)[:batch] for _ in range(steps)]
    found = staleness.train(inputs, labels, delays, rates, steps, batch=batch, rng=np.random.default_rng(5))
    for k in range(3):
        losses, weights = by_torch(inputs, labels, delays[:, k], rates[k], batches)
        np.testing.assert_allclose(found.losses[:, k], losses, rtol=1e-10)
        np.testing.assert_allclose(found.weights[k], weights, atol=1e-12)
        assert found.diverged[k] == (losses[-1] >= losses[0]) == (k == 2)
    assert found.losses.shape == (31, 3) and found.weights.shape == (3, 4, 3)
    fixed = staleness.train(inputs, labels, [0, 4], rates[:2], steps, batch=batch, rng=np.random.default_rng(5))
    np.testing.assert_allclose(fixed.losses, found.losses[:, :2])
    one = staleness.train(inputs, labels, 4, 0.1, steps, batch=batch, rng=np.random.default_rng(5))
    np.testing.assert_allclose(one.losses[:, 0], found.losses[:, 1])


def test_curvature_against_second_derivatives_by_torch():
    inputs, labels = cases(c=4)
    weights = np.random.default_rng(2).standard_normal((4, 4))
    data, classes = torch.tensor(np.column_stack([inputs, np.ones(40)])), torch.tensor(labels)
    for at in (weights, np.zeros((4, 4))):
        second = torch.autograd.functional.hessian(
            lambda w: torch.nn.functional.cross_entropy(data @ w.reshape(4, 4), classes), torch.tensor(at.ravel()))
        assert staleness.curvature(inputs, at) == pytest.approx(float(torch.linalg.eigvalsh(second)[-1]))
    assert staleness.curvature(inputs, classes=4) == pytest.approx(float(torch.linalg.eigvalsh(second)[-1]))


@pytest.mark.parametrize("delay", [0, 1, 3, 8])
def test_training_near_its_minimum_obeys_the_limit(delay):
    """2 % below the limit over the curvature at the minimum it comes to rest; 2 % above it swings for ever."""
    inputs, labels = cases()
    best = staleness.train(inputs, labels, 0, 1.0, 4000)
    greatest = staleness.limit(delay) / staleness.curvature(inputs, best.weights[0])
    losses = staleness.train(inputs, labels, delay, greatest * np.array([0.98, 1.02]), 6000).losses - best.losses[-1]
    assert abs(losses[-100:, 0]).max() < 1e-9 < 1e-5 < losses[-100:, 1].max()


def test_training_with_delay_decays_as_the_formula_says():
    """Two alike classes of one number: one curvature alone. Loss is a square, so it shrinks as the decay squared."""
    inputs, labels = np.array([[1.0], [1], [1], [-1], [-1], [-1]]), np.array([0, 0, 1, 1, 1, 0])
    best = staleness.train(inputs, labels, 0, 1.0, 500)
    curvature = staleness.curvature(inputs, best.weights[0])
    for delay, share in ((0, 0.3), (2, 0.1), (2, 1.0), (6, 1.0)):
        step = staleness.best(delay)[0] * share
        losses = staleness.train(inputs, labels, delay, step / curvature, 60).losses[:, 0] - best.losses[-1, 0]
        if share < 1:
            assert (losses[40] / losses[30])**0.05 == pytest.approx(float(staleness.decay(step, delay)), abs=2e-3)
        else:  # with the best step it comes down faster than with a tenth less or more
            others = staleness.train(inputs, labels, delay, step / curvature * np.array([0.8, 1.25]), 60).losses - best.losses[-1, 0]
            assert losses[60] < others[60].min()


def test_digits():
    """Far below the limit delay even helps a little; far above it the run is worse than no training, and cut off if it must be."""
    digits = load_digits()
    inputs, labels = digits.data / 16, digits.target
    assert staleness.curvature(inputs, classes=10) == pytest.approx(1.14435, abs=1e-5)
    found = staleness.train(inputs, labels, [0, 32, 32, 32], [0.02, 0.02, 0.5, 8.0], 150)
    assert found.losses[0] == pytest.approx(np.log(10)) and found.diverged.tolist() == [False, False, True, True]
    assert 0.98 * found.losses[-1, 0] < found.losses[-1, 1] < found.losses[-1, 0]
    cut = np.isinf(found.losses[:, 3])
    first = cut.argmax()
    assert 0 < first < 150 and cut[first:].all() and np.isfinite(found.losses[:, :3]).all()
    assert found.losses[first - 1, 3] <= 100 * np.log(10)
    # its weights stay as they were when it was cut off
    early = staleness.train(inputs, labels, 32, 8.0, int(first))
    np.testing.assert_allclose(found.weights[3], early.weights[0], rtol=1e-6)  # BLAS adds up one run in another order than four
    assert np.isfinite(found.weights).all()


def test_the_largest_numbers():
    found = staleness.train([[1e6], [-1e6]], [0, 1], [0, 3], [1e6, 1e6], 10)
    assert np.isfinite(found.weights).all() and not np.isnan(found.losses).any()


def test_staleness_by_hand():
    """Durations in place of the draws: worker 0 takes 1, 1, 1, ...; worker 1 takes 2.5."""
    class Rng:
        def exponential(self, size):
            return np.broadcast_to(np.array([[1.0], [2.5]]), size)

    updates = staleness.asynchronous([1, 1], 6, Rng())
    assert updates.times.tolist() == [1, 2, 2.5, 3, 4, 5] and updates.workers.tolist()[:5] == [0, 0, 1, 0, 0]
    assert updates.staleness.tolist()[:5] == [0, 0, 2, 1, 0]
    assert staleness.asynchronous([2, 1], 6, Rng()).times.tolist() == [0.5, 1, 1.5, 2, 2.5, 2.5]
    assert staleness.synchronous([1, 1], 3, Rng()).tolist() == [2.5, 5, 7.5]


SPEEDS = [np.ones(1), np.full(4, 2.0), np.array([3, 1, 0.5])]


@pytest.mark.parametrize("speeds", SPEEDS)
def test_updates_against_an_event_list(speeds):
    """One event after another, from the same draws."""
    draws = np.random.default_rng(3).exponential(size=(speeds.size, 200)) / speeds[:, None]
    due, read, version, used = draws[:, 0].copy(), np.zeros(speeds.size, int), 0, np.ones(speeds.size, int)
    found = staleness.asynchronous(speeds, 200, np.random.default_rng(3))
    for k in range(200):
        worker = int(due.argmin())
        assert found.workers[k] == worker and found.times[k] == pytest.approx(due[worker])
        assert found.staleness[k] == version - read[worker]
        version += 1
        read[worker] = version
        if used[worker] < 200:
            due[worker] += draws[worker, used[worker]]
            used[worker] += 1
    missed = version - read  # what each worker's last gradient, not yet there, is late by already
    assert found.staleness.sum() == speeds.size * 200 - 200 - missed.sum()


@pytest.mark.parametrize("speeds", SPEEDS)
def test_staleness_within_five_standard_errors_of_its_law(speeds, seed):
    """Of the last of 30 updates, in runs apart: independent draws, binomial counts."""
    rng, runs = np.random.default_rng(seed), 2000
    last = np.array([staleness.asynchronous(speeds, 30, rng).staleness[-1] for _ in range(runs)])
    law = staleness.staleness_law(speeds, 5)
    shares = (last[:, None] == np.arange(6)).mean(axis=0)
    assert np.all(abs(shares - law) <= 5 * np.sqrt(law * (1 - law) / runs) + 1e-12)


@pytest.mark.parametrize("speeds", SPEEDS)
def test_the_law_of_staleness(speeds):
    law = staleness.staleness_law(speeds, 2000)
    assert law.sum() == pytest.approx(1) and law @ np.arange(2001) == pytest.approx(speeds.size - 1)
    if np.ptp(speeds) == 0:
        w = speeds.size
        np.testing.assert_allclose(law[:20], (1 - 1 / w) ** np.arange(20) / w)


@pytest.mark.parametrize("speeds", SPEEDS)
def test_pace_within_five_standard_errors(speeds, seed):
    rng, many = np.random.default_rng(seed), 4000
    pace = staleness.pace(speeds)
    updates = staleness.asynchronous(speeds, many, rng)
    assert abs(updates.times[-1] - many / pace.asynchronous) < 5 * np.sqrt(many) / pace.asynchronous
    assert updates.staleness.mean() == pytest.approx(pace.staleness, abs=0.05)  # short of it by the gradients under way, over 4000
    rounds = staleness.synchronous(speeds, many, rng)
    round_mean, round_square = longest(speeds, 1), longest(speeds, 2)
    assert pace.synchronous == pytest.approx(speeds.size / round_mean, rel=1e-12)
    assert abs(rounds[-1] / many - round_mean) < 5 * np.sqrt((round_square - round_mean**2) / many)


def longest(speeds, power):
    """Mean of the longest time, or of its square, by inclusion and exclusion."""
    return sum((-1)**(k + 1) * power / sum(some)**power for k in range(1, len(speeds) + 1) for some in itertools.combinations(speeds, k))


def test_pace_of_equal_and_of_very_unequal_workers():
    for w in (1, 2, 10, 1000):
        assert staleness.pace(np.full(w, 3.0)).synchronous == pytest.approx(3 * w / (1 / np.arange(1, w + 1)).sum(), rel=1e-12)
    for speeds in ([1e-6, 1e6, 3], [1e-6, 1e-6, 1, 1e6]):
        assert staleness.pace(speeds).synchronous == pytest.approx(len(speeds) / longest(speeds, 1), rel=1e-12)


@pytest.mark.parametrize("call, message", [
    (lambda: staleness.limit(-1), r"delay=-1: must be finite and in \[0"),
    (lambda: staleness.limit(0.5), r"delay=0.5: must be whole"),
    (lambda: staleness.decay(-1, 2), r"step=-1: must be finite and in \[0, 1e\+06\]"),
    (lambda: staleness.decay(1, 501), r"delay=501: must be at most 500"),
    (lambda: staleness.best(-1), r"delay=-1: must be finite and in \[0"),
    (lambda: staleness.curvature([1, 2], classes=2), r"inputs of shape \(2,\): must be \(cases, features\)"),
    (lambda: staleness.curvature([[1e7]], classes=2), r"inputs=.*: must be finite and in \[-1e\+06, 1e\+06\]"),
    (lambda: staleness.curvature([[1]], [[1, 2]]), r"weights of shape \(1, 2\): must be \(2, c\), c at least 2"),
    (lambda: staleness.curvature([[1]], [[1, 2], [np.nan, 1]]), r"weights=.*nan.*: must be finite"),
    (lambda: staleness.curvature([[1]], classes=1), r"classes=1: must be finite and in \[2"),
    (lambda: staleness.train([[1], [2]], [0], 0, 1, 3), r"labels of shape \(1,\): must have shape \(2,\)"),
    (lambda: staleness.train([[1], [2]], [0, 0], 0, 1, 3), r"labels: the greatest is 0; must be from 1 to 999"),
    (lambda: staleness.train([[1], [2]], [0, 1000], 0, 1, 3), r"labels: the greatest is 1000"),
    (lambda: staleness.train([[1], [2]], [0, 1], 0, 0, 3), r"rate=0: must be finite and in \(0, 1e\+06\]"),
    (lambda: staleness.train([[1], [2]], [0, 1], -1, 1, 3), r"delays=-1: must be finite and in \[0"),
    (lambda: staleness.train([[1], [2]], [0, 1], [], 1, 3), r"delays, rate of shapes \(0,\), \(\): must be of one run or more"),
    (lambda: staleness.train([[1], [2]], [0, 1], 1, [], 3), r"delays, rate of shapes \(\), \(0,\): must be of one run or more"),
    (lambda: staleness.train([[1], [2]], [0, 1], 2**21, 1, 2**21), r"delays: up to 2097152, of 1 runs with 4 weights; must be fewer"),
    (lambda: staleness.train([[1], [2]], [0, 1], 4, 1, 3), r"delays: 4 is among them; must be at most steps=3"),
    (lambda: staleness.train([[1], [2]], [0, 1], [[1], [1]], 1, 3), r"delays, rate of shapes \(2, 1\), \(\): must be \(k,\) or \(3, k\)"),
    (lambda: staleness.train([[1], [2]], [0, 1], [1, 1], [1, 1, 1], 3), r"delays, rate of shapes \(2,\), \(3,\): must be for as many runs"),
    (lambda: staleness.train([[1], [2]], [0, 1], 0, 1, 3, batch=3), r"batch=3: must be at most the number of cases, 2"),
    (lambda: staleness.train([[1], [2]], [0, 1], 0, 1, 3, batch=1), r"rng=None: must be a generator"),
    (lambda: staleness.train([[1], [2]], [0, 1], 0, 1, 0), r"steps=0: must be finite and in \[1"),
    (lambda: staleness.asynchronous([0], 1, None), r"speeds=\[0\]: must be finite and in \[1e-06, 1e\+06\]"),
    (lambda: staleness.asynchronous(np.ones(1001), 1, None), r"speeds of shape \(1001,\): must be of at most 1000 workers"),
    (lambda: staleness.asynchronous(np.ones(1000), 5000, None), r"updates=5000: of 1000 workers; must be at most 4194"),
    (lambda: staleness.synchronous(np.ones(1000), 5000, None), r"rounds=5000: of 1000 workers; must be at most 4194"),
    (lambda: staleness.asynchronous([1], 0, None), r"updates=0: must be finite and in \[1"),
    (lambda: staleness.synchronous([1], 0, None), r"rounds=0: must be finite and in \[1"),
    (lambda: staleness.staleness_law([1], -1), r"most=-1: must be finite and in \[0"),
    (lambda: staleness.pace([[1]]), r"speeds of shape \(1, 1\): must have shape \(n,\)"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
