import numpy as np
import pytest
from scipy.linalg import solve_discrete_are
from scipy.stats import binom

from helpers import channels, crowd, signals
from helpers.channels import Channel

pytestmark = pytest.mark.usefixtures("one_blas_thread")

CHANNELS = [Channel(), Channel(tau=5, low=0, high=0.3, correlation=0.2), Channel(tau=60, low=0.35, high=0.5, correlation=1)]


def test_telegraph(seed):
    """One run's product of two moments is +-1, of mean lam^k."""
    runs, tau = 20_000, 4.0
    s = channels.telegraph(runs, 30, np.random.default_rng(seed), tau)
    assert s.dtype == np.int64 and set(np.unique(s)) == {0, 1}
    for t in (0, 1, 29):
        assert abs(s[:, t].mean() - 0.5) < 5 * np.sqrt(0.25 / runs)
    for first, lag in ((0, 1), (10, 3), (28, 1), (5, 8)):
        lam = np.exp(-lag / tau)
        product = (2 * s[:, first] - 1) * (2 * s[:, first + lag] - 1)
        assert abs(product.mean() - lam) < 5 * np.sqrt((1 - lam**2) / runs)


@pytest.mark.parametrize("rho", [0, 0.3, 1])
def test_events_against_their_distribution(rho, seed):
    """Of m alike and n - m others m events more if the common draw says so; and so the variance of crowd.py."""
    n, steps = 6, 40_000
    channel = Channel(low=0.2, high=0.7, correlation=rho)
    s = np.repeat([0, 1], steps).reshape(2, steps)
    events = channels.send(s, n, np.random.default_rng(seed), channel)
    assert events.dtype == np.int64 and events.shape == s.shape
    k = np.arange(n + 1)
    for p, sent in zip((0.2, 0.7), events, strict=True):
        mass = sum(binom.pmf(m, n, np.sqrt(rho)) * (p * binom.pmf(k - m, n - m, p) + (1 - p) * binom.pmf(k, n - m, p))
                   for m in range(n + 1))
        mean = mass @ k
        variance = mass @ (k - mean)**2
        assert mean == pytest.approx(n * p)
        assert variance / n**2 == pytest.approx(crowd.variance_of_mean(n, p * (1 - p), rho))
        found = np.bincount(sent, minlength=n + 1) / steps
        assert np.all(np.abs(found - mass) <= 5 * np.sqrt(mass * (1 - mass) / steps))
        spread = np.sqrt(mass @ ((k - mean)**2 - variance)**2 / steps)
        assert abs(((sent - mean)**2).mean() - variance) < 5 * spread


def test_integrate_against_a_loop():
    inputs = np.random.default_rng(0).random((3, 50))
    y = channels.integrate(inputs, 0.2, 0.7)
    assert np.all(y[:, 0] == 0.7)
    for t in range(49):
        np.testing.assert_allclose(y[:, t + 1], 0.8 * y[:, t] + 0.2 * inputs[:, t], rtol=1e-13)
    assert channels.integrate(inputs[0], 1, 9)[1:].tolist() == inputs[0, :-1].tolist()
    assert channels.integrate([1.0], 0.5, 2).tolist() == [2]


def summed(n, e, lags, channel):
    """The correlations by sums over 4000 steps back."""
    back = np.arange(4000)
    kernel = e * (1 - e)**back
    lam, h = np.exp(-1 / channel.tau), channel.high - channel.low
    cov = np.array([h / 4 * kernel @ lam**np.abs(back + 1 - lag) for lag in lags])
    autocovariance = h * h / 4 * lam**back
    noise = np.mean([crowd.variance_of_mean(n, p * (1 - p), channel.correlation) for p in (channel.low, channel.high)])
    filtered = np.convolve(kernel, np.append(autocovariance[:0:-1], autocovariance))[3999:7999]
    variance = kernel @ filtered + noise * kernel @ kernel
    return cov / np.sqrt(variance / 4)


@pytest.mark.parametrize("channel", CHANNELS)
def test_correlation_and_delay_against_sums(channel):
    lam, lags = np.exp(-1 / channel.tau), np.arange(120)
    for e in (1.0, 0.5, 1 - lam, (1 - lam) * (1 + 1e-10), 0.05, 0.01):
        expected = summed(3, e, lags, channel)
        np.testing.assert_allclose(channels.correlation(3, e, lags, channel), expected, rtol=1e-8)
        best = channels.delay(e, channel.tau)
        assert best == np.argmax(np.round(expected, 12)) and best.dtype == np.int64
        assert channels.fidelity(3, e, channel) == pytest.approx(max(expected), rel=1e-8)


def test_correlation_without_noise_or_memory_is_the_signals_own():
    perfect = Channel(tau=7, low=0, high=1)
    np.testing.assert_allclose(channels.correlation(1, 1, [0, 1, 2, 5], perfect), np.exp(-np.array([1, 0, 1, 4]) / 7))
    p = Channel(tau=7, low=0, high=0.3)  # one step and one messenger: phi coefficient of two binary variables
    assert channels.fidelity(1, 1, p) == pytest.approx(0.15 * 0.5 / np.sqrt(0.25 * 0.15 * 0.85))


@pytest.mark.parametrize("e", [1, 0.3, 0.08])
@pytest.mark.parametrize("channel", CHANNELS)
def test_moments_within_five_standard_errors(e, channel, seed):
    """Covariances and variance at one moment of independent runs, whose means are known: 1/2 and (low + high) / 2."""
    runs, n, lags = 4000, 5, np.array([0, 1, 2, 5, 20])
    steps = int(np.ceil(20 / e)) + 40
    rng = np.random.default_rng(seed)
    s = channels.telegraph(runs, steps, rng, channel.tau)
    middle = (channel.low + channel.high) / 2
    off = channels.integrate(channels.send(s, n, rng, channel) / n, e, middle)[:, -1] - middle
    assert channels.integrate(np.zeros(steps), e, 1)[-1] < 1e-8  # what is left of the start
    h, lam = channel.high - channel.low, np.exp(-1 / channel.tau)
    cov = channels.correlation(n, e, lags, channel)
    # the size of y, which correlations hide, from the formula of the docstring
    noise = np.mean([crowd.variance_of_mean(n, p * (1 - p), channel.correlation) for p in (channel.low, channel.high)])
    variance = e / (2 - e) * (h * h / 4 * (1 + (1 - e) * lam) / (1 - (1 - e) * lam) + noise)
    products = off * off
    assert abs(products.mean() - variance) < 5 * products.std(ddof=1) / np.sqrt(runs)
    for lag, expected in zip(lags, cov * np.sqrt(variance / 4), strict=True):
        products = off * (s[:, steps - 1 - lag] - 0.5)
        assert abs(products.mean() - expected) < 5 * products.std(ddof=1) / np.sqrt(runs)


def test_fidelity_at_a_lag_within_five_standard_errors(seed):
    """Of independent runs so long that the bias of a correlation, tau / steps, is below a tenth of the tolerance."""
    runs, steps, n, e = 50, 20_000, 4, 0.2
    channel = Channel(tau=5, correlation=0.1)
    rng = np.random.default_rng(seed)
    s = channels.telegraph(runs, steps, rng, channel.tau)
    y = channels.integrate(channels.send(s, n, rng, channel) / n, e, 0.3)
    s, y = s[:, 100:], y[:, 100:]
    for lag in (0, 1, 3, 10):
        found = signals.fidelity(s[:, :s.shape[1] - lag], y[:, lag:])
        expected = channels.correlation(n, e, lag, channel)
        assert abs(found.mean() - expected) < 5 * found.std(ddof=1) / np.sqrt(runs)


@pytest.mark.parametrize("e", [1, 0.25])
def test_measured_within_five_standard_errors(e, seed):
    """The standard error of fidelity from the runs; of the events of a run, by the signal's autocorrelation."""
    channel, n, runs, steps = Channel(tau=10, correlation=0.05), 20, 40, 10_000
    found = channels.measure(np.full(runs, n), e, steps, np.random.default_rng(seed), channel)
    expected = channels.fidelity(n, e, channel)
    assert abs(found.fidelity.mean() - expected) < 5 * found.fidelity.std(ddof=1) / np.sqrt(runs)
    assert np.median(found.delay) == channels.delay(e, 10)
    lam, noise = np.exp(-1 / 10), crowd.variance_of_mean(n, (0.09 + 0.25) / 2, 0.05)
    variance = (0.16 / 4 * (1 + lam) / (1 - lam) + noise) / steps
    assert abs(found.events.mean() / n - 0.3) < 5 * np.sqrt(variance / runs)


def test_a_measured_run_is_made_of_the_parts_after_twelve_memories():
    channel, e, lead = Channel(tau=6), 0.04, 300
    found = channels.measure(3, e, 400, np.random.default_rng(5), channel)
    rng = np.random.default_rng(5)
    s = channels.telegraph(1, lead + 400, rng, 6)[0]
    events = channels.send(s, 3, rng, channel)
    y = channels.integrate(events / 3, e, 0.3)
    expected = signals.arrival(s[lead:], y[lead:], 2 * int(channels.delay(e, 6)) + 10)
    assert (found.fidelity, found.delay) == (pytest.approx(expected[0], rel=1e-12), expected[1])
    assert found.events == events[lead:].mean()


def test_measured_numbers_broadcast_and_come_again():
    channel, n, e = Channel(tau=3), np.array([[2], [50]]), np.array([1, 0.25, 0.05])
    found, again = (channels.measure(n, e, 3000, np.random.default_rng(2), channel) for _ in range(2))
    for one, two in zip(found, again, strict=True):
        assert one.shape == (2, 3) and np.array_equal(one, two)
    assert np.all(found.fidelity[1] > found.fidelity[0]) and found.events[1].min() > 20 * found.events[0].max()
    assert np.all(np.diff(found.delay) > 0)
    assert channels.measure(9, 0.01, 5000, np.random.default_rng(1), channel).fidelity.shape == ()


def test_the_best_filter_at_the_soonest_lag_is_kalmans():
    """Of all linear filters the best for s one step back is a leaky integrator; its gain by a Riccati equation."""
    channel, n = Channel(tau=15, correlation=0.1), 6
    lam, h = np.exp(-1 / channel.tau), channel.high - channel.low
    noise = np.mean([crowd.variance_of_mean(n, p * (1 - p), channel.correlation) for p in (channel.low, channel.high)])
    before = solve_discrete_are([[lam]], [[h]], [[(1 - lam**2) / 4]], [[noise]])[0, 0]
    left = before * noise / (h * h * before + noise)
    e = np.linspace(0.01, 0.9, 8901)
    found = channels.correlation(n, e, 1, channel)
    assert 1 - e[np.argmax(found)] == pytest.approx(lam * noise / (h * h * before + noise), abs=1e-4)
    assert found.max()**2 == pytest.approx(1 - 4 * left, rel=1e-6)


@pytest.mark.parametrize("channel", [*CHANNELS, Channel(tau=2, low=0.001, high=0.002), Channel(tau=1e4, low=0.001, high=0.002),
                                     Channel(tau=0.1)])
def test_best_evaporation_against_a_fine_grid(channel):
    n = np.array([1, 5, 1000])
    lam = np.exp(-1 / channel.tau)
    best = channels.best_evaporation(n, channel)
    grid = np.geomspace((1 - lam) / 1000, 1, 20_000)
    greatest = channels.fidelity(n[:, None], grid, channel).max(axis=1)
    assert np.all(channels.fidelity(n, best, channel) > greatest - 1e-4)
    assert np.all(np.diff(best) >= 0) and np.all((best > 0) & (best <= 1))
    assert channels.best_evaporation(5, channel) == best[1] and np.shape(channels.best_evaporation(5, channel)) == ()


def test_what_redundancy_and_integration_buy():
    n, e = np.array([1, 2, 4, 8, 100]), np.geomspace(0.01, 1, 30)
    free, common = Channel(), Channel(correlation=0.1)
    assert np.all(np.diff(channels.fidelity(n[:, None], e, free), axis=0) > 0)
    np.testing.assert_allclose(channels.fidelity(10**9, e, common), channels.fidelity(10, e, free), rtol=0.05)
    np.testing.assert_allclose(channels.fidelity(n, 0.2, Channel(correlation=1)), channels.fidelity(1, 0.2, free))
    assert np.all(np.diff(channels.delay(e, 20)) <= 0) and channels.delay(1, 20) == 1
    one = channels.fidelity(1, e, free)
    assert 0 < one.argmax() < 29 and one[0] < one.max() > one[-1]


def test_the_examples():
    """A membrane's 20 ms in steps of 10 ms, a trail's 47 minutes in steps of one."""
    assert channels.MEMBRANE == pytest.approx(1 - np.exp(-0.5)) and 1 / channels.TRAIL == pytest.approx(47.5, abs=0.1)
    assert channels.LASIUS.high / channels.LASIUS.low == pytest.approx(1.43)
    for channel, e in ((channels.SYNAPSE, channels.MEMBRANE), (channels.LASIUS, channels.TRAIL)):
        assert np.all(np.diff(channels.fidelity([1, 10, 100], e, channel)) > 0)
    assert channels.delay(channels.MEMBRANE, 10) == 2



def test_one_step_and_no_run_at_all():
    events = channels.send(1, 3, np.random.default_rng(0), Channel(low=0, high=1))
    assert (events, events.dtype, events.shape) == (3, np.int64, ())
    found = channels.measure(np.zeros((2, 0)), 0.5, 5, np.random.default_rng(0), Channel())
    assert found.fidelity.shape == found.delay.shape == found.events.shape == (2, 0)


@pytest.mark.parametrize("call, message", [
    (lambda: channels.telegraph(0, 5, None, 3), r"runs=0: must be"),
    (lambda: channels.telegraph(1, 0, None, 3), r"steps=0: must be"),
    (lambda: channels.telegraph(1, 5, None, 0), r"tau=0: must be finite and in \[0.1, 10000\]"),
    (lambda: channels.send([0, 0.5], 3, None, Channel()), r"s: must hold 0 and 1 only"),
    (lambda: channels.send([0, 1], 0, None, Channel()), r"n=0: must be"),
    (lambda: channels.send([0, 1], 1, None, Channel(low=1)), r"low=1: must be finite and in \[0, 1\)"),
    (lambda: channels.send([0, 1], 1, None, Channel(low=0.5, high=0.5)), r"high=0.5: must be finite and in \(0.5, 1\]"),
    (lambda: channels.send([0, 1], 1, None, Channel(correlation=1.1)), r"correlation=1.1: must be"),
    (lambda: channels.integrate(1.0, 0.5, 0), r"inputs of shape \(\): must be \(..., t\), t at least 1"),
    (lambda: channels.integrate([np.nan], 0.5, 0), r"inputs=\[nan\]: must be finite"),
    (lambda: channels.integrate([1], 0, 0), r"evaporation=0: must be finite and in \(0, 1\]"),
    (lambda: channels.integrate([1], 0.5, np.inf), r"start=inf: must be"),
    (lambda: channels.correlation(1, 0.5, -1, Channel()), r"lag=-1: must be"),
    (lambda: channels.correlation(1, 0.5, 0, Channel(tau=2e4)), r"tau=20000.0: must be"),
    (lambda: channels.correlation([1, 2], 0.5, [1, 2, 3], Channel()),
     r"n, evaporation, lag of shapes \(2,\), \(\), \(3,\): must broadcast"),
    (lambda: channels.delay([0.5, 1.5], 3), r"evaporation=\[0.5, 1.5\]: must be"),
    (lambda: channels.delay(0.5, -1), r"tau=-1: must be"),
    (lambda: channels.fidelity(1.5, 0.5, Channel()), r"n=1.5: must be whole"),
    (lambda: channels.best_evaporation(0, Channel()), r"n=0: must be"),
    (lambda: channels.measure(1, 0.0005, 100, None, Channel()), r"evaporation=0.0005: must be finite and in \[0.001, 1\]"),
    (lambda: channels.measure([1, 2], [0.1, 0.2, 0.3], 100, None, Channel()), r"n, evaporation of shapes \(2,\), \(3,\): must"),
    (lambda: channels.measure(1, 1, 13, None, Channel()), r"steps=13: must be at least 14, for lags up to 12"),
    (lambda: channels.measure(1, 1, 20, np.random.default_rng(0), Channel(tau=1e4)), r"sent: never varies"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
