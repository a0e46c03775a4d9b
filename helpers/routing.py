"""Selfish routing: drivers who each take the road that is quickest for them, and what that costs all.

Notation
    r, m       routes from one start to one end; roads
    uses       (r, m), bool: which roads a route takes
    x          (m,): what each road carries. Its delay is fixed + slope x^power, each (m,)
    flows      (r,): how many take each route; their sum is the demand
    total      what all lose together, the sum of x times delay over the roads
The equilibrium of countless drivers, each without weight (Wardrop 1952), minimises the potential of Beckmann, McGuire
& Winsten (1956), the sum of each road's delay integrated from 0 to x. The optimum minimises the total: it is the
equilibrium of drivers who feel marginal delays, fixed + (power + 1) slope x^power. With n drivers of equal weight it is
a congestion game, and has Rosenthal's potential (1973).
"""
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from . import checks

WITHIN = 1e-10  # of the delays: how nearly alike those of the routes in use are in equilibrium
ROUNDS = 100_000


class Network(NamedTuple):
    """uses (r, m), and fixed, slope, power, (m,) each."""

    uses: np.ndarray
    fixed: np.ndarray
    slope: np.ndarray
    power: np.ndarray


def network(uses, fixed, slope, power=1.0):
    """A Network. fixed, slope >= 0 and power in [1, 100]: (m,) each, or one number for all roads.

    Raises ValueError for shapes that do not fit, numbers that are not allowed, and a route without a road.
    """
    uses = checks.counts("uses", uses, 0)
    if uses.ndim != 2 or uses.size == 0 or uses.max() > 1 or not uses.any(axis=1).all():
        raise ValueError(f"uses={uses.tolist()!r}: must be (routes, roads) of 0 and 1, with a road in each route")
    numbers = []
    for name, value, low, high in (("fixed", fixed, 0, 1e9), ("slope", slope, 0, 1e9), ("power", power, 1, 100)):
        value = checks.finite(name, value, low, high)
        if value.shape not in ((), uses.shape[1:]):
            raise ValueError(f"{name} of shape {value.shape}: must be one number or ({uses.shape[1]},), one a road")
        numbers.append(np.broadcast_to(value, uses.shape[1]))
    return Network(uses.astype(bool), *numbers)


def pigou(power=1.0):
    """Two roads for a demand of 1 (Pigou 1920): one takes 1 whatever it carries, one x^power."""
    return network(np.eye(2, dtype=np.int64), [1, 0], [0, 1], [1, power])


def braess(link=True):
    """Braess's roads (1968) with the numbers in circulation, minutes for a demand of 4000 cars.

    Roads: start to A x / 100, start to B 45, A to end 45, B to end x / 100 and, if there is a `link`, A to B 0.
    Routes: by A, by B and, with the link, by A and B.
    """
    uses = np.array([[1, 0, 1, 0, 0], [0, 1, 0, 1, 0], [1, 0, 0, 1, 1]], np.int64)
    roads = network(uses, [0, 45, 45, 0, 0], [0.01, 0, 0, 0.01, 0])
    return roads if checks.one_of("link", link, (False, True)) else network(uses[:2, :4], roads.fixed[:4], roads.slope[:4])


def _delays(network, x):
    return network.fixed + network.slope * x**network.power


def _flows(network, flows):
    flows = checks.vector("flows", flows, 0, 1e9)
    if flows.size != len(network.uses):
        raise ValueError(f"flows of shape {flows.shape}: must be ({len(network.uses)},), one a route")
    return flows


def delays(network, flows):
    """How long each route takes, (r,)."""
    return network.uses @ _delays(network, _flows(network, flows) @ network.uses)


def total(network, flows):
    """What all lose together."""
    flows = _flows(network, flows)
    return float(flows @ delays(network, flows))


def beckmann(network, flows):
    x = _flows(network, flows) @ network.uses
    return float((network.fixed * x + network.slope * x ** (network.power + 1) / (network.power + 1)).sum())


# --- countless drivers ---------------------------------------------------------------------------------------


def wardrop(network, demand):
    """Flows (r,) in equilibrium: all routes in use are equally quick, and none is quicker.

    Drivers go over from the slowest route in use to the quickest until these two are alike, again and again (Dafermos &
    Sparrow 1969); each time Beckmann's potential falls. What the roads carry is unique where slope > 0, flows need not
    be. Raises RuntimeError if delays are not alike after 100,000 rounds.
    """
    demand = checks.one_number("demand", demand, 0, 1e9, open_low=True)
    flows = np.zeros(len(network.uses))
    flows[delays(network, flows).argmin()] = demand
    for _ in range(ROUNDS):
        took = delays(network, flows)
        quick, slow = int(took.argmin()), int(np.where(flows > 0, took, -np.inf).argmax())
        if took[slow] - took[quick] <= WITHIN * took[slow]:
            return flows
        x, turn = flows @ network.uses, network.uses[quick].astype(float) - network.uses[slow]

        def lead(over, x=x, turn=turn):  # of the slow route once `over` have gone over
            return turn @ _delays(network, np.maximum(x + over * turn, 0))

        over = flows[slow] if lead(flows[slow]) <= 0 else brentq(lead, 0, flows[slow], xtol=1e-15 * demand)
        flows[quick], flows[slow] = flows[quick] + over, flows[slow] - over
    raise RuntimeError(f"delays still differ by {took[slow] - took[quick]:.2g} after {ROUNDS} rounds")


def optimum(network, demand):
    """Flows (r,) of the least total: what a planner would order."""
    return wardrop(network._replace(slope=network.slope * (network.power + 1)), demand)


def price_of_anarchy(network, demand):
    """Total in equilibrium over the least total (Koutsoupias & Papadimitriou 1999; Roughgarden & Tardos 2002)."""
    least = total(network, optimum(network, demand))
    if least == 0:
        raise ValueError("network: the planner's routes take no time; must take some")
    return total(network, wardrop(network, demand)) / least


def pigou_bound(power):
    """The greatest price of anarchy of any network whose delays are polynomials of degree <= power (Roughgarden 2003).

    1 / (1 - d (d + 1)^(-(d + 1) / d)), that of `pigou`: 4/3 for d = 1, about d / ln d for great d.
    """
    d = checks.finite("power", power, 1, 100)
    return 1 / (1 - d * (d + 1) ** (-(d + 1) / d))


def tolls(network, demand):
    """For each road, (m,), in time: what one more driver would cost all others there at the optimum (Pigou 1920)."""
    x = optimum(network, demand) @ network.uses
    return network.power * network.slope * x**network.power


def tolled(network, tolls):
    """The Network as drivers feel it who also pay the tolls; `total` on it would count what is paid."""
    tolls = checks.vector("tolls", tolls, 0, 1e9)
    if tolls.size != network.uses.shape[1]:
        raise ValueError(f"tolls of shape {tolls.shape}: must be ({network.uses.shape[1]},), one a road")
    return network._replace(fixed=network.fixed + tolls)


# --- n drivers, one after another ------------------------------------------------------------------------------


class Settled(NamedTuple):
    """choice (n,): each driver's route in the end. Before the first of k moves and after each, (k + 1,): Rosenthal's
    potential and the total. gains (k,): by how much each mover's own delay fell."""

    choice: np.ndarray
    potential: np.ndarray
    total: np.ndarray
    gains: np.ndarray


def settle(network, demand, choice, rng):
    """Drivers on the routes `choice` (n,) at first, whole numbers from 0, each a share demand / n of the traffic.

    Of those who could be quicker one, drawn by lot, goes over to her quickest route, until nobody could: a Nash
    equilibrium. The potential, the sum over the roads of the delays with 1, 2, ... of their drivers, falls by exactly
    the mover's gain, so that it ends after finitely many moves. Times demand / n it becomes Beckmann's for great n.
    """
    demand = checks.one_number("demand", demand, 0, 1e9, open_low=True)
    choice = checks.counts("choice", choice, 0)  # a copy
    if choice.ndim != 1 or choice.size == 0 or choice.max() >= len(network.uses):
        raise ValueError(f"choice of shape {choice.shape}, up to {choice.max(initial=0)}: must be (n,), "
                         f"routes from 0 to {len(network.uses) - 1}")
    uses, drivers, roads = network.uses.astype(np.int64), choice.size, np.arange(network.uses.shape[1])
    delay = _delays(network, demand / drivers * np.arange(drivers + 2)[:, np.newaxis])  # with 0, 1, ... drivers
    risen = np.cumsum(np.where(np.arange(drivers + 2)[:, np.newaxis] > 0, delay, 0.0), axis=0)
    potential, lost, gains = [], [], []
    while True:
        load = np.bincount(choice, minlength=len(uses)) @ uses
        now, joined = delay[load, roads], delay[load + 1, roads]
        potential.append(risen[load, roads].sum())
        lost.append(demand / drivers * (load @ now))
        took = joined @ uses.T - (uses * (joined - now)) @ uses.T  # by those on a row's route, if on a column's
        mine, best = np.diag(took), took.argmin(axis=1)
        gain = mine - took.min(axis=1)
        willing = np.flatnonzero((gain > 1e-12 * mine)[choice])
        if not willing.size:
            return Settled(choice, np.array(potential), np.array(lost), np.array(gains))
        mover = willing[rng.integers(willing.size)]
        gains.append(gain[choice[mover]])
        choice[mover] = best[choice[mover]]
