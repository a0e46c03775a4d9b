import numpy as np
import pytest

from helpers import cournot

TWO = cournot.alike(2)
UNLIKE = cournot.market([10, 20, 30.5], 100, 0.7, 5)


def made(market, q, firm):
    """The profit of a firm by its definition, fixed costs left out."""
    return max(market.a - market.b * sum(q), 0) * q[firm] - market.costs[firm] * q[firm]


# --- the market ----------------------------------------------------------------------------------------------


def test_two_firms_by_hand():
    q = cournot.equilibrium(TWO)
    np.testing.assert_allclose(q, [30, 30])
    found = cournot.outcome(TWO, q)
    assert found.price == 40 and found.surplus == 1800 and found.deadweight == 450
    np.testing.assert_allclose(found.profits, [900, 900])
    np.testing.assert_allclose(cournot.outcome(cournot.alike(2, fixed=150), q).profits, [750, 750])


@pytest.mark.parametrize("n", [1, 2, 3, 10, 99])
def test_price_above_cost_falls_as_one_over_n_plus_one(n):
    market = cournot.alike(n, 20, 80, 2)
    q = cournot.equilibrium(market)
    found = cournot.outcome(market, q)
    np.testing.assert_allclose(q, 60 / (2 * (n + 1)))
    assert found.price - 20 == pytest.approx(60 / (n + 1))
    assert found.deadweight == pytest.approx(60**2 / (2 * 2 * (n + 1) ** 2))
    assert cournot.welfare(n, 7, 20, 80, 2) == pytest.approx(found.surplus + found.profits.sum() - 7 * n)


def test_buyers_surplus_and_deadweight_are_areas_under_the_demand():
    q = np.array([20.0, 15, 10])
    found = cournot.outcome(UNLIKE, q)
    Q, best = 45.0, (100 - 10) / 0.7
    unit = (np.arange(100_000) + 0.5) / 100_000
    assert found.price == pytest.approx(100 - 0.7 * Q)
    assert found.surplus == pytest.approx(((100 - 0.7 * Q * unit) - found.price).mean() * Q)
    np.testing.assert_allclose(found.profits, [made(UNLIKE, q, i) - 5 for i in range(3)])
    cost_of_disorder = (UNLIKE.costs - 10) @ q  # dear firms make what the cheapest could
    triangle = (100 - 0.7 * (Q + (best - Q) * unit) - 10).mean() * (best - Q)
    assert found.deadweight == pytest.approx(triangle + cost_of_disorder)


def test_a_price_does_not_fall_below_zero():
    found = cournot.outcome(TWO, [[80, 70], [50, 50]])
    assert found.price.tolist() == [0, 0] and found.surplus.tolist() == [5000, 5000]
    np.testing.assert_allclose(found.profits, [[-800, -700], [-500, -500]])
    np.testing.assert_allclose(found.deadweight, [4050 - 5000 + 1500, 4050 - 5000 + 1000])


def test_replies_are_the_best_by_trying_all(seed):
    rng = np.random.default_rng(seed)
    tried = np.linspace(0, 150, 15_001)
    q = rng.uniform(0, 60, 3)
    for firm, reply in enumerate(cournot.replies(UNLIKE, q)):
        others = q.sum() - q[firm]
        profit = np.maximum(100 - 0.7 * (others + tried), 0) * tried - UNLIKE.costs[firm] * tried
        assert abs(tried[profit.argmax()] - reply) <= 0.01


def test_in_equilibrium_each_replies_to_the_others(seed):
    rng = np.random.default_rng(seed)
    market = cournot.market(rng.uniform(0, 99, 8), 100, rng.uniform(0.2, 3))
    q = cournot.equilibrium(market)
    np.testing.assert_allclose(cournot.replies(market, q), q, atol=1e-9)
    assert q.max() > 0 and np.all((q > 0) == (market.costs < cournot.outcome(market, q).price - 1e-9))


def test_dear_firms_stay_away():
    np.testing.assert_allclose(cournot.equilibrium(cournot.market([60, 10, 99, 20])), [0, 100 / 3, 0, 70 / 3])
    np.testing.assert_allclose(cournot.equilibrium(cournot.market([10, 55])), [45, 0])  # the monopolist's price is 55


def test_what_is_usual():
    assert cournot.alike(2).fixed == 0 and cournot.alike(2, 0).costs.tolist() == [0, 0]
    assert cournot.all_at_once(TWO, [1, 2], 0).tolist() == cournot.in_turn(TWO, [1, 2], 0).tolist() == [[1, 2]]


# --- getting there ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 4, 7])
@pytest.mark.parametrize("inertia", [0, 0.3, 0.9])
def test_turn_is_the_eigenvalue_of_a_round(n, inertia):
    market, h = cournot.alike(n), 1e-4
    q = cournot.equilibrium(market)
    step = np.array([(cournot.all_at_once(market, q + h * one, 1, inertia)[1] - q) / h for one in np.eye(n)])
    values = np.sort(np.linalg.eigvalsh((step + step.T) / 2))
    assert values[0] == pytest.approx(cournot.turn(n, inertia), abs=1e-6)
    np.testing.assert_allclose(values[1:], inertia + (1 - inertia) / 2, atol=1e-6)


def test_theocharis():
    """Two come to the equilibrium, three swing for ever, four swing away from it, until they make nothing by turns."""
    ends = {n: cournot.all_at_once(cournot.alike(n), cournot.equilibrium(cournot.alike(n)) * 1.01, 200) for n in (2, 3, 4, 6)}
    np.testing.assert_allclose(ends[2][-1], 30, atol=1e-9)
    np.testing.assert_allclose(ends[3][-2:, 0], [22.275, 22.725])
    np.testing.assert_allclose(ends[3][::2], ends[3][0].reshape(1, 3).repeat(101, 0))
    for n in (4, 6):
        np.testing.assert_allclose(np.sort(ends[n][-2:, 0]), [0, 45])
    assert cournot.turn([2, 3, 4, 5]).tolist() == [-0.5, -1, -1.5, -2]


@pytest.mark.parametrize("n", [4, 7, 20])
def test_how_much_inertia_is_enough(n):
    market = cournot.alike(n)
    start, least = cournot.equilibrium(market) * 1.001, (n - 3) / (n + 1)
    assert cournot.turn(n, least) == pytest.approx(-1)
    for inertia, calm in ((least - 0.03, False), (least + 0.03, True)):
        off = np.abs(cournot.all_at_once(market, start, 300, inertia) - cournot.equilibrium(market)).max(axis=1)
        assert (off[-1] < off[0] / 10) == calm and (off[-1] > 10 * off[0]) != calm


@pytest.mark.parametrize("n", [2, 3, 4, 12])
def test_one_at_a_time_all_come_to_the_equilibrium(n, seed):
    rng = np.random.default_rng(seed)
    market = cournot.market(rng.uniform(0, 60, n))
    path = cournot.in_turn(market, rng.uniform(0, 80, n), 60 * n)
    assert path.shape == (60 * n * n + 1, n) and (np.diff(path, axis=0) != 0).sum(axis=1).max() <= 1
    np.testing.assert_allclose(path[-1], cournot.equilibrium(market), atol=1e-6)
    assert np.diff(cournot.potential(market, path)).min() > -1e-9
    np.testing.assert_allclose(path[1, 0], cournot.replies(market, path[0])[0])
    np.testing.assert_allclose(path[1, 1:], path[0, 1:])


def test_the_potential_rises_by_just_what_the_mover_gains(seed):
    rng = np.random.default_rng(seed)
    for _ in range(20):
        q, firm = rng.uniform(0, 40, 3), int(rng.integers(3))
        after = q.copy()
        after[firm] = rng.uniform(0, 40)
        rise = cournot.potential(UNLIKE, after) - cournot.potential(UNLIKE, q)
        assert rise == pytest.approx(made(UNLIKE, after, firm) - made(UNLIKE, q, firm), abs=1e-8)
    best = cournot.potential(UNLIKE, cournot.equilibrium(UNLIKE))
    assert np.all(cournot.potential(UNLIKE, cournot.equilibrium(UNLIKE) + rng.normal(0, 1, (50, 3)).clip(-5)) < best)


# --- where each for itself is not best for all -----------------------------------------------------------------


@pytest.mark.parametrize("fixed, free, planned", [(2500, 0, 1), (2025, 1, 1), (1000, 1, 1), (500, 3, 2), (100, 8, 3), (10, 27, 8), (1, 89, 19)])
def test_free_entry(fixed, free, planned):
    """By counting: firms come while the next would not lose; the planner tries all numbers."""
    def profit(n):
        market = cournot.alike(n, fixed=fixed)
        return cournot.outcome(market, cournot.equilibrium(market)).profits[0]

    n = 0
    while profit(n + 1) >= 0:
        n += 1
    worth = [cournot.welfare(k, fixed) for k in range(n + 3)]
    found = cournot.entry(fixed)
    assert (found.free, found.planned) == (free, planned) == (n, int(np.argmax(worth)))
    assert (found.free_welfare, found.planned_welfare) == (pytest.approx(worth[n]), pytest.approx(max(worth)))


def test_how_many_a_planner_lets_in_if_firms_could_be_shared():
    """(n + 1)^3 = (a - c)^2 / (b fixed), while free entry goes on until its square is (Mankiw & Whinston 1986)."""
    for fixed in np.geomspace(0.01, 3000, 60):
        found, ratio = cournot.entry(fixed, 5, 60, 0.5), 55**2 / (0.5 * fixed)
        assert abs(found.planned + 1 - ratio ** (1 / 3)) <= 1
        assert found.free == int(np.sqrt(ratio) * (1 + 1e-12)) - 1 if ratio >= 4 else found.free == 0
        assert found.planned <= found.free + 1  # their proposition 1


@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_fishers(n):
    """By letting the stock come to rest, and by trying every effort of one fisher against the others."""
    price, cost, growth, capacity = 3.0, 0.6, 0.8, 1.5
    found = cournot.fishery(n, price, cost, growth, capacity)

    def rest(effort):
        stock = np.full(np.shape(effort), capacity)
        for _ in range(4000):
            stock = stock + 0.1 * stock * (growth * (1 - stock / capacity) - effort)
        return stock

    assert rest(found.effort) == pytest.approx(float(found.stock), abs=1e-9)
    assert found.catch == pytest.approx(found.effort * found.stock)
    assert found.rent == pytest.approx(price * found.catch - cost * found.effort)
    mine = np.linspace(0, 0.6, 601)
    rent = mine * (price * rest(found.effort * (n - 1) / n + mine) - cost)
    assert abs(mine[rent.argmax()] - found.effort / n) <= 0.001


def test_rent_is_lost_to_numbers():
    found = cournot.fishery([1, 2, 3, 9, 100_000])
    np.testing.assert_allclose(found.rent / found.rent[0], [1, 8 / 9, 3 / 4, 0.36, 4e-5], rtol=1e-4)
    assert np.all(np.diff(found.effort) > 0) and found.catch[1] > found.catch[0] > found.catch[-1]
    assert found.stock[-1] == pytest.approx(0.5 / 2, abs=1e-4)  # cost / price: open access
    effort = np.linspace(0, 1, 10_001)
    assert (effort * (2 * (1 - effort) - 0.5)).max() == pytest.approx(found.rent[0], abs=1e-6)  # one alone does as a planner


@pytest.mark.parametrize("n", [2, 3, 8])
def test_a_deal_by_playing_it(n):
    market = cournot.alike(n, 20, 80, 2)
    kept = np.full(n, 15 / n)
    broken = kept.copy()
    broken[0] = cournot.replies(market, kept)[0]
    after = cournot.equilibrium(market)
    found = cournot.deal(n, 20, 80, 2)
    np.testing.assert_allclose(found, [cournot.outcome(market, q).profits[0] for q in (kept, broken, after)])
    least, rounds = cournot.patience(n), np.arange(5000)
    for discount, holds in ((least - 1e-3, False), (least + 1e-3, True)):
        keep = (found.kept * discount**rounds).sum()
        cheat = found.broken + (found.after * discount ** rounds[1:]).sum()
        assert (keep >= cheat) == holds
    assert least == pytest.approx((found.broken - found.kept) / (found.broken - found.after))


def test_patience():
    np.testing.assert_allclose(cournot.patience([2, 3, 4]), [9 / 17, 4 / 7, 25 / 41])
    assert np.all(np.diff(cournot.patience(np.arange(2, 50))) > 0) and cournot.patience(1e6) > 0.99999


@pytest.mark.parametrize("call, message", [
    (lambda: cournot.market([10, 100]), r"costs=\[10, 100\]: must be finite and in \[0, 100\)"),
    (lambda: cournot.market([]), r"costs of shape \(0,\)"),
    (lambda: cournot.market([1], a=0), r"a=0: must be finite and in \(0"),
    (lambda: cournot.market([1], b=0), r"b=0: must be finite and in \[1e-06"),
    (lambda: cournot.market([1], fixed=-1), r"fixed=-1"),
    (lambda: cournot.alike(0), r"n=0"),
    (lambda: cournot.alike(2, -1), r"cost=-1"),
    (lambda: cournot.alike(2, 10, a=10), r"cost=10: must be finite and in \[0, 10\)"),
    (lambda: cournot.deal(2, a="10"), r"a='10': must be a number"),
    (lambda: cournot.outcome(TWO, [1, 2, 3]), r"q of shape \(3,\): must be \(..., 2\), one quantity a firm"),
    (lambda: cournot.replies(TWO, [1, -2]), r"q=\[1, -2\]: must be finite and in \[0"),
    (lambda: cournot.in_turn(TWO, [[1, 2]], 1), r"q of shape \(1, 2\): must be \(2,\)"),
    (lambda: cournot.all_at_once(TWO, 3.0, 1), r"q of shape \(\)"),
    (lambda: cournot.all_at_once(TWO, [1, 2], -1), r"rounds=-1"),
    (lambda: cournot.in_turn(TWO, [1, 2], 0.5), r"rounds=0.5"),
    (lambda: cournot.all_at_once(TWO, [1, 2], 1, 1), r"inertia=1: must be finite and in \[0, 1\)"),
    (lambda: cournot.turn(2, -0.1), r"inertia=-0.1"),
    (lambda: cournot.turn(0), r"n=0"),
    (lambda: cournot.turn([2, 3], [0.1, 0.2, 0.3]), r"n of shape \(2,\), inertia of shape \(3,\): must broadcast together"),
    (lambda: cournot.turn(2, 1), r"inertia=1: must be finite and in \[0, 1\)"),
    (lambda: cournot.welfare(-1, 1), r"n=-1"),
    (lambda: cournot.entry(0), r"fixed=0: must be finite and in \(0"),
    (lambda: cournot.entry(1e-9), r"fixed=1e-09: more than a million firms would come; must be at least 8.1e-09"),
    (lambda: cournot.fishery(0), r"fishers=0"),
    (lambda: cournot.fishery(2, price=0), r"price=0"),
    (lambda: cournot.fishery(2, cost=-1), r"cost=-1"),
    (lambda: cournot.fishery(2, growth=0), r"growth=0"),
    (lambda: cournot.fishery(2, capacity=0), r"capacity=0"),
    (lambda: cournot.fishery(2, cost=2), r"cost=2.0: fishing never pays; must be below price times capacity, 2"),
    (lambda: cournot.fishery(2, price=3, cost=1.6, capacity=0.5), r"cost=1.6: .* must be below price times capacity, 1.5"),
    (lambda: cournot.deal(1), r"n=1"),
    (lambda: cournot.patience(1), r"n=1"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
