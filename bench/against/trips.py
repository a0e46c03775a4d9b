"""Round trips by acopy, scikit-opt and ACO-Pants, beside the book's Ant System and Ant Colony System, on eil51.

51 ants, rounded distances. An iteration is raced with the same rule of choice, tau / d**BETA. Before, with nothing marked yet, the mean
length of everybody's tours must be the same within five standard errors, and every tour be one, of the length that is claimed.
"""
import random
import time
from copy import copy
from pathlib import Path

import networkx
import numpy as np

np.int = int  # scikit-opt 0.6.6 says so; NumPy gave the name up
import acopy  # noqa: E402
import pants  # noqa: E402
from race import duration, faster, growth, grown, race, verdict  # noqa: E402
from sko.ACA import ACA_TSP  # noqa: E402

from helpers import tours  # noqa: E402

D = tours.distances(tours.read_tsp(Path(__file__).parents[2] / "book" / "data" / "eil51.tsp"), rounded=True)
OPTIMUM, NEAR = 426, 0.05
ANTS, BETA = 51, 5
PATIENCE = 40  # s


class Acopy:
    name = "acopy"

    def __init__(self, seed, d=D, ants=ANTS):
        random.seed(seed)
        self.ants, self.colony, self.solver = ants, acopy.Colony(alpha=1, beta=BETA), acopy.Solver(rho=0.1, q=1)
        self.graph = networkx.complete_graph(len(d))
        for i, j in self.graph.edges:
            self.graph.edges[i, j].update(weight=float(d[i, j]), pheromone=1.0)  # without any it cannot choose

    def iterate(self):
        """The tours made."""
        return list(self.solver.optimize(self.graph, self.colony, gen_size=self.ants, limit=1))

    def first(self):
        made = self.solver.find_solutions(self.graph, self.colony.get_ants(self.ants))
        return [(solution.nodes, solution.cost) for solution in made]

    def best(self):
        """Of an iteration."""
        return min(solution.cost for solution in self.iterate())


class ScikitOpt:
    name = "scikit-opt"

    def __init__(self, seed, d=D, ants=ANTS):
        np.random.seed(seed)
        self.solver = ACA_TSP(lambda tour: tours.tour_length(tour, d), len(d), size_pop=ants, max_iter=1, distance_matrix=d,
                              alpha=1, beta=BETA, rho=0.1)

    def iterate(self):
        return self.solver.run(1)

    def first(self):
        self.iterate()
        return [(tour.tolist(), self.solver.func(tour)) for tour in self.solver.Table]

    def best(self):
        return self.iterate()[1]


class Pants:
    name = "ACO-Pants"

    def __init__(self, seed, d=D, ants=ANTS):
        random.seed(seed)
        self.solver = pants.Solver(alpha=1, beta=BETA, ant_count=ants)
        world = pants.World(list(range(len(d))), lambda i, j: float(d[i, j]))
        world.reset_pheromone(self.solver.t0)
        self.colony, self.record = self.solver.create_colony(world), None

    def iterate(self):
        """As its `solve` does."""
        self.solver.reset_colony(self.colony)
        found = self.solver.aco(self.colony)
        if self.record is None or found.distance < self.record.distance:
            self.record = copy(found)
        self.solver.trace_elite(self.record)

    def first(self):
        self.iterate()
        return [(ant.tour, ant.distance) for ant in self.colony]

    def best(self):
        self.iterate()
        return self.record.distance


PEERS = (Acopy, ScikitOpt, Pants)


def check(colonies=8):
    """Tours are tours, of their lengths, and without marks as long as the book's."""
    unmarked = tours._powers(D, BETA)[None]
    made = [tours._walk(np.random.default_rng(seed), unmarked, ANTS, 0)[0] for seed in range(colonies)]
    ours = tours.tour_length(np.concatenate(made), D)
    for peer in PEERS:
        theirs = []
        for seed in range(colonies):
            for tour, length in peer(seed).first():
                assert sorted(tour) == list(range(len(D))) and length == tours.tour_length(np.array(tour), D), peer.name
                theirs.append(length)
        error = np.hypot(np.std(ours) / np.sqrt(len(ours)), np.std(theirs) / np.sqrt(len(theirs)))
        assert abs(np.mean(theirs) - np.mean(ours)) < 5 * error, f"{peer.name}: {np.mean(theirs):.1f}, the book {np.mean(ours):.1f}"


def system(d, ants, cycles):
    """A function that runs Ant System for some iterations."""
    rng = np.random.default_rng(1)
    return lambda: tours.ant_system(d, rng, cycles=cycles, ants=ants, beta=BETA, rho=0.1)


def to_near(seed):
    """Processor seconds until Ant Colony System is near the optimum."""
    start = time.process_time()
    colony = tours.Colony(D, np.random.default_rng(seed), beta=BETA)
    while colony.length[0] > (1 + NEAR) * OPTIMUM:
        colony.iterate()
    return time.process_time() - start


def peer_to_near(peer):
    """(processor seconds until a peer is near the optimum, or PATIENCE; its best tour by then)."""
    start, solver, best = time.process_time(), peer(1), np.inf
    while (spent := time.process_time() - start) < PATIENCE:
        best = min(best, solver.best())
        if best <= (1 + NEAR) * OPTIMUM:
            return time.process_time() - start, best
    return spent, best


def rows(cycles=10):
    check()
    made = {peer.name: peer(1) for peer in PEERS}
    contenders = {"book": (lambda: system(D, ANTS, cycles), 2)}
    contenders |= {name: (lambda solver=solver: solver.iterate, 1) for name, solver in made.items()}
    times = race(contenders, 9)
    times["book"] /= cycles
    for name, least in (("acopy", 80), ("scikit-opt", 55), ("ACO-Pants", 20)):
        yield faster(f"tours: an iteration of {ANTS} ants on eil51", name, times, least)
    ours = [to_near(seed) for seed in range(21)]
    middle = np.median(ours)
    for peer in PEERS:
        spent, best = peer_to_near(peer)
        near = best <= (1 + NEAR) * OPTIMUM
        yield (f"tours: eil51 to within {NEAR:.0%} of the optimum, {OPTIMUM}",
               f"{duration(middle)}, of 21 seeds {duration(min(ours))} to {duration(max(ours))}",
               f"{peer.name}: {duration(spent)}" if near else f"{peer.name}: not in {PATIENCE} s, {best:g} by then",
               f"{'' if near else 'over '}{spent / middle:,.0f} times as fast",
               verdict(middle < 0.1 and not near, f"under 0.1 s, over {PATIENCE} s"))

    def cities(n):
        return system(tours.distances(np.random.default_rng(1).random((n, 2))), n, 1)
    sizes = (50, 100, 200, 300)
    per_ant = growth(cities, sizes, 3) - 1
    yield grown("tours: exponent of the time of an ant's tour in the cities, 50 to 300; n moves among n cities: 2", per_ant, 2.1)
