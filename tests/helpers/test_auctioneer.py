import numpy as np
import pytest

from helpers import exchange
from helpers.auctioneer import CALLS, ECONOMIES, SIZE, TRAIL, WIDEST, Auctioneer

pytestmark = pytest.mark.usefixtures("one_blas_thread")


def model(seed=1, steps=0, **settings):
    made = Auctioneer(np.random.default_rng(seed), **settings)
    for _ in range(steps):
        made.step()
    return made


def test_the_map_and_prices():
    np.testing.assert_allclose(Auctioneer.prices_at([50.0, 50]), [1, 1, 1])
    np.testing.assert_allclose(Auctioneer.prices_at([SIZE, 0]), [WIDEST, 1 / WIDEST, 1])
    points = np.random.default_rng(0).uniform(0, SIZE, (20, 2))
    np.testing.assert_allclose(Auctioneer.points_of(Auctioneer.prices_at(points)), points)
    np.testing.assert_allclose(Auctioneer.points_of(7 * Auctioneer.prices_at(points)), points)


def test_the_rule_is_tatonnement():
    made = model(steps=10, economy="Scarf's economy", rate=0.3)
    expected = exchange.tatonnement(exchange.scarf(), [1, 2, 3], 0.1, 10).prices[-1]
    np.testing.assert_allclose(made.prices, expected)
    assert made.called == 10


def test_the_rule_clears_a_market_of_strangers_but_not_scarf_s(seed):
    made = model(seed, 200)
    assert made.cleared() and "The market is cleared." in made.readout()
    np.testing.assert_allclose(made.prices / made.prices.sum(), exchange.plan(made.economy).prices, rtol=0.05)
    scarf = model(seed, 1500, economy="Scarf's economy")
    assert not scarf.cleared()
    path = scarf.trail[np.isfinite(scarf.trail[:, 0])]
    assert len(path) == TRAIL and ((path - 50) ** 2).sum(axis=1).min() > 100


def test_a_market_at_rest_keeps_the_way_by_which_it_came():
    made = model(steps=3 * TRAIL)
    np.testing.assert_allclose(made.trail[0], made.points_of(np.array([1.0, 3.0, 1.0])))
    assert made.cleared() and made.called == 3 * TRAIL and np.isnan(made.trail[-1]).all()
    assert np.isnan(made.scene()["now"][1]).all()  # there is no shortage


def test_a_price_never_falls_to_zero():
    made = model(steps=3000, economy="Scarf's economy", rate=2.0)
    assert np.all(made.prices > 0) and np.isfinite(made.prices).all()


def test_a_reader_clears_the_market():
    made = model(caller="you")
    goal = made.points_of(exchange.plan(made.economy).prices)
    made.poke(20, 20, "call")
    assert not made.reached()
    for _ in range(5):
        made.step()  # nothing moves
    assert made.called == 1
    made.poke(*goal, "call")
    assert made.cleared() and made.reached() and "bread" in made.readout()
    late = model(caller="you")
    for _ in range(CALLS):
        late.poke(20, 20, "call")
    late.poke(*goal, "call")
    assert late.cleared() and not late.reached()
    by_rule = model(steps=300)
    assert by_rule.cleared() and not by_rule.reached()
    scarf = model(caller="you", economy="Scarf's economy")
    scarf.poke(50, 50, "call")
    assert scarf.cleared() and not scarf.reached()


def test_the_rule_after_the_reader_takes_the_merit():
    made = model(caller="you")
    made.poke(*made.points_of(exchange.plan(made.economy).prices), "call")
    made.caller = "the rule"
    made.step()
    assert not made.reached()


def test_the_pull_points_to_the_shortage():
    made = model(caller="you")
    made.poke(10, 90, "call")  # bread far too cheap, wine far too dear
    now, tip = made.scene()["now"][:, :2]
    assert tip[0] > now[0] and tip[1] < now[1] and made.scene()["pull"].tolist() == [[0, 1, 1]]


def test_the_map_is_shaded_on_demand():
    made = model()
    assert made.scene()["far_from_clearing"].max() == 0
    made.shaded = True
    shade = made.scene()["far_from_clearing"]
    assert 0 <= shade.min() < 0.1 and shade.max() == 1
    row, column = np.unravel_index(shade.argmin(), shade.shape)
    np.testing.assert_allclose(made.points_of(exchange.plan(made.economy).prices), [(column + 0.5) * SIZE / 60, (row + 0.5) * SIZE / 60], atol=1)


def test_calls_beyond_the_map_are_not_drawn():
    made = model(economy="Scarf's economy")
    made._call(np.array([1.0, 1, 1e-3]))
    assert np.isnan(made.scene()["now"]).all() and made.scene()["pull"][0, 2] == 0


@pytest.mark.parametrize("call, message", [
    (lambda: model(economy="communism"), r"economy='communism': must be one of 'strangers', \"Scarf's economy\""),
    (lambda: model(rate=0), r"rate=0: must be finite and in \(0"),
    (lambda: model(caller="me"), r"caller='me': must be one of 'the rule', 'you'"),
    (lambda: model(shaded=2), r"shaded=2: must be one of False, True"),
    (lambda: model().poke(5, 5, "call"), r"caller='the rule': must be 'you' for your own calls"),
    (lambda: model(caller="you").poke(-1, 5, "call"), r"x=-1"),
    (lambda: model(caller="you").poke(1, 101, "call"), r"y=101"),
    (lambda: model(caller="you").poke(1, 1, "bid"), r"tool='bid'"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_there_are_two_economies():
    assert list(ECONOMIES) == ["strangers", "Scarf's economy"]
