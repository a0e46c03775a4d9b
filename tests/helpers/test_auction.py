import itertools
import math

import numpy as np
import pytest

from helpers import auction
from helpers.auction import COSTS, VALUES

pytestmark = pytest.mark.usefixtures("one_blas_thread")


def test_the_representative_market():
    """Target T10.3: surplus 885 with 14 units; one price would clear it at 67 or 68."""
    assert auction.equilibrium(VALUES, COSTS) == (14, 885, 67, 68)


@pytest.mark.parametrize("seed_of_market", range(5))
def test_the_most_surplus_against_trying_all(seed_of_market):
    rng = np.random.default_rng(seed_of_market)
    values, costs = -np.sort(-rng.integers(1, 30, (2, 2)), axis=1), np.sort(rng.integers(1, 30, (3, 2)), axis=1)
    best = max(sum(sorted(values.ravel(), reverse=True)[:k]) - sum(sorted(costs.ravel())[:k]) for k in range(5))
    found = auction.equilibrium(values, costs)
    assert found.surplus == best
    for price in (found.lowest, found.highest):  # at both, as many can want a unit as can want to sell one
        wanted, offered = (values > price).sum(), (costs < price).sum()
        assert wanted <= found.units <= (values >= price).sum() and offered <= found.units <= (costs <= price).sum()
    for price in (found.lowest - 1, found.highest + 1):
        assert (values > price).sum() > (costs <= price).sum() or (costs < price).sum() > (values >= price).sum()


def test_traders_without_intelligence(seed):
    """Target T10.3: at least 97% without the chance of a loss, and with it all 24 units are traded: 48.47% exactly."""
    kept = auction.zero_intelligence(VALUES, COSTS, 60, np.random.default_rng(seed))
    free = auction.zero_intelligence(VALUES, COSTS, 60, np.random.default_rng(seed), constrained=False)
    assert kept.efficiency.mean() > 0.97
    np.testing.assert_allclose(free.efficiency, (VALUES.sum() - COSTS.sum()) / 885)
    assert free.efficiency[0] == pytest.approx(0.4847, abs=5e-5) and np.all(free.units == 24)
    assert np.all(kept.efficiency <= 1) and np.all(np.isfinite(kept.prices).sum(axis=1) == kept.units)


def test_one_buyer_and_one_seller(seed):
    """The price lies where it must: a bid from 1 to 4, an ask from 3 to 5; the first of the two that meet is paid."""
    found = auction.zero_intelligence([[4]], [[3]], 4000, np.random.default_rng(seed), low=1, high=5)
    assert np.all(found.units == 1) and np.all(found.efficiency == 1)
    assert set(found.prices.ravel()) == {3.0, 4.0}
    assert abs((found.prices == 3).mean() - share_at_three()) < 5 * math.sqrt(0.25 / 4000)


def share_at_three(noise=0.0):
    """Exactly, by the chain of the standing bid and ask: states (bid or none, ask or none) until they meet."""
    bids, asks = heard((1, 2, 3, 4), noise), heard((3, 4, 5), noise)
    states = list(itertools.product(range(6), range(1, 7)))
    states = [(b, a) for b, a in states if b < a]
    index = {state: k for k, state in enumerate(states)}
    stay, at_three = np.eye(len(states)), np.zeros(len(states))
    for (b, a), k in index.items():
        for bid, chance in bids.items():
            if bid > b and bid >= a:
                at_three[k] += (a == 3) * chance / 2
            else:
                stay[k, index[max(b, bid), a]] -= chance / 2
        for ask, chance in asks.items():
            if ask < a and ask <= b:
                at_three[k] += (b == 3) * chance / 2
            else:
                stay[k, index[b, min(a, ask)]] -= chance / 2
    return np.linalg.solve(stay, at_three)[index[0, 6]]


def heard(called, noise):
    """Chance of each price from 1 to 5 to be heard when one of those `called` is, all alike, off by normal noise."""
    if noise == 0:
        return {price: 1 / len(called) for price in called}
    edges = [-math.inf, 1.5, 2.5, 3.5, 4.5, math.inf]
    below = [np.mean([0.5 * math.erfc((price - edge) / noise / math.sqrt(2)) for price in called]) for edge in edges]
    return dict(zip(range(1, 6), np.diff(below).tolist(), strict=True))


@pytest.mark.parametrize("noise", [0.3, 1.0, 5.0])
def test_a_price_counts_as_it_is_heard(seed, noise):
    """It is never off the scale, and may bring a loss."""
    found = auction.zero_intelligence([[4]], [[3]], 4000, np.random.default_rng(seed), low=1, high=5, noise=noise)
    assert np.all(found.units == 1) and np.all(found.efficiency == 1)
    assert found.prices.min() >= 1 and found.prices.max() <= 5
    if noise > 0.5:
        assert set(found.prices.ravel()) == {1.0, 2.0, 3.0, 4.0, 5.0}
    share = share_at_three(noise)
    assert abs((found.prices == 3).mean() - share) < 5 * math.sqrt(share * (1 - share) / 4000)


def test_with_noise_a_buyer_may_pay_more_than_a_unit_is_worth_to_her():
    """The second buyer should stay at home: without noise she does, with it she may buy, and all have lost by it."""
    quiet, noisy = (auction.zero_intelligence([[10], [5]], [[7]], 500, np.random.default_rng(0), low=1, high=12, noise=noise)
                    for noise in (0.0, 4.0))
    assert np.all(quiet.efficiency == 1) and set(noisy.efficiency.tolist()) == {1.0, -2 / 3}


def test_units_are_traded_in_order_and_nobody_loses():
    """One buyer of three units: every way in which it can end, and no other, comes about."""
    values, costs = [90, 50, 20], (10, 30, 60)
    ends = set()
    for order in itertools.permutations(costs):
        traded = list(itertools.takewhile(lambda pair: pair[0] >= pair[1], zip(values, order, strict=True)))
        if all(cost > values[len(traded)] for cost in order[len(traded):]):  # nobody can go on
            ends.add((len(traded), sum(value - cost for value, cost in traded)))
    found = auction.zero_intelligence([values], [[cost] for cost in costs], 400, np.random.default_rng(0))
    assert {(int(units), round(share * 100)) for units, share in zip(found.units, found.efficiency, strict=True)} == ends
    assert np.all((found.prices[:, 0] >= 10) & (found.prices[:, 0] <= 90))


def test_a_limit_of_quotes_ends_a_session():
    found = auction.zero_intelligence(VALUES, COSTS, 3, np.random.default_rng(0), most=5)
    assert found.quotes.tolist() == [5, 5, 5] and found.units.max() <= 2


@pytest.mark.parametrize("values, costs", [([[10]], [[1], [2]]), ([[10], [9]], [[1]])])
def test_a_session_ends_when_one_side_has_no_unit_left(values, costs):
    """Whoever is left over has nobody to trade with: no quote follows the trade."""
    found = auction.zero_intelligence(values, costs, 200, np.random.default_rng(0), constrained=False, high=12, most=1000)
    assert np.all(found.units == 1) and found.quotes.min() == 2 and found.quotes.max() < 200


@pytest.mark.parametrize("call, message", [
    (lambda: auction.equilibrium([[1, 2]], [[1]]), r"values=\[\[1, 2\]\]: must be \(traders, units\), each trader's units in falling order"),
    (lambda: auction.equilibrium([[1]], [[2, 1]]), r"costs=\[\[2, 1\]\]: .* in rising order"),
    (lambda: auction.equilibrium([1], [[1]]), r"values=\[1\]"),
    (lambda: auction.equilibrium([[1.5]], [[1]]), r"values=.*: must be whole"),
    (lambda: auction.equilibrium([[-1]], [[1]]), r"values=.*: must be finite and in \[0"),
    (lambda: auction.equilibrium([[1]], [[2]]), r"no unit is worth what it costs"),
    (lambda: auction.zero_intelligence([[201]], [[1]], 1, None), r"values=\[\[201\]\]: must be in \[1, 200\]"),
    (lambda: auction.zero_intelligence([[5]], [[0]], 1, None), r"costs=\[\[0\]\]: must be in \[1, 200\]"),
    (lambda: auction.zero_intelligence(VALUES, COSTS, 0, None), r"runs=0"),
    (lambda: auction.zero_intelligence(VALUES, COSTS, 1, None, noise=-1), r"noise=-1: must be finite and in \[0"),
    (lambda: auction.zero_intelligence(VALUES, COSTS, 1, None, noise=1e16), r"noise=1e\+16: must be finite and in \[0"),
    (lambda: auction.zero_intelligence(VALUES, COSTS, 1, None, constrained="yes"), r"constrained='yes': must be one of True, False"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
