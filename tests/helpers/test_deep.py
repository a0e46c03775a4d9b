import itertools

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from helpers import deep

pytestmark = pytest.mark.usefixtures("one_thread")

HIDDEN = [name for name in deep.FUNCTIONS if name != "identity"]
XOR = np.array([[-1, -1, 1], [-1, 1, 1], [1, -1, 1], [1, 1, 1]]), np.array([[-1], [1], [1], [-1]])  # the last input is 1


def case(sizes=(3, 5, 4, 2), functions=None, loss="squares", m=7, seed=0, many=()):
    """(weights, task) drawn by lot."""
    rng = np.random.default_rng(seed)
    targets = rng.normal(size=(m, sizes[-1]))
    if loss == "cross-entropy":
        targets = np.eye(sizes[-1])[rng.integers(sizes[-1], size=m)]
    task = deep.task(rng.normal(size=(m, sizes[0])), targets, functions, loss, layers=len(sizes) - 1)
    return deep.network(sizes, rng, many=many), task


def modules(weights, task):
    """The same network of torch's own parts: (outputs, loss), whose graph leads to `weights`."""
    own = {"identity": torch.nn.Identity, "tanh": torch.nn.Tanh, "logistic": torch.nn.Sigmoid, "relu": torch.nn.ReLU}
    y = task.inputs
    for layer, name in zip(weights, task.functions, strict=True):
        y = torch.nn.functional.linear(y, layer)
        y = torch.sin(y) if name == "sine" else own[name]()(y)
    if task.loss == "squares":
        return y, 0.5 * torch.nn.functional.mse_loss(y, task.targets, reduction="sum") / len(y)
    return y, torch.nn.functional.cross_entropy(y, task.targets)


def autograd(weights, task):
    weights = [layer.clone().requires_grad_() for layer in weights]
    return torch.autograd.grad(modules(weights, task)[1], weights)


CASES = [*itertools.product([(3, 5, 4, 2), (2, 3), (1, 4, 1)], [None], deep.LOSSES),
         *(((3, 5, 4, 2), (name, *others, "identity"), "squares") for name, *others in zip(HIDDEN, reversed(HIDDEN), strict=True)),
         *(((3, 4, 2), ("tanh", name), "squares") for name in deep.FUNCTIONS)]


@pytest.mark.parametrize("sizes, functions, loss", CASES)
def test_backpropagation_by_hand_is_autograd(sizes, functions, loss):
    weights, task = case(sizes, functions, loss)
    found, (y, value) = deep.backward(weights, task), modules(weights, task)
    torch.testing.assert_close(found.loss, value, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(deep.loss(weights, task), value, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found.signals[-1], y, rtol=1e-12, atol=1e-12)
    for own, true in zip(found.gradients, autograd(weights, task), strict=True):
        torch.testing.assert_close(own, true, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("sizes, functions, loss", CASES)
def test_forward_mode_is_reverse_mode(sizes, functions, loss):
    weights, task = case(sizes, functions, loss)
    gradients, passes = deep.forward_mode(weights, task)
    assert passes == sum(layer.numel() for layer in weights)
    for own, true in zip(gradients, autograd(weights, task), strict=True):
        torch.testing.assert_close(own, true, rtol=1e-10, atol=1e-10)


def test_a_pass_for_each_parameter_is_made(monkeypatch):
    made, real = [], deep.directional
    monkeypatch.setattr(deep, "directional", lambda *arguments: made.append(1) or real(*arguments))
    weights, task = case()
    assert deep.forward_mode(weights, task)[1] == len(made) == 3 * 5 + 5 * 4 + 4 * 2


@pytest.mark.parametrize("loss", deep.LOSSES)
def test_dual_numbers_are_torch_s_jvp(loss):
    weights, task = case(loss=loss)
    directions = deep.network((3, 5, 4, 2), np.random.default_rng(9))
    value, change = deep.directional(weights, directions, task)
    expected = torch.autograd.functional.jvp(lambda *all_: modules(all_, task)[1], tuple(weights), tuple(directions))
    torch.testing.assert_close(value, expected[0], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(change, expected[1], rtol=1e-10, atol=1e-12)


def test_the_errors_are_the_derivatives_by_each_layer_s_sums():
    weights, task = case(functions=("tanh", "logistic", "tanh"))
    found, step = deep.backward(weights, task), 1e-6
    for layer in range(3):
        for at in ((0, 0), (5, 1)):
            values = []
            for change in (step, -step):
                h = found.signals[layer] @ weights[layer].T
                h[at] += change
                for later in range(layer, 3):
                    h = (torch.sigmoid if later == 1 else torch.tanh)(h)
                    h = h @ weights[later + 1].T if later < 2 else h
                values.append(0.5 * ((h - task.targets) ** 2).sum() / len(h))
            assert float(found.errors[layer][at]) == pytest.approx(float(values[0] - values[1]) / (2 * step), abs=1e-9)
    assert [tuple(one.shape) for one in found.signals] == [(7, 3), (7, 5), (7, 4), (7, 2)]
    assert [tuple(one.shape) for one in found.errors] == [(7, 5), (7, 4), (7, 2)]


def test_a_step_by_hand():
    """y = w tanh(v x) with x = 1, target 2, tanh(v) = 0.6, w = 0.5: y = 0.3, e_2 = -1.7, e_1 = -1.7 * 0.5 * 0.64."""
    weights = [torch.tensor([[np.arctanh(0.6)]]), torch.tensor([[0.5]], dtype=torch.float64)]
    task = deep.task([[1.0]], [[2.0]], layers=2)
    found = deep.backward(weights, task)
    assert [float(h) for h in found.signals] == pytest.approx([1, 0.6, 0.3])
    assert [float(e) for e in found.errors] == pytest.approx([-0.544, -1.7])
    assert [float(g) for g in found.gradients] == pytest.approx([-0.544, -1.02])
    assert float(found.loss) == pytest.approx(1.445)
    done = deep.train(weights, task, rate=0.1, steps=1)
    assert [float(w) for w in done.weights] == pytest.approx([np.arctanh(0.6) + 0.0544, 0.602])
    back = deep.backward(weights, task, feedback=[torch.tensor([[-3.0]], dtype=torch.float64)])
    assert [float(e) for e in back.errors] == pytest.approx([3.264, -1.7])


@pytest.mark.parametrize("loss", deep.LOSSES)
def test_networks_side_by_side_do_not_touch_one_another(loss):
    weights, task = case(loss=loss, many=3)
    done = deep.train(weights, task, rate=0.1, steps=20)
    for one in range(3):
        alone = deep.train([layer[one] for layer in weights], task, rate=0.1, steps=20)
        torch.testing.assert_close(done.losses[:, one], alone.losses, rtol=1e-10, atol=1e-12)
        for layer, own in zip(done.weights, alone.weights, strict=True):
            torch.testing.assert_close(layer[one], own, rtol=1e-10, atol=1e-12)


def test_training_is_torch_s_gradient_descent():
    weights, task = case()
    done = deep.train(weights, task, rate=0.1, steps=12, keep=[0, 5, 12])
    own = [layer.clone().requires_grad_() for layer in weights]
    step, losses = torch.optim.SGD(own, lr=0.1), []
    for number in range(13):
        if number in done.kept:
            for layer, kept in zip(own, done.kept[number], strict=True):
                torch.testing.assert_close(kept, layer.detach(), rtol=1e-10, atol=1e-12)
        step.zero_grad()
        value = modules(own, task)[1]
        losses.append(value.detach())
        value.backward()
        step.step()
    torch.testing.assert_close(done.losses, torch.stack(losses), rtol=1e-10, atol=1e-12)
    assert sorted(done.kept) == [0, 5, 12] and not done.diverged
    torch.testing.assert_close(done.weights, done.kept[12])
    torch.testing.assert_close(done.kept[0], weights)
    last = deep.train(weights, task, rate=0.1, steps=12, last_only=True)
    torch.testing.assert_close(last.weights[:-1], weights[:-1])
    assert not torch.allclose(last.weights[-1], weights[-1])
    assert deep.train(weights, task, rate=0.1, steps=0).losses.shape == (1,)


def test_drawn_weights_are_of_the_size_they_are_said_to_have():
    weights = deep.network((100, 50, 20), np.random.default_rng(0), many=40, scale=2)
    assert [tuple(layer.shape) for layer in weights] == [(40, 50, 100), (40, 20, 50)]
    for layer, spread in zip(weights, (2 / 100**0.5, 2 / 50**0.5), strict=True):
        assert abs(float(layer.std()) / spread - 1) < 5 / (2 * layer.numel()) ** 0.5
        assert abs(float(layer.mean())) < 5 * spread / layer.numel() ** 0.5
    assert len({float(network[0, 0]) for network in weights[0]}) == 40
    assert deep.network((2, 1), np.random.default_rng(0), dtype=torch.float32)[0].dtype == torch.float32


# How news of the loss travels

@pytest.mark.parametrize("depth", range(1, 7))
def test_hops(depth):
    """All L layers forward, and back from the loss through L - l + 1 of them: 2 for a linear model."""
    found = deep.hops(*case((3,) + (4,) * (depth - 1) + (2,)))
    assert found.tolist() == [depth + depth - layer + 1 for layer in range(1, depth + 1)]
    assert found.dtype == np.int64


@pytest.mark.parametrize("functions, loss", [(("identity",) * 3, "squares"), (("sine", "relu", "logistic"), "cross-entropy")])
def test_hops_do_not_depend_on_functions(functions, loss):
    assert deep.hops(*case(functions=functions, loss=loss)).tolist() == [6, 5, 4]


@pytest.mark.parametrize("first", [True, False])
def test_hops_are_counted_in_the_graph(monkeypatch, first):
    """A network with a way round its second layer: the first still waits for the longer one."""
    weights, task = case((3, 3, 3))

    def shortcut(weights, task):
        h = task.inputs @ weights[0].mT
        long = torch.tanh(h) @ weights[1].mT
        return (h + long if first else long + h).sum()
    monkeypatch.setattr(deep, "loss", shortcut)
    assert deep.hops(weights, task).tolist() == [4, 3]
    monkeypatch.setattr(deep, "loss", lambda weights, task: (task.inputs @ weights[0].mT + task.inputs @ weights[1].mT).sum())
    assert deep.hops(weights, task).tolist() == [2, 2]


# Feedback alignment

SEEDS = 4


@pytest.fixture(scope="module")
def digits():
    """Two layers of 16 tanh neurons and 10 outputs, 4 seeds: trained by the true errors, by others, and the last layer alone."""
    data = load_digits()
    inputs, targets = data.data / 16, np.eye(10)[data.target]
    seen, unseen = (deep.task(inputs[part], targets[part], loss="cross-entropy", layers=2, dtype=torch.float32)
                    for part in (slice(0, 1200), slice(1200, None)))
    rng = np.random.default_rng(1)
    start = deep.network((64, 16, 10), rng, many=SEEDS, dtype=torch.float32)
    feedback = [deep.network((16, 10), rng, many=SEEDS, dtype=torch.float32)[0]]
    runs = {name: deep.train(start, seen, rate=1.0, steps=200, keep=(0, 30, 100, 200), **settings) for name, settings in
            {"true": {}, "fixed": {"feedback": feedback}, "last": {"last_only": True}}.items()}
    return runs, seen, unseen, feedback


def test_feedback_alignment_reads_digits(digits):
    runs, _, unseen, _ = digits
    read = {name: deep.accuracy(run.weights, unseen) for name, run in runs.items()}
    assert not any(run.diverged.any() for run in runs.values())
    assert (read["true"] > 0.89).all() and (read["fixed"] > 0.87).all()
    assert (read["fixed"] > read["last"] + 0.05).all()
    assert read["true"].mean() > read["fixed"].mean()
    assert (deep.accuracy(runs["true"].kept[0], unseen) < 0.35).all()


def test_the_angle_falls_below_a_right_one(digits):
    runs, seen, _, feedback = digits
    found = [deep.angles(runs["fixed"].kept[step], seen, feedback)[0] for step in (0, 30, 200)]
    # at the start two random maps of 160 numbers: within five standard errors of a right angle
    assert (abs(found[0] - 90) < np.degrees(5 / 160**0.5)).all()
    assert (found[1] < 75).all() and (found[2] < 45).all() and (found[2] < found[1]).all()


def test_the_gradient_by_fixed_feedback_is_not_the_true_one_but_the_last_layer_s_is(digits):
    runs, seen, _, feedback = digits
    true, sent = (deep.backward(runs["fixed"].kept[30], seen, way).gradients for way in (None, feedback))
    torch.testing.assert_close(true[1], sent[1])
    assert not torch.allclose(true[0], sent[0], rtol=0.1)
    weights = runs["fixed"].kept[30]
    torch.testing.assert_close(deep.backward(weights, seen, [weights[1]]).gradients, true)


def test_angles_by_hand():
    """Linear, one case: e_1 = B^T e_2, with e_2 = (1, 0) the first row of W_2 or B."""
    weights = [torch.eye(2, dtype=torch.float64), torch.tensor([[1.0, 0], [5, 5]], dtype=torch.float64)]
    task = deep.task([[1.0, 1]], [[0.0, 10]], ("identity", "identity"), layers=2)
    for row, angle in (([1, 1], 45), ([0, 3], 90), ([-2, 0], 180), ([7, 0], 0)):
        feedback = [torch.tensor([row, [9, 9]], dtype=torch.float64)]
        assert float(deep.angles(weights, task, feedback)[0]) == pytest.approx(angle, abs=1e-5)


def test_accuracy_by_hand():
    task = deep.task(np.eye(3), np.eye(3), layers=1)
    weights = [torch.stack([torch.eye(3), torch.eye(3)[[0, 2, 1]], torch.full((3, 3), torch.nan)]).double()]
    np.testing.assert_allclose(deep.accuracy(weights, task), [1, 1 / 3, np.nan])


# What theory says

def test_the_hessian_is_the_gradient_s_change():
    weights, task = case((2, 3, 2), m=5)
    found, step, changes = deep.hessian(weights, task), 1e-5, []
    for layer in range(2):
        for place in np.ndindex(*weights[layer].shape):
            moved = []
            for change in (step, -step):
                other = [one.clone() for one in weights]
                other[layer][place] += change
                moved.append(torch.cat([one.ravel() for one in deep.backward(other, task).gradients]))
            changes.append(((moved[0] - moved[1]) / (2 * step)).numpy())
    assert found.shape == (12, 12)
    np.testing.assert_allclose(found, changes, atol=1e-8)


def test_a_linear_model_s_hessian_is_the_same_block_wherever_it_is():
    """I (x) X^T X / m: one block for each output, however far the training; a network's moves and couples layers."""
    weights, task = case((3, 2), m=9)
    expected = np.kron(np.eye(2), (task.inputs.T @ task.inputs).numpy() / 9)
    done = deep.train(weights, task, rate=0.1, steps=50, keep=(0, 10, 50))
    for kept in done.kept.values():
        np.testing.assert_allclose(deep.hessian(kept, task), expected, atol=1e-12)
    weights, task = case((2, 3, 1), m=9)
    done = deep.train(weights, task, rate=0.1, steps=300, keep=(0, 300))
    first, last = (deep.hessian(kept, task) for kept in done.kept.values())
    assert np.abs(first - last).max() > 0.1 and np.abs(first[:6, 6:]).max() > 0.05
    assert np.linalg.eigvalsh(first)[0] < -0.01  # not convex


@pytest.mark.parametrize("many", [(), 2])
def test_hidden_units_may_change_places(many):
    weights, task = case((3, 5, 4, 2), many=many)
    y = deep.forward(weights, task)[1][-1]
    for layer, order in ((1, [4, 2, 0, 1, 3]), (2, [1, 2, 3, 0])):
        other = deep.permuted(weights, layer, order)
        torch.testing.assert_close(deep.forward(other, task)[1][-1], y, rtol=1e-12, atol=1e-12)
        assert not torch.equal(other[layer - 1], weights[layer - 1]) and not torch.equal(other[layer], weights[layer])
        torch.testing.assert_close(deep.forward(other, task)[1][layer], deep.forward(weights, task)[1][layer][..., order])
    before = [layer.clone() for layer in weights]
    deep.permuted(weights, 1, range(5))
    torch.testing.assert_close(weights, before, rtol=0, atol=0)


def test_the_jacobian_is_autograd_s():
    weights, task = case(functions=("logistic", "tanh", "sine"))
    found = deep.jacobian(weights, task)
    assert found.shape == (7, 2, 3 * 5 + 5 * 4 + 4 * 2)
    own = torch.autograd.functional.jacobian(lambda *layers: modules(layers, task)[0], tuple(weights))
    np.testing.assert_allclose(found, torch.cat([part.flatten(2) for part in own], 2).numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("penalty", [0.01, 2.0])
def test_a_linear_model_settles_at_ridge_regression(penalty):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(40, 3))
    y = x @ [[1.0, 0], [2, -1], [-1, 3]] + rng.normal(size=(40, 2))
    task = deep.task(x, y, layers=1)
    found = deep.settle(deep.network((3, 2), rng), task, penalty=penalty)
    ridge = np.linalg.solve(x.T @ x / 40 + penalty * np.eye(3), x.T @ y / 40)
    np.testing.assert_allclose(found.weights[0].numpy(), ridge.T, rtol=1e-7)
    assert found.loss == pytest.approx(((x @ ridge - y)**2).sum() / 80 + penalty / 2 * (ridge**2).sum(), rel=1e-12)
    assert found.arrived and found.slope < 1e-7


def test_a_network_settles_where_its_penalised_loss_is_flat_and_curves_up():
    weights, task = case((3, 4, 1), m=30)
    found = deep.settle(weights, task, penalty=0.05)
    assert found.arrived
    for layer, slope in zip(found.weights, deep.backward(found.weights, task).gradients, strict=True):
        torch.testing.assert_close(slope, -0.05 * layer, rtol=0, atol=1e-7)
    assert np.linalg.eigvalsh(deep.hessian(found.weights, task) + 0.05 * np.eye(16)).min() > 0
    size = sum(float((layer**2).sum()) for layer in found.weights)
    assert found.loss == pytest.approx(float(deep.loss(found.weights, task)) + 0.025 * size, rel=1e-12)
    slopes = []
    for evaluations in range(2, 62, 4):
        early = deep.settle(weights, task, penalty=0.05, evaluations=evaluations)
        steepest = max(float((slope + 0.05 * layer).abs().max()) for layer, slope in zip(
            early.weights, deep.backward(early.weights, task).gradients, strict=True))
        assert early.slope == pytest.approx(steepest, rel=1e-6, abs=1e-14) and early.arrived == (early.slope < 1e-7)
        slopes.append(early.slope)
    assert any(1e-7 < slope < 1e-4 for slope in slopes)


def test_starts_of_a_small_network_settle_in_a_good_valley_or_a_bad_one():
    task, rng = deep.task(*XOR, layers=2), np.random.default_rng(0)
    ends = [deep.settle(deep.network((3, 2, 1), rng), task, penalty=1e-4) for _ in range(40)]
    losses = np.array([end.loss for end in ends if end.arrived])
    good, stuck = losses < 0.06, losses > 0.2  # a quarter: one case of the four is half wrong
    assert len(losses) > 35 and good.sum() > 5 and stuck.sum() > 5 and (good | stuck).all()


def test_a_rate_for_each_layer():
    weights, task = case()
    own, slopes = deep.train(weights, task, rate=(0.1, 0.02, 0.3), steps=1).weights, deep.backward(weights, task).gradients
    for rate, layer, before, slope in zip((0.1, 0.02, 0.3), own, weights, slopes, strict=True):
        torch.testing.assert_close(layer, before - rate * slope)


def test_units_that_draw_lots_change_all_their_weights_or_none(seed):
    weights, task = case((3, 50, 40), many=4, seed=seed)
    done = deep.train(weights, task, rate=0.1, steps=1, chance=0.3, rng=np.random.default_rng(seed))
    whole, changed = deep.train(weights, task, rate=0.1, steps=1), 0
    for before, after, full in zip(weights, done.weights, whole.weights, strict=True):
        moved = (after != before).any(-1)
        torch.testing.assert_close(after, torch.where(moved[..., None], full, before))
        changed += int(moved.sum())
    assert abs(changed - 0.3 * 360) <= 5 * (0.21 * 360)**0.5
    again = deep.train(weights, task, rate=0.1, steps=1, chance=0.3, rng=np.random.default_rng(seed))
    assert torch.equal(again.weights[0], done.weights[0])


# A run that fails

def test_a_run_that_diverges_is_flagged_and_shows_no_number():
    """A line through 0 has the curvature mean(x^2) = 5: just below rate 2 / 5 it converges, just above it does not."""
    task = deep.task([[1.0], [3]], [[1.0], [1]], layers=1)
    start = [torch.zeros(1, 1, dtype=torch.float64)]
    assert not deep.train(start, task, rate=0.39, steps=400).diverged
    for rate, steps in ((0.41, 400), (0.41, 50), (40.0, 400), (1e200, 400), (1e200, 1)):
        done = deep.train(start, task, rate=rate, steps=steps, keep=(0, 1))
        assert done.diverged and done.losses.isnan().all()
        assert all(layer.isnan().all() for some in (done.weights, *done.kept.values()) for layer in some)


@pytest.mark.parametrize("start, middle, diverged", [
    (3, 2.9e6, False), (3, 3.1e6, True), (3, np.inf, True), (3, np.nan, True), (0.01, 0.9e6, False), (0.01, 1.1e6, True)])
def test_a_run_that_comes_back_from_beyond_hope_is_not_trusted(monkeypatch, start, middle, diverged):
    """Losses in multiples of that of answering nothing."""
    weights, task = case((2, 1), m=3)
    nothing = float((task.targets**2).sum() / 6)
    made, real = iter([start * nothing, middle * nothing, start * nothing / 2]), deep.backward
    monkeypatch.setattr(deep, "backward", lambda *arguments: real(*arguments)._replace(loss=torch.tensor(next(made))))
    assert bool(deep.train(weights, task, rate=0.1, steps=2).diverged) == diverged


def test_one_diverging_network_leaves_the_others_alone():
    task = deep.task(*XOR, layers=2)
    weights = deep.network((3, 2, 1), np.random.default_rng(0), many=3)
    calm = deep.train(weights, task, rate=0.1, steps=30)
    wild = [layer.clone() for layer in weights]
    wild[1][1] *= 1e9
    wild[0][1] *= 1e-9
    done = deep.train(wild, task, rate=0.1, steps=30, keep=[30])
    assert done.diverged.tolist() == [False, True, False]
    assert done.losses[:, 1].isnan().all() and done.kept[30][0][1].isnan().all()
    torch.testing.assert_close(done.losses[:, [0, 2]], calm.losses[:, [0, 2]])
    torch.testing.assert_close(done.weights[0][[0, 2]], calm.weights[0][[0, 2]])


def test_resting_at_a_minimum_is_no_divergence():
    task = deep.task(np.eye(2), np.eye(2), layers=1)
    done = deep.train([torch.eye(2, dtype=torch.float64)], task, rate=0.5, steps=5)
    assert not done.diverged and (done.losses == 0).all()
    nothing = deep.task(np.eye(2), np.zeros((2, 2)), layers=1)
    assert not deep.train([torch.zeros(2, 2, dtype=torch.float64)], nothing, rate=0.5, steps=5).diverged


GOOD = {"inputs": np.eye(3), "targets": np.eye(3), "layers": 2}


@pytest.mark.parametrize("settings, message", [
    ({"inputs": [[np.nan, 0, 0]] * 3}, "inputs=.*must be finite"),
    ({"targets": [[np.inf, 0, 0]] * 3}, "targets=.*must be finite"),
    ({"inputs": np.eye(2)}, r"inputs, targets of shapes \(2, 2\), \(3, 3\)"),
    ({"inputs": np.ones(3)}, r"inputs, targets of shapes \(3,\)"),
    ({"targets": np.ones(3)}, r"inputs, targets of shapes \(3, 3\), \(3,\)"),
    ({"inputs": np.ones((0, 3)), "targets": np.ones((0, 3))}, "inputs, targets of shapes"),
    ({"functions": ("tanh", "step")}, "functions='step': must be one of 'identity', 'tanh'"),
    ({"functions": ("tanh",)}, r"functions=\('tanh',\): must be 2, one for each layer"),
    ({"loss": "hinge"}, "loss='hinge': must be one of 'squares', 'cross-entropy'"),
    ({"loss": "cross-entropy", "targets": 2 * np.eye(3)}, "targets: row ., .*, must be probabilities"),
    ({"loss": "cross-entropy", "targets": [[2, -1, 0]] * 3}, "targets: row ., .*, must be probabilities"),
    ({"layers": 0}, "layers=0: must be finite and in"),
])
def test_a_bad_task(settings, message):
    with pytest.raises(ValueError, match=message):
        deep.task(**{**GOOD, **settings})


def batch():
    return case(many=2)


RNG = np.random.default_rng(0)


@pytest.mark.parametrize("call, message", [
    (lambda: deep.network((3,), RNG), r"sizes=\[3\]: must be at least two"),
    (lambda: deep.network((3, 0), RNG), r"sizes=\(3, 0\): must be finite and in"),
    (lambda: deep.network((3, 1), RNG, many=0), "many=0"),
    (lambda: deep.network((3, 1), RNG, scale=-1), "scale=-1"),
    (lambda: deep.forward(case()[0][:2], case()[1]), "must be 3 layers that follow one another from 3 inputs to 2 outputs"),
    (lambda: deep.forward(case((3, 5, 4, 3))[0], case()[1]), "weights of shapes.* to 2 outputs"),
    (lambda: deep.loss([*case()[0][:2], case((2, 3, 2, 2))[0][2]], case()[1]), "weights of shapes"),
    (lambda: deep.directional(case((4, 5, 4, 2))[0], case()[0], case()[1]), "weights of shapes"),
    (lambda: deep.backward(*case(), feedback=case()[0][:2]), "feedback of shapes.*must be as the weights from the second layer on"),
    (lambda: deep.backward(*case(), feedback=[]), "feedback of shapes"),
    (lambda: deep.forward_mode(*batch()), "weights of shapes.*must be of one network"),
    (lambda: deep.hops(*batch()), "weights of shapes.*must be of one network"),
    (lambda: deep.hessian(*batch()), "weights of shapes.*must be of one network"),
    (lambda: deep.train(*case(), rate=0, steps=1), "rate=0: must be finite"),
    (lambda: deep.train(*case(), rate=-0.1, steps=1), "rate=-0.1"),
    (lambda: deep.train(*case(), rate=0.1, steps=-1), "steps=-1"),
    (lambda: deep.train(*case(), rate=0.1, steps=3, keep=[4]), r"keep=\[4\]: must be at most steps, 3"),
    (lambda: deep.train(*case(), rate=(0.1, 0.2), steps=1), r"rate=\(0.1, 0.2\): must be one, or 3, one for each layer"),
    (lambda: deep.train(*case(), rate=(0.1, 0.2, 0), steps=1), "rate=0.0|rate="),
    (lambda: deep.train(*case(), rate=0.1, steps=1, chance=0.5), "chance=0.5 with rng=None"),
    (lambda: deep.train(*case(), rate=0.1, steps=1, chance=0), "chance=0"),
    (lambda: deep.settle(*case(), penalty=0), "penalty=0"),
    (lambda: deep.settle(*case(), penalty=1, evaluations=0), "evaluations=0"),
    (lambda: deep.settle(*case(loss="cross-entropy"), penalty=1), "loss='cross-entropy': must be 'squares'"),
    (lambda: deep.settle(*batch(), penalty=1), "weights of shapes.*must be of one network"),
    (lambda: deep.jacobian(*batch()), "weights of shapes.*must be of one network"),
    (lambda: deep.forward([layer[0] for layer in case()[0]], case()[1]), "weights of shapes.*must be matrices"),
    (lambda: deep.directional(case()[0], case()[0][:2], case()[1]), "directions of shapes.*must be as the weights"),
    (lambda: deep.task([[1e300]], [[1.0]], layers=1, dtype=torch.float32), "inputs: some are too large for torch.float32"),
    (lambda: deep.permuted(case()[0], 3, [0, 1]), "layer=3: must be below the number of layers, 3"),
    (lambda: deep.permuted(case()[0], 0, [0, 1]), "layer=0"),
    (lambda: deep.permuted(case()[0], 2, [0, 1, 2, 2]), r"order=\[0, 1, 2, 2\]: must be the numbers from 0 to 3, each once"),
    (lambda: deep.permuted(case()[0], 2, [[0, 1], [2, 3]]), "order="),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
