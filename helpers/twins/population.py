"""Cells that say an angle: many that each respond to much of the circle, or one for each narrow range of it.

Both fire as many spikes for an answer, and both have readers who have learned from examples what the cells mean. The
readers, of which any number may hear the same cells, are no parts of either.
"""
import numpy as np

from .. import checks, crowd
from . import Pair

CELLS, SPIKES = 100, 200.0  # spikes of all cells together for one answer, on average
SHARPNESS = 2.0  # kappa of the tuning, von Mises
GAINS = 0.5  # standard deviation of the logarithm of a cell's greatest rate
COMMON, ALIKE = 0.07, 0.05  # the noises of two cells are correlated by 0.07 + 0.05 cos(difference of what they prefer)
EXAMPLES, QUESTIONS = 500, 500
RIDGE = 5.0 * EXAMPLES  # spikes squared: keeps the weights of a reader small


def circle(angles):
    """(m, 2): the points of the unit circle at angles (m,)."""
    angles = checks.vector("angles", angles)
    return np.column_stack([np.cos(angles), np.sin(angles)])


def rightness(said, angles):
    """Mean cosine of the error of vectors `said`, (m, 2): 0 where nothing is said, as one guesses then."""
    said, right = checks.finite("said", said), circle(angles)
    if said.shape != right.shape:
        raise ValueError(f"said of shape {said.shape}: must be {right.shape}, a vector for each of the angles")
    lengths = np.linalg.norm(said, axis=1)
    return float(np.mean((said * right).sum(axis=1) / np.where(lengths > 0, lengths, 1)))


class Population:
    """Broadly tuned cells whose rates are added up by weights: the optimal linear estimator (Salinas & Abbott 1994)."""

    parts = CELLS
    bytes = SPIKES / 8  # a spike is a bit

    def __init__(self, rng):
        self.rng = rng
        self.questions = 2 * np.pi * (np.arange(QUESTIONS) + rng.random()) / QUESTIONS
        self.preferred = 2 * np.pi * rng.random(CELLS)
        self.gains = np.exp(GAINS * rng.standard_normal(CELLS))
        everywhere = self._tuning(2 * np.pi * (np.arange(EXAMPLES) + 0.5) / EXAMPLES)
        self.scale = SPIKES / everywhere.sum(axis=1).mean()
        self.spread = self.scale * everywhere.std()
        self.there = np.ones(CELLS, bool)
        self.mend()

    def _tuning(self, angles):
        return self.gains * np.exp(SHARPNESS * (np.cos(angles[:, np.newaxis] - self.preferred) - 1))

    def _rates(self, angles, noise):
        """Spikes of each cell, (m, cells): of mean and variance alike, and like cells err alike."""
        error = crowd.estimates(len(angles), np.zeros(CELLS), self.rng, correlation=COMMON / (1 - ALIKE))
        error = np.sqrt(1 - ALIKE) * error + np.sqrt(ALIKE) * self.rng.standard_normal((len(angles), 2)) @ circle(self.preferred).T
        mean = self.scale * self._tuning(angles)
        disturbance = noise * self.spread * self.rng.standard_normal(mean.shape)
        return (mean + np.sqrt(mean) * error + disturbance) * self.there

    def _heard(self, rates):
        """What a reader puts weights on."""
        return rates

    def worst(self, count):
        """One after another, whose loss then turns the mean answers furthest away from the truth."""
        angles = 2 * np.pi * np.arange(CELLS) / CELLS
        right, each = circle(angles)[:, np.newaxis], self._tuning(angles)[:, :, np.newaxis] * self.weights
        gone = np.zeros(CELLS, bool)
        order = np.zeros(count, np.int64)
        for place in range(count):
            without = each[:, ~gone].sum(axis=1, keepdims=True) - each
            cosines = (without * right).sum(axis=2) / np.maximum(np.sqrt((without**2).sum(axis=2)), 1e-300)
            order[place] = np.where(gone, np.inf, cosines.mean(axis=0)).argmin()
            gone[order[place]] = True
        return order

    def lose(self, gone):
        self.there[gone] = False

    def mend(self):
        """The readers learn again, from new examples, what the cells that are left mean."""
        angles = 2 * np.pi * (np.arange(EXAMPLES) + 0.5) / EXAMPLES
        heard = self._heard(self._rates(angles, 0.0))
        self.weights = np.linalg.solve(heard.T @ heard + RIDGE * np.eye(heard.shape[1]), heard.T @ circle(angles))

    def quality(self, noise):
        return rightness(self._heard(self._rates(self.questions, noise)) @ self.weights, self.questions)


class Table(Population):
    """A cell for each of as many ranges of the circle, and readers who believe the most active one."""

    def _tuning(self, angles):
        return np.float64(np.floor(angles[:, np.newaxis] * CELLS / (2 * np.pi)) % CELLS == np.arange(CELLS))

    def _heard(self, rates):
        """1 for the most active cell; if none is active, for silence, the last column."""
        most = np.where(rates.max(axis=1) > 0, rates.argmax(axis=1), CELLS)
        return np.float64(most[:, np.newaxis] == np.arange(CELLS + 1))

    def worst(self, count):
        """All are worth alike; evenly spread, so that nobody learns to tell from silence where the angle is."""
        return np.arange(count, dtype=np.int64) * CELLS // max(count, 1)


PAIR = Pair(
    Population, Table, chapter="03_brain", twin="a table with one cell for each range",
    task="say an angle", parts="neurons", signal="a neuron's rate",
    quality="mean cosine of the error: 0 is to guess, 1 the truth",
    round="the readers learn anew what the neurons that are left mean")
