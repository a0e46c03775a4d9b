"""Networks that read digits, lose a part of themselves, and learn again. Many at once, with torch.

Notation
    seeds     networks side by side: each has its own start, its own lesion, its own examples
    hidden    neurons in the one hidden layer
    lesion    share of the hidden neurons that dies
    examples  digits shown in relearning
"""
from typing import NamedTuple

import numpy as np
import torch

from . import checks


class Readers(NamedTuple):
    """One network a seed: first (s, d, h), bias (s, 1, h), second (s, h, 10), last (s, 1, 10), and which hidden
    neurons live (s, 1, h)."""

    first: torch.Tensor
    bias: torch.Tensor
    second: torch.Tensor
    last: torch.Tensor
    alive: torch.Tensor


def newborn(seeds, hidden, inputs=64):
    """Untaught networks, weights drawn as `seeds` say."""
    hidden = checks.count("hidden", hidden)
    drawn = [torch.Generator().manual_seed(int(seed)) for seed in seeds]
    first = torch.stack([torch.randn(inputs, hidden, generator=rng) / inputs**0.5 for rng in drawn])
    second = torch.stack([torch.randn(hidden, 10, generator=rng) / hidden**0.5 for rng in drawn])
    s = len(drawn)
    return Readers(first, torch.zeros(s, 1, hidden), second, torch.zeros(s, 1, 10), torch.ones(s, 1, hidden))


def scores(readers, images):
    """(s, m, 10) for images (m, d) or (s, m, d), grey from 0 to 1."""
    layer = torch.relu(images @ readers.first + readers.bias) * readers.alive
    return layer @ readers.second + readers.last


def accuracy(readers, images, digits):
    """Share read rightly, float64 (s,)."""
    with torch.no_grad():
        return (scores(readers, images).argmax(-1) == digits).double().mean(-1).numpy()


def taught(readers, images, digits, *, passes=150, rate=0.01):
    """The readers after `passes` steps of Adam on all of their images at once: (m, d), or (s, m, d) with
    digits (s, m)."""
    s = len(readers.first)
    digits = digits.expand(s, -1)
    weights = [part.clone().requires_grad_() for part in readers[:4]]
    step = torch.optim.Adam(weights, lr=rate)
    for _ in range(checks.count("passes", passes)):
        step.zero_grad()
        said = scores(Readers(*weights, readers.alive), images)
        # the sum over seeds: each network's gradient is its own
        (torch.nn.functional.cross_entropy(said.reshape(-1, 10), digits.reshape(-1), reduction="sum") / digits.shape[1]).backward()
        step.step()
    return Readers(*(part.detach() for part in weights), readers.alive)


def lesioned(readers, lesion, rng):
    """The readers with round(lesion * hidden) of the living hidden neurons dead in each, drawn by lot."""
    lesion = checks.one_number("lesion", lesion, 0, 1)
    hidden = readers.alive.shape[-1]
    ranks = rng.random((len(readers.first), 1, hidden)).argsort(axis=-1)
    return readers._replace(alive=readers.alive * torch.tensor(ranks >= round(lesion * hidden), dtype=torch.float32))


def sample(images, digits, examples, seeds, rng):
    """`examples` of the images for each of `seeds` networks, the digits as evenly as they go: images (s, m, d),
    digits (s, m)."""
    examples = checks.count("examples", examples)
    if examples > len(digits):
        raise ValueError(f"examples={examples}: must be at most the number of images, {len(digits)}")
    chosen = []
    for _ in range(seeds):
        order = rng.permutation(len(digits))
        turn = np.empty(len(digits), np.int64)  # how many of its digit came before it
        for digit in range(10):
            own = order[digits[order].numpy() == digit]
            turn[own] = np.arange(len(own))
        chosen.append(order[np.argsort(turn[order], kind="stable")][:examples])
    chosen = torch.tensor(np.array(chosen))
    return images[chosen], digits[chosen]
