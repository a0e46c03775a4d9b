"""Pairs who must climb to the same peak, and the reader in the place of one of each: `learners` as a stage."""
import numpy as np

from . import checks, learners, lots
from .scenes import Field, Points

SIZE, CELLS = 100.0, 50  # the plane's side, and its cells along it
BLOCK, GAP = 26.0, 4.0  # the side of one of the nine blocks; what is left free between them, within that
EDGE = 3  # cells left of the rows' bars and above the columns', for their letters
WIDE, DEEP = 8, 6  # the pairs' places in a block
PAIRS = WIDE * DEEP
ROWS = "abc"  # from the top, and the columns from the left
KINDS = {"cautious": "independent", "optimistic": "optimistic"}
PEAK = learners.CLIMBING.max()
RECENT = 20  # rounds


class Climbing:
    """Forty-eight pairs who learn the climbing game.

    In each round one of a pair plays a row, the other a column, and both earn what the block holds: 11, -30, 0 in the
    top row, then -30, 7, 6, then 0, 0, 5. A dot is a pair, in the block that it played last; it stands out once its
    column player has come to expect a loss of column a. Bars show how often rows, on the left, and columns, above, are chosen now. `player`
    "a learner" plays the rows, or "you": then the row that is tapped is played with all, in each round until another
    is. `learner` "optimistic" does not learn from a payoff that is less than expected. A block is blank until a pair
    has been there. All choose at random at first and less so with every round.
    """

    layers = {"gain": Field(PEAK, "points"), "loss": Field(30, "points"), "nothing": Field(1), "tendency": Field(1, "of the pairs"),
              "pairs": Points("x y kind")}
    words = [(1.0, (2.5 - one) * BLOCK, row) for one, row in enumerate(ROWS)]
    words += [(SIZE - (2.6 - one) * BLOCK, SIZE - EDGE, column) for one, column in enumerate(ROWS)]
    tools = {"play": "tap"}
    live = ("player",)

    def __init__(self, rng, *, player="a learner", learner="cautious"):
        kind = KINDS[checks.one_of("learner", learner, tuple(KINDS))]
        self.plane, self.rng = (SIZE, SIZE), rng
        self.rows, self.columns = (learners.KINDS[kind](PAIRS, 3, 3, alpha=0.1) for _ in range(2))
        self.temperatures = learners.cooling(2000)
        self.last = np.full((2, PAIRS), -1, np.int64)  # row and column
        self.seen = np.zeros((3, 3), bool)
        self.time = self.yours = 0  # rounds, and those with your rows
        self.recent = np.zeros(RECENT)
        self.balance = self.lowest = 0.0
        self.player = player

    def __setattr__(self, name, value):
        if name == "player":
            checks.one_of("player", value, ("a learner", "you"))
            self.row, self.yours = None, 0
        super().__setattr__(name, value)

    @property
    def temperature(self):
        return self.temperatures[min(self.time, self.temperatures.size - 1)]

    def step(self):
        """A round; with the reader, none until a row is tapped."""
        if self.player == "a learner":
            row, column, payoff = learners.one_round(learners.CLIMBING, self.rows, self.columns, self.temperature, self.rng)
        elif self.row is None:
            return
        else:
            row = np.full(PAIRS, self.row, np.int64)
            column = lots.draw(learners.tendencies(self.columns.values(), self.temperature), self.rng)
            payoff = learners.CLIMBING[row, column]
            self.columns.learn(column, row, payoff)
            self.yours += 1
        self.last = np.stack([row, column])
        self.seen[row, column] = True
        self.recent[self.time % RECENT] = payoff.mean()
        self.time += 1
        self.balance += float(payoff.mean())
        self.lowest = min(self.lowest, self.balance)

    def poke(self, x, y, tool):
        """Play the row there from now on; ValueError above the rows, and where a learner plays them."""
        checks.one_of("tool", tool, tuple(self.tools))
        checks.one_number("x", x, 0, SIZE)
        y = checks.one_number("y", y, 0, SIZE)
        if self.player != "you":
            raise ValueError(f"player={self.player!r}: must be 'you' for your own rows")
        if y >= 3 * BLOCK:
            raise ValueError("no row is there; tap one of the three below")
        self.row = 2 - int(y // BLOCK)

    def chances(self):
        """How likely each row and each column is in the next round, on average over the pairs, (2, 3)."""
        rows, columns = (learners.tendencies(one.values(), self.temperature).mean(axis=0) for one in (self.rows, self.columns))
        if self.player == "you":
            rows = (np.arange(3) == self.row).astype(float)
        return np.stack([rows, columns])

    def scene(self):
        blocks, nothing = np.zeros((2, CELLS, CELLS))  # the payoff of each cell of the plane; where one is zero
        tendency = np.zeros((CELLS, CELLS))
        side, gap = int(BLOCK * CELLS / SIZE), int(GAP / 2 * CELLS / SIZE)
        margin = CELLS - 3 * side  # left of the blocks and above them
        most = margin - 1 - EDGE  # a bar's length
        ends = np.clip(self.chances()[..., np.newaxis] * most - np.arange(most), 0, 1)
        for one in range(3):
            low, left = (2 - one) * side, margin + one * side
            tendency[low + 3 * gap:low + side - 3 * gap, margin - 2:EDGE - 1:-1] = ends[0, one]
            tendency[CELLS - margin + 1:CELLS - EDGE, left + 3 * gap:left + side - 3 * gap] = ends[1, one][:, np.newaxis]
            for other in range(3):
                at = slice(low + gap, low + side - gap), slice(margin + other * side + gap, margin + (other + 1) * side - gap)
                blocks[at] = learners.CLIMBING[one, other] * self.seen[one, other]
                nothing[at] = self.seen[one, other] and learners.CLIMBING[one, other] == 0
        place = np.arange(PAIRS, dtype=np.int64)
        room = BLOCK - 2 * GAP
        x = SIZE - (3 - self.last[1]) * BLOCK + GAP + room * (place % WIDE + 0.5) / WIDE
        y = (2 - self.last[0]) * BLOCK + GAP + room * (place // WIDE + 0.5) / DEEP
        pairs = np.column_stack([x, y, self.columns.q[:, 0] < 0])
        return {"gain": np.maximum(blocks, 0), "loss": np.maximum(-blocks, 0), "nothing": nothing, "tendency": tendency,
                "pairs": np.where(self.time, pairs, np.nan)}

    def earned(self):
        """Points a round, on average over the pairs and the last rounds."""
        return float(self.recent.sum() / max(1, min(self.time, RECENT)))

    def readout(self):
        if self.player == "you" and self.row is None:
            said = f"Round {self.time}: all wait for your row. "
        else:
            said = f"Round {self.time}, temperature {self.temperature:.2f}" + (f", you play row {ROWS[self.row]}. " if self.player == "you" else ". ")
        there = np.bincount(3 * self.last[0] + self.last[1], minlength=9) if self.time else np.zeros(9)
        most = [k for k in np.argsort(-there, kind="stable")[:3].tolist() if there[k]]
        if most:
            said += "Of 48 pairs " + ", ".join(f"{there[k]} at ({ROWS[k // 3]}, {ROWS[k % 3]})" for k in most) + "; "
            said += f"{np.count_nonzero(self.columns.q[:, 0] < 0)} column players expect column a to lose. "
            said += f"On average a pair earned {self.earned():.1f} a round of late, and {self.balance:.0f} in all"
            said += f"; once it had lost {-self.lowest:.0f} more than it had earned. " if self.lowest < 0 else ". "
        return said.strip()

    def reached(self):
        """With the reader's rows nearly all are at the peak, and they were never in debt on the way."""
        return self.player == "you" and self.yours >= RECENT and self.earned() >= 0.9 * PEAK and self.lowest >= 0
