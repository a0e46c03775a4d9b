from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize

from helpers import routing

pytestmark = pytest.mark.usefixtures("one_blas_thread")
BRAESS, BEFORE = routing.braess(), routing.braess(link=False)


def some_network(rng, routes=5, roads=7):
    uses = rng.integers(0, 2, (routes, roads))
    uses[uses.sum(axis=1) == 0, 0] = 1
    return routing.network(uses, rng.uniform(0, 2, roads), rng.uniform(0.1, 2, roads), rng.integers(1, 4, roads))


def loads(network, flows):
    return flows @ network.uses


# --- the targets ---------------------------------------------------------------------------------------------


def test_pigou():
    """4/3: all take the road that gets as bad as the other; the planner lets half do so, 3/4 in all."""
    flows = routing.wardrop(routing.pigou(), 1)
    np.testing.assert_allclose(flows, [0, 1], atol=1e-8)
    np.testing.assert_allclose(routing.optimum(routing.pigou(), 1), [0.5, 0.5], atol=1e-9)
    assert routing.total(routing.pigou(), [0.5, 0.5]) == 0.75
    assert routing.price_of_anarchy(routing.pigou(), 1) == pytest.approx(4 / 3, abs=1e-12) == routing.pigou_bound(1)


@pytest.mark.parametrize("power", [1, 2, 3, 7.5, 40])
def test_pigou_of_higher_powers(power):
    """The planner lets (d + 1)^(-1 / d) take that road (Roughgarden's example 18.3, with p for d)."""
    roads, share = routing.pigou(power), (power + 1) ** (-1 / power)
    np.testing.assert_allclose(routing.optimum(roads, 1), [1 - share, share], atol=1e-8)
    best = 1 - share + share ** (power + 1)
    assert routing.price_of_anarchy(roads, 1) == pytest.approx(1 / best, rel=1e-9) == routing.pigou_bound(power)
    assert routing.pigou_bound(2) == pytest.approx(1.6258, abs=5e-5)


def test_braess():
    """65 minutes; 80 once there is a link that takes no time."""
    np.testing.assert_allclose(routing.wardrop(BEFORE, 4000), [2000, 2000], atol=1e-6)
    assert routing.total(BEFORE, routing.wardrop(BEFORE, 4000)) / 4000 == pytest.approx(65)
    assert routing.price_of_anarchy(BEFORE, 4000) == pytest.approx(1)
    flows = routing.wardrop(BRAESS, 4000)
    np.testing.assert_allclose(flows, [0, 0, 4000], atol=1e-6)
    assert routing.total(BRAESS, flows) / 4000 == pytest.approx(80)
    np.testing.assert_allclose(routing.delays(BRAESS, flows), [85, 85, 80])


def test_a_planner_makes_a_little_use_of_braess_s_link():
    """By hand: marginal delays t / 50 + 45 and 2 t / 50 are alike where 2250 cars use each of the crowded roads."""
    np.testing.assert_allclose(routing.optimum(BRAESS, 4000), [1750, 1750, 500], atol=1e-4)
    assert routing.total(BRAESS, [1750, 1750, 500]) / 4000 == 64.6875
    assert routing.price_of_anarchy(BRAESS, 4000) == pytest.approx(80 / 64.6875)


def test_braess_s_link_harms_between_two_demands_alone():
    """By hand: with few cars the link helps, with very many nobody takes it."""
    def longer(cars):
        after, before = (routing.total(roads, routing.wardrop(roads, cars)) / cars for roads in (BRAESS, BEFORE))
        return after - before

    assert longer(2900) < 0 < longer(3100) and longer(8900) > 0  # 2 T / 100 = T / 200 + 45 at 3000
    assert longer(9000) == pytest.approx(0, abs=1e-6) and longer(12_000) == pytest.approx(0, abs=1e-6)


# --- countless drivers ---------------------------------------------------------------------------------------


def test_equilibrium_and_optimum_minimise_what_they_should(seed):
    network = some_network(np.random.default_rng(seed))
    routes = len(network.uses)
    for found, cost in ((routing.wardrop(network, 3), routing.beckmann), (routing.optimum(network, 3), routing.total)):
        best = minimize(lambda flows, cost=cost: cost(network, np.maximum(flows, 0)), np.full(routes, 3 / routes),
                        bounds=[(0, 3)] * routes, method="SLSQP", options={"ftol": 1e-13, "maxiter": 500},
                        constraints={"type": "eq", "fun": lambda flows: flows.sum() - 3})
        assert found.sum() == pytest.approx(3) and found.min() >= 0
        assert cost(network, found) <= best.fun + 1e-9 and cost(network, found) == pytest.approx(best.fun, rel=1e-5)


def test_nobody_in_equilibrium_would_rather_take_another_route(seed):
    network = some_network(np.random.default_rng(seed), 8, 10)
    flows = routing.wardrop(network, 3)
    took = routing.delays(network, flows)
    assert took[flows > 0].max() <= took.min() * (1 + 1e-9)
    assert routing.total(network, flows) == pytest.approx(3 * took.min())


def test_no_network_is_worse_than_pigou_s(seed):
    rng = np.random.default_rng(seed)
    for power in (1, 3):
        network = some_network(rng)
        network = network._replace(power=np.full(7, float(power)))
        assert 1 - 1e-9 <= routing.price_of_anarchy(network, rng.uniform(0.1, 10)) <= routing.pigou_bound(power) + 1e-9


def test_tolls_bring_about_the_optimum(seed):
    for network, demand in ((BRAESS, 4000), (routing.pigou(2), 1), (some_network(np.random.default_rng(seed)), 3)):
        tolls, best = routing.tolls(network, demand), routing.optimum(network, demand)
        driven = routing.wardrop(routing.tolled(network, tolls), demand)
        np.testing.assert_allclose(loads(network, driven), loads(network, best), atol=1e-4 * demand)
        assert routing.total(network, driven) == pytest.approx(routing.total(network, best), rel=1e-7)
    np.testing.assert_allclose(routing.tolls(BRAESS, 4000), [22.5, 0, 0, 22.5, 0], atol=1e-4)


def test_a_toll_is_what_one_more_harms_the_others():
    network, h = some_network(np.random.default_rng(1)), 1e-6
    x = loads(network, routing.optimum(network, 3))
    delay = [network.fixed + network.slope * (x + off) ** network.power for off in (-h, h)]
    np.testing.assert_allclose(routing.tolls(network, 3), x * (delay[1] - delay[0]) / (2 * h), rtol=1e-5, atol=1e-8)


def test_potential_and_total_by_integrals():
    network, flows = some_network(np.random.default_rng(2)), np.array([1.0, 0.2, 0, 0.5, 0.3])
    x, grid = loads(network, flows), (np.arange(20_000) + 0.5) / 20_000
    delay = network.fixed + network.slope * (x * grid[:, np.newaxis]) ** network.power
    assert routing.beckmann(network, flows) == pytest.approx((x * delay.mean(axis=0)).sum(), rel=1e-7)
    assert routing.total(network, flows) == pytest.approx((x * (network.fixed + network.slope * x**network.power)).sum())


def test_wardrop_says_if_it_does_not_arrive(monkeypatch):
    monkeypatch.setattr(routing, "ROUNDS", 1)
    with pytest.raises(RuntimeError, match="delays still differ by .* after 1 rounds"):
        routing.wardrop(some_network(np.random.default_rng(0)), 3)


# --- n drivers -----------------------------------------------------------------------------------------------


def driven(network, demand, choice):
    """By the definitions: each driver's delay, and Rosenthal's potential."""
    share = demand / len(choice)
    count = network.uses[np.array(choice)].sum(axis=0)
    delay = [lambda k, e=e: network.fixed[e] + network.slope[e] * (share * k) ** network.power[e] for e in range(len(count))]
    mine = [sum(delay[e](count[e]) for e in np.flatnonzero(network.uses[route])) for route in choice]
    return np.array(mine), sum(delay[e](k) for e in range(len(count)) for k in range(1, count[e] + 1))


def is_equilibrium(network, demand, choice):
    before = driven(network, demand, choice)[0]
    for who, route in product(range(len(choice)), range(len(network.uses))):
        other = np.array(choice)
        other[who] = route
        if driven(network, demand, other)[0][who] < before[who] - 1e-9:
            return False
    return True


def test_the_potential_falls_by_just_what_the_mover_gains(seed):
    rng = np.random.default_rng(seed)
    network = some_network(rng)
    first = rng.integers(0, 5, 12)
    found = routing.settle(network, 3, first, rng)
    np.testing.assert_allclose(-np.diff(found.potential), found.gains, atol=1e-12)
    assert np.all(found.gains > 0) and len(found.total) == len(found.potential) == len(found.gains) + 1
    for choice, at in ((first, 0), (found.choice, -1)):
        mine, potential = driven(network, 3, choice)
        assert found.potential[at] == pytest.approx(potential) and found.total[at] == pytest.approx(3 / 12 * mine.sum())
    assert is_equilibrium(network, 3, found.choice)


def test_every_move_is_to_the_quickest_route(seed):
    """One driver alone moves once at most, and ends on the quickest route; two know of one another."""
    rng = np.random.default_rng(seed)
    network = some_network(rng)
    found = routing.settle(network, 1, [int(rng.integers(5))], rng)
    alone = network.uses @ (network.fixed + network.slope)
    assert len(found.gains) <= 1 and alone[found.choice[0]] == alone.min()
    ends = {tuple(sorted(routing.settle(network, 2, rng.integers(0, 5, 2), rng).choice.tolist())) for _ in range(5)}
    assert ends <= {pair for pair in product(range(5), repeat=2) if is_equilibrium(network, 2, pair)}


def test_the_first_mover_s_gain_is_the_most_that_she_can_have(seed):
    rng = np.random.default_rng(seed)
    network, choice = some_network(rng), np.zeros(4, np.int64)
    found = routing.settle(network, 3, choice, rng)
    mine = driven(network, 3, choice)[0][0]
    best = min(driven(network, 3, [route, 0, 0, 0])[0][0] for route in range(5))
    assert found.gains[0] == pytest.approx(mine - best) if found.gains.size else mine <= best + 1e-9
    assert choice.tolist() == [0, 0, 0, 0]  # what was given is left alone


def test_who_moves_is_drawn_by_lot():
    moved = np.zeros(3)
    rng = np.random.default_rng(0)
    for _ in range(600):  # two roads x / 2: one of the three must leave the first
        moved += routing.settle(routing.network(np.eye(2, dtype=np.int64), 0, 1), 3, [0, 0, 0], rng).choice
    assert moved.sum() == 600 and np.all(np.abs(moved - 200) < 5 * np.sqrt(600 * 2 / 9))


@pytest.mark.parametrize("network, demand", [(BRAESS, 4000), (BRAESS, 2500), (routing.pigou(2), 1), (BEFORE, 4000)])
def test_many_drivers_are_like_countless_ones(network, demand):
    rng, limit, off = np.random.default_rng(0), routing.wardrop(network, demand), []
    for drivers in (10, 100, 1000):
        found = routing.settle(network, demand, np.zeros(drivers), rng)
        flows = np.bincount(found.choice, minlength=len(limit)) * demand / drivers
        off.append(abs(found.potential[-1] * demand / drivers / routing.beckmann(network, limit) - 1))
        assert np.abs(loads(network, flows) - loads(network, limit)).max() <= 2 * demand / drivers
    assert off[2] < off[1] / 5 < off[0] / 25 and off[2] < 0.005


def test_braess_car_by_car():
    found = routing.settle(BRAESS, 4000, np.arange(40) % 2, np.random.default_rng(0))
    assert found.total[0] / 4000 == pytest.approx(65) and found.total[-1] / 4000 == pytest.approx(80)
    assert len(found.gains) == 40 and np.all(found.gains > 0) and np.all(found.choice == 2)  # each move helps the mover


@pytest.mark.parametrize("call, message", [
    (lambda: routing.network([[1, 2]], 1, 1), r"uses=\[\[1, 2\]\]: must be \(routes, roads\) of 0 and 1"),
    (lambda: routing.network([[1, 0], [0, 0]], 1, 1), r"uses=.* with a road in each route"),
    (lambda: routing.network([1, 1], 1, 1), r"uses=\[1, 1\]: must be \(routes, roads\)"),
    (lambda: routing.network([[1, 1]], -1, 1), r"fixed=-1: must be finite and in \[0"),
    (lambda: routing.network([[1, 1]], 1, [1, np.inf]), r"slope=.*inf.*: must be finite"),
    (lambda: routing.network([[1, 1]], 1, 1, 0.5), r"power=0.5: must be finite and in \[1, 100\]"),
    (lambda: routing.network([[1, 1]], [1, 1, 1], 1), r"fixed of shape \(3,\): must be one number or \(2,\)"),
    (lambda: routing.wardrop(BRAESS, 0), r"demand=0: must be finite and in \(0"),
    (lambda: routing.delays(BRAESS, [1, 1]), r"flows of shape \(2,\): must be \(3,\)"),
    (lambda: routing.total(BRAESS, [1, 1, -1]), r"flows=\[1, 1, -1\]: must be finite and in \[0"),
    (lambda: routing.tolled(BRAESS, [1, 1]), r"tolls of shape \(2,\): must be \(5,\)"),
    (lambda: routing.tolled(BRAESS, [-1, 1, 1, 1, 1]), r"tolls=.*: must be finite and in \[0"),
    (lambda: routing.price_of_anarchy(routing.network([[1]], 0, 0), 1), r"network: the planner's routes take no time"),
    (lambda: routing.pigou_bound(0), r"power=0: must be finite and in \[1, 100\]"),
    (lambda: routing.braess(np.ones(2)), r"link=.*: must be one of False, True"),
    (lambda: routing.settle(BRAESS, 0, [0], None), r"demand=0: must be finite and in \(0"),
    (lambda: routing.settle(BRAESS, 1, [0, 3], None), r"choice of shape \(2,\), up to 3: must be \(n,\), routes from 0 to 2"),
    (lambda: routing.settle(BRAESS, 1, [], None), r"choice of shape \(0,\)"),
    (lambda: routing.settle(BRAESS, 1, [0.5], None), r"choice=\[0.5\]: must be whole"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
