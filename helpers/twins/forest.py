"""Trees that tell two classes apart: a forest, each grown by itself, or boosting, each grown on what is left to do.

The problem is Breiman's twonorm: the error of the best rule is known.
"""
import numpy as np
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeRegressor

from .. import problems, trees
from . import Pair

TREES, SHOOTS = 100, 10  # grown at first, and in a round of mending
LEARN, CHECK, SPY = slice(0, 200), slice(200, 700), slice(700, 1000)  # cases: to learn, to be judged by, an adversary's
STEP, DEPTH = 0.3, 3  # of boosting, as in chapter 4: the share that is added of each tree; questions one below another


class Forest:
    """The majority of trees that each learn from a sample of the cases."""

    parts = TREES
    bytes = TREES / 8  # a vote of each tree

    def __init__(self, rng):
        self.rng = rng
        self.inputs, labels = problems.twonorm(SPY.stop, rng)
        self.side = 2.0 * labels - 1
        self.pushes = np.zeros((0, SPY.stop))  # (trees, cases) what each tree says: above 0 for class 1
        self.there = np.ones(0, bool)
        self._grow(TREES)

    def _grow(self, count):
        new = self._trees(count, int(self.rng.integers(2**31)))
        self.pushes, self.there = np.concatenate([self.pushes, new]), np.append(self.there, np.ones(count, bool))

    def _trees(self, count, seed):
        """What `count` new trees say, (count, cases)."""
        grown = RandomForestClassifier(count, random_state=seed).fit(self.inputs[LEARN], self.side[LEARN] > 0)
        return 2.0 * trees.answers(trees.flat(grown.estimators_), self.inputs) - 1

    def worst(self, count):
        """One after another the tree without which the others' log loss is greatest, on the adversary's own cases."""
        leads = self.pushes[:TREES, SPY] * self.side[SPY]
        lead, gone = leads.sum(axis=0), np.zeros(count, np.int64)
        for k in range(count):
            losses = np.logaddexp(0, leads - lead).mean(axis=1)
            losses[gone[:k]] = -np.inf
            gone[k] = losses.argmax()
            lead -= leads[gone[k]]
        return gone

    def lose(self, gone):
        self.there[gone] = False

    def mend(self):
        """Grow new trees on the same cases."""
        self._grow(SHOOTS)

    def _heard(self, pushes, noise):
        return np.sign(pushes + noise * self.rng.standard_normal(pushes.shape))

    def quality(self, noise):
        """(accuracy - 1/2) / (the best rule's accuracy - 1/2), ties by lot."""
        lead = self._heard(self.pushes[self.there, CHECK], noise).sum(axis=0) * self.side[CHECK]
        return float(np.mean(np.sign(lead)) / (1 - 2 * problems.BAYES_ERROR["twonorm"]))


class Boosting(Forest):
    """The sum of trees that each take a step down the log loss of all before them (Friedman 2001, algorithm 5)."""

    bytes = 8 * TREES  # a number of each tree

    def _trees(self, count, seed):
        """What `count` more trees add for class 1, (count, cases), in log odds."""
        pushes, total = np.zeros((count, SPY.stop)), self.pushes[self.there].sum(axis=0)
        for push in pushes:
            doubt = expit(-self.side * total)[LEARN]  # the probability of the wrong class
            slope = self.side[LEARN] * doubt
            tree = DecisionTreeRegressor(max_depth=DEPTH, random_state=seed).fit(self.inputs[LEARN], slope)
            _, leaf = np.unique(tree.apply(self.inputs), return_inverse=True)
            push += STEP * (np.bincount(leaf[LEARN], slope) / np.bincount(leaf[LEARN], doubt * (1 - doubt)))[leaf]
            total += push
        return pushes

    def _heard(self, pushes, noise):
        return pushes + noise * pushes.std(axis=1, keepdims=True) * self.rng.standard_normal(pushes.shape)


PAIR = Pair(
    Forest, Boosting, chapter="04_ensembles", twin="boosting: tree after tree, fitted to one loss",
    task="tell two classes apart", parts="trees", signal="a tree's vote (in boosting, the number that it adds)",
    quality="share of right answers: 0 is one in two, 1 that of the best rule there is",
    round="ten new trees grow on the same cases, in boosting one after another on what those left get wrong")
