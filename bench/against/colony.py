"""The foraging colony as it is written with Mesa and with Numba, and how fast each ticks, on 100 x 100 cells.

All start from a colony of the book's that has foraged for some hundred ticks. With the book's draws they must do, tick for tick, what it
does, and have laid the same trails.
"""
import copy
import random

import mesa
import numba
import numpy as np
from mesa.space import MultiGrid, PropertyLayer
from race import faster, growth, grown, race, slower

from helpers import foraging
from helpers.foraging import AHEAD, K, TIRING

SIDE, EVAPORATION = 100, 0.01
TICKS = 300  # how long the colony has foraged


def colony(ants, ticks=TICKS, side=SIDE):
    ground = foraging.Foraging(np.random.default_rng(1), ants=ants, side=side, evaporation=EVAPORATION)
    for _ in range(ticks):
        ground.step()
    return ground.colony


# --- Mesa ----------------------------------------------------------------------------------------------------------

WAYS = ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))
TURNS = ((-1, 1.0), (0, AHEAD), (1, 1.0))


class Ant(mesa.Agent):
    def __init__(self, model, side, heading, carrying, freshness):
        super().__init__(model)
        self.side, self.heading, self.carrying, self.freshness = side, heading, carrying, freshness

    def walk(self):
        model, (x, y) = self.model, self.pos
        smell, pulls, ahead = model.trails[1 - self.carrying].data.item, [], []
        for turn, liking in TURNS:
            heading = (self.heading + turn) & 7
            right, up = WAYS[heading]
            cell = (x + right, y + up)
            base = 0.0 if cell in model.walls else smell(cell) + K
            pulls.append(base * base * liking)
            ahead.append((cell, heading))
        left, both = pulls[0], pulls[0] + pulls[1]
        whole, chance = both + pulls[2], next(model.chances)
        if whole == 0:
            self.heading = (self.heading + 3 + 2 * self.side) & 7
        else:
            chance *= whole
            cell, self.heading = ahead[2 if chance >= both else 1 if chance >= left else 0]
            model.grid.move_agent(self, cell)
        self.freshness *= TIRING
        if self.pos in model.goals[self.carrying]:
            model.delivered += self.carrying
            self.carrying ^= 1
            self.freshness = 1.0
            self.heading = (self.heading + 4) & 7

    def lay(self):
        self.model.trails[self.carrying].data[self.pos] += self.freshness


class MesaColony(mesa.Model):
    def __init__(self, colony, chances):
        super().__init__(seed=1)
        wide = colony.side + 2
        self.chances, self.keep, self.delivered = chances, 1 - colony.evaporation, 0
        self.grid = MultiGrid(wide, wide, torus=False)
        self.trails = [PropertyLayer(name, wide, wide, np.float64(0)) for name in ("way home", "way to food")]
        for layer, trail in zip(self.trails, colony.trails, strict=True):
            layer.data = trail.reshape(wide, wide).T.copy()

        def cells(chosen):
            return {(int(cell) % wide, int(cell) // wide) for cell in np.flatnonzero(chosen)}

        self.walls, self.goals = cells(colony.walls), [cells(goal) for goal in colony.goal]
        each = zip(colony.cell.tolist(), colony.heading.tolist(), colony.carrying.tolist(), colony.freshness.tolist(), strict=True)
        for number, (cell, heading, carrying, freshness) in enumerate(each):
            self.grid.place_agent(Ant(self, number & 1, heading, int(carrying), freshness), (cell % wide, cell // wide))

    def step(self):
        self.agents.do("walk")
        for layer in self.trails:
            layer.data *= self.keep
        self.agents.do("lay")

    def state(self):
        cells = [x + y * self.grid.width for x, y in (ant.pos for ant in self.agents)]
        return cells, np.array([layer.data.T.ravel() for layer in self.trails])


# --- Numba -----------------------------------------------------------------------------------------------------------


@numba.njit
def compiled_tick(cell, heading, carrying, freshness, trails, walls, goal, steps, keep, draws):
    """One tick in place; returns the loads brought home."""
    delivered, pull = 0, np.empty(3)
    for i in range(len(cell)):
        smelt = trails[1 - carrying[i]]
        for turn in range(3):
            there = cell[i] + steps[(heading[i] + turn - 1) & 7]
            base = smelt[there] + K
            pull[turn] = 0.0 if walls[there] else base * base
        pull[1] *= AHEAD
        left, both = pull[0], pull[0] + pull[1]
        whole = both + pull[2]
        if whole == 0:
            heading[i] = (heading[i] + 3 + (i & 1) * 2) & 7
        else:
            chance = draws[i] * whole
            heading[i] = (heading[i] + (chance >= left) + (chance >= both) - 1) & 7
            cell[i] += steps[heading[i]]
        freshness[i] *= TIRING
        if goal[carrying[i], cell[i]]:
            delivered += carrying[i]
            carrying[i] ^= 1
            freshness[i] = 1.0
            heading[i] = (heading[i] + 4) & 7
    trails *= keep
    for i in range(len(cell)):
        trails[carrying[i], cell[i]] += freshness[i]
    return delivered


class NumbaColony:
    def __init__(self, colony, rng):
        self.cell, self.heading, self.carrying = colony.cell.copy(), colony.heading.copy(), colony.carrying.astype(np.int64)
        self.freshness, self.trails, self.rng = colony.freshness.copy(), colony.trails.copy(), rng
        self.ground = colony.walls, colony.goal, colony.steps, 1 - colony.evaporation
        self.delivered = 0

    def step(self):
        self.delivered += compiled_tick(self.cell, self.heading, self.carrying, self.freshness, self.trails, *self.ground,
                                        self.rng.random(len(self.cell)))

    def state(self):
        return self.cell, self.trails


# --- the race --------------------------------------------------------------------------------------------------------


def check(ants=500, ticks=200, side=40):
    """Everybody forages as the book's ants do."""
    start = colony(ants, 100, side)
    draws = copy.deepcopy(start.rng).random((ticks, ants))
    models = [MesaColony(start, iter(draws.ravel().tolist())), NumbaColony(start, copy.deepcopy(start.rng))]
    brought = -sum(start.delivered)
    for _ in range(ticks):
        start.tick()
        for model in models:
            model.step()
    brought += sum(start.delivered)
    assert brought > 100
    for model in models:
        cells, trails = model.state()
        assert np.array_equal(cells, start.cell) and np.allclose(trails, start.trails, rtol=1e-9), type(model).__name__
        assert model.delivered == brought, type(model).__name__


def rows():
    check()
    for ants, least, rounds in ((2000, 40, 15), (20_000, 220, 7)):
        start = colony(ants)
        times = race({"book": (lambda start=start: copy.deepcopy(start).tick, 20),
                      "Mesa": (lambda start=start: MesaColony(start, iter(random.Random(1).random, None)).step, 40_000 // ants),
                      "Numba": (lambda start=start: NumbaColony(start, copy.deepcopy(start.rng)).step, 20)}, rounds)
        what = f"foraging on {SIDE} x {SIDE}, {ants:,} ants, a tick"
        yield faster(what, "Mesa", times, least)
        if ants == 20_000:
            yield slower(what, "Numba", times, 1.5)
    many = (1000, 3000, 10_000, 30_000, 100_000)
    yield grown("foraging: exponent of a tick's time in the ants, 1,000 to 100,000", growth(lambda ants: colony(ants).tick, many), 1.15)
