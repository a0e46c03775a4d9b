from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers import crowd

GALTON = np.loadtxt(Path(__file__).parents[2] / "book/data/galton_1907.csv", delimiter=",", comments=["#", "percentile"])[:, 1]


@pytest.mark.parametrize(("truth", "error", "average"), [(1198, 0.6233, 2956.0526), (1197, 0.0443, 2955.4737)])
def test_identity_on_galton_t1_4(truth, error, average):
    result = crowd.diversity_prediction(GALTON, truth)
    assert result.crowd_error == pytest.approx(error, abs=5e-5)
    assert result.average_error == pytest.approx(average, abs=5e-5)
    assert result.diversity == pytest.approx(2955.4294, abs=5e-5)
    assert abs(result.crowd_error - (result.average_error - result.diversity)) < 1e-9


def test_crowd_beats_the_percentiles_t1_4():
    misses = lambda truth: np.abs(GALTON - truth) > abs(GALTON.mean() - truth)  # noqa: E731
    assert misses(1198).sum() == 19
    assert misses(1197).sum() == 18
    assert crowd.beaten(GALTON, 1198, GALTON.mean()) == 1
    assert crowd.beaten(GALTON, 1197, GALTON.mean()) == 18 / 19


@given(
    hnp.arrays(float, hnp.array_shapes(min_dims=1, max_dims=3, max_side=6), elements=st.floats(-1e3, 1e3)),
    st.floats(-1e3, 1e3),
    st.integers(0, 2**32 - 1),
)
def test_identity_holds_for_any_numbers(estimates, truth, seed):
    weights = np.random.default_rng(seed).random(len(estimates))
    for w in (None, weights):
        result = crowd.diversity_prediction(estimates, truth, w)
        assert result.crowd_error.shape == estimates.shape[1:]
        np.testing.assert_allclose(result.crowd_error, result.average_error - result.diversity, rtol=0, atol=1e-8)
        pooled = np.average(estimates, axis=0, weights=w)
        np.testing.assert_allclose(result.crowd_error, (pooled - truth) ** 2, rtol=1e-9, atol=1e-8)
        np.testing.assert_allclose(
            result.diversity, np.average((estimates - pooled) ** 2, axis=0, weights=w), rtol=1e-9, atol=1e-8
        )


def test_truth_broadcasts_over_questions():
    estimates = np.array([[0.0, 10, 4], [2, 10, 8]])
    result = crowd.diversity_prediction(estimates, [1, 9, 6], weights=[2, 2])
    assert result.crowd_error.tolist() == [0, 1, 0]
    assert result.average_error.tolist() == [1, 1, 4]
    assert result.diversity.tolist() == [1, 0, 4]


def test_rules_by_hand():
    guesses = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 100])
    assert crowd.aggregate(guesses, "mean") == 14.5
    assert crowd.aggregate(guesses, "median") == 5.5
    assert crowd.aggregate(guesses, "trimmed mean") == 5.5  # 2..9
    # to multiples of 4: 0 (1), 4 (2, 3, 4, 5), 8 (6, 7, 8, 9), 100: a tie of 4 and 8
    assert crowd.aggregate(guesses, "plurality", width=4) == 6
    assert crowd.aggregate(guesses[:-2], "plurality", width=4) == 4
    assert crowd.aggregate([1198, 1202, 1207, 1150], "plurality", width=10) == 1200


def test_plurality_against_counting(seed):
    rng = np.random.default_rng(seed)
    guesses = rng.normal(50, 10, (40, 23))
    for row, winner in zip(guesses, crowd.aggregate(guesses, "plurality", axis=1, width=5.0), strict=True):
        bins, sizes = np.unique(np.floor(row / 5 + 0.5), return_counts=True)
        assert winner == pytest.approx(5 * bins[sizes == sizes.max()].mean(), abs=1e-12)


@pytest.mark.parametrize("rule", crowd.RULES)
def test_rules_work_along_an_axis(rule):
    guesses = np.random.default_rng(0).normal(size=(3, 30, 4))
    together = crowd.aggregate(guesses, rule, axis=1, width=0.5)
    assert together.shape == (3, 4)
    apart = [[crowd.aggregate(guesses[i, :, j], rule, width=0.5) for j in range(4)] for i in range(3)]
    np.testing.assert_allclose(together, apart, rtol=1e-13)


def test_best_member():
    past = np.array([[[1.0, -2, 0.5], [1, 0, -3]], [[3, 0, 1], [-3, 0, 1]]])
    # mean squares 1, 2, 4.6 and 9, 0, 1
    best = crowd.best_member(past)
    assert best.tolist() == [0, 1]
    assert best.dtype == np.int64


def test_variance_of_mean():
    rho, n, variance = 0.3, 7, 2.0
    covariance = variance * (rho + (1 - rho) * np.eye(n))
    share = np.full(n, 1 / n)
    assert crowd.variance_of_mean(n, variance, rho) == pytest.approx(share @ covariance @ share, rel=1e-13)
    assert crowd.effective_size(787, 0.05) == pytest.approx(19.53, abs=5e-3)  # T1.3
    assert crowd.effective_size(10**12, 0.05) == pytest.approx(20, abs=1e-9)
    assert crowd.effective_size([1, 5, 9], 0).tolist() == pytest.approx([1, 5, 9])
    assert crowd.effective_size([1, 5, 9], 1).tolist() == [1, 1, 1]


@given(
    st.integers(1, 500), st.floats(0, 1), st.floats(0, 5), st.floats(0, 1), st.floats(0, 5)
)
def test_expected_errors_keep_the_average_and_the_identity(n, correlation, bias, diversity, noise):
    result = crowd.expected_errors(n, correlation=correlation, bias=bias, diversity=diversity, noise=noise)
    assert result.average_error == pytest.approx(bias**2 + noise**2, rel=1e-12)
    assert result.crowd_error == pytest.approx(result.average_error - result.diversity, rel=1e-9, abs=1e-12)
    by_hand = bias**2 * (1 - diversity + diversity / n) + noise**2 * ((1 - correlation) / n + correlation)
    assert result.crowd_error == pytest.approx(by_hand, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(("correlation", "diversity"), [(0, 1), (0.2, 0.3), (1, 0), (0, 0)])
def test_estimates_have_the_expected_errors(seed, correlation, diversity):
    rng = np.random.default_rng(seed)
    trials, n, bias, noise = 20_000, 9, 1.5, 2.0
    settings = {"bias": bias, "diversity": diversity}
    biases = crowd.member_biases((trials, n), rng, **settings)
    errors = crowd.estimates(trials, biases, rng, correlation=correlation, noise=noise)
    expected = crowd.expected_errors(n, correlation=correlation, noise=noise, **settings)
    # A trial's mean is normal with this mean and variance, so its square has a known variance.
    shift = bias**2 * (1 - diversity)
    spread = expected.crowd_error - shift
    tolerance = 5 * np.sqrt((2 * spread**2 + 4 * shift * spread) / trials)
    assert abs(np.mean(errors.mean(axis=1) ** 2) - expected.crowd_error) < tolerance
    # One member per trial: also normal.
    spread = bias**2 * diversity + noise**2
    tolerance = 5 * np.sqrt((2 * spread**2 + 4 * shift * spread) / trials)
    assert abs(np.mean(errors[:, 0] ** 2) - expected.average_error) < tolerance


def test_members_correlate_as_told(seed):
    trials, rho = 20_000, 0.35
    errors = crowd.estimates(trials, np.array([3.0, -1.0]), np.random.default_rng(seed), correlation=rho, noise=2)
    assert np.all(np.abs(errors.mean(axis=0) - [3, -1]) < 5 * 2 / np.sqrt(trials))
    # Fisher: the sample correlation of normals has standard error (1 - rho^2) / sqrt(n).
    assert abs(np.corrcoef(errors.T)[0, 1] - rho) < 5 * (1 - rho**2) / np.sqrt(trials)


def test_subset_error_against_all_subsets():
    guesses, truth = np.array([3.0, 7, 8, 15, 21, 22]), 10.0
    exact = [np.mean([(np.mean(s) - truth) ** 2 for s in combinations(guesses, k)]) for k in range(1, 7)]
    np.testing.assert_allclose(crowd.subset_error(guesses, truth, np.arange(1, 7)), exact, rtol=1e-12)
    assert crowd.subset_error([4.0], 1, 1) == 9


def test_beaten():
    assert crowd.beaten([0, 5, 10, 14], 10, 15) == (1 + 0.5) / 4  # 0 is further, 5 as far
    assert crowd.beaten([0, 5, 10, 14], 10, [10, 100]).tolist() == [3.5 / 4, 0]


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("estimates", lambda: crowd.diversity_prediction([], 1)),
        ("estimates", lambda: crowd.diversity_prediction(3, 1)),
        ("estimates", lambda: crowd.diversity_prediction([1, np.nan], 1)),
        ("truth", lambda: crowd.diversity_prediction([1, 2], [1, 2])),
        ("truth", lambda: crowd.diversity_prediction([1, 2], np.inf)),
        ("weights", lambda: crowd.diversity_prediction([1, 2], 1, [1])),
        ("weights", lambda: crowd.diversity_prediction([1, 2], 1, [1, -1])),
        ("weights", lambda: crowd.diversity_prediction([1, 2], 1, [0, 0])),
        ("estimates", lambda: crowd.aggregate([1, np.inf], "mean")),
        ("rule", lambda: crowd.aggregate([1, 2], "mode")),
        ("axis", lambda: crowd.aggregate([1, 2], "mean", axis=1)),
        ("axis", lambda: crowd.aggregate([], "mean")),
        ("axis", lambda: crowd.aggregate([1, 2], "mean", axis=-2)),
        ("axis", lambda: crowd.aggregate([1, 2], "mean", axis=None)),
        ("width", lambda: crowd.aggregate([1, 2], "plurality")),
        ("width", lambda: crowd.aggregate([1, 2], "plurality", width=0)),
        ("past_errors", lambda: crowd.best_member([1, 2])),
        ("past_errors", lambda: crowd.best_member(np.zeros((0, 3)))),
        ("n", lambda: crowd.effective_size(0, 0.1)),
        ("n", lambda: crowd.effective_size(1.5, 0.1)),
        ("correlation", lambda: crowd.effective_size(2, 1.1)),
        ("variance", lambda: crowd.variance_of_mean(2, -1, 0.1)),
        ("correlation", lambda: crowd.variance_of_mean(2, 1, np.nan)),
        ("bias", lambda: crowd.member_biases(3, RNG, bias=-1, diversity=0)),
        ("diversity", lambda: crowd.member_biases(3, RNG, bias=1, diversity=2)),
        ("n", lambda: crowd.effective_size([1, 2], [0.1, 0.2, 0.3])),
        ("variance", lambda: crowd.variance_of_mean([1, 2], [1, 2, 3], 0.1)),
        ("n", lambda: crowd.expected_errors([1, 2], correlation=0, bias=[1, 2, 3], diversity=0)),
        ("size", lambda: crowd.member_biases((3, -1), RNG, bias=1, diversity=0)),
        ("size", lambda: crowd.member_biases([[3]], RNG, bias=1, diversity=0)),
        ("trials", lambda: crowd.estimates(0, [1], RNG, correlation=0)),
        ("biases", lambda: crowd.estimates(2, 1, RNG, correlation=0)),
        ("biases", lambda: crowd.estimates(2, np.ones((3, 4)), RNG, correlation=0)),
        ("correlation", lambda: crowd.estimates(2, [1], RNG, correlation=-0.1)),
        ("noise", lambda: crowd.estimates(2, [1], RNG, correlation=0, noise=-1)),
        ("n", lambda: crowd.expected_errors(0, correlation=0, bias=1, diversity=0)),
        ("diversity", lambda: crowd.expected_errors(1, correlation=0, bias=1, diversity=-1)),
        ("bias", lambda: crowd.expected_errors(1, correlation=0, bias=-1, diversity=0)),
        ("noise", lambda: crowd.expected_errors(1, correlation=0, bias=1, diversity=0, noise=np.nan)),
        ("guesses", lambda: crowd.subset_error([], 1, 1)),
        ("truth", lambda: crowd.subset_error([1], [1], 1)),
        ("k", lambda: crowd.subset_error([1, 2], 1, 3)),
        ("k", lambda: crowd.subset_error([1, 2], 1, 0)),
        ("guesses", lambda: crowd.beaten([[1]], 1, 1)),
        ("truth", lambda: crowd.beaten([1], "ox", 1)),
        ("guess", lambda: crowd.beaten([1], 1, np.nan)),
    ],
)
def test_bad_input_is_named(name, call):
    with pytest.raises(ValueError, match=rf"^{name}( of shape|=)"):
        call()
