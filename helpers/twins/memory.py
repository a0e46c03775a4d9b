"""Memories called up by a cue in which bits are wrong: a network where every neuron has a bit of each, or a table.

Both have the same room: NEURONS neurons with a tie to each other, or as many cells of as many bits. The network needs
it to keep its memories apart; the table uses it to write each memory down COPIES times. A bit lost with its neuron, and
a memory with its last cell, count as not recalled.
"""
import numpy as np

from .. import memory
from . import Pair

NEURONS, MEMORIES = 300, 15  # a load of 0.05; the critical one is 0.138
COPIES = NEURONS // MEMORIES  # of each memory in the table
WRONG = 0.2  # share of a cue's bits
STEPS = 10  # in each, all neurons look up once


class Hopfield:
    """Neurons tied by Hebb's rule, each of which follows what it hears."""

    parts = NEURONS
    bytes = STEPS * NEURONS * (NEURONS - 1) / 8  # in each step a bit from each to each other

    def __init__(self, rng):
        self.rng = rng
        self.taught = memory.random_patterns(MEMORIES, NEURONS, rng)
        self.there = np.ones(self.parts, bool)

    def worst(self, count):
        """One after another the neuron with the weakest ties to those left, in squares: memories become more alike.

        The squared ties of all pairs of neurons and the squared overlaps of all pairs of memories have one sum.
        """
        ties = memory.hebb(self.taught) ** 2
        strength, gone = ties.sum(axis=1), np.zeros(count, np.int64)
        for k in range(count):
            gone[k] = strength.argmin()
            strength -= ties[gone[k]]
            strength[gone[k]] = np.inf
        return gone

    def lose(self, gone):
        self.there[gone] = False

    def mend(self):
        """Nothing helps: taught again, what is left would have the ties that it has."""

    def _recalled(self, cues, noise):
        """What comes of each cue, (cues, neurons): 1 or -1, and 0 for a bit that nobody gives."""
        states = cues * self.there
        for _ in range(STEPS):
            # At a memory a neuron hears 1 or -1, but for what the other memories say.
            heard = memory.hebb_field(states, self.taught) + noise * self.rng.standard_normal(states.shape)
            states = np.where(np.abs(heard) > memory.NOTHING, np.sign(heard), states) * self.there
        return states

    def quality(self, noise):
        """Mean overlap of what a cue of each memory brings back with that memory."""
        recalled = self._recalled(memory.flip(self.taught, WRONG, self.rng), noise)
        return float(np.mean(recalled * self.taught))


class Table(Hopfield):
    """Cells that each hold a memory, and a comparator, the last part, which gives back the memory most like the cue.

    Each cell tells how like the cue its memory is; the comparator knows which cells are copies, and takes their mean.
    """

    parts = COPIES * MEMORIES + 1
    bytes = COPIES * MEMORIES * (NEURONS / 8 + 8) + NEURONS / 8  # the cue to each cell, a number back, and the answer

    def worst(self, count):
        """The comparator, then memory after memory with all its cells."""
        cells = np.arange(self.parts - 1, dtype=np.int64)
        return np.append(self.parts - 1, np.argsort(cells % MEMORIES, kind="stable"))[:count].astype(np.int64)

    def mend(self):
        """No cell can compare, and none has room for another memory."""

    def _recalled(self, cues, noise):
        cells = np.flatnonzero(self.there[:-1])
        if not (self.there[-1] and cells.size):
            return np.zeros(cues.shape)
        held = cells % MEMORIES
        likeness = memory.overlap(cues, self.taught)[:, held]
        likeness += noise * (1 - 2 * WRONG) * self.rng.standard_normal(likeness.shape)
        left = np.unique(held)
        copies = held[:, np.newaxis] == left
        return self.taught[left[np.argmax(likeness @ copies / copies.sum(axis=0), axis=1)]]


PAIR = Pair(
    Hopfield, Table, chapter="03_brain", twin="a table with as many cells as there are neurons, and a comparator",
    task="bring back what was taught, from a cue with a fifth of its bits wrong",
    parts="neurons (in the table, cells and the comparator)",
    signal="what a neuron hears (in the table, how like the cue a cell finds its memory)",
    quality="mean overlap with what was taught, over all bits of all memories: 0 is a stranger or nothing, 1 every bit",
    round="neither can do anything")
