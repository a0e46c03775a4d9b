import numpy as np
import pytest

from helpers import bidding, society
from helpers.bidding import NAMES, Bidding
from helpers.wording import signed

pytestmark = pytest.mark.usefixtures("one_blas_thread")
NORTH, EAST, SOUTH, WEST = range(4)


def model(seed=1, steps=0, **settings):
    made = Bidding(np.random.default_rng(seed), **settings)
    return go_on(made, steps)


def go_on(made, steps):
    for _ in range(steps):
        made.step()
    return made


def tap(made, *modules):
    for module in modules:
        made.poke(made.feet[module, 0], 30, "sack")


@pytest.fixture(scope="module")
def states():
    """The shortest walks by search, for every set of ways that are left."""
    world, _ = bidding.plan()
    found = {}
    for left in range(1, 16):
        frontier, seen, walk = {world.start}, set(), 0
        while frontier:
            walk += 1
            ways = [(s, a) for s in frontier for a in range(4) if left >> a & 1]
            if any(world.rewards[s, a] > 0 for s, a in ways):
                break
            seen |= frontier
            frontier = {int(world.moves[s, a]) for s, a in ways} - seen - {society.END}
        found[left] = 0.9 ** (walk - 1) if frontier else 0.0
    return found


def test_the_world_wraps_round_and_has_walls():
    world, letters = bidding.plan()
    assert letters.shape == (5, 6) and world.start == 6
    assert world.moves[6].tolist() == [12, 7, 6, 6]  # south of it a wall, and west, round the edge
    assert world.moves[12, WEST] == 17 and world.moves[24, NORTH] == 24 and world.moves[25, NORTH] == 1
    assert world.moves[7, EAST] == society.END and world.rewards[7, EAST] == -1  # the pit
    assert world.moves[9, EAST] == society.END and world.rewards[9, EAST] == 1
    free = np.isin(letters.ravel(), (".", "S"))
    assert world.rewards[free].sum() == 2 - 4  # two of the goal's sides are walls, none of the pit's


def test_what_is_possible_with_each_set_of_ways(states):
    made = model()
    assert made.possible == pytest.approx(0.9**5)
    for left, value in states.items():
        made.society.able = np.tile([bool(left >> way & 1) for way in range(4)], 2)
        assert made._possible() == pytest.approx(value, abs=1e-8)
    assert sorted(value > 0 for left, value in states.items() if left.bit_count() == 2) == [False] * 3 + [True] * 3


def test_it_learns_the_best_walk_within_twenty_seconds(seed):
    made = model(seed, 1200)
    assert made.proved and not made.reached()
    assert society.returns(made.world, made.society.policy())[0] == pytest.approx(made.first)
    assert "The last 20 walks earned" in made.readout() and "Sacked" not in made.readout()


def test_with_one_twin_sacked_the_other_walks_on_and_with_both_another_way_is_found():
    made = model(3, 1200)
    before = made.society.policy()
    tap(made, EAST)
    assert np.array_equal(made.society.policy(), before) and made.possible == made.first
    tap(made, EAST + 4)
    assert made.possible == pytest.approx(0.9**6) and not made.reached()
    go_on(made, 600)
    assert society.returns(made.world, made.society.policy())[0] == pytest.approx(0.9**6)
    assert "Sacked: East 1, East 2; the best walk left is worth 0.53 of 0.59." in made.readout()
    assert not made.reached()  # three ways are left
    tap(made, EAST, EAST + 4)
    assert made.possible == made.first and "Sacked" not in made.readout()


def test_reached_with_two_ways_after_all_had_learned(seed):
    made = model(seed, 1200)
    tap(made, EAST, EAST + 4, SOUTH, SOUTH + 4)
    assert not made.reached()
    for _ in range(2500):
        made.step()
        if made.reached():
            break
    assert made.reached() and made.possible == pytest.approx(0.9**6)
    tap(made, EAST)  # back
    assert not made.reached()


def test_not_reached_by_sacking_first_or_where_no_way_leads_to_the_goal():
    early = model(1)
    tap(early, EAST, EAST + 4, SOUTH, SOUTH + 4)
    assert not go_on(early, 2000).reached() and early._good() and not early.proved
    lost = model(1, 1200)
    tap(lost, EAST, EAST + 4, WEST, WEST + 4)
    assert lost.possible == 0 and not go_on(lost, 1500).reached()
    alone = model(1, 1200, clones=1)
    tap(alone, EAST, SOUTH)
    assert not go_on(alone, 600).reached()


def test_prices_melt_without_twins():
    with_twins, without = (model(2, 4000, clones=clones) for clones in (2, 1))
    start = tuple(np.argwhere(bidding.plan()[1] == "S")[0])
    assert with_twins.scene()["prices"][start] == pytest.approx(0.9**5, abs=0.02)
    assert without.scene()["prices"][start] < 0.5


@pytest.mark.parametrize("settings", [{}, {"clones": 1}, {"auction": "first price"}])
def test_scenes_keep_their_shapes_and_ranges(settings):
    made = model(**settings)
    shapes = {name: layer.shape for name, layer in made.scene().items()}
    assert set(shapes) == set(made.layers)
    for time in range(300):
        made.step()
        if time == 200:
            tap(made, NORTH)
        scene = made.scene()
        assert {name: layer.shape for name, layer in scene.items()} == shapes
        for name in ("ends", "modules", "walker", "arrows"):
            assert np.all((scene[name][:, :2] >= 0) & (scene[name][:, :2] <= made.plane) | np.isnan(scene[name][:, :2]))
        assert 0 <= scene["prices"].min() <= scene["prices"].max() <= 1
        edges = scene["payment"]
        assert 0 <= edges[0, 2] <= 1 and np.all(edges[:, :2] < 2 * made.society.n)
        winner, seller, paid = made.last
        assert edges[0].tolist() == [winner, max(seller, 0), np.clip(paid, 0, 1) * (seller >= 0)]
    assert scene["modules"][NORTH].tolist() == [*made.feet[NORTH], bidding.SACKED]
    assert np.all(np.isnan(scene["arrows"]).all(axis=1) == ~made.open)


def test_arrows_point_where_the_winner_of_a_cell_would_push():
    made = model(1, 1200)
    arrows, move = made.scene()["arrows"], made.society.policy()[0]
    step = np.column_stack([np.cos(arrows[:, 2]), np.sin(arrows[:, 2])])[made.open]
    np.testing.assert_allclose(step, bidding.TURNS[move[made.open]], atol=1e-9)
    assert np.array_equal(arrows[made.open, 3], move[made.open])


def test_takings_profits_and_the_last_sale():
    made = model(4)
    taken, gained = np.zeros(8), np.zeros(8)
    for _ in range(150):
        held = made.society
        before = held.takings[0].copy(), held.profits[0].copy(), held.seller[0]
        made.step()
        taken, gained = 0.99 * taken + held.takings[0] - before[0], 0.99 * gained + held.profits[0] - before[1]
        assert made.last == (held.sale.winner[0], before[2], held.sale.paid[0])
    np.testing.assert_allclose(made.taken, taken)
    np.testing.assert_allclose(made.gained, gained)
    high = made.scene()["modules"][:8, 1]
    np.testing.assert_allclose(high, 5 + 40 * np.clip(taken / 40, 0, 1))
    assert f"the profits of all are {signed(gained.sum() / taken.sum())} of all takings" in made.readout()
    winner, seller, paid = made.last
    name = [f"{NAMES[k % 4]} {k // 4 + 1}" for k in range(8)]
    to = "nobody" if seller < 0 else "itself" if seller == winner else name[seller]
    assert f"{name[winner]} won it and paid {paid:.2f} to {to}" in made.readout()


def test_the_auction_can_change_as_it_runs():
    made = model(1, 50)
    made.auction = "first price"
    assert made.society.auction == "first price"


@pytest.mark.parametrize("call, message", [
    (lambda: model(auction="unbalanced"), r"auction='unbalanced': must be one of 'second price', 'first price'"),
    (lambda: model(clones=3), r"clones=3: must be 1 or 2"),
    (lambda: model(clones=0), r"clones=0"),
    (lambda: model().poke(30, 10, "sack"), r"the walker cannot be touched"),
    (lambda: model().poke(101, 10, "sack"), r"x=101"),
    (lambda: model().poke(90, 51, "sack"), r"y=51"),
    (lambda: model().poke(90, 10, "hire"), r"tool='hire'"),
    (lambda: tap(model(), *range(8)), r"this module is the last; bring another back first"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
