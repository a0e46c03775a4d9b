import numpy as np
import pytest

from helpers import deep_linear

pytestmark = pytest.mark.usefixtures("one_thread")


def test_mode_times_are_as_published():
    """Saxe, McClelland & Ganguli (2014), s = 1, u0 = 0.001."""
    assert deep_linear.mode_time([0.5, 0.99]) == pytest.approx([3.4534, 5.7509], abs=5e-5)
    assert deep_linear.mode_time(0.5, tau=3) == pytest.approx(3 * 3.4534, abs=2e-4)
    assert deep_linear.mode_time(1.0, s=2, u0=0.002) == pytest.approx(3.4534 / 2, abs=5e-5)


@pytest.mark.parametrize("s, u0, tau", [(1, 0.001, 1), (3, 0.2, 0.5), (0.4, 0.01, 7)])
def test_the_strength_solves_its_equation(s, u0, tau):
    """tau du/dt = 2 u (s - u), u(0) = u0; and the time is its inverse."""
    time = np.linspace(0, 8 * tau / s, 60)
    u, step = deep_linear.mode_strength(time, s, u0, tau), 1e-5 * tau
    assert u[0] == pytest.approx(u0)
    slope = (deep_linear.mode_strength(time + 2 * step, s, u0, tau) - u) / (2 * step)
    middle = deep_linear.mode_strength(time + step, s, u0, tau)
    np.testing.assert_allclose(tau * slope, 2 * middle * (s - middle), rtol=1e-5, atol=1e-7 * s)
    published = s * np.exp(2 * s * time / tau) / (np.exp(2 * s * time / tau) - 1 + s / u0)
    np.testing.assert_allclose(u, published, rtol=1e-12)
    np.testing.assert_allclose(deep_linear.mode_time(u[:40], s, u0, tau), time[:40], rtol=1e-6, atol=1e-9)
    assert deep_linear.mode_strength(1e6, s, u0, tau) == s


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2)])
def test_a_linear_network_learns_its_modes_when_the_formula_says(shape):
    rng = np.random.default_rng(2)
    left, right = (np.linalg.qr(rng.normal(size=(n, n)))[0] for n in shape)
    strengths = np.array([1.0, 0.6, 0.3])[:min(shape)]
    matrix = left[:, :strengths.size] * strengths @ right[:, :strengths.size].T
    times, found = deep_linear.learned_modes(matrix, rng, rate=0.01, steps=2000)
    assert times[1] == 0.01 and found.shape == (2001, strengths.size)
    for s, u in zip(strengths, found.T, strict=True):
        np.testing.assert_allclose(u, deep_linear.mode_strength(times, s), atol=0.02 * s)
        for share in (0.5, 0.99):
            assert times[np.searchsorted(u, share * s)] == pytest.approx(deep_linear.mode_time(share * s, s), rel=0.02)


def test_from_any_small_weights_the_order_stays(seed):
    """No theory says when, since two modes may share a hidden direction; but the strongest is learned first."""
    times, found = deep_linear.learned_modes(np.diag([4.0, 2, 1]), np.random.default_rng(seed), aligned=False, rate=0.01, steps=1500)
    half = [times[np.argmax(found[:, at] > s / 2)] for at, s in enumerate((4, 2, 1))]
    assert half == sorted(half) and half[0] > 0
    np.testing.assert_allclose(found[-1], [4, 2, 1], atol=0.05)
    assert np.abs(found[0]).max() < 0.01  # u0 times a few


RNG = np.random.default_rng(0)
MATRIX = np.eye(2)


@pytest.mark.parametrize("call, message", [
    (lambda: deep_linear.mode_strength(-1), "time=-1"),
    (lambda: deep_linear.learned_modes(np.eye(2), None, aligned=np.arange(4)), r"aligned=array\(.*: must be one of False, True"),
    (lambda: deep_linear.mode_strength(1, s=0), "s=0"),
    (lambda: deep_linear.mode_strength(1, u0=0), "u0=0"),
    (lambda: deep_linear.mode_strength(1, tau=0), "tau=0"),
    (lambda: deep_linear.mode_time(1.0), r"u=1.0: must be finite and in \[0.001, 1\)"),
    (lambda: deep_linear.mode_time(0.0001), "u=0.0001"),
    (lambda: deep_linear.mode_time(0.5, u0=2), "u0=2"),
    (lambda: deep_linear.learned_modes([1, 2], RNG), r"matrix of shape \(2,\): must be \(outputs, inputs\)"),
    (lambda: deep_linear.learned_modes([[np.nan]], RNG), "matrix=.*must be finite"),
    (lambda: deep_linear.learned_modes(MATRIX, RNG, u0=0), "u0=0"),
    (lambda: deep_linear.learned_modes(5 * MATRIX, RNG, rate=0.5), "rate=0.5: the run diverged; must be smaller"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
