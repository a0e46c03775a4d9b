"""Many poor messengers and a receiver who waits: what redundancy and integration buy of a signal, and what they cost.

Notation
    s            signal, 0 or 1, that switches now and then: a stimulus there or not, food good or not; (..., t)
    tau          its correlation time in steps: correlation lam^k with itself k steps on, lam = exp(-1/tau)
    n            messengers: synapses, or ants
    low, high    probability that a messenger sends an event in a step while s is 0, 1: releases a vesicle, lays a mark
    correlation  rho between the noises of two messengers
    evaporation  e in (0, 1], share of its level that the receiver loses in a step; 1/e is its memory in steps
    y            the receiver's level: y_{t+1} = (1-e) y_t + e (events of step t) / n
    lag          k, steps from s to y; 1 is the soonest
    fidelity     correlation of y with s at the lag that makes it greatest; that lag is the delay
"""
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.signal import lfilter

from . import checks, crowd, neurons, signals


class Channel(NamedTuple):
    """The signal and its messengers: tau in [0.1, 1e4], 0 <= low < high <= 1, correlation in [0, 1]."""

    tau: float = 20.0
    low: float = 0.1
    high: float = 0.5
    correlation: float = 0.0


class Measured(NamedTuple):
    """Fidelity, delay in steps, and events that all send in a step, each of the shape asked for."""

    fidelity: np.ndarray
    delay: np.ndarray
    events: np.ndarray


# Two examples, right to the order of magnitude. A synapse, a step of 10 ms: central synapses release on far from every
# spike (Allen & Stevens 1994). Ants, a step of a minute: Lasius niger lays 43 % more marks for a 1 M than for a 0.1 M sugar
# source, and a trail lives 47 minutes in the mean (Beckers, Deneubourg & Goss 1993). tau, 0.3 and 0.35 are choices of ours.
SYNAPSE, MEMBRANE = Channel(tau=10.0, low=0.0, high=0.3), float(-np.expm1(-10 / neurons.TAU))  # and its evaporation
LASIUS, TRAIL = Channel(tau=60.0, low=0.35, high=0.35 * 1.43), float(-np.expm1(-1 / 47))


def _channel(channel):
    tau = checks.one_number("tau", channel.tau, 0.1, 1e4)
    low = checks.one_number("low", channel.low, 0, 1, open_high=True)
    high = checks.one_number("high", channel.high, low, 1, open_low=True)
    return Channel(tau, low, high, checks.one_number("correlation", channel.correlation, 0, 1))


def _together(**arrays):
    try:
        return np.broadcast_arrays(*arrays.values())
    except ValueError:
        shapes = ", ".join(str(array.shape) for array in arrays.values())
        raise ValueError(f"{', '.join(arrays)} of shapes {shapes}: must broadcast") from None


def _evaporation(evaporation):
    return checks.finite("evaporation", evaporation, 0, 1, open_low=True)


def telegraph(runs, steps, rng, tau):
    """Signals (runs, steps), int64: 0 or 1 alike at the start, switching each step with probability (1 - lam) / 2."""
    shape = checks.count("runs", runs), checks.count("steps", steps)
    switch = -np.expm1(-1 / checks.one_number("tau", tau, 0.1, 1e4)) / 2
    switches = rng.random(shape) < switch
    switches[:, 0] = rng.random(shape[0]) < 0.5
    return np.cumsum(switches, axis=1, dtype=np.int64) % 2


def send(s, n, rng, channel):
    """Number of events of the n messengers, int64, of the shape of s.

    With probability sqrt(rho) a messenger does in this step what a draw common to all says, else it draws for itself; so two
    have noises of correlation rho, whatever s is.
    """
    channel, n = _channel(channel), checks.count("n", n)
    s = checks.finite("s", s)
    if np.any((s != 0) & (s != 1)):
        raise ValueError("s: must hold 0 and 1 only")
    p = np.where(s == 1, channel.high, channel.low)
    if channel.correlation == 0:
        return np.asarray(rng.binomial(n, p)).astype(np.int64)  # one number is drawn as an int
    common = rng.random(s.shape) < p
    alike = rng.binomial(n, np.sqrt(channel.correlation), s.shape)
    return (alike * common + rng.binomial(n - alike, p)).astype(np.int64)


def integrate(inputs, evaporation, start):
    """The receiver's level y, of the shape of inputs (..., t): y_0 = start, y_{t+1} = (1-e) y_t + e inputs_t."""
    inputs = checks.finite("inputs", inputs, -1e100, 1e100)
    if inputs.ndim == 0 or inputs.shape[-1] == 0:
        raise ValueError(f"inputs of shape {inputs.shape}: must be (..., t), t at least 1")
    e = checks.one_number("evaporation", evaporation, 0, 1, open_low=True)
    y = np.empty(inputs.shape)
    y[..., 0] = start = checks.one_number("start", start, -1e100, 1e100)
    before = np.full((*inputs.shape[:-1], 1), (1 - e) * start)
    y[..., 1:] = lfilter([e], [1, e - 1], inputs[..., :-1], axis=-1, zi=before)[0]
    return y


def correlation(n, evaporation, lag, channel):
    """Correlation of y with s `lag` steps before, exactly, in the long run; n, evaporation and lag broadcast.

    The mean of the messengers is low + h s + white noise of variance v, h = high - low, uncorrelated with s; v is the mean
    over both s of p (1-p), averaged as `crowd.variance_of_mean` says. With r = 1 - e, y_t = e sum_j r^j (that, at t-1-j), so
    cov(y_t, s_{t-k}) = e h/4 sum_j r^j lam^|j+1-k|, the sum lam / (1 - r lam) at k = 0 and for k from 1
    (lam^k - r^k) / (lam - r) + r^k lam / (1 - r lam); var y = e/(2-e) (h^2/4 (1 + r lam) / (1 - r lam) + v); var s = 1/4.
    """
    channel, e = _channel(channel), _evaporation(evaporation)
    n, e, k = _together(n=checks.counts("n", n), evaporation=e, lag=checks.counts("lag", lag, 0))
    r, lam, h = 1 - e, np.exp(-1 / channel.tau), channel.high - channel.low
    great, small = np.maximum(r, lam), np.minimum(r, lam)
    with np.errstate(divide="ignore", invalid="ignore"):  # r = 0; and r = lam, where the quotient becomes k
        ratio = np.log1p((small - great) / great)
        quotient = np.where(ratio == 0, k, np.expm1(k * ratio) / np.expm1(ratio))
    shared = np.where(k == 0, lam / (1 - r * lam), great**np.maximum(k - 1, 0) * quotient + r**k * lam / (1 - r * lam))
    own = sum(p * (1 - p) for p in (channel.low, channel.high)) / 2
    noise = crowd.variance_of_mean(n, own, channel.correlation)
    variance = e / (2 - e) * (h * h / 4 * (1 + r * lam) / (1 - r * lam) + noise)
    return e * h / 2 * shared / np.sqrt(variance)


def delay(evaporation, tau):
    """The best lag, int64: neither more messengers nor less noise makes it shorter. evaporation and tau broadcast.

    The sum above grows from k to k + 1 while k < ln(1 + (lam - r) / (1 - r lam)) / ln(lam / r).
    """
    e, tau = _together(evaporation=_evaporation(evaporation), tau=checks.finite("tau", tau, 0.1, 1e4))
    r, lam = 1 - e, np.exp(-1 / tau)
    with np.errstate(divide="ignore", invalid="ignore"):  # r = 0: no more than one step; r = lam
        turn = np.where(r == lam, r / (1 - r * lam), np.log1p((lam - r) / (1 - r * lam)) / np.log1p((lam - r) / r))
    return np.maximum(np.ceil(turn), 1).astype(np.int64)


def fidelity(n, evaporation, channel):
    """`correlation` at the best lag. n and evaporation broadcast."""
    return correlation(n, evaporation, delay(evaporation, channel.tau), channel)


def best_evaporation(n, channel):
    """The evaporation of the greatest fidelity, of the shape of n: the fewer and noisier the messengers, the longer the memory.

    Looked for between a twentieth of 1 - lam, where memory far outlives the signal, and 1; its fidelity is within 1e-4 of the
    greatest (as lags are whole, there may be two maxima as high).
    """
    channel, n = _channel(channel), checks.counts("n", n)
    tried = np.linspace(np.log(-np.expm1(-1 / channel.tau) / 20), 0, 200)
    best = []
    for one in n.ravel():
        at = int(np.argmax(fidelity(one, np.exp(tried), channel)))
        ends = tried[max(at - 1, 0)], tried[min(at + 1, tried.size - 1)]
        found = minimize_scalar(lambda log, one=one: -fidelity(one, np.exp(log), channel), bounds=ends, options={"xatol": 1e-5})
        best.append(np.exp(min(found.x, 0.0)))
    return np.reshape(best, n.shape)


def measure(n, evaporation, steps, rng, channel):
    """Measured: for each n and evaporation, at least 0.001, a run of its own of `steps` steps after a lead-in of twelve memories.

    n and evaporation broadcast. Lags are tried up to twice the theory's and ten. ValueError if the signal never switches.
    """
    channel, steps = _channel(channel), checks.count("steps", steps)
    n, e = _together(n=checks.counts("n", n), evaporation=checks.finite("evaporation", evaporation, 1e-3, 1))
    most = 2 * delay(e, channel.tau) + 10
    longest = most.max(initial=0)
    if steps < longest + 2:
        raise ValueError(f"steps={steps}: must be at least {longest + 2}, for lags up to {longest}")
    found = []
    for members, lost, lags in zip(n.ravel(), e.ravel(), most.ravel(), strict=True):
        lead = int(np.ceil(12 / lost))
        s = telegraph(1, lead + steps, rng, channel.tau)[0]
        events = send(s, members, rng, channel)
        y = integrate(events / members, lost, (channel.low + channel.high) / 2)
        found.append((*signals.arrival(s[lead:], y[lead:], int(lags)), events[lead:].mean()))
    return Measured(*np.reshape(found, (*n.shape, 3)).transpose(-1, *range(n.ndim)))
