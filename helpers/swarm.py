"""Flocks: birds that look at their neighbours only, on a square whose opposite edges meet.

Notation
    n          birds
    box        L, the side of the square, in the unit of `radius`
    density    n / L**2
    at         (n, 2) places, in [0, L)
    toward     (n, 2) unit vectors: where each bird is heading
    noise      eta, radians: each heading is off by a number drawn evenly from (-eta/2, eta/2)
    order      v_a: length of the mean of `toward`; 1 all together, near 0 every which way
"""
import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from . import checks
from .scenes import Points

IN_CACHE = 16_384  # meetings with a cell that are looked through at once
MOST_CELLS = 1024  # along a side


def _rows(name, array):
    """`array`, of shape (n, 2), n at least 1."""
    if array.ndim != 2 or array.shape[1] != 2 or not len(array):
        raise ValueError(f"{name} of shape {array.shape}: must be (n, 2), n at least 1")
    return array


class Pairs(NamedTuple):
    """Each pair of birds within the radius, once: indices i and j (m,), and at[j] - at[i] (m, 2)."""

    i: np.ndarray
    j: np.ndarray
    apart: np.ndarray


@lru_cache(maxsize=2)
def _near(cells):
    """(5, cells**2): of each cell itself and half of its neighbours, so that each two neighbours come once."""
    row, column = np.divmod(np.arange(cells * cells, dtype=np.intp), cells)
    here, up, left, right = row * cells, (row + 1) % cells * cells, (column - 1) % cells, (column + 1) % cells
    return np.stack([here + column, here + right, up + left, up + column, up + right])


def pairs(at, box, radius):
    """All pairs of `at` (n, 2) at most `radius` apart on the square of side `box`, by a list of cells.

    The time grows with the number of pairs, not with n**2. Distances are to the nearest image.
    """
    box, radius = (checks.one_number(name, value, 0, open_low=True) for name, value in (("box", box), ("radius", radius)))
    at = _rows("at", checks.finite("at", at, 0, box))
    n, cells = len(at), int(min(box // radius, MOST_CELLS))
    x, y = np.ascontiguousarray(at.T)
    if cells < 3:  # too few cells for two neighbours of one to differ
        return _close(x, y, *np.triu_indices(n, 1), box, radius)
    column, row = (np.minimum((places * (cells / box)).astype(np.int64), cells - 1) for places in (x, y))
    cell = row * cells + column
    # Of small whole numbers NumPy sorts those of 16 bits in linear time.
    by_cell = np.argsort(cell.astype(np.uint16) if cells <= 256 else cell, kind="stable")
    start = np.zeros(cells * cells + 1, np.intp)  # as `repeat` wants it, in a browser too
    np.cumsum(np.bincount(cell, minlength=cells * cells), out=start[1:])
    near = _near(cells)[:, cell[by_cell]]
    found, some = [], max(1, IN_CACHE // n)
    for turn in range(0, len(near), some):
        first, last = start[near[turn:turn + some]], start[near[turn:turn + some] + 1]
        if turn == 0:
            first[0] = np.arange(1, n + 1)  # in its own cell a bird meets those after it
        first, meets = first.ravel(), (last - first).ravel()
        i = np.repeat(np.tile(by_cell, meets.size // n), meets)
        j = by_cell[np.arange(i.size) + np.repeat(first - np.cumsum(meets) + meets, meets)]
        found.append(_close(x, y, i, j, box, radius))
    return found[0] if len(found) == 1 else Pairs(*map(np.concatenate, zip(*found, strict=True)))


def _close(x, y, i, j, box, radius):
    """Those of the pairs i, j that are at most `radius` apart."""
    apart = [places[j] - places[i] for places in (x, y)]
    for off in apart:
        off -= box * np.rint(off / box)
    close = np.flatnonzero(apart[0] ** 2 + apart[1] ** 2 <= radius**2)
    return Pairs(i[close], j[close], np.stack([off[close] for off in apart], axis=-1))


def sums(found, values):
    """For each bird the sum of `values` (n, ...) over its neighbours, itself left out."""
    values = checks.finite("values", values)
    if not values.ndim or not values.size or len(values) <= max(found.i.max(initial=-1), found.j.max(initial=-1)):
        raise ValueError(f"values of shape {values.shape}: must be (n, ...), of at least one number for each bird of the pairs")
    n = len(values)
    flat = values.reshape(n, -1)
    total = [np.bincount(found.i, column[found.j], n) + np.bincount(found.j, column[found.i], n)
             for column in np.ascontiguousarray(flat.T)]
    return np.stack(total, axis=-1).reshape(values.shape)


def _square(birds, density):
    """How many birds, and the side of their square."""
    birds = checks.count("birds", birds)
    return birds, math.sqrt(birds / checks.one_number("density", density, 1e-9, 1e9))


def _unit(heading):
    """Unit vectors (n, 2) in these directions (n,), radians."""
    toward = np.empty((len(heading), 2))
    np.cos(heading, out=toward[:, 0])
    np.sin(heading, out=toward[:, 1])
    return toward


def _around(at, box):
    """Places on the square, those that left it (few) brought in at the opposite edge."""
    out = (at < 0) | (at >= box)
    at[out] = np.mod(at[out], box)
    at[at == box] = 0  # where rounding made a whole turn of it
    return at


def order(toward):
    """v_a of unit vectors (n, 2): the length of their mean (Vicsek et al. 1995, equation 3)."""
    return float(np.hypot(*_rows("toward", checks.finite("toward", toward)).mean(axis=0)))


class Vicsek:
    """Birds that take the mean heading of their neighbours, with some noise.

    Vicsek et al. 1995: all at once, each bird takes the direction of the sum of the headings of all
    within `radius` 1, itself among them, adds its noise, and flies `speed`. `density` in birds per unit
    area sets the box.
    """

    layers = {"birds": Points("x y heading")}
    tools = {"scatter": "stroke"}
    live = ("noise", "speed")

    def __init__(self, rng, *, birds=300, density=1.0, noise=1.0, speed=0.03):
        birds, self.box = _square(birds, density)
        self.rng = rng
        self.plane = (self.box, self.box)
        self.noise, self.speed = noise, speed
        self.at = rng.random((birds, 2)) * self.box
        self.heading = rng.uniform(-math.pi, math.pi, birds)
        self._turn(0)
        self.time, self.stirred, self.lost = 0, False, False

    @property
    def noise(self):
        return self._noise

    @noise.setter
    def noise(self, value):
        self._noise = checks.one_number("noise", value, 0, 2 * math.pi)

    @property
    def speed(self):
        return self._speed

    @speed.setter
    def speed(self, value):
        self._speed = checks.one_number("speed", value, 0, 0.5)

    def _turn(self, angles):
        self.heading = self.heading + angles
        self.toward = _unit(self.heading)

    def step(self):
        seen = self.toward + sums(pairs(self.at, self.box, 1.0), self.toward)
        self.heading = np.arctan2(seen[:, 1], seen[:, 0])
        self._turn(self.noise * (self.rng.random(len(self.at)) - 0.5))
        self.at = _around(self.at + self.speed * self.toward, self.box)
        self.time += 1
        self.lost = self.lost or (self.stirred and self.order() < 0.5)

    def order(self) -> float:
        """The order parameter v_a."""
        return order(self.toward)

    def scene(self):
        return {"birds": np.column_stack([self.at, self.heading])}

    def poke(self, x, y, tool):
        """Turn the birds within a distance of 1.5 every which way."""
        checks.one_of("tool", tool, tuple(self.tools))
        x, y = (checks.one_number(name, value, 0, self.box) for name, value in (("x", x), ("y", y)))
        apart = self.at - (x, y)
        apart -= self.box * np.rint(apart / self.box)
        near = (apart**2).sum(axis=1) <= 1.5**2
        self.stirred = self.stirred or self.order() > 0.95
        self._turn(np.where(near, self.rng.uniform(-math.pi, math.pi, len(self.at)), 0))

    def readout(self):
        v = self.order()
        words = ("almost every bird goes the same way" if v > 0.9 else "most birds go one way" if v > 0.6
                 else "there are groups, but no common way" if v > 0.25 else "every bird goes its own way")
        return f"Step {self.time}: the order parameter is {v:.2f}; {words}."

    def reached(self):
        """The birds flew as one, were stirred until their order fell below 0.5, and have found it again."""
        return self.lost and self.order() > 0.95


def order_curve(noises, rng, *, birds, density, steps=300, warm=200):
    """Mean order parameter of `Vicsek` at each of `noises`, over `steps` steps after `warm`: (m,)."""
    steps, warm = checks.count("steps", steps), checks.count("warm", warm, 0)
    mean = []
    for noise in checks.vector("noises", noises, 0, 2 * math.pi):
        flock = Vicsek(rng, birds=birds, density=density, noise=noise)
        seen = []
        for _ in range(warm + steps):
            flock.step()
            seen.append(flock.order())
        mean.append(np.mean(seen[warm:]))
    return np.array(mean)


class Boids:
    """Birds that keep apart, fly with their neighbours, and stay together, and a hawk under your hand.

    Reynolds 1987, on the square without edges: each bird steers away from those nearer than 1, toward
    the mean heading of those within 2, and toward their middle; and away from the hawk within 4.
    Steering is a change of velocity in a step; speed stays 0.1.
    """

    layers = {"birds": Points("x y heading"), "hawk": Points("x y")}
    tools = {"hawk": "follow"}
    live = ("separation", "alignment", "cohesion")
    speed, sight, room, fear = 0.1, 2.0, 1.0, 4.0

    def __init__(self, rng, *, birds=300, density=0.75, separation=0.02, alignment=0.05, cohesion=0.01):
        birds, self.box = _square(birds, density)
        self.plane = (self.box, self.box)
        self.separation, self.alignment, self.cohesion = separation, alignment, cohesion
        self.at = rng.random((birds, 2)) * self.box
        angle = rng.uniform(-math.pi, math.pi, birds)
        self.toward = _unit(angle)
        self.hawk = np.array([np.nan, np.nan])
        self.time, self.had, self.apart = 0, None, 0
        self.found = pairs(self.at, self.box, self.sight)

    def __setattr__(self, name, value):
        if name in self.live:
            value = checks.one_number(name, value, 0, 1)
        super().__setattr__(name, value)

    def step(self):
        found = self.found
        distance = np.sqrt((found.apart**2).sum(axis=1))
        push = np.maximum(self.room / np.maximum(distance, 1e-3) - 1, 0)[:, None] * found.apart
        n = len(self.at)
        away = np.stack([np.bincount(found.j, column, n) - np.bincount(found.i, column, n) for column in push.T], -1)
        middle = np.stack([np.bincount(found.i, column, n) - np.bincount(found.j, column, n)
                           for column in found.apart.T], -1)
        seen = np.maximum(np.bincount(found.i, minlength=n) + np.bincount(found.j, minlength=n), 1)[:, None]
        steer = (self.separation * away + self.alignment * (sums(found, self.toward) / seen - self.toward)
                 + self.cohesion * middle / seen)
        if not np.isnan(self.hawk[0]):
            flee = self._from_hawk()
            far = np.sqrt((flee**2).sum(axis=1))[:, None]
            steer += np.where(far < self.fear, 0.3 * (1 - far / self.fear) * flee / np.maximum(far, 1e-3), 0)
        toward = self.toward + steer
        self.toward = toward / np.maximum(np.sqrt((toward**2).sum(axis=1)), 1e-12)[:, None]
        self.at = _around(self.at + self.speed * self.toward, self.box)
        self.found = pairs(self.at, self.box, self.sight)
        self.time += 1
        self._watch()

    def _watch(self):
        """Count the steps for which the hawk keeps apart what it met flying together."""
        if np.isnan(self.hawk[0]) or self._nearest() > self.fear:
            self.had, self.apart = None, 0
        elif self.had is None:
            self.had = self.flocks() if order(self.toward) > 0.8 else None
        else:
            self.apart = self.apart + 1 if self.flocks() >= self.had + 2 else 0

    def _from_hawk(self):
        apart = self.at - self.hawk
        return apart - self.box * np.rint(apart / self.box)

    def _nearest(self):
        return float(np.sqrt((self._from_hawk() ** 2).sum(axis=1)).min())

    def flocks(self) -> int:
        """Groups of at least three birds, each within sight of another of its group."""
        group = np.arange(len(self.at))
        while True:  # the least number spreads along the pairs, doubling its reach
            least = group.copy()
            np.minimum.at(least, self.found.i, group[self.found.j])
            np.minimum.at(least, self.found.j, group[self.found.i])
            least = least[least]
            if np.array_equal(least, group):
                return int((np.bincount(group) >= 3).sum())
            group = least

    def scene(self):
        angle = np.arctan2(self.toward[:, 1], self.toward[:, 0])
        return {"birds": np.column_stack([self.at, angle]), "hawk": self.hawk[None]}

    def poke(self, x, y, tool):
        """Put the hawk there."""
        checks.one_of("tool", tool, tuple(self.tools))
        self.hawk = np.array([checks.one_number(name, value, 0, self.box) for name, value in (("x", x), ("y", y))])

    def readout(self):
        flocks = self.flocks()
        said = (f"Step {self.time}: {flocks} {'group' if flocks == 1 else 'groups'} within sight, "
                f"order parameter {order(self.toward):.2f}")
        if np.isnan(self.hawk[0]):
            return said + "; no hawk about."
        return said + f"; the nearest bird is {self._nearest():.1f} from the hawk."

    def reached(self):
        """For thirty steps on end there are two groups more than when the hawk came near an orderly flock."""
        return self.apart >= 30
