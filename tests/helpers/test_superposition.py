import numpy as np
import pytest

from helpers import directions, signals, superposition

pytestmark = pytest.mark.usefixtures("one_blas_thread")

FIVE, TWENTY = 0.9 ** np.arange(5), 0.7 ** np.arange(20)  # target T12.4


# --- interference ----------------------------------------------------------------------------------


def standard_error(sent, received, on):
    """Of the correlation over the entries that are `on`, trials being independent (its influence function, trial by trial)."""
    s, r = sent / sent[on].std(), (received - received[on].mean()) / received[on].std()
    rho = (s * r)[on].mean()
    by_trial = np.where(on, s * r - rho * (s**2 + r**2) / 2, 0).sum(axis=0)
    return np.sqrt((by_trial**2).sum()) / np.count_nonzero(on)


@pytest.mark.parametrize("n, m, active", [(40, 10, 4), (40, 10, 40), (30, 50, 2), (200, 20, 20)])
def test_fidelity_of_superposed_features(n, m, active, seed):
    rng = np.random.default_rng(seed)
    some = 7 * directions.random_directions(n, m, rng)
    sent, received = superposition.send(some, active, 2000, rng)
    assert sent.shape == received.shape == (n, 2000) and np.all((sent != 0).sum(axis=0) == active)
    mean_square = (directions.cosines(some)**2).mean()
    for others, on in ((active - 1, sent != 0), (n - 1, np.ones_like(sent, bool))):
        found = signals.fidelity(sent[on], received[on])
        assert abs(found - superposition.expected_fidelity(others, mean_square)) < 5 * standard_error(sent, received, on)


def test_sent_features_are_standard_normal_and_of_equal_chance(seed):
    sent, _ = superposition.send(np.eye(6), 2, 3000, np.random.default_rng(seed))
    often = (sent != 0).mean(axis=1)
    assert np.all(np.abs(often - 1 / 3) < 5 * np.sqrt(2 / 9 / 3000))
    values = sent[sent != 0]
    assert abs(values.mean()) < 5 / np.sqrt(6000) and abs((values**2).mean() - 1) < 5 * np.sqrt(2 / 6000)


def test_what_is_received():
    sent, received = superposition.send([[2.0, 0], [1, 1]], 2, 3, np.random.default_rng(0))
    c = np.sqrt(0.5)
    np.testing.assert_allclose(received, [sent[0] + c * sent[1], c * sent[0] + sent[1]])
    sent, received = superposition.send(np.eye(4), 3, 5, np.random.default_rng(0))
    assert np.array_equal(sent, received)  # orthogonal: nothing is lost


def test_expected_fidelity():
    assert superposition.expected_fidelity([0, 3, 8], 1).tolist() == pytest.approx([1, 0.5, 1 / 3])
    assert superposition.expected_fidelity(64, 1 / 64) == pytest.approx(np.sqrt(0.5))


# --- the toy model ---------------------------------------------------------------------------------


def a_net(rng, shape=(2, 3), m=2, n=4, t=6):
    return rng.standard_normal((*shape, m, n)), 0.3 * rng.standard_normal((*shape, n)), rng.random((shape[0], 1, n, t))


def test_loss_example_by_example():
    W, b, x = a_net(np.random.default_rng(0))
    importance = [1, 0.5, 0.25, 2]
    expected = np.zeros((2, 3))
    for s, r, e in np.ndindex(2, 3, 6):
        out = np.maximum(W[s, r].T @ W[s, r] @ x[s, 0, :, e] + b[s, r], 0)
        expected[s, r] += importance @ (out - x[s, 0, :, e])**2 / 6
    np.testing.assert_allclose(superposition.losses(W, b, x, importance), expected)


def test_slopes_by_finite_differences():
    W, b, x = a_net(np.random.default_rng(1))
    importance = np.array([1, 0.5, 0.25, 2])
    by_W, by_b = superposition.slopes(W, b, x, importance)
    for found, one, loss in ((by_W, W, lambda to: superposition.losses(to, b, x, importance)),
                             (by_b, b, lambda to: superposition.losses(W, to, x, importance))):
        assert found.shape == one.shape
        for i in np.ndindex(one.shape):
            step = np.zeros_like(one)
            step[i] = 1e-6
            assert found[i] == pytest.approx((loss(one + step) - loss(one - step))[i[:2]] / 2e-6, abs=1e-7)


def test_examples(seed):
    sparsity = np.array([0, 0.3, 0.9])
    x = superposition.examples(5, sparsity, 4000, np.random.default_rng(seed))
    assert x.shape == (3, 1, 5, 4000) and x.max() <= 1
    silent = (x == 0).mean(axis=(1, 2, 3))
    assert np.all(np.abs(silent - sparsity) <= 5 * np.sqrt(sparsity * (1 - sparsity) / 20_000))
    mean = x.mean(axis=(1, 2, 3))
    variance = (1 - sparsity) / 3 - ((1 - sparsity) / 2)**2
    assert np.all(np.abs(mean - (1 - sparsity) / 2) < 5 * np.sqrt(variance / 20_000))
    assert abs((x[0]**2).mean() - 1 / 3) < 5 * np.sqrt(4 / 45 / 20_000)
    assert np.array_equal(x[2], np.where(x[2] > 0, x[0], 0))  # the same draws for all


def test_adam_against_torch():
    import torch

    toy = superposition.train(FIVE, 2, [0.5], 1, np.random.default_rng(3), steps=30, batch=16, rate=0.05)
    rng = np.random.default_rng(3)
    W = torch.tensor(rng.standard_normal((2, 5)) / np.sqrt(8), requires_grad=True)
    b = torch.zeros(5, 1, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([W, b], betas=(0.9, 0.99), eps=1e-8)
    for step in range(30):
        x = torch.tensor(superposition.examples(5, np.array([0.5]), 16, rng)[0, 0])
        loss = (torch.tensor(FIVE)[:, None] * (torch.relu(W.T @ W @ x + b) - x)**2).sum(dim=0).mean()
        adam.zero_grad()
        loss.backward()
        adam.param_groups[0]["lr"] = 0.05 * np.cos(np.pi * step / 60)**2
        adam.step()
    np.testing.assert_allclose(toy.W[0, 0], W.detach(), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(toy.b[0, 0], b.detach()[:, 0], rtol=1e-6, atol=1e-9)
    fresh = superposition.examples(5, np.array([0.5]), superposition.EXAMPLES, rng)[0, 0]
    assert toy.losses[0, 0] == pytest.approx(superposition.losses(toy.W[0, 0], toy.b[0, 0], fresh, FIVE))


@pytest.fixture(scope="module")
def five():
    """The nets of five features in two dimensions for S = 0, 0.7, 0.95, the best of eight each, by seed."""
    made = {}

    def of(seed):
        if seed not in made:
            made[seed] = superposition.best(superposition.train(FIVE, 2, [0, 0.7, 0.95], 8, np.random.default_rng(seed)))
        return made[seed]
    return of


@pytest.mark.parametrize("at, represented, apart, dimensions", [
    (0, 2, 90, 1),  # orthogonal
    (1, 4, 90, 1 / 2),  # two antipodal pairs
    (2, 5, 72, 2 / 5),  # a pentagon
])
def test_the_geometry_of_five_features_in_two_dimensions(five, seed, at, represented, apart, dimensions):
    """Target T12.4: how many are represented, neighbours' angles to 6 degrees, dimensions to 10 %. With no sparsity the two
    that matter most; else the least important is left out first."""
    W = five(seed).W[at]
    norms = superposition.norms(W)
    assert (norms > 0.5).sum() == represented
    if represented == 2:
        assert np.all(norms[:2] > 0.9) and np.all(norms[2:] < 0.2)
    angles = np.sort(np.degrees(np.arctan2(W[1], W[0]))[norms > 0.5])
    between = np.diff(np.append(angles, angles[0] + 360))
    if represented == 2:
        between = np.abs(np.abs(between) - 180)[:1]  # either may point away from the other's right
        assert between[0] == pytest.approx(90, abs=6)
    else:
        np.testing.assert_allclose(between, apart, atol=6)
    np.testing.assert_allclose(superposition.dimensionality(W)[norms > 0.5], dimensions, rtol=0.1)


def test_losses_against_closed_forms(five, seed):
    """S = 0: all that can be kept is two features, the others' variance of 1/12 is lost, as in principal components.
    S = 0.7: two antipodal pairs with no bias lose min(x_i, x_j)^2 for either of a pair, 1/6 if both are active; training can
    only better that."""
    none, pairs, _ = five(seed).losses
    assert abs(none - FIVE[2:].sum() / 12) < 5 * np.sqrt((FIVE[2:]**2).sum() / 180 / superposition.EXAMPLES) + 1e-3
    left = 0.3**2 * FIVE[:4].sum() / 6 + 0.3 * FIVE[4] / 3
    assert 0.5 * left < pairs < left


def test_twenty_features_in_five_dimensions(seed):
    """Target T12.4: without sparsity the five most important, at right angles; with it more than five, in all five dimensions."""
    toy = superposition.best(superposition.train(TWENTY, 5, [0, 0.9], 2, np.random.default_rng(seed), steps=2000, batch=128))
    norms = superposition.norms(toy.W)
    assert np.array_equal(np.flatnonzero(norms[0] > 0.5), range(5)) and (norms[1] > 0.5).sum() >= 8
    assert np.abs(directions.cosines(toy.W[0].T[:5])).max() < 0.1
    assert toy.losses[0] == pytest.approx(TWENTY[5:].sum() / 12, rel=0.05)
    assert np.linalg.matrix_rank(toy.W[1].T[norms[1] > 0.5], tol=0.3) == 5
    assert superposition.dimensionality(toy.W).sum(axis=1) == pytest.approx(5, rel=0.05)


def test_same_seed_same_nets_and_restarts_differ():
    one, two = (superposition.train(FIVE, 2, [0, 0.5], 3, np.random.default_rng(5), steps=5) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert one.W.shape == (2, 3, 2, 5) and one.b.shape == (2, 3, 5) and one.losses.shape == (2, 3)
    assert np.ptp(one.losses, axis=1).min() > 0


def test_best():
    W, b = np.arange(12.0).reshape(2, 3, 1, 2), np.arange(12.0).reshape(2, 3, 2)
    found = superposition.best(superposition.Toy(W, b, np.array([[3.0, 1, 2], [1, 5, 6]])))
    assert found.losses.tolist() == [1, 1] and found.W.tolist() == [[[2, 3]], [[6, 7]]] and found.b.tolist() == [[2, 3], [6, 7]]


def test_reading_the_geometry():
    turn = 2 * np.pi * np.arange(5) / 5
    pentagon = 1.1 * np.array([np.cos(turn), np.sin(turn)])
    np.testing.assert_allclose(superposition.norms(pentagon), 1.1)
    np.testing.assert_allclose(superposition.dimensionality(pentagon), 2 / 5)
    pairs = np.array([[2.0, -2, 0, 0, 0], [0, 0, 1, -1, 0]])
    np.testing.assert_allclose(superposition.dimensionality([pairs, np.eye(2, 5)]), [[0.5, 0.5, 0.5, 0.5, 0], [1, 1, 0, 0, 0]])
    np.testing.assert_allclose(superposition.interference(pairs), [4, 4, 1, 1, 0])
    W = np.random.default_rng(0).standard_normal((3, 4, 7))
    W_hat = W / np.sqrt((W**2).sum(axis=1, keepdims=True))
    expected = [[sum((W_hat[k, :, i] @ W[k, :, j])**2 for j in range(7) if j != i) for i in range(7)] for k in range(3)]
    np.testing.assert_allclose(superposition.interference(W), expected)
    assert np.all(superposition.dimensionality(W).sum(axis=1) <= 4)


@pytest.mark.parametrize("call, message", [
    (lambda: superposition.send(np.eye(3), 4, 5, None), r"active=4: must be at most the 3 directions"),
    (lambda: superposition.send(np.eye(3), 0, 5, None), r"active=0: must be finite and in \[1"),
    (lambda: superposition.send([[0, 0]], 1, 5, None), r"directions\[0\]: has length 0.0; must not be 0"),
    (lambda: superposition.send(np.eye(3), 1, 0, None), r"trials=0: must be finite and in \[1"),
    (lambda: superposition.expected_fidelity(-1, 0.1), r"others=-1: must be finite and in \[0"),
    (lambda: superposition.expected_fidelity(1, 1.1), r"mean_square=1.1: must be finite and in \[0, 1\]"),
    (lambda: superposition.losses(np.ones((2, 3)), np.ones(3), np.ones((4, 5)), np.ones(3)),
     r"W, b, inputs of shapes \(2, 3\), \(3,\), \(4, 5\): must be \(..., m, 3\), \(..., 3\), \(..., 3, t\)"),
    (lambda: superposition.losses(np.ones((2, 3)), np.ones(2), np.ones((3, 5)), np.ones(3)),
     r"W, b, inputs of shapes \(2, 3\), \(2,\), \(3, 5\): must be"),
    (lambda: superposition.slopes(np.ones((2, 3)), np.ones(3), np.ones((3, 5)), np.ones(4)), r"must be \(..., m, 4\)"),
    (lambda: superposition.slopes([[1e200]], [0], [[1]], [1]), r"W=.*must be finite and in \[-1e\+06, 1e\+06\]"),
    (lambda: superposition.examples(3, [1.5], 4, None), r"sparsity=\[1.5\]: must be finite and in \[0, 1\]"),
    (lambda: superposition.train([1, -1], 2, [0], 1, None), r"importance=\[1, -1\]: must be finite and in \[0, 1e\+06\]"),
    (lambda: superposition.train([1, 1], 0, [0], 1, None), r"m=0: must be finite and in \[1"),
    (lambda: superposition.train([1, 1], 2, [1], 1, None), r"sparsity=\[1\]: must be finite and in \[0, 1\)"),
    (lambda: superposition.train([1, 1], 2, 0.5, 1, None), r"sparsity of shape \(\): must have shape"),
    (lambda: superposition.train([1, 1], 2, [0], 0, None), r"restarts=0"),
    (lambda: superposition.train([1, 1], 2, [0], 1, None, steps=0), r"steps=0"),
    (lambda: superposition.train([1, 1], 2, [0], 1, None, batch=1.5), r"batch=1.5: must be whole"),
    (lambda: superposition.train([1, 1], 2, [0], 1, None, rate=0), r"rate=0: must be finite and in \(0, 1\]"),
    (lambda: superposition.norms([1, 2]), r"W of shape \(2,\): must be \(..., m, n\)"),
    (lambda: superposition.interference([[np.nan]]), r"W=.*must be finite"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
