"""What ants compute: short round trips, found by colonies that mark good edges.

Notation
    n            cities
    cities       (n, 2) coordinates; distances are Euclidean, in their unit
    d            (n, n) distances
    tour         (n,) int64, a permutation: the order of the visit, back to the first at the end
    tau          pheromone on each edge; here the higher, the better the tours that used it
    beta         weight of the distance heuristic: an edge attracts as tau / d**beta
    q0           greed: the chance that an ant takes the most attractive edge instead of drawing one
    rho          evaporation: share of the pheromone that is renewed
    runs         independent colonies, computed side by side
"""
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import checks

STEEPEST = 20.0  # alpha and beta


class Found(NamedTuple):
    """For each run: its best tour (runs, n), its length (runs,), the best so far by iteration
    (iterations, runs)."""

    tour: np.ndarray
    length: np.ndarray
    course: np.ndarray


def read_tsp(path) -> np.ndarray:
    """The cities of a TSPLIB file of the type EUC_2D (Reinelt 1991), (n, 2), in the order of their numbers.

    Raises ValueError, naming the file and the city, for a city that is missing, repeated, out of range or
    no pair of numbers, and for another edge-weight type.
    """
    path = Path(path)
    head, _, body = path.read_text(encoding="utf-8").partition("NODE_COORD_SECTION")
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in head.splitlines())}
    if facts.get("EDGE_WEIGHT_TYPE") != "EUC_2D":
        raise ValueError(f"{path.name}: EDGE_WEIGHT_TYPE is {facts.get('EDGE_WEIGHT_TYPE')!r}; only EUC_2D is read")
    if not facts.get("DIMENSION", "").isdecimal():
        raise ValueError(f"{path.name}: DIMENSION is {facts.get('DIMENSION')!r}; it must be a whole number")
    n, places = int(facts["DIMENSION"]), {}
    for line in body.splitlines():
        if line.strip() in ("", "EOF"):
            continue
        try:
            number, x, y = line.split()
            city, place = int(number), (float(x), float(y))
        except ValueError:
            raise ValueError(f"{path.name}: {line.strip()!r} is no city; it must be a number and two "
                             "coordinates") from None
        if city in places:
            raise ValueError(f"{path.name}: city {city} is repeated; each must stand there once")
        if not 1 <= city <= n or not np.isfinite(place).all():
            raise ValueError(f"{path.name}: {line.strip()!r}: a city has a number from 1 to {n} and finite coordinates")
        places[city] = place
    missing = [city for city in range(1, n + 1) if city not in places]
    if missing:
        raise ValueError(f"{path.name}: city {missing[0]} is missing; DIMENSION says there are {n}")
    return np.array([places[city] for city in range(1, n + 1)])


def distances(cities, rounded=False):
    """d (n, n). `rounded`: to the nearest whole number, half up, as TSPLIB's EUC_2D does."""
    cities = checks.finite("cities", cities)
    if cities.ndim != 2 or cities.shape[1] != 2 or len(cities) < 3:
        raise ValueError(f"cities of shape {cities.shape}: must have shape (n, 2), n at least 3")
    checks.one_of("rounded", rounded, (False, True))
    apart = cities[:, None] - cities[None]
    d = np.sqrt((apart**2).sum(axis=-1))
    return np.floor(d + 0.5) if rounded else d


def tour_length(tour, d):
    """Length of the round trip(s) `tour`, (n,) or (..., n)."""
    d, tour = _square(d), checks.counts("tour", tour, 0)
    if not tour.ndim or not tour.size or tour.max() >= len(d):
        raise ValueError(f"tour of shape {tour.shape}: must be (..., n), of cities numbered from 0, below {len(d)}")
    return d[tour, np.roll(tour, -1, axis=-1)].sum(axis=-1)


def nearest_neighbour(d, start=0):
    """The tour that always goes on to the nearest city left."""
    d = _square(d)
    n = len(d)
    left = np.ones(n, bool)
    tour = np.empty(n, np.int64)
    tour[0] = here = checks.count("start", start, 0)
    if here >= n:
        raise ValueError(f"start={start!r}: must be below the number of cities, {n}")
    for step in range(1, n):
        left[here] = False
        tour[step] = here = np.where(left, d[here], np.inf).argmin()
    return tour


def two_opt(tour, d):
    """`tour` after the best reversal of a stretch, again and again until none shortens it (Croes 1958).

    A planner's way: it looks at the whole map at once. `d` must be the same there and back.
    """
    d, tour = _square(d), checks.counts("tour", tour, 0).copy()
    if not np.array_equal(d, d.T):
        raise ValueError("d: must be symmetric, since a stretch is as long the other way round")
    if not np.array_equal(np.sort(tour, axis=None), np.arange(len(d))) or tour.ndim != 1:
        raise ValueError(f"tour of shape {tour.shape}: must hold each of {len(d)} cities, numbered from 0, once")
    least = max(1e-9, 1e-14 * d.max())  # gains that are no more may be rounding
    above = np.triu_indices(len(tour), 1)
    while True:
        after = np.roll(tour, -1)
        i, j = above
        gain = d[tour[i], after[i]] + d[tour[j], after[j]] - d[tour[i], tour[j]] - d[after[i], after[j]]
        best = gain.argmax()
        if gain[best] < least:
            return tour
        tour[i[best] + 1:j[best] + 1] = tour[i[best] + 1:j[best] + 1][::-1].copy()


def _walk(rng, attraction, ants, q0, moved=None):
    """Tours (runs, ants, n): from random cities every ant goes on by `attraction` (runs, n, n).

    After each move `moved(run, here, there)` may change the attraction (flat indices, one an ant).
    """
    runs, n, _ = attraction.shape
    run = np.repeat(np.arange(runs), ants)
    left = np.ones((runs * ants, n), bool)
    every, rows = np.arange(runs * ants), attraction.reshape(runs * n, n)
    tours = np.empty((runs * ants, n), np.int64)
    tours[:, 0] = here = rng.integers(0, n, runs * ants)
    draws = rng.random((2, n - 1, runs * ants))
    for step in range(1, n):
        left[every, here] = False
        pull = rows.take(run * n + here, axis=0)
        pull *= left
        summed = np.cumsum(pull, axis=1)
        there = (summed >= (draws[0, step - 1] * summed[:, -1])[:, None]).argmax(axis=1)
        if q0 > 0:
            there = np.where(draws[1, step - 1] < q0, pull.argmax(axis=1), there)
        lost = ~left[every, there]  # where rounding left no pull at all
        if lost.any():
            there = np.where(lost, left.argmax(axis=1), there)
        if moved is not None:
            moved(run, here, there)
        tours[:, step] = here = there
    if moved is not None:
        moved(run, here, tours[:, 0])
    return tours.reshape(runs, ants, n)


def _powers(d, beta):
    """1 / d**beta; cities in one place attract as if they were a millionth of the mean apart.

    A whole beta by multiplication: `pow` need not round alike on every machine.
    """
    near = 1 / np.maximum(d, 1e-6 * d.mean())
    return np.prod(np.broadcast_to(near, (int(beta), *d.shape)), axis=0) if beta == int(beta) else near**beta


def ant_system(d, rng, *, cycles, runs=1, ants=None, alpha=1, beta=5, rho=0.5, deposit=100.0, elitists=0):
    """Found by Ant System (Dorigo, Maniezzo & Colorni 1996), with their settings.

    Every ant (n of them unless `ants` says) draws each move by tau**alpha / d**beta; then tau loses the
    share rho, and each ant adds deposit / length to the edges of its tour, `elitists` more to the best so far.
    alpha = 0: no pheromone; beta = 0: no heuristic.
    """
    d = _checked(d)
    n, runs, cycles, ants, rho = _sizes(d, runs, cycles, ants, rho)
    alpha, beta = (checks.one_number(name, value, 0, STEEPEST) for name, value in (("alpha", alpha), ("beta", beta)))
    deposit, elitists = (checks.one_number(name, value, 0, 1e6) for name, value in (("deposit", deposit), ("elitists", elitists)))
    tau = np.ones((runs, n, n))
    near = _powers(d, beta)
    best, length, course = None, np.full(runs, np.inf), []
    for _ in range(cycles):
        tours = _walk(rng, tau**alpha * near, ants, 0)
        lengths = tour_length(tours, d)
        best, length = _better(best, length, tours, lengths)
        course.append(length)
        tau *= 1 - rho
        tau += _marks(tours, deposit / _divisors(lengths, d), n)
        if elitists:
            tau += _marks(best[:, None], elitists * deposit / _divisors(length, d)[:, None], n)
    return Found(best, length, np.array(course))


def _divisors(lengths, d):
    """The lengths, but none below a millionth of the mean distance: rounded distances may make a tour of length 0."""
    return np.maximum(lengths, 1e-6 * d.mean())


def _square(d):
    """`d` as distances between at least three cities."""
    d = checks.finite("d", d, 0)
    if d.ndim != 2 or d.shape[0] != d.shape[1] or len(d) < 3:
        raise ValueError(f"d of shape {d.shape}: must have shape (n, n), n at least 3")
    return d


def _checked(d):
    """`d` as distances between at least three cities, not all in one place."""
    d = _square(d)
    if not d.any():
        raise ValueError("d: all cities are in one place, so every tour has length 0; some must lie apart")
    return d


def _sizes(d, runs, cycles, ants, rho):
    runs, cycles = checks.count("runs", runs), checks.count("cycles", cycles)
    n = len(d)
    return n, runs, cycles, n if ants is None else checks.count("ants", ants), checks.one_number("rho", rho, 0, 1)


def _marks(tours, weights, n):
    """(runs, n, n): `weights` (runs, ants) laid on both directions of the edges of `tours`."""
    runs = len(tours)
    after = np.roll(tours, -1, axis=-1)
    base = np.arange(runs)[:, None, None] * n * n
    edges = np.concatenate([(base + tours * n + after).ravel(), (base + after * n + tours).ravel()])
    laid = np.broadcast_to(weights[..., None], tours.shape).ravel()
    return np.bincount(edges, np.concatenate([laid, laid]), runs * n * n).reshape(runs, n, n)


def _better(best, length, tours, lengths):
    """The best tour and length of each run so far, with those of this iteration."""
    first = lengths.argmin(axis=1)
    run = np.arange(len(tours))
    now = lengths[run, first]
    if best is None:
        return tours[run, first], now
    wins = now < length
    return np.where(wins[:, None], tours[run, first], best), np.where(wins, now, length)


class Colony:
    """Ant Colony System (Dorigo & Gambardella 1997): some colonies side by side.

    Ten ants move together. Each move renews its edge's pheromone by the share `rho` of tau0 = 1 / (n times
    the nearest-neighbour tour), which makes it dull to the others (an edge that several take in one move is
    renewed once). When all are home, the edges of the best tour so far are renewed by 1 / its length.
    """

    def __init__(self, d, rng, *, runs=1, ants=10, q0=0.9, beta=2, rho=0.1):
        d = _checked(d)
        n, runs, _, ants, rho = _sizes(d, runs, 1, ants, rho)
        self.rng, self.ants, self.rho = rng, ants, rho
        self.q0, self.beta = checks.one_number("q0", q0, 0, 1), checks.one_number("beta", beta, 0, STEEPEST)
        self.best, self.length = None, np.full(runs, np.inf)
        self.measure(d)
        self.tau0 = 1 / (n * _divisors(tour_length(nearest_neighbour(d), d), d))
        self.tau = np.full((runs, n, n), self.tau0)

    def measure(self, d):
        """Work with the distances `d`; the best tour so far stays, at its new length. So does tau0."""
        self.d = d
        if self.best is not None:
            self.length = tour_length(self.best, d)

    def iterate(self):
        """Every ant makes a tour."""
        near = _powers(self.d, self.beta)
        attraction = self.tau * near

        def moved(run, here, there):
            renewed = (1 - self.rho) * self.tau[run, here, there] + self.rho * self.tau0
            for i, j in ((here, there), (there, here)):
                self.tau[run, i, j] = renewed
                attraction[run, i, j] = renewed * near[i, j]

        tours = _walk(self.rng, attraction, self.ants, self.q0, moved)
        self.best, self.length = _better(self.best, self.length, tours, tour_length(tours, self.d))
        run, after = np.arange(len(tours))[:, None], np.roll(self.best, -1, axis=1)
        renewed = (1 - self.rho) * self.tau[run, self.best, after] + self.rho / _divisors(self.length, self.d)[:, None]
        self.tau[run, self.best, after] = self.tau[run, after, self.best] = renewed


def ant_colony_system(d, rng, *, cycles, runs=1, **settings):
    """Found by `cycles` iterations of `Colony`."""
    cycles = checks.count("cycles", cycles)
    colony = Colony(d, rng, runs=runs, **settings)
    course = np.empty((cycles, colony.length.size))
    for cycle in range(cycles):
        colony.iterate()
        course[cycle] = colony.length
    return Found(colony.best, colony.length, course)
