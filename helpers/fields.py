"""A linear-chain conditional random field: labels that listen to their neighbours (Lafferty, McCallum & Pereira 2001).

Notation
    t, k         length of a sentence, labels
    d            features of a place in it
    unary        (..., t, k): what each label scores at each place; leading axes are sentences of one length
    transition   (k, k): what label b scores after label a, at [a, b]
    labels       (..., t) whole numbers from 0
    sentences    a list of (inputs (t, d), labels (t,)), of any lengths
Chance of labels: exp of their score over Z, the sum of it over all k^t labellings. Messages along the chain, one
way and the other, find it in t k^2 steps.
"""
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from . import checks


class Field(NamedTuple):
    """emission (d, k), what a feature says for a label, and transition (k, k)."""

    emission: np.ndarray
    transition: np.ndarray


def _transition(transition):
    transition = checks.finite("transition", transition)
    if transition.ndim != 2 or transition.shape[0] != transition.shape[1] or not transition.size:
        raise ValueError(f"transition of shape {transition.shape}: must be (k, k), k at least 1")
    return transition


def _chain(unary, transition):
    unary, transition = checks.finite("unary", unary), _transition(transition)
    if unary.ndim < 2 or 0 in unary.shape or unary.shape[-1] != len(transition):
        raise ValueError(f"unary of shape {unary.shape}: must be (..., t, {len(transition)}), t at least 1")
    return unary, transition


def _field(field):
    try:
        emission, transition = field
    except (TypeError, ValueError):
        raise ValueError(f"field={field!r}: must be emission (d, k) and transition (k, k)") from None
    emission, transition = checks.finite("emission", emission), _transition(transition)
    if emission.ndim != 2 or 0 in emission.shape or emission.shape[1] != len(transition):
        raise ValueError(f"emission of shape {emission.shape}: must be (d, {len(transition)}), d at least 1")
    return Field(emission, transition)


def _labels(name, labels, shape, k):
    labels = checks.counts(name, labels, 0)
    if labels.shape != shape:
        raise ValueError(f"{name} of shape {labels.shape}: must have shape {shape}")
    if labels.max() >= k:
        raise ValueError(f"{name}: {labels.max()} is not one of {k} labels, from 0")
    return labels


def unary_scores(field, inputs):
    """(..., t, k) of inputs (..., t, d): inputs times emission."""
    field, inputs = _field(field), checks.finite("inputs", inputs)
    if inputs.ndim < 2 or 0 in inputs.shape or inputs.shape[-1] != len(field.emission):
        raise ValueError(f"inputs of shape {inputs.shape}: must be (..., t, {len(field.emission)}), t at least 1")
    return inputs @ field.emission


def path_score(unary, transition, labels):
    """Score (...) of the labels: the sum of their unary scores and their transitions."""
    unary, transition = _chain(unary, transition)
    labels = _labels("labels", labels, unary.shape[:-1], len(transition))
    own = np.take_along_axis(unary, labels[..., None], -1)[..., 0].sum(axis=-1)
    return own + transition[labels[..., :-1], labels[..., 1:]].sum(axis=-1)


def forward(unary, transition):
    """Messages left to right, (..., t, k): log of the sum, over all labels before, of the exponential scores so far."""
    unary, transition = _chain(unary, transition)
    message = unary.copy()
    for place in range(1, unary.shape[-2]):
        message[..., place, :] += np.logaddexp.reduce(message[..., place - 1, :, None] + transition, axis=-2)
    return message


def backward(unary, transition):
    """Messages right to left, (..., t, k): log of the sum, over all labels after, of the exponential scores to come."""
    unary, transition = _chain(unary, transition)
    message = np.zeros(unary.shape)
    for place in range(unary.shape[-2] - 2, -1, -1):
        after = unary[..., place + 1, None, :] + message[..., place + 1, None, :]
        message[..., place, :] = np.logaddexp.reduce(transition + after, axis=-1)
    return message


def log_partition(unary, transition):
    """log Z, (...)."""
    return np.logaddexp.reduce(forward(unary, transition)[..., -1, :], axis=-1)


class Marginals(NamedTuple):
    """Chances of each label at each place, nodes (..., t, k), of each pair of neighbours, pairs (..., t - 1, k, k),
    and log Z (...)."""

    nodes: np.ndarray
    pairs: np.ndarray
    log_partition: np.ndarray


def marginals(unary, transition):
    """What both messages together say."""
    unary, transition = _chain(unary, transition)
    left, right = forward(unary, transition), backward(unary, transition)
    log_z = np.logaddexp.reduce(left[..., -1, :], axis=-1)
    after = (unary + right)[..., 1:, None, :]
    pairs = left[..., :-1, :, None] + transition + after - log_z[..., None, None, None]
    return Marginals(np.exp(left + right - log_z[..., None, None]), np.exp(pairs), log_z)


def best_places(unary, transition):
    """The most probable label of each place, (..., t), each place by itself (posterior decoding); of tied ones the first.

    They make the expected number of right places greatest; `viterbi` makes the chance greatest that the whole sentence is
    right. Neighbours may then hardly go together.
    """
    return marginals(unary, transition).nodes.argmax(axis=-1).astype(np.int64)


def viterbi(unary, transition):
    """The labels (..., t) of highest score, so of the greatest chance as a whole; of tied ones any."""
    unary, transition = _chain(unary, transition)
    best, came = unary[..., 0, :], []
    for place in range(1, unary.shape[-2]):
        through = best[..., :, None] + transition
        came.append(through.argmax(axis=-2))
        best = through.max(axis=-2) + unary[..., place, :]
    labels = [best.argmax(axis=-1)]
    for back in reversed(came):
        labels.append(np.take_along_axis(back, labels[-1][..., None], -1)[..., 0])
    return np.stack(labels[::-1], axis=-1).astype(np.int64)


def _pairs(sentences):
    try:
        sentences = list(sentences)
    except TypeError:
        raise ValueError(f"sentences={sentences!r}: must be a list of (inputs (t, d), labels (t,))") from None
    for at, sentence in enumerate(sentences):
        try:
            inputs, labels = sentence
        except (TypeError, ValueError):
            raise ValueError(f"sentence {at} of sentences={sentence!r}: must be (inputs (t, d), labels (t,))") from None
        yield at, inputs, labels


def _batches(sentences, d, k):
    """The sentences of each length together: inputs (m, t, d), labels (m, t). d is the first one's if None."""
    by_length = {}
    for at, inputs, labels in _pairs(sentences):
        inputs = checks.finite(f"inputs of sentences[{at}]", inputs)
        d = d or (inputs.shape[1] if inputs.ndim == 2 else None)
        if inputs.ndim != 2 or 0 in inputs.shape or inputs.shape[1] != d:
            raise ValueError(f"inputs of sentences[{at}] of shape {inputs.shape}: must be (t, {d or 'd'}), t at least 1")
        labels = _labels(f"labels of sentences[{at}]", labels, inputs.shape[:1], k)
        by_length.setdefault(len(inputs), []).append((inputs, labels))
    if not by_length:
        raise ValueError("sentences=[]: must hold at least one")
    return [tuple(map(np.stack, zip(*group, strict=True))) for group in by_length.values()]


def _likelihood(field, batches):
    """Log-likelihood and its gradient: features counted, less their expectation."""
    k = len(field.transition)
    total, slope = 0.0, Field(np.zeros(field.emission.shape), np.zeros((k, k)))
    for inputs, labels in batches:
        unary = unary_scores(field, inputs)
        expected = marginals(unary, field.transition)
        total += (path_score(unary, field.transition, labels) - expected.log_partition).sum()
        surprise = np.eye(k)[labels] - expected.nodes
        slope.emission[:] += np.einsum("mtd,mtk->dk", inputs, surprise)
        pairs = np.bincount((labels[:, :-1] * k + labels[:, 1:]).ravel(), minlength=k * k).reshape(k, k)
        slope.transition[:] += pairs - expected.pairs.sum(axis=(0, 1))
    return float(total), slope


def log_likelihood(field, sentences):
    """Log of the chance of all the labels given all the inputs, in nats."""
    field = _field(field)
    return _likelihood(field, _batches(sentences, *field.emission.shape))[0]


def gradient(field, sentences):
    """Of the log-likelihood, as a Field: what was counted less what is expected, so the forward-backward pass again."""
    field = _field(field)
    return _likelihood(field, _batches(sentences, *field.emission.shape))[1]


class Trained(NamedTuple):
    """The field, its penalised log-likelihood before and after each step, and whether the optimiser arrived."""

    field: Field
    path: np.ndarray
    converged: bool


def train(sentences, k, *, penalty=1.0):
    """Most log-likelihood less penalty / 2 times the squared length of all weights: no closed form, but concave.

    By L-BFGS from zero. The penalty must be above 0: it makes the maximum exist, and be one.
    """
    k, penalty = checks.count("k", k, 2), checks.one_number("penalty", penalty, 0, open_low=True)
    batches = _batches(sentences, None, k)
    d = batches[0][0].shape[-1]

    def loss(flat):
        field = Field(flat[:d * k].reshape(d, k), flat[d * k:].reshape(k, k))
        value, slope = _likelihood(field, batches)
        return penalty / 2 * flat @ flat - value, penalty * flat - np.concatenate([part.ravel() for part in slope])

    start = np.zeros(d * k + k * k)
    path = [-loss(start)[0]]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-6},
                     callback=lambda intermediate_result: path.append(-intermediate_result.fun))
    field = Field(found.x[:d * k].reshape(d, k), found.x[d * k:].reshape(k, k))
    return Trained(field, np.array(path), bool(found.success))


def noisy_chain(count, length, rng, *, k=3, stay=0.9, right=0.6):
    """A synthetic task: sentences whose hidden label mostly stays, seen through noise.

    The first label is any, each next the same with chance `stay` and else one of the others; a symbol, one of k as
    inputs (t, k) of zeros and a one, is the label's own with chance `right` and else one of the others.
    """
    count, length, k = checks.count("count", count), checks.count("length", length), checks.count("k", k, 2)
    stay, right = checks.one_number("stay", stay, 0, 1), checks.one_number("right", right, 0, 1)
    moves = np.where(rng.random((count, length)) < stay, 0, rng.integers(1, k, (count, length)))
    moves[:, 0] = rng.integers(0, k, count)
    labels = moves.cumsum(axis=1) % k
    errors = np.where(rng.random(labels.shape) < right, 0, rng.integers(1, k, labels.shape))
    return list(zip(np.eye(k)[(labels + errors) % k], labels.astype(np.int64), strict=True))


def chain_field(*, k=3, stay=0.9, right=0.6):
    """The field that knows the chances of `noisy_chain`: its logarithms. No labeller can have better ones."""
    k = checks.count("k", k, 2)
    stay = checks.one_number("stay", stay, 0, 1, open_low=True, open_high=True)
    right = checks.one_number("right", right, 0, 1, open_low=True, open_high=True)
    same = np.eye(k, dtype=bool)
    return Field(*(np.log(np.where(same, chance, (1 - chance) / (k - 1))) for chance in (right, stay)))
