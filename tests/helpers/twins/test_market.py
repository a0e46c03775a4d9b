import copy

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from helpers import auction
from helpers.twins import market
from helpers.twins.market import BUYERS, CALLS, HIGH, LOW, PAIR, SELLERS, TRADERS, UNITS, Auctioneer, Market

pytestmark = pytest.mark.usefixtures("one_blas_thread")


def built(side, seed=0):
    return side(np.random.default_rng(seed))


def best(values, costs):
    """The most surplus of single units, matched by another's algorithm; who does not gain from it stays at home."""
    gains = np.maximum(values.ravel()[:, np.newaxis] - costs.ravel(), 0)
    return int(gains[linear_sum_assignment(-gains)].sum())


def among(system, gone):
    there = np.ones(TRADERS, bool)
    there[gone] = False
    return system.values[there[:BUYERS]], system.costs[there[BUYERS:]]


@pytest.mark.parametrize("seed_of_market", range(3))
def test_the_auctioneer_without_noise_is_the_yardstick(seed_of_market):
    centre = built(Auctioneer, seed_of_market)
    assert centre.quality(0.0) == 1
    most = best(centre.values, centre.costs)
    assert market.planned(centre.values, centre.costs)[1] == most
    gone = np.random.default_rng(seed_of_market).permutation(TRADERS)[:40]
    centre.lose(gone)
    assert centre.quality(0.0) == pytest.approx(best(*among(centre, gone)) / most)


def test_twins_have_the_same_schedules_from_a_seed():
    one, other, again, another = built(Market, 3), built(Auctioneer, 3), built(Market, 3), built(Market, 4)
    for name in ("values", "costs"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
        assert not np.array_equal(getattr(one, name), getattr(another, name))
    assert one.values.shape == (BUYERS, UNITS) and one.costs.shape == (SELLERS, UNITS)
    assert np.all(np.diff(one.values) <= 0) and np.all(np.diff(one.costs) >= 0)
    assert one.quality(0.5) == again.quality(0.5)
    assert built(Auctioneer, 3).quality(0.5) == built(Auctioneer, 3).quality(0.5) != built(Auctioneer, 4).quality(0.5)


def test_values_and_costs_are_drawn_evenly(seed):
    one = built(Market, seed)
    for array in (one.values, one.costs):
        assert LOW <= array.min() and array.max() <= HIGH
        assert abs(array.mean() - (LOW + HIGH) / 2) < 5 * np.sqrt(((HIGH - LOW + 1) ** 2 - 1) / 12 / array.size)
    assert one.spread == pytest.approx(np.concatenate([one.values.ravel(), one.costs.ravel()]).std())


@pytest.mark.parametrize("side", [Market, Auctioneer])
def test_no_trade_is_nothing(side):
    for gone in (np.arange(BUYERS), np.arange(BUYERS, TRADERS), np.arange(TRADERS)):
        system = built(side)
        system.lose(gone)
        assert system.quality(0.0) == 0 and system.quality(1.0) == 0
    nobody_gains = built(side)
    nobody_gains.lose(np.arange(1, TRADERS))
    assert nobody_gains.quality(0.0) == 0


@pytest.mark.parametrize("values, costs, plan", [
    ([[5, 4]], [[4, 4]], (2, 1)), ([[3]], [[4]], (0, 0)), (np.zeros((0, 2)), [[4]], (0, 0)), ([[3]], np.zeros((0, 1)), (0, 0)),
    ([[4]], [[4]], (1, 0)),
])
def test_a_plan_for_few(values, costs, plan):
    assert market.planned(np.array(values), np.array(costs)) == plan


def test_a_trade_without_gain_is_no_session():
    even = built(Market)
    even.lose(np.arange(2, TRADERS - 2))
    even.values[:2], even.costs[-2:] = 7, 7
    assert even.quality(0.0) == 0


@pytest.mark.parametrize("side", [Market, Auctioneer])
def test_who_is_gone_does_not_matter(side):
    gone = np.array([0, 7, BUYERS, TRADERS - 1])
    one, other = built(side), built(side)
    for system in (one, other):
        system.lose(gone)
    most = market.planned(one.values, one.costs)[1]
    other.values[[0, 7]], other.costs[[0, SELLERS - 1]] = HIGH, LOW
    assert one.quality(0.0) * most == pytest.approx(other.quality(0.0) * market.planned(other.values, other.costs)[1])


def test_a_session_is_that_of_those_who_are_left():
    one, gone = built(Market), np.array([1, 2, BUYERS + 1])
    one.lose(gone)
    values, costs = among(one, gone)
    session = auction.zero_intelligence(values, costs, 1, copy.deepcopy(one.rng), most=CALLS * (TRADERS - 3),
                                        noise=0.25 * one.spread)
    assert one.quality(0.25) == pytest.approx(session.efficiency[0] * best(values, costs) / best(one.values, one.costs))
    assert one.quality(0.25) == one.quality(0.25) != one.quality(0.0)


def test_what_is_sent():
    one = built(Market)
    quotes = auction.zero_intelligence(one.values, one.costs, 5, np.random.default_rng(0), most=CALLS * TRADERS).quotes
    assert Market.bytes >= 8 * quotes.max() and Market.bytes * 0.95 < 8 * quotes.mean()
    assert Auctioneer.bytes == 8 * (200 + 101)


# --- losses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 5, 10, 20, 30, 50, 70])
def test_the_adversary_of_the_market_does_more_harm_than_any_of_many_lots(count):
    one = built(Market, count)
    taken = one.worst(count)
    assert taken.size == np.unique(taken).size == count and 0 <= taken.min() and taken.max() < TRADERS
    lots = [best(*among(one, np.random.default_rng(lot).permutation(TRADERS)[:count])) for lot in range(20)]
    assert best(*among(one, taken)) <= min(lots)


def test_the_adversary_of_the_market_is_about_as_clever_as_one_who_tries_all():
    one = built(Market)
    most, gone = best(one.values, one.costs), []
    for _ in range(6):
        gone.append(min(set(range(TRADERS)) - set(gone), key=lambda each: best(*among(one, gone + [each]))))
        harm = most - best(*among(one, one.worst(len(gone))))
        assert harm >= 0.95 * (most - best(*among(one, gone)))


def test_a_whole_side_can_be_taken():
    one = built(Market)
    assert best(*among(one, one.worst(BUYERS))) == 0
    assert one.worst(0).size == 0 and one.worst(TRADERS).size == TRADERS


def test_the_adversary_of_the_auctioneer_takes_the_office_first():
    centre, one = built(Auctioneer), built(Market)
    assert centre.worst(1).tolist() == [TRADERS] and centre.worst(0).size == 0
    assert np.array_equal(centre.worst(21)[1:], one.worst(20))
    centre.lose(centre.worst(1))
    assert centre.quality(0.0) == 0 and centre.quality(1.0) == 0


# --- what is done about them ----------------------------------------------------------------------------


def test_an_empty_office_is_filled_by_who_is_left():
    centre = built(Auctioneer)
    gone = centre.worst(21)
    centre.lose(gone)
    assert centre.quality(0.0) == 0
    centre.mend()
    assert centre.there[centre.office]
    whole = best(*among(centre, gone[1:])) / best(centre.values, centre.costs)
    assert centre.quality(0.0) == pytest.approx(whole) and whole > 0
    office = centre.office
    centre.mend()
    assert centre.office == office
    centre.lose([office])
    assert centre.quality(0.0) == 0
    centre.lose(np.arange(TRADERS))
    centre.mend()
    assert centre.quality(0.0) == 0


def test_nobody_who_is_gone_takes_the_office():
    for seed in range(10):
        centre = built(Auctioneer, seed)
        centre.lose(np.arange(5, TRADERS + 1))
        centre.mend()
        assert centre.office < 5


def test_a_market_has_nothing_to_mend():
    one, other = built(Market), built(Market)
    for system in (one, other):
        system.lose(np.arange(10))
    one.mend()
    assert one.quality(0.0) == other.quality(0.0)


# --- noise ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.0, 0.25, 2.0])
def test_the_auctioneer_believes_what_is_said(noise):
    """Unit by unit, for one and the same noise."""
    centre = built(Auctioneer)
    rng = copy.deepcopy(centre.rng)
    heard = [np.clip(np.rint(true + noise * centre.spread * rng.standard_normal(true.shape)), LOW, HIGH)
             for true in (centre.values, centre.costs)]
    bids = sorted(((-bid, who) for who, row in enumerate(heard[0]) for bid in row.tolist()))
    asks = sorted(((ask, who) for who, row in enumerate(heard[1]) for ask in row.tolist()))
    surplus, bought, sold = 0, [0] * BUYERS, [0] * SELLERS
    for (bid, buyer), (ask, seller) in zip(bids, asks, strict=True):
        if -bid < ask:
            break
        surplus += centre.values[buyer, bought[buyer]] - centre.costs[seller, sold[seller]]
        bought[buyer] += 1
        sold[seller] += 1
    assert centre.quality(noise) == pytest.approx(surplus / best(centre.values, centre.costs))


@pytest.mark.parametrize("side, least", [(Market, 0.9), (Auctioneer, 1.0)])
def test_noise_costs_surplus(side, least):
    systems = [built(side, seed) for seed in range(8)]
    found = np.array([[system.quality(noise) for noise in (0.0, 0.5, 1.0, 2.0)] for system in systems])
    assert np.all(found <= 1) and found[:, 0].mean() >= least and np.all(np.diff(found.mean(axis=0)) < 0)


def test_the_pair_is_named():
    assert (PAIR.decentralized, PAIR.centralized) == (Market, Auctioneer) and (Market.parts, Auctioneer.parts) == (100, 101)
