"""Firms who each choose a quantity for their own profit, and what comes of it for all (Cournot 1838).

Notation
    N          firms
    q          (..., N): what each brings to the market, >= 0; Q their sum
    a, b       the price is a - b Q: what the keenest buyer would pay, and how it falls with each unit
    costs      c (N,): what a unit costs each firm, below a; fixed: what each pays besides, whatever it makes
    surplus    of the buyers b Q^2 / 2; welfare: theirs and all profits
    deadweight what welfare lacks, fixed costs left out, to that of a planner who lets the cheapest firm sell at cost
With alike firms Q = N / (N + 1) of the planner's (a - c) / b, and the price above cost falls as 1 / (N + 1).
"""
from typing import NamedTuple

import numpy as np

from . import checks


MOST = 1e6  # that a may be


class Market(NamedTuple):
    """a, b, costs (N,), fixed."""

    a: float
    b: float
    costs: np.ndarray
    fixed: float


def market(costs, a=100.0, b=1.0, fixed=0.0):
    """A Market. Raises ValueError unless 0 <= costs < a, a and b > 0, fixed >= 0."""
    a, b = checks.one_number("a", a, 0, MOST, open_low=True), checks.one_number("b", b, 1e-6, 1e6)
    return Market(a, b, checks.vector("costs", costs, 0, a, open_high=True), checks.one_number("fixed", fixed, 0, 1e12))


def alike(n, cost=10.0, a=100.0, b=1.0, fixed=0.0):
    """A Market of n firms of the same cost, which is below a."""
    a = checks.one_number("a", a, 0, MOST, open_low=True)
    cost = checks.one_number("cost", cost, 0, a, open_high=True)
    return market(np.full(checks.count("n", n), cost), a, b, fixed)


def _quantities(market, q):
    q = checks.finite("q", q, 0, 1e12)
    if q.ndim == 0 or q.shape[-1] != market.costs.size:
        raise ValueError(f"q of shape {q.shape}: must be (..., {market.costs.size}), one quantity a firm")
    return q


class Outcome(NamedTuple):
    """price, surplus of the buyers and deadweight loss (...,); profits (..., N)."""

    price: np.ndarray
    profits: np.ndarray
    surplus: np.ndarray
    deadweight: np.ndarray


def outcome(market, q):
    """What quantities q (..., N) lead to; the price is 0 at the least."""
    q = _quantities(market, q)
    Q = np.minimum(q.sum(axis=-1), market.a / market.b)  # nobody takes more
    price = np.maximum(market.a - market.b * q.sum(axis=-1), 0.0)
    made = price[..., np.newaxis] * q - market.costs * q
    surplus = (market.a - price) * Q / 2
    most = (market.a - market.costs.min()) ** 2 / (2 * market.b)
    return Outcome(price, made - market.fixed, surplus, most - surplus - made.sum(axis=-1))


def replies(market, q):
    """What would be best for each firm, (..., N), if the others kept to q: (a - c - b (Q - q)) / (2 b), or nothing."""
    return _replies(market, _quantities(market, q))


def _replies(market, q):
    others = q.sum(axis=-1, keepdims=True) - q
    return np.maximum(market.a - market.costs - market.b * others, 0.0) / (2 * market.b)


def equilibrium(market):
    """The quantities (N,) of which each is the best reply to the others: (p - c) / b, p = (a + sum of c) / (k + 1).

    Both over the k firms that sell: the cheapest, as many as have costs below the price that they make.
    """
    cheapest = np.sort(market.costs)
    prices = (market.a + np.cumsum(cheapest)) / (np.arange(cheapest.size) + 2)
    selling = int((cheapest < prices).sum())  # once a firm's cost is not below the price, none that is dearer sells
    return np.maximum(prices[selling - 1] - market.costs, 0.0) / market.b


# --- will they get there? -----------------------------------------------------------------------------------


def potential(market, q):
    """(...,): rises by just what a firm gains that alone changes its quantity (Slade 1994; Monderer & Shapley 1996).

    sum of (a - c) q - b (sum of q^2 + sum over pairs of q_i q_j), as long as the price is above 0.
    """
    q = _quantities(market, q)
    squares = (q * q).sum(axis=-1)
    return ((market.a - market.costs) * q).sum(axis=-1) - market.b * (squares + q.sum(axis=-1) ** 2) / 2


def all_at_once(market, q, rounds, inertia=0.0):
    """Quantities (rounds + 1, N), from q (N,) on: all at once go to their replies, but for a share `inertia` of the way."""
    rounds, inertia = checks.count("rounds", rounds, 0), checks.one_number("inertia", inertia, 0, 1, open_high=True)
    path = [_start(market, q)]
    for _ in range(rounds):
        path.append(inertia * path[-1] + (1 - inertia) * _replies(market, path[-1]))
    return np.array(path)


def in_turn(market, q, rounds):
    """Quantities (rounds N + 1, N), from q (N,) on, after each move of one firm after the other to its reply."""
    rounds, path = checks.count("rounds", rounds, 0), [_start(market, q)]
    for move in range(rounds * market.costs.size):
        firm, after = move % market.costs.size, path[-1].copy()
        after[firm] = _replies(market, after)[firm]
        path.append(after)
    return np.array(path)


def _start(market, q):
    q = _quantities(market, q)
    if q.ndim != 1:
        raise ValueError(f"q of shape {q.shape}: must be ({market.costs.size},)")
    return q


def turn(n, inertia=0.0):
    """By what a common error of n firms is multiplied in a round of `all_at_once`: inertia - (1 - inertia) (n - 1) / 2.

    It dies out if that is above -1: without inertia for two firms alone, three swing for ever, and four or more away
    (Theocharis 1960), until some make nothing; with inertia above (n - 3) / (n + 1) always.
    """
    n, inertia = checks.counts("n", n), checks.finite("inertia", inertia, 0, 1, open_high=True)
    checks.together(n=n, inertia=inertia)
    return inertia - (1 - inertia) * (n - 1) / 2


# --- where each for itself is not best for all ----------------------------------------------------------------


class Entry(NamedTuple):
    """How many firms come, how many a planner would let in, and the welfare of both."""

    free: int
    planned: int
    free_welfare: float
    planned_welfare: float


def welfare(n, fixed, cost=10.0, a=100.0, b=1.0):
    """What buyers and n alike firms have together: (a - c)^2 n (n + 2) / (2 b (n + 1)^2) - n fixed."""
    n = checks.counts("n", n, 0)
    one = alike(1, cost, a, b, fixed)
    return (one.a - cost) ** 2 / (2 * one.b) * n * (n + 2) / (n + 1.0) ** 2 - n * one.fixed


def entry(fixed, cost=10.0, a=100.0, b=1.0):
    """Free entry against a planner who may close the door but not set quantities (Mankiw & Whinston 1986).

    Firms come as long as the next would not lose by it. That is too many: much of what she earns is taken from the
    others. (It can be too few by one, since firms come whole.) Raises ValueError if more than a million would come.
    """
    one = alike(1, cost, a, b, checks.one_number("fixed", fixed, 0, open_low=True))
    gain = (one.a - cost) ** 2 / one.b  # a firm's profit before fixed costs is this / (n + 1)^2
    if gain / one.fixed > 1e12:
        raise ValueError(f"fixed={fixed!r}: more than a million firms would come; must be at least {gain / 1e12:.3g}")
    n = np.arange(int(np.sqrt(gain / one.fixed)) + 2, dtype=np.int64)
    free = int(n[gain >= one.fixed * (n + 1.0) ** 2].max(initial=0))
    worth = welfare(n, fixed, cost, a, b)
    planned = int(worth.argmax())
    return Entry(free, planned, float(worth[free]), float(worth[planned]))


class Fishery(NamedTuple):
    """effort, stock, catch and rent of all fishers together, (...,), once the stock has come to rest."""

    effort: np.ndarray
    stock: np.ndarray
    catch: np.ndarray
    rent: np.ndarray


def fishery(fishers, price=2.0, cost=0.5, growth=1.0, capacity=1.0):
    """Fishers of one stock, each for itself (Gordon 1954; Schaefer 1957). A planner is the same as one fisher alone.

    A stock X grows by growth X (1 - X / capacity) and loses effort X, the catch. So the rent, price times catch less
    cost times effort, is effort times a - b effort, a = price capacity - cost, b = price capacity / growth, of which
    each gets its share of the effort: Cournot's game, but with no buyers who gain what the fishers lose. Effort is
    n / (n + 1) a / b and the rent 4 n / (n + 1)^2 of the planner's. Raises ValueError if fishing never pays.
    """
    n = checks.counts("fishers", fishers)
    cost = checks.one_number("cost", cost, 0)
    price, growth, capacity = (checks.one_number(name, value, 0, 1e9, open_low=True)
                               for name, value in (("price", price), ("growth", growth), ("capacity", capacity)))
    if cost >= price * capacity:
        raise ValueError(f"cost={cost!r}: fishing never pays; must be below price times capacity, {price * capacity:g}")
    a, b = price * capacity - cost, price * capacity / growth
    effort = n / (n + 1) * a / b
    stock = capacity * (1 - effort / growth)
    return Fishery(effort, stock, effort * stock, effort * (a - b * effort))


class Deal(NamedTuple):
    """What a firm makes in a round: if all keep to the deal, if it alone breaks it, and after that."""

    kept: float
    broken: float
    after: float


def deal(n, cost=10.0, a=100.0, b=1.0):
    """n alike firms share a monopolist's output; once one makes more, they make Cournot's for ever (Friedman 1971)."""
    n = checks.count("n", n, 2)
    one = alike(n, cost, a, b)
    gain = (one.a - cost) ** 2 / one.b
    return Deal(gain / (4 * n), gain * (n + 1) ** 2 / (16 * n * n), gain / (n + 1) ** 2)


def patience(n):
    """The least worth of 1 paid a round later at which no firm breaks the `deal`: (n + 1)^2 / ((n + 1)^2 + 4 n).

    (broken - kept) / (broken - after). 9/17 for two; towards 1 for many.
    """
    n = checks.counts("n", n, 2)
    return (n + 1.0) ** 2 / ((n + 1.0) ** 2 + 4 * n)
