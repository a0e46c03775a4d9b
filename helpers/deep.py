"""The multilayer perceptron without biases: how its parameters hear of the loss, and what theory says of it. torch.

Notation
    weights    [W_1, ..., W_L], W_l (..., n_l, n_{l-1}): tensors; leading axes are networks side by side
    inputs     (m, n_0), a case a row; targets (m, n_L)
    functions  (f_1, ..., f_L) by name; if None tanh, and the identity for the last
    signals    [h_0, ..., h_L], h_0 the inputs, h_l = f_l(h_{l-1} W_l^T), (..., m, n_l): y = f_L(W_L ... f_1(W_1 x))
    errors     [e_1, ..., e_L], e_l the derivative of the loss by h_{l-1} W_l^T, (..., m, n_l)
    loss       mean over the cases of half the squared error, or of the cross-entropy of softmax(y): (...,)
"""
from typing import NamedTuple

import numpy as np
import torch

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
        raise ValueError("targets: rows must be probabilities that sum to one for the cross-entropy")
    return Task(*(torch.tensor(array, dtype=dtype) for array in data), functions, loss)


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
    slopes = [FUNCTIONS[name][1](z, h) for name, z, h in zip(task.functions, sums, signals[1:], strict=True)]
    errors = [slope(signals[-1], task.targets) / len(task.targets) * slopes[-1]]
    for way, bend in zip(reversed(back), reversed(slopes[:-1]), strict=True):
        errors.insert(0, errors[0] @ way * bend)
    gradients = [error.mT @ signal for error, signal in zip(errors, signals, strict=False)]
    return Pass(values(signals[-1], task.targets).mean(-1), signals, errors, gradients)


def directional(weights, directions, task):
    """(loss, its derivative in one direction of all weights), forward by dual numbers: each signal with its tangent."""
    _fit(weights, task)
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


def train(weights, task, *, rate, steps, keep=(), feedback=None, last_only=False):
    """Gradient descent on all cases at once; with `feedback` by feedback alignment.

    A network has diverged whose loss is not finite, or beyond HOPELESS times what it was at the start or is for
    answering nothing, or in the end is above its start. It is flagged, and all its numbers are nan, from the first.
    `keep`: steps whose weights are kept, 0 before the first. `last_only`: the layers below stay as they are.
    """
    rate, steps = checks.one_number("rate", rate, 0, open_low=True), checks.count("steps", steps, 0)
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
            weights = [layer if last_only and gradient is not now.gradients[-1] else layer - rate * gradient
                       for layer, gradient in zip(weights, now.gradients, strict=True)]
    losses = torch.stack(losses)
    nothing = LOSSES[task.loss][0](torch.zeros_like(task.targets), task.targets).mean()
    worst = losses.amax(0)  # nan if any is
    diverged = ~(worst <= HOPELESS * losses[0].clamp(min=nothing)) | (losses[-1] > losses[0] * (1 + 1e-9) + 1e-12 * nothing)
    weights, *others = ([torch.where(diverged[..., None, None], torch.nan, layer) for layer in some] for some in (weights, *kept.values()))
    return Training(weights, torch.where(diverged, torch.nan, losses), dict(zip(kept, others, strict=True)), diverged)


def many_starts(sizes, starts, task, rng, *, rate, steps, scale=1.0):
    """Training of so many networks of `sizes` from starts of their own; losses[-1] is where they end, nan if they diverged."""
    start = network(sizes, rng, many=checks.count("starts", starts), scale=scale, dtype=task.inputs.dtype)
    return train(start, task, rate=rate, steps=steps)


def accuracy(weights, task):
    """Share of the cases whose largest output is that of the targets: (...,); nan where weights are."""
    y = forward(weights, task)[1][-1]
    right = (y.argmax(-1) == task.targets.argmax(-1)).double().mean(-1)
    return torch.where(torch.isnan(y).any(-1).any(-1), torch.nan, right)


def angles(weights, task, feedback):
    """Degrees between the errors that feedback sends to each layer but the last and the true ones: [(...,)], L - 1 of them."""
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


def hessian(weights, task):
    """Second derivatives of one network's loss, float64 (P, P): parameters layer by layer, row by row. By autograd."""
    _one(weights)
    sizes = [layer.numel() for layer in weights]

    def of_flat(flat):
        return loss([part.reshape(layer.shape) for part, layer in zip(flat.split(sizes), weights, strict=True)], task)
    flat = torch.cat([layer.detach().reshape(-1) for layer in weights])
    return torch.autograd.functional.hessian(of_flat, flat, vectorize=True).double().numpy()


def mode_strength(time, s=1.0, u0=0.001, tau=1.0):
    """u(t) = s e^{2st/tau} / (e^{2st/tau} - 1 + s/u0): strength of a mode of a two-layer linear network with a small
    balanced start u0 (Saxe, McClelland & Ganguli 2014). time >= 0, any shape."""
    time, s = checks.finite("time", time, 0), checks.one_number("s", s, 0, open_low=True)
    u0, tau = checks.one_number("u0", u0, 0, open_low=True), checks.one_number("tau", tau, 0, open_low=True)
    return s / (1 + (s / u0 - 1) * np.exp(-2 * s * time / tau))


def mode_time(u, s=1.0, u0=0.001, tau=1.0):
    """(tau / 2s) ln[u (s - u0) / (u0 (s - u))]: when the mode has come to u, between u0 and s."""
    s, tau = checks.one_number("s", s, 0, open_low=True), checks.one_number("tau", tau, 0, open_low=True)
    u0 = checks.one_number("u0", u0, 0, s, open_low=True, open_high=True)
    u = checks.finite("u", u, u0, s, open_high=True)
    return tau / (2 * s) * np.log(u * (s - u0) / (u0 * (s - u)))


def learned_modes(matrix, rng, *, u0=0.001, rate=0.01, steps=1000):
    """(times, strengths): a two-layer linear network learning to be `matrix` (n_2, n_1), mode by mode.

    Inputs are white; each mode starts at u0, balanced between the layers, in hidden directions drawn by lot. times
    (steps + 1,) in units of tau, which is 1 / rate steps; strengths (steps + 1, modes), of the strongest mode first.
    Raises ValueError if it diverges.
    """
    matrix = checks.finite("matrix", matrix)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"matrix of shape {matrix.shape}: must be (outputs, inputs), at least one of each")
    u0 = checks.one_number("u0", u0, 0, open_low=True)
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    hidden = np.linalg.qr(rng.normal(size=(right.shape[0],) * 2))[0] * u0**0.5
    white = np.eye(matrix.shape[1]) * matrix.shape[1] ** 0.5
    done = train([torch.tensor(hidden @ right), torch.tensor(left @ hidden.T)],
                 task(white, white @ matrix.T, ("identity", "identity"), layers=2), rate=rate, steps=steps, keep=range(steps + 1))
    if done.diverged:
        raise ValueError(f"rate={rate!r}: the run diverged; must be smaller")
    strengths = [np.diag(left.T @ (second @ first).numpy() @ right.T) for first, second in done.kept.values()]
    return rate * np.arange(steps + 1), np.array(strengths)
