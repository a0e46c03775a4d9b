"""Drivers who each take the route that is quickest for them, or whom a planner sends."""
import numpy as np

from .. import routing
from . import Pair

BANKS = 33  # bridges, as many avenues to which they lead, and as many quays, each from one bridge's end to the next
ROADS, ROUTES = 3 * BANKS, 3 * BANKS
DRIVERS, GROUPS = 200, 10  # a planner hears of the roads anew before he sends the next group
QUAY = 0.2  # mean length of a quay; of a bridge or an avenue it is 1; lengths are times
SLOWED = 0.25  # how much longer a full road takes than an empty one
ROOM = (0.5, 1.5)  # cars that fill a road, from and to, as a share of DRIVERS / BANKS
MORNINGS = 6  # in which all find their routes at first


def town(rng):
    """A routing.Network whose delays are straight lines: selfish drivers lose at most a third more than the least
    (Roughgarden & Tardos 2002).

    By each bridge one goes straight on, or along the quay to the next avenue on either side. Or one walks, which is the
    last route, on a road of its own, and takes as long as cars do on the average if all routes are used alike.
    """
    bridges, avenues, quays = np.arange(ROADS, dtype=np.int64).reshape(3, BANKS)
    straight, right, left = np.arange(ROUTES, dtype=np.int64).reshape(3, BANKS)
    uses = np.zeros((ROUTES + 1, ROADS + 1), np.int64)
    uses[straight, bridges] = uses[straight, avenues] = 1
    uses[right, bridges] = uses[right, quays] = uses[right, np.roll(avenues, -1)] = 1
    uses[left, np.roll(bridges, -1)] = uses[left, quays] = uses[left, avenues] = 1
    uses[-1, -1] = 1
    length = rng.exponential(np.repeat([1, 1, QUAY], BANKS))
    room = rng.uniform(*ROOM, ROADS) * DRIVERS / BANKS
    fixed, slope = np.append(length, 0.0), np.append(SLOWED / room, 0.0)
    alike = np.append(np.full(ROUTES, DRIVERS / ROUTES), 0.0)
    fixed[-1] = routing.total(routing.network(uses, fixed, slope), alike) / DRIVERS
    return routing.network(uses, fixed, slope)


class Drivers:
    """Each morning all choose once more, one after another by lot, what is quickest as the roads then are. Each sees
    the roads with errors of her own, and none is ever seen to take less than no time.
    """

    parts = ROADS
    bytes = 8 * ROADS * DRIVERS  # each looks at every road

    def __init__(self, rng):
        self.rng = rng
        self.network = town(rng)
        self.walking = self.network.fixed[-1] * DRIVERS
        self.least = routing.total(self.network, routing.optimum(self.network, DRIVERS))
        self.open = np.ones(ROUTES + 1, bool)
        self.choice = rng.integers(0, ROUTES, DRIVERS)
        for _ in range(MORNINGS):
            self.choice = self._chosen(0.0)

    def worst(self, count):
        """Again and again the road with most cars whose route is still open, one more counted for each route: others
        will go there.
        """
        cars = np.bincount(self.choice, minlength=ROUTES + 1)[:-1] + 1
        uses, left = self.network.uses[:-1, :-1], np.ones(ROADS, bool)
        gone = np.empty(count, np.int64)
        for k in range(count):
            gone[k] = np.where(left, cars @ uses, -1).argmax()
            left[gone[k]] = False
            cars[uses[:, gone[k]]] = 0
        return gone

    def lose(self, gone):
        self.open &= ~self.network.uses[:, gone].any(axis=1)
        self.choice[~self.open[self.choice]] = ROUTES

    def mend(self):
        """A morning more, after which all know who went where."""
        self.choice = self._chosen(0.0)

    def _felt(self, load):
        """What one more car on each road counts for: how long it takes."""
        return self.network.fixed + self.network.slope * (load + 1)

    def _errors(self, cars):
        return self.rng.standard_normal((cars, ROADS))

    def _chosen(self, noise):
        """The routes (DRIVERS,) after a morning."""
        choice, uses = self.choice.copy(), self.network.uses.astype(float)
        load = uses[choice].sum(axis=0)
        seen = np.ones(ROADS + 1)
        for group in np.split(self.rng.permutation(DRIVERS), GROUPS):
            for driver, error in zip(group, self._errors(group.size), strict=True):
                load -= uses[choice[driver]]
                seen[:-1] = np.maximum(1 + noise * error, 0)
                choice[driver] = np.where(self.open, uses @ (seen * self._felt(load)), np.inf).argmin()
                load += uses[choice[driver]]
        return choice

    def quality(self, noise):
        """Of what decides this morning: time saved against walking, as a share of what could be."""
        flows = np.bincount(self._chosen(noise), minlength=ROUTES + 1)
        return (self.walking - routing.total(self.network, flows)) / (self.walking - self.least)


class Planner(Drivers):
    """The planner, the last part, sends one driver after another where a car more costs all together least. Each road
    reports to him before each group of drivers, with one error for all of them. Without him all go where they were last
    sent, and walk if that way is closed.
    """

    parts = ROADS + 1
    bytes = 8 * (ROADS * GROUPS + DRIVERS)  # from the roads, and to the drivers

    def __init__(self, rng):
        self.there = True
        super().__init__(rng)

    def worst(self, count):
        """The planner, and then the roads."""
        return np.append(ROADS, super().worst(count - 1)) if count else super().worst(0)

    def lose(self, gone):
        self.there &= ROADS not in gone
        super().lose(gone[gone < ROADS])

    def _felt(self, load):
        return (load + 1) * super()._felt(load) - load * super()._felt(load - 1)

    def _errors(self, cars):
        return np.broadcast_to(super()._errors(1), (cars, ROADS))

    def _chosen(self, noise):
        return super()._chosen(noise) if self.there else self.choice


PAIR = Pair(
    Drivers, Planner, chapter="07_agents", twin="a planner who sends each driver",
    task="get across the river, all together as quickly as can be", parts="roads", signal="how long a road takes",
    quality="time saved: 0 if all routes are used alike, or all walk; 1 the least that all together could lose",
    round="another morning, in which all choose again, or are sent again")
