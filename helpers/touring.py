"""A colony at work on a round trip, city by city in the reader's reach: `tours.Colony` as a stage."""
import numpy as np

from . import checks
from .scenes import Edges, Points
from .tours import STEEPEST, Colony, distances

MARGIN = 8.0  # around the cities, in their unit
REACH = 12.0  # how far from the pointer `forget` acts


class Touring:
    """Ants that look for a short round trip, and the trails they leave.

    A step is an iteration: ten ants make a tour each. A touched city moves to the pointer (tool "move"),
    and the best tour is measured anew; "forget" takes the pheromone off the edges of the cities near it.
    `optimum`: the shortest length, if it is known; when a city has moved, nobody knows it.
    """

    layers = {"trails": Edges("cities", top=1.0, unit="pheromone, of the strongest edge", width=9.0),
              "best_tour": Edges("cities", width=1.8), "cities": Points("x y")}
    tools = {"move": "tap", "forget": "tap"}
    live = ("evaporation", "greed", "heuristic")

    def __init__(self, rng, *, cities, optimum=None, evaporation=0.1, greed=0.9, heuristic=2):
        cities = checks.finite("cities", cities)
        d = distances(cities)
        self.low = cities.min(axis=0) - MARGIN
        self.plane = tuple(float(size) for size in cities.max(axis=0) - self.low + MARGIN)
        self.cities, self.moved = cities.copy(), 0
        self.optimum = None if optimum is None else checks.one_number("optimum", optimum, 0, open_low=True)
        self.colony = Colony(d, rng)
        self.evaporation, self.greed, self.heuristic = evaporation, greed, heuristic
        self.upper = np.triu_indices(len(cities), 1)
        self.time = self.since = 0

    evaporation = property(lambda self: self.colony.rho)
    greed = property(lambda self: self.colony.q0)
    heuristic = property(lambda self: self.colony.beta)

    @evaporation.setter
    def evaporation(self, value):
        self.colony.rho = checks.one_number("evaporation", value, 0, 1)

    @greed.setter
    def greed(self, value):
        self.colony.q0 = checks.one_number("greed", value, 0, 1)

    @heuristic.setter
    def heuristic(self, value):
        self.colony.beta = checks.one_number("heuristic", value, 0, STEEPEST)

    def step(self):
        self.colony.iterate()
        self.time += 1
        self.since += 1

    def scene(self):
        i, j = self.upper
        tau = self.colony.tau[0, i, j]
        strength = (tau - self.colony.tau0) / max(tau.max() - self.colony.tau0, self.colony.tau0)
        tour = np.arange(len(self.cities)) if self.colony.best is None else self.colony.best[0]
        made = float(self.colony.best is not None)
        return {"trails": np.column_stack([i, j, np.clip(strength, 0, 1)]),
                "best_tour": np.column_stack([tour, np.roll(tour, -1), np.full(len(tour), made)]),
                "cities": self.cities - self.low}

    def poke(self, x, y, tool):
        checks.one_of("tool", tool, tuple(self.tools))
        at = np.array([checks.one_number("x", x, 0, self.plane[0]), checks.one_number("y", y, 0, self.plane[1])])
        off = np.sqrt(((self.cities - self.low - at) ** 2).sum(axis=1))
        if tool == "forget":
            near = off < REACH
            self.colony.tau[0, near, :] = self.colony.tau[0, :, near] = self.colony.tau0
            return
        self.cities[off.argmin()] = at + self.low
        self.colony.measure(distances(self.cities))
        self.moved, self.since = self.moved + 1, 0

    def readout(self):
        if self.colony.best is None:
            return "Iteration 0: no tour yet; every edge has the same pheromone."
        length = float(self.colony.length[0])
        said = f"Iteration {self.time}: the best tour so far is {length:.1f} long"
        if self.moved:
            return said + f"; a city has moved, and nobody knows the shortest now ({self.since} iterations ago)."
        if self.optimum is None:
            return said + "."
        return said + f", {100 * (length / self.optimum - 1):.1f}% above the shortest."

    def reached(self):
        """The shortest tour is found, before any city was moved."""
        return bool(self.optimum and not self.moved and self.colony.length[0] < self.optimum * (1 + 1e-5))
