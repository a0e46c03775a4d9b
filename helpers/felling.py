"""A forest seen tree by tree, whose trees the reader fells: `trees` and `ensembles` as a stage."""
from collections.abc import Mapping

import numpy as np

from . import checks, crowd, ensembles, trees
from .scenes import Field, Points

MAP = 72  # cells across the large map
SMALL, GAP = 8, 1  # cells across a tree's own map, and between two
DOWN = MAP // (SMALL + GAP)  # small maps in a column
JOIN = 8  # steps from one tree's joining to the next's
SHADE = 0.16  # of a unanimous vote on the large map, so that the cases stand out
STANDS, FELLED = 0.7, 0.03  # shade of a tree's own map


class Felling:
    """A forest that grows tree by tree and votes on cases that it has not seen.

    On the left a map of two measurements, shaded by how the trees vote there, with the cases that are to be told
    apart; on the right each tree's own map, nearly blank where it does not vote.

    `forests`: {name: m Trees of two inputs and the classes 0 and 1}; `forest`: which of them; `records`: {name:
    (m,) each tree's share of right answers on earlier cases}; `best_felled`: how many trees are felled, the best
    records first; `inputs` (n, 2) and `labels` (n,) of the cases; `corners` (2, 2): least and most of both inputs on
    the map. A step takes a moment; every few of them a tree joins. Tapping a small map fells its tree, or plants it
    again.
    """

    layers = {"first": Field(1), "second": Field(1), "cases": Points("x y kind")}
    tools = {"fell": "tap"}
    live = ("forest", "best_felled")

    def __init__(self, rng, *, forests, records, inputs, labels, corners, forest, best_felled=0):
        if not isinstance(forests, Mapping) or not isinstance(records, Mapping) or not forests or set(forests) != set(records):
            raise ValueError("forests, records: must be mappings with the same names, at least one")
        self.forests = {name: trees.Trees(*grown) for name, grown in forests.items()}
        self.m = len(next(iter(self.forests.values())).roots)
        self.records = {name: checks.vector("records", record, 0, 1) for name, record in records.items()}
        for name, grown in self.forests.items():
            if len(grown.roots) != self.m or self.records[name].size != self.m:
                raise ValueError(f"forests: {name!r} has {len(grown.roots)} trees and {self.records[name].size} records; "
                                 f"all must have {self.m}")
            if grown.answer.max() > 1:
                raise ValueError(f"forests: {name!r} answers {grown.answer.max()}; there are the classes 0 and 1")
        self.inputs, self.labels = checks.finite("inputs", inputs), checks.counts("labels", labels, 0)
        if self.labels.ndim != 1 or set(self.labels.tolist()) != {0, 1}:
            raise ValueError(f"labels of shape {self.labels.shape}, {np.unique(self.labels).tolist()}: must be (n,), some 0, the others 1")
        if self.inputs.shape != (self.labels.size, 2):
            raise ValueError(f"inputs of shape {self.inputs.shape}: must be ({self.labels.size}, 2), one case for each label")
        self.corners = checks.finite("corners", corners, -trees.MOST, trees.MOST)
        if self.corners.shape != (2, 2) or not np.all(self.corners[0] < self.corners[1]):
            raise ValueError(f"corners={corners!r}: must be the least of both inputs, and the most")
        columns = -(-self.m // DOWN)
        self.plane = (float(MAP + columns * (SMALL + GAP)), float(MAP))
        self.time, self.arrival = 0, rng.permutation(self.m)
        self.forest = forest
        self.best_felled = best_felled

    def __setattr__(self, name, value):
        if name == "forest":
            self._choose(checks.one_of("forest", value, tuple(self.forests)))
            self.felled = np.zeros(self.m, bool)  # by hand: other trees stand there now
        elif name == "best_felled":
            value = checks.count("best_felled", value, 0)
            if value >= self.m:
                raise ValueError(f"best_felled={value}: must be below the number of trees, {self.m}")
        super().__setattr__(name, value)

    def _choose(self, name):
        """Ask every tree of that forest all that will be shown of it."""
        grown = self.forests[name]
        self.merit = np.argsort(-self.records[name], kind="stable")
        self.votes = trees.answers(grown, self.inputs)
        self.alone = 1 - ensembles.competences(self.votes, self.labels)
        self.large = trees.answers(grown, self._middles(MAP))
        self.small = trees.answers(grown, self._middles(SMALL)).reshape(self.m, SMALL, SMALL)

    def _middles(self, across):
        """Inputs at the middle of each cell of a map, row by row from the bottom."""
        share = (np.arange(across) + 0.5) / across
        x, y = np.meshgrid(*(low + share * (high - low) for low, high in self.corners.T))
        return np.column_stack([x.ravel(), y.ravel()])

    def joined(self) -> int:
        return min(1 + self.time // JOIN, self.m)

    def voting(self):
        """Which trees vote: bool (m,)."""
        votes = ~self.felled
        votes[self.arrival[self.joined():]] = False
        votes[self.merit[:self.best_felled]] = False
        return votes

    def vote_error(self) -> float:
        """Share of the cases that the voting trees get wrong together, ties drawn by lot; ValueError if none votes."""
        return ensembles.vote_error(self.votes[self.voting()], self.labels)

    def step(self):
        self.time += 1

    def _corner(self, place):
        """Left and lower edge of a small map, in cells; the first is at the top."""
        column, row = divmod(place, DOWN)
        return MAP + GAP + column * (SMALL + GAP), MAP - (row + 1) * (SMALL + GAP)

    def middle(self, tree):
        """Where to tap to fell a tree, by its index, (x, y)."""
        if checks.count("tree", tree, 0) >= self.m:
            raise ValueError(f"tree={tree}: must be below the number of trees, {self.m}")
        x, y = self._corner(int(np.flatnonzero(self.arrival == tree)[0]))
        return x + SMALL / 2, y + SMALL / 2

    def scene(self):
        voting = self.voting()
        scene = {name: np.zeros((MAP, int(self.plane[0]))) for name in ("first", "second")}
        wrong = np.zeros(self.labels.size, bool)
        if voting.any():
            lead = (2.0 * self.large[voting].mean(axis=0) - 1).reshape(MAP, MAP)
            scene["first"][:, :MAP], scene["second"][:, :MAP] = SHADE * np.maximum(-lead, 0), SHADE * np.maximum(lead, 0)
            wrong = (2 * self.votes[voting].mean(axis=0) - 1) * (2 * self.labels - 1) <= 0
        for place, tree in enumerate(self.arrival[:self.joined()]):
            x, y = self._corner(place)
            for name, is_here in (("first", self.small[tree] == 0), ("second", self.small[tree] == 1)):
                scene[name][y:y + SMALL, x:x + SMALL] = is_here * (STANDS if voting[tree] else FELLED)
        low, high = self.corners
        places = MAP * (self.inputs - low) / (high - low)
        inside = np.all((self.inputs >= low) & (self.inputs <= high), axis=1, keepdims=True)  # `places` are rounded
        return {**scene, "cases": np.column_stack([np.where(inside, places, np.nan), np.where(wrong, 2, self.labels)])}

    def poke(self, x, y, tool):
        """Fell the tree whose small map is there, or plant it again (one felled as among the best stays down);
        elsewhere nothing."""
        checks.one_of("tool", tool, tuple(self.tools))
        x, y = checks.one_number("x", x), checks.one_number("y", y)
        for place, tree in enumerate(self.arrival[:self.joined()]):
            left, low = self._corner(place)
            if left <= x < left + SMALL and low <= y < low + SMALL:
                self.felled[tree] = not self.felled[tree]

    def readout(self):
        voting = self.voting()
        if not voting.any():
            return f"Step {self.time}: no tree votes."
        error, average, diversity = (float(np.mean(one)) for one in crowd.diversity_prediction(self.votes[voting], self.labels))
        return (f"Step {self.time}: {np.count_nonzero(voting)} of {self.joined()} trees vote, and are wrong on "
                f"{100 * self.vote_error():.1f}% of {self.labels.size} cases; a tree alone on {100 * self.alone[voting].mean():.1f}%. "
                f"Squared errors: {average:.4f} each, less {diversity:.4f} for their differences, makes {error:.4f} together.")

    def reached(self):
        """All have joined, at least three quarters are felled, the best first, and the rest beat the average tree."""
        voting = self.voting()
        return bool(voting.any() and self.joined() == self.m and 4 * self.best_felled >= 3 * self.m
                    and self.vote_error() < self.alone.mean() - 1e-9)  # by more than rounding
