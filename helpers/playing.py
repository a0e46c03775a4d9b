"""Two players who learn a game by playing it: `imitation` as a stage."""
import math

import numpy as np

from . import checks, games, imitation, lots
from .scenes import Edges, Points

SIZE = (100.0, 50.0)
RULES = ("imitation", "imitation, one population", "fictitious play")
STRIDE = 0.15  # of a step of the flow, in which the largest difference in pay adds so much to a score
SEEN = 100  # rounds that count as seen where fictitious play starts
FASTER = 50  # a step of fictitious play is one round for so many that were seen,
MOST, SPELLS = 20_000, 40  # but no more rounds than this, nor spells of the same pair
LEAST = 0.005  # of each strategy at the start: what is extinct cannot be imitated
TRAIL, DARTS, MARKS = 300, 72, 30
FAR, NEAR, STAY = 0.2, 0.02, 100  # off an equilibrium, in shares; steps
TRIANGLE = np.array([[0.5, math.sqrt(0.75)], [0.0, 0.0], [1.0, 0.0]])  # corners: first strategy on top, second, third
SIDE, LEFT, MIDDLE, RIGHT, LOW = 44.0, 3.0, 28.0, 53.0, 6.0
SQUARE = np.array([30.0, 5.0]), 40.0  # its lower left corner, its side


def _lattice(m, alone):
    """Pairs of mixed strategies all over a triangle, (36, 3), the square, (64, 2), or its diagonal, (12, 2)."""
    if m == 3:
        steps = np.array([(i, j, 7 - i - j) for i in range(8) for j in range(8 - i)])
        return ((steps + 0.5) / 8.5,) * 2
    first = ((np.arange(12) + 0.5) / 12,) * 2 if alone else np.divide(np.indices((8, 8)).reshape(2, -1) + 0.5, 8)
    return tuple(np.column_stack([share, 1 - share]) for share in first)


def _read(game):
    """A typed game of two or three strategies each; the ValueError names `game`."""
    try:
        payoffs = games.typed(game)
    except ValueError as error:
        raise ValueError(str(error).replace("text=", "game=", 1) + "; two or three rows, as in '3 0; 5 1' or '3,3 0,5; 5,0 1,1'") from None
    if payoffs.A.shape not in ((2, 2), (3, 3)):
        raise ValueError(f"game={game!r}: must have two rows and two columns, or three and three")
    return payoffs


class Playing:
    """Two players who learn a game.

    `game`: their payoffs, as `games.typed` reads them, 2 x 2 or 3 x 3. Three strategies: a triangle for each player,
    the row player's to the left, whose corners are the pure strategies, the first on top, the second on the left. Two:
    a square; the further right, the more the row player plays her first strategy, the higher up, the more the column
    player plays his. `rule` "imitation": two large populations, whose members copy those of their own who earn more;
    "imitation, one population": one, for a symmetric game, which meets itself; "fictitious play": each plays what is
    best against all that the other has played, and what is shown is how often each has played what. Darts show where
    they would go from elsewhere; in a triangle, while the other stays. The tool "place" lets them start again there.
    """

    layers = {"drift": Points("x y heading"), "borders": Edges("pure_strategies", width=1.2),
              "pure_strategies": Points("x y kind"), "trail": Points(), "equilibria": Points(), "average": Points(),
              "players": Points("x y kind")}
    tools = {"place": "tap"}
    live = ("game", "rule")

    def __init__(self, rng, *, game="0 -1 1; 1 0 -1; -1 1 0", rule="imitation"):
        self.plane, self.rng, self.x = SIZE, rng, np.zeros(0)
        self._play_by(_read(game), checks.one_of("rule", rule, RULES))

    def __setattr__(self, name, value):
        if name == "game":
            self._play_by(_read(value), self.rule)
        elif name == "rule":
            self._play_by(self.payoffs, checks.one_of("rule", value, RULES))
        else:
            super().__setattr__(name, value)

    def _play_by(self, payoffs, rule):
        """Go on from here with this game and rule; if the number of strategies is another, from anywhere."""
        if rule == RULES[1] and not np.array_equal(payoffs.A, payoffs.B.T):
            raise ValueError(f"rule={rule!r}, game={games.shown(payoffs)!r}: one population needs a symmetric game, in which both are paid alike")
        self.payoffs, self.alone, self.strategies = payoffs, rule == RULES[1], len(payoffs.A)
        super().__setattr__("rule", rule)
        spread = max(np.ptp(payoffs.A), np.ptp(payoffs.B))
        self.stride = STRIDE / spread if spread > 0 else 1.0
        x, y = self.all_equilibria = games.equilibria(payoffs)
        met = np.abs(x - y).max(axis=1) < 1e-9 if self.alone else slice(None)
        self.equilibria = x[met], y[met]
        self.lattice = _lattice(self.strategies, self.alone)
        there = (self.x, self.y) if self.x.size == self.strategies else self.rng.dirichlet(np.ones(self.strategies), 2)
        self._start(*there)

    def _start(self, x, y):
        """Begin again at x, y, with nothing on average but that."""
        x, y = (np.maximum(one, LEAST) / np.maximum(one, LEAST).sum() for one in (x, x if self.alone else y))
        self.steps = self.settled = 0
        self.time = 0.0
        if self.rule == "fictitious play":
            self.seen = [_parts(x), _parts(y)]
            self.spells = imitation.spells(self.payoffs, *self.seen)
            self.spell = next(self.spells)
            x, y = np.array(self.seen) / SEEN
        else:
            self.scores = np.log(x), np.log(y)
        self.x, self.y = x, y
        self.sums = np.zeros((2, self.strategies))
        self.far = self.off(x, y)
        self.trail = np.full((TRAIL, 4), np.nan)

    def step(self):
        self.trail[self.steps % TRAIL] = self._places(self.x, self.y)
        self.steps += 1
        if self.rule == "fictitious play":
            self._play()
        else:
            u, v = imitation.advance(self.payoffs, *self.scores, self.stride)
            self.scores = u, u if self.alone else v
            before = np.array([self.x, self.y])
            self.x, self.y = (lots.softmax(scores) for scores in self.scores)
            self.sums += (before + [self.x, self.y]) / 2
            self.time += self.stride
        self.settled = self.settled + 1 if self.off(self.x, self.y) <= NEAR else 0

    def _play(self):
        (p, q), (i, j, left) = self.seen, self.spell
        ahead = most = min(sum(p) // FASTER, MOST)
        for _ in range(SPELLS):
            if not left:
                i, j, left = next(self.spells)
            rounds = min(left, ahead)
            p[i] += rounds
            q[j] += rounds
            left, ahead = left - rounds, ahead - rounds
            if not ahead:
                break
        self.spell = i, j, left
        self.time += most - ahead
        self.x, self.y = np.array(self.seen) / sum(self.seen[0])

    def poke(self, x, y, tool):
        """Start again there, or at the border if it is beyond."""
        checks.one_of("tool", tool, tuple(self.tools))
        at = np.array([checks.one_number("x", x, 0, SIZE[0]), checks.one_number("y", y, 0, SIZE[1])])
        if self.strategies == 2:
            first = np.clip((at - SQUARE[0]) / SQUARE[1], 0, 1)
            if self.alone:
                first = np.full(2, first.mean())
            self._start(*np.column_stack([first, 1 - first]))
            return
        player = 0 if self.alone or x < SIZE[0] / 2 else 1
        weights = np.linalg.solve(np.vstack([self._corners()[player].T, np.ones(3)]), np.append(at, 1.0))
        self._start(*(self.x, weights) if player else (weights, self.y))

    def _corners(self):
        """Those of each triangle, (3, 2)."""
        return [TRIANGLE * SIDE + [left, LOW] for left in ((MIDDLE,) if self.alone else (LEFT, RIGHT))]

    def _places(self, x, y):
        """Where x, y (..., m) are shown, (..., 4): the row player's place, the column player's, nan if it has none."""
        if self.strategies == 2:
            shown = SQUARE[0] + SQUARE[1] * np.stack([x[..., 0], y[..., 0]], axis=-1)
        else:
            shown = np.concatenate([one @ at for one, at in zip((x, y), self._corners(), strict=False)], axis=-1)
        return np.concatenate([shown, np.full((*shown.shape[:-1], 4 - shown.shape[-1]), np.nan)], axis=-1)

    def _drift(self):
        """Darts (72, 3)."""
        rows, columns = self.lattice
        # In a triangle one player goes elsewhere, the other stays; in the square, or in one population, both go.
        seen = (rows, columns) if self.alone or self.strategies == 2 else (self.x, self.y)
        if self.rule == "fictitious play":
            best = (np.eye(self.strategies)[paid.argmax(axis=-1)] for paid in imitation.worth(self.payoffs, *seen))
            moves = [reply - there for reply, there in zip(best, (rows, columns), strict=True)]
        else:
            moves = [imitation.field(self.payoffs, rows, seen[1])[0], imitation.field(self.payoffs, seen[0], columns)[1]]
        there = self._places(rows, columns)
        ahead = self._places(rows + moves[0], columns + moves[1]) - there
        darts = np.concatenate([np.column_stack([there[:, k:k + 2], np.arctan2(ahead[:, k + 1], ahead[:, k])])
                                for k in (0, 2)])
        moves = np.abs(np.concatenate([ahead[:, :2], ahead[:, 2:]])).max(axis=1) > 1e-9
        return np.concatenate([np.where(moves[:, np.newaxis], darts, np.nan), np.full((DARTS, 3), np.nan)])[:DARTS]

    def _pure(self):
        """The corners (6, 3) with their kinds, and what borders (6, 3) join them."""
        corners, borders = np.full((6, 3), np.nan), np.zeros((6, 3))
        if self.strategies == 2:
            places = SQUARE[0] + SQUARE[1] * np.array([[1, 1], [1, 0], [0, 0], [0, 1]])
            corners[:4] = np.column_stack([places, [0, 3, 1, 3]])
            borders[:4] = [[0, 1, 1], [1, 2, 1], [2, 3, 1], [3, 0, 1]]
        for k, triangle in enumerate(self._corners() if self.strategies == 3 else ()):
            corners[3 * k:3 * k + 3] = np.column_stack([triangle, np.arange(3)])
            borders[3 * k:3 * k + 3] = [[3 * k, 3 * k + 1, 1], [3 * k + 1, 3 * k + 2, 1], [3 * k + 2, 3 * k, 1]]
        return corners, borders

    def scene(self):
        pure, borders = self._pure()
        marks = np.full((2 * MARKS, 2), np.nan)
        at = self._places(*self.equilibria)[:MARKS].reshape(-1, 2)
        marks[:len(at)] = at
        average = np.full((2, 2), np.nan)
        if self.rule != "fictitious play" and self.steps:
            average = self._places(*self.sums / self.steps).reshape(2, 2)
        now = self._places(self.x, self.y).reshape(2, 2)
        kinds = [2, 2] if self.alone or self.strategies == 2 else [0, 1]
        return {"drift": self._drift(), "borders": borders, "pure_strategies": pure, "trail": self.trail.reshape(-1, 2),
                "equilibria": marks, "average": average, "players": np.column_stack([now, kinds])}

    def off(self, x, y):
        """By how much a share must change, at most, on the way to the nearest equilibrium that is marked."""
        a, b = self.equilibria
        return float(np.maximum(np.abs(a - x).max(axis=1), np.abs(b - y).max(axis=1)).min())

    def readout(self):
        players = [(self.x, "all")] if self.alone else [(self.x, "row player"), (self.y, "column player")]
        shares = ", ".join(f"{name} {'/'.join(f'{100 * share:.0f}' for share in one)}" for one, name in players)
        when = f"Round {self.time:,.0f}" if self.rule == "fictitious play" else f"Time {self.time:.1f}"
        gains = " and ".join(f"{abs(worth.max() - one @ worth):.2f}" for worth, (one, _)
                             in zip(imitation.worth(self.payoffs, self.x, self.y), players, strict=False))
        said = f"{when}: {shares} %. The best reply would gain {gains}. "
        said += f"The nearest equilibrium marked is {100 * self.off(self.x, self.y):.1f} percentage points off"
        if self.rule == "fictitious play" or not self.steps:
            return said + "."
        return said + f", their average so far {100 * self.off(*self.sums / self.steps):.1f} from one."

    def reached(self):
        """From far off imitation has come to the only equilibrium, which mixes all strategies, and stayed."""
        x, y = self.all_equilibria
        mixed = min(x.min(), y.min()) > NEAR  # and so there is but one
        return bool(self.rule != "fictitious play" and mixed and self.far >= FAR and self.settled >= STAY)


def _parts(x):
    """x as SEEN rounds, a list of ints: rounded down, and what is left to those that lost most."""
    parts = np.floor(x * SEEN)
    lost = np.argsort(parts - x * SEEN, kind="stable")
    parts[lost[:SEEN - int(parts.sum())]] += 1
    return [int(part) for part in parts]
