import itertools

import numpy as np
import pytest
from scipy.linalg import eigh
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from helpers import statistical

IRIS = load_iris()


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """On matrices as small as these two threads of the BLAS mostly wait for one another, on a busy machine for minutes."""
    with threadpool_limits(1):
        yield


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
    error = np.abs(statistical.coordinate_descent(inputs, targets, sweeps) - best)[:, 1] / abs(best[1])
    early = min(sweeps, 40)
    np.testing.assert_allclose(error[:early + 1], correlation**(2.0 * np.arange(early + 1)), rtol=1e-6, atol=1e-11 / abs(best[1]))
    assert error[sweeps] <= 1e-6 + 1e-11 / abs(best[1]) and error[sweeps - 1] > 1e-6 - 1e-11 / abs(best[1])


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


# The support vector machine

@pytest.mark.parametrize("seed_of, n, d, cost", [(0, 10, 2, 1), (1, 40, 2, 10), (2, 40, 5, 0.1), (3, 60, 3, 2), (4, 100, 4, 1)])
def test_svm_against_sklearn(seed_of, n, d, cost):
    inputs, labels = cloud(seed_of, n, d)
    found = statistical.svm(inputs, labels, cost)
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
    found = statistical.svm(inputs, labels, cost)
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
    np.testing.assert_allclose(statistical.svm([[-1], [1], [t]], [0, 1, 1], cost).alphas, three_points(t, cost), atol=1e-9)


def test_two_points_have_a_formula():
    found = statistical.svm([[-1], [1]], [0, 1], 100)
    np.testing.assert_allclose(found.alphas, 0.5)
    np.testing.assert_allclose(found.weights, [1, 0], atol=1e-12)
    a, b = np.array([[1.0, 2], [4, 6]])
    weights = statistical.svm([a, b], [1, 0], 100).weights
    np.testing.assert_allclose(weights[:-1], 2 * (a - b) / ((a - b) @ (a - b)))
    assert weights[:-1] @ (a + b) / 2 + weights[-1] == pytest.approx(0, abs=1e-12)


def test_the_bias_is_the_middle_where_no_case_says_which():
    # all three alphas are at the cost or at 0, and any plane from 0.99 on the left to 0.98 on the right is as good
    found = statistical.svm([[-1], [1]], [0, 1], 0.01)
    assert found.alphas.tolist() == [0.01, 0.01] and found.weights.tolist() == pytest.approx([0.02, 0])


def test_alphas_are_piecewise_linear_in_the_cost():
    inputs, labels = cloud(5, 14, 2, blur=0.6)
    costs = np.linspace(0.05, 5, 200)
    path = statistical.svm_path(inputs, labels, costs)
    bend = np.abs(np.diff(path, 2, axis=0)).max(axis=1)
    kinked = bend > 1e-8
    assert 2 <= kinked.sum() <= 40  # a kink between grid points bends two neighbours
    for row, cost in zip(path[::50], costs[::50], strict=True):
        assert row.tolist() == statistical.svm(inputs, labels, cost).alphas.tolist()


# Double descent

@pytest.mark.parametrize("ratio, expected", [(0.2, 0.0625), (0.5, 0.25), (0.9, 2.25), (0.95, 4.75), (1.05, 5.0476),
                                             (1.1, 2.5909), (2, 0.75), (5, 0.8625), (10, 0.9278)])
def test_double_descent(ratio, expected):
    """Target T6.3: the formula to its four digits, the simulation to 10 % with n = 400 and 50 draws."""
    assert statistical.ridgeless_risk(ratio) == pytest.approx(expected, abs=5.1e-5)
    risks = statistical.min_norm_risk(400, round(400 * ratio), 50, np.random.default_rng(7))
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
    risks = statistical.min_norm_risk(n, p, 300, np.random.default_rng(seed), signal=signal, noise=noise)
    expected = statistical.gaussian_risk(n, p, signal=signal, noise=noise)
    assert abs(risks.mean() - expected) < 5 * np.sqrt(risk_variance(n, p, signal, noise) / 300)


def test_the_exact_risk_becomes_the_formula():
    ratio = np.array([0.3, 0.9, 1.2, 4])
    far = statistical.gaussian_risk(10**7, (ratio * 10**7).astype(int), signal=2, noise=0.5)
    np.testing.assert_allclose(statistical.ridgeless_risk(ratio, signal=2, noise=0.5), far, rtol=1e-5)


def test_risk_where_there_are_as_many_features_as_cases():
    assert statistical.ridgeless_risk(1) == np.inf and statistical.ridgeless_risk(1, noise=0) == 0
    assert statistical.gaussian_risk(10, [8, 9, 10, 11, 12]).tolist() == [2, np.inf, np.inf, np.inf, 1 / 6 + 2.5]
    assert statistical.gaussian_risk(10, [9, 10, 20], noise=0).tolist() == [0, 0, 0.5]


@pytest.mark.parametrize("shape", [(20, 5), (6, 6), (5, 20)])
def test_the_shortest_weights_against_lstsq(shape):
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal(shape), rng.standard_normal(shape[0])
    np.testing.assert_allclose(statistical.min_norm(inputs, targets), np.linalg.lstsq(inputs, targets)[0], atol=1e-9)
    inputs[:, -1] = inputs[:, 0]  # and of any rank: the two alike share the weight
    assert np.ptp(statistical.min_norm(inputs, targets)[[0, -1]]) < 1e-9
    inputs[-1] = inputs[0] = 0
    np.testing.assert_allclose(statistical.min_norm(inputs, targets), np.linalg.lstsq(inputs, targets)[0], atol=1e-9)


# Bad input

X, Y, L = [[1.0], [2], [3], [4]], [1.0, 2, 2, 5], [0, 1, 0, 1]
NAN = [[1.0], [np.nan], [3], [4]]
ALIKE = [[1.0, 2], [2, 4], [3, 6], [4, 8]]


@pytest.mark.parametrize("call, message", [
    *[(lambda f=f: f(NAN), r"inputs=.*nan.*: must be finite") for f in (
        statistical.hessian, lambda x: statistical.least_squares(x, Y), lambda x: statistical.discriminant(x, L),
        lambda x: statistical.logistic(x, L), lambda x: statistical.svm(x, L), lambda x: statistical.separable(x, L),
        lambda x: statistical.coordinate_descent(x, Y, 3), lambda x: statistical.min_norm(x, Y))],
    *[(lambda f=f: f(X, [1, 1, 1, 1]), r"labels: all are 1; there must be at least two classes") for f in (
        statistical.discriminant, statistical.logistic, statistical.svm, statistical.separable)],
    *[(lambda f=f: f(X, [0, 1, 2, 1]), r"labels: 2 is not one of 2 classes, from 0") for f in (
        statistical.logistic, statistical.svm)],
    (lambda: statistical.discriminant(X, [0, 2, 0, 2]), r"labels: the highest is 2, but not every class below it"),
    (lambda: statistical.discriminant(X, [0, 10**12, 0, 1]), r"labels: the highest is 1000000000000, but"),
    (lambda: statistical.svm(X, [-1, 1, -1, 1]), r"labels=.*must be finite and in \[0"),
    (lambda: statistical.svm(X, [0, 1]), r"labels of shape \(2,\): must have shape \(4,\)"),
    (lambda: statistical.svm(X, L, 0), r"cost=0: must be finite and in \(0"),
    (lambda: statistical.svm(X, L, [1, 2]), r"cost=\[1, 2\]: must be one number"),
    (lambda: statistical.svm_path(X, L, []), r"costs of shape \(0,\)"),
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
    (lambda: statistical.min_norm(ALIKE, [1]), r"targets of shape \(1,\): must have shape \(4,\)"),
    (lambda: statistical.correlated_pair(2, 0.5, None), r"n=2: must be finite and in \[3"),
    (lambda: statistical.correlated_pair(5, 1.5, None), r"correlation=1.5: must be finite and in \[-1, 1\]"),
    (lambda: statistical.sweeps_needed(1), r"correlation=1: must be finite and in \(-1, 1\)"),
    (lambda: statistical.sweeps_needed(0.5, 0), r"tolerance=0: must be finite and in \(0, 1\)"),
    (lambda: statistical.coordinate_descent([[1, 0], [2, 0]], [1, 2], 3), r"inputs: column 1 is all zero"),
    (lambda: statistical.coordinate_descent(X, Y, -1), r"sweeps=-1: must be finite and in \[0"),
    (lambda: statistical.newton_path(X, L, 101), r"steps=101: must be finite and in \[0, 100\]"),
    (lambda: statistical.logistic_hessian(X, [[1, 2]]), r"weights of shape \(1, 2\): must have shape \(d \+ 1,\)"),
    (lambda: statistical.linear_scores(X, [1, 2, 3]), r"weights of shape \(3,\): must end with 2"),
    (lambda: statistical.ridgeless_risk(0), r"ratio=0: must be finite and in \(0"),
    (lambda: statistical.ridgeless_risk(2, noise=-1), r"noise=-1: must be finite and in \[0"),
    (lambda: statistical.gaussian_risk(0, 5), r"n=0: must be finite and in \[1"),
    (lambda: statistical.min_norm_risk(5, 5, 0, None), r"draws=0: must be finite and in \[1"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("cost", [0.05, 0.1, 0.2, 0.3, 1, 3])
def test_two_points_of_opposite_labels_on_one_place(cost):
    """By hand: w = 2 alpha_1, the dual 2 alpha_0 - w^2 / 2 with alpha_0 = alpha_1 + alpha_2, so (C, 0, C)."""
    np.testing.assert_allclose(statistical.svm([[-1.0], [1], [-1]], [0, 1, 1], cost).alphas, [cost, 0, cost], atol=1e-12 * cost)
