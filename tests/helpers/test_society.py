import itertools

import numpy as np
import pytest

from helpers import society

pytestmark = pytest.mark.usefixtures("one_blas_thread")
WORLDS = {"bandit": society.bandit(), "chain": society.chain(), "duality": society.duality()}


def mixed(seed, states=7, actions=3):
    rng = np.random.default_rng(seed)
    return society.world(rng.integers(-1, states, (states, actions)), rng.uniform(-1, 1, (states, actions)), gamma=0.8)


def learned(world, steps=1500, runs=20, seed=1, **settings):
    made = society.Society(world, runs, np.random.default_rng(seed), **settings)
    for _ in range(steps):
        made.step()
    return made


@pytest.mark.parametrize("world", [*WORLDS.values(), mixed(1), mixed(2)])
def test_no_policy_is_better_than_the_optimum(world):
    """Against every policy there is."""
    states, actions = world.moves.shape
    every = np.array(list(itertools.product(range(actions), repeat=states)))
    best = society.fixed_point(world)
    assert society.returns(world, every).max() == pytest.approx(best[world.start].max())
    assert society.returns(world, best.argmax(axis=1)) == pytest.approx(best[world.start].max())


def test_the_worlds_have_the_values_that_one_finds_by_hand():
    g = 0.9
    np.testing.assert_allclose(society.fixed_point(WORLDS["chain"])[:, 1], 0.8 * g ** np.arange(4, -1, -1))
    both = [[-g / (1 - g), 0.5 / (1 - g)], [0.5 / (1 - g), 0.3 + g * 0.5 / (1 - g)], [-1 / (1 - g)] * 2]
    np.testing.assert_allclose(society.fixed_point(WORLDS["duality"]), both)
    np.testing.assert_allclose(society.fixed_point(WORLDS["bandit"])[0], [0.2, 0.4, 0.6, 0.8])
    assert society.returns(WORLDS["duality"], [1, 0, 0]) == pytest.approx(5)
    assert society.returns(WORLDS["duality"], [1, 1, 0]) == pytest.approx(0.5 + g * 3)
    assert society.chain(3).moves.tolist() == [[0, 1], [0, -1]]


@pytest.mark.parametrize("bids, auction, expected", [
    ([3, 5, 1], "second price", (1, 3, 3)), ([3, 5, 1], "first price", (1, 5, 5)), ([3, 5, 1], "unbalanced", (1, 3, 5)),
    ([-3, -5, -np.inf], "second price", (0, -5, -5)), ([4, -np.inf], "second price", (0, 0, 0)), ([4], "first price", (0, 4, 4)),
])
def test_who_wins_pays_and_receives(bids, auction, expected):
    sale = society.sell(np.array(bids, float), auction)
    assert (sale.winner, sale.paid, sale.received) == expected


def test_ties_go_by_lot_and_slips_overbid():
    bids = np.array([[2.0, 5, 5], [2, 5, 5], [2, 5, 4]])
    sale = society.sell(bids, "first price", lots=np.array([[0.9, 0.1, 0.2], [0.9, 0.2, 0.1], [0.9, 0.1, 0.2]]))
    assert sale.winner.tolist() == [2, 1, 1] and sale.paid.tolist() == [5, 5, 5]
    for auction, paid in (("first price", [5, 5, 5]), ("second price", [5, 5, 4])):
        sale = society.sell(bids, auction, slips=np.array([0, -1, 1]))
        assert sale.winner.tolist() == [0, 1, 1] and sale.paid.tolist() == paid and sale.second.tolist() == [5, 5, 4]


def test_a_second_price_makes_honesty_dominant_and_a_first_price_does_not():
    """Vickrey 1961, by trying all bids of a grid against all pairs of rivals' bids."""
    grid = np.arange(0, 1.05, 0.1)
    rivals = np.array(list(itertools.product(grid, repeat=2)))
    for auction in ("second price", "first price"):
        gains = []
        for value, bid in itertools.product(grid, grid + 0.05):  # no ties
            got = [society.sell(np.column_stack([np.full(len(rivals), b), rivals]), auction) for b in (bid, value + 1e-9)]
            other, honest = (np.where(sale.winner == 0, value - sale.paid, 0) for sale in got)
            gains.append((other - honest).max())
        assert (max(gains) <= 2e-9) == (auction == "second price")
    assert max(gains) > 0.9


@pytest.mark.parametrize("world", [*WORLDS.values(), mixed(3), mixed(4)])
@pytest.mark.parametrize("auction", ["second price", "first price"])
def test_with_twins_bids_equal_to_q_star_are_an_equilibrium(world, auction):
    best = np.tile(society.fixed_point(world), 2)
    np.testing.assert_allclose(society.temptation(world, best, auction), 0, atol=1e-8)
    assert society.temptation(world, best + 0.1 * np.arange(best.shape[1]), auction).max() > 0.01  # and others are not


def play(world, bids, auction, agent, state):
    """What `agent` earns from a state on, discounted, by the rules alone: it buys, is rewarded and sells."""
    total, left, seller = 0.0, 1.0, -1
    for _ in range(100):
        order = np.argsort(-bids[state])
        price = bids[state, order[0 if auction == "first price" else 1]]
        total += left * price * ((seller == agent) - float(order[0] == agent))
        seller, move = order[0], order[0] % world.moves.shape[1]
        total += left * world.rewards[state, move] * (seller == agent)
        state, left = world.moves[state, move], left * world.gamma
        if state == society.END:
            break
    return total


@pytest.mark.parametrize("auction", ["second price", "first price"])
@pytest.mark.parametrize("world", [society.chain(4, 0.7), society.duality(0.7), mixed(5, 3, 2)])
@pytest.mark.parametrize("clones", [1, 2])
def test_temptation_by_trying_all_bids(world, auction, clones):
    """Of each agent, in each state: high, low, just above and just below the others' best."""
    rng = np.random.default_rng(3)
    bids = rng.uniform(-1, 1, (len(world.moves), clones * world.moves.shape[1]))
    found = society.temptation(world, bids, auction)
    for agent in range(bids.shape[1]):
        best = np.delete(bids, agent, axis=1).max(axis=1)
        gains = []
        for ways in itertools.product((-9.0, -1e-9, 1e-9, 9.0), repeat=len(bids)):
            other = bids.copy()
            other[:, agent] = best + ways
            gains.append([play(world, other, auction, agent, state) - play(world, bids, auction, agent, state) for state in range(len(bids))])
        assert found[agent] == pytest.approx(np.max(gains), abs=1e-6)


def test_without_twins_bids_equal_to_q_star_are_none():
    np.testing.assert_allclose(society.temptation(WORLDS["bandit"], society.fixed_point(WORLDS["bandit"]), "first price"), [0, 0, 0, 0.2])
    assert society.temptation(WORLDS["bandit"], society.fixed_point(WORLDS["bandit"]), "second price").max() == 0
    assert society.temptation(WORLDS["duality"], society.fixed_point(WORLDS["duality"]), "second price").min() > 0.9
    assert society.temptation(WORLDS["chain"], society.fixed_point(WORLDS["chain"]), "first price")[1] > 0.1


def test_honest_bids_at_first_prices_are_q_learning_number_by_number():
    for world in (*WORLDS.values(), mixed(6)):
        made = society.Society(world, 3, np.random.default_rng(7), clones=1, auction="first price", shade=0, limit=30)
        centre = society.Centre(world, 3, np.random.default_rng(7), limit=30)
        for _ in range(300):
            made.step()
            centre.step()
        np.testing.assert_array_equal(made.values, centre.values)
        assert np.array_equal(made.at, centre.at) and np.array_equal(made.policy(), centre.policy())


def test_q_learning_by_hand():
    """Against a loop of one state and one number at a time, that is told the same moves."""
    world, centre = mixed(8), society.Centre(mixed(8), 1, np.random.default_rng(2), alpha=0.3, explore=0.5, limit=6)
    q, path, last = centre.values[0].copy(), np.random.default_rng(2), None
    path.uniform(size=q.shape)
    state, age = 0, 0
    for _ in range(400):
        slip, drawn = path.random(1)[0] < 0.5, path.integers(0, 3, 1)[0]
        action = drawn if slip else q[state].argmax()
        if last:
            q[last[0], last[1]] += 0.3 * (last[2] + 0.8 * q[state].max() - q[last[0], last[1]])
        reward, after, age = world.rewards[state, action], world.moves[state, action], age + 1
        if after == society.END:
            q[state, action] += 0.3 * (reward - q[state, action])
        last = None if after == society.END or age == 6 else (state, action, reward)
        state, age = (after, age) if last else (0, 0)
        centre.step()
    np.testing.assert_allclose(centre.values[0], q, rtol=1e-12)


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("settings, rank", [(dict(clones=2), 1), (dict(clones=2, auction="first price"), 1), (dict(clones=1), 2)])
def test_what_a_society_comes_to_believe(name, settings, rank, seed):
    """With twins Q*; honest bidders without them, second prices' own fixed point, at which they may all lose the way."""
    world = WORLDS[name]
    hope = {"bandit": 0.8, "chain": 0.8, "duality": 5}[name]
    made = learned(world, 1200 * rank, 4 * rank, seed, explore=0.1 * (rank - 1), hope=hope, **settings)
    expected = society.fixed_point(world, rank=rank)
    share = society.returns(world, made.policy()) / society.fixed_point(world)[world.start].max()
    if rank == 1:
        top = made.bids()[:, world.start].max(axis=1)
        np.testing.assert_allclose(society.sell(made.bids()[:, world.start], made.auction).paid, top, atol=1e-6)
        np.testing.assert_allclose(top, expected[world.start].max(), atol=1e-3 * hope)
        np.testing.assert_allclose(share, 1)
    elif name == "bandit":
        np.testing.assert_allclose(share, 1)
        np.testing.assert_allclose(society.sell(made.bids()[:, 0], made.auction).paid, 0.6, atol=1e-6)
    elif name == "duality":  # a turn is sold at what the other would pay, so staying pays more; most runs end there
        assert np.count_nonzero(np.isclose(share, 0.64)) >= 5
    else:
        assert expected[0].max() == 0 and np.median(made.values[:, 0].max(axis=1)) < 0.1 < 0.52


@pytest.mark.parametrize("clones", [1, 2])
@pytest.mark.parametrize("auction", society.AUCTIONS)
def test_the_books_balance(auction, clones):
    """What comes in is rewards, and gamma of what is paid; only an unbalanced auction gives a seller what nobody paid."""
    world = mixed(9)
    made = society.Society(world, 5, np.random.default_rng(1), clones=clones, auction=auction, limit=12)
    for _ in range(200):
        profit, takings, at, sold, earned = made.profits.copy(), made.takings.copy(), made.at, made.seller >= 0, made.earned
        made.step()
        came = np.where(sold, earned + world.gamma * made.sale.received, 0)  # what the sellers take in
        came += np.where(made.seller < 0, world.rewards[at, made.sale.winner % 3], 0)  # and those who end a walk
        np.testing.assert_allclose((made.takings - takings).sum(axis=1), came, atol=1e-12)
        np.testing.assert_allclose((made.profits - profit).sum(axis=1), came - made.sale.paid, atol=1e-12)
        assert np.all(made.sale.paid <= made.sale.received)
        assert auction == "unbalanced" or np.array_equal(made.sale.paid, made.sale.received)


def test_only_winners_learn_and_their_twins_if_together():
    for twins, learn in (("together", 2), ("apart", 1)):
        made = society.Society(mixed(2), 1, np.random.default_rng(1), twins=twins)
        for _ in range(50):
            before, seller, sold = made.values.copy(), made.seller[0], made.sold[0]
            made.step()
            if seller >= 0 and made.seller[0] >= 0:
                changed = np.argwhere(made.values[0] != before[0])
                assert len(changed) == learn and np.all(changed[:, 0] == sold) and np.all(changed[:, 1] % 3 == seller % 3)
                assert seller in changed[:, 1]


def test_shading_takes_off_what_was_not_needed_and_losers_give_it_up():
    made = society.Society(WORLDS["bandit"], 1, np.random.default_rng(0), clones=1, auction="first price", explore=0, alpha=0, shade=0.25)
    made.values[0, 0] = [0.2, 0.4, 0.6, 0.8]
    made.step()
    np.testing.assert_allclose(made.margins[0, 0], [0, 0, 0, 0.05])
    made.margins[0, 0] = [0, 0, 0, 0.3]  # it bids 0.5, and 0.6 wins
    made.step()
    np.testing.assert_allclose(made.margins[0, 0], [0, 0, 0.025, 0.225])
    made.margins[0, 0] = [0, 0.1, 0.5, 0.1]  # the price, 0.7, is above what the others' acts are worth
    made.step()
    np.testing.assert_allclose(made.margins[0, 0], [0, 0.1, 0.5, 0.1 + 0.25 * (0.7 - 0.3)])
    made.auction = "second price"
    assert made.bids()[0, 0, 3] == 0.8


def test_who_overbids_by_a_slip_learns_nothing_about_its_margin():
    made = society.Society(WORLDS["bandit"], 50, np.random.default_rng(0), clones=1, auction="first price", explore=1, alpha=0)
    made.values[:, 0] = [0.2, 0.4, 0.6, 0.8]
    made.step()
    assert np.all(made.margins == 0) and set(made.sale.winner.tolist()) == {0, 1, 2, 3} and np.all(made.sale.paid == 0.8)


def test_returns_of_walks_and_walks_that_are_cut():
    made = society.Society(WORLDS["chain"], 1, np.random.default_rng(0), explore=0, alpha=0, limit=7)
    made.values[0] = np.tile([0.0, 1.0], 2)
    for _ in range(5):
        made.step()
    assert made.episodes[0] == 1 and made.last_return[0] == pytest.approx(0.8 * 0.9**4) and made.at[0] == 0 and made.seller[0] == -1
    made.values[0] = np.tile([1.0, 0.0], 2)
    for _ in range(7):
        made.step()
    assert made.episodes[0] == 2 and made.last_return[0] == 0 and made.at[0] == 0 and made.seller[0] == -1


def test_after_the_loss_of_one_twin_the_other_acts_as_it_did_and_loses_its_price(seed):
    """The move is a monopoly now: what it pays, and so what its seller gets, is the runner-up's bid."""
    world = WORLDS["chain"]
    made = learned(world, 800, 4, seed, hope=0.8)
    before, price = made.policy(), society.sell(made.bids(), "second price").paid
    made.able[1] = False
    assert np.array_equal(made.policy(), before)
    assert np.all(society.sell(made.bids(), "second price").paid < price)
    for _ in range(1500):
        made.step()
    assert np.median(made.values[:, 0].max(axis=1)) < 0.1 and price[:, 0].min() > 0.52
    able = np.array([True, False, True, True])
    np.testing.assert_allclose(society.fixed_point(world, able=able, rank=2), society.fixed_point(world, rank=2), atol=1e-9)
    made.able[3] = False
    made.step()
    assert np.all(made.policy() == 0)


def test_fixed_points_with_agents_missing():
    chain = WORLDS["chain"]
    np.testing.assert_allclose(society.fixed_point(chain, able=np.ones(4, bool), rank=2), society.fixed_point(chain))
    lame = society.fixed_point(chain, able=np.array([True, False]))
    assert lame[:-1].max() == 0 and lame[-1, 1] == 0.8
    assert society.fixed_point(chain, able=np.array([False, True]), rank=2)[0, 1] == 0  # no runner-up, no price


def test_a_curve_is_the_return_without_slips():
    made = society.Society(WORLDS["bandit"], 3, np.random.default_rng(0), hope=0.8, explore=1)
    found = society.curve(made, 100, 30)
    assert found.shape == (3, 3) and np.all(found[-1] == 0.8)


@pytest.mark.parametrize("call, message", [
    (lambda: society.world([[0, 3]], [[0, 0]]), r"moves up to 3: there are 1 states"),
    (lambda: society.world([[0, -2]], [[0, 0]]), r"moves=.*-2"),
    (lambda: society.world([[0]], [[0]], start=1), r"start=1"),
    (lambda: society.world([[0]], [[0, 1]]), r"moves, rewards of shapes \(1, 1\), \(1, 2\)"),
    (lambda: society.bandit(gamma=1), r"gamma=1: must be finite and in \[0, 1\)"),
    (lambda: society.chain(1), r"length=1"),
    (lambda: society.fixed_point(WORLDS["chain"], rank=0), r"rank=0"),
    (lambda: society.fixed_point(WORLDS["chain"], able=np.ones(3, bool)), r"able=.*n a multiple of 2"),
    (lambda: society.returns(WORLDS["chain"], [2] * 5), r"policy of shape \(5,\): must hold an action below 2"),
    (lambda: society.returns(WORLDS["chain"], [1] * 4), r"policy of shape \(4,\)"),
    (lambda: society.sell(np.ones(2), "raffle"), r"auction='raffle': must be one of 'second price'"),
    (lambda: society.sell(1, "second price"), r"bids of shape \(\)"),
    (lambda: society.sell(np.ones(2), "second price", lots=np.ones(3)), r"lots of shape \(3,\): must be \(2,\)"),
    (lambda: society.sell(np.ones(2), "second price", slips=2), r"slips of shape \(\): must be \(\), of agents below 2, or -1"),
    (lambda: society.sell(np.ones((3, 2)), "second price", slips=[0, 0]), r"slips of shape \(2,\): must be \(3,\)"),
    (lambda: society.fixed_point(WORLDS["chain"], able=[1, [2]]), r"able=\[1, \[2\]\]"),
    (lambda: society.curve(None, 1, 1), r"learner=None: must be a Society or a Centre"),
    (lambda: learned(WORLDS["chain"], 1, twins="none"), r"twins='none'"),
    (lambda: learned(WORLDS["chain"], 1, clones=0), r"clones=0"),
    (lambda: learned(WORLDS["chain"], 1, runs=0), r"runs=0"),
    (lambda: learned(WORLDS["chain"], 1, auction="x"), r"auction='x'"),
    (lambda: learned(WORLDS["chain"], 1, alpha=2), r"alpha=2"),
    (lambda: learned(WORLDS["chain"], 1, explore=-1), r"explore=-1"),
    (lambda: learned(WORLDS["chain"], 1, shade=2), r"shade=2"),
    (lambda: learned(WORLDS["chain"], 1, hope=np.inf), r"hope=inf"),
    (lambda: learned(WORLDS["chain"], 1, limit=0), r"limit=0"),
    (lambda: society.Centre(WORLDS["chain"], 1, np.random.default_rng(0), alpha=-1), r"alpha=-1"),
    (lambda: society.curve(None, 0, 1), r"steps=0"),
    (lambda: society.curve(None, 1, 0), r"every=0"),
    (lambda: society.temptation(WORLDS["chain"], np.ones((5, 2)), "unbalanced"), r"auction='unbalanced'"),
    (lambda: society.temptation(WORLDS["chain"], np.ones((5, 3)), "first price"), r"bids of shape \(5, 3\): must be \(5, n\)"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_society_without_able_agents_says_so():
    made = society.Society(WORLDS["chain"], 1, np.random.default_rng(0))
    made.able[:] = False
    with pytest.raises(ValueError, match="able="):
        made.step()
