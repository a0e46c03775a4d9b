import numpy as np
import pytest

from helpers import ridgeless

pytestmark = pytest.mark.usefixtures("one_blas_thread")


@pytest.mark.parametrize("ratio, expected", [(0.2, 0.0625), (0.5, 0.25), (0.9, 2.25), (0.95, 4.75), (1.05, 5.0476),
                                             (1.1, 2.5909), (2, 0.75), (5, 0.8625), (10, 0.9278)])
def test_double_descent(ratio, expected):
    """Target T6.3: the formula to its four digits, the simulation to 10 % with n = 400 and 50 draws."""
    assert ridgeless.limit_risk(ratio) == pytest.approx(expected, abs=5.1e-5)
    risks = ridgeless.min_norm_risk(400, round(400 * ratio), 50, np.random.default_rng(7))
    assert risks.mean() == pytest.approx(expected, rel=0.1)


def risk_variance(n, p, signal, noise):
    """Variance of one draw's risk, exactly: moments of the inverse Wishart, and of the Beta that a projection is."""
    few, many = min(n, p), max(n, p)
    m = many - few - 1  # inverse Wishart of size few, many degrees of freedom (von Rosen 1988)
    trace = 2 / (m**2 * (m - 2)) * (few + few * (few - 1) / (m + 1))
    squares = few * (many - 1) / (m * (m - 2) * (m + 1))
    lost = 2 * n * (p - n) / (p**2 * (p + 2)) if p > n else 0
    return noise**2 * (trace + 2 * squares) + signal**2 * lost


@pytest.mark.parametrize("n, p, signal, noise", [(60, 20, 1, 0.25), (40, 80, 2, 0.5), (30, 120, 3, 0), (80, 60, 0, 1)])
def test_risk_within_five_standard_errors_of_the_exact_one(n, p, signal, noise, seed):
    risks = ridgeless.min_norm_risk(n, p, 300, np.random.default_rng(seed), signal=signal, noise=noise)
    expected = ridgeless.gaussian_risk(n, p, signal=signal, noise=noise)
    assert abs(risks.mean() - expected) < 5 * np.sqrt(risk_variance(n, p, signal, noise) / 300)


def test_the_exact_risk_becomes_the_formula():
    ratio = np.array([0.3, 0.9, 1.2, 4])
    far = ridgeless.gaussian_risk(10**7, (ratio * 10**7).astype(int), signal=2, noise=0.5)
    np.testing.assert_allclose(ridgeless.limit_risk(ratio, signal=2, noise=0.5), far, rtol=1e-5)


def test_risk_where_there_are_as_many_features_as_cases():
    assert ridgeless.limit_risk(1) == np.inf and ridgeless.limit_risk(1, noise=0) == 0
    assert ridgeless.gaussian_risk(10, [8, 9, 10, 11, 12]).tolist() == [2, np.inf, np.inf, np.inf, 1 / 6 + 2.5]
    assert ridgeless.gaussian_risk(10, [9, 10, 20], noise=0).tolist() == [0, 0, 0.5]


def test_risks_of_many_numbers_at_once():
    ratio, noise = np.array([[0.5], [2]]), np.array([0, 0.25, 1])
    found = ridgeless.limit_risk(ratio, signal=2, noise=noise)
    np.testing.assert_allclose(found, [[0, 0.25, 1], [1, 1.25, 2]])
    np.testing.assert_allclose(ridgeless.gaussian_risk([[10], [40]], 20, signal=2, noise=noise),
                               [1 + 10 / 9 * noise, 20 / 19 * noise])


def test_the_largest_signal_and_noise():
    assert ridgeless.min_norm_risk(8, 4, 2, np.random.default_rng(0), signal=1e100, noise=1e100).mean() > 1e98
    assert ridgeless.gaussian_risk(8, 4, signal=1e100, noise=1e100) == pytest.approx(4 / 3 * 1e100)


@pytest.mark.parametrize("shape", [(20, 5), (6, 6), (5, 20)])
def test_the_shortest_weights_against_lstsq(shape):
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal(shape), rng.standard_normal(shape[0])
    np.testing.assert_allclose(ridgeless.min_norm(inputs, targets), np.linalg.lstsq(inputs, targets)[0], atol=1e-9)
    inputs[:, -1] = inputs[:, 0]  # and of any rank: the two alike share the weight
    assert np.ptp(ridgeless.min_norm(inputs, targets)[[0, -1]]) < 1e-9
    inputs[-1] = inputs[0] = 0
    np.testing.assert_allclose(ridgeless.min_norm(inputs, targets), np.linalg.lstsq(inputs, targets)[0], atol=1e-9)


@pytest.mark.parametrize("call, message", [
    (lambda: ridgeless.min_norm([[1.0], [np.nan], [3]], [1, 2, 3]), r"inputs=.*nan.*: must be finite"),
    (lambda: ridgeless.min_norm([[1.0, 2], [2, 4], [3, 6], [4, 8]], [1]), r"targets of shape \(1,\): must have shape \(4,\)"),
    (lambda: ridgeless.limit_risk(0), r"ratio=0: must be finite and in \(0"),
    (lambda: ridgeless.limit_risk(2, noise=-1), r"noise=-1: must be finite and in \[0"),
    (lambda: ridgeless.gaussian_risk(0, 5), r"n=0: must be finite and in \[1"),
    (lambda: ridgeless.gaussian_risk([1, 2], [1, 2, 3]),
     r"n, p, signal, noise of shapes \(2,\), \(3,\), \(\), \(\): must be alike, or single numbers"),
    (lambda: ridgeless.gaussian_risk(1, [1, 2], signal=[1, 2, 3]), r"n, p, signal, noise of shapes \(\), \(2,\), \(3,\), \(\)"),
    (lambda: ridgeless.gaussian_risk(1, [1, 2], noise=[1, 2, 3]), r"n, p, signal, noise of shapes \(\), \(2,\), \(\), \(3,\)"),
    (lambda: ridgeless.limit_risk([1, 2], signal=[1, 2, 3]), r"ratio, signal, noise of shapes \(2,\), \(3,\), \(\)"),
    (lambda: ridgeless.limit_risk([1, 2], noise=[1, 2, 3]), r"ratio, signal, noise of shapes \(2,\), \(\), \(3,\)"),
    (lambda: ridgeless.gaussian_risk(5, 3, noise=1e200), r"noise=1e\+200: must be finite and in \[0, 1e\+100\]"),
    (lambda: ridgeless.limit_risk(2, signal=-1), r"signal=-1: must be finite and in \[0, 1e\+100\]"),
    (lambda: ridgeless.min_norm([[1e200], [1]], [1, 2]), r"inputs=.*must be finite and in \[-1e\+100, 1e\+100\]"),
    (lambda: ridgeless.min_norm_risk(5, 5, 2, None, signal=1e200), r"signal=1e\+200: must be finite and in \[0, 1e\+100\]"),
    (lambda: ridgeless.min_norm_risk(5, 5, 2, None, noise=-1), r"noise=-1: must be finite and in \[0, 1e\+100\]"),
    (lambda: ridgeless.min_norm_risk(5, 5, 0, None), r"draws=0: must be finite and in \[1"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
