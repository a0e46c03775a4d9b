"""Systems without a centre, each beside its centralized twin: what the atlas measures. A module a pair.

A system is a class:
    parts            what can be lost, numbered from 0; the centre, where there is one, is among them
    bytes            sent by all for one decision while nothing is lost
    System(rng)      built, taught and warmed up; twins built with the same seed have the same task
    worst(count)     int64 (count,): the parts that an adversary takes who knows the system
    lose(gone)       the parts `gone`, int64 (k,), are lost for good
    mend()           one round of what the system itself does about a loss, if it does anything
    quality(noise)   of what it decides now. 1: the best that could be had with all parts; 0: what guessing, or
                     doing nothing, would give. What is lost with a part is lost: the yardstick stays
`noise` is the standard deviation of a disturbance of each signal, as a share of the signal's own: normal noise is
added to numbers; to a sign or a bit before its sign is read, so that it is flipped with chance Phi(-1 / noise).
"""
from typing import NamedTuple


class Pair(NamedTuple):
    """Two systems for one task, and in words, for the page, what is measured on them."""

    decentralized: type
    centralized: type
    chapter: str  # where the system is met: the page's name
    twin: str  # who the centre is
    task: str
    parts: str  # what is lost, in the plural
    signal: str  # what the noise is on
    quality: str  # what 0 and 1 are
    round: str  # what `mend` does, on either side
