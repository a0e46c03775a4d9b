"""Foraging on the plane: a colony that marks its ways, and couriers who follow a map.

Notation
    side         the ground is side x side cells; an ant or a courier moves one cell in a tick, in one
                 of eight directions
    cell         flat index into the ground with a border of walls around it, row by row
    trails       (2, cells) pheromone: 0 the trail home, which searchers lay and carriers follow;
                 1 the trail to food, which carriers lay and searchers follow
    freshness    of an ant: what she lays in a tick; 1 where she sets out, less at each tick after
    evaporation  share of all pheromone that is lost in a tick
"""
import numpy as np

from . import checks
from .ants import attraction
from .scenes import Field, Points

TIRING = 0.97  # what is left of an ant's freshness after a tick: so near the goal the trail is strongest
K, N = 0.02, 2  # of the choice function: pheromone that it takes to matter, and steepness
AHEAD = 3.0  # how much rather an ant goes straight on than turns by 45 degrees
NEAR = 2.5  # cells: the radius of the nest, and of a heap of food
BRUSH = 1.6  # cells: the radius of what the reader draws
MOST_CELLS = 10_000  # a side
WINDOW = 200  # ticks over which deliveries are counted


def _side(side):
    side = checks.count("side", side)
    if side > MOST_CELLS:
        raise ValueError(f"side={side}: must be at most {MOST_CELLS}")
    return side


def ground(side):
    """The cells' walls, flat: true at the border alone. side at most MOST_CELLS."""
    side = _side(side)
    walls = np.zeros((side + 2, side + 2), bool)
    walls[[0, -1]] = walls[:, [0, -1]] = True
    return walls.ravel()


def _looked_at(side, walls, **cells):
    """side, walls and the named cells, if they are of one ground: walls bool as of ground(side), cells (n,) within its border."""
    if not isinstance(walls, np.ndarray):
        checks.numbers("walls", walls)
    border, walls = ground(side), np.asarray(walls)
    if walls.shape != border.shape or walls.dtype != bool or not walls[border].all():
        raise ValueError(f"walls of shape {walls.shape}: must be bool of shape {border.shape}, true all along the border")
    for name, value in cells.items():
        at = checks.counts(name, value, 0)
        if at.ndim != 1 or not at.size or at.max() >= border.size or border[at].any():
            raise ValueError(f"{name} of shape {at.shape}: must be cells (n,) within the border, at least one")
        cells[name] = at
    return int(side), walls, *cells.values()


def places(cells, side):
    """x, y of the middles of cells, (n, 2), in cells from the lower left."""
    cells, side = checks.counts("cells", cells, 0), checks.count("side", side)
    return np.stack([cells % (side + 2) - 0.5, cells // (side + 2) - 0.5], axis=-1)


def disc(x, y, radius, side):
    """The cells of the ground whose middles lie within `radius` of (x, y)."""
    x, y, radius = (checks.one_number(name, value) for name, value in (("x", x), ("y", y), ("radius", radius)))
    side = _side(side)
    every = np.arange((side + 2) ** 2)
    at = places(every, side)
    inside = (at > 0).all(axis=1) & (at < side).all(axis=1)
    return every[inside & (((at - (x, y)) ** 2).sum(axis=1) <= radius**2)]


def steps_of(side):
    """What to add to a cell for each of the eight directions, from east, against the clock."""
    wide = checks.count("side", side) + 2
    return np.array([1, wide + 1, wide, wide - 1, -1, -wide - 1, -wide, -wide + 1], np.int64)


def distances(goal, walls, side):
    """Moves from every cell to the nearest of the cells `goal`: int64, -1 where there is no way."""
    side, walls, edge = _looked_at(side, walls, goal=goal)
    far = np.full(walls.size, -1, np.int64)
    far[edge] = moves = 0
    while edge.size:
        moves += 1
        reached = np.unique(edge[:, None] + steps_of(side))
        edge = reached[~walls[reached] & (far[reached] < 0)]
        far[edge] = moves
    return far


def _looked_up(table, places):
    """table.ravel()[places], in half the time: `places` lie within, so that none is looked at twice ("clip")."""
    return table.take(places, mode="clip")


class Walkers:
    """What ants and couriers share: where they are, what they carry, what they have brought home."""

    def __init__(self, count, side, walls, nest, food):
        self.side, self.walls, self.nest, food = _looked_at(side, walls, nest=nest, food=food)
        self.steps = steps_of(side)
        self.cell = np.full(checks.count("count", count, 0), self.nest[self.nest.size // 2])
        self.carrying = np.zeros(self.cell.size, bool)
        self.noise = 0.0  # standard deviation of the error of a sense, as a share of that of what is sensed
        self.delivered = []  # in each tick
        self.set_food(food)

    def set_food(self, food):
        self.food = food
        self.goal = np.zeros((2, self.walls.size), bool)  # of searchers, of carriers
        self.goal[0, food] = self.goal[1, self.nest] = True

    def exchange(self):
        """Those at their goal pick up or put down: returns who."""
        there = np.flatnonzero(_looked_up(self.goal, self.carrying * np.int64(self.walls.size) + self.cell))
        self.delivered.append(int(np.count_nonzero(self.carrying[there])))
        self.carrying[there] ^= True
        return there

    def recent(self, ticks=WINDOW):
        """Loads brought home in the last `ticks` ticks."""
        return sum(self.delivered[-ticks:])


class Colony(Walkers):
    """Ants that smell three cells: ahead, and to either side of that."""

    def __init__(self, rng, count, side, walls, nest, food, evaporation):
        super().__init__(count, side, walls, nest, food)
        self.rng, self.evaporation = rng, evaporation
        self.heading = rng.integers(0, 8, self.cell.size)
        self.ways = self.steps[(np.arange(8) + np.array([[-1], [0], [1]])) & 7]  # (3, 8): ahead and to either side, by heading
        self.freshness = np.ones(self.cell.size)
        self.trails = np.zeros((2, self.walls.size))

    def tick(self):
        size = self.walls.size
        seek = (self.carrying.view(np.int8) ^ 1) * np.int64(size)
        ahead = self.ways.take(self.heading, axis=1, mode="clip")
        ahead += self.cell + seek  # in the trail that is followed
        if self.noise or ahead.size < self.trails.size:
            smelt = _looked_up(self.trails, ahead)
            if self.noise:
                spread = self.trails[:, ~self.walls].std(axis=1)[seek // size]
                smelt = np.maximum(smelt + self.noise * spread * self.rng.standard_normal(smelt.shape), 0)
            pull = attraction(smelt, K, N) * ~self.walls[ahead - seek]
        else:  # more noses than cells
            pull = _looked_up(attraction(self.trails, K, N) * ~self.walls, ahead)
        pull[1] *= AHEAD
        draw = self.rng.random(self.cell.size)
        left, both = pull[0], pull[0] + pull[1]
        whole = both + pull[2]
        draw *= whole
        turned = self.heading + ((draw >= left).view(np.int8) + (draw >= both).view(np.int8) + np.int8(7)) & 7
        move = _looked_up(self.steps, turned)
        stuck = np.flatnonzero(whole == 0)
        turned[stuck], move[stuck] = self.heading[stuck] + 3 + (stuck & 1) * 2 & 7, 0
        self.heading, self.cell = turned, self.cell + move
        there = self.exchange()
        self.freshness *= TIRING
        self.freshness[there] = 1
        self.heading[there] = (self.heading[there] + 4) & 7
        self.trails *= 1 - self.evaporation
        lays = self.carrying * np.int64(self.walls.size) + self.cell
        self.trails += np.bincount(lays, self.freshness, 2 * self.walls.size).reshape(2, -1)


class Couriers(Walkers):
    """Walkers who go the shortest way on a planner's map, surveyed every `survey` ticks.

    A step to a corner counts as one, as every step does; of ways equally short they take the one whose
    next cell lies nearest to the goal as the crow flies.
    Where the map is wrong they stand before the wall and wait for the next survey. With `noise` each reads, in
    each tick, the distances of the cells around with errors, and goes to the least.
    """

    def __init__(self, rng, count, side, walls, nest, food, survey):
        super().__init__(count, side, walls, nest, food)
        self.rng, self.survey, self.known = rng, survey, None
        self.renew()
        there_and_back = 2 * max(1, int(self.far[0][self.nest[0]]))
        self.wait = np.sort(rng.integers(0, there_and_back, self.cell.size))  # so that they do not march in step

    def renew(self):
        """A survey: the map is right again, and so are the ways."""
        self.age = 0
        ground = np.stack([self.walls, self.goal[0]])
        if self.known is not None and np.array_equal(self.known, ground):
            return
        self.known = ground
        free = np.flatnonzero(~self.walls)
        around = free[:, None] + self.steps
        self.far = [distances(goal, self.walls, self.side) for goal in (self.food, self.nest)]
        self.way = np.tile(np.arange(self.walls.size), (2, 1))
        for goal, far in enumerate(self.far):
            best = np.where(far[around] < 0, far.size, far[around])
            better = best.min(axis=1) < np.where(far[free] < 0, 0, far[free])
            middle = places((self.food, self.nest)[goal], self.side).mean(axis=0)
            crow = np.sqrt(((places(around, self.side) - middle) ** 2).sum(axis=-1))
            first = (best + crow / (2 * self.side + 4)).argmin(axis=1)
            self.way[goal, free[better]] = around[better, first[better]]

    def _read(self, goal):
        """The next cell of each, by what it reads of the distances to its goal; its own where there is no way."""
        far = np.stack(self.far)
        around = self.cell[:, None] + self.steps
        there = far[goal[:, None], around]
        spread = np.array([known[known >= 0].std() for known in far])[goal, None]
        read = np.where(there < 0, np.inf, there + self.noise * spread * self.rng.standard_normal(there.shape))
        ahead = np.take_along_axis(around, read.argmin(axis=1)[:, None], axis=1)[:, 0]
        return np.where(read.min(axis=1) < np.inf, ahead, self.cell)

    def tick(self):
        self.age += 1
        if self.age >= self.survey:
            self.renew()
        going = self.wait <= len(self.delivered)
        goal = self.carrying.view(np.int8)
        ahead = self._read(goal) if self.noise else self.way[goal, self.cell]
        self.cell = np.where(going & ~self.walls[ahead], ahead, self.cell)
        self.exchange()


class Foraging:
    """A colony that looks for food, and couriers with a map, on ground where you draw the walls.

    The nest is on the left, the food on the right. `couriers` may be 0. Walls and food may be drawn
    while it runs; the couriers learn of them at the next survey.
    """

    layers = {"walls": Field(top=1), "way_home": Field(top=20, unit="pheromone a cell"),
              "way_to_food": Field(top=20, unit="pheromone a cell"),
              "nest": Points(), "food": Points(), "couriers": Points("x y kind"), "ants": Points("x y kind")}
    tools = {"wall": "stroke", "erase": "stroke", "food": "tap"}
    live = ("evaporation", "survey")

    def __init__(self, rng, *, ants=200, couriers=0, evaporation=0.01, survey=600, side=64):
        ants, couriers = checks.count("ants", ants), checks.count("couriers", couriers, 0)
        side = checks.count("side", side, 20)
        self.side, self.plane = side, (float(side), float(side))
        self.nest_at, self.food_at = np.array([0.28, 0.5]) * side, np.array([0.72, 0.5]) * side
        self.walls = ground(side)
        nest, food = (disc(*at, NEAR, side) for at in (self.nest_at, self.food_at))
        self.colony = Colony(rng, ants, side, self.walls, nest, food, 0)
        self.couriers = Couriers(rng, couriers, side, self.walls, nest, food, 1)
        self.evaporation, self.survey = evaporation, survey
        self.time = 0

    @property
    def evaporation(self):
        return self.colony.evaporation

    @evaporation.setter
    def evaporation(self, value):
        self.colony.evaporation = checks.one_number("evaporation", value, 0, 1)

    @property
    def survey(self):
        return self.couriers.survey

    @survey.setter
    def survey(self, value):
        self.couriers.survey = checks.count("survey", value)

    def step(self):
        self.colony.tick()
        if self.couriers.cell.size:
            self.couriers.tick()
        self.time += 1

    def scene(self):
        inner = (slice(1, -1), slice(1, -1))
        wide = self.side + 2
        walls, home, food = (array.reshape(wide, wide)[inner] for array in (self.walls, *self.colony.trails))
        walking = {name: np.column_stack([places(walkers.cell, self.side), walkers.carrying])
                   for name, walkers in (("couriers", self.couriers), ("ants", self.colony))}
        return {"walls": walls, "way_home": home, "way_to_food": food, "nest": self.nest_at[None],
                "food": self.food_at[None], **walking}

    def poke(self, x, y, tool):
        """Draw or erase a wall, or bring the food there.

        ValueError for a wall over the nest or the food, and for food on a wall or at the nest.
        """
        checks.one_of("tool", tool, tuple(self.tools))
        x, y = (checks.one_number(name, value, 0, self.side) for name, value in (("x", x), ("y", y)))
        if tool == "food":
            heap = disc(x, y, NEAR, self.side)
            if self.walls[heap].any() or np.isin(heap, self.colony.nest).any():
                raise ValueError(f"food at x={x:.1f}, y={y:.1f}: it may lie neither on a wall nor at the nest")
            self.food_at = np.array([x, y])
            self.colony.set_food(heap)
            self.couriers.set_food(heap)
            return
        drawn = disc(x, y, BRUSH, self.side)
        if tool == "wall" and np.isin(drawn, np.concatenate([self.colony.nest, self.colony.food])).any():
            raise ValueError(f"a wall at x={x:.1f}, y={y:.1f}: it may cover neither the nest nor the food")
        self.build(drawn, tool == "wall")

    def build(self, cells, standing):
        """Put a wall on `cells` or take it off; who stands there steps to the nearest free cell."""
        self.walls[cells] = standing
        free = np.flatnonzero(~self.walls)
        for walkers in (self.colony, self.couriers):
            caught = np.flatnonzero(self.walls[walkers.cell])
            apart = places(walkers.cell[caught], self.side)[:, None] - places(free, self.side)
            walkers.cell[caught] = free[(apart**2).sum(axis=2).argmin(axis=1)]

    def readout(self):
        said = f"Tick {self.time}: the colony brought home {self.colony.recent()} loads in the last {WINDOW} ticks"
        if not self.couriers.cell.size:
            return said + "."
        return (f"{said}, the couriers {self.couriers.recent()}; their map is {self.couriers.age} "
                f"{'tick' if self.couriers.age == 1 else 'ticks'} old.")

    def reached(self):
        """The colony delivers while the couriers, who did before, bring nothing."""
        return (sum(self.couriers.delivered) > 0 and self.couriers.recent() == 0
                and self.colony.recent() >= 100)


def barrier(side, height=0.8):
    """The cells of a wall across the middle, three cells thick, from the lower edge to `height` * side."""
    height = checks.one_number("height", height, 0, 1)
    side = checks.count("side", side)
    middle, wide = side // 2, side + 2
    rows = np.arange(1, 1 + round(height * side))
    return (rows[:, None] * wide + np.arange(middle, middle + 3)).ravel()


def deliveries(seeds, *, ticks, falls, opens=None, every=100, **settings):
    """Loads brought home in each `every` ticks: (colony, couriers), int64 (len(seeds), ticks // every).

    `barrier` stands from tick `falls` until tick `opens` (to the end if None); 0: from the start. The
    settings are those of `Foraging`.
    """
    ticks, every, falls = checks.count("ticks", ticks), checks.count("every", every), checks.count("falls", falls, 0)
    opens = None if opens is None else checks.count("opens", opens, 0)
    seeds = checks.counts("seeds", seeds, 0)
    if seeds.ndim != 1:
        raise ValueError(f"seeds of shape {seeds.shape}: must be (n,), one of each run")
    brought = np.zeros((2, len(seeds), ticks // every), np.int64)
    for row, seed in enumerate(seeds):
        model = Foraging(np.random.default_rng(seed), **settings)
        wall = barrier(model.side)
        if falls == 0:
            model.build(wall, True)
            model.couriers.renew()
        for tick in range(ticks):
            if tick and tick in (falls, opens):
                model.build(wall, tick == falls)
            model.step()
        for kind, walkers in enumerate((model.colony, model.couriers)):
            if walkers.delivered:
                brought[kind, row] = np.reshape(walkers.delivered[:ticks // every * every], (-1, every)).sum(axis=1)
    return brought[0], brought[1]
