import itertools

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.svm import SVC

from helpers import statistical, svm

pytestmark = pytest.mark.usefixtures("one_blas_thread")


def cloud(seed=0, n=60, d=3, blur=1.0):
    """Two classes that overlap."""
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((n, d))
    return inputs, (inputs[:, 0] - 0.5 * inputs[:, 1] + blur * rng.standard_normal(n) > 0.2).astype(int)


@pytest.mark.parametrize("seed_of, n, d, cost", [(0, 10, 2, 1), (1, 40, 2, 10), (2, 40, 5, 0.1), (3, 60, 3, 2), (4, 100, 4, 1)])
def test_svm_against_sklearn(seed_of, n, d, cost):
    inputs, labels = cloud(seed_of, n, d)
    found = svm.train(inputs, labels, cost)
    oracle = SVC(kernel="linear", C=cost, tol=1e-8).fit(inputs, labels)
    alphas = np.zeros(n)
    alphas[oracle.support_] = np.abs(oracle.dual_coef_[0])
    np.testing.assert_allclose(found.weights, np.append(oracle.coef_[0], oracle.intercept_), atol=1e-5)
    np.testing.assert_allclose(found.alphas, alphas, atol=1e-5 * cost)


@pytest.mark.parametrize("seed_of, cost", list(itertools.product(range(4), [0.05, 1, 20, 1e5])))
def test_svm_has_no_duality_gap(seed_of, cost):
    """What the dual says is the least that the primal can be: both are optimal."""
    inputs, labels = cloud(seed_of, 25, 2, blur=0.7)
    sign = 2 * labels - 1
    found = svm.train(inputs, labels, cost)
    assert found.alphas.min() >= 0 and found.alphas.max() <= cost
    assert sign @ found.alphas == pytest.approx(0, abs=1e-10 * cost)
    slack = np.maximum(0, 1 - sign * statistical.linear_scores(inputs, found.weights))
    size = found.weights[:-1] @ found.weights[:-1] / 2
    np.testing.assert_allclose(found.weights[:-1], (found.alphas * sign) @ inputs, atol=1e-12)
    assert size + cost * slack.sum() == pytest.approx(found.alphas.sum() - size, rel=1e-9)


def three_points(t, cost):
    """Alphas of -1 (class 0), 1 and t (class 1), by hand: a formula where there are three points on a line."""
    if t > 1:
        return [min(cost, 0.5), min(cost, 0.5), 0]
    if t > -1:
        alpha = min(cost, 2 / (1 + t)**2)
        return [alpha, 0, alpha]
    second = -(1 + t) * cost / (1 - t)  # on the wrong side: the weight is 0, and the first pays all it can
    return [cost, second, cost - second]


@pytest.mark.parametrize("t", [2, 1.2, 0.9, 0.5, 0, -0.5, -0.9, -1.5, -3])
@pytest.mark.parametrize("cost", [0.1, 0.5, 1, 7])
def test_a_third_point_moving_through_the_margin(t, cost):
    """Target T6.2. Beside the margin two points have a formula, alpha = 1/2; within it, it bends."""
    np.testing.assert_allclose(svm.train([[-1], [1], [t]], [0, 1, 1], cost).alphas, three_points(t, cost), atol=1e-9)


def test_two_points_have_a_formula():
    found = svm.train([[-1], [1]], [0, 1], 100)
    np.testing.assert_allclose(found.alphas, 0.5)
    np.testing.assert_allclose(found.weights, [1, 0], atol=1e-12)
    a, b = np.array([[1.0, 2], [4, 6]])
    weights = svm.train([a, b], [1, 0], 100).weights
    np.testing.assert_allclose(weights[:-1], 2 * (a - b) / ((a - b) @ (a - b)))
    assert weights[:-1] @ (a + b) / 2 + weights[-1] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("size", [1e-90, 1e-8, 1e5, 1e8, 1e50, 3e99])
def test_points_of_any_size(size):
    """Alphas are 1 / (2 size^2), far below the cost, or all of it."""
    found = svm.train([[-size], [size]], [0, 1], 1)
    np.testing.assert_allclose(found.alphas, min(1, 0.5 / size / size))
    np.testing.assert_allclose(found.weights, [2 * size * min(1, 0.5 / size / size), 0], atol=1e-12)
    inputs, labels = cloud(1, 25, 2)
    for cost in (1e-3, 1, 20):
        expected = svm.train(inputs, labels, cost)
        found = svm.train(inputs * size, labels, cost / size / size)
        np.testing.assert_allclose(found.alphas * size * size, expected.alphas, atol=1e-8 * cost)
        np.testing.assert_allclose(found.weights * [size, size, 1], expected.weights, atol=1e-8)


@pytest.mark.parametrize("cost", [1e4, 1e13, 1e16, 1e50, 1e300])
def test_where_there_is_no_overlap_a_high_cost_changes_nothing(cost):
    inputs, labels = cloud(1, 25, 2, blur=0)
    np.testing.assert_allclose(svm.train(inputs, labels, cost).weights, svm.train(inputs, labels, 1e4).weights, rtol=1e-8)
    assert svm.train([[-1], [1]], [0, 1], cost).alphas.tolist() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("cost", [1e7, 1e8, 1e9, 1e10, 1e13, 1e16, 1e30, 1e300])
def test_where_there_is_an_overlap_a_high_cost_is_solved_or_refused(cost):
    """The slack, by a linear programme, is as small as can be."""
    n = 100
    inputs, labels = cloud(1, n, 2, blur=0.7)
    sign = 2 * labels - 1
    planes = np.column_stack([inputs, np.ones(n)])
    least = linprog(np.append(np.zeros(3), np.ones(n)), A_ub=-np.column_stack([sign[:, None] * planes, np.eye(n)]),
                    b_ub=-np.ones(n), bounds=[(None, None)] * 3 + [(0, None)] * n).fun
    try:
        found = svm.train(inputs, labels, cost)
    except ValueError as error:
        assert str(error) == f"cost={cost!r}: too high for inputs of this size to be solved exactly; it must be lower"
        assert cost >= 1e8
    else:
        assert np.maximum(0, 1 - sign * (planes @ found.weights)).sum() == pytest.approx(least, rel=1e-7)
        np.testing.assert_allclose(found.weights, svm.train(inputs, labels, 1e5).weights, rtol=1e-7)  # beyond the last kink
        assert cost <= 1e9


def test_a_pair_goes_to_its_best_in_one_step():
    """Points 1 and 3: alpha = 2 / (3 - 1)^2, where there is room."""
    q, sign = np.array([[1.0, -3], [-3, 9]]), np.array([-1.0, 1])
    for cost in (100, 0.2):
        assert svm._smo(q, sign, cost, np.zeros(2), 1e-12, 1).tolist() == [min(cost, 0.5)] * 2


def test_a_low_cost_that_is_not_solved_is_no_reason_to_give_up(monkeypatch):
    costs, dual = [], svm._dual

    def fails_at_first(q, sign, cost, alphas):
        costs.append(cost)
        return dual(q, sign, cost, alphas) if len(costs) > 2 else (0.1 * alphas, None, None)

    monkeypatch.setattr(svm, "_dual", fails_at_first)
    np.testing.assert_allclose(svm.train([[-1], [1]], [0, 1], 100).alphas, 0.5)
    assert len(costs) == 3 and costs[2] == pytest.approx(100 / 3**3)  # and at 3.7 no alpha is held back any more


def test_alphas_at_an_end_but_for_rounding_are_put_there():
    q, sign = np.array([[1.0, 1, 2], [1, 1, 2], [2, 2, 4]]), np.array([-1.0, 1, 1])
    assert svm._exact(q, sign, 0.1, np.array([0.1 * (1 - 1e-15), 0.1 * (1 - 1e-15), 1e-16])).tolist() == [0.1, 0.1, 0]


def test_alphas_between_the_ends_are_solved_and_balanced_and_none_goes_beyond_the_cost():
    q, sign = np.ones((2, 2)), np.array([-1.0, 1])  # of points -1 and 1
    np.testing.assert_allclose(svm._exact(q, sign, 10, np.array([0.4, 0.6])), 0.5)
    np.testing.assert_allclose(svm._exact(q, sign, 10, np.array([0.2, 0.2])), 0.5)
    assert svm._dual(q, sign, 0.3, np.full(2, 0.29))[0].tolist() == [0.3, 0.3]  # not 0.5, where the lines alone would meet


def test_the_bias_is_the_middle_where_no_case_says_which():
    # all three alphas are at the cost or at 0, and any plane from 0.99 on the left to 0.98 on the right is as good
    found = svm.train([[-1], [1]], [0, 1], 0.01)
    assert found.alphas.tolist() == [0.01, 0.01] and found.weights.tolist() == pytest.approx([0.02, 0])


def test_alphas_are_piecewise_linear_in_the_cost():
    inputs, labels = cloud(5, 14, 2, blur=0.6)
    costs = np.linspace(0.05, 5, 200)
    path = svm.path(inputs, labels, costs)
    bend = np.abs(np.diff(path, 2, axis=0)).max(axis=1)
    kinked = bend > 1e-8
    assert 2 <= kinked.sum() <= 40  # a kink between grid points bends two neighbours
    for row, cost in zip(path[::50], costs[::50], strict=True):
        assert row.tolist() == svm.train(inputs, labels, cost).alphas.tolist()


@pytest.mark.parametrize("cost", [0.05, 0.1, 0.2, 0.3, 1, 3])
def test_two_points_of_opposite_labels_on_one_place(cost):
    """By hand: w = 2 alpha_1, the dual 2 alpha_0 - w^2 / 2 with alpha_0 = alpha_1 + alpha_2, so (C, 0, C)."""
    np.testing.assert_allclose(svm.train([[-1.0], [1], [-1]], [0, 1, 1], cost).alphas, [cost, 0, cost], atol=1e-12 * cost)


X, L = [[1.0], [2], [3], [4]], [0, 1, 0, 1]


@pytest.mark.parametrize("call, message", [
    (lambda: svm.train([[1.0], [np.nan], [3], [4]], L), r"inputs=.*nan.*: must be finite"),
    (lambda: svm.train([[1.0], [1e200], [3], [4]], L), r"inputs=.*1e\+200.*: must be finite and in \[-1e\+100, 1e\+100\]"),
    (lambda: svm.train([[1e99], [2e99], [3], [4]], L, 1e200), r"cost=1e\+200: too high for inputs of this size to be solved"),
    (lambda: svm.train(X, [1, 1, 1, 1]), r"labels: all are 1; there must be at least two classes"),
    (lambda: svm.train(X, [0, 1, 2, 1]), r"labels: 2 is not one of 2 classes, from 0"),
    (lambda: svm.train(X, [-1, 1, -1, 1]), r"labels=.*must be finite and in \[0"),
    (lambda: svm.train(X, [0, 1]), r"labels of shape \(2,\): must have shape \(4,\)"),
    (lambda: svm.train(X, L, 0), r"cost=0: must be finite and in \(0"),
    (lambda: svm.train(X, L, [1, 2]), r"cost=\[1, 2\]: must be one number"),
    (lambda: svm.path(X, L, []), r"costs of shape \(0,\)"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
