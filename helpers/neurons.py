"""One neuron, what it cannot do alone, and what many noisy ones can.

Notation
    current      I R in mV: what the injected current would add to the voltage in the long run
    voltage      mV above rest
    rate         spikes a second (Hz)
    inputs       (m, d) points; a bias is added by the functions
    n            neurons of a population
    correlation  between the noises of two neurons
"""
from typing import NamedTuple

import numpy as np

from . import checks, crowd

TAU, THRESHOLD, REFRACTORY = 20.0, 15.0, 2.0  # ms, mV above rest, ms


class Trace(NamedTuple):
    """voltage (steps + 1, ...) in mV above rest, and spikes (steps + 1, ...), true where one is fired."""

    voltage: np.ndarray
    spikes: np.ndarray


def integrate_and_fire(current, time, *, dt=0.1, rng=None, noise=0.0):
    """A leaky integrate-and-fire neuron for each `current` (...), for `time` ms, from rest.

    tau dV/dt = -V + I R; at the threshold a spike, V back to rest and deaf for the refractory time (Lapicque
    1907; Dayan & Abbott 2001, section 5.4). Between spikes the step is the equation's own solution. With
    `noise` (mV, of the voltage in the long run without a threshold) each step adds a normal number of `rng`.
    """
    current = checks.finite("current", current)
    dt = checks.one_number("dt", dt, 0, open_low=True)
    steps = checks.steps(checks.one_number("time", time, 0, open_low=True), "dt", dt)
    noise = checks.one_number("noise", noise, 0)
    if noise and not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng={rng!r}: noise={noise:g} needs a generator to be drawn from")
    stays, deaf = np.exp(-dt / TAU), round(REFRACTORY / dt)
    voltage = np.zeros((steps + 1, *current.shape))
    spikes = np.zeros(voltage.shape, bool)
    rest = np.zeros(current.shape, np.int64)  # steps of deafness left
    for step in range(1, steps + 1):
        now = current + (voltage[step - 1] - current) * stays
        if noise:
            now = now + noise * np.sqrt(1 - stays**2) * rng.standard_normal(current.shape)
        now = np.where(rest > 0, 0, now)
        fires = now >= THRESHOLD
        voltage[step] = np.where(fires, 0, now)
        spikes[step] = fires
        rest = np.where(fires, deaf, np.maximum(rest - 1, 0))
    return Trace(voltage, spikes)


def firing_rate(current):
    """Hz, of the neuron above without noise: 1000 / (refractory + tau ln(IR / (IR - threshold))), 0 below it."""
    current = checks.finite("current", current)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = REFRACTORY + TAU * np.log(current / (current - THRESHOLD))
    return np.where(current > THRESHOLD, 1000 / between, 0)


class Learned(NamedTuple):
    """weights (d + 1,), the bias last, and the mistakes made in each pass through the inputs."""

    weights: np.ndarray
    mistakes: list


def perceptron(inputs, targets, passes=100):
    """One threshold neuron that learns from its mistakes (Rosenblatt 1962): w += target * input.

    inputs (m, d), targets (m,) of +1 and -1. It stops after a pass without a mistake; where no line parts
    the targets it never does.
    """
    inputs = checks.finite("inputs", inputs)
    targets = checks.vector("targets", targets)
    if inputs.ndim != 2 or len(inputs) != targets.size or not np.all(np.abs(targets) == 1):
        raise ValueError(f"inputs of shape {inputs.shape}, targets of shape {targets.shape}: must be (m, d) and m of +1 or -1")
    extended = np.column_stack([inputs, np.ones(len(inputs))])
    weights, mistakes = np.zeros(extended.shape[1]), []
    for _ in range(checks.count("passes", passes)):
        wrong = 0
        for point, target in zip(extended, targets, strict=True):
            if target * (weights @ point) <= 0:
                weights += target * point
                wrong += 1
        mistakes.append(wrong)
        if wrong == 0:
            break
    return Learned(weights, mistakes)


def two_layers(inputs, hidden, output):
    """What a threshold neuron says of a layer of others: +1 or -1 for each input.

    inputs (m, d); hidden (h, d + 1) and output (h + 1,) are weights with the bias last. A neuron whose sum is
    not above 0 says -1.
    """
    inputs, hidden, output = checks.finite("inputs", inputs), checks.finite("hidden", hidden), checks.vector("output", output)
    if inputs.ndim != 2 or hidden.ndim != 2 or hidden.shape[1] != inputs.shape[1] + 1 or output.size != len(hidden) + 1:
        raise ValueError(f"inputs, hidden, output of shapes {inputs.shape}, {hidden.shape}, {output.shape}: must be (m, d), (h, d + 1), (h + 1,)")
    layer = np.where(np.column_stack([inputs, np.ones(len(inputs))]) @ hidden.T > 0, 1, -1)
    return np.where(np.column_stack([layer, np.ones(len(inputs))]) @ output > 0, 1, -1)


def pooled_estimates(trials, n, rng, *, correlation, noise):
    """Errors (trials,) of the mean of n neurons' reports, each off by noise with this correlation.

    A crowd without biases: `crowd.estimates`, averaged. Its variance is `crowd.variance_of_mean`.
    """
    n = checks.count("n", n)
    return crowd.estimates(trials, np.zeros(n), rng, correlation=correlation, noise=noise).mean(axis=1)
