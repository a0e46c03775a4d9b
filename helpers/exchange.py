"""Exchange: agents who bring goods to a market and are told nothing but prices.

Notation
    n, m         agents, goods
    endowments   w (n, m): what each brings, >= 0
    tastes       a (n, m), >= 0: shares in what each wants
    elasticity   sigma (n,): how readily an agent puts a cheaper good in the place of a dearer one: 0 never
                 (Leontief), 1 spends fixed shares (Cobb-Douglas), above 1 gladly
    prices       p (..., m), > 0; only their ratios matter to anybody
    supply       sum of w over the agents, (m,)
    excess       z (..., m): what all want of each good, less the supply. Walras's law: p . z = 0
Arrow, Chenery, Minhas & Solow 1961 for the demands; Walras 1874 for the groping, tatonnement.
"""
from typing import NamedTuple

import numpy as np

from . import checks

STEPS = 100  # of Newton: far more than any economy of the tests takes


class Economy(NamedTuple):
    """Who brings what, (n, m), and who likes what: (n, m) and (n,)."""

    endowments: np.ndarray
    tastes: np.ndarray
    elasticity: np.ndarray


def economy(endowments, tastes, elasticity=1.0):
    """An Economy. elasticity: one number in [0, 20] for all, or one for each agent.

    Raises ValueError for shapes that do not fit, anything negative, a good that nobody brings or nobody likes, an
    agent who brings or likes nothing.
    """
    endowments, tastes = checks.finite("endowments", endowments, 0, 1e9), checks.finite("tastes", tastes, 0, 1e9)
    if endowments.ndim != 2 or endowments.shape[1] < 2 or endowments.shape != tastes.shape:
        raise ValueError(f"endowments, tastes of shapes {endowments.shape}, {tastes.shape}: must be alike, (n, m), m at least 2")
    for name, array in (("endowments", endowments), ("tastes", tastes)):
        for axis, what in ((0, "good"), (1, "agent")):
            empty = np.flatnonzero(array.sum(axis=axis) == 0)
            if empty.size:
                raise ValueError(f"{name}: all are 0 for {what} {empty[0]}; some must be above 0")
    elasticity = checks.finite("elasticity", elasticity, 0, 20)
    if elasticity.shape not in ((), (len(endowments),)):
        raise ValueError(f"elasticity of shape {elasticity.shape}: must be one number or ({len(endowments)},)")
    return Economy(endowments, tastes / tastes.sum(axis=1, keepdims=True), np.broadcast_to(elasticity, len(endowments)))


def scarf(own=0.5, elasticity=0.0):
    """Scarf's economy (1960): three agents, each with one good, who wants it and the next in equal numbers.

    own, in (0, 1): the share of her own good in what each wants; elasticity: her readiness to take the cheaper of the two.
    Both are his with the defaults. All prices equal clear the market, whatever they are.
    """
    own = checks.one_number("own", own, 0, 1, open_low=True, open_high=True)
    return economy(np.eye(3), own * np.eye(3) + (1 - own) * np.roll(np.eye(3), 1, axis=1), checks.one_number("elasticity", elasticity, 0, 20))


def scarf_growth(own, elasticity):
    """Rate at which a small error of the prices grows (below 0: shrinks) as they flow: the real part of dz/dp's eigenvalues.

    3 (1 - own) (2 own (1 - elasticity) - 1) / 2, by the symmetry of the three; a test holds it against `slopes`.
    """
    own, elasticity = checks.finite("own", own, 0, 1, open_low=True, open_high=True), checks.finite("elasticity", elasticity, 0, 20)
    return 1.5 * (1 - own) * (2 * own * (1 - elasticity) - 1)


def strangers(n, rng, plenty=(1, 1, 1)):
    """n agents with fixed spending shares: tastes by lot on the simplex, endowments uniform on (0, 2 plenty), a good at a time."""
    n, plenty = checks.count("n", n), checks.vector("plenty", plenty, 0, 1e6, least=2, open_low=True)
    return economy(rng.uniform(0, 2 * plenty, (n, plenty.size)), rng.dirichlet(np.ones(plenty.size), n))


def _prices(economy, prices):
    prices = checks.finite("prices", prices, 1e-9, 1e9)
    if prices.ndim == 0 or prices.shape[-1] != economy.endowments.shape[1]:
        raise ValueError(f"prices of shape {prices.shape}: must be (..., {economy.endowments.shape[1]}), one a good")
    return prices


def demand(economy, prices):
    """What each agent wants, (..., n, m): the best that her endowment buys, a p^-sigma (w . p) / sum(a p^(1 - sigma)).

    Raises ValueError for prices not in [1e-9, 1e9]: at a price of zero somebody may want without end.
    """
    return _demand(economy, _prices(economy, prices))


def _demand(economy, prices):
    endowments, tastes, elasticity = economy
    p = prices[..., np.newaxis, :]
    wanted = tastes * p ** -elasticity[:, np.newaxis]
    return wanted * (prices @ endowments.T / (wanted * p).sum(axis=-1))[..., np.newaxis]


def excess(economy, prices):
    """z (..., m)."""
    return demand(economy, prices).sum(axis=-2) - economy.endowments.sum(axis=0)


def gap(economy, prices):
    """How far from clearing: the greatest |z| as a share of the supply, (...,)."""
    return np.abs(excess(economy, prices) / economy.endowments.sum(axis=0)).max(axis=-1)


def flow(economy, prices, time, step=0.05):
    """Prices (k, m) at every step of dp/dt = z from `prices` on: Runge and Kutta's fourth order.

    k = 1 + time / step, or less: the flow ends where a price would fall to 1e-9 or pass 1e9.
    """
    time, step = checks.one_number("time", time, 0, 1e6), checks.one_number("step", step, 1e-4, 10)
    path, supply = [_one(economy, prices)], economy.endowments.sum(axis=0)

    def z(p):
        return _demand(economy, p).sum(axis=0) - supply if _within(p) else np.full(p.shape, np.nan)

    for _ in range(round(time / step)):
        p = path[-1]
        a = z(p)
        b = z(p + step / 2 * a)
        c = z(p + step / 2 * b)
        after = p + step / 6 * (a + 2 * b + 2 * c + z(p + step * c))
        if not _within(after):
            break
        path.append(after)
    return np.array(path)


def _within(prices):
    return bool(np.all((prices >= 1e-9) & (prices <= 1e9)))  # and no NaN


def _one(economy, prices):
    prices = _prices(economy, prices)
    if prices.ndim != 1:
        raise ValueError(f"prices of shape {prices.shape}: must be (m,)")
    return prices


class Groping(NamedTuple):
    """prices (k, m) that were called, gaps (k,), and whether the last clear the market."""

    prices: np.ndarray
    gaps: np.ndarray
    cleared: bool


def tatonnement(economy, prices, rate, steps, within=0.0):
    """An auctioneer calls prices, hears what is wanted, and calls p + rate z; until the gap is `within`, or after `steps`.

    It also ends where a price would fall to 0 or pass 1e9: those last prices were called, and do not clear the market.
    """
    rate = checks.one_number("rate", rate, 0, open_low=True)
    steps, within = checks.count("steps", steps, 0), checks.one_number("within", within, 0)
    path, gaps = [_one(economy, prices)], []
    supply = economy.endowments.sum(axis=0)
    while True:
        z = excess(economy, path[-1])
        gaps.append(np.abs(z / supply).max())
        after = path[-1] + rate * z
        if gaps[-1] <= within or len(path) > steps or not _within(after):
            return Groping(np.array(path), np.array(gaps), bool(gaps[-1] <= within))
        path.append(after)


def slopes(economy, prices):
    """dz / d log p, (m, m): how the demand for good j (row) answers the price of good k (column)."""
    prices = _one(economy, prices)
    wanted = _demand(economy, prices)
    wealth = economy.endowments @ prices
    income = economy.endowments * prices / wealth[:, np.newaxis]
    spent = wanted * prices / wealth[:, np.newaxis]
    sigma = economy.elasticity[:, np.newaxis]
    return wanted.T @ (income - (1 - sigma) * spent) - np.diag((sigma * wanted).sum(axis=0))


class Plan(NamedTuple):
    """Prices that clear the market, their sum 1, and in how many steps a planner who is told everything finds them."""

    prices: np.ndarray
    steps: int


def plan(economy):
    """The planner: knows every endowment and taste, and solves z = 0 by Newton's steps in log p, halved until they help.

    Raises RuntimeError if Newton does not arrive at a gap of 1e-10, or if prices run away, as they do where a good is
    of no use to anybody at any price.
    """
    log = np.zeros(economy.endowments.shape[1])
    for step in range(STEPS):
        p = np.exp(log)
        z = excess(economy, p)
        if gap(economy, p) <= 1e-10:
            return Plan(p / p.sum(), step)
        # One price may be chosen, and one market clears if all others do.
        move = np.append(np.linalg.lstsq(slopes(economy, p)[:-1, :-1], -z[:-1])[0], 0.0)
        move *= min(1.0, 2 / np.abs(move).max())
        size, length = np.linalg.norm(z[:-1]), 1.0
        while length > 1e-6 and np.linalg.norm(excess(economy, np.exp(log + length * move))[:-1]) >= size:
            length /= 2
        log = log + length * move
        if np.ptp(log) > 20:
            raise RuntimeError(f"prices run away, to {np.exp(log - log.max())}: perhaps none above zero clear the market")
    raise RuntimeError(f"Newton is still off by {gap(economy, np.exp(log)):.2g} of the supply after {STEPS} steps")
