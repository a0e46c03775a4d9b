import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import optimize

from helpers import markets


def test_poll_error():
    assert markets.poll_error(0.5, 1000) == pytest.approx(0.0158, abs=5e-5)
    assert markets.poll_error(0.2, [100, 400], 2).tolist() == pytest.approx([0.04 * 2**0.5, 0.02 * 2**0.5])
    assert markets.poll_error(1, 5) == 0


@given(
    hnp.arrays(float, st.integers(2, 6), elements=st.floats(-1e4, 1e4)), st.floats(0.1, 100), st.floats(-1e3, 1e3)
)
def test_lmsr_by_its_definition(q, b, shift):
    price = markets.lmsr_price(q, b)
    assert price.sum() == pytest.approx(1)
    # shares of every outcome together are worth 1 each
    assert markets.lmsr_cost(q + shift, b) == pytest.approx(markets.lmsr_cost(q, b) + shift, abs=1e-6)
    small = q / 1e3 / b
    assert markets.lmsr_cost(small, 1) == pytest.approx(np.log(np.sum(np.exp(small))))
    assert markets.lmsr_price(small, 1) == pytest.approx(np.exp(small) / np.exp(small).sum())


def test_price_is_the_gradient_of_the_cost():
    q, b = np.array([3.0, -2, 7]), 4.0
    gradient = optimize.approx_fprime(q, lambda x: markets.lmsr_cost(x, b), 1e-6)
    np.testing.assert_allclose(markets.lmsr_price(q, b), gradient, atol=1e-6)


@given(
    hnp.arrays(float, st.integers(2, 5), elements=st.floats(-50, 50)), st.floats(0.01, 0.99), st.integers(0, 4)
)
def test_trade_brings_the_price_there(q, price, outcome):
    outcome %= q.size
    shares, cost = markets.lmsr_trade(q, 10, outcome, price)
    after = q.copy()
    after[outcome] += shares
    assert markets.lmsr_price(after, 10)[outcome] == pytest.approx(price)
    assert cost == pytest.approx(markets.lmsr_cost(after, 10) - markets.lmsr_cost(q, 10), abs=1e-9)


def test_one_purchase_by_hand():
    # from 1/2 to 3/4 with b = 1: log 3 shares, for log 2 (cost = b log((1 - p) / (1 - p')))
    assert markets.lmsr_trade([0, 0], 1, 0, 0.75) == pytest.approx((np.log(3), np.log(2)))
    market = markets.lmsr_market([0.75], 1, np.inf)
    assert market.prices == pytest.approx([0.5, 0.75])
    assert market.holdings == pytest.approx(np.array([[np.log(3), 0]]))
    assert market.spent == pytest.approx([np.log(2)])
    assert market.maker_loss == pytest.approx([np.log(3) - np.log(2), -np.log(2)])
    other = markets.lmsr_market([0.25], 1, np.inf)
    assert other.holdings == pytest.approx(np.array([[0, np.log(3)]]))


BELIEFS = st.lists(st.floats(1e-6, 1 - 1e-6), min_size=1, max_size=12)


@given(BELIEFS, st.floats(0.1, 50), st.lists(st.floats(0, 20), min_size=12, max_size=12), st.floats(0.05, 0.95))
def test_market_against_the_cost_function(beliefs, b, budgets, start):
    budgets = np.array(budgets[: len(beliefs)])
    market = markets.lmsr_market(beliefs, b, budgets, start)
    q = np.array([b * np.log(start / (1 - start)), 0.0])
    for i, belief in enumerate(beliefs):
        before = q.copy()
        q = q + market.holdings[i]
        assert market.prices[i + 1] == pytest.approx(markets.lmsr_price(q, b)[0], abs=1e-9)
        paid = markets.lmsr_cost(q, b) - markets.lmsr_cost(before, b)
        assert market.spent[i] == pytest.approx(paid, abs=1e-8 * b)
        assert market.spent[i] <= budgets[i] * (1 + 1e-9) + 1e-12
        # she stops at her belief, or short of it with an empty purse
        low, high = sorted([market.prices[i], belief])
        assert low - 1e-9 <= market.prices[i + 1] <= high + 1e-9
        if abs(market.prices[i + 1] - belief) > 1e-9:
            assert market.spent[i] == pytest.approx(budgets[i], abs=1e-9)
    # Hanson 2003: the maker loses at most what moves the price from the start to certainty
    assert np.all(market.maker_loss <= -b * np.log([start, 1 - start]) + 1e-9)
    total = market.holdings.sum(axis=0) - market.spent.sum()
    assert market.maker_loss == pytest.approx(total, abs=1e-9)


def test_loss_comes_near_its_bound():
    loss = markets.lmsr_market([1 - 1e-12], 7, np.inf).maker_loss
    assert loss[0] == pytest.approx(7 * np.log(2), rel=1e-9)
    assert loss[0] < 7 * np.log(2)


def test_rich_traders_leave_their_beliefs_as_prices():
    beliefs = [0.9, 0.2, 0.2, 0.6]
    assert markets.lmsr_market(beliefs, 10, np.inf, 0.3).prices == pytest.approx([0.3, *beliefs])
    assert markets.lmsr_market(beliefs, 10, 0).prices == pytest.approx([0.5] * 5)


def test_markets_side_by_side():
    beliefs = np.random.default_rng(0).uniform(0.1, 0.9, (3, 2, 5))
    together = markets.lmsr_market(beliefs, 5, [1, 2, 3, 4, 5])
    for i, j in np.ndindex(3, 2):
        apart = markets.lmsr_market(beliefs[i, j], 5, [1, 2, 3, 4, 5])
        for a, b in zip(together, apart, strict=True):
            np.testing.assert_allclose(a[i, j], b, rtol=1e-13)


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.floats(0.1, 0.9), st.integers(0, 2**32 - 1))
def test_bayes_market_is_the_posterior(signals, prior, seed):
    precision = np.random.default_rng(seed).uniform(0.3, 0.95, len(signals))
    yes, no, expected = prior, 1 - prior, [prior]
    for signal, right in zip(signals, precision, strict=True):
        yes, no = yes * (right if signal else 1 - right), no * (1 - right if signal else right)
        expected.append(yes / (yes + no))
    assert markets.bayes_market(signals, precision, prior) == pytest.approx(np.array(expected), rel=1e-9)


def test_bayes_market_shapes():
    prices = markets.bayes_market([[1, 1, 0], [0, 0, 0]], 0.6)
    assert prices.shape == (2, 4)
    assert prices[0] == pytest.approx([0.5, 0.6, 9 / 13, 0.6])


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("share", lambda: markets.poll_error(1.1, 10)),
        ("n", lambda: markets.poll_error(0.5, 0)),
        ("design_effect", lambda: markets.poll_error(0.5, 10, -1)),
        ("q", lambda: markets.lmsr_cost([1], 1)),
        ("q", lambda: markets.lmsr_cost([1, np.nan], 1)),
        ("b", lambda: markets.lmsr_cost([1, 2], 0)),
        ("q", lambda: markets.lmsr_price(1, 1)),
        ("b", lambda: markets.lmsr_price([1, 2], -1)),
        ("q", lambda: markets.lmsr_trade([[1, 2]], 1, 0, 0.5)),
        ("b", lambda: markets.lmsr_trade([1, 2], np.nan, 0, 0.5)),
        ("outcome", lambda: markets.lmsr_trade([1, 2], 1, 2, 0.5)),
        ("outcome", lambda: markets.lmsr_trade([1, 2], 1, -1, 0.5)),
        ("price", lambda: markets.lmsr_trade([1, 2], 1, 0, 1)),
        ("beliefs", lambda: markets.lmsr_market([0.5, 1], 1, 1)),
        ("beliefs", lambda: markets.lmsr_market(0.5, 1, 1)),
        ("beliefs", lambda: markets.lmsr_market([], 1, 1)),
        ("b", lambda: markets.lmsr_market([0.5], 0, 1)),
        ("budgets", lambda: markets.lmsr_market([0.5], 1, -1)),
        ("budgets", lambda: markets.lmsr_market([0.5], 1, np.nan)),
        ("budgets", lambda: markets.lmsr_market([0.5], 1, "all")),
        ("budgets", lambda: markets.lmsr_market([0.5], 1, [1, 2])),
        ("start", lambda: markets.lmsr_market([0.5], 1, 1, 0)),
        ("signals", lambda: markets.bayes_market(1, 0.6)),
        ("signals", lambda: markets.bayes_market([np.nan], 0.6)),
        ("precision", lambda: markets.bayes_market([1], 1)),
        ("precision", lambda: markets.bayes_market([1], [0.6, 0.7])),
        ("prior", lambda: markets.bayes_market([1], 0.6, 0)),
        ("share", lambda: markets.poll_error([0.5, 0.5], [1, 2, 3])),
    ],
)
def test_bad_input_is_named(name, call):
    with pytest.raises(ValueError, match=rf"^{name}( of shape|=)"):
        call()
