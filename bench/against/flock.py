"""Vicsek's flock as it is written with Mesa, AgentPy, pyvicsek and Numba, and how fast each flies.

All start from the same birds: a flock of the book's, some steps old. Mesa and AgentPy, with the book's draws, must put every bird where
the book puts it; pyvicsek, whose noise is another (a random vector is added to the mean heading), must do so without noise.
"""
import copy
import math
import random

import agentpy
import mesa
import mesa.experimental.continuous_space as new_space
import mesa.space
import numba
import numpy as np
import vicsek
from race import faster, growth, grown, race, slower
from vicsek.models.particle import Particle

from helpers import swarm

DENSITY, NOISE, SPEED = 0.4, 1.0, 0.03
STEPS = 3  # how old the flock is


def flock(birds, noise=NOISE):
    found = swarm.Vicsek(np.random.default_rng(1), birds=birds, density=DENSITY, noise=noise, speed=SPEED)
    for _ in range(STEPS):
        found.step()
    return found


def chances():
    """Numbers, U(0, 1), one after the other."""
    return iter(random.Random(1).random, None)


class Headed:
    """What the birds of Mesa and AgentPy share: headings."""

    def head(self, angle):
        self.heading, self.toward = angle, (math.cos(angle), math.sin(angle))

    def among(self, others):
        """The mean heading of `others`, with noise, is where it heads next."""
        x = y = 0.0
        for other in others:
            east, north = other.toward
            x += east
            y += north
        self.next = math.atan2(y, x) + self.model.noise * (next(self.model.chances) - 0.5)


# --- Mesa, the space that most models use ----------------------------------------------------------------------


class MesaBird(Headed, mesa.Agent):
    def look(self):
        self.among(self.model.space.get_neighbors(self.pos, 1.0))

    def fly(self):
        self.head(self.next)
        (x, y), (east, north) = self.pos, self.toward
        self.model.space.move_agent(self, (x + SPEED * east, y + SPEED * north))


class MesaFlock(mesa.Model):
    def __init__(self, flock, chances):
        super().__init__(seed=1)
        self.noise, self.chances = flock.noise, chances
        self.space = mesa.space.ContinuousSpace(flock.box, flock.box, torus=True)
        for at, angle in zip(flock.at.tolist(), flock.heading.tolist(), strict=True):
            bird = MesaBird(self)
            bird.head(angle)
            self.space.place_agent(bird, tuple(at))

    def step(self):
        self.agents.do("look")
        self.agents.do("fly")

    def places(self):
        return np.array([bird.pos for bird in self.agents])


# --- Mesa, its new space -----------------------------------------------------------------------------------------


class NewMesaBird(Headed, new_space.ContinuousSpaceAgent):
    def look(self):
        others, _ = self.space.get_agents_in_radius(self.position, 1.0)
        self.among(others)

    def fly(self):
        self.head(self.next)
        self.position += SPEED * np.array(self.toward)


class NewMesaFlock(mesa.Model):
    def __init__(self, flock, chances):
        super().__init__(seed=1)
        self.noise, self.chances = flock.noise, chances
        self.space = new_space.ContinuousSpace([[0, flock.box], [0, flock.box]], torus=True, random=self.random, n_agents=len(flock.at))
        for at, angle in zip(flock.at, flock.heading.tolist(), strict=True):
            bird = NewMesaBird(self.space, self)
            bird.head(angle)
            bird.position = at

    def step(self):
        self.agents.do("look")
        self.agents.do("fly")

    def places(self):
        return self.space.agent_positions


# --- AgentPy -----------------------------------------------------------------------------------------------------


class AgentPyBird(Headed, agentpy.Agent):
    def look(self):
        self.among([self, *self.model.space.neighbors(self, 1.0)])

    def fly(self):
        self.head(self.next)
        east, north = self.toward
        self.model.space.move_by(self, (SPEED * east, SPEED * north))


class AgentPyFlock(agentpy.Model):
    def __init__(self, flock, chances):
        super().__init__()
        self.noise, self.chances = flock.noise, chances
        self.birds = agentpy.AgentList(self, len(flock.at), AgentPyBird)
        self.space = agentpy.Space(self, shape=(flock.box, flock.box), torus=True)
        self.space.add_agents(self.birds, positions=flock.at.copy().tolist())
        for bird, angle in zip(self.birds, flock.heading.tolist(), strict=True):
            bird.head(angle)

    def step(self):
        self.birds.look()
        self.birds.fly()

    def places(self):
        return np.array([self.space.positions[bird] for bird in self.birds])


# --- pyvicsek, with its kernel in C++ ------------------------------------------------------------------------------


def pyvicsek(flock, noise):
    """`noise` is the length of the random vector."""
    particles = [Particle(at, SPEED * toward, "bird", "bird") for at, toward in zip(flock.at.copy(), flock.toward, strict=True)]
    return vicsek.Vicsek(flock.box, particles, 1.0, SPEED, noise, seed=1)


# --- Numba: a list of cells, compiled --------------------------------------------------------------------------------


@numba.njit
def compiled_step(at, heading, toward, box, noise, draws):
    """One step in place: birds sorted by cell, each pair of neighbouring cells once. For at least three cells a side."""
    n, cells = len(at), int(box)
    cell, first = np.empty(n, np.int64), np.zeros(cells * cells + 1, np.int64)
    for i in range(n):
        cell[i] = min(int(at[i, 1] * cells / box), cells - 1) * cells + min(int(at[i, 0] * cells / box), cells - 1)
        first[cell[i] + 1] += 1
    for c in range(cells * cells):
        first[c + 1] += first[c]
    free, who, birds = first[:-1].copy(), np.empty(n, np.int64), np.empty((n, 4))
    for i in range(n):
        place = free[cell[i]]
        free[cell[i]] += 1
        who[place] = i
        birds[place, 0], birds[place, 1], birds[place, 2], birds[place, 3] = at[i, 0], at[i, 1], toward[i, 0], toward[i, 1]
    seen = birds[:, 2:].copy()
    for row in range(cells):
        for column in range(cells):
            here = row * cells + column
            if first[here] == first[here + 1]:
                continue
            for beside in range(5):
                right, up = (0, 1, -1, 0, 1)[beside], (0, 0, 1, 1, 1)[beside]
                x, y, across, along = column + right, row + up, 0.0, 0.0
                if x == cells:
                    x, across = 0, box
                elif x < 0:
                    x, across = cells - 1, -box
                if y == cells:
                    y, along = 0, box
                there = y * cells + x
                for i in range(first[here], first[here + 1]):
                    for j in range(i + 1 if beside == 0 else first[there], first[there + 1]):
                        dx, dy = birds[j, 0] + across - birds[i, 0], birds[j, 1] + along - birds[i, 1]
                        if dx * dx + dy * dy <= 1.0:
                            seen[i, 0] += birds[j, 2]
                            seen[i, 1] += birds[j, 3]
                            seen[j, 0] += birds[i, 2]
                            seen[j, 1] += birds[i, 3]
    for place in range(n):
        i = who[place]
        angle = math.atan2(seen[place, 1], seen[place, 0]) + noise * (draws[i] - 0.5)
        heading[i], toward[i, 0], toward[i, 1] = angle, math.cos(angle), math.sin(angle)
        for k in range(2):
            at[i, k] = (at[i, k] + SPEED * toward[i, k]) % box
            if at[i, k] == box:
                at[i, k] = 0.0


class NumbaFlock:
    def __init__(self, flock, rng):
        self.at, self.heading, self.toward = flock.at.copy(), flock.heading.copy(), flock.toward.copy()
        self.box, self.noise, self.rng = flock.box, flock.noise, rng

    def step(self):
        compiled_step(self.at, self.heading, self.toward, self.box, self.noise, self.rng.random(len(self.at)))

    def places(self):
        return self.at


# --- the race ----------------------------------------------------------------------------------------------------


def apart(places, flock):
    """The furthest that a bird is from where the book has it."""
    off = places - flock.at
    return np.abs(off - flock.box * np.rint(off / flock.box)).max()


def check(birds=400, steps=10):
    """Everybody flies as the book's birds do."""
    start = flock(birds)
    draws = copy.deepcopy(start.rng).random((steps, birds))
    models = [make(start, iter(draws.ravel().tolist())) for make in (MesaFlock, NewMesaFlock, AgentPyFlock)]
    models.append(NumbaFlock(start, copy.deepcopy(start.rng)))
    for _ in range(steps):
        start.step()
        for model in models:
            model.step()
            assert apart(model.places(), start) < 1e-9, type(model).__name__
    quiet = flock(birds, noise=0.0)
    other = pyvicsek(quiet, 0.0)
    for _ in range(steps):
        quiet.step()
        other.step()
    assert apart(other.positions, quiet) < 1e-9, "pyvicsek"


def contenders(birds):
    """{name: how it is prepared}. pyvicsek's vector turns as far, root mean square, as the book's angle."""
    start, length = flock(birds), NOISE / math.sqrt(6)
    return {"book": lambda: copy.deepcopy(start).step,
            "Mesa": lambda: MesaFlock(start, chances()).step,
            "Mesa's new space": lambda: NewMesaFlock(start, chances()).step,
            "AgentPy": lambda: AgentPyFlock(start, chances()).step,
            "pyvicsek, in C++": lambda: pyvicsek(start, length).step,
            "Numba": lambda: NumbaFlock(start, copy.deepcopy(start.rng)).step}


def rows():
    assert vicsek.kernel_enabled() and vicsek.kernel_threads() == 1
    check()
    wanted = {1000: {"Mesa": 45, "Mesa's new space": 75, "AgentPy": 30, "pyvicsek, in C++": 1},
              10_000: {"Mesa": 350, "AgentPy": 50, "pyvicsek, in C++": None}}
    units = {1000: {"Mesa": 3, "Mesa's new space": 2, "AgentPy": 3}, 10_000: {"Mesa": 1, "AgentPy": 1}}
    for birds, rounds in ((1000, 15), (10_000, 7)):
        made = contenders(birds)
        times = race({name: (made[name], units[birds].get(name, 20)) for name in ("book", *wanted[birds], "Numba")}, rounds)
        times = {name: seconds / birds for name, seconds in times.items()}
        what = f"flock of {birds:,}, a bird's step"
        for peer, least in wanted[birds].items():
            yield faster(what, peer, times, least)
        yield slower(what, "Numba", times, 1.6 if birds == 10_000 else None)
    few, many = (300, 1000, 3000), (1000, 3000, 10_000, 30_000, 100_000)
    yield grown("flock: exponent of a step's time in the birds, 1,000 to 100,000", growth(lambda birds: flock(birds).step, many), 1.15,
                f"Mesa, 300 to 3,000: {growth(lambda birds: MesaFlock(flock(birds), chances()).step, few, 3):.2f}")
