"""A network that must agree, and whose wires can be cut: `consensus` as a stage."""
import math

import numpy as np

from . import checks, consensus
from .scenes import Edges, Points, touched

SIZE, NODES = 100.0, 40  # the plane's side; half of the nodes in each of two towns
LINKS = 4  # to its nearest neighbours in its town
REACH = 2.5  # how near the pointer must come to a wire or a node
CLOSE, FAR = 1.0, 10.0  # from the mean that all had at first
BRIDGES = 4  # wires between the towns


class Gossiping:
    """Forty thermometers that must agree on their mean.

    Two towns, a few wires between them. In a step each node hears its neighbours (`how` "all listen", with Metropolis
    weights), or pairs meet and take their mean ("pairs meet"; nobody meets two in one step). The tool "cut" cuts wires
    under the pointer, "mend" ties them again; a node tapped with "stubborn" listens to nobody (tap again: it does).
    """

    layers = {"wires": Edges("nodes", width=1.6), "nodes": Points("x y kind", unit="degrees"), "stubborn_ones": Points()}
    tools = {"cut": "stroke", "mend": "stroke", "stubborn": "tap"}
    live = ("how",)

    def __init__(self, rng, *, how="all listen"):
        self.plane, self.rng, self.how = (SIZE, SIZE), rng, how
        self.at = self._towns(rng)
        half = NODES // 2
        self.values = rng.normal(np.repeat([12.0, 28.0], half), 6.0)
        self.first = float(self.values.mean())
        self.edges = self._wires()
        self.whole = np.ones(len(self.edges), bool)
        self.stubborn = np.zeros(NODES, bool)
        self.time = self.sent = 0
        self._tied()

    def __setattr__(self, name, value):
        if name == "how":
            checks.one_of("how", value, ("all listen", "pairs meet"))
        super().__setattr__(name, value)

    @staticmethod
    def _towns(rng):
        """Places (n, 2): each node as far from those before it as the best of thirty places drawn."""
        at = np.empty((NODES, 2))
        for node in range(NODES):
            middle = np.array([26.0, 50.0]) if node < NODES // 2 else np.array([74.0, 50.0])
            angle, radius = rng.uniform(0, 2 * math.pi, 30), 22 * np.sqrt(rng.random(30))
            spots = middle + np.column_stack([radius * np.cos(angle), 1.8 * radius * np.sin(angle)])
            nearest = ((spots[:, np.newaxis] - at[:node]) ** 2).sum(axis=-1).min(axis=1, initial=np.inf)
            at[node] = spots[nearest.argmax()]
        return at

    def _wires(self):
        """Each node with its nearest in its own town, and the nearest pairs of the two towns, no node twice."""
        d = ((self.at[:, np.newaxis] - self.at) ** 2).sum(axis=-1)
        town = np.arange(NODES) >= NODES // 2
        inside = np.where(town[:, np.newaxis] == town, d, np.inf)
        np.fill_diagonal(inside, np.inf)
        near = inside.argsort(axis=1, kind="stable")[:, :LINKS]
        pairs = {(min(i, j), max(i, j)) for i, row in enumerate(near.tolist()) for j in row}
        across = np.where(town[:, np.newaxis] == town, np.inf, d)
        for _ in range(BRIDGES):
            i, j = np.unravel_index(across.argmin(), across.shape)
            pairs.add((min(int(i), int(j)), max(int(i), int(j))))
            across[[i, j]] = across[:, [i, j]] = np.inf
        return np.array(sorted(pairs), np.int64)

    def _tied(self):
        """What depends on which wires are whole."""
        self.links = self.edges[self.whole]
        self.part = consensus.parts(NODES, self.links)
        self.weights = consensus.weights(NODES, self.links) if len(self.links) else np.zeros(0)
        one = np.unique(self.part).size == 1
        self.rho = consensus.rho(consensus.matrix(NODES, self.links, self.weights)) if one else 1.0

    def step(self):
        self.time += 1
        before = self.values
        if self.how == "all listen":
            used = np.ones(len(self.links), bool)
            self.values = consensus.listen(before, self.links, self.weights)
        else:
            used = consensus.meetings(NODES, self.links, self.rng)
            self.values = consensus.listen(before, self.links[used], np.full(np.count_nonzero(used), 0.5))
        self.sent += 2 * int(np.count_nonzero(used))
        self.values = np.where(self.stubborn, before, self.values)

    def poke(self, x, y, tool):
        checks.one_of("tool", tool, tuple(self.tools))
        at = np.array([checks.one_number("x", x, 0, SIZE), checks.one_number("y", y, 0, SIZE)])
        if tool == "stubborn":
            off = ((self.at - at) ** 2).sum(axis=1)
            if off.min() > (2 * REACH) ** 2:
                raise ValueError("no node is near; tap one")
            self.stubborn[off.argmin()] ^= True
            return
        self.whole[touched(at, *self.at[self.edges.T], REACH)] = tool == "mend"
        self._tied()

    def scene(self):
        off = self.values - self.first
        kind = np.where(np.abs(off) <= CLOSE, 2, np.where(np.abs(off) <= FAR, 2 + np.sign(off), 2 + 2 * np.sign(off)))
        return {"wires": np.column_stack([self.edges, self.whole]), "nodes": np.column_stack([self.at, kind]),
                "stubborn_ones": np.where(self.stubborn[:, np.newaxis], self.at, np.nan)}

    def readout(self):
        names, sizes = np.unique(self.part, return_counts=True)
        said = f"Step {self.time}: {self.values.min():.1f} to {self.values.max():.1f} degrees; the mean at first was {self.first:.1f}. "
        if names.size > 1:
            largest = np.argsort(-sizes, kind="stable")[:3]
            means = ", ".join(f"{sizes[k]} near {self.values[self.part == names[k]].mean():.1f}" for k in largest)
            said += f"{np.count_nonzero(~self.whole)} wires are cut, and {names.size} parts agree each for itself ({means}{', …' * (names.size > 3)}). "
        elif self.how == "all listen":
            said += f"Spectral gap {1 - self.rho:.4f}: disagreement falls to a tenth in {consensus.rounds_for(self.rho, 0.1):.0f} steps. "
        stubborn = int(np.count_nonzero(self.stubborn))
        if stubborn:
            said += f"{stubborn} {'listens' if stubborn == 1 else 'listen'} to nobody. "
        return said + f"{self.sent:,} numbers sent."

    def reached(self):
        """Few cuts, two large parts, and each has agreed within itself on something else than the other."""
        names, sizes = np.unique(self.part, return_counts=True)
        if np.count_nonzero(~self.whole) > BRIDGES or sizes.size != 2 or sizes.min() < 15 or self.stubborn.any():
            return False
        spread, mean = zip(*((np.ptp(held), held.mean()) for held in (self.values[self.part == name] for name in names)), strict=True)
        return bool(max(spread) <= CLOSE and abs(mean[0] - mean[1]) >= FAR)
