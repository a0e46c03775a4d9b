"""Experts who compete for the cases of a task, and one net of their size that does all. Many seeds at once, with torch.

A case's picture is a digit turned by a multiple of 90 degrees: how it is turned is its sub-task, which nobody is told. The right answer
is the digit, or, if sub-tasks are to clash, the digit renamed by a code of the sub-task's own.

Notation
    s, m, e    seeds side by side; cases; experts. The dense net is a mixture of one
    expert     64 -> k tanh units -> 10 scores o_i; gate: 64 -> GATE tanh units -> e scores; g_i its softmax, each expert's share of a case
    p_i        softmax(o_i), an expert's probabilities of the ten answers; y the right one
    way        what the mixture is paid for, by case:
               "blend"    -log softmax(sum_i g_i o_i)(y): one answer, blended, to which all contribute
               "compete"  -log sum_i g_i p_i(y): each expert answers for itself, and the gate learns who was right (Jacobs et al. 1991, with
                          cross-entropy for squares)
               "top"      -log softmax(g_i o_i)(y) for i of the largest g_i, others not asked (Fedus et al. 2022)
    balance    weight of the load-balancing term e sum_i f_i G_i, f_i the share of cases whose largest g is g_i, G_i the mean g_i (idem)
"""
from typing import NamedTuple

import numpy as np
import torch

from . import checks, information

WAYS = ("blend", "compete", "top")
TURNS, ANSWERS, GATE, DEAD = 4, 10, 8, 0.01  # dead: an expert first for fewer than this share of the cases


class Mixture(NamedTuple):
    """Of s mixtures of e experts: first (s, e, d, k), bias (s, e, 1, k), second (s, e, k, 10), last (s, e, 1, 10); the gate's four
    (s, d, GATE), (s, 1, GATE), (s, GATE, e), (s, 1, e); and alive (s, e, k), which units there are."""

    first: torch.Tensor
    bias: torch.Tensor
    second: torch.Tensor
    last: torch.Tensor
    gate_first: torch.Tensor
    gate_bias: torch.Tensor
    gate_second: torch.Tensor
    gate_last: torch.Tensor
    alive: torch.Tensor


EXPERTS, GATES = Mixture._fields[:4], Mixture._fields[4:8]


def parameters(experts, units, inputs=64):
    """Numbers that a mixture learns; one expert needs no gate."""
    own = experts * (units * (inputs + 1) + ANSWERS * (units + 1))
    return own + (GATE * (inputs + 1) + experts * (GATE + 1) if experts > 1 else 0)


def dense_units(experts, units, inputs=64):
    """Units of the smallest dense net that learns at least as many numbers as the mixture."""
    return -((ANSWERS - parameters(experts, units, inputs)) // (inputs + 1 + ANSWERS))


def newborn(rngs, experts, units, inputs=64):
    """Mixtures untaught, one of each of the generators `rngs`: normal weights of variance 1 / inputs of the unit, no biases."""
    experts, units = checks.count("experts", experts), checks.count("units", units)

    def drawn(*shape):
        return torch.tensor(np.stack([rng.standard_normal(shape) / shape[-2]**0.5 for rng in rngs]), dtype=torch.float32)
    s = len(rngs)
    return Mixture(drawn(experts, inputs, units), torch.zeros(s, experts, 1, units), drawn(experts, units, ANSWERS),
                   torch.zeros(s, experts, 1, ANSWERS), drawn(inputs, GATE), torch.zeros(s, 1, GATE), drawn(GATE, experts),
                   torch.zeros(s, 1, experts), torch.ones(s, experts, units))


def turned(images, turns):
    """Images (m, 8, 8) turned left by `turns` (m,) quarters."""
    images, turns = checks.finite("images", images), checks.counts("turns", turns, 0)
    made = np.empty_like(images)
    for quarter in range(TURNS):
        some = turns % TURNS == quarter
        made[some] = np.rot90(images[some], quarter, (1, 2))
    return made


def lessons(images, digits, rngs, *, clash, learn=1200):
    """For each of the generators `rngs` the digits it learns, drawn by lot, and those held out, each digit in all four turns:
    two of (images (s, m, 64), answers (s, m), turns (s, m)), images (n, 8, 8) and digits (n,) being given.

    Without `clash` the answer is the digit; with it each turn has a code of its own, the ten digits in an order drawn by lot.
    """
    learn, sets = checks.count("learn", learn), ([], [])
    if learn >= len(digits):
        raise ValueError(f"learn={learn}: must be below the number of digits, {len(digits)}")
    for rng in rngs:
        order = rng.permutation(len(digits))
        codes = np.stack([rng.permutation(ANSWERS) if clash else np.arange(ANSWERS) for _ in range(TURNS)])
        for found, some in zip(sets, (order[:learn], order[learn:]), strict=True):
            some, turns = np.repeat(some, TURNS), np.tile(np.arange(TURNS), len(some))
            found.append((turned(images[some], turns).reshape(len(some), -1), codes[turns, digits[some]], turns))
    return tuple(tuple(torch.tensor(np.stack(part), dtype=kind) for part, kind in zip(zip(*found, strict=True), kinds, strict=True))
                 for found in sets for kinds in [(torch.float32, torch.int64, torch.int64)])


def log_shares(mixture, images):
    """log g, (s, m, e), for images (s, m, d) or (m, d); -inf for experts without a living unit."""
    said = torch.tanh(images @ mixture.gate_first + mixture.gate_bias) @ mixture.gate_second + mixture.gate_last
    there = (mixture.alive.sum(-1) > 0).unsqueeze(1)
    return said.masked_fill(~there, -torch.inf).log_softmax(-1)


def answers(mixture, images):
    """Scores o of all experts, (s, m, e, 10)."""
    s, e, d, k = mixture.first.shape
    sums = images @ mixture.first.movedim(1, 2).reshape(s, d, e * k)  # one product for all experts
    hidden = torch.tanh(sums.unflatten(-1, (e, k)).movedim(2, 1) + mixture.bias) * mixture.alive.unsqueeze(2)
    return (hidden @ mixture.second + mixture.last).movedim(1, 2)


def log_chances(log_g, o, way):
    """Log of the probability of each answer, (..., 10), from log g (..., e) and o (..., e, 10)."""
    checks.one_of("way", way, WAYS)
    g = log_g.exp().unsqueeze(-1)
    if way == "compete":
        return (log_g.unsqueeze(-1) + o.log_softmax(-1)).logsumexp(-2)
    if way == "top":
        first = log_g.argmax(-1)[..., None, None]
        return (g * o).gather(-2, first.expand(*o.shape[:-2], 1, ANSWERS)).squeeze(-2).log_softmax(-1)
    return (g * o).sum(-2).log_softmax(-1)


def imbalance(log_g):
    """e sum_i f_i G_i of the cases, (s,): 1 if all are asked alike, e if the gate sends all to one."""
    e = log_g.shape[-1]
    often = torch.nn.functional.one_hot(log_g.argmax(-1), e).float().mean(-2)
    return e * (often * log_g.exp().mean(-2)).sum(-1)


def losses(mixture, images, targets, way, balance=0.0):
    """What is learned from, (s,): mean of the cases, and the load-balancing term."""
    log_g = log_shares(mixture, images)
    said = log_chances(log_g, answers(mixture, images), way)
    each = -said.gather(-1, targets.expand(said.shape[:-1])[..., None])[..., 0].mean(-1)
    return each + balance * imbalance(log_g) if balance else each


def train(mixture, images, targets, way, rngs, *, steps, batch=64, rate=0.01, balance=0.0, only=EXPERTS + GATES):
    """The mixtures after `steps` steps of Adam on lots of `batch` cases, images (s, m, d) and targets (s, m); its rate falls to 0.
    `only`: the parts that learn."""
    steps, batch = checks.count("steps", steps, 0), checks.count("batch", batch)
    rate, balance = checks.one_number("rate", rate, 0, 1, open_low=True), checks.one_number("balance", balance, 0)
    for name in only:
        checks.one_of("only", name, EXPERTS + GATES)
    learning = {name: getattr(mixture, name).clone().requires_grad_() for name in only}
    now, which = mixture._replace(**learning), torch.arange(len(images))[:, None]
    adam = torch.optim.Adam(list(learning.values()), lr=rate)
    for step in range(steps):
        adam.param_groups[0]["lr"] = rate * (1 - step / steps)
        lot = torch.tensor(np.stack([rng.integers(0, images.shape[1], batch) for rng in rngs]))
        adam.zero_grad()
        losses(now, images[which, lot], targets[which, lot], way, balance).sum().backward()  # each seed's gradient is its own
        adam.step()
    return Mixture(*(part.detach() for part in now))


def accuracy(mixture, images, targets, way):
    """Share of the cases answered rightly, float64 (s,)."""
    with torch.no_grad():
        said = log_chances(log_shares(mixture, images), answers(mixture, images), way).argmax(-1)
    return (said == targets).double().mean(-1).numpy()


def asked(mixture, images):
    """Who has the largest share of each case, int64 (s, m)."""
    with torch.no_grad():
        return log_shares(mixture, images).argmax(-1).numpy()


def load(choices, experts):
    """Share of the cases for which each expert comes first, float64 (s, e)."""
    return (np.asarray(choices)[..., None] == np.arange(experts)).mean(axis=-2)


def specialisation(choices, tasks, experts):
    """Normalised mutual information of expert and sub-task, float64 (s,), of int (s, m) each: I / mean of the two entropies, 0 if
    either never changes (Strehl & Ghosh 2002 have the geometric mean)."""
    both = ((np.asarray(choices)[..., None] == np.arange(experts))[..., :, None]
            & (np.asarray(tasks)[..., None] == np.arange(TURNS))[..., None, :]).mean(axis=-3)
    told, one, other = information.mutual(both)
    return np.maximum(told, 0) / np.maximum((one + other) / 2, 1e-300)


def without(mixture, expert):
    """The mixtures with the units of each seed's `expert` (s,) dead: nobody is sent there any more."""
    alive = mixture.alive.clone()
    alive[torch.arange(len(alive)), torch.as_tensor(expert)] = 0
    return mixture._replace(alive=alive)


def lesioned(mixture, share, rng):
    """The mixtures with round(share * k) units of every expert dead, drawn by lot: for the dense net."""
    share = checks.one_number("share", share, 0, 1)
    ranks = rng.random(mixture.alive.shape).argsort(axis=-1)
    return mixture._replace(alive=mixture.alive * torch.tensor(ranks >= round(share * ranks.shape[-1]), dtype=torch.float32))
