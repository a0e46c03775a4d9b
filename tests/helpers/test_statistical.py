import itertools
from fractions import Fraction

import numpy as np
import pytest
from scipy.linalg import eigh
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LinearRegression, LogisticRegression

from helpers import statistical

pytestmark = pytest.mark.usefixtures("one_blas_thread")

IRIS = load_iris()


def cloud(seed=0, n=60, d=3, blur=1.0):
    """Two classes that overlap."""
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((n, d))
    return inputs, (inputs[:, 0] - 0.5 * inputs[:, 1] + blur * rng.standard_normal(n) > 0.2).astype(int)


# Least squares

def test_least_squares_against_sklearn():
    inputs, targets = np.random.default_rng(0).standard_normal((2, 40, 5))
    expected = LinearRegression(fit_intercept=False).fit(inputs, targets[:, 0]).coef_
    np.testing.assert_allclose(statistical.least_squares(inputs, targets[:, 0]), expected, atol=1e-12)


def test_the_largest_inputs_and_targets():
    inputs, targets = np.array([[1.0, 3], [2, 2], [3, 1]]), np.array([1.0, 0, 5])
    best = statistical.least_squares(inputs, targets)
    big, far = inputs / 3 * 1e100, targets / 5 * 1e100
    np.testing.assert_allclose(statistical.least_squares(big, far), best * 3 / 5)
    np.testing.assert_allclose(statistical.coordinate_descent(big, far, 60)[-1], best * 3 / 5)
    np.testing.assert_allclose(statistical.hessian(big), statistical.hessian(inputs) / 9 * 1e200)


def test_columns_in_any_units_are_no_singular_design():
    inputs = np.random.default_rng(0).standard_normal((20, 3))
    units = np.array([1e-12, 1, 1e12])
    found = statistical.least_squares(inputs * units, inputs @ [1, 2, 3])
    np.testing.assert_allclose(found * units, [1, 2, 3])


def test_the_hessian_is_that_of_half_the_mean_squared_error():
    inputs, targets = np.random.default_rng(1).standard_normal((2, 30, 3))

    def loss(weights):
        return ((inputs @ weights - targets[:, 0])**2).mean() / 2

    for at in (np.zeros(3), np.array([3.0, -2, 1])):  # the same everywhere
        for a, b in itertools.product(np.eye(3), repeat=2):
            bend = (loss(at + a + b) - loss(at + a - b) - loss(at - a + b) + loss(at - a - b)) / 4
            assert a @ statistical.hessian(inputs) @ b == pytest.approx(bend)


@pytest.mark.parametrize("correlation, sweeps, condition", [(0.5, 10, 3), (0.9, 66, 19), (0.99, 688, 199)])
@pytest.mark.parametrize("sign", [1, -1])
def test_coupling(correlation, sweeps, condition, sign, seed):
    """Target T6.1, by formula and by descent itself, on designs of exactly this correlation."""
    rng = np.random.default_rng(seed)
    inputs = statistical.correlated_pair(12, sign * correlation, rng)
    np.testing.assert_allclose(inputs.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(statistical.hessian(inputs), [[1, sign * correlation], [sign * correlation, 1]], atol=1e-12)
    assert np.linalg.cond(statistical.hessian(inputs)) == pytest.approx(condition)
    assert statistical.sweeps_needed(sign * correlation) == sweeps
    targets = rng.standard_normal(12)
    best = statistical.least_squares(inputs, targets)
    first, second = (statistical.coordinate_descent(inputs, targets, sweeps) - best).T
    error = np.abs(second) / abs(best[1])
    early = min(sweeps, 40)
    np.testing.assert_allclose(error[:early + 1], correlation**(2.0 * np.arange(early + 1)), rtol=1e-6, atol=1e-11 / abs(best[1]))
    assert error[sweeps] <= 1e-6 + 1e-11 / abs(best[1]) and error[sweeps - 1] > 1e-6 - 1e-11 / abs(best[1])
    # the first lags by half a sweep
    np.testing.assert_allclose(first[1:], -sign * correlation * second[:-1], rtol=1e-6, atol=1e-11)
    np.testing.assert_allclose(first[1:early + 1] / second[0], -sign * correlation**(2.0 * np.arange(1, early + 1) - 1),
                               rtol=1e-6, atol=1e-11 / abs(best[1]))


def test_features_that_are_not_centred_contract_by_the_cosine_of_their_angle():
    inputs, targets = np.array([[1.0, 3], [2, 2], [3, 1]]), np.array([1.0, 0, 5])
    best, cosine = statistical.least_squares(inputs, targets), 10 / 14
    first, second = (statistical.coordinate_descent(inputs, targets, 6) - best).T
    np.testing.assert_allclose(second, second[0] * cosine**(2 * np.arange(7)))
    np.testing.assert_allclose(first[1:], -second[0] * cosine**(2 * np.arange(1, 7) - 1))


def test_orthogonal_features_need_one_sweep():
    rng = np.random.default_rng(0)
    inputs = np.linalg.qr(rng.standard_normal((20, 6)))[0] * np.arange(1, 7)
    targets = rng.standard_normal(20)
    path = statistical.coordinate_descent(inputs, targets, 1)
    assert path.shape == (2, 6) and not path[0].any()
    np.testing.assert_allclose(path[1], statistical.least_squares(inputs, targets), atol=1e-12)
    assert statistical.sweeps_needed(0) == 1


def test_sweeps_where_the_power_is_the_tolerance_itself():
    assert statistical.sweeps_needed(0.1, 1e-6) == 3
    assert statistical.sweeps_needed(0.5, 0.0625) == 2
    assert statistical.sweeps_needed(0.5, 0.0624) == 3
    assert statistical.sweeps_needed(0.01, 0.5) == 1
    for sweeps in range(1, 12):
        assert statistical.sweeps_needed(-0.1, float(f"1e-{2 * sweeps}")) == sweeps
        assert statistical.sweeps_needed(0.9, 0.81**sweeps) == sweeps


def test_descent_is_gauss_seidel_on_the_normal_equations():
    inputs, targets = np.random.default_rng(2).standard_normal((2, 30, 4))
    a, b = inputs.T @ inputs, inputs.T @ targets[:, 0]
    weights = np.zeros(4)
    path = statistical.coordinate_descent(inputs, targets[:, 0], 5)
    for row in path:
        np.testing.assert_allclose(row, weights, atol=1e-12)
        weights = np.linalg.solve(np.tril(a), b - np.triu(a, 1) @ weights)


# Linear discriminant analysis

@pytest.mark.parametrize("classes", [[0, 1], [1, 2], [0, 1, 2]])
def test_the_discriminant_against_sklearn(classes):
    keep = np.isin(IRIS.target, classes) & (np.arange(150) % 7 > IRIS.target)  # unequal shares
    inputs, labels = IRIS.data[keep], np.searchsorted(classes, IRIS.target[keep])
    found = statistical.discriminant(inputs, labels)
    oracle = LinearDiscriminantAnalysis().fit(inputs, labels)
    scores = statistical.linear_scores(inputs, found.weights)
    expected = oracle.decision_function(inputs)
    if len(classes) == 2:
        np.testing.assert_allclose(scores[:, 1] - scores[:, 0], expected, rtol=1e-8)
    else:  # sklearn's scores have the overall mean taken out, the same for every class of a case
        np.testing.assert_allclose(scores - scores.mean(axis=1, keepdims=True),
                                   expected - expected.mean(axis=1, keepdims=True), rtol=1e-8)
    assert (scores.argmax(axis=1) == oracle.predict(inputs)).all()


def test_the_discriminant_is_fisher_s():
    """The direction of most variance between the classes over that within them."""
    inputs, labels = cloud(n=80)
    found = statistical.discriminant(inputs, labels)
    apart = found.means[1] - found.means[0]
    best = eigh(np.outer(apart, apart), found.covariance)[1][:, -1]
    direction = (found.weights[1] - found.weights[0])[:-1]
    assert abs(best @ direction) / np.linalg.norm(best) / np.linalg.norm(direction) == pytest.approx(1)


def exact_discriminant(inputs, labels):
    """Weights (k, 3) of two features, worked out in fractions: of these very numbers, without any rounding."""
    cases = [[Fraction(value) for value in case] for case in inputs.tolist()]
    n, k = len(cases), labels.max() + 1
    means = []
    for one in range(k):
        own = [case for case, label in zip(cases, labels, strict=True) if label == one]
        means.append([sum(values) / len(own) for values in zip(*own, strict=True)])
    off = [[case[0] - means[label][0], case[1] - means[label][1]] for case, label in zip(cases, labels, strict=True)]
    aa, ab, bb = (sum(row[i] * row[j] for row in off) / Fraction(int(n - k)) for i, j in ((0, 0), (0, 1), (1, 1)))
    det, weights = aa * bb - ab * ab, []
    for one, (a, b) in enumerate(means):
        along = (bb * a - ab * b) / det, (aa * b - ab * a) / det
        bias = np.log((labels == one).mean()) - float(along[0] * a + along[1] * b) / 2
        weights.append([float(along[0]), float(along[1]), bias])
    return np.array(weights)


@pytest.mark.parametrize("apart", [1, 1e-3, 1e-6, 1e-7, 1e-8, 1e-9])
@pytest.mark.parametrize("units", [(1, 1), (1e-9, 1e6)])
def test_the_discriminant_of_features_that_are_nearly_alike(apart, units, seed):
    """What is lost is the condition number of the inputs, not its square."""
    rng = np.random.default_rng(seed)
    labels = np.arange(42) % 3
    first = rng.standard_normal(42) + labels
    inputs = np.column_stack([first, first + apart * (rng.standard_normal(42) - labels)]) * units
    found = statistical.discriminant(inputs, labels)
    expected = exact_discriminant(inputs, labels)
    assert np.all(np.abs(found.weights - expected) <= 1e-14 / apart * np.abs(expected).max(axis=0))
    np.testing.assert_allclose(found.covariance, np.cov((inputs - found.means[labels]).T) * 41 / 39, rtol=1e-12)


def test_the_discriminant_refuses_features_that_are_the_same_but_for_rounding():
    rng = np.random.default_rng(0)
    first, labels = rng.standard_normal(42), np.arange(42) % 2
    with pytest.raises(ValueError, match="inputs less the means of their classes, of rank 1: must have rank 2"):
        statistical.discriminant(np.column_stack([first, first + 1e-15 * rng.standard_normal(42)]), labels)


# Logistic regression

@pytest.mark.parametrize("data", [cloud(0), cloud(1, n=300, d=6, blur=0.3), (IRIS.data[50:], IRIS.target[50:] - 1),
                                  (np.array([[0.0], [1], [2], [30]]), np.array([0, 1, 0, 1]))])
def test_logistic_regression_against_sklearn(data):
    found = statistical.logistic(*data)
    # a penalty of 1e-10 is none; sklearn 1.8 has none by C=inf, but then warns of it
    oracle = LogisticRegression(C=1e10, solver="newton-cholesky", tol=1e-10, max_iter=1000).fit(*data)
    np.testing.assert_allclose(found.weights, np.append(oracle.coef_[0], oracle.intercept_), rtol=1e-5, atol=1e-6)
    chance = oracle.predict_proba(data[0])[np.arange(len(data[1])), data[1]]
    assert found.loss == pytest.approx(-np.log(chance).mean())
    assert found.steps <= 15
    np.testing.assert_allclose(statistical.newton_path(*data, found.steps)[-1], found.weights, atol=1e-12)


@pytest.mark.parametrize("unit", [1e-90, 1e-20, 1e20, 1e90])
def test_logistic_regression_in_any_units(unit):
    inputs, labels = cloud(0)
    expected, units = statistical.logistic(inputs, labels), np.array([unit, 1, 1 / unit])
    found = statistical.logistic(inputs * units, labels)
    np.testing.assert_allclose(found.weights * np.append(units, 1), expected.weights, rtol=1e-9)
    assert found.steps == expected.steps and found.loss == pytest.approx(expected.loss)


def test_at_its_minimum_the_slope_is_nought_and_the_loss_convex():
    inputs, labels = cloud(3)
    found = statistical.logistic(inputs, labels)
    extended = np.column_stack([inputs, np.ones(len(inputs))])

    def slope(weights):
        return extended.T @ (1 / (1 + np.exp(-extended @ weights)) - labels) / len(labels)

    np.testing.assert_allclose(slope(found.weights), 0, atol=1e-12)
    for at in (found.weights, np.zeros(4), np.array([2.0, -1, 0.5, 3])):
        bend = np.stack([(slope(at + h) - slope(at - h)) / 2e-5 for h in 1e-5 * np.eye(4)])
        np.testing.assert_allclose(statistical.logistic_hessian(inputs, at), bend, atol=1e-9)
        assert np.linalg.eigvalsh(statistical.logistic_hessian(inputs, at)).min() > 0


@pytest.mark.parametrize("inputs, labels, expected", [
    ([[-2], [-1], [1], [2]], [0, 0, 1, 1], True),
    ([[-2], [1], [1], [2]], [0, 0, 1, 1], True),        # quasi-complete: they share a point
    ([[-2], [1.001], [1], [2]], [0, 0, 1, 1], False),
    ([[1], [1], [2], [2]], [0, 1, 0, 1], False),        # nothing to be seen, so nothing to be sure of
    ([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], False),  # XOR
    ([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1], True),
    (1e6 + np.array([[-2.0], [-1], [1], [2]]) * 1e-3, [0, 0, 1, 1], True),
])
def test_separable_by_hand(inputs, labels, expected):
    assert statistical.separable(inputs, labels) is expected


def test_on_separable_data_the_weights_grow_for_ever():
    inputs, labels = [[-2.0], [-1], [1], [3]], [0, 0, 1, 1]
    path = statistical.newton_path(inputs, labels, 100)
    assert path.shape == (101, 2) and not path[0].any()
    growth = np.diff(np.abs(path[5:, 0]))
    np.testing.assert_allclose(growth, 1, atol=0.01)  # ever nearer 1: the loss falls by e a step (cases at -1 and 1)
    with pytest.raises(ValueError, match="labels: the inputs separate them"):
        statistical.logistic(inputs, labels)
    assert np.isfinite(statistical.newton_path(*cloud(0, blur=0), 100)).all()


def test_newton_never_makes_the_loss_worse():
    """Here plain steps overshoot: the loss goes up on the way."""
    inputs = np.array([[0.056, 0.054], [17, 2.4], [-0.81, -9.4], [0.035, -0.011], [0.17, 0.17], [0.26, -9.8],
                       [-0.13, -170], [710, 0.004], [1.2, 0.12]])
    labels = np.array([0, 1, 0, 1, 1, 1, 0, 1, 1])
    extended = np.column_stack([inputs, np.ones(9)])

    def loss(weights):
        return np.logaddexp(0, (1 - 2 * labels) * (extended @ weights)).mean()

    plain = [np.zeros(3)]
    for _ in range(15):
        p = 1 / (1 + np.exp(-extended @ plain[-1]))
        plain.append(plain[-1] + np.linalg.solve((extended.T * p * (1 - p)) @ extended, extended.T @ (labels - p)))
    assert max(np.diff([loss(weights) for weights in plain])) > 0.1
    assert max(np.diff([loss(weights) for weights in statistical.newton_path(inputs, labels, 15)])) < 0
    found = statistical.logistic(inputs, labels)
    p = 1 / (1 + np.exp(-extended @ found.weights))
    np.testing.assert_allclose(extended.T @ (labels - p), 0, atol=1e-6)


# Bad input

X, Y, L = [[1.0], [2], [3], [4]], [1.0, 2, 2, 5], [0, 1, 0, 1]
NAN = [[1.0], [np.nan], [3], [4]]
ALIKE = [[1.0, 2], [2, 4], [3, 6], [4, 8]]


@pytest.mark.parametrize("call, message", [
    *[(lambda f=f: f(NAN), r"inputs=.*nan.*: must be finite") for f in (
        statistical.hessian, lambda x: statistical.least_squares(x, Y), lambda x: statistical.discriminant(x, L),
        lambda x: statistical.logistic(x, L), lambda x: statistical.separable(x, L),
        lambda x: statistical.coordinate_descent(x, Y, 3))],
    *[(lambda f=f: f(X, [1, 1, 1, 1]), r"labels: all are 1; there must be at least two classes") for f in (
        statistical.discriminant, statistical.logistic, statistical.separable)],
    (lambda: statistical.logistic(X, [0, 1, 2, 1]), r"labels: 2 is not one of 2 classes, from 0"),
    *[(lambda f=f: f([[1.0], [-1e200], [3], [4]]), r"inputs=.*1e\+200.*: must be finite and in \[-1e\+100, 1e\+100\]") for f in (
        statistical.hessian, lambda x: statistical.least_squares(x, Y), lambda x: statistical.discriminant(x, L),
        lambda x: statistical.logistic(x, L), lambda x: statistical.separable(x, L), lambda x: statistical.newton_path(x, L, 3),
        lambda x: statistical.coordinate_descent(x, Y, 3), lambda x: statistical.linear_scores(x, [1, 2]))],
    (lambda: statistical.coordinate_descent(X, [1, 1e200, 3, 4], 3), r"targets=.*must be finite and in \[-1e\+100, 1e\+100\]"),
    *[(lambda tiny=tiny: statistical.coordinate_descent([[tiny, 1], [tiny, 2]], [1, 2], 3),
       r"inputs: column 0 is all zero, or its squares are") for tiny in (1e-170, 1e-160)],  # squares of 0, or of few digits
    (lambda: statistical.discriminant(X, [0, 2, 0, 2]), r"labels: the highest is 2, but not every class below it"),
    (lambda: statistical.discriminant(X, [0, 10**12, 0, 1]), r"labels: the highest is 1000000000000, but"),
    (lambda: statistical.least_squares(ALIKE, Y), r"inputs of rank 1: must have rank 2"),
    (lambda: statistical.least_squares([[1, 2]], [1]), r"inputs of rank 1: must have rank 2"),
    (lambda: statistical.least_squares([[1, 0], [2, 0]], [1, 2]), r"inputs of rank 1: must have rank 2"),
    (lambda: statistical.least_squares(X, [1, 2]), r"targets of shape \(2,\): must have shape \(4,\)"),
    (lambda: statistical.least_squares(X, [1, 2, np.inf, 3]), r"targets=.*must be finite"),
    (lambda: statistical.least_squares(np.zeros((0, 2)), []), r"inputs of shape \(0, 2\): must be \(cases, features\)"),
    (lambda: statistical.hessian([1, 2]), r"inputs of shape \(2,\): must be \(cases, features\)"),
    (lambda: statistical.logistic(ALIKE, L), r"inputs and a constant of rank 2: must have rank 3"),
    (lambda: statistical.logistic([[1], [1], [1], [1]], L), r"inputs and a constant of rank 1: must have rank 2"),
    (lambda: statistical.discriminant(ALIKE, L), r"inputs less the means of their classes, of rank 1: must have rank 2"),
    (lambda: statistical.discriminant([[0], [1]], [0, 1]), r"inputs less the means of their classes, of rank 0"),
    (lambda: statistical.correlated_pair(2, 0.5, None), r"n=2: must be finite and in \[3"),
    (lambda: statistical.correlated_pair(5, 1.5, None), r"correlation=1.5: must be finite and in \[-1, 1\]"),
    (lambda: statistical.sweeps_needed(1), r"correlation=1: must be finite and in \(-1, 1\)"),
    (lambda: statistical.sweeps_needed(0.5, 0), r"tolerance=0: must be finite and in \(0, 1\)"),
    (lambda: statistical.coordinate_descent([[1, 0], [2, 0]], [1, 2], 3), r"inputs: column 1 is all zero"),
    (lambda: statistical.coordinate_descent(X, Y, -1), r"sweeps=-1: must be finite and in \[0"),
    (lambda: statistical.newton_path(X, L, 101), r"steps=101: must be finite and in \[0, 100\]"),
    (lambda: statistical.logistic_hessian(X, [[1, 2]]), r"weights of shape \(1, 2\): must have shape \(d \+ 1,\)"),
    (lambda: statistical.linear_scores(X, [1, 2, 3]), r"weights of shape \(3,\): must end with 2"),
    (lambda: statistical.cases_and_labels(X, L, 1), r"most=1: must be finite and in \[2"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
