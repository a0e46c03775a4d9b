"""A swarm that chooses a nest by its scouts' dances, or an inspector who sees all sites and whom all follow."""
import numpy as np

from .. import bees
from . import Pair

BEES, SITES, WORST, BEST = 200, 5, 1, 10  # qualities are drawn evenly between the last two
LISTENING = 0.8  # interdependence: how much a first choice follows the dances
ROUNDS = 300  # of dancing for a decision
DECISIONS, TOURS = 12, 1000  # over which quality is averaged: of a swarm, of an inspector


class Swarm:
    """Who dances for a site judges it herself; the swarm goes where more than half of its dancers point."""

    parts = BEES
    bytes = 8 * BEES * ROUNDS  # a dance in a round is a number, at most one a bee

    def __init__(self, rng):
        self.rng = rng
        self.sites = rng.uniform(WORST, BEST, SITES)
        self.there = np.ones(BEES, bool)

    def worst(self, count):
        """Any: before they look for a nest all are alike, and an adversary has nothing to choose by."""
        return np.arange(count, dtype=np.int64)

    def lose(self, gone):
        self.there[gone] = False

    def mend(self):
        """Nobody needs to do anything: whoever finds a site dances for it."""

    def quality(self, noise):
        """(quality of the chosen site - mean of the sites) / (best - mean); whoever does not agree gets the mean."""
        mean = self.sites.mean()
        chosen = self._chosen(noise * self.sites.std())
        gained = np.where(chosen < 0, mean, self.sites[chosen]) - mean
        return gained.mean() / (self.sites.max() - mean)

    def _chosen(self, error):
        """The sites of some decisions, -1: none, if a judgement is off by a normal number of this spread."""
        if not self.there.any():
            return np.array([-1])
        return bees.majority_site(bees.scouts_agree(
            DECISIONS, self.rng, interdependence=LISTENING, qualities=self.sites, bees=np.count_nonzero(self.there),
            steps=ROUNDS, error=error))


class Inspector(Swarm):
    """One bee sees every site once, with a scout's errors, and all go where she says. Without her nobody moves."""

    bytes = 8  # the site, said to all

    def __init__(self, rng):
        super().__init__(rng)
        self.inspector, self.seen = 0, SITES

    def worst(self, count):
        """The inspector; the others do not matter."""
        return np.roll(np.arange(BEES, dtype=np.int64), -self.inspector)[:count]

    def mend(self):
        """If she is lost another sets out, and sees a site in each round."""
        if not self.there[self.inspector] and self.there.any():
            self.inspector, self.seen = np.flatnonzero(self.there)[0], 0
        self.seen = min(self.seen + 1, SITES)

    def _chosen(self, error):
        if not self.there[self.inspector] or self.seen < SITES:
            return np.array([-1])
        return (self.sites + error * self.rng.standard_normal((TOURS, SITES))).argmax(axis=1)


PAIR = Pair(
    Swarm, Inspector, chapter="02_colonies", twin="one inspector, whom all follow",
    task="choose the best of five nests", parts="bees", signal="a bee's judgement of a nest",
    quality="quality of the nest chosen: 0 the mean of all nests, as by lot, or nobody moves; 1 the best",
    round="the time in which a bee sees one nest; a lost inspector's successor must see all five")
