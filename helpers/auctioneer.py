"""An auctioneer who calls prices and hears what is wanted, to be watched and replaced: `exchange` as a stage."""
import math

import numpy as np

from . import checks, exchange
from .scenes import Edges, Field, Points
from .wording import signed

SIZE, CELLS = 100.0, 60  # the map's side, and its cells along it
WIDEST = 10.0  # a price at the map's edge, in cloth; 1 / WIDEST at the opposite one
TRAIL = 400
SEEN = 0.02  # of the map's side of 100: a call so near the last one leaves no mark of its own
WITHIN = 0.02  # of the supply: so near, the market is cleared
CALLS = 8  # by which a reader should clear it
GOODS = ("bread", "wine", "cloth")
ECONOMIES = {
    "strangers": lambda rng: exchange.strangers(200, rng, (0.3, 1, 1)),
    "Scarf's economy": lambda rng: exchange.scarf(),
}
START = {"strangers": (1.0, 3.0, 1.0), "Scarf's economy": (1.0, 2.0, 3.0)}


class Auctioneer:
    """An auctioneer of bread and wine, both priced in cloth.

    To the right the price of bread, upwards that of wine, on logarithmic scales. `caller` "the rule" calls at each
    step the last prices plus `rate` times what is wanted beyond the supply, per head; "you" calls where the pointer
    taps. The pull points to where the shortage is: right for bread, up for wine. `shaded`: the map shows how far from
    clearing every price is, which no auctioneer knows.
    """

    layers = {"far_from_clearing": Field(1), "calls": Points(), "pull": Edges("now", width=3.0), "now": Points("x y kind")}
    words = ((1.0, 97.0, "↑ the price of wine"), (62.0, 3.0, "the price of bread →"))
    tools = {"call": "tap"}
    live = ("rate", "caller", "shaded")

    def __init__(self, rng, *, economy="strangers", rate=0.3, caller="the rule", shaded=False):
        checks.one_of("economy", economy, tuple(ECONOMIES))
        self.plane = (SIZE, SIZE)
        self.name, self.economy = economy, ECONOMIES[economy](rng)
        self.rate, self.caller, self.shaded = rate, caller, shaded
        self.n, self.supply = len(self.economy.endowments), self.economy.endowments.sum(axis=0)
        middles = (np.arange(CELLS) + 0.5) * SIZE / CELLS
        x, y = np.meshgrid(middles, middles)
        far = exchange.gap(self.economy, self.prices_at(np.stack([x, y], axis=-1)))
        self.shade = np.minimum(far, 1.0)
        self.trail = np.full((TRAIL, 2), np.nan)
        self.called = self.marks = self.by_hand = 0
        self._call(np.array(START[economy]))

    def __setattr__(self, name, value):
        if name == "rate":
            value = checks.one_number("rate", value, 0, open_low=True)
        elif name == "caller":
            checks.one_of("caller", value, ("the rule", "you"))
        elif name == "shaded":
            checks.one_of("shaded", value, (False, True))
        super().__setattr__(name, value)

    @staticmethod
    def prices_at(points):
        """Prices (..., 3) at points (..., 2) of the map, cloth at 1."""
        return np.append(WIDEST ** (2 * np.asarray(points) / SIZE - 1), np.ones((*np.shape(points)[:-1], 1)), axis=-1)

    @staticmethod
    def points_of(prices):
        return SIZE / 2 * (1 + np.log(prices[..., :2] / prices[..., 2:]) / math.log(WIDEST))

    def _call(self, prices):
        if hasattr(self, "prices"):
            at = self.points_of(self.prices)
            if not np.all(np.abs(at - self.trail[(self.marks - 1) % TRAIL]) < SEEN):
                self.trail[self.marks % TRAIL] = at
                self.marks += 1
            self.called += 1
        self.prices = prices
        self.short = exchange.excess(self.economy, prices)  # of each good, summed over the agents

    def step(self):
        if self.caller == "you":
            return
        # A price may fall to a hundredth of the sum, and not to zero, where nothing is defined.
        prices = self.prices + self.rate * self.short / self.n
        self._call(np.maximum(prices, prices.sum() / 100))
        self.by_hand = 0

    def poke(self, x, y, tool):
        """Call the prices there; ValueError off the map, and where the rule calls."""
        checks.one_of("tool", tool, tuple(self.tools))
        at = np.array([checks.one_number("x", x, 0, SIZE), checks.one_number("y", y, 0, SIZE)])
        if self.caller != "you":
            raise ValueError(f"caller={self.caller!r}: must be 'you' for your own calls")
        self._call(self.prices_at(at))
        self.by_hand += 1

    def cleared(self):
        return bool(np.all(np.abs(self.short) <= WITHIN * self.supply))

    def scene(self):
        now, pull = self.points_of(self.prices), self.short[:2] / self.supply[:2]
        size = float(np.sqrt((pull * pull).sum()))
        tip = now + pull / max(size, 1e-12) * 25 * min(1.0, size) ** 0.5
        points = np.column_stack([np.stack([now, tip]), [0.0, 1.0]])
        inside = np.all((points[:, :2] >= 0) & (points[:, :2] <= SIZE), axis=1)
        inside[1] &= not self.cleared()
        return {"far_from_clearing": self.shade * self.shaded, "calls": self.trail,
                "pull": np.array([[0.0, 1.0, float(inside.all())]]),
                "now": np.where(inside[:, np.newaxis], points, np.nan)}

    def readout(self):
        bread, wine = (float(price) for price in self.prices[:2] / self.prices[2])
        short = self.short / self.supply
        wanted = ", ".join(f"{good} {signed(share, 1)}" for good, share in zip(GOODS, short.tolist(), strict=True))
        said = f"Call {self.called}: bread at {bread:.2f}, wine at {wine:.2f} cloth. Wanted beyond the supply: {wanted}. "
        return said + ("The market is cleared." if self.cleared() else f"The market is not cleared (it is when all are within {WITHIN:.0%}).")

    def reached(self):
        """The market of strangers is cleared by the reader, in a few calls."""
        return self.name == "strangers" and 0 < self.by_hand <= CALLS and self.cleared()
