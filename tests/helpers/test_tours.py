import itertools
from pathlib import Path

import numpy as np
import pytest

from helpers import tours

DATA = Path(__file__).parents[2] / "book" / "data"
OLIVER = tours.read_tsp(DATA / "oliver30.tsp")
REAL, WHOLE = tours.distances(OLIVER), tours.distances(OLIVER, rounded=True)
OPTIMUM = 423.7406


def is_tour(tour, n):
    return sorted(tour.tolist()) == list(range(n))


def loop_length(tour, cities):
    return sum(np.hypot(*(cities[tour[i]] - cities[tour[i - 1]])) for i in range(len(tour)))


def test_the_files_are_read():
    assert OLIVER.shape == (30, 2)
    assert OLIVER[[0, 29]].tolist() == [[54, 67], [58, 69]]
    assert tours.read_tsp(DATA / "eil51.tsp").shape == (51, 2)


HEAD = "NAME: x\nDIMENSION: 3\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n"


@pytest.mark.parametrize(("text", "message"), [
    (HEAD + "1 0 0\n3 1 1\nEOF\n", "x.tsp: city 2 is missing; DIMENSION says there are 3"),
    (HEAD + "1 0 0\n2 1 1\n2 1 2\n3 4 4\n", "x.tsp: city 2 is repeated; each must stand there once"),
    (HEAD + "1 0 0\n2 1 1\n4 1 2\n", "x.tsp: '4 1 2': a city has a number from 1 to 3 and finite coordinates"),
    (HEAD + "1 0 0\n2 1 nan\n3 1 2\n", "x.tsp: '2 1 nan': a city has a number from 1 to 3 and finite"),
    (HEAD + "1 0 0\n2 one 1\n3 1 2\n", "x.tsp: '2 one 1' is no city; it must be a number and two coordinates"),
    (HEAD + "1 0 0\n2 1\n3 1 2\n", "x.tsp: '2 1' is no city"),
    (HEAD.replace("EUC_2D", "GEO"), "x.tsp: EDGE_WEIGHT_TYPE is 'GEO'; only EUC_2D is read"),
    (HEAD.replace("EDGE_WEIGHT_TYPE: EUC_2D\n", ""), "x.tsp: EDGE_WEIGHT_TYPE is None; only EUC_2D is read"),
    (HEAD.replace("DIMENSION: 3\n", ""), "x.tsp: DIMENSION is None; it must be a whole number"),
    (HEAD.replace("3", "many"), "x.tsp: DIMENSION is 'many'; it must be a whole number"),
    (HEAD.replace("3", "\u00b2"), "x.tsp: DIMENSION is '\u00b2'; it must be a whole number"),
])
def test_a_faulty_file_is_named(tmp_path, text, message):
    path = tmp_path / "x.tsp"
    path.write_text(text)
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        tours.read_tsp(path)


def test_distances_are_rounded_half_up():
    cities = np.array([[0, 0], [1.5, 0], [0, 2.5], [3, 4]])
    assert tours.distances(cities)[0].tolist() == [0, 1.5, 2.5, 5]
    assert tours.distances(cities, rounded=True)[0].tolist() == [0, 2, 3, 5]


def test_lengths_are_those_of_a_loop():
    rng = np.random.default_rng(1)
    some = np.array([rng.permutation(30) for _ in range(5)])
    assert tours.tour_length(some, REAL) == pytest.approx([loop_length(tour, OLIVER) for tour in some])


def test_nearest_neighbour_t2_4():
    found = [tours.nearest_neighbour(REAL, start) for start in range(30)]
    assert all(is_tour(tour, 30) and tour[0] == start for start, tour in enumerate(found))
    lengths = tours.tour_length(np.array(found), REAL)
    assert lengths.min() == pytest.approx(473.3, abs=0.05)
    assert lengths.mean() == pytest.approx(536.2, abs=0.05)


def test_two_opt_leaves_no_better_reversal():
    for start in range(0, 30, 7):
        before = tours.nearest_neighbour(REAL, start)
        after = tours.two_opt(before, REAL)
        assert is_tour(after, 30)
        length = tours.tour_length(after, REAL)
        assert length < tours.tour_length(before, REAL)
        for i, j in itertools.combinations(range(30), 2):
            turned = after.copy()
            turned[i + 1:j + 1] = turned[i + 1:j + 1][::-1]
            assert tours.tour_length(turned, REAL) > length - 1e-9


@pytest.mark.parametrize("solve", [tours.ant_system, tours.ant_colony_system])
def test_few_cities_are_solved_as_by_trying_all(solve, seed):
    cities = np.random.default_rng(seed).random((7, 2))
    d = tours.distances(cities)
    shortest = min(tours.tour_length(np.array((0, *rest)), d) for rest in itertools.permutations(range(1, 7)))
    found = solve(d, np.random.default_rng(seed), cycles=100, runs=20)  # one run may settle on another tour
    assert found.length.min() == pytest.approx(shortest)
    assert (found.length >= shortest - 1e-12).all()


@pytest.mark.parametrize("solve", [tours.ant_system, tours.ant_colony_system])
def test_what_is_found_is_a_tour_of_that_length(solve, seed):
    found = solve(REAL, np.random.default_rng(seed), cycles=12, runs=6)
    assert found.course.shape == (12, 6)
    assert (np.diff(found.course, axis=0) <= 0).all()
    np.testing.assert_array_equal(found.course[-1], found.length)
    for tour, length in zip(found.tour, found.length, strict=True):
        assert is_tour(tour, 30)
        assert length == pytest.approx(loop_length(tour, OLIVER))


def test_the_marks_of_ant_system_are_what_each_tour_lays():
    rng = np.random.default_rng(2)
    made = np.array([[rng.permutation(6) for _ in range(3)] for _ in range(2)])
    weights = rng.random((2, 3))
    expected = np.zeros((2, 6, 6))
    for run in range(2):
        for tour, weight in zip(made[run], weights[run], strict=True):
            for here, there in zip(tour, np.roll(tour, -1), strict=True):
                expected[run, here, there] += weight
                expected[run, there, here] += weight
    np.testing.assert_allclose(tours._marks(made, weights, 6), expected)


def test_ant_system_loses_its_share_and_gains_the_marks(monkeypatch):
    d = tours.distances(np.random.default_rng(0).random((8, 2)))
    seen, walk = [], tours._walk

    def spy(rng, attraction, *rest):
        made = walk(rng, attraction, *rest)
        seen.append((attraction.sum(), made))
        return made

    monkeypatch.setattr(tours, "_walk", spy)
    tours.ant_system(d, np.random.default_rng(0), cycles=4, rho=0.3, beta=0, deposit=5.0)
    for (before, made), (after, _) in zip(seen, seen[1:], strict=False):
        laid = 8 * 2 * 5.0 / tours.tour_length(made, d)  # eight edges, in both directions
        assert after == pytest.approx(0.7 * before + laid.sum())


def test_the_colony_s_pheromone_stays_between_its_bounds(seed):
    colony = tours.Colony(REAL, np.random.default_rng(seed), runs=3)
    for _ in range(60):
        colony.iterate()
        np.testing.assert_allclose(colony.tau, colony.tau.transpose(0, 2, 1), rtol=1e-12)
        assert colony.tau.min() >= colony.tau0 * (1 - 1e-9)
        assert colony.tau.max() <= 1 / colony.length.min() + 1e-12


def test_one_iteration_of_one_ant_renews_as_it_says():
    colony = tours.Colony(REAL, np.random.default_rng(3), ants=1)
    colony.tau[:] *= 2
    before = colony.tau[0].copy()
    colony.iterate()
    after = np.roll(colony.best[0], -1)
    local = 0.9 * before[colony.best[0], after] + 0.1 * colony.tau0
    np.testing.assert_allclose(colony.tau[0, colony.best[0], after], 0.9 * local + 0.1 / colony.length[0])
    untouched = np.ones((30, 30), bool)
    untouched[colony.best[0], after] = untouched[after, colony.best[0]] = False
    np.testing.assert_array_equal(colony.tau[0][untouched], before[untouched])


def test_the_start_is_one_over_n_nearest_neighbour_tours():
    colony = tours.Colony(REAL, np.random.default_rng(0))
    assert colony.tau0 == 1 / (30 * tours.tour_length(tours.nearest_neighbour(REAL), REAL))


def test_the_greediest_ant_takes_the_most_attractive_edge():
    colony = tours.Colony(REAL, np.random.default_rng(0), ants=1, q0=1, rho=0, beta=3)
    colony.tau[0] = np.random.default_rng(1).random((30, 30))
    colony.iterate()
    tour = colony.best[0]
    attraction = colony.tau[0] / np.where(REAL > 0, REAL, np.inf) ** 3
    for step in range(1, 30):
        left = np.setdiff1d(np.arange(30), tour[:step])
        assert tour[step] == left[attraction[tour[step - 1], left].argmax()]


def test_the_second_ant_finds_the_first_one_s_edge_duller(monkeypatch):
    """Within one iteration: what an ant took is attractive by its renewed pheromone to the others."""
    colony, seen, walk = tours.Colony(REAL, np.random.default_rng(3)), [], tours._walk
    colony.tau *= 5

    def spy(rng, attraction, ants, q0, moved):
        def watched(run, here, there):
            before = attraction.copy()
            moved(run, here, there)
            seen.append((before, attraction.copy(), here.copy(), there.copy()))
        return walk(rng, attraction, ants, q0, watched)

    monkeypatch.setattr(tours, "_walk", spy)
    colony.iterate()
    before, after, here, there = seen[0]
    changed = before != after
    expected = np.zeros_like(changed)
    expected[0, here, there] = expected[0, there, here] = True
    np.testing.assert_array_equal(changed, expected)
    i, j = here[0], there[0]
    assert after[0, i, j] == pytest.approx((0.9 * 5 + 0.1) * colony.tau0 / REAL[i, j] ** 2)


def test_ant_colony_system_finds_oliver_s_optimum_t2_5(seed):
    """97 of 160 independent runs end at 420: of 20, five standard errors below that are more than one.

    Whether the *median* of twenty is 420 or 421 is a matter of the seed, so it is held to one unit.
    """
    runs, share = 20, 97 / 160
    found = tours.ant_colony_system(WHOLE, np.random.default_rng(seed), cycles=2500, runs=runs)
    assert found.length.min() == 420
    assert (found.length == 420).sum() > runs * share - 5 * np.sqrt(runs * share * (1 - share))
    assert np.median(found.length) <= 421


def test_elitists_do_better_than_plain_ants_t2_4(seed):
    plain, elitist = (tours.ant_system(REAL, np.random.default_rng(seed), cycles=150, runs=20, elitists=e).length
                      for e in (0, 8))
    assert elitist.mean() < plain.mean()
    assert OPTIMUM - 1e-3 < elitist.min() < OPTIMUM * 1.01
    assert plain.mean() < OPTIMUM * 1.03


def test_ant_system_in_full_t2_4(request):
    """Ten trials of 5000 cycles, as in the paper, which prints a mean of 424.250 and that elitists always found 423.741."""
    if not request.config.getoption("--all-seeds"):
        pytest.skip("takes half a minute: with --all-seeds")
    plain, elitist = (tours.ant_system(REAL, np.random.default_rng(0), cycles=5000, runs=10, elitists=e).length
                      for e in (0, 8))
    assert OPTIMUM - 1e-3 < plain.mean() < 425.5
    assert (elitist < OPTIMUM + 1e-3).sum() >= 8


def test_each_device_is_worth_something(seed):
    def typical(**device):
        return np.median(tours.ant_system(REAL, np.random.default_rng(seed), cycles=60, runs=10, **device).length)

    assert typical() < typical(alpha=0) < typical(beta=0)


def test_the_same_seed_gives_the_same_tours():
    for solve in (tours.ant_system, tours.ant_colony_system):
        one, same, other = (solve(REAL, np.random.default_rng(seed), cycles=5, runs=2) for seed in (1, 1, 2))
        np.testing.assert_array_equal(one.tour, same.tour)
        assert (one.tour != other.tour).any()


@pytest.mark.parametrize(("call", "message"), [
    (lambda rng: tours.distances([[0, 0], [1, 1]]), r"cities of shape \(2, 2\): must have shape"),
    (lambda rng: tours.ant_system(REAL, rng, cycles=0), "cycles=0: must be"),
    (lambda rng: tours.ant_system(REAL, rng, cycles=1, rho=1.5), "rho=1.5: must be"),
    (lambda rng: tours.ant_system(REAL, rng, cycles=1, alpha=-1), "alpha=-1: must be"),
    (lambda rng: tours.ant_system(REAL, rng, cycles=1, beta="x"), "beta='x': must be"),
    (lambda rng: tours.ant_system(REAL, rng, cycles=1, deposit=-1), "deposit=-1: must be"),
    (lambda rng: tours.ant_system(REAL, rng, cycles=1, elitists=-1), "elitists=-1: must be"),
    (lambda rng: tours.ant_system(REAL[:, :3], rng, cycles=1), r"d of shape \(30, 3\): must have shape"),
    (lambda rng: tours.ant_colony_system(-REAL, rng, cycles=1), r"d\[0, 1\]=-5.0: must be finite and in \[0, inf\)"),
    (lambda rng: tours.ant_colony_system(0 * REAL, rng, cycles=1), "all cities are in one place"),
    (lambda rng: tours.nearest_neighbour(REAL, 30), "start=30: must be below the number of cities, 30"),
    (lambda rng: tours.ant_colony_system(REAL, rng, cycles=1, ants=0), "ants=0: must be"),
    (lambda rng: tours.ant_colony_system(REAL, rng, cycles=1, q0=-0.1), "q0=-0.1: must be"),
    (lambda rng: tours.ant_colony_system(REAL, rng, cycles=1, beta=21), "beta=21: must be"),
    (lambda rng: tours.tour_length([0, 30], REAL), r"tour of shape \(2,\): must be"),
    (lambda rng: tours.tour_length([0, 1], [1, 2]), r"d of shape \(2,\): must have shape"),
    (lambda rng: tours.two_opt([0, 1], REAL), r"tour of shape \(2,\): must hold each of 30 cities"),
    (lambda rng: tours.two_opt(np.arange(30), np.triu(REAL)), "d: must be symmetric"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
