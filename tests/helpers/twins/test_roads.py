import math

import numpy as np
import pytest

from helpers import routing
from helpers.twins import roads
from helpers.twins.roads import BANKS, DRIVERS, GROUPS, ROADS, ROUTES, Drivers, Planner

pytestmark = pytest.mark.usefixtures("one_blas_thread")
BOTH = (Drivers, Planner)


def built(kind, seed=0):
    return kind(np.random.default_rng(seed))


def flows(system):
    return np.bincount(system.choice, minlength=ROUTES + 1)


def open_roads(system):
    """The network of the routes that are open, and the drivers' routes in it."""
    number = np.cumsum(system.open) - 1
    return system.network._replace(uses=system.network.uses[system.open]), number[system.choice]


# --- the task ------------------------------------------------------------------------------------------------


def test_the_roads_of_the_routes():
    uses = built(Drivers).network.uses
    for bank in range(BANKS):
        after = (bank + 1) % BANKS
        assert np.flatnonzero(uses[bank]).tolist() == [bank, BANKS + bank]
        assert set(np.flatnonzero(uses[BANKS + bank])) == {bank, 2 * BANKS + bank, BANKS + after}
        assert set(np.flatnonzero(uses[2 * BANKS + bank])) == {after, 2 * BANKS + bank, BANKS + bank}
    assert np.flatnonzero(uses[ROUTES]).tolist() == [ROADS]


def test_lengths_and_room(seed):
    networks = [roads.town(np.random.default_rng([seed, k])) for k in range(20)]
    for part, mean in ((slice(0, 2 * BANKS), 1), (slice(2 * BANKS, ROADS), roads.QUAY)):
        lengths = np.concatenate([network.fixed[part] for network in networks])
        assert abs(lengths.mean() - mean) < 5 * mean / math.sqrt(lengths.size)
    full = roads.SLOWED / np.concatenate([network.slope[:-1] for network in networks]) / (DRIVERS / BANKS)
    low, high = roads.ROOM
    assert low <= full.min() and full.max() <= high
    assert abs(full.mean() - (low + high) / 2) < 5 * (high - low) / math.sqrt(12 * full.size)


def test_twins_have_the_same_task():
    one, other = built(Drivers, 3), built(Planner, 3)
    for name in ("fixed", "slope", "uses"):
        np.testing.assert_array_equal(getattr(one.network, name), getattr(other.network, name))
    assert (one.walking, one.least) == (other.walking, other.least)
    assert (one.parts, other.parts) == (ROADS, ROADS + 1)
    assert (one.bytes, other.bytes) == (8 * DRIVERS * ROADS, 8 * (GROUPS * ROADS + DRIVERS))


@pytest.mark.parametrize("kind", BOTH)
def test_same_seed_same_numbers(kind):
    one, other = built(kind, 5), built(kind, 5)
    assert one.quality(0.5) == other.quality(0.5) != built(kind, 6).quality(0.5)
    np.testing.assert_array_equal(one.worst(20), other.worst(20))


# --- the yardstick -------------------------------------------------------------------------------------------


def test_nought_is_all_routes_alike_or_all_on_foot(seed):
    """By hand: a bridge or an avenue is on three routes of 3 BANKS, a quay on two."""
    system = built(Drivers, seed)
    load = np.repeat([3, 3, 2], BANKS) * DRIVERS / ROUTES
    alike = load @ (system.network.fixed[:-1] + system.network.slope[:-1] * load)
    assert system.walking == pytest.approx(alike)
    for kind in BOTH:
        system = built(kind, seed)
        system.lose(np.arange(BANKS))
        assert system.quality(0.0) == pytest.approx(0, abs=1e-12)


def test_one_is_the_optimum(seed):
    """The total is convex: it is least where no route in use has a greater marginal delay than another one (Kuhn &
    Tucker).
    """
    network = built(Drivers, seed).network
    best = routing.optimum(network, DRIVERS)
    marginal = network.uses @ (network.fixed + 2 * network.slope * (best @ network.uses))
    assert marginal[best > 1e-9].max() <= marginal.min() * (1 + 1e-8)
    assert built(Drivers, seed).least == pytest.approx(routing.total(network, best))


def test_the_selfish_end_where_nobody_gains(seed):
    """A Nash equilibrium: routing.settle finds nobody who would go over. No worse than Christodoulou & Koutsoupias's
    5/2 (2005).
    """
    system = built(Drivers, seed)
    assert routing.settle(system.network, DRIVERS, system.choice, np.random.default_rng(0)).gains.size == 0
    total = routing.total(system.network, flows(system))
    assert system.least < total < 2.5 * system.least
    assert system.quality(0.0) == pytest.approx((system.walking - total) / (system.walking - system.least))
    assert abs(total / routing.total(system.network, routing.wardrop(system.network, DRIVERS)) - 1) < 0.05


def test_the_planner_ends_where_no_other_order_is_better():
    system = built(Planner, 1)
    now, least = flows(system), routing.total(system.network, flows(system))
    for used in np.flatnonzero(now):
        for other in range(ROUTES + 1):
            turned = now.copy()
            turned[used] -= 1
            turned[other] += 1
            assert routing.total(system.network, turned) > least - 1e-9


def test_the_planner_is_near_the_optimum(seed):
    assert 0.98 < built(Planner, seed).quality(0.0) <= 1 + 1e-12


# --- losses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("planner", [None, True, False])
def test_a_lost_road_no_longer_matters(planner):
    gone = np.arange(0, ROADS, 5)
    qualities = []
    for other in (False, True):
        system = built(Drivers if planner is None else Planner)
        system.lose(gone if planner in (None, True) else np.append(gone, ROADS))
        if other:
            fixed, slope = system.network.fixed.copy(), system.network.slope.copy()
            fixed[gone], slope[gone] = 0, 1e-6
            system.network = system.network._replace(fixed=fixed, slope=slope)
        assert not system.network.uses[system._chosen(0.0)][:, gone].any()
        qualities.append(system.quality(0.0))
    assert qualities[0] == pytest.approx(qualities[1], abs=1e-12)


def test_without_the_planner_all_go_where_they_were_sent():
    system = built(Planner)
    before, gone = system.choice.copy(), np.array([2, BANKS + 4, 2 * BANKS + 6, ROADS - 1, ROADS])
    system.lose(gone[1:])
    system.lose(gone[:1])
    np.testing.assert_array_equal(system.open, ~system.network.uses[:, gone[:-1]].any(axis=1))
    closed = system.network.uses[before][:, gone[:-1]].any(axis=1)
    assert 0 < closed.sum() < DRIVERS
    expected = np.where(closed, ROUTES, before)
    for _ in range(2):
        np.testing.assert_array_equal(system.choice, expected)
        total = routing.total(system.network, np.bincount(expected, minlength=ROUTES + 1))
        assert system.quality(1.0) == pytest.approx((system.walking - total) / (system.walking - system.least))
        system.mend()
    assert not system.there


@pytest.mark.parametrize("kind", BOTH)
def test_mornings_end_where_nobody_would_go_over(kind, seed):
    system = built(kind, seed)
    system.lose(np.random.default_rng(seed).permutation(ROADS)[:20])
    totals = []
    for _ in range(2 * roads.MORNINGS):
        system.mend()
        totals.append(routing.total(system.network, flows(system)))
    network, choice = open_roads(system)
    if kind is Drivers:
        assert routing.settle(network, DRIVERS, choice, np.random.default_rng(0)).gains.size == 0
    else:
        best = routing.total(network, routing.optimum(network, DRIVERS))
        assert best < routing.total(network, np.bincount(choice, minlength=len(network.uses))) < 1.01 * best
        assert np.all(np.diff(totals) < 1e-9)  # no order raises the total


def test_the_adversary_takes_the_fullest_road():
    system = built(Drivers)
    system.choice = np.repeat([BANKS + 7, 20, 3], [100, 60, 40])
    first, second, third = system.worst(3).tolist()
    assert first in (7, BANKS + 8) and second in (20, BANKS + 20) and third in (3, BANKS + 3)
    system.choice = np.repeat([0, BANKS + 5, 2 * BANKS + 5, ROUTES], [10, 5, 6, DRIVERS - 21])
    assert system.worst(1).tolist() == [0]  # with ten cars on it and three routes; the quay has eleven and two
    for count in (40, ROADS):
        other = built(Drivers)
        other.lose(system.worst(count))
        assert other.open.sum() == 1  # all closed: at least 33 are needed


@pytest.mark.parametrize("kind", BOTH)
def test_the_adversary_names_each_once(kind):
    system = built(kind, 1)
    for count in (0, 1, 10, system.parts):
        found = system.worst(count)
        assert found.dtype == np.int64 and found.size == count == np.unique(found).size
    if kind is Planner:
        assert system.worst(1).tolist() == [ROADS]
        np.testing.assert_array_equal(system.worst(4)[1:], Drivers.worst(system, 3))


@pytest.mark.parametrize("kind", BOTH)
def test_the_adversary_is_worse_than_lot(kind):
    gaps = []
    for seed in range(8):
        lot, clever = built(kind, seed), built(kind, seed)
        clever.lose(clever.worst(10))
        lot.lose(np.random.default_rng(seed).permutation(lot.parts)[:10])
        gaps.append(lot.quality(0.0) - clever.quality(0.0))
    assert np.mean(gaps) > 5 * np.std(gaps, ddof=1) / np.sqrt(len(gaps))


@pytest.mark.parametrize("kind", BOTH)
def test_who_comes_first_is_drawn_by_lot(kind):
    system = built(kind)
    system.choice[:] = ROUTES
    first, second = system._chosen(0.0), system._chosen(0.0)
    assert np.any(first != second) and np.all(system.choice == ROUTES)


# --- noise ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, at_once", [(Drivers, 1), (Planner, DRIVERS // GROUPS)])
def test_who_errs_and_how_often(kind, at_once, seed):
    """Two ways, however full: one takes 2, the other 2.4. Told delays differ by a normal number, and who is told the
    same errs together, `at_once` of them.
    """
    system = built(kind, seed)
    system.open[:] = False
    system.open[[3, 9]] = True
    fixed = np.zeros(ROADS + 1)
    fixed[[3, BANKS + 3, 9, BANKS + 9]] = 0.8, 1.2, 1.4, 1.0
    system.network = system.network._replace(fixed=fixed, slope=np.zeros(ROADS + 1))
    noise, mornings = 0.25, 40
    wrong = np.array([(system._chosen(noise) == 9).sum() for _ in range(mornings)])
    chance = 0.5 * math.erfc(0.4 / (noise * math.sqrt(0.8**2 + 1.2**2 + 1.4**2 + 1)) / math.sqrt(2))
    assert np.all(wrong % at_once == 0)
    lots = mornings * DRIVERS // at_once
    assert abs(wrong.sum() / at_once - lots * chance) < 5 * math.sqrt(lots * chance * (1 - chance))
    if kind is Drivers:
        assert np.any(wrong % 2)


def test_no_road_is_seen_to_take_less_than_no_time(seed):
    """The chance that an error counts as no time at all is Phi(-1 / noise): then the longer of two ways may look as
    short.
    """
    system, noise = built(Drivers, seed), 2.0
    system.open[:] = False
    system.open[[3, 9]] = True
    fixed = np.zeros(ROADS + 1)
    fixed[[3, 9]] = 1, 1e6
    system.network = system.network._replace(fixed=fixed, slope=np.zeros(ROADS + 1))
    wrong = sum((system._chosen(noise) == 9).sum() for _ in range(20))
    nothing = 0.5 * math.erfc(1 / noise / math.sqrt(2))
    chance = nothing * (1 - nothing)  # both nothing: the first is taken
    assert abs(wrong - 20 * DRIVERS * chance) < 5 * math.sqrt(20 * DRIVERS * chance * (1 - chance)) + 1


@pytest.mark.parametrize("kind", BOTH)
def test_much_noise_is_worse(kind):
    systems = [built(kind, seed) for seed in range(4)]
    qualities = [np.mean([system.quality(noise) for system in systems]) for noise in (0.25, 0.5, 1.0, 2.0)]
    assert qualities == sorted(qualities, reverse=True)
