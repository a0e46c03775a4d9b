"""People who each guess a quantity: the mean of all, or the guess of whoever has the best record."""
import numpy as np

from .. import crowd
from . import Pair

PEOPLE, RECORD, QUESTIONS = 101, 50, 1000
TRUTH = 2.0  # standard deviation of the quantity from question to question, known to all
BIAS, DIVERSITY, CORRELATION = 0.5, 0.75, 0.05
SKILLS = 0.5  # standard deviation of the logarithm of a person's typical error


class Crowd:
    """The mean of the guesses of all who are left."""

    parts = PEOPLE
    bytes = 8 * PEOPLE

    def __init__(self, rng):
        self.rng = rng
        self.errors = np.exp(SKILLS * rng.standard_normal(PEOPLE))
        self.biases = crowd.member_biases(PEOPLE, rng, bias=BIAS, diversity=DIVERSITY)
        self.record = self._errors(RECORD)
        self.there = np.ones(PEOPLE, bool)

    def _errors(self, questions):
        return self.errors * crowd.estimates(questions, self.biases, self.rng, correlation=CORRELATION)

    def worst(self, count):
        """Those who pull against what all lean to: without them the others' lean is greatest."""
        leans = self.record.mean(axis=0)
        return np.argsort(leans * np.sign(leans.sum()), kind="stable")[:count].astype(np.int64)

    def lose(self, gone):
        self.there[gone] = False

    def mend(self):
        """Nobody needs to do anything."""

    def _answers(self, guesses):
        return guesses[:, self.there].mean(axis=1) if self.there.any() else np.zeros(len(guesses))

    def quality(self, noise):
        """1 - mean squared error / variance of the quantity."""
        truth = TRUTH * self.rng.standard_normal(QUESTIONS)
        guesses = truth[:, np.newaxis] + self._errors(QUESTIONS)
        guesses += noise * TRUTH * self.rng.standard_normal(guesses.shape)
        return 1 - np.mean((self._answers(guesses) - truth) ** 2) / TRUTH**2


class Expert(Crowd):
    """The guess of one person, appointed for the best record of all. With nobody in office, the usual value stands."""

    bytes = 8

    def __init__(self, rng):
        super().__init__(rng)
        self.expert = crowd.best_member(self.record)

    def worst(self, count):
        """The best first, by their records."""
        return np.argsort(np.mean(self.record**2, axis=0), kind="stable")[:count].astype(np.int64)

    def mend(self):
        """Appoint the best of those who are left, if the office is empty."""
        if not self.there[self.expert] and self.there.any():
            left = np.flatnonzero(self.there)
            self.expert = left[crowd.best_member(self.record[:, left])]

    def _answers(self, guesses):
        return guesses[:, self.expert] if self.there[self.expert] else np.zeros(len(guesses))


PAIR = Pair(
    Crowd, Expert, chapter="01_crowd", twin="one expert, chosen by record",
    task="guess a quantity", parts="people", signal="a guess",
    quality="1 - mean squared error / variance of the quantity: 0 is to say the usual value, 1 the truth",
    round="an empty office is filled")
