import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

from helpers import exchange

pytestmark = pytest.mark.usefixtures("one_blas_thread")
SCARF = exchange.scarf()


def mixed(seed=0, n=6, m=4):
    """Agents of every kind, from fixed proportions to gladly exchanging."""
    rng = np.random.default_rng(seed)
    return exchange.economy(rng.uniform(0, 2, (n, m)), rng.dirichlet(np.ones(m), n), np.linspace(0, 3, n))


@pytest.mark.parametrize("prices", [[1.0, 2, 3], [5, 0.2, 1], [1, 1, 1]])
def test_scarf_s_excess_by_his_formula(prices):
    p1, p2, p3 = prices
    z = [p3 / (p3 + p1) - p2 / (p1 + p2), p1 / (p1 + p2) - p3 / (p2 + p3), p2 / (p2 + p3) - p1 / (p3 + p1)]
    np.testing.assert_allclose(exchange.excess(SCARF, prices), z, atol=1e-14)


def test_scarf_s_prices_go_round_for_ever():
    """Target T10.1: the flow keeps the sum of squares and the product; its period near the middle is 14.51."""
    path = exchange.flow(SCARF, [1, 2, 3], 200)
    np.testing.assert_allclose((path**2).sum(axis=1), 14, atol=1e-8)
    np.testing.assert_allclose(path.prod(axis=1), 6, atol=1e-8)
    oracle = solve_ivp(lambda _, p: exchange.excess(SCARF, p), (0, 200), [1, 2, 3], rtol=1e-10, atol=1e-12).y[:, -1]
    np.testing.assert_allclose(path[-1], oracle, atol=1e-6)
    turn = np.linalg.eigvals(exchange.slopes(SCARF, [1.0, 1, 1]))
    np.testing.assert_allclose(turn.real, 0, atol=1e-12)
    np.testing.assert_allclose(np.sort(turn.imag), [-np.sqrt(3) / 4, 0, np.sqrt(3) / 4], atol=1e-12)
    period = 2 * np.pi / (np.sqrt(3) / 4)
    assert period == pytest.approx(14.51, abs=0.005)
    near = exchange.flow(SCARF, [1.001, 1, 0.999], period, period / 1000)
    np.testing.assert_allclose(near[-1], near[0], atol=1e-8)
    assert np.abs(near[500] - near[0]).max() > 1e-3


@pytest.mark.parametrize("own", [0.2, 0.5, 0.7])
@pytest.mark.parametrize("elasticity", [0, 0.2, 1, 2])
def test_how_errors_grow_in_economies_like_scarf_s(own, elasticity):
    economy = exchange.scarf(own, elasticity)
    turn = np.linalg.eigvals(exchange.slopes(economy, [1.0, 1, 1]))
    turn = turn[np.argsort(np.abs(turn))[1:]]  # but for the one of all prices together
    np.testing.assert_allclose(turn.real, exchange.scarf_growth(own, elasticity), atol=1e-9)
    assert exchange.gap(economy, [3.0, 3, 3]) < 1e-12
    path = exchange.flow(economy, [1.05, 0.95, 1], 30)
    assert (exchange.gap(economy, path[-1]) > exchange.gap(economy, path[0])) == (exchange.scarf_growth(own, elasticity) > 0) or own == 0.5


def test_a_flow_ends_before_a_price_falls_to_zero():
    path = exchange.flow(exchange.scarf(0.7), [1, 1.3, 0.9], 150)
    assert 10 < len(path) < 3000 and path.min() > 0


def test_scarf_s_prices_called_in_steps_spiral_out():
    found = exchange.tatonnement(SCARF, [1, 2, 3], 0.1, 2000)
    assert (found.prices[-1] ** 2).sum() == pytest.approx(17.30, abs=0.005)
    assert found.prices[-1].prod() == pytest.approx(3.30, abs=0.005)
    assert len(found.prices) == 2001 and not found.cleared
    patient = exchange.tatonnement(SCARF, [1, 2, 3], 0.01, 20_000).gaps
    assert patient.min() > 0.2 and patient[-1500:].max() > patient[:1500].max()


@pytest.mark.parametrize("agent", range(6))
def test_a_demand_is_the_best_that_the_budget_buys(agent):
    """Against scipy maximizing the CES utility, sum of a^(1/sigma) x^(1 - 1/sigma), on the budget."""
    economy, prices = mixed(), np.array([1.0, 0.4, 2, 0.7])
    wanted, sigma = exchange.demand(economy, prices)[agent], economy.elasticity[agent]
    wealth = economy.endowments[agent] @ prices
    assert wanted @ prices == pytest.approx(wealth)
    taste = economy.tastes[agent]
    if sigma == 0:
        np.testing.assert_allclose(wanted / taste, wanted[0] / taste[0])
        return
    power = 1 - 1 / sigma

    def cost(log_shares):
        shares = np.exp(log_shares) / np.exp(log_shares).sum()
        x = wealth * shares / prices
        if abs(power) < 1e-9:
            return -(taste * np.log(x)).sum()
        return -np.log((taste ** (1 / sigma) * x**power).sum()) / power

    best = minimize(cost, np.zeros(4), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 20_000, "maxfev": 20_000})
    found = wealth * np.exp(best.x) / np.exp(best.x).sum() / prices
    np.testing.assert_allclose(wanted, found, rtol=1e-4)


def test_walras_s_law_and_only_ratios_matter():
    prices = np.random.default_rng(0).uniform(0.1, 3, (5, 7, 4))
    z = exchange.excess(mixed(), prices)
    np.testing.assert_allclose((prices * z).sum(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(exchange.excess(mixed(), 10 * prices), z, atol=1e-12)


def test_slopes_are_differences():
    economy, log, h = mixed(), np.array([0.1, -0.5, 0.7, 0]), 1e-6
    found = np.array([(exchange.excess(economy, np.exp(log + h * one)) - exchange.excess(economy, np.exp(log - h * one))) / (2 * h)
                      for one in np.eye(4)]).T
    np.testing.assert_allclose(exchange.slopes(economy, np.exp(log)), found, atol=1e-8)


def test_the_planner_clears_the_market_and_so_does_groping_where_goods_are_substitutes(seed):
    economy = exchange.strangers(30, np.random.default_rng(seed), (0.5, 1, 2))
    plan = exchange.plan(economy)
    assert exchange.gap(economy, plan.prices) < 1e-10 and plan.prices.sum() == pytest.approx(1) and plan.steps < 12
    # With fixed spending shares the clearing prices are also a Markov chain's: good j's value is what all spend on it.
    flow = economy.tastes.T @ (economy.endowments / economy.endowments.sum(axis=0))
    value = plan.prices * economy.endowments.sum(axis=0)
    np.testing.assert_allclose(flow @ value, value, rtol=1e-8)
    groped = exchange.tatonnement(economy, [1, 1, 1], 0.01, 5000, within=1e-6)
    assert groped.cleared and groped.gaps[-1] <= 1e-6 < groped.gaps[-2]
    np.testing.assert_allclose(groped.prices[-1] / groped.prices[-1].sum(), plan.prices, rtol=1e-4)


def test_the_planner_of_other_economies():
    assert exchange.gap(mixed(), exchange.plan(mixed()).prices) < 1e-10
    off = exchange.economy(np.diag([1.0, 1.2, 1.1]), [[1, 1, 0], [0, 1, 1], [1, 0, 1]], 0.0)
    assert exchange.gap(off, exchange.plan(off).prices) < 1e-10


def test_a_planner_says_where_no_prices_clear_the_market():
    """The second and the third good only go with the first and with one another, and there is too much of them."""
    useless = exchange.economy(np.diag([1.0, 2, 4]), [[1, 1, 0], [0, 1, 1], [1, 0, 1]], 0.0)
    with pytest.raises(RuntimeError, match="prices run away"):
        exchange.plan(useless)


def test_strangers_bring_what_is_plenty():
    economy = exchange.strangers(4000, np.random.default_rng(0), (0.5, 1, 2))
    np.testing.assert_allclose(economy.endowments.mean(axis=0), [0.5, 1, 2], rtol=5 / np.sqrt(3 * 4000))
    np.testing.assert_allclose(economy.tastes.sum(axis=1), 1)
    np.testing.assert_allclose(economy.tastes.mean(axis=0), 1 / 3, atol=5 * np.sqrt(1 / 18 / 4000))


def test_groping_ends_before_a_price_falls_to_zero():
    found = exchange.tatonnement(SCARF, [1, 2, 3], 50.0, 100)
    assert not found.cleared and len(found.prices) == 1
    assert exchange.tatonnement(SCARF, [1, 2, 3], 0.1, 0).prices.shape == (1, 3)
    assert exchange.tatonnement(SCARF, [2, 2, 2], 0.1, 9).cleared


@pytest.mark.parametrize("call, message", [
    (lambda: exchange.economy([[1, -1], [1, 1]], np.ones((2, 2))), r"endowments=.*-1.*: must be finite and in \[0"),
    (lambda: exchange.economy([[1, 0], [1, 0]], np.ones((2, 2))), r"endowments: all are 0 for good 1"),
    (lambda: exchange.economy([[1, 1], [0, 0]], np.ones((2, 2))), r"endowments: all are 0 for agent 1"),
    (lambda: exchange.economy(np.ones((2, 2)), [[0, 0], [1, 1]]), r"tastes: all are 0 for agent 0"),
    (lambda: exchange.economy(np.ones((2, 2)), np.ones((2, 3))), r"endowments, tastes of shapes \(2, 2\), \(2, 3\)"),
    (lambda: exchange.economy(np.ones((2, 2)), np.ones((2, 2)), -1), r"elasticity=-1: must be finite and in \[0, 20\]"),
    (lambda: exchange.economy(np.ones((2, 2)), np.ones((2, 2)), [1, 1, 1]), r"elasticity of shape \(3,\): must be one number or \(2,\)"),
    (lambda: exchange.excess(SCARF, [1, 0, 1]), r"prices=\[1, 0, 1\]: must be finite and in \[1e-09"),
    (lambda: exchange.excess(SCARF, [1, 1]), r"prices of shape \(2,\): must be \(..., 3\)"),
    (lambda: exchange.tatonnement(SCARF, [[1, 1, 1]], 0.1, 5), r"prices of shape \(1, 3\): must be \(m,\)"),
    (lambda: exchange.tatonnement(SCARF, [1, 1, 1], 0, 5), r"rate=0: must be finite and in \(0"),
    (lambda: exchange.flow(SCARF, [1, 1, 1], -1), r"time=-1"),
    (lambda: exchange.scarf(1), r"own=1: must be finite and in \(0, 1\)"),
    (lambda: exchange.scarf_growth(0.5, -1), r"elasticity=-1"),
    (lambda: exchange.strangers(0, np.random.default_rng(0)), r"n=0"),
    (lambda: exchange.strangers(5, np.random.default_rng(0), (1, 0)), r"plenty=.*: must be finite and in \(0"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
