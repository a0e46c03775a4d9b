import itertools
import math

import numpy as np
import pytest

from helpers.touring import Touring

# a regular hexagon of side 20: the way round is the shortest, 120
HEXAGON = np.array([(20 * math.cos(turn * math.pi / 3), 20 * math.sin(turn * math.pi / 3)) for turn in range(6)])
SCATTERED = np.random.default_rng(7).random((15, 2)) * 100


def stage(seed=0, cities=SCATTERED, steps=0, **settings):
    model = Touring(np.random.default_rng(seed), cities=cities, **settings)
    for _ in range(steps):
        model.step()
    return model


def round_trip(scene):
    """The cities in the order of the drawn tour, and its length, edge by edge as they are drawn."""
    edges, cities = scene["best_tour"], scene["cities"]
    after = dict(edges[:, :2].astype(int).tolist())
    here, at = [], 0
    while at not in here:
        here.append(at)
        at = after[at]
    assert at == 0
    assert sorted(here) == list(range(len(cities)))  # one cycle, through all
    return here, sum(math.dist(cities[int(i)], cities[int(j)]) for i, j, _ in edges)


def state(model):
    return [np.copy(part) for part in (model.cities, model.colony.tau, model.colony.best, model.colony.length,
                                       model.moved, model.since, model.time)]


def test_the_scene_keeps_its_shapes_and_bounds():
    model = stage()
    for step in range(12):
        scene = model.scene()
        assert {name: array.shape for name, array in scene.items()} == {
            "trails": (105, 3), "best_tour": (15, 3), "cities": (15, 2)}
        assert list(scene) == list(model.layers)
        assert [tuple(edge) for edge in scene["trails"][:, :2]] == list(itertools.combinations(range(15), 2))
        assert 0 <= scene["trails"][:, 2].min() <= scene["trails"][:, 2].max() <= 1
        assert (scene["best_tour"][:, 2] == (1 if step else 0)).all()
        round_trip(scene)
        if step in (3, 6):
            model.poke(10, 10, "move" if step == 3 else "forget")
        model.step()


def test_the_plane_has_a_margin_around_the_cities():
    model = stage(cities=HEXAGON - 500)
    np.testing.assert_allclose(model.plane, (40 + 16, 20 * math.sqrt(3) + 16))
    cities = model.scene()["cities"]
    np.testing.assert_allclose(cities.min(axis=0), 8)
    np.testing.assert_allclose(cities.max(axis=0), np.array(model.plane) - 8)
    np.testing.assert_allclose(cities - cities[0], HEXAGON - HEXAGON[0], atol=1e-9)


def test_trails_are_pheromone_above_the_start_over_the_strongest():
    model = stage()
    assert (model.scene()["trails"][:, 2] == 0).all()
    for _ in range(10):
        model.step()
    above = model.colony.tau[0] - model.colony.tau0
    for i, j, weight in model.scene()["trails"]:
        assert weight == pytest.approx(above[int(i), int(j)] / above.max(), abs=1e-12)
    drawn = model.scene()["trails"]
    assert drawn[:, 2].max() == 1
    here, _ = round_trip(model.scene())
    strong = {frozenset(edge) for edge in drawn[drawn[:, 2] > 0, :2].astype(int).tolist()}
    assert strong >= {frozenset(edge) for edge in zip(here, here[1:] + here[:1], strict=True)}


def test_a_step_is_an_iteration_and_never_forgets_the_best():
    model, lengths = stage(cities=np.random.default_rng(8).random((40, 2)) * 100, greed=0.5), []
    for step in range(1, 61):
        model.step()
        assert (model.time, model.since) == (step, step)
        _, length = round_trip(model.scene())
        assert model.colony.length[0] == pytest.approx(length)
        lengths.append(length)
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < lengths[0]


def test_the_city_nearest_to_the_pointer_moves_there_and_the_tour_is_measured_anew():
    model = stage(steps=8)
    before, tau, best = model.scene()["cities"], model.colony.tau.copy(), model.colony.best.copy()
    at = before[6] + (1.5, -1)
    assert np.hypot(*(before - at).T).argmin() == 6
    model.poke(*at, "move")
    expected = before.copy()
    expected[6] = at
    np.testing.assert_allclose(model.scene()["cities"], expected, atol=1e-9)
    np.testing.assert_array_equal(model.colony.tau, tau)  # the trails stay, the tour too
    np.testing.assert_array_equal(model.colony.best, best)
    _, length = round_trip(model.scene())
    assert model.colony.length[0] == pytest.approx(length)
    for i, j in itertools.product(range(15), repeat=2):  # the ants work with the new distances
        assert model.colony.d[i, j] == pytest.approx(math.dist(expected[i], expected[j]))
    for _ in range(30):
        model.step()
        assert model.colony.length[0] == pytest.approx(round_trip(model.scene())[1])
    assert model.colony.length[0] <= length + 1e-9


def test_a_city_moved_away_makes_the_best_tour_longer():
    model = stage(cities=HEXAGON, steps=30)
    assert model.colony.length[0] == pytest.approx(120)
    model.poke(model.plane[0], 8 + 10 * math.sqrt(3), "move")  # the east corner, eight further out
    side = math.hypot(18, 10 * math.sqrt(3))
    assert model.colony.length[0] == pytest.approx(80 + 2 * side)


def test_cities_may_meet_and_move_before_the_first_step():
    model = stage(cities=HEXAGON)
    here, there = model.scene()["cities"][[0, 1]]
    model.poke(*(0.51 * here + 0.49 * there), "move")  # on the way, then to the other city's side
    model.poke(*(0.3 * here + 0.7 * there), "move")
    model.cities[0] = model.cities[1]
    model.poke(*there, "move")
    assert model.readout() == "Iteration 0: no tour yet; every edge has the same pheromone."
    for _ in range(5):
        model.step()
    assert model.colony.length[0] == pytest.approx(round_trip(model.scene())[1])


def test_forgetting_takes_the_pheromone_off_the_edges_of_cities_within_reach():
    cities = np.array([(0, 0), (0, 11.9), (0, -12.1), (50, 0), (50, 30), (20, 40), (-20, 10)], float)
    model = stage(cities=cities, steps=20)
    model.colony.tau *= np.random.default_rng(1).uniform(1.5, 2, (7, 7))
    tau, best, length = model.colony.tau[0].copy(), model.colony.best.copy(), model.colony.length.copy()
    model.poke(*model.scene()["cities"][0], "forget")
    for i, j in itertools.product(range(7), repeat=2):
        assert model.colony.tau[0, i, j] == (model.colony.tau0 if {i, j} & {0, 1} else tau[i, j])
    np.testing.assert_array_equal(model.cities, cities)
    np.testing.assert_array_equal(model.colony.best, best)
    np.testing.assert_array_equal(model.colony.length, length)
    assert model.moved == 0
    for x in range(0, 80, 10):
        for y in range(0, 70, 10):
            if x <= model.plane[0] and y <= model.plane[1]:
                model.poke(x, y, "forget")
    assert (model.scene()["trails"][:, 2] == 0).all()


def test_what_the_readout_says():
    model = stage(cities=HEXAGON, optimum=100)
    assert model.readout() == "Iteration 0: no tour yet; every edge has the same pheromone."
    for _ in range(30):
        model.step()
    assert model.readout() == "Iteration 30: the best tour so far is 120.0 long, 20.0% above the shortest."
    assert stage(cities=HEXAGON, steps=30).readout() == "Iteration 30: the best tour so far is 120.0 long."
    model.poke(*model.scene()["cities"][2], "move")  # to where it was
    for _ in range(4):
        model.step()
    assert model.readout() == ("Iteration 34: the best tour so far is 120.0 long; a city has moved, and nobody knows "
                               "the shortest now (4 iterations ago).")


def test_the_challenge_is_met_at_the_optimum_alone():
    model = stage(cities=HEXAGON, optimum=120)
    assert not model.reached()
    model.step()
    model.colony.best = np.array([[0, 1, 2, 3, 5, 4]])  # a crossing
    model.colony.measure(model.colony.d)
    assert model.colony.length[0] > 130
    assert not model.reached()
    for _ in range(30):
        model.step()
    assert model.reached() is True
    model.optimum = 119.9
    assert not model.reached()
    assert not stage(cities=HEXAGON, steps=30).reached()  # nobody knows the shortest


def test_the_challenge_is_lost_with_the_first_move():
    early = stage(cities=HEXAGON, optimum=120)
    early.poke(*early.scene()["cities"][0], "move")
    late = stage(cities=HEXAGON, optimum=120, steps=30)
    assert late.reached()
    late.poke(*late.scene()["cities"][0], "forget")
    assert late.reached()  # forgetting is allowed
    late.poke(*late.scene()["cities"][0], "move")
    for model in (early, late):
        for _ in range(30):
            model.step()
            assert not model.reached()
        assert model.colony.length[0] == pytest.approx(120)


def test_each_setting_reaches_the_colony():
    model = stage(evaporation=0.2, greed=0.5, heuristic=3)
    assert (model.colony.rho, model.colony.q0, model.colony.beta) == (0.2, 0.5, 3)
    assert [getattr(model, name) for name in model.live] == [0.2, 0.5, 3]
    model.evaporation, model.greed, model.heuristic = 0.4, 0, 0
    assert (model.colony.rho, model.colony.q0, model.colony.beta) == (0.4, 0, 0)


def test_evaporation_is_the_share_renewed():
    model = stage(steps=5)
    model.evaporation = 0
    tau = model.colony.tau.copy()
    model.step()
    np.testing.assert_array_equal(model.colony.tau, tau)
    model.evaporation = 1
    model.step()
    best = model.colony.best[0]
    np.testing.assert_allclose(model.colony.tau[0, best, np.roll(best, -1)], 1 / model.colony.length[0])


@pytest.mark.parametrize(("name", "value"), [
    *itertools.product(Touring.live, [-0.1, np.nan, np.inf, "much", [0.1, 0.2]]), ("evaporation", 1.1), ("greed", 1.1)])
def test_a_knob_out_of_range_is_refused_and_stays(name, value):
    model = stage()
    before = getattr(model, name)
    with pytest.raises(ValueError, match=f"^{name}"):
        setattr(model, name, value)
    assert getattr(model, name) == before


@pytest.mark.parametrize("settings", [
    {"cities": [[0, 0], [1, 1]]}, {"cities": [0, 1, 2]}, {"cities": [[0, 0, 0]] * 4},
    {"cities": [[0, 0], [1, 1], [2, np.nan]]},
    {"evaporation": -0.1}, {"evaporation": 1.1}, {"greed": 1.1}, {"heuristic": -1}])
def test_bad_settings_are_refused(settings):
    with pytest.raises(ValueError, match="must"):
        stage(**settings)


@pytest.mark.parametrize(("x", "y", "tool", "message"), [
    (-0.1, 5, "move", "^x=-0.1: must be"), (5, -0.1, "forget", "^y=-0.1: must be"),
    (1e6, 5, "move", "^x=1000000.0: must be"), (5, np.nan, "move", "^y=nan: must be"),
    (5, 5, "wall", "^tool='wall': must be one of 'move', 'forget'$")])
def test_a_refused_touch_changes_nothing(x, y, tool, message):
    model = stage(steps=3)
    before = state(model)
    with pytest.raises(ValueError, match=message):
        model.poke(x, y, tool)
    for old, new in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(old, new)
    model.poke(*model.plane, "move")  # the far corner is still on the plane


def test_the_same_seed_gives_the_same_run_and_the_given_cities_stay():
    given, runs = SCATTERED.copy(), []
    for seed in (1, 1, 2):
        model = stage(seed, cities=given, steps=4)
        model.poke(30, 30, "move")
        for _ in range(4):
            model.step()
        runs.append(model.scene())
    for name in runs[0]:
        np.testing.assert_array_equal(runs[0][name], runs[1][name])
    assert (runs[0]["trails"] != runs[2]["trails"]).any()
    np.testing.assert_array_equal(given, SCATTERED)
