"""One language for every signal: how faithful it is, how late it comes, what it costs.

Notation
    sent       s, what somebody is to be told: (..., t), trials or moments along the last axis
    received   r, what arrives there, of the same shape
    fidelity   correlation of r with s: 1 what arrives is what was sent, 0 it says nothing of it
    delay      rounds (ticks, hops, layers) from sending to arriving
    bytes      sent by all on the way, NUMBER for a number in double precision
"""
from typing import NamedTuple

import numpy as np

from . import checks

NUMBER = 8


class Signal(NamedTuple):
    """A signal as measured: fidelity in [-1, 1], delay in rounds, bytes."""

    fidelity: float
    delay: float
    bytes: float


def _pair(sent, received, least):
    sent, received = checks.finite("sent", sent), checks.finite("received", received)
    if sent.shape != received.shape or sent.ndim == 0 or sent.shape[-1] < least:
        raise ValueError(f"sent, received of shapes {sent.shape}, {received.shape}: must be alike, (..., t), t at least {least}")
    return sent, received


def fidelity(sent, received):
    """Pearson correlation along the last axis, (...,). What never varies says nothing: 0.

    Raises ValueError for shapes that differ, fewer than two trials, and `sent` that never varies, of which
    nothing can be told.
    """
    sent, received = _pair(sent, received, 2)
    s, r = (one - one.mean(axis=-1, keepdims=True) for one in (sent, received))
    size, heard = np.sqrt((s * s).sum(axis=-1)), np.sqrt((r * r).sum(axis=-1))
    if np.any(np.ptp(sent, axis=-1) == 0):
        raise ValueError("sent: never varies; must vary from trial to trial")
    flat = np.ptp(received, axis=-1) == 0
    return np.where(flat, 0.0, (s * r).sum(axis=-1) / (size * np.where(flat, 1.0, heard)))


def arrival(sent, received, most):
    """(fidelity, delay) of a signal in time: the lag from 0 to `most` moments at which `received` follows `sent` best.

    Both (t,), t at least most + 2. Of lags that are equally good the shortest.
    """
    sent, received = _pair(sent, received, 2)
    most = checks.count("most", most, 0)
    if sent.ndim != 1 or sent.size < most + 2:
        raise ValueError(f"sent of shape {sent.shape}: must be (t,), t at least {most + 2} for lags up to {most}")
    found = [float(fidelity(sent[:sent.size - lag], received[lag:])) for lag in range(most + 1)]
    near = max(found) - 1e-12  # so that rounding decides nothing
    delay = next(lag for lag, one in enumerate(found) if one >= near)
    return found[delay], delay
