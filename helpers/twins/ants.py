"""Ants who carry food by a trail, or couriers by a surveyor's map, when a wall falls across the way."""
import copy

import numpy as np

from .. import foraging
from . import Pair

WALKERS, SIDE = 100, 24
EVAPORATION = 0.08  # so much in a tick, since on a small ground a trail is soon laid
HEIGHT = (0.6, 0.8)  # of the wall, as a share of the side: drawn evenly between these
SURVEY = 40  # ticks from map to map
WARM = 220  # ticks before all, so that the wall falls midway between two surveys
TICKS, MENDING = 200, 50  # of carrying for a quality, with the wall; of a round, before the wall
NEVER = 10**9


class Colony:
    """Ants who mark their ways and smell the ground before them."""

    parts = WALKERS
    bytes = 8 * WALKERS * TICKS  # what each lays in a tick is a number
    holds = ("cell", "carrying", "heading", "freshness")  # of each walker

    def __init__(self, rng):
        self.rng = rng
        self.wall = foraging.barrier(SIDE, rng.uniform(*HEIGHT))
        self.ground = self._ground()
        self.names = np.arange(self.parts, dtype=np.int64)[-self._walkers(self.ground).cell.size:]
        self._walk(self.ground, WARM)
        walls = self.ground.walls.copy()
        walls[self.wall] = True
        nest, food = self.ground.colony.nest, self.ground.colony.food
        self.most = WALKERS * TICKS / (2 * foraging.distances(food, walls, SIDE)[nest].min())

    def _ground(self):
        return foraging.Foraging(self.rng, ants=WALKERS, evaporation=EVAPORATION, side=SIDE)

    @staticmethod
    def _walkers(ground):
        return ground.colony

    def _walk(self, ground, ticks):
        for _ in range(ticks):
            self._walkers(ground).tick()

    def worst(self, count):
        """Those who carry, since their loads are lost too. Other choices that we tried hurt no more than lot."""
        return self.names[np.argsort(~self._walkers(self.ground).carrying, kind="stable")[:count]]

    def lose(self, gone):
        left = ~np.isin(self.names, gone)
        self.names = self.names[left]
        walkers = self._walkers(self.ground)
        for what in self.holds:
            setattr(walkers, what, getattr(walkers, what)[left])

    def mend(self):
        """They go on for some ticks, before the wall falls."""
        self._walk(self.ground, MENDING)

    def quality(self, noise):
        """Loads brought home while the wall stands, of what all walkers could always carrying on the shortest way.

        The wall falls when we begin to count, and on a copy of the ground, so that it may fall again."""
        ground = copy.deepcopy(self.ground, {id(self.rng): self.rng})
        self._walkers(ground).noise = noise
        ground.build(self.wall, True)
        self._walk(ground, TICKS)
        return sum(self._walkers(ground).delivered[-TICKS:]) / self.most


class Couriers(Colony):
    """A surveyor, part 0, draws a map every SURVEY ticks, and couriers go the shortest way on it: a walker
    fewer. Nobody else can draw one."""

    bytes = 8 * 2 * SIDE**2 * (TICKS // SURVEY)  # a survey is posted: from each cell the distances to nest and food
    holds = ("cell", "carrying", "wait")

    def _ground(self):
        return foraging.Foraging(self.rng, ants=1, couriers=WALKERS - 1, survey=SURVEY, side=SIDE)  # one ant looks on

    @staticmethod
    def _walkers(ground):
        return ground.couriers

    def worst(self, count):
        """The surveyor, then those who carry."""
        return np.append(0, super().worst(count))[:count]

    def lose(self, gone):
        super().lose(gone)
        if 0 in gone:
            self.ground.survey = NEVER


PAIR = Pair(
    Colony, Couriers, chapter="02_colonies", twin="couriers with a surveyor's map",
    task="carry food when a wall falls across the way", parts="ants, or couriers and their surveyor",
    signal="the trail that an ant smells; the distances that a courier reads on the map",
    quality="loads brought home in 200 ticks: 0 none; 1 as many as all could carry on the shortest way past the wall",
    round=f"{MENDING} ticks of going on")
