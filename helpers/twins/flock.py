"""A flock in which each bird flies as its neighbours fly, or one led by a bird whom all hear."""
import copy
import math

import numpy as np

from .. import consensus, swarm
from . import Pair

BIRDS, DENSITY = 100, 4.0
BASE = 0.1  # noise that is always there, as a share of a whole turn
WARM, STEPS, COUNTED = 100, 120, 40  # flown before all; for a quality, of which the last are looked at
MENDING = 20  # steps of a round
LINES = 8  # places tried for a cut, on either axis


class Flock:
    """Vicsek's birds: each takes the mean heading of all in sight."""

    parts = BIRDS
    bytes = 8 * BIRDS  # in a step each shows its heading to all who see it
    kind = swarm.Vicsek

    def __init__(self, rng):
        self.rng = rng
        self.birds = self.kind(rng, birds=BIRDS, density=DENSITY, noise=2 * math.pi * BASE)
        self.names = np.arange(BIRDS, dtype=np.int64)  # of those who are left
        self._fly(self.birds, WARM)

    def _fly(self, birds, steps):
        """The order parameter after each of some steps."""
        seen = []
        for _ in range(steps):
            birds.step()
            seen.append(birds.order())
        return seen

    def worst(self, count):
        """Who must go so that the rest is cut into parts that do not see each other: along two lines half a box apart,
        across or up the box, or along four that do both, whichever leaves the smallest parts."""
        half, n = self.birds.box / 2, self.names.size
        lines = np.linspace(0, half, LINES, endpoint=False)
        x, y = np.mod(self.birds.at.T[:, np.newaxis] - lines[:, np.newaxis], half)  # from each line on
        cuts = [self._cleared(on, count) for on in (x, y, np.minimum(x[:, np.newaxis], y).reshape(-1, n))]
        return self.names[min(cuts, key=self._together)]

    def _cleared(self, on, count):
        """Of the cuts (cuts, n) the one that is widest when `count` birds have gone from its lines on: those birds."""
        nearest = np.argsort(on, axis=1, kind="stable")
        stays = nearest[:, min(count, self.names.size - 1), np.newaxis]
        return nearest[np.take_along_axis(on, stays, axis=1).argmax(), :count]

    def _together(self, gone):
        """How many, without these, hang together: summed over the birds."""
        left = np.ones(self.names.size, bool)
        left[gone] = False
        seen = swarm.pairs(self.birds.at, self.birds.box, 1.0)
        links = np.column_stack([seen.i, seen.j])[left[seen.i] & left[seen.j]]
        return int(np.sum(np.bincount(consensus.parts(left.size, links)[left]) ** 2))

    def lose(self, gone):
        left = ~np.isin(self.names, gone)
        self.names = self.names[left]
        for what in ("at", "heading", "toward"):
            setattr(self.birds, what, getattr(self.birds, what)[left])

    def mend(self):
        """They fly on for some steps."""
        if self.names.size:
            self._fly(self.birds, MENDING)

    def quality(self, noise):
        """Order, after some steps, of the birds that are left, since the task is to fly together: 0 is what as many
        would show by chance, 1 all one way. The noise is Vicsek's eta over a whole turn, beside what always is."""
        n = self.names.size
        if n == 0:
            return 0.0
        birds = copy.deepcopy(self.birds, {id(self.rng): self.rng})  # a flock of its own, but no luck of its own
        birds.noise = 2 * math.pi * min(math.hypot(BASE, noise), 1)  # a whole turn leaves nothing to lose
        chance = math.sqrt(math.pi / (4 * n))
        return (np.mean(self._fly(birds, STEPS)[-COUNTED:]) - chance) / (1 - chance)


class Led(swarm.Vicsek):
    """All take the heading of the first, with a bird's noise; she and, without her, everyone keeps her own."""

    led = True

    def step(self):
        if self.led:
            self.heading = np.full(self.heading.size, self.heading[0])
        self._turn(self.noise * (self.rng.random(self.heading.size) - 0.5))


class LedFlock(Flock):
    """One bird leads, and all hear her wherever they are. If she is lost, nobody takes the lead."""

    bytes = 8  # in a step the leader tells her heading
    kind = Led

    def worst(self, count):
        """The leader; the others do not matter."""
        return self.names[:count]

    def lose(self, gone):
        super().lose(gone)
        self.birds.led = bool(np.isin(0, self.names))


PAIR = Pair(
    Flock, LedFlock, chapter="02_colonies", twin="one leader whom all hear",
    task="fly the same way", parts="birds", signal="a heading",
    quality="order parameter of the birds that are left: 0 as by chance, 1 all one way",
    round=f"{MENDING} steps of flight")
