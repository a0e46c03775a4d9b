import itertools
import math

import numpy as np
import pytest

from helpers import crowd, neurons


def test_voltage_is_the_equation_s_solution():
    trace = neurons.integrate_and_fire([5.0, 14.0], 60)
    time = np.arange(601) * 0.1
    np.testing.assert_allclose(trace.voltage, np.array([5.0, 14.0]) * (1 - np.exp(-time[:, None] / neurons.TAU)), atol=1e-9)
    assert not trace.spikes.any()


def test_rate_is_the_closed_form():
    currents = np.array([16.0, 20, 30, 60])
    spikes = neurons.integrate_and_fire(currents, 500, dt=0.01).spikes
    first, last = spikes.argmax(axis=0), spikes.shape[0] - 1 - spikes[::-1].argmax(axis=0)
    between = 0.01 * (last - first) / (spikes.sum(axis=0) - 1)
    np.testing.assert_allclose(1000 / between, neurons.firing_rate(currents), rtol=0.002)
    # from 0 to 15 mV on the way to 30 takes 20 ln 2 ms, and 2 ms of deafness
    assert neurons.firing_rate(30) == pytest.approx(1000 / (2 + 20 * math.log(2)))
    assert neurons.firing_rate([-3, 0, 5, 14.9, 15, 15.001])[:5].tolist() == [0] * 5
    assert neurons.firing_rate(1e9) == pytest.approx(1000 / neurons.REFRACTORY, rel=1e-3)


def test_after_a_spike_it_is_deaf():
    trace = neurons.integrate_and_fire(60.0, 100)
    for spike in np.flatnonzero(trace.spikes)[:-1]:
        assert not trace.voltage[spike:spike + 21].any()
        assert trace.voltage[spike + 21] > 0


def test_noise_has_the_spread_it_is_said_to_have(seed):
    """Of the voltage in the long run, far from the threshold; neighbours in time are correlated over tau."""
    trace = neurons.integrate_and_fire(np.full(200, -100.0), 400, rng=np.random.default_rng(seed), noise=2.0)
    late = trace.voltage[-1]
    assert abs(late.std(ddof=1) - 2) < 5 * 2 / math.sqrt(2 * 199)


def test_a_noisy_neuron_fires_below_its_threshold():
    quiet = neurons.integrate_and_fire(np.full(20, 13.0), 1000)
    noisy = neurons.integrate_and_fire(np.full(20, 13.0), 1000, rng=np.random.default_rng(0), noise=2.0)
    assert not quiet.spikes.any()
    assert noisy.spikes.any(axis=0).all()


CORNERS = np.array(list(itertools.product((-1, 1), repeat=2)))
TABLES = [np.array(table) for table in itertools.product((-1, 1), repeat=4)]


def test_fourteen_of_sixteen_tables_are_one_neuron_s():
    learned = [neurons.perceptron(CORNERS, table).mistakes[-1] == 0 for table in TABLES]
    assert sum(learned) == 14
    for table, well in zip(TABLES, learned, strict=True):
        assert well == (table.prod() == 1 and abs(table.sum()) == 4 or not (table[0] == table[3] != table[1] == table[2]))


def test_what_a_perceptron_has_learned_it_says():
    for table in TABLES:
        weights, mistakes = neurons.perceptron(CORNERS, table)
        if mistakes[-1] == 0:
            assert (np.sign(np.column_stack([CORNERS, np.ones(4)]) @ weights) == table).all()
    assert neurons.perceptron(CORNERS, [-1, 1, 1, -1], passes=40).mistakes[-1] > 0


def test_perceptrons_by_hand():
    """Corners in the order (-1, -1), (-1, 1), (1, -1), (1, 1), then the bias."""
    weights, mistakes = neurons.perceptron(CORNERS, [-1, -1, -1, 1])
    assert (weights.tolist(), mistakes) == ([1, 1, -1], [1, 0])
    # or: after the three first corners (1, 1, -1), (0, 2, 0), (1, 1, 1)
    weights, mistakes = neurons.perceptron(CORNERS, [-1, 1, 1, 1])
    assert (weights.tolist(), mistakes) == ([1, 1, 1], [3, 0])
    assert len(neurons.perceptron(CORNERS, [-1, 1, 1, -1]).mistakes) == 100


def test_the_perceptron_s_mistakes_are_bounded(seed):
    """Novikoff 1962: with a margin g in a ball of radius R at most (R / g)**2 mistakes."""
    rng = np.random.default_rng(seed)
    inputs, normal = rng.standard_normal((60, 3)), np.array([2.0, -1, 0.5])
    inputs = inputs[np.abs(inputs @ normal) > 0.5]
    extended = np.column_stack([inputs, np.ones(len(inputs))])
    made = neurons.perceptron(inputs, np.sign(inputs @ normal), passes=10_000)
    margin = np.abs(inputs @ normal).min() / np.linalg.norm(normal)
    assert made.mistakes[-1] == 0
    assert sum(made.mistakes) <= (extended**2).sum(axis=1).max() / margin**2


def test_a_layer_can_do_what_one_cannot():
    made = neurons.two_layers(CORNERS, [[1, 1, 1], [-1, -1, 1]], np.array([1, 1, -1]))
    assert made.tolist() == [-1, 1, 1, -1]
    # sums of 0: the hidden neuron says -1, which the one after it turns, and so does the one after that
    assert neurons.two_layers(CORNERS, [[1, 1, 0]], np.array([-1.0, 0])).tolist() == [1, 1, 1, -1]
    assert neurons.two_layers(CORNERS, [[1, 0, 0]], np.array([1.0, 1])).tolist() == [-1, -1, 1, 1]


@pytest.mark.parametrize("correlation", [0, 0.12, 1])
def test_a_pool_errs_as_a_crowd_does_t4_4(seed, correlation):
    for n in (1, 10, 200):
        found = neurons.pooled_estimates(3000, n, np.random.default_rng(seed), correlation=correlation, noise=2)
        variance = float(crowd.variance_of_mean(n, 4, correlation))
        assert abs(found.var() - variance) < 5 * variance * math.sqrt(2 / 3000)
        assert abs(found.mean()) < 5 * math.sqrt(variance / 3000)


@pytest.mark.parametrize(("n", "worth"), [(10, 4.81), (100, 7.76), (787, 8.26)])
def test_correlated_neurons_are_worth_few_t4_4(n, worth):
    assert crowd.effective_size(n, 0.12) == pytest.approx(worth, abs=0.005)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: neurons.integrate_and_fire(np.nan, 10), "current=nan: must be"),
    (lambda: neurons.integrate_and_fire(20, 0), "time=0: must be"),
    (lambda: neurons.integrate_and_fire(20, 1000, dt=0.001), r"dt=0.001: time=1000 would take more than 100,000 of it; must be greater"),
    (lambda: neurons.integrate_and_fire(20, 10, rng=(), noise=1), r"rng=\(\): noise=1 needs a generator"),
    (lambda: neurons.integrate_and_fire(20, 10, dt=0), "dt=0: must be"),
    (lambda: neurons.integrate_and_fire(20, 10, noise=-1), "noise=-1: must be"),
    (lambda: neurons.integrate_and_fire(20, 10, noise=1), "rng=None: noise=1 needs a generator"),
    (lambda: neurons.integrate_and_fire(20, -1), "time=-1: must be"),
    (lambda: neurons.firing_rate(np.inf), "current=inf: must be"),
    (lambda: neurons.perceptron([1.0, -1], [1, 1]), r"inputs of shape \(2,\), targets of shape \(2,\): must be"),
    (lambda: neurons.perceptron(CORNERS, [1, 1, 1, np.nan]), "targets=.*: must be finite"),
    (lambda: neurons.perceptron(CORNERS, [1, 1, 1, -1], passes=0), "passes=0: must be"),
    (lambda: neurons.pooled_estimates(5, 2, np.random.default_rng(0), correlation=1.1, noise=1), "correlation=1.1: must be"),
    (lambda: neurons.perceptron(CORNERS, [1, 1, 1, 0.5]), "must be .* of \\+1 or -1"),
    (lambda: neurons.perceptron(CORNERS, [1, 1]), r"inputs of shape \(4, 2\), targets of shape \(2,\)"),
    (lambda: neurons.two_layers(CORNERS, [[1, 1]], [1, 1]), r"inputs, hidden, output of shapes \(4, 2\), \(1, 2\), \(2,\): must be"),
    (lambda: neurons.two_layers(CORNERS, [[1, 1, 1]], [1]), r"inputs, hidden, output of shapes \(4, 2\), \(1, 3\), \(1,\): must be"),
    (lambda: neurons.two_layers(CORNERS, [[1, 1, np.nan]], [1, 1]), "hidden=.*: must be finite"),
    (lambda: neurons.pooled_estimates(5, 0, np.random.default_rng(0), correlation=0, noise=1), "n=0: must be"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
