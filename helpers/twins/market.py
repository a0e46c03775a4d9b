"""Buyers and sellers who shout prices at one another, or tell an auctioneer what things are worth to them."""
import numpy as np

from .. import auction, checks
from . import Pair

BUYERS, SELLERS, UNITS = 50, 50, 2
TRADERS = BUYERS + SELLERS
LOW, HIGH = 1, 200  # between these all values and costs lie, each whole number as likely as another
CALLS = 10  # prices that a trader has the time to call in a session, on average


def planned(values, costs):
    """(units, surplus) of the best that those with these values and costs can do; of nothing, if nobody can gain."""
    values, costs = checks.counts("values", values, 0), checks.counts("costs", costs, 0)
    if values.size == 0 or costs.size == 0 or values.max() < costs.min():
        return 0, 0
    return auction.equilibrium(values, costs)[:2]


class Market:
    """Traders without intelligence, who call any price at which they do not lose, in a double auction."""

    parts = TRADERS
    bytes = 8 * CALLS * TRADERS  # each price once, as all hear it

    def __init__(self, rng):
        self.rng = rng
        self.values = -np.sort(-rng.integers(LOW, HIGH + 1, (BUYERS, UNITS)), axis=1)
        self.costs = np.sort(rng.integers(LOW, HIGH + 1, (SELLERS, UNITS)), axis=1)
        self.spread = np.std([self.values, self.costs])
        self.there = np.ones(self.parts, bool)
        self.known = {}  # quality by noise

    def _left(self, there):
        return self.values[there[:BUYERS]], self.costs[there[BUYERS:TRADERS]]

    def worst(self, count):
        """Those who gain most at the price that clears the market: as many buyers, as many sellers as does most harm."""
        found = auction.equilibrium(self.values, self.costs)
        price = (found.lowest + found.highest) / 2
        buyers, sellers = (np.argsort(-np.maximum(gains, 0).sum(axis=1), kind="stable").astype(np.int64)
                           for gains in (self.values - price, price - self.costs))

        def surplus(gone):
            return planned(*self._left(~np.isin(np.arange(TRADERS), gone)))[1]

        return min((np.append(buyers[:count - few], BUYERS + sellers[:few])
                    for few in range(max(count - BUYERS, 0), min(count, SELLERS) + 1)), key=surplus)

    def lose(self, gone):
        self.there[gone] = False
        self.known.clear()

    def mend(self):
        """Nothing is to be done: those who are left trade on, and nobody can gain for those who are gone."""

    def quality(self, noise):
        """Surplus, by true values and costs, as a share of the most that all traders could have."""
        if noise not in self.known:  # sessions take long, and are much alike
            surplus = self._surplus(noise * self.spread, *self._left(self.there))
            self.known[noise] = surplus / planned(self.values, self.costs)[1]
        return self.known[noise]

    def _surplus(self, noise, values, costs):
        _, most = planned(values, costs)
        if most == 0:
            return 0
        session = auction.zero_intelligence(values, costs, 1, self.rng, low=LOW, high=HIGH, noise=noise,
                                            most=CALLS * (len(values) + len(costs)))
        return session.efficiency[0] * most


class Auctioneer(Market):
    """All report what each unit is worth to them, or costs them; the auctioneer, the last part, says who trades."""

    parts = TRADERS + 1
    bytes = 8 * (TRADERS * UNITS + 1 + TRADERS)  # the reports; the price, and how many units each one trades

    def __init__(self, rng):
        super().__init__(rng)
        self.office = TRADERS  # who computes

    def worst(self, count):
        """The auctioneer, then those whom an enemy of the market would take."""
        return np.append(self.office, super().worst(max(count - 1, 0)))[:count]

    def mend(self):
        """One of those who are left takes the office, if it is empty, and trades on."""
        if not self.there[self.office] and self.there.any():
            self.office = int(self.rng.choice(np.flatnonzero(self.there)))
            self.known.clear()

    def _surplus(self, noise, values, costs):
        if not self.there[self.office]:
            return 0
        said = (np.clip(np.rint(true + noise * self.rng.standard_normal(true.shape)), LOW, HIGH)
                for true in (values, costs))
        # Whoever buys or sells k units gets or gives the first k, whichever of the reports were good.
        worth, cost = (way * np.sort(way * each, axis=1) for way, each in zip((-1, 1), said, strict=True))
        units, _ = planned(worth, cost)
        buys, sells = (np.argsort(bids, axis=None, kind="stable")[:units] for bids in (-worth, cost))
        return values.ravel()[buys].sum() - costs.ravel()[sells].sum()


PAIR = Pair(
    Market, Auctioneer, chapter="06_signals", twin="an auctioneer to whom all report",
    task="trade to the gain of all", parts="people", signal="a price that is called; a value or cost that is reported",
    quality="surplus / the most that all traders could have: 0 is no trade, less than 0 losses",
    round="an empty office is filled")
