"""The multilayer perceptron without biases: how its parameters hear of the loss, and what theory says of it. torch.

Notation
    weights    [W_1, ..., W_L], W_l (..., n_l, n_{l-1}): tensors; leading axes are networks side by side
    inputs     (m, n_0), a case a row; targets (m, n_L)
    functions  (f_1, ..., f_L) by name; if None tanh, and the identity for the last
    signals    [h_0, ..., h_L], h_0 the inputs, h_l = f_l(h_{l-1} W_l^T), (..., m, n_l): y = f_L(W_L ... f_1(W_1 x))
    errors     [e_1, ..., e_L], e_l the derivative of the loss by h_{l-1} W_l^T, (..., m, n_l)
    loss       mean over the cases of half the squared error, or of the cross-entropy of softmax(y): (...,)
    P          parameters, all weights in a row: layer by layer, and in each row by row
"""
from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import least_squares

from . import checks

FUNCTIONS = {  # f(z), and its slope in terms of z and f(z)
    "identity": (lambda z: z, lambda z, h: torch.ones_like(z)),
    "tanh": (torch.tanh, lambda z, h: 1 - h * h),
    "logistic": (torch.sigmoid, lambda z, h: h * (1 - h)),
    "relu": (torch.relu, lambda z, h: (z > 0).to(z.dtype)),
    "sine": (torch.sin, lambda z, h: torch.cos(z)),
}
LOSSES = {  # of each case, and its derivative by y
    "squares": (lambda y, t: ((y - t) ** 2).sum(-1) / 2, lambda y, t: y - t),
    "cross-entropy": (lambda y, t: torch.logsumexp(y, -1) - (y * t).sum(-1), lambda y, t: torch.softmax(y, -1) - t),
}
HOPELESS = 1e6  # times the loss at the start, or of answering nothing: a run beyond it has diverged


class Task(NamedTuple):
    """What a network is to learn, and how its answers are made and judged."""

    inputs: torch.Tensor
    targets: torch.Tensor
    functions: tuple
    loss: str


def task(inputs, targets, functions=None, loss="squares", *, layers, dtype=torch.float64):
    """A Task for networks of so many layers, from arrays (m, n_0) and (m, n_L).

    Raises ValueError for data not finite or of unlike length, unknown names, and, for the cross-entropy, targets
    that are not probabilities.
    """
    layers = checks.count("layers", layers)
    data = [checks.finite(name, value) for name, value in (("inputs", inputs), ("targets", targets))]
    if data[0].ndim != 2 or data[1].ndim != 2 or len(data[0]) != len(data[1]) or 0 in data[0].shape + data[1].shape:
        raise ValueError(f"inputs, targets of shapes {data[0].shape}, {data[1].shape}: must be (m, n_0) and (m, n_L), m at least 1")
    functions = ("tanh",) * (layers - 1) + ("identity",) if functions is None else tuple(functions)
    for name in functions:
        checks.one_of("functions", name, tuple(FUNCTIONS))
    if len(functions) != layers:
        raise ValueError(f"functions={functions!r}: must be {layers}, one for each layer")
    checks.one_of("loss", loss, tuple(LOSSES))
    if loss == "cross-entropy" and (data[1].min() < 0 or not np.allclose(data[1].sum(axis=1), 1)):
        worst = int(np.argmax(np.maximum(-data[1].min(axis=1), np.abs(data[1].sum(axis=1) - 1))))
        raise ValueError(f"targets: row {worst}, {data[1][worst].tolist()!r}, must be probabilities that sum to one for the cross-entropy")
    tensors = [torch.tensor(array, dtype=dtype) for array in data]
    for name, tensor in zip(("inputs", "targets"), tensors, strict=True):
        if not tensor.isfinite().all():
            raise ValueError(f"{name}: some are too large for {dtype}; must be finite in it")
    return Task(*tensors, functions, loss)


def network(sizes, rng, *, many=(), scale=1.0, dtype=torch.float64):
    """Weights for layers of `sizes` (n_0, ..., n_L): normal, of standard deviation scale / sqrt(n_{l-1}).

    many: how many networks side by side, () for one without a leading axis.
    """
    sizes = checks.counts("sizes", sizes)
    if sizes.ndim != 1 or sizes.size < 2:
        raise ValueError(f"sizes={sizes.tolist()!r}: must be at least two, of the inputs and the outputs")
    many = () if many == () else (checks.count("many", many),)
    scale = checks.one_number("scale", scale, 0)
    return [torch.tensor(rng.normal(0, scale / before**0.5, (*many, after, before)), dtype=dtype)
            for before, after in zip(sizes.tolist(), sizes[1:].tolist(), strict=False)]


def _fit(weights, task):
    """ValueError if the network does not take these inputs to these targets."""
    if any(layer.ndim < 2 for layer in weights):
        raise ValueError(f"weights of shapes {[tuple(layer.shape) for layer in weights]}: must be matrices, (..., n_l, n_{{l-1}}) each")
    sizes = [task.inputs.shape[1], *(layer.shape[-2] for layer in weights)]
    if len(weights) != len(task.functions) or [layer.shape[-1] for layer in weights] != sizes[:-1] or sizes[-1] != task.targets.shape[1]:
        raise ValueError(f"weights of shapes {[tuple(layer.shape) for layer in weights]}: must be {len(task.functions)} layers "
                         f"that follow one another from {task.inputs.shape[1]} inputs to {task.targets.shape[1]} outputs")


def _one(weights):
    if any(layer.ndim != 2 for layer in weights):
        raise ValueError(f"weights of shapes {[tuple(layer.shape) for layer in weights]}: must be of one network, (n_l, n_{{l-1}}) each")


def forward(weights, task):
    """(sums, signals): before and after each layer's function; signals[0] are the inputs."""
    _fit(weights, task)
    sums, signals = [], [task.inputs]
    for layer, name in zip(weights, task.functions, strict=True):
        sums.append(signals[-1] @ layer.mT)
        signals.append(FUNCTIONS[name][0](sums[-1]))
    return sums, signals


def loss(weights, task):
    return LOSSES[task.loss][0](forward(weights, task)[1][-1], task.targets).mean(-1)


def _back(error, ways, slopes):
    """The errors of all layers, from the last one's back through `ways`."""
    errors = [error]
    for way, bend in zip(reversed(ways), reversed(slopes), strict=True):
        errors.insert(0, errors[0] @ way * bend)
    return errors


def _slopes(task, sums, signals):
    return [FUNCTIONS[name][1](z, h) for name, z, h in zip(task.functions, sums, signals[1:], strict=True)]


class Pass(NamedTuple):
    """One forward and one backward pass: the loss, and signals, errors and gradients of every layer."""

    loss: torch.Tensor
    signals: list
    errors: list
    gradients: list


def backward(weights, task, feedback=None):
    """Backpropagation by hand (Rumelhart, Hinton & Williams 1986): e_{l-1} = (e_l W_l) f'_{l-1}, dL/dW_l = e_l^T h_{l-1}.

    With `feedback` [B_2, ..., B_L], shaped as W_2, ..., W_L, the errors go back through these instead: feedback
    alignment (Lillicrap et al. 2016). All other lines are the same.
    """
    sums, signals = forward(weights, task)
    values, slope = LOSSES[task.loss]
    back = weights[1:] if feedback is None else feedback
    if [way.shape[-2:] for way in back] != [layer.shape[-2:] for layer in weights[1:]]:
        raise ValueError(f"feedback of shapes {[tuple(way.shape) for way in back]}: must be as the weights from the second layer on")
    slopes = _slopes(task, sums, signals)
    errors = _back(slope(signals[-1], task.targets) / len(task.targets) * slopes[-1], back, slopes[:-1])
    gradients = [error.mT @ signal for error, signal in zip(errors, signals, strict=False)]
    return Pass(values(signals[-1], task.targets).mean(-1), signals, errors, gradients)


def directional(weights, directions, task):
    """(loss, its derivative in one direction of all weights), forward by dual numbers: each signal with its tangent."""
    _fit(weights, task)
    if [way.shape[-2:] for way in directions] != [layer.shape[-2:] for layer in weights]:
        raise ValueError(f"directions of shapes {[tuple(way.shape) for way in directions]}: must be as the weights")
    h, dh = task.inputs, torch.zeros_like(task.inputs)
    for layer, change, name in zip(weights, directions, task.functions, strict=True):
        z, dz = h @ layer.mT, dh @ layer.mT + h @ change.mT
        function, slope = FUNCTIONS[name]
        h = function(z)
        dh = slope(z, h) * dz
    values, slope = LOSSES[task.loss]
    return values(h, task.targets).mean(-1), (slope(h, task.targets) * dh).sum(-1).mean(-1)


def forward_mode(weights, task):
    """(gradients, passes): the gradient of one network by one forward pass for each parameter, and how many they were."""
    _one(weights)
    directions = [torch.zeros_like(layer) for layer in weights]
    gradients, passes = [torch.zeros_like(layer) for layer in weights], 0
    for direction, gradient in zip(directions, gradients, strict=True):
        for place in np.ndindex(*direction.shape):
            direction[place] = 1
            gradient[place] = directional(weights, directions, task)[1]
            direction[place] = 0
            passes += 1
    return gradients, passes


def hops(weights, task):
    """Matrix products that must follow one another before each layer's gradient is known: int64 (L,).

    Counted in the graph that autograd records of the loss of one network: all the way forward, and back to each W_l.
    """
    _one(weights)
    weights = [layer.detach().clone().requires_grad_() for layer in weights]
    farthest, waiting = {}, [(loss(weights, task).grad_fn, 0)]
    while waiting:  # the longest way to each node, in products
        node, count = waiting.pop()
        count += "MmBackward" in node.name()
        if count > farthest.get(node, -1):
            farthest[node] = count
            waiting += [(after, count) for after, _ in node.next_functions if after is not None]
    back = [next(count for node, count in farthest.items() if getattr(node, "variable", None) is layer) for layer in weights]
    return max(back) + np.array(back, np.int64)


class Training(NamedTuple):
    """weights at the end; losses (steps + 1, ...); kept {step: weights}; diverged (...) bool."""

    weights: list
    losses: torch.Tensor
    kept: dict
    diverged: torch.Tensor


def train(weights, task, *, rate, steps, keep=(), feedback=None, last_only=False, chance=1.0, rng=None):
    """Gradient descent on all cases at once; with `feedback` by feedback alignment.

    `rate`: one for all, or one for each layer. With `chance` below 1 every unit decides by a lot of its own, from
    `rng`, whether it changes its weights at this step. A network has diverged whose loss is not finite, or beyond HOPELESS times what it was at the start or is for
    answering nothing, or in the end is above its start. It is flagged, and all its numbers are nan, from the first.
    `keep`: steps whose weights are kept, 0 before the first. `last_only`: the layers below stay as they are.
    """
    rates, steps = checks.finite("rate", rate, 0, open_low=True), checks.count("steps", steps, 0)
    if rates.shape not in ((), (len(weights),)):
        raise ValueError(f"rate={rate!r}: must be one, or {len(weights)}, one for each layer")
    rates = np.broadcast_to(rates, len(weights)).tolist()
    chance = checks.one_number("chance", chance, 0, 1, open_low=True)
    if chance < 1 and rng is None:
        raise ValueError(f"chance={chance!r} with rng=None: must come with a numpy Generator, for the lots")
    keep = set(checks.counts("keep", sorted(keep), 0).tolist())
    if keep and max(keep) > steps:
        raise ValueError(f"keep={sorted(keep)}: must be at most steps, {steps}")
    weights, losses, kept = [layer.detach().clone() for layer in weights], [], {}
    for step in range(steps + 1):
        now = backward(weights, task, feedback)
        losses.append(now.loss)
        if step in keep:
            kept[step] = weights
        if step < steps:
            changes = [rate * gradient for rate, gradient in zip(rates, now.gradients, strict=True)]
            if chance < 1:
                changes = [change * torch.tensor(rng.random((*change.shape[:-1], 1)) < chance) for change in changes]
            if last_only:
                changes[:-1] = [torch.zeros(())] * (len(changes) - 1)
            weights = [layer - change for layer, change in zip(weights, changes, strict=True)]
    losses = torch.stack(losses)
    nothing = LOSSES[task.loss][0](torch.zeros_like(task.targets), task.targets).mean()
    worst = losses.amax(0)  # nan if any is
    diverged = ~(worst <= HOPELESS * losses[0].clamp(min=nothing)) | (losses[-1] > losses[0] * (1 + 1e-9) + 1e-12 * nothing)
    weights, *others = ([torch.where(diverged[..., None, None], torch.nan, layer) for layer in some] for some in (weights, *kept.values()))
    return Training(weights, torch.where(diverged, torch.nan, losses), dict(zip(kept, others, strict=True)), diverged)


def accuracy(weights, task):
    """Share of the cases whose largest output is that of the targets: (...,); nan where weights are."""
    y = forward(weights, task)[1][-1]
    right = (y.argmax(-1) == task.targets.argmax(-1)).double().mean(-1)
    return torch.where(torch.isnan(y).any(-1).any(-1), torch.nan, right)


def angles(weights, task, feedback):
    """Degrees between the errors that feedback sends to each layer but the last and the true ones: [(...,)], L - 1 of them;
    nan where either are all zero."""
    true, sent = backward(weights, task).errors[:-1], backward(weights, task, feedback).errors[:-1]
    cosines = [(a * b).sum((-2, -1)) / (a.norm(dim=(-2, -1)) * b.norm(dim=(-2, -1))) for a, b in zip(true, sent, strict=True)]
    return [torch.rad2deg(torch.arccos(cosine.clamp(-1, 1))) for cosine in cosines]


def permuted(weights, layer, order):
    """The weights with the units of hidden layer 1 <= `layer` < L in another order: unit i is the old order[i]."""
    layer, order = checks.count("layer", layer), checks.counts("order", order, 0)
    if layer >= len(weights):
        raise ValueError(f"layer={layer}: must be below the number of layers, {len(weights)}")
    n = weights[layer - 1].shape[-2]
    if sorted(order.ravel().tolist()) != list(range(n)) or order.ndim != 1:
        raise ValueError(f"order={order.tolist()!r}: must be the numbers from 0 to {n - 1}, each once")
    order, changed = torch.tensor(order), list(weights)
    changed[layer - 1], changed[layer] = weights[layer - 1][..., order, :], weights[layer][..., order]
    return changed


def _flat(weights):
    return torch.cat([layer.detach().reshape(-1) for layer in weights])


def _layers(flat, weights):
    """The row of parameters `flat` (P,) as layers, shaped like `weights`."""
    return [part.reshape(layer.shape) for part, layer in zip(flat.split([layer.numel() for layer in weights]), weights, strict=True)]


def hessian(weights, task):
    """Second derivatives of one network's loss, float64 (P, P), by autograd."""
    _one(weights)
    return torch.autograd.functional.hessian(lambda flat: loss(_layers(flat, weights), task), _flat(weights),
                                             vectorize=True).double().numpy()


def jacobian(weights, task):
    """Derivatives of one network's outputs for each case by its parameters: float64 (m, n_L, P)."""
    _one(weights)
    sums, signals = forward(weights, task)
    slopes, rows = _slopes(task, sums, signals), []
    for output in torch.eye(task.targets.shape[1], dtype=task.inputs.dtype):
        errors = _back(output * slopes[-1], weights[1:], slopes[:-1])
        rows.append(torch.cat([(error[:, :, None] * signal[:, None, :]).flatten(1)
                               for error, signal in zip(errors, signals, strict=False)], 1))
    return torch.stack(rows, 1).double().numpy()


class Rest(NamedTuple):
    """weights where a network came to rest, the loss there with its penalty, the steepest slope left, and whether that is
    below 1e-7: arrived."""

    weights: list
    loss: float
    slope: float
    arrived: bool


def settle(weights, task, *, penalty, evaluations=2000):
    """One network of squared loss brought to rest by Levenberg and Marquardt's method (scipy.optimize.least_squares).

    Least is the loss plus penalty / 2 times the squared length of all weights; without a penalty some valleys have
    their bottom at infinity.
    """
    _one(weights)
    if task.loss != "squares":
        raise ValueError(f"loss={task.loss!r}: must be 'squares'")
    penalty = checks.one_number("penalty", penalty, 0, open_low=True)
    m, weight = len(task.inputs), (len(task.inputs) * penalty) ** 0.5

    def rest(flat):
        y = forward(_layers(torch.from_numpy(flat), weights), task)[1][-1]
        return np.concatenate([(y - task.targets).numpy().ravel(), weight * flat])

    def slopes(flat):
        return np.concatenate([jacobian(_layers(torch.from_numpy(flat), weights), task).reshape(-1, flat.size), weight * np.eye(flat.size)])

    found = least_squares(rest, _flat(weights).double().numpy(), slopes, method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-12,
                          max_nfev=checks.count("evaluations", evaluations))
    steepest = float(np.abs(found.grad).max()) / m
    return Rest(_layers(torch.from_numpy(found.x), weights), found.cost / m, steepest, steepest < 1e-7)
