"""A transformer of attention alone, and what its heads are worth to one another. With torch.

Two layers of four heads, no MLP and no normalisation, learn to continue sequences that repeat: a block of different tokens drawn by
lot, of a length drawn by lot, again and again. Only what came before tells the next token: to look for the last time that the present
one was seen, and copy what followed (induction: Elhage et al. 2021, Olsson et al. 2022).

Notation
    TOKENS     kinds of tokens; LENGTH of a sequence; PERIODS, least and greatest length of its block
    tokens     int64 (m, LENGTH + 1); periods (m,): tokens[t] = tokens[t - period]. Asked is what follows t = period, ..., LENGTH - 1
    head       numbered from 0, the first layer's first; LAYERS x HEADS of them
    stream     (m, LENGTH, WIDTH): token + place + what all heads so far wrote; its product with `unembed` are the scores
    off        a head that is off writes its mean: over sequences, place by place, in the whole net (mean ablation)
    loss       mean cross-entropy of the answers asked for
    margin     score of the right token less the mean of all scores, mean of the answers: linear in what is written last
"""
from typing import NamedTuple

import numpy as np
import torch

from . import checks, coalitions

TOKENS, LENGTH, PERIODS = 24, 24, (8, 12)
LAYERS, HEADS, WIDTH, SMALL = 2, 4, 48, 12
ALL = LAYERS * HEADS


class Net(NamedTuple):
    """embed (TOKENS, WIDTH), place (LENGTH, WIDTH), unembed (WIDTH, TOKENS); of every head query, key, value (LAYERS, HEADS, WIDTH,
    SMALL) and output (LAYERS, HEADS, SMALL, WIDTH)."""

    embed: torch.Tensor
    place: torch.Tensor
    unembed: torch.Tensor
    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    output: torch.Tensor


def sequences(m, rng):
    """(tokens (m, LENGTH + 1), periods (m,)): no token twice in a block, so that its follower is certain."""
    m = checks.count("m", m)
    order = rng.random((m, TOKENS)).argsort(axis=1)
    periods = rng.integers(PERIODS[0], PERIODS[1] + 1, m)
    tokens = np.take_along_axis(order, np.arange(LENGTH + 1) % periods[:, None], axis=1)
    return torch.tensor(tokens), torch.tensor(periods)


def asked(periods):
    """Which of the places ask for what has been seen before, bool (m, LENGTH)."""
    return torch.arange(LENGTH) >= periods[:, None]


def newborn(rng):
    def drawn(*shape, fan):
        return torch.tensor(rng.standard_normal(shape) / fan**0.5, dtype=torch.float32)
    read = [drawn(LAYERS, HEADS, WIDTH, SMALL, fan=WIDTH) for _ in range(3)]
    return Net(drawn(TOKENS, WIDTH, fan=WIDTH), drawn(LENGTH, WIDTH, fan=WIDTH), drawn(WIDTH, TOKENS, fan=4 * WIDTH), *read,
               drawn(LAYERS, HEADS, SMALL, WIDTH, fan=HEADS * SMALL))


def first_stream(net, tokens):
    return net.embed[tokens[:, :LENGTH]] + net.place


def layer(net, at, stream):
    """(attention (m, HEADS, LENGTH, LENGTH), written (m, HEADS, LENGTH, WIDTH)) of the heads of layer `at`. Nobody looks ahead."""
    query, key, value = (stream[:, None] @ part[at] for part in (net.query, net.key, net.value))
    ahead = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)
    attention = (query @ key.mT / SMALL**0.5).masked_fill(ahead, -torch.inf).softmax(-1)
    return attention, attention @ value @ net.output[at]


def written(net, tokens):
    """(attention, written) by all heads of the whole net: (m, ALL, LENGTH, LENGTH), (m, ALL, LENGTH, WIDTH)."""
    stream, found = first_stream(net, tokens), []
    for at in range(LAYERS):
        found.append(layer(net, at, stream))
        stream = stream + found[-1][1].sum(1)
    return tuple(torch.cat(part, 1) for part in zip(*found, strict=True))


def scores(net, tokens):
    """Of every token to come next, (m, LENGTH, TOKENS)."""
    return (first_stream(net, tokens) + written(net, tokens)[1].sum(1)) @ net.unembed


def loss(said, tokens, periods):
    """Mean cross-entropy of the scores `said` where `asked`."""
    each = torch.nn.functional.cross_entropy(said.mT, tokens[:, 1:], reduction="none")
    return each[asked(periods)].mean()


def margin(said, tokens, periods):
    """Mean of the right token's score less the mean score, where `asked`."""
    right = said.gather(-1, tokens[:, 1:, None])[..., 0]
    return (right - said.mean(-1))[asked(periods)].mean()


def train(rng, *, steps=500, batch=32, rate=0.005):
    """(net, losses (steps,)): by Adam, the rate rising over the first 50 steps and falling over the last third. 2 to 3 s of one core."""
    steps, batch = checks.count("steps", steps), checks.count("batch", batch)
    rate = checks.one_number("rate", rate, 0, 1, open_low=True)
    net = Net(*(part.requires_grad_() for part in newborn(rng)))
    adam, losses = torch.optim.Adam(net, lr=rate, betas=(0.9, 0.98)), []
    for step in range(steps):
        adam.param_groups[0]["lr"] = rate * min(1, (step + 1) / 50, 3 * (steps - step) / steps)
        tokens, periods = sequences(batch, rng)
        now = loss(scores(net, tokens), tokens, periods)
        adam.zero_grad()
        now.backward()
        adam.step()
        losses.append(now.item())
    return Net(*(part.detach() for part in net)), np.array(losses)


class Games(NamedTuple):
    """Two games of the heads, float64 (2^ALL,) each: minus the loss, and the margin, of the net with each coalition on."""

    loss: np.ndarray
    margin: np.ndarray


def games(net, tokens, periods):
    """The net with all coalitions of heads on, the others writing their means over these sequences."""
    here = torch.tensor(coalitions.members(HEADS), dtype=torch.float32)
    means, start = written(net, tokens)[1].mean(0), first_stream(net, tokens)
    first, made = layer(net, 0, start)[1], np.empty((2, len(here), len(here)))  # [.., second layer's coalition, first layer's]
    for low, some in enumerate(here):
        stream = start + _mixed(first, means[:HEADS], some)
        second = layer(net, 1, stream)[1]
        for high, others in enumerate(here):
            said = (stream + _mixed(second, means[HEADS:], others)) @ net.unembed
            made[:, high, low] = -loss(said, tokens, periods).item(), margin(said, tokens, periods).item()
    return Games(*made.reshape(2, -1))


def _mixed(written, means, on):
    """What a layer writes if the heads that are not `on` write their means, (m, LENGTH, WIDTH)."""
    return torch.einsum("h,mhtw->mtw", on, written) + torch.einsum("h,htw->tw", 1 - on, means)


def roles(net, tokens, periods):
    """(previous, induction), float64 (ALL,) each: the attention that a head pays to the token before, and to the right answer where it
    was seen before; means of the places asked."""
    attention, where = written(net, tokens)[0].movedim(1, -1), asked(periods)  # (m, LENGTH, LENGTH, ALL)
    back = torch.arange(LENGTH)[:, None] - torch.arange(LENGTH)
    answer = ((back + 1) % periods[:, None, None] == 0) & (back >= 0)
    return tuple((attention * looked[..., None]).sum(2)[where].mean(0).double().numpy() for looked in ((back == 1)[None], answer))


def direct(net, tokens, periods):
    """What each head itself adds to the margin, and would if another were off: float64 (ALL,) and (ALL, ALL), [the one off, head].

    Back-up is a head of the second layer that adds more when one of the first is off (the Hydra effect, McGrath et al. 2023); heads
    of a layer cannot tell whether another of it is off. The one off adds what its mean does.
    """
    means, start = written(net, tokens)[1].mean(0), first_stream(net, tokens)
    first = layer(net, 0, start)[1]

    def added(off):
        on = torch.ones(ALL)
        on[off] = 0
        second = layer(net, 1, start + _mixed(first, means[:HEADS], on[:HEADS]))[1]
        wrote = torch.cat([first, second], 1) * on[:, None, None] + means * (1 - on)[:, None, None]
        return [margin(wrote[:, head] @ net.unembed, tokens, periods).item() for head in range(ALL)]
    return np.array(added([])), np.array([added([off]) for off in range(ALL)])


def crowding(attention):
    """Derivative of each weight of a softmax by each score, (..., n, n), [weight, score]: w_j (1 if j = k else 0) - w_j w_k.
    What raises one's score lowers all others' weights, and the sum of all changes is 0."""
    weights = checks.probability("attention", attention)
    if weights.ndim < 1 or not np.allclose(weights.sum(axis=-1), 1):
        raise ValueError(f"attention of shape {weights.shape}: must be weights that sum to one along the last axis")
    return weights[..., None] * (np.eye(weights.shape[-1]) - weights[..., None, :])


def unit_games(readers, images, digits):
    """Minus the cross-entropy of readers of digits (helpers/recovery.py) with every coalition of their hidden units on, the others at
    their means over these images: float64 (s, 2^hidden)."""
    with torch.no_grad():
        hidden = torch.relu(images @ readers.first + readers.bias) * readers.alive
        means, found = hidden.mean(1, keepdim=True), []
        for on in torch.tensor(coalitions.members(hidden.shape[-1])):
            said = torch.where(on, hidden, means) @ readers.second + readers.last
            found.append(-torch.nn.functional.cross_entropy(said.mT, digits.expand(len(said), -1), reduction="none").double().mean(-1))
    return torch.stack(found, -1).numpy()
