import copy

import numpy as np
import pytest
from scipy import stats
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import shortest_path

from helpers import foraging
from helpers.foraging import Foraging


def model(seed=0, **settings):
    return Foraging(np.random.default_rng(seed), **settings)


@pytest.mark.parametrize("seed_of_walls", range(4))
def test_distances_are_shortest_paths(seed_of_walls):
    side, rng = 12, np.random.default_rng(seed_of_walls)
    walls = foraging.ground(side)
    inner = np.flatnonzero(~walls)
    walls[rng.choice(inner, 50, replace=False)] = True
    free = np.flatnonzero(~walls)
    far = foraging.distances(free[:2], walls, side)
    wide = side + 2
    links = [(a, b) for a in free for b in free
             if a != b and max(abs(a // wide - b // wide), abs(a % wide - b % wide)) == 1]
    graph = coo_matrix((np.ones(len(links)), np.transpose(links)), shape=(wide**2, wide**2))
    exact = shortest_path(graph, unweighted=True, indices=free[:2]).min(axis=0)
    exact[np.isinf(exact)] = -1
    np.testing.assert_array_equal(far[free], exact[free])
    assert (far[walls] == -1).all()


def test_a_disc_has_the_cells_whose_middles_are_in_it():
    cells = foraging.disc(3.5, 2.5, 1.5, 10)
    at = foraging.places(cells, 10)
    expected = [(x + 0.5, y + 0.5) for y in range(10) for x in range(10) if (x - 3) ** 2 + (y - 2) ** 2 <= 2.25]
    assert sorted(map(tuple, at.tolist())) == sorted(expected)
    for corner in (0, 10):
        assert not foraging.ground(10)[foraging.disc(corner, corner, 3, 10)].any()  # never the border
    assert foraging.disc(3.5, 2.5, 1, 10).size == 5  # the edge is in it


def test_how_large_the_nest_a_heap_and_the_brush_are():
    """Lattice points within 2.5 of one of them: 21; within 1.6: 9."""
    ground = model(ants=50)
    ground.poke(20.5, 50.5, "food")
    assert np.count_nonzero(ground.colony.goal[0]) == 21
    ground.poke(40.5, 50.5, "wall")
    assert ground.scene()["walls"].sum() == 9
    at = foraging.places(np.append(ground.colony.cell, np.flatnonzero(ground.colony.goal[1])), 64)
    assert (np.hypot(*(at - ground.nest_at).T) <= 2.5).all()  # the nest, and they are in it


def test_couriers_set_out_one_after_the_other():
    ground = model(ants=1, couriers=500, survey=1)
    way = ground.couriers.far[0][ground.couriers.nest[0]]
    # evenly over the time there and back
    assert abs(ground.couriers.wait.mean() - (2 * way - 1) / 2) < 5 * 2 * way / np.sqrt(12 * 500)
    assert 1.8 * way < ground.couriers.wait.max() < 2 * way
    start = ground.couriers.cell[0]
    for tick in range(10):
        ground.step()
        assert (ground.couriers.cell[ground.couriers.wait > tick] == start).all()
        assert (ground.couriers.cell[ground.couriers.wait <= tick] != start).all()


def test_a_barrier_by_hand():
    assert np.unique(foraging.barrier(20, 0.5) // 22).tolist() == list(range(1, 11))
    assert np.unique(foraging.barrier(20, 0.5) % 22).tolist() == [10, 11, 12]  # 9 to 12 of 20 cells across
    assert foraging.barrier(20, 0.5).size == 30
    assert foraging.barrier(64).size == 3 * 51


def test_couriers_know_a_wall_that_was_there_from_the_start():
    _, (brought,) = foraging.deliveries([1], ticks=400, falls=0, ants=1, couriers=100, survey=10_000)
    assert brought.sum() > 0


def test_deliveries_are_those_of_a_model():
    colony, couriers = foraging.deliveries([3], ticks=250, falls=1000, ants=50, couriers=20, every=100)
    ground = model(3, ants=50, couriers=20)
    for _ in range(250):
        ground.step()
    for found, walkers in ((colony, ground.colony), (couriers, ground.couriers)):
        assert found.tolist() == [[sum(walkers.delivered[:100]), sum(walkers.delivered[100:200])]]
    assert couriers.sum() > 0


def test_pheromone_is_what_was_left_and_what_was_laid():
    ground = model(evaporation=0.03)
    for _ in range(120):
        before = ground.colony.trails.sum(axis=1)
        ground.step()
        carrying, laid = ground.colony.carrying, ground.colony.freshness
        added = [laid[~carrying].sum(), laid[carrying].sum()]
        np.testing.assert_allclose(ground.colony.trails.sum(axis=1), 0.97 * before + added, rtol=1e-12)


def test_one_ant_smells_three_cells():
    """The chance of each way is (k + trail)**n, three times as much straight on; five standard errors."""
    ground = model(ants=1, side=20)
    colony, tries = ground.colony, 3000
    start = 10 * 22 + 10
    colony.trails[1, start + 1] = 0.05  # east
    colony.trails[1, start + 23] = 0.02  # north-east
    colony.trails[0, start - 21] = 9.0  # south-east, but of the other trail
    weights = np.array([0.02**2, 3 * 0.07**2, 0.04**2])
    trails, went = colony.trails.copy(), []
    for _ in range(tries):
        colony.trails[:] = trails
        colony.cell[:], colony.heading[:], colony.carrying[:] = start, 0, False
        colony.tick()
        went.append(int(colony.cell[0]) - start)
    chances = weights / weights.sum()
    for step, chance in zip((-21, 1, 23), chances, strict=True):
        assert abs(np.mean(np.array(went) == step) - chance) < 5 * np.sqrt(chance * (1 - chance) / tries)


def test_an_ant_before_a_wall_turns():
    ground = model(ants=1, side=20)
    colony = ground.colony
    colony.cell[:], colony.heading[:] = 10 * 22 + 10, 0
    ground.walls[[10 * 22 + 11, 9 * 22 + 11, 11 * 22 + 11]] = True
    colony.tick()
    assert colony.cell[0] == 10 * 22 + 10
    assert colony.heading[0] in (3, 5)


def test_nobody_is_ever_in_a_wall_and_no_load_is_lost():
    ground = model(ants=80, couriers=80, survey=150)
    for tick in range(600):
        if tick == 250:
            for y in range(2, 60, 2):
                ground.poke(32, y, "wall")
        if tick == 450:
            ground.poke(32, 30, "erase")
        held = [walkers.carrying.sum() for walkers in (ground.colony, ground.couriers)]
        ground.step()
        for walkers, had in zip((ground.colony, ground.couriers), held, strict=True):
            assert not ground.walls[walkers.cell].any()
            there = walkers.goal[0, walkers.cell]
            picked = np.count_nonzero(walkers.carrying & there)
            assert walkers.carrying.sum() <= had - walkers.delivered[-1] + picked
            assert walkers.carrying.sum() >= had - walkers.delivered[-1]
    assert sum(ground.colony.delivered) > 0


def test_a_colony_makes_a_trail_and_lives_on_it(seed):
    ground = model(seed, ants=200)
    for _ in range(1400):
        ground.step()
    # every ant on the shortest way would bring a load in 48 ticks; a random walker hardly ever does
    assert ground.colony.recent() > 0.25 * 200 * 200 / 48


def test_couriers_with_a_right_map_go_the_shortest_way():
    ground = model(ants=1, couriers=50, survey=1)
    way = int(ground.couriers.far[0][foraging.disc(*ground.nest_at, foraging.NEAR, 64)].min())
    for _ in range(600):
        ground.step()
    assert sum(ground.couriers.delivered[-2 * way:]) == 50  # each once, there and back


@pytest.mark.parametrize(("column", "carrying"), [(19, False), (45, True)])
def test_of_ways_equally_short_couriers_take_the_straight_one(column, carrying):
    ground = model(ants=1, couriers=1, survey=1)
    ground.couriers.cell[:] = 33 * 66 + column  # in the row of nest and food, between them
    ground.couriers.wait[:], ground.couriers.carrying[:] = 0, carrying
    for _ in range(20):
        ground.step()
        assert ground.couriers.cell[0] // 66 == 33


def test_a_heap_of_food_in_the_place_of_walls_is_news():
    ground = model(ants=1, couriers=3, survey=1)
    ground.build(foraging.disc(20, 50, foraging.NEAR, 64), True)
    ground.couriers.renew()
    before = ground.couriers.way.copy()
    ground.build(foraging.disc(20, 50, foraging.NEAR, 64), False)
    ground.poke(20, 50, "food")  # the same cells are taken as before, but by food
    ground.couriers.renew()
    assert (ground.couriers.way[0] != before[0]).any()


def test_a_tick_of_an_ant_in_plain_python():
    """Each ant of a colony by herself, drawing the same numbers: where she goes, what she lays."""
    ground = model(seed=5, ants=12, side=20, evaporation=0.1)
    for y in range(6, 14):
        ground.walls[(y + 1) * 22 + 11] = True
    colony, wide = ground.colony, 22
    moves = [1, wide + 1, wide, wide - 1, -1, -wide - 1, -wide, -wide + 1]
    for _ in range(150):
        draws = np.random.default_rng()
        draws.bit_generator.state = colony.rng.bit_generator.state
        draws = draws.random(12)
        cells, headings, fresh = colony.cell.tolist(), colony.heading.tolist(), colony.freshness.tolist()
        carrying, trails = colony.carrying.tolist(), colony.trails * 0.9
        old = colony.trails.copy()
        for ant in range(12):
            pulls, ways = [], [(headings[ant] + turn) % 8 for turn in (-1, 0, 1)]
            for way, weight in zip(ways, (1, 3, 1), strict=True):
                there = cells[ant] + moves[way]
                trail = old[0 if carrying[ant] else 1, there]
                pulls.append(0 if ground.walls[there] else weight * (0.02 + trail) ** 2)
            if sum(pulls) == 0:
                headings[ant] = (headings[ant] + (5 if ant % 2 else 3)) % 8
            else:
                mark = draws[ant] * sum(pulls)
                way = 0 if mark < pulls[0] else 1 if mark < pulls[0] + pulls[1] else 2
                headings[ant] = ways[way]
                cells[ant] += moves[ways[way]]
            fresh[ant] *= 0.97
            if colony.goal[int(carrying[ant]), cells[ant]]:
                carrying[ant] = not carrying[ant]
                fresh[ant], headings[ant] = 1, (headings[ant] + 4) % 8
            trails[int(carrying[ant]), cells[ant]] += fresh[ant]
        colony.tick()
        assert colony.cell.tolist() == cells
        assert colony.heading.tolist() == headings
        assert colony.carrying.tolist() == carrying
        np.testing.assert_allclose(colony.freshness, fresh, rtol=1e-12)
        np.testing.assert_allclose(colony.trails, trails, rtol=1e-9)
    assert sum(colony.delivered) > 0


def test_noise_is_a_share_of_the_trail_s_own_spread(seed, monkeypatch):
    """Errors of a smell, over ticks and ants: mean 0 and noise times the spread of the trail that an ant follows."""
    ground, noise = model(seed, ants=100, side=20), 0.2
    colony, free = ground.colony, ~ground.walls
    rng = np.random.default_rng(seed)
    trails = np.array([[50.0], [400.0]]) + np.array([[1.0], [20.0]]) * rng.standard_normal((2, free.size))
    trails[:, ~free] = 0
    smelt = []
    monkeypatch.setattr(foraging, "attraction", lambda trail, k, n: smelt.append(trail) or np.ones(trail.shape))
    off = {False: [], True: []}
    for _ in range(40):
        colony.trails[:] = trails
        colony.noise = 0
        state, start = copy.deepcopy(colony.rng.bit_generator.state), [
            getattr(colony, what).copy() for what in ("cell", "heading", "carrying")]
        colony.tick()
        colony.rng.bit_generator.state = state
        colony.cell, colony.heading, colony.carrying = start
        colony.trails[:] = trails
        colony.noise, carrying = noise, colony.carrying.copy()
        colony.tick()
        true, disturbed = smelt[-2:]
        for kind in off:
            there = true[:, carrying == kind] > 0  # not of walls, where less than nothing is nothing
            off[kind].append((disturbed - true)[:, carrying == kind][there])
        colony.carrying = rng.random(100) < 0.5
    for kind, errors in off.items():
        errors = np.concatenate(errors)
        spread = noise * trails[int(not kind), free].std()
        assert errors.size > 1000
        assert abs(errors.mean()) < 5 * spread / np.sqrt(errors.size)
        assert abs(errors.std() / spread - 1) < 5 / np.sqrt(2 * errors.size)


def test_nobody_smells_less_than_nothing(monkeypatch):
    ground, smelt = model(ants=300), []
    monkeypatch.setattr(foraging, "attraction", lambda trail, k, n: smelt.append(trail) or np.ones(trail.shape))
    ground.colony.noise = 1
    ground.step()  # there is no trail yet, so no spread
    assert (smelt[0] == 0).all()
    ground.colony.trails[1, 0] = 1e-6  # of the trail that all follow, where nobody is: now there is some
    ground.step()
    assert (smelt[1] >= 0).all()
    assert (smelt[1] == 0).all()  # but of the free cells alone
    ground.colony.trails[1, ground.colony.food[0]] = 1
    ground.step()
    assert (smelt[2] >= 0).all()
    assert abs((smelt[2] == 0).mean() - 0.5) < 5 * 0.5 / np.sqrt(900)


@pytest.mark.parametrize("carrying", [False, True])
def test_a_courier_misreads_the_map(seed, carrying):
    """In a corridor, of two cells 2 apart in distance, the nearer has the chance Phi(2 / (sqrt(2) noise spread))."""
    ground = model(ants=1, couriers=2000, survey=1)
    walls = np.ones((66, 66), bool)
    walls[33, 1:-1] = False
    ground.walls[:] = walls.ravel()
    ground.couriers.set_food(np.array([33 * 66 + 64]))  # at the end, so that the two distances are not alike
    ground.walls[ground.couriers.nest] = False
    couriers, start = ground.couriers, 33 * 66 + 33
    couriers.renew()
    couriers.noise, couriers.wait[:], couriers.carrying[:], couriers.cell[:] = 0.1, 0, carrying, start
    far = couriers.far[int(carrying)]
    couriers.tick()
    nearer = (couriers.cell == start + (-1 if carrying else 1)).mean()
    assert ((couriers.cell == start - 1) | (couriers.cell == start + 1)).all()
    chance = stats.norm.cdf(2 / (np.sqrt(2) * 0.1 * far[far >= 0].std()))
    assert 0.6 < chance < 0.95
    assert abs(nearer - chance) < 5 * np.sqrt(chance * (1 - chance) / 2000)


def test_couriers_who_hardly_misread_lose_no_step():
    right, nearly = (model(ants=1, couriers=50, survey=1) for _ in range(2))
    nearly.couriers.noise = 1e-6
    for _ in range(200):
        far = np.stack(nearly.couriers.far)
        goal, before = nearly.couriers.carrying.view(np.int8).copy(), nearly.couriers.cell.copy()
        going = nearly.couriers.wait <= len(nearly.couriers.delivered)
        right.step()
        nearly.step()
        assert (far[goal, before] - far[goal, nearly.couriers.cell])[going].tolist() == [1] * going.sum()
    assert sum(nearly.couriers.delivered) > 0


def test_couriers_who_misread_do_not_enter_walls_nor_go_where_there_is_no_way():
    ground = model(ants=1, couriers=50, survey=1)
    ground.couriers.noise = 1.0
    for _ in range(100):
        ground.step()
        assert not ground.walls[ground.couriers.cell].any()
    ground.build(foraging.barrier(64, height=1), True)
    ground.couriers.carrying[:] = False
    ground.couriers.cell[:] = ground.couriers.nest[0]
    for _ in range(50):
        ground.step()
    assert (ground.couriers.cell == ground.couriers.nest[0]).all()


def test_couriers_with_a_stale_map_wait_for_the_survey():
    ground = model(ants=1, couriers=50, survey=500)
    for _ in range(300):
        ground.step()
    ground.build(foraging.barrier(64), True)
    for _ in range(150):
        ground.step()
    assert ground.couriers.recent(80) == 0
    assert ground.couriers.age == 450
    for _ in range(300):
        ground.step()
    assert ground.couriers.age == 250
    assert ground.couriers.recent(80) > 0


def test_couriers_without_a_way_stay():
    ground = model(ants=1, couriers=5, survey=1)
    ground.build(foraging.barrier(64, height=1), True)
    for _ in range(300):
        ground.step()
    assert ground.couriers.delivered.count(0) == 300


def test_who_is_caught_by_a_wall_steps_to_the_nearest_free_cell():
    ground = model(ants=30)
    cells = foraging.disc(40, 40, 4, 64)
    ground.colony.cell[:10] = cells[:10]
    ground.build(cells, True)
    assert not ground.walls[ground.colony.cell].any()
    at = foraging.places(ground.colony.cell[:10], 64)
    assert (np.hypot(*(at - (40, 40)).T) < 6).all()


def test_food_can_be_moved():
    ground = model(ants=20, couriers=5)
    ground.poke(20, 50, "food")
    assert ground.scene()["food"].tolist() == [[20, 50]]
    for walkers in (ground.colony, ground.couriers):
        assert np.flatnonzero(walkers.goal[0]).tolist() == sorted(foraging.disc(20, 50, foraging.NEAR, 64).tolist())


def test_the_scene_keeps_its_shape():
    ground = model(ants=20, couriers=7)
    shapes = {name: array.shape for name, array in ground.scene().items()}
    assert shapes == {"walls": (64, 64), "way_home": (64, 64), "way_to_food": (64, 64), "nest": (1, 2), "food": (1, 2),
                      "couriers": (7, 3), "ants": (20, 3)}
    ground.poke(30, 30, "wall")
    ground.step()
    assert {name: array.shape for name, array in ground.scene().items()} == shapes
    assert ground.scene()["walls"][30, 30] == 1


def test_the_readout_and_the_challenge():
    ground = model(ants=1, couriers=5)
    ground.step()
    assert ground.readout() == ("Tick 1: the colony brought home 0 loads in the last 200 ticks, the couriers 0; "
                                "their map is 1 tick old.")
    assert model(ants=1).readout() == "Tick 0: the colony brought home 0 loads in the last 200 ticks."
    assert not ground.reached()
    ground.couriers.delivered = [1] * 200 + [0] * 201
    ground.colony.delivered = [1] * 150
    assert ground.reached()
    ground.couriers.delivered[-1] = 1
    assert not ground.reached()
    ground.couriers.delivered = [1] * 200 + [0] * 201
    ground.colony.delivered = [1] * 99
    assert not ground.reached()
    ground.colony.delivered = [1] * 100
    assert ground.reached()


def test_couriers_who_never_brought_anything_were_never_stopped():
    ground = model(ants=1, couriers=5)
    ground.couriers.delivered, ground.colony.delivered = [0] * 401, [1] * 150
    assert not ground.reached()


def test_moved_food_is_found_by_the_next_survey():
    ground = model(ants=1, couriers=50, survey=400)
    for _ in range(100):
        ground.step()
    ground.poke(20, 55, "food")
    for _ in range(800):
        ground.step()
    assert ground.couriers.recent() > 50


def test_walls_cut_colonies_which_find_back(seed):
    """At 1% evaporation. Of twelve colonies at least half regain a quarter of their rate: with the true
    share near nine in ten, fewer have a probability below 1e-4."""
    colony, _ = foraging.deliveries(range(100 * seed, 100 * seed + 12), ticks=3000, falls=1000, evaporation=0.01)
    assert colony.shape == (12, 30)
    before, cut, after = colony[:, 5:10].mean(axis=1), colony[:, 11:13].mean(axis=1), colony[:, -5:].mean(axis=1)
    assert np.median(cut) < 0.25 * np.median(before)
    assert (after > 0.25 * before).sum() >= 6


def test_an_open_door_is_hardly_used(seed):
    """Most colonies with a trail stay on it; couriers with a right map go through the door."""
    door = {"ticks": 3400, "falls": 0, "opens": 2500}
    colony, _ = foraging.deliveries(range(100 * seed, 100 * seed + 8), evaporation=0.01, **door)
    before, after = colony[:, 20:25].mean(axis=1), colony[:, -5:].mean(axis=1)
    settled = before > 100
    assert settled.sum() >= 3
    assert (after < 1.5 * before)[settled].mean() > 0.5
    _, (couriers,) = foraging.deliveries([seed], ants=1, couriers=200, survey=1, **door)
    assert couriers[-4:].mean() > 1.4 * couriers[20:24].mean()


def test_the_same_seed_gives_the_same_run():
    one, same, other = (foraging.deliveries([seed], ticks=400, falls=200, couriers=10, ants=50) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one[0] != other[0]).any()


@pytest.mark.parametrize(("call", "message"), [
    (lambda: model(ants=0), "ants=0: must be"),
    (lambda: foraging.distances(9, [[1, 2], [3]], [12]), r"walls=\[\[1, 2\], \[3\]\]: must be a number or an array of numbers"),
    (lambda: foraging.deliveries(1, ticks=10, falls=5), r"seeds of shape \(\): must be \(n,\)"),
    (lambda: foraging.deliveries([0.5], ticks=10, falls=5), r"seeds=\[0.5\]: must be whole"),
    (lambda: foraging.deliveries([-3], ticks=10, falls=5), r"seeds=\[-3\]: must be finite and in \[0"),
    (lambda: model(couriers=-1), "couriers=-1: must be"),
    (lambda: model(evaporation=1.01), "evaporation=1.01: must be"),
    (lambda: model(evaporation=-0.01), "evaporation=-0.01: must be"),
    (lambda: model(evaporation=np.nan), "evaporation=nan: must be"),
    (lambda: setattr(model(), "evaporation", 1.01), "evaporation=1.01: must be"),
    (lambda: setattr(model(), "survey", 0), "survey=0: must be"),
    (lambda: model(side=19), "side=19: must be"),
    (lambda: model().poke(3, np.nan, "wall"), "y=nan: must be"),
    (lambda: model(survey=0), "survey=0: must be"),
    (lambda: model(side=5), "side=5: must be"),
    (lambda: model().poke(64.5, 3, "wall"), "x=64.5: must be"),
    (lambda: model().poke(3, 3, "water"), "tool='water': must be one of 'wall', 'erase', 'food'"),
    (lambda: model().poke(*model().nest_at, "wall"), r"a wall at x=17.9, y=32.0: it may cover neither the nest nor the food"),
    (lambda: model().poke(*model().food_at, "wall"), "it may cover neither the nest nor the food"),
    (lambda: model().poke(*model().nest_at, "food"), "it may lie neither on a wall nor at the nest"),
    (lambda: foraging.barrier(64, 1.5), "height=1.5: must be"),
    (lambda: foraging.deliveries([1], ticks=0, falls=0), "ticks=0: must be"),
    (lambda: foraging.deliveries([1], ticks=9, falls=0, opens="x"), "opens='x': must be"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_food_is_refused_on_a_wall():
    ground = model()
    ground.poke(30, 50, "wall")
    with pytest.raises(ValueError, match="food at x=31.0, y=50.0: it may lie neither on a wall nor at the nest"):
        ground.poke(31, 50, "food")
