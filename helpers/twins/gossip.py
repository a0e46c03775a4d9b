"""Sensors that must all know the mean of what they measured: by talking to neighbours, or through a server."""
import numpy as np
from scipy.spatial import cKDTree

from .. import consensus
from . import Pair

SENSORS, NEAREST = 100, 5  # in a square; each is linked to its nearest, so that it has some six links
ROUNDS = 50  # of averaging among neighbours for one decision
DAYS = 50  # on which the same sensors measure anew
TREND = 1.0  # across the square, standard deviation beside that of what is a place's own


def sensors(rng):
    """Places (n, 2) in the unit square and links (m, 2), drawn again until the graph hangs together."""
    while True:
        at = rng.random((SENSORS, 2))
        near = cKDTree(at).query(at, NEAREST + 1)[1][:, 1:].astype(np.int64)
        ends = np.column_stack([np.repeat(np.arange(SENSORS, dtype=np.int64), NEAREST), near.ravel()])
        edges = np.unique(np.sort(ends, axis=1), axis=0)
        if not consensus.parts(SENSORS, edges).any():
            return at, edges


class Gossip:
    """Each round all move towards what they hear from their neighbours, with weights that two neighbours agree on
    (Metropolis).

    A neighbour who is lost falls silent, and the weights are agreed on anew. Who hears nobody believes what it
    measured.
    """

    parts = SENSORS

    def __init__(self, rng):
        self.rng = rng
        self.at, self.edges = sensors(rng)
        self.there = np.ones(SENSORS, bool)
        self.rounds = ROUNDS
        self.bytes = 8 * 2 * len(self.edges) * ROUNDS  # a number each way over each link in each round

    def _links(self):
        return self.edges[self.there[self.edges].all(axis=1)]

    def worst(self, count):
        """Those whose loss cuts the largest part in two at the least price, again and again; the price of a cut is the
        number of nodes lost by the number in the smaller half. Cuts are looked for along the part's Fiedler vector."""
        left, gone = self.there.copy(), []
        while len(gone) < count:
            links = self.edges[left[self.edges].all(axis=1)]
            part = np.where(left, consensus.parts(SENSORS, links), -1)
            nodes = np.flatnonzero(part == np.bincount(part[left]).argmax())
            cut = _cut(nodes, links)[:count - len(gone)]
            left[cut] = False
            gone.extend(cut)
        return np.array(gone, np.int64)

    def lose(self, gone):
        self.there[gone] = False

    def mend(self):
        """Those who are left average for a round longer."""
        self.rounds += 1

    def _measured(self):
        """Values (days, n), of any mean: each day a trend in a direction drawn by lot, and something of each place's
        own.
        """
        slopes = TREND * np.sqrt(6) * self.rng.standard_normal((DAYS, 2))
        return slopes @ (self.at - 0.5).T + self.rng.standard_normal((DAYS, SENSORS))

    def _beliefs(self, values, noise):
        links = self._links()
        if not len(links):
            return values
        W = consensus.matrix(SENSORS, links, consensus.weights(SENSORS, links))
        # What disturbs the messages that a node hears in a round adds up to one normal number of this size.
        heard = noise * np.sqrt((W**2).sum(axis=1) - W.diagonal() ** 2)
        for _ in range(self.rounds):
            values = values @ W
            if noise:
                values += heard * self.rng.standard_normal(values.shape)
        return values

    def quality(self, noise):
        """1 - mean squared error / variance of the day's values, over the nodes left and the days; the error is against
        the mean of all there were. Each node believing what it measured is 0.
        """
        if not self.there.any():
            return 0.0
        values = self._measured()
        spread = values.std(axis=1, keepdims=True)
        values = (values - values.mean(axis=1, keepdims=True)) / spread
        return 1 - np.mean(self._beliefs(values, noise)[:, self.there] ** 2)


def _cut(nodes, links):
    """The nodes of a connected part whose loss cuts it in two at the least price; all of them if it can't be cut."""
    if nodes.size == 1:
        return nodes
    i, j = np.searchsorted(nodes, links[np.isin(links[:, 0], nodes)]).T
    laplacian = np.zeros((nodes.size, nodes.size))
    laplacian[i, j] = laplacian[j, i] = -1
    laplacian -= np.diag(laplacian.sum(axis=1))
    fiedler = np.linalg.eigh(laplacian)[1][:, 1]
    place = (fiedler if fiedler[0] > 0 else -fiedler).argsort(kind="stable").argsort()  # its sign is nobody's choice
    first, last = np.minimum(place[i], place[j]), np.maximum(place[i], place[j])
    cut, price = place, np.inf
    for middle in range(1, nodes.size):
        lost = np.unique(first[(first < middle) & (last >= middle)])
        smaller = min(middle - lost.size, nodes.size - middle)
        if smaller > 0 and lost.size / smaller < price:
            cut, price = lost, lost.size / smaller
    return nodes[np.isin(place, cut)]


class Server(Gossip):
    """The sensor in the midst hears all, and tells all the mean of what it heard. Nobody else has a list of
    addresses.
    """

    def __init__(self, rng):
        super().__init__(rng)
        self.middle = ((self.at - 0.5) ** 2).sum(axis=1)
        self.server = int(self.middle.argmin())
        self.bytes = 8 * 2 * (SENSORS - 1)

    def worst(self, count):
        """From the middle of the square outwards: the server, then those who even without it are least wrong."""
        return np.argsort(self.middle, kind="stable")[:count].astype(np.int64)

    def mend(self):
        """Nobody knows whom to ask."""

    def _beliefs(self, values, noise):
        if not self.there[self.server]:
            return values
        others = np.arange(SENSORS) != self.server
        heard = values + noise * others * self.rng.standard_normal(values.shape)
        mean = heard[:, self.there].mean(axis=1, keepdims=True)
        return mean + noise * others * self.rng.standard_normal(values.shape)


PAIR = Pair(
    Gossip, Server, chapter="06_signals", twin="a server that hears all and tells all",
    task="let each know the mean of what all measured", parts="sensors", signal="a message",
    quality="1 - mean squared error of those left / variance of what was measured: 0 is to believe one's own value",
    round="one more round of averaging; a star can do nothing")
