import numpy as np
import pytest
from scipy.integrate import dblquad, quad

from helpers import propagation

pytestmark = pytest.mark.usefixtures("one_blas_thread")

TABLE = np.array([  # target T8.2: sw2, q*, c*, chi, xi_c, xi_q
    (0.5, 0.0876, 1, 0.4320, 1.19, 1.01), (1.0, 0.1936, 1, 0.7590, 3.63, 1.75), (1.5, 0.4180, 1, 0.9386, 15.79, 1.68),
    (1.7, 0.5331, 1, 0.9867, 74.9, 1.56), (1.8, 0.5941, 0.9504, 1.0082, 125.8, 1.50), (2.0, 0.7218, 0.7441, 1.0477, 25.2, 1.39),
    (3.0, 1.4280, 0.2993, 1.2089, 9.05, 1.04), (4.0, 2.1955, 0.1651, 1.3424, 6.98, 0.87)])
HALF = np.array([5e-5, 5e-5, 5e-5, 5e-2, 5e-3])  # of the last digit given, and of that of xi_c below 20
FUNCTIONS = {"tanh": (np.tanh, lambda z: np.cosh(z)**-2.0), "relu": (lambda z: np.maximum(z, 0), lambda z: float(z > 0))}


def mean(f, q, c):
    """E f(z, z') for two normal numbers of variance q and correlation c, by adaptive quadrature in polar coordinates."""
    def at(r, angle):
        u, v = r * np.cos(angle), r * np.sin(angle)
        return f(np.sqrt(q) * u, np.sqrt(q) * (c * u + np.sqrt(1 - c * c) * v)) * r * np.exp(-r * r / 2) / (2 * np.pi)

    right, turn, all_round = np.pi / 2, np.arccos(c), 2 * np.pi
    bends = np.sort([0, right, 3 * right, (turn + right) % all_round, (turn - right) % all_round, all_round])  # of relu
    return sum(dblquad(at, low, high, 0, 9, epsabs=1e-9, epsrel=1e-9)[0] for low, high in zip(bends, bends[1:], strict=False))


@pytest.mark.parametrize("function", ["tanh", "relu"])
@pytest.mark.parametrize("residual", [None, 0.6])
@pytest.mark.parametrize("q, c", [(0.3, 0.4), (2.5, -0.7), (30, 0.99)])
def test_one_layer_against_adaptive_quadrature(function, residual, q, c):
    phi, slope = FUNCTIONS[function]
    a, keep = (1, 0) if residual is None else (residual, 1)
    sw2, sb2 = 1.7, 0.2
    found = propagation.theory(sw2, 1, sb2=sb2, q=q, c=c, function=function, residual=residual)
    squares, slopes = (quad(lambda u, f=f: f(np.sqrt(q) * u)**2 * np.exp(-u * u / 2), -9, 9, points=[0])[0] / np.sqrt(2 * np.pi)
                       for f in (phi, slope))
    length = keep * q + a**2 * (sw2 * squares + sb2)
    product = keep * q * c + a**2 * (sw2 * mean(lambda z, y: phi(z) * phi(y), q, c) + sb2)
    assert found.q.tolist() == [q, pytest.approx(length, rel=1e-7)]
    assert found.c.tolist() == [c, pytest.approx(product / length, rel=1e-7)]
    growth = keep + a**2 * sw2 * slopes
    joint = keep + a**2 * sw2 * mean(lambda z, y: slope(z) * slope(y), q, c)
    assert found.gradient.tolist() == [pytest.approx(growth, rel=1e-6), 1]
    assert found.overlap.tolist() == [pytest.approx(joint / growth, rel=1e-6), 1]


@pytest.mark.parametrize("q", [20, 100, 2000])
def test_long_signals_still_get_a_fine_enough_grid(q):
    """Within a mean over u of tanh^2, all that is not one lies at |u| near 1 / sqrt q."""
    expected = 1 - 2 * quad(lambda u: np.cosh(min(np.sqrt(q) * u, 300))**-2.0 * np.exp(-u * u / 2), 0, 9, limit=400,
                            points=[1 / np.sqrt(q), 10 / np.sqrt(q)])[0] / np.sqrt(2 * np.pi)
    assert propagation._alone(np.array([0.1, q]), "tanh")[0][1] == pytest.approx(expected, abs=1e-7)
    both, slopes = propagation._pair(np.array([0.1, q]), np.array([0.2, 1]), "tanh")
    assert both[1] == pytest.approx(expected, abs=1e-7)
    assert slopes[1] == pytest.approx(propagation._alone(np.array([q]), "tanh")[1][0], abs=1e-7)


@pytest.mark.parametrize("sb2, expected", [(1e-3, 1.1892), (0.01, 1.4242), (0.05, 1.7610)])
def test_edge_of_chaos(sb2, expected):
    """Target T8.1."""
    found = propagation.critical(sb2)
    assert found == pytest.approx(expected, abs=1e-4)
    at = propagation.fixed_point(found, sb2=sb2)
    assert at.chi == pytest.approx(1, abs=1e-9) and at.c == 1 and at.xi_c > 1e8
    assert propagation.fixed_point(found * 0.999, sb2=sb2).chi < 1 < propagation.fixed_point(found * 1.001, sb2=sb2).chi


def test_the_edge_for_many_biases_at_once():
    sb2 = np.array([[0.05, 1], [1e-3, 1e-6]])
    found = propagation.critical(sb2)
    np.testing.assert_allclose(propagation.fixed_point(found, sb2=sb2).chi, 1, atol=1e-9)
    assert propagation.fixed_point(found[0, 0]).q == pytest.approx(0.57, abs=5e-5)


def test_fixed_points_and_depth_scales():
    """Target T8.2."""
    found = np.array(propagation.fixed_point(TABLE[:, 0])).T
    digits = np.tile(HALF, (len(TABLE), 1))
    digits[[0, 1, 2, 6, 7], 3] = 5e-3
    assert np.all(np.abs(found - TABLE[:, 1:]) < 1.02 * digits)


@pytest.mark.parametrize("sw2", [0.5, 1.5, 2, 4, 16])
@pytest.mark.parametrize("sb2", [1e-3, 0.05, 4])
def test_the_maps_come_to_rest_there_at_that_pace(sw2, sb2):
    at = propagation.fixed_point(sw2, sb2=sb2)
    still = propagation.theory(sw2, 3, sb2=sb2, q=at.q, c=at.c)
    np.testing.assert_allclose([still.q, still.c], np.transpose([[at.q, at.c]] * 4), rtol=1e-10)
    np.testing.assert_allclose(still.gradient, at.chi ** np.array([3, 2, 1, 0.0]), rtol=1e-9)
    near = propagation.theory(sw2, 1, sb2=sb2, q=at.q, c=at.c - 1e-6)
    assert (near.c[1] - at.c) / (near.c[0] - at.c) == pytest.approx(np.exp(-1 / at.xi_c), rel=1e-4)
    near = propagation.theory(sw2, 1, sb2=sb2, q=at.q * (1 + 1e-6))
    assert (near.q[1] - at.q) / (near.q[0] - at.q) == pytest.approx(np.exp(-1 / at.xi_q), rel=1e-4)


def test_order_makes_alike_and_chaos_apart():
    start = np.array([[0.0], [0.5], [0.999]])
    found = propagation.theory([0.5, 1, 3, 4], 120, c=start)
    at = propagation.fixed_point([0.5, 1, 3, 4])
    np.testing.assert_allclose(found.c[-1], np.tile(at.c, (3, 1)), atol=1e-4)  # exp(-86 / 9): from 0.999 it takes 34 layers to leave
    np.testing.assert_allclose(found.q[-1], np.tile(at.q, (3, 1)), rtol=1e-9)


def test_relu_as_he_starts_it():
    """Target T8.3: lengths and gradients stay as they are, correlations creep up to one."""
    found = propagation.theory(2, 100, sb2=0, q=0.7, c=0, function="relu")
    np.testing.assert_allclose(found.c[[1, 2, 10, 20, 50, 100]], [0.31831, 0.49373, 0.87154, 0.94843, 0.98786, 0.99642], atol=5.1e-6)
    assert found.c[1] == pytest.approx(1 / np.pi)
    np.testing.assert_allclose([found.q / 0.7, found.gradient], 1)
    angles = np.arccos(found.c[:-1])
    np.testing.assert_allclose(found.overlap[:-1], np.cumprod(1 - angles[::-1] / np.pi)[::-1])


def test_relu_elsewhere():
    found = propagation.theory([1, 3], 50, sb2=0, function="relu")
    np.testing.assert_allclose(found.q, np.array([0.5, 1.5]) ** np.arange(51)[:, None])
    np.testing.assert_allclose(found.gradient, found.q[::-1])
    at = propagation.fixed_point([1, 1.9], sb2=0.1, function="relu")
    np.testing.assert_allclose(at, [[0.2, 2], [1, 1], [0.5, 0.95], -1 / np.log([0.5, 0.95]), -1 / np.log([0.5, 0.95])])


def test_a_residual_gradient_grows_but_does_not_vanish():
    found = propagation.theory([0.5, 2], 60, sb2=0, function="relu", residual=0.3)
    growth = 1 + 0.09 * np.array([0.5, 2]) / 2
    np.testing.assert_allclose(found.q, growth ** np.arange(61)[:, None])
    np.testing.assert_allclose(found.gradient, found.q[::-1])
    # With a = 1 / sqrt(depth) it is exp of chi's mean over the depth, for however many layers.
    few, many = (propagation.theory([0.5, 4], depth, residual=depth**-0.5).gradient[0] for depth in (60, 120))
    assert np.all(few > 1) and np.all(few < np.exp([0.5, 4])) and np.all(np.abs(np.log(many / few)) < 0.02 * np.log(few))
    plain = propagation.theory([0.5, 4], 60).gradient[0]
    assert plain[0] < 1e-20 and plain[1] > 1e7
    still = propagation.theory(1, 5, q=2, c=0.3, residual=0)
    np.testing.assert_allclose(still, np.tile([[2], [0.3], [1], [1]], 6))


def test_shapes():
    found = propagation.theory(np.ones((2, 1)), 4, c=[0.1, 0.2, 0.3], sb2=0.1)
    assert [one.shape for one in found] == [(5, 2, 3)] * 4
    assert [one.shape for one in propagation.theory(1, 0)] == [(1,)] * 4
    assert [one.shape for one in propagation.fixed_point(np.ones((2, 1)), sb2=[0.1, 0.2, 0.3])] == [(2, 3)] * 5
    assert propagation.fixed_point(1.0).q.shape == propagation.critical(0.1).shape == ()
    assert propagation.fixed_point([]).c.shape == (0,)


@pytest.mark.parametrize("function", ["tanh", "relu"])
@pytest.mark.parametrize("residual", [None, 1])
def test_the_limits_neither_overflow_nor_vanish(function, residual):
    depth = 120 if residual is None else 40
    found = propagation.theory([0.01, 16], depth, sb2=[0, 4], q=[1e-6, 100], c=-1, function=function, residual=residual)
    assert np.isfinite(found).all() and np.all(found.q > 0) and np.all(found.gradient > 0)


@pytest.mark.parametrize("call, message", [
    (lambda: propagation.theory(0, 3), r"sw2=0: must be finite and in \[0.01, 16\]"),
    (lambda: propagation.theory(20, 3), r"sw2=20: must be finite and in \[0.01, 16\]"),
    (lambda: propagation.theory(1, 3, sb2=-1), r"sb2=-1: must be finite and in \[0, 4\]"),
    (lambda: propagation.theory(1, 3, q=0), r"q=0: must be finite and in \[1e-06, 100\]"),
    (lambda: propagation.theory(1, 3, c=1.5), r"c=1.5: must be finite and in \[-1, 1\]"),
    (lambda: propagation.theory(1, 2.5), r"depth=2.5: must be whole"),
    (lambda: propagation.theory(1, 121), r"depth=121: must be at most 120"),
    (lambda: propagation.theory(1, 3, function="sine"), r"function='sine': must be one of 'tanh', 'relu'"),
    (lambda: propagation.theory(1, 3, residual=2), r"residual=2: must be finite and in \[0, 1\]"),
    (lambda: propagation.theory(1, 3, residual=[0.1]), r"residual=\[0.1\]: must be one number"),
    (lambda: propagation.theory([1, 2], 3, c=[0.1, 0.2, 0.3]),
     r"sw2, sb2, q, c of shapes \(2,\), \(\), \(\), \(3,\): must be alike, or single"),
    (lambda: propagation.fixed_point([1, 2], sb2=[0.1, 0.2, 0.3]), r"sw2, sb2 of shapes \(2,\), \(3,\): must be alike"),
    (lambda: propagation.fixed_point(1, sb2=0), r"sb2=0: must be finite and in \(0"),
    (lambda: propagation.fixed_point(1, sb2=5), r"sb2=.*5.*: must be finite and in \[0, 4\]"),
    (lambda: propagation.fixed_point([1, 2.0], function="relu"), r"sw2=2: must be below 2 for relu"),
    (lambda: propagation.critical(0), r"sb2=0: must be finite and in \(0, 1\]"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
