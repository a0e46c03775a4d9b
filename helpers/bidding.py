"""A walker moved by modules that bid for the right to move it: `society` as a stage."""
import math

import numpy as np

from . import checks, society
from .scenes import Edges, Field, Points
from .wording import signed

PLAN = """
......
.#....
....#.
S.P.G#
#.....
"""  # S start, P pit, G goal, # wall; what leaves at one edge comes in at the other
CELL, ASIDE = 10.0, 4  # a cell's side; columns of cells beside the world, for the modules
NAMES = ("North", "East", "South", "West")
TURNS = np.array([[0, 1], [1, 0], [0, -1], [-1, 0]])
SACKED = len(NAMES)  # kind of a module
GAMMA, ALPHA, EXPLORE, LIMIT = 0.9, 0.5, 0.02, 60
MEMORY = 100.0  # auctions over which takings and profits fade
FULL = 40.0  # takings of a bar that is full
RECENT, GOOD = 20, 0.95  # walks; share of what is possible


def plan():
    """The World of PLAN, reward 1 in the goal and -1 in the pit, its (rows, columns), and its letters, south first."""
    letters = np.array([list(row) for row in reversed(PLAN.split())])
    rows, columns = letters.shape
    y, x = np.divmod(np.arange(rows * columns, dtype=np.int64), columns)
    to = (x[:, np.newaxis] + TURNS[:, 0]) % columns + columns * ((y[:, np.newaxis] + TURNS[:, 1]) % rows)
    found = letters.ravel()[to]
    moves = np.where(found == "#", np.arange(rows * columns)[:, np.newaxis], to)
    moves = np.where((found == "G") | (found == "P"), society.END, moves)
    rewards = (found == "G") * 1.0 - (found == "P")
    start = int(np.flatnonzero(letters.ravel() == "S")[0])
    return society.world(moves, rewards, start, GAMMA), letters


class Bidding:
    """A society of modules that bid for the right to act, whose best member you may sack.

    Each module can push the walker one way: north, east, south or west, in `clones` copies, twins that share what they learn. On every
    cell all bid, the best bid wins, moves the walker, and pays the winner before it (`auction`: the second bid or its
    own). Who leaves the world at one edge comes in at the other. It is shaded by its prices; arrows show who wins where.
    Each bar is what a module took in of late, and a line shows the last payment.
    Tapping a module sacks it; tapping it again brings it back.
    """

    layers = {"prices": Field(1), "walls": Field(1), "ends": Points("x y kind"), "arrows": Points("x y heading kind"),
              "takings": Edges("modules", width=6), "payment": Edges("modules", width=3),
              "modules": Points("x y kind"), "walker": Points()}
    tools = {"sack": "tap"}
    live = ("auction",)

    def __init__(self, rng, *, auction="second price", clones=2):
        self.clones = checks.count("clones", clones)
        if self.clones > 2:
            raise ValueError(f"clones={clones}: must be 1 or 2")
        self.world, letters = plan()
        self.society = society.Society(self.world, 1, rng, clones=clones, alpha=ALPHA, explore=EXPLORE, hope=1.0,
                                       limit=LIMIT)
        self.auction = auction
        rows, columns = letters.shape
        self.plane = ((columns + ASIDE) * CELL, rows * CELL)
        self.walls = np.zeros((rows, columns + ASIDE))
        self.walls[:, :columns] = letters == "#"
        y, x = np.divmod(np.arange(letters.size), columns)
        self.middles = CELL * np.column_stack([x + 0.5, y + 0.5])
        self.open = np.isin(letters.ravel(), (".", "S"))
        flat = letters.ravel()
        self.ends = np.column_stack([self.middles[[np.flatnonzero(flat == "G")[0], np.flatnonzero(flat == "P")[0]]], [0, 1]])
        n = self.society.n
        left = columns * CELL
        order = np.arange(n) % len(NAMES) * self.clones + np.arange(n) // len(NAMES)  # twins side by side
        self.feet = np.column_stack([left + (order + 0.75) * ASIDE * CELL / (n + 0.5), np.full(n, 0.1 * self.plane[1])])
        self.time, self.taken, self.gained = 0, np.zeros(n), np.zeros(n)
        self.walks, self.proved, self.last = [], False, None
        self.first = self.possible = self._possible()

    def __setattr__(self, name, value):
        if name == "auction":
            self.society.auction = checks.one_of("auction", value, society.AUCTIONS[:2])
        super().__setattr__(name, value)

    def _ways(self):
        """(4,): which moves somebody can still make."""
        return self.society.able.reshape(-1, len(NAMES)).any(axis=0)

    def _possible(self):
        """The return of the best walk that the modules still there can make; 0 if they cannot reach the goal."""
        able = self._ways()
        return max(float(society.fixed_point(self.world, able=able)[self.world.start, able].max()), 0.0)

    def step(self):
        held, self.time = self.society, self.time + 1
        before, ended, seller = (held.takings[0].copy(), held.profits[0].copy()), held.episodes[0], int(held.seller[0])
        held.step()
        fade = 1 - 1 / MEMORY
        self.taken = fade * self.taken + held.takings[0] - before[0]
        self.gained = fade * self.gained + held.profits[0] - before[1]
        self.last = int(held.sale.winner[0]), seller, float(held.sale.paid[0])
        if held.episodes[0] > ended:
            self.walks = [*self.walks[1 - RECENT:], float(held.last_return[0])]
            if held.able.all() and self._good():
                self.proved = True

    def _good(self):
        return len(self.walks) == RECENT and sum(self.walks) / RECENT >= GOOD * self.possible

    def poke(self, x, y, tool):
        checks.one_of("tool", tool, tuple(self.tools))
        x = checks.one_number("x", x, 0, self.plane[0])
        checks.one_number("y", y, 0, self.plane[1])
        if x < self.plane[0] - ASIDE * CELL:
            raise ValueError("the walker cannot be touched; tap one of the modules beside its world")
        module, able = int(np.abs(self.feet[:, 0] - x).argmin()), self.society.able
        if able[module] and np.count_nonzero(able) == 1:
            raise ValueError("this module is the last; bring another back first")
        able[module] ^= True
        self.walks, self.possible = [], self._possible()

    def scene(self):
        held = self.society
        bids = held.bids()[0]
        sale = society.sell(bids, self.auction)
        prices = np.zeros(self.walls.shape)
        prices[:, :-ASIDE] = np.where(self.open, np.clip(sale.paid, 0, 1), 0.0).reshape(len(prices), -1)
        move = sale.winner % len(NAMES)
        arrows = np.column_stack([self.middles, math.pi / 2 * ((1 - move) % 4), move])
        high = self.feet[:, 1] + 0.8 * self.plane[1] * np.where(held.able, np.clip(self.taken / FULL, 0, 1), 0.0)
        kind = np.where(held.able, np.arange(held.n) % len(NAMES), SACKED)
        ends = np.column_stack([np.vstack([np.column_stack([self.feet[:, 0], high]), self.feet]), np.tile(kind, 2)])
        winner, seller, paid = self.last or (0, -1, 0.0)
        weight = min(max(paid, 0.0), 1.0) if seller >= 0 else 0.0
        return {"prices": prices, "walls": self.walls, "ends": self.ends,
                "arrows": np.where(self.open[:, np.newaxis], arrows, np.nan),
                "takings": np.column_stack([np.arange(held.n), held.n + np.arange(held.n), np.ones(held.n)]),
                "payment": np.array([[winner, max(seller, 0), weight]], np.float64),
                "modules": ends, "walker": self.middles[held.at]}

    def _name(self, module):
        return NAMES[module % len(NAMES)] + (f" {module // len(NAMES) + 1}" if self.clones > 1 else "")

    def readout(self):
        said = f"Auction {self.time}. "
        if self.last:
            winner, seller, paid = self.last
            to = "nobody, at a walk's start" if seller < 0 else "itself" if seller == winner else self._name(seller)
            said += f"{self._name(winner)} won it and paid {paid:.2f} to {to}. "
        gone = [self._name(module) for module in np.flatnonzero(~self.society.able)]
        if gone:
            said += f"Sacked: {', '.join(gone)}; the best walk left is worth {self.possible:.2f} of {self.first:.2f}. "
        if self.walks and self.possible > 0:
            share = sum(self.walks) / len(self.walks) / self.possible
            said += f"The last {len(self.walks)} walks earned {100 * share:.0f}% of the best possible. "
        if self.taken.sum() > 0:
            said += (f"{self._name(int(self.taken.argmax()))} takes in most; the profits of all are {signed(self.gained.sum() / self.taken.sum())} of all takings.")
        return said.strip()

    def reached(self):
        """Twins walked well, then all but two ways were sacked, and those that are left walk well again."""
        return bool(self.clones == 2 and self.proved and self._ways().sum() == 2 and self.possible > 0 and self._good())
