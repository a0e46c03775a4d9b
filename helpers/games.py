"""Two agents, each with an aim of its own: bimatrix games.

Notation
    A, B      (m, n) each: what the row player and the column player get for row i and column j
    x, y      (..., m), (..., n): mixed strategies, with what chances each plays its actions
    payoffs   x A y and x B y
    regret    the most that either would gain by another action; x, y are an eps-equilibrium if it is at most eps,
              and a Nash equilibrium if it is 0 (Nash 1951)
All comparisons are to a billionth of a player's range of payoffs (TOLERANCE).
"""
from itertools import combinations
from typing import NamedTuple

import numpy as np

from . import checks

LEAST, MOST, LARGEST = 2, 6, 1000.0  # actions of a player; size of a payoff
TOLERANCE = 1e-9


class Game(NamedTuple):
    """A, B (m, n)."""

    A: np.ndarray
    B: np.ndarray


def game(A, B):
    """A Game of 2 to 6 actions each. Raises ValueError for other shapes, payoffs that are not finite or beyond 1000."""
    A, B = checks.finite("A", A, -LARGEST, LARGEST), checks.finite("B", B, -LARGEST, LARGEST)
    if A.ndim != 2 or A.shape != B.shape or min(A.shape) < LEAST or max(A.shape) > MOST:
        raise ValueError(f"A, B of shapes {A.shape}, {B.shape}: must be alike, (m, n), "
                         f"with {LEAST} to {MOST} actions each")
    return Game(A, B)


# --- a game in one line of text ------------------------------------------------------------------------


def typed(text):
    """The Game of a line such as "3,3 0,5; 5,0 1,1" or, if it is symmetric (B = A^T), "3 0; 5 1".

    Rows are parted by ";", entries by blanks; an entry is what the row player gets, a comma, what the column player
    gets. Raises ValueError, which quotes what is wrong, for anything else.
    """
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"text={text!r}: must be a game, such as '3,3 0,5; 5,0 1,1'")
    said = f"text={text if len(text) <= 60 else text[:57] + '...'!r}"
    rows = [row.split() for row in text.split(";")]
    for i, row in enumerate(rows, 1):
        if len(row) != len(rows[0]) or not row:
            raise ValueError(f"{said}: row {i} has {len(row)} entries, row 1 has {len(rows[0])}; "
                             "must be alike, and not 0")
    if not (LEAST <= len(rows) <= MOST and LEAST <= len(rows[0]) <= MOST):
        raise ValueError(f"{said}: {len(rows)} rows of {len(rows[0])}; must be from {LEAST} to {MOST} of each")
    players = rows[0][0].count(",") + 1
    numbers = np.array([[_entry(said, entry, players) for entry in row] for row in rows])
    if players == 1 and len(rows) != len(rows[0]):
        raise ValueError(f"{said}: {len(rows)} rows of {len(rows[0])}; with one number an entry must be square, B = A^T")
    return Game(numbers[..., 0], numbers[..., 1] if players == 2 else numbers[..., 0].T.copy())


def _entry(said, entry, players):
    parts = entry.split(",")
    try:
        found = [float(part) for part in parts]
    except ValueError:
        raise ValueError(f"{said}: {entry!r} must be a number, or two with a comma and no blank between") from None
    if len(found) != players or players > 2:
        raise ValueError(f"{said}: {entry!r} has {len(found)} numbers; must be 1 in every entry, or 2 in every entry")
    if not all(abs(number) <= LARGEST for number in found):  # nor if it is NaN
        raise ValueError(f"{said}: {entry!r} must be finite and in [-{LARGEST:g}, {LARGEST:g}]")
    return found


def shown(game):
    """The line of text that `typed` reads as this game, the shorter one if it is symmetric."""
    def say(number):
        short = f"{number:g}"
        return short if float(short) == number else repr(float(number))

    symmetric = np.array_equal(game.A, game.B.T)
    return "; ".join(" ".join(say(a) if symmetric else f"{say(a)},{say(b)}" for a, b in zip(*row, strict=True))
                     for row in zip(*game, strict=True))


def penalty(k):
    """The penalty game of Claus & Boutilier (1998), for a penalty k <= 0 on failing to meet: both get the same."""
    k = checks.one_number("k", k, -LARGEST, 0)
    return game(*[[[10, 0, k], [0, 2, 0], [k, 0, 10]]] * 2)


NAMED = {
    "prisoners' dilemma": typed("3 0; 5 1"),  # keep silent, confess
    "stag hunt": typed("4 0; 3 3"),  # stag, hare
    "chicken": typed("0 7; 2 6"),  # dare, yield: Aumann's numbers; also hawk, dove
    "coordination": typed("1 0; 0 1"),
    "battle of the sexes": typed("3,2 0,0; 0,0 2,3"),
    "matching pennies": typed("1,-1 -1,1; -1,1 1,-1"),
    "rock paper scissors": typed("0 -1 1; 1 0 -1; -1 1 0"),
    "Shapley's game": typed("1,0 0,1 0,0; 0,0 1,0 0,1; 0,1 0,0 1,0"),  # 1964: fictitious play goes round for ever
    "climbing": typed("11,11 -30,-30 0,0; -30,-30 7,7 6,6; 0,0 0,0 5,5"),  # Claus & Boutilier 1998
    "penalty": penalty(-10),
}


# --- play ----------------------------------------------------------------------------------------------


def _mixed(name, value, actions):
    value = checks.finite(name, value, 0, 1 + TOLERANCE)
    if value.ndim == 0 or value.shape[-1] != actions:
        raise ValueError(f"{name} of shape {value.shape}: must be (..., {actions}), one chance an action")
    off = np.abs(value.sum(axis=-1) - 1)
    if np.any(off > TOLERANCE):
        raise ValueError(f"{name}: chances sum to {value.sum(axis=-1).flat[off.argmax()]:.6g}; must sum to 1")
    return value


def _worth(game, x, y):
    """What each action of the row player gets against y, (..., m), and each of the column player against x, (..., n)."""
    m, n = game.A.shape
    return _mixed("y", y, n) @ game.A.T, _mixed("x", x, m) @ game.B


def _slack(game):
    return TOLERANCE * np.ptp(game.A), TOLERANCE * np.ptp(game.B)


def payoffs(game, x, y):
    """What each player gets on average, (...,) twice."""
    rows, columns = _worth(game, x, y)
    checks.together(x=rows[..., 0], y=columns[..., 0])
    return (x * rows).sum(axis=-1), (y * columns).sum(axis=-1)


def replies(game, x, y):
    """Best replies: bool (..., m), of the row player to y; bool (..., n), of the column player to x."""
    return tuple(worth >= worth.max(axis=-1, keepdims=True) - slack
                 for worth, slack in zip(_worth(game, x, y), _slack(game), strict=True))


def regret(game, x, y):
    """The most that either player would gain by one of its other actions, (...,); at least 0."""
    rows, columns = _worth(game, x, y)
    gains = rows.max(axis=-1) - (x * rows).sum(axis=-1), columns.max(axis=-1) - (y * columns).sum(axis=-1)
    return np.maximum(np.maximum(*gains), 0.0)


# --- what to expect of players who aim at their own --------------------------------------------------------


def pure(game):
    """Nash equilibria in pure strategies, int64 (k, 2): row and column of each. There may be none, then k = 0."""
    rows, columns = replies(game, *(np.eye(actions) for actions in game.A.shape))
    return np.argwhere(rows.T & columns).astype(np.int64)


def _corners(A):
    """Corners of {y >= 0, A y <= 1} but for y = 0, (k, n); what is tight there, bool (k, m + n): A y = 1, then y = 0."""
    m, n = A.shape
    walls, ends = np.concatenate([A, np.eye(n)]), np.repeat([1.0, 0.0], [m, n])
    chosen = np.array(list(combinations(range(m + n), n)), np.int64)
    chosen = chosen[np.linalg.matrix_rank(walls[chosen], tol=TOLERANCE) == n]
    y = np.linalg.solve(walls[chosen], ends[chosen][..., np.newaxis])[..., 0]
    reach = y @ walls.T
    inside = (reach[:, :m] <= 1 + TOLERANCE).all(axis=1) & (y >= -TOLERANCE).all(axis=1) & (y.sum(axis=1) > TOLERANCE)
    y, tight = y[inside], np.abs(reach[inside] - ends) <= TOLERANCE
    _, first = np.unique(tight, axis=0, return_index=True)  # what is tight tells a corner
    return y[first], tight[first]


def equilibria(game):
    """Nash equilibria: x (k, m), y (k, n), the purest first; k is at least 1 (Nash 1951).

    They are the pairs of corners of the two best-reply polytopes at which each action is unplayed or a best reply
    (Mangasarian 1964; von Stengel 2002, section 2.4). These are all equilibria unless the game is degenerate, that is,
    some mixture of k actions has more than k best replies; then they are the extreme ones, of which all others are
    mixtures.
    """
    A, B = ((payoff - payoff.min()) / (np.ptp(payoff) or 1.0) + 1 for payoff in game)
    m, n = A.shape
    y, at_y = _corners(A)
    x, at_x = _corners(B.T)
    at_x = np.concatenate([at_x[:, n:], at_x[:, :n]], axis=1)  # rows first, as in at_y
    i, j = np.nonzero((at_x[:, np.newaxis] | at_y).all(axis=-1))
    x, y = (np.where(corners < TOLERANCE, 0.0, corners) for corners in (x[i], y[j]))
    x, y = x / x.sum(axis=1, keepdims=True), y / y.sum(axis=1, keepdims=True)
    both = np.concatenate([x, y], axis=1)
    order = np.lexsort([*-both.round(9).T[::-1], (both > 0).sum(axis=1)])
    return x[order], y[order]


def secured(game):
    """What each player can be sure of, whatever the other does, by the best mixture: two numbers (von Neumann 1928)."""
    return tuple(float(payoffs(alone, *equilibria(alone))[0][0])
                 for alone in (Game(game.A, -game.A), Game(game.B.T, -game.B.T)))


def team_optimum(game):
    """What a planner would have them do: (row, column, the sum of both payoffs), the first if there are several."""
    total = game.A + game.B
    row, column = divmod(int(total.argmax()), total.shape[1])
    return row, column, float(total[row, column])


def price_of_anarchy(game):
    """The greatest sum of payoffs over the least in any of the `equilibria` (Koutsoupias & Papadimitriou 1999).

    Raises ValueError unless every payoff is at least 0 and the least sum above 0: shares of anything else say nothing.
    """
    least = min(game.A.min(), game.B.min())
    worst = float(sum(payoffs(game, *equilibria(game))).min())
    if least < 0 or worst <= 0:
        raise ValueError(f"game: the least payoff is {least:g}, the least sum in an equilibrium {worst:.6g}; "
                         "must be at least 0, and above 0")
    return team_optimum(game)[2] / worst


def exact_potential(game):
    """The potential (m, n), 0 at the first row and column: whoever moves alone gains just what it rises by.

    Raises ValueError if the game has none, that is, if the movers' gains round some cycle of four moves do not sum to 0
    (Monderer & Shapley 1996).
    """
    A, B = game
    potential = A - A[0] + B[0] - B[0, 0]
    off = B - B[:, :1] - potential + potential[:, :1]  # the gains round (0, 0), (0, j), (i, j), (i, 0)
    if np.abs(off).max() > 10 * max(_slack(game)):
        row, column = divmod(int(np.abs(off).argmax()), off.shape[1])
        raise ValueError(f"game: has no exact potential; the movers' gains round rows 0, {row} and columns 0, {column} "
                         f"sum to {-off[row, column]:.6g}; must be 0 round every such cycle")
    return potential
