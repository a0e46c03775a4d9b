from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from helpers.quantiles import interpolate_quantiles, quantile_moments, sample_quantiles

GALTON = Path(__file__).parents[2] / "book/data/galton_1907.csv"


def galton():
    lines = [line for line in GALTON.read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "percentile,pounds"
    return np.array([line.split(",") for line in lines[1:]], dtype=float).T


def test_galton_table_t1_1():
    percentile, pounds = galton()
    assert percentile.tolist() == list(range(5, 100, 5))
    at = dict(zip(percentile, pounds, strict=True))
    # Galton 1907: median 1207, first quartile 45 below; the third 29 above makes his probable error 37.
    assert at[50] == 1207
    assert at[50] - at[25] == 45
    assert at[75] - at[50] == 29
    assert (at[75] - at[25]) / 2 == 37
    assert pounds.mean() == pytest.approx(1197.2105, abs=5e-5)
    assert (at[50] - 1198) / 1198 == pytest.approx(0.008, abs=5e-4)  # "0.8 per cent"


def test_normal_column_t1_1():
    from scipy.stats import norm

    levels = galton()[0] / 100
    normal = np.round(37 / norm.ppf(0.75) * norm.ppf(levels))
    assert normal.tolist() == [-90, -70, -57, -46, -37, -29, -21, -14, -7, 0, 7, 14, 21, 29, 37, 46, 57, 70, 90]


def test_interpolation_by_hand():
    levels, values = [0.2, 0.4, 0.8], [10, 20, 30]
    # slopes 50 a unit below, 25 a unit above
    assert interpolate_quantiles(levels, values, [0, 0.2, 0.3, 0.6, 0.8, 1]) == pytest.approx([0, 10, 15, 25, 30, 35])


def test_moments_against_numerical_integration():
    levels, values = galton()
    levels = levels / 100
    mean, variance = quantile_moments(levels, values)
    knots = np.r_[0, levels, 1]
    parts = lambda f: sum(integrate.quad(f, a, b)[0] for a, b in zip(knots, knots[1:], strict=False))  # noqa: E731
    expected = parts(lambda u: float(interpolate_quantiles(levels, values, u)))
    assert mean == pytest.approx(expected, rel=1e-12)
    squares = parts(lambda u: float(interpolate_quantiles(levels, values, u) - expected) ** 2)
    assert variance == pytest.approx(squares, rel=1e-10)


def test_moments_of_a_uniform_distribution():
    assert quantile_moments([0.25, 0.5], [2.5, 5]) == pytest.approx((5, 100 / 12))


def test_sample_moments(seed):
    levels, values = galton()
    mean, variance = quantile_moments(levels / 100, values)
    draws = sample_quantiles(levels / 100, values, (100, 787), np.random.default_rng(seed))
    assert draws.shape == (100, 787)
    n = draws.size
    assert abs(draws.mean() - mean) < 5 * np.sqrt(variance / n)
    fine = interpolate_quantiles(levels / 100, values, (np.arange(10**5) + 0.5) / 10**5)
    fourth = np.mean((fine - mean) ** 4)
    assert abs(draws.var() - variance) < 5 * np.sqrt((fourth - variance**2) / n)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=9), st.floats(0, 1), st.floats(0, 1))
def test_quantiles_never_decrease(values, a, b):
    values = np.sort(values)
    levels = (np.arange(values.size) + 0.5) / values.size
    low, high = interpolate_quantiles(levels, values, sorted([a, b]))
    assert low <= high + 1e-9 * np.ptp(values)


@pytest.mark.parametrize(
    ("name", "levels", "values"),
    [
        ("levels", [0.5, 0.2], [1, 2]),
        ("levels", [0.2, 0.2], [1, 2]),
        ("levels", [0, 0.2], [1, 2]),
        ("levels", [0.2, 1], [1, 2]),
        ("levels", [0.2], [1]),
        ("levels", [0.2, np.nan], [1, 2]),
        ("values", [0.2, 0.4], [2, 1]),
        ("values", [0.2, 0.4], [1, 2, 3]),
        ("values", [0.2, 0.4], [1, np.inf]),
    ],
)
def test_bad_tables(name, levels, values):
    with pytest.raises(ValueError, match=f"^{name}"):
        quantile_moments(levels, values)


@pytest.mark.parametrize("u", [-0.1, 1.1, np.nan, "x"])
def test_bad_u(u):
    with pytest.raises(ValueError, match="^u="):
        interpolate_quantiles([0.2, 0.4], [1, 2], u)


@pytest.mark.parametrize("size", [-1, 1.5, [[2]], None, "x"])
def test_bad_size(size):
    with pytest.raises(ValueError, match="^size"):
        sample_quantiles([0.2, 0.4], [1, 2], size, np.random.default_rng(0))
