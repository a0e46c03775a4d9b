"""Digits read by a network with one hidden layer, or by the statistician's model: logistic regression on the pixels.

Both weigh the signals of sixty-four units, ten weights each, and take the digit with the greatest sum. The network's
units are neurons that have learned what to look for, the statistician's the pixels' channels. Both are taught alike:
stochastic gradient descent on the same cases, as many passes.
"""
from functools import cache

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from . import Pair

UNITS, DIGITS = 64, 10
LEARN, CHECK = 300, 600  # digits to learn from, to be judged by
PASSES, RATE, BATCH = 20, 0.5, 20


@cache
def _digits():
    pixels, digits = load_digits(return_X_y=True)
    return pixels / 16, digits


class Network:
    """Hidden neurons, each of which tells by how much its sum of weighted pixels is above its threshold, if it is."""

    parts = UNITS
    layers = (UNITS,)
    bytes = 8 * (UNITS * UNITS + UNITS * DIGITS)  # a number from each pixel to each neuron, thence to each digit

    def __init__(self, rng):
        self.rng = rng
        pixels, digits = _digits()
        order = rng.permutation(digits.size)
        self.learn, self.check = ((pixels[some], digits[some]) for some in (order[:LEARN], order[-CHECK:]))
        self.there = np.ones(UNITS, bool)
        # Without momentum or a memory of past slopes, a neuron that is cut off stays so.
        self.model = MLPClassifier(self.layers, solver="sgd", momentum=0, learning_rate_init=RATE, batch_size=BATCH,
                                   random_state=int(rng.integers(2**31)))
        for _ in range(PASSES):
            self.mend()

    def _seen(self, pixels):
        return pixels

    def _signals(self, pixels):
        """(cases, units)."""
        return np.maximum(pixels @ self.model.coefs_[0] + self.model.intercepts_[0], 0)

    def worst(self, count):
        """One after another the unit without which the loss on what was learned from is greatest."""
        pixels, digits = self.learn
        pushes = self._signals(pixels).T[..., np.newaxis] * self.model.coefs_[-1][:, np.newaxis]  # (units, n, digits)
        pushes -= np.take_along_axis(pushes, digits[np.newaxis, :, np.newaxis], axis=2)
        # Of each digit to the right one, but for a factor for each case, which adds to all losses alike.
        odds = np.exp(pushes.sum(axis=0) + self.model.intercepts_[-1])
        without, gone = np.exp(-pushes), np.zeros(count, np.int64)
        for k in range(count):
            losses = np.log(np.einsum("ucd,cd->uc", without, odds)).mean(axis=1)
            losses[gone[:k]] = -np.inf
            gone[k] = losses.argmax()
            odds *= without[gone[k]]
        return gone

    def lose(self, gone):
        self.there[gone] = False
        self.model.coefs_[0][:, gone] = self.model.intercepts_[0][gone] = 0
        self.model.coefs_[1][gone] = 0

    def mend(self):
        """What is left learns for one more pass."""
        pixels, digits = self.learn
        self.model.partial_fit(self._seen(pixels), digits, classes=range(DIGITS))

    def quality(self, noise):
        """(share of new digits read rightly - 1/10) / (1 - 1/10)."""
        pixels, digits = self.check
        signals = self._signals(pixels)
        signals += noise * signals.std(axis=0) * self.rng.standard_normal(signals.shape)
        read = np.argmax(signals @ self.model.coefs_[-1] + self.model.intercepts_[-1], axis=1)
        return float((np.mean(read == digits) - 1 / DIGITS) / (1 - 1 / DIGITS))


class Regression(Network):
    """The pixels themselves, weighed and added: multinomial logistic regression, a network without a hidden layer."""

    layers = ()
    bytes = 8 * UNITS * DIGITS  # a number from each pixel to each digit

    def _seen(self, pixels):
        return pixels * self.there

    _signals = _seen

    def lose(self, gone):
        self.there[gone] = False


PAIR = Pair(
    Network, Regression, chapter="05_learning", twin="the statistician's model: logistic regression",
    task="read handwritten digits", parts="hidden neurons (in logistic regression, pixels)",
    signal="what a hidden neuron (in logistic regression, a pixel) tells the digits",
    quality="share of new digits read rightly: 0 is one in ten, 1 all",
    round="what is left learns for one more pass through the same digits")
