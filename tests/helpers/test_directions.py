import numpy as np
import pytest
from scipy import integrate, optimize, special, stats
from sklearn.random_projection import johnson_lindenstrauss_min_dim

from helpers import directions

pytestmark = pytest.mark.usefixtures("one_blas_thread")


def coherence(some):
    return np.abs(directions.cosines(some)).max()


def test_welch_bound():
    """Target T12.1."""
    found = directions.welch_bound([64, 512, 1000, 4096, 50257], [32, 64, 100, 512, 768])
    np.testing.assert_allclose(found, [0.12599, 0.11704, 0.09492, 0.04134, 0.03581], atol=5.1e-6)
    assert directions.welch_bound([1, 4, 5], 5).tolist() == [0, 0, 0]


def test_welch_bound_is_reached_by_the_icosahedron_and_the_simplex():
    g = (1 + np.sqrt(5)) / 2
    icosahedron = [[0, 1, g], [0, 1, -g], [1, g, 0], [1, -g, 0], [g, 0, 1], [-g, 0, 1]]
    assert coherence(icosahedron) == pytest.approx(directions.welch_bound(6, 3))
    corners = 3 * np.eye(5) - 0.6  # in the four dimensions at right angles to (1, 1, 1, 1, 1)
    assert coherence(corners) == pytest.approx(directions.welch_bound(5, 4))


def test_cosines_pair_by_pair():
    some = np.random.default_rng(0).standard_normal((4, 3))
    expected = [some[i] @ some[j] / np.sqrt((some[i] @ some[i]) * (some[j] @ some[j])) for i in range(4) for j in range(i + 1, 4)]
    np.testing.assert_allclose(directions.cosines(some), expected)


@pytest.mark.parametrize("d", [3, 64, 512])
def test_cosines_of_random_directions(d, seed):
    """Of each two directions, so that the cosines are independent."""
    some = directions.random_directions(8000, d, np.random.default_rng(seed))
    np.testing.assert_allclose((some**2).sum(axis=1), 1)
    found = (some[::2] * some[1::2]).sum(axis=1)
    assert abs((found**2).mean() - 1 / d) < 5 * np.sqrt(2 * (d - 1) / (d**2 * (d + 2)) / found.size)  # T12.2
    assert abs(found.mean()) < 5 / np.sqrt(d * found.size)
    for at in (0.3, 1, 1.5):
        p = directions.beyond(at / np.sqrt(d), d)
        assert abs(np.mean(np.abs(found) > at / np.sqrt(d)) - p) < 5 * np.sqrt(p * (1 - p) / found.size)


def test_beyond():
    at = np.linspace(0, 1, 11)
    np.testing.assert_allclose(directions.beyond(at, 3), 1 - at)  # Archimedes
    np.testing.assert_allclose(directions.beyond(at, 2), 2 * np.arccos(at) / np.pi)
    np.testing.assert_allclose(directions.beyond(0.2, [[64], [768]]), stats.beta.sf(0.04, 0.5, [[31.5], [383.5]]))


@pytest.mark.parametrize("n, d, draws", [(64, 8, 400), (64, 32, 400), (512, 64, 25)])
def test_random_coherence_against_drawing(n, d, draws, seed):
    rng = np.random.default_rng(seed)
    found = np.array([coherence(directions.random_directions(n, d, rng)) for _ in range(draws)])
    assert abs(found.mean() - directions.random_coherence(n, d)) < 5 * found.std(ddof=1) / np.sqrt(draws)


def test_random_coherence_of_two_and_in_short():
    d = np.array([2, 3, 10, 100])
    mean = special.gamma(d / 2) / special.gamma((d + 1) / 2) / np.sqrt(np.pi)  # of |cosine|
    np.testing.assert_allclose(directions.random_coherence(2, d), mean, atol=2e-6)
    rough = directions.rough_coherence([512, 4096], [64, 512])
    np.testing.assert_allclose(rough, [0.607, 0.2495], atol=5.1e-4)  # T12.2, by the formula (it prints the second as 0.249)
    np.testing.assert_allclose(directions.random_coherence([512, 4096], [64, 512]), [0.5345, 0.2354], atol=5.1e-5)
    many = directions.random_coherence(10**5, 10**7)
    assert many < directions.rough_coherence(10**5, 10**7) < 1.05 * many


def test_random_coherence_in_many_dimensions():
    """Where cosines are normal: the expected greatest of as many normal numbers."""
    pairs = 1000 * 999 / 2
    expected = integrate.quad(lambda z: -np.expm1(pairs * np.log1p(-special.erfc(z / np.sqrt(2)))), 1e-9, 10, limit=500)[0]
    assert directions.random_coherence(1000, 10**8) == pytest.approx(expected / 1e4, rel=1e-5)


@pytest.mark.parametrize("d, cosine, most", [(3, 1 / np.sqrt(5), 6), (7, 1 / 3, 28), (6, 1 / 3, 16), (23, 1 / 5, 276), (5, 0, 5),
                                             (2, 0.5, 3), (4, 0.5, 12), (8, 0.5, 120), (23, 1 / 3, 2300)])
def test_no_more_fit_than_the_known_packings_that_delsarte_proves_best(d, cosine, most):
    """Delsarte, Goethals & Seidel 1975: equiangular lines, and those of the root systems and of the Leech lattice."""
    assert directions.how_many(d, cosine).most == most


def linear_programme(d, cosine, degrees=16):
    """Delsarte's best bound with Gegenbauer polynomials of that many even degrees, not positive on a grid."""
    t = np.append(np.linspace(0, cosine, 400), 1)
    values = np.array([special.eval_gegenbauer(2 * k, d / 2 - 1, t) for k in range(1, degrees + 1)])
    values /= values[:, -1:]
    return 1 + optimize.linprog(np.ones(degrees), A_ub=values[:, :-1].T, b_ub=-np.ones(400)).fun


@pytest.mark.parametrize("d, cosine, packed", [(16, 0.5, 2160), (24, 0.5, 98280), (10, 0.6, 0), (30, 0.3, 0), (64, 0.2, 0),
                                               (5, 0.4, 0)])
def test_the_bound_is_near_the_best_of_linear_programming(d, cosine, packed):
    """With the lines of the Barnes-Wall and Leech lattices, which fit."""
    best, found = linear_programme(d, cosine), directions.how_many(d, cosine).most
    assert packed <= found
    assert 0.999 * best < found + 1 and found < 2 * best


@pytest.mark.parametrize("d, cosine", [(24, 0.5), (30, 0.4), (64, 0.3), (100, 0.25), (384, 0.2)])
def test_the_bound_by_quadrature(d, cosine):
    """f(1) / mean f with SciPy's Jacobi polynomials and a mean by quadrature, the best of a fine grid of s."""
    alpha, best = (d - 3) / 2, np.inf
    x, weight = special.roots_jacobi(40, alpha, -0.5)
    s = 2 * np.linspace(cosine**2, min(0.999, cosine**2 + 40 / d), 2000)[:, None] - 1
    for beta in (-0.5, 0.5):
        jacobi = [lambda at, k=k, beta=beta: special.eval_jacobi(k, alpha, beta, at) for k in range(12)]
        for k in range(11):
            q, p = jacobi[k], jacobi[k + 1]
            here = s[np.all([jacobi[i](s) > 0 for i in range(k + 1)] + [p(s) < 0], axis=0)][:, None]
            if here.size:
                f = [(p(at) * q(here) - q(at) * p(here))**2 / (at - here) * (1 + at)**(beta + 0.5) for at in (x, np.ones(1))]
                best = min(best, (f[1][:, 0] * weight.sum() / (f[0] @ weight)).min())
    assert directions.how_many(d, cosine).most == pytest.approx(best, rel=2e-3)


@pytest.mark.parametrize("d, cosine", [(64, 0.25), (64, 0.35), (64, 0.37), (64, 0.4), (3, 0.93), (8, 0.5), (64, 0.3),
                                       (384, 0.2), (768, 0.5), (12288, 0.1), (100, 0.09)])
def test_how_many(d, cosine):
    fit, p = directions.how_many(d, cosine), float(stats.beta.sf(cosine**2, 0.5, (d - 1) / 2))
    assert fit.drawn == pytest.approx((1 + np.sqrt(1 + 8 / p)) / 2, abs=1, rel=1e-9) and fit.drawn <= fit.sure <= fit.most
    if fit.drawn < 1e7:
        assert fit.drawn * (fit.drawn - 1) / 2 * p <= 1 < fit.drawn * (fit.drawn + 1) / 2 * p
    assert fit.sure == pytest.approx(max(d, np.ceil(1 / p)))
    if d * cosine**2 < 1:
        assert fit.most <= np.floor(d * (1 - cosine**2) / (1 - d * cosine**2) * (1 + 1e-9))
        assert directions.welch_bound(int(fit.most), d) <= cosine + 1e-9
    assert isinstance(fit.drawn, float)


def test_johnson_lindenstrauss():
    """Target T12.3 and scikit-learn."""
    assert directions.jl_dimension(1000, [0.1, 0.5]).tolist() == [5920, 331]
    n, eps = np.array([[2], [500], [10**6]]), np.array([0.05, 0.2, 0.9])
    np.testing.assert_array_equal(directions.jl_dimension(n, eps), johnson_lindenstrauss_min_dim(n, eps=eps * np.ones((3, 1))))


@pytest.mark.parametrize("n, d", [(6, 3), (16, 6), (28, 7), (10, 5)])
def test_spread_reaches_welch_where_that_can_be_reached(n, d):
    """Of a few starts the best: from some the push ends in a packing that is not the best (Tropp et al. 2005 found so too)."""
    ends = [directions.spread(directions.random_directions(n, d, np.random.default_rng(start)), 600)[1][-1] for start in range(6)]
    assert min(ends) == pytest.approx(directions.welch_bound(n, d), abs=1e-3)


def test_spread_from_random_toward_welch(seed):
    start = directions.random_directions(64, 32, np.random.default_rng(seed))
    end, found = directions.spread(start, 600)
    assert found[0] == pytest.approx(coherence(start)) and found[-1] == pytest.approx(coherence(end)) and found.shape == (601,)
    np.testing.assert_allclose((end**2).sum(axis=1), 1)
    welch = directions.welch_bound(64, 32)
    assert found.min() > welch and found[-1] < 1.2 * welch < 0.4 * found[0]


def test_spread_descends():
    """A small step is against the gradient of the sum of cosine^2 over pairs, by finite differences."""
    start = directions.random_directions(5, 3, np.random.default_rng(1))
    moved = directions.spread(start, 1, rate=1e-5)[0] - start
    assert np.linalg.norm(moved, axis=1).max() == pytest.approx(1e-5, rel=1e-4)
    slope = np.zeros_like(start)
    for i in np.ndindex(start.shape):
        by = np.zeros_like(start)
        by[i] = 1e-6
        slope[i] = ((directions.cosines(start + by)**2).sum() - (directions.cosines(start - by)**2).sum()) / 2e-6
    np.testing.assert_allclose(moved / np.linalg.norm(moved), -slope / np.linalg.norm(slope), atol=1e-4)


def test_spread_of_what_is_spread():
    end, found = directions.spread(3 * np.eye(4), 5)
    assert np.array_equal(end, np.eye(4)) and np.all(found == 0)
    assert directions.spread([[1.0, 2]], 2)[1].tolist() == [0, 0, 0]


@pytest.mark.parametrize("call, message", [
    (lambda: directions.welch_bound(0, 3), r"n=0: must be finite and in \[1"),
    (lambda: directions.welch_bound(5, 1), r"d=1: must be finite and in \[2"),
    (lambda: directions.welch_bound([5, 6], [3, 4, 5]), r"n, d of shapes \(2,\), \(3,\): must be alike, or single numbers"),
    (lambda: directions.random_directions(2.5, 3, np.random.default_rng(0)), r"n=2.5: must be whole"),
    (lambda: directions.cosines([1.0, 2]), r"directions of shape \(2,\): must be \(n, d\)"),
    (lambda: directions.cosines([[1.0, 2], [0, 0]]), r"directions\[1\]: has length 0.0; must not be 0"),
    (lambda: directions.cosines([[1.0, np.nan]]), r"directions=.*nan.*: must be finite"),
    (lambda: directions.beyond(1.5, 3), r"cosine=1.5: must be finite and in \[0, 1\]"),
    (lambda: directions.beyond(0.5, 1), r"d=1: must be finite and in \[2"),
    (lambda: directions.random_coherence(1, 3), r"n=1: must be finite and in \[2"),
    (lambda: directions.rough_coherence(1, 3), r"n=1: must be finite and in \[2"),
    (lambda: directions.how_many(3, 1), r"coherence=1: must be finite and in \[0, 0.999\]"),
    (lambda: directions.how_many([3, 4], 0.5), r"d=\[3, 4\]: must be one whole number"),
    (lambda: directions.how_many(10**5, 0.5), r"d=100000, coherence=0.5: more directions may fit than can be counted"),
    (lambda: directions.jl_dimension(0, 0.5), r"n=0: must be finite and in \[1"),
    (lambda: directions.jl_dimension(10, 1), r"eps=1: must be finite and in \[1e-06, 1\)"),
    (lambda: directions.spread(np.eye(2), -1), r"steps=-1: must be finite and in \[0"),
    (lambda: directions.spread(np.eye(2), 1, rate=0), r"rate=0: must be finite and in \(0, 1\]"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
