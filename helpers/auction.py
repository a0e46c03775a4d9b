"""A double auction: people, or traders without intelligence, who call bids and asks until they meet.

Notation
    values       (B, U) what each unit is worth to each buyer, in the order in which she buys: falling
    costs        (S, U) what each unit costs each seller: rising
    low, high    the least and the greatest price that may be called, whole numbers
    surplus      values less costs of all units traded; efficiency: as a share of the most that is possible
Gode & Sunder 1993: a trader with zero intelligence calls any price by lot (ZI-U), or any at which she cannot lose (ZI-C).
"""
from typing import NamedTuple

import numpy as np

from . import checks

# Market 1 in the outline of Gode and Sunder's experiment that is in circulation; the exact schedules are not.
VALUES = np.array([[150, 100, 70, 50], [145, 95, 68, 45], [140, 90, 66, 40], [135, 85, 64, 35], [130, 80, 62, 30], [125, 75, 60, 25]])
COSTS = np.array([[10, 45, 65, 95], [15, 50, 67, 100], [20, 55, 69, 105], [25, 60, 71, 110], [30, 62, 73, 115], [35, 64, 75, 120]])


def _schedules(values, costs):
    both = []
    for name, array, way, order in (("values", values, -1, "falling"), ("costs", costs, 1, "rising")):
        array = checks.counts(name, array, 0)
        if array.ndim != 2 or array.size == 0 or array.shape[1] > 1 and np.any(way * np.diff(array, axis=1) < 0):
            raise ValueError(f"{name}={array.tolist()!r}: must be (traders, units), each trader's units in {order} order")
        both.append(array)
    return both


class Equilibrium(NamedTuple):
    """The most that trade can bring: how many units, what surplus, between which prices demand meets supply."""

    units: int
    surplus: int
    lowest: int
    highest: int


def equilibrium(values, costs):
    """What a planner who knows all values and costs would do: the dearest wishes meet the cheapest units.

    Raises ValueError if no unit is worth what it costs.
    """
    values, costs = _schedules(values, costs)
    worth, cost = np.sort(values.ravel())[::-1], np.sort(costs.ravel())
    most = min(worth.size, cost.size)
    units = int((worth[:most] >= cost[:most]).sum())
    if units == 0:
        raise ValueError("values, costs: no unit is worth what it costs; some must be")
    lowest = max([cost[units - 1], *worth[units:units + 1]])
    highest = min([worth[units - 1], *cost[units:units + 1]])
    return Equilibrium(units, int((worth[:units] - cost[:units]).sum()), int(lowest), int(highest))


class Session(NamedTuple):
    """efficiency (runs,); units traded (runs,); prices (runs, most), NaN after the last; quotes called (runs,)."""

    efficiency: np.ndarray
    units: np.ndarray
    prices: np.ndarray
    quotes: np.ndarray


def zero_intelligence(values, costs, runs, rng, *, constrained=True, low=1, high=200, most=100_000, noise=0.0):
    """Sessions of the double auction, `runs` of them side by side.

    At each moment one of the traders who still have a unit calls a price, all whole numbers that she may call being
    alike: a buyer from low up to high, if `constrained` up to her unit's value; a seller from low, if `constrained`
    from its cost, up to high. A better bid or ask takes the place of the standing one. When they meet they trade at the
    price that stood first, and the book is cleared. A session ends when nobody can trade any more, or after `most`
    quotes. With `noise`, in the unit of prices, all hear each price off by a normal number, rounded, but never outside
    [low, high], and it counts as heard: traders may lose. Raises ValueError for values or costs outside [low, high] and
    no unit worth what it costs.
    """
    values, costs = _schedules(values, costs)
    runs, most = checks.count("runs", runs), checks.count("most", most)
    low, high, noise = checks.count("low", low, 0), checks.count("high", high, 1), checks.one_number("noise", noise, 0, 2**53)
    checks.one_of("constrained", constrained, (True, False))
    for name, array in (("values", values), ("costs", costs)):
        if array.min() < low or array.max() > high:
            raise ValueError(f"{name}={array.tolist()!r}: must be in [{low}, {high}], the prices that may be called")
    possible = equilibrium(values, costs).surplus
    buyers, sellers = len(values), len(costs)
    # Beyond the last unit nobody gains from a trade.
    worth = np.column_stack([values, np.full(buyers, low - 1)])
    cost = np.column_stack([costs, np.full(sellers, high + 1)])
    every, b, s = np.arange(runs, dtype=np.int64), np.arange(buyers), np.arange(sellers)
    bought, sold = np.zeros((runs, buyers), np.int64), np.zeros((runs, sellers), np.int64)
    bid, ask = np.full(runs, low - 1), np.full(runs, high + 1)
    bidder, asker = np.zeros(runs, np.int64), np.zeros(runs, np.int64)
    gained, units, quotes = np.zeros(runs, np.int64), np.zeros(runs, np.int64), np.zeros(runs, np.int64)
    prices = np.full((runs, min(values.size, costs.size)), np.nan)
    at = every
    for _ in range(most):
        if at.size:  # somebody has traded, or nobody has begun
            now_worth, now_cost = worth[b, bought], cost[s, sold]
            willing = np.concatenate([now_worth >= low, now_cost <= high], axis=1)
            if constrained:
                going = now_worth.max(axis=1) >= now_cost.min(axis=1)
            else:
                going = willing[:, :buyers].any(axis=1) & willing[:, buyers:].any(axis=1)
            if not going.any():
                break
        who = np.where(willing, rng.random(willing.shape), -1.0).argmax(axis=1)
        is_buyer, buyer, seller = who < buyers, np.minimum(who, buyers - 1), np.maximum(who - buyers, 0)
        floor = np.where(is_buyer, low, now_cost[every, seller] if constrained else low)
        roof = np.where(is_buyer, now_worth[every, buyer] if constrained else high, high)
        price = floor + np.floor(rng.random(runs) * (roof - floor + 1)).astype(np.int64)
        if noise:
            price = np.clip(price + np.rint(noise * rng.standard_normal(runs)).astype(np.int64), low, high)
        better_bid = going & is_buyer & (price > bid)
        better_ask = going & ~is_buyer & (price < ask)
        deal = better_bid & (price >= ask) | better_ask & (price <= bid)
        paid = np.where(is_buyer, ask, bid)
        bid, bidder = np.where(better_bid, price, bid), np.where(better_bid, buyer, bidder)
        ask, asker = np.where(better_ask, price, ask), np.where(better_ask, seller, asker)
        quotes += going
        at, who_buys, who_sells = every[deal], bidder[deal], asker[deal]
        gained[at] += worth[who_buys, bought[at, who_buys]] - cost[who_sells, sold[at, who_sells]]
        prices[at, units[at]] = paid[deal]
        bought[at, who_buys] += 1
        sold[at, who_sells] += 1
        units[at] += 1
        bid[deal], ask[deal] = low - 1, high + 1
    return Session(gained / possible, units, prices, quotes)
