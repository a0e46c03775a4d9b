import itertools
import math

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from helpers import swarm


def brute_pairs(at, box, radius):
    """{(i, j): at[j] - at[i] to the nearest image}, by trying all images of all pairs."""
    found = {}
    for i, j in itertools.combinations(range(len(at)), 2):
        images = [at[j] - at[i] + box * np.array(shift) for shift in itertools.product((-1, 0, 1), repeat=2)]
        apart = min(images, key=lambda vector: vector @ vector)
        if apart @ apart <= radius**2:
            found[i, j] = apart
    return found


@pytest.mark.parametrize("box", [2.1, 2.99, 3.0, 3.5, 4.0, 7.3, 20.0])
@pytest.mark.parametrize("n", [1, 2, 30, 80])
def test_pairs_are_those_of_brute_force(n, box):
    at = np.random.default_rng(n).random((n, 2)) * box
    at[: n // 3] = np.floor(at[: n // 3])  # on the borders of cells
    found = swarm.pairs(at, box, 1.0)
    expected = brute_pairs(at, box, 1.0)
    got = {(min(i, j), max(i, j)): apart if i < j else -apart
           for i, j, apart in zip(found.i.tolist(), found.j.tolist(), found.apart, strict=True)}
    assert len(found.i) == len(got)  # each pair once
    assert sorted(got) == sorted(expected)
    for key, apart in expected.items():
        np.testing.assert_allclose(got[key], apart, atol=1e-12)


def test_sums_are_over_neighbours():
    at = np.random.default_rng(1).random((40, 2)) * 5
    values = np.random.default_rng(2).random((40, 2))
    expected = np.zeros((40, 2))
    for i, j in brute_pairs(at, 5, 1.0):
        expected[i] += values[j]
        expected[j] += values[i]
    np.testing.assert_allclose(swarm.sums(swarm.pairs(at, 5, 1.0), values), expected, atol=1e-12)


def test_a_quiet_step_is_vicsek_s_rule():
    model = swarm.Vicsek(np.random.default_rng(5), birds=60, density=2, noise=0)
    at, heading, box = model.at.copy(), model.heading.copy(), model.box
    neighbours = brute_pairs(at, box, 1.0)
    model.step()
    for bird in range(60):
        seen = [bird] + [j if i == bird else i for i, j in neighbours if bird in (i, j)]
        angle = math.atan2(sum(math.sin(heading[k]) for k in seen), sum(math.cos(heading[k]) for k in seen))
        assert math.cos(model.heading[bird] - angle) == pytest.approx(1, abs=1e-12)
        moved = at[bird] + 0.03 * np.array([math.cos(angle), math.sin(angle)])
        np.testing.assert_allclose(model.at[bird], moved % box, atol=1e-9)


def test_speed_never_changes():
    model = swarm.Vicsek(np.random.default_rng(5), birds=50, density=1, noise=2, speed=0.1)
    for _ in range(20):
        before = model.at.copy()
        model.step()
        apart = model.at - before
        apart -= model.box * np.rint(apart / model.box)
        np.testing.assert_allclose(np.hypot(*apart.T), 0.1, atol=1e-9)
        assert ((model.at >= 0) & (model.at < model.box)).all()


def test_without_noise_a_dense_flock_is_of_one_mind(seed):
    model = swarm.Vicsek(np.random.default_rng(seed), birds=200, density=16, noise=0)
    for _ in range(300):
        model.step()
    assert model.order() > 1 - 1e-6


def test_with_all_the_noise_there_is_none(seed):
    """The length of a mean of N random unit vectors: a Rayleigh number. Five standard errors."""
    n, steps = 300, 200
    model = swarm.Vicsek(np.random.default_rng(seed), birds=n, density=1, noise=2 * math.pi)
    orders = []
    for _ in range(steps):
        model.step()
        orders.append(model.order())
    mean, spread = math.sqrt(math.pi) / (2 * math.sqrt(n)), math.sqrt((1 - math.pi / 4) / n)
    assert abs(np.mean(orders) - mean) < 5 * spread / math.sqrt(steps)


@pytest.mark.parametrize(("birds", "expected"), [
    (40, (1, 0.957, 0.836, 0.650, 0.423, 0.202)), (100, (1, 0.952, 0.819, 0.618, 0.364, 0.131))])
def test_order_against_noise_t3_4(seed, birds, expected):
    """The target's tolerance of 0.02, and five standard errors from the spread of blocks of 150 steps."""
    for noise, order in enumerate(expected):
        rng = np.random.default_rng(seed)
        blocks = [swarm.order_curve([noise], rng, birds=birds, density=4, warm=200, steps=150)[0]
                  for _ in range(6)]
        assert abs(np.mean(blocks) - order) < 0.02 + 5 * np.std(blocks, ddof=1) / math.sqrt(6), noise


@pytest.mark.parametrize(("box", "noise", "expected"), [(7, 2.0, 0.823), (5, 0.1, 1.000)])
def test_figure_1_of_vicsek_t3_4(seed, box, noise, expected):
    rng = np.random.default_rng(seed)
    blocks = [swarm.order_curve([noise], rng, birds=300, density=300 / box**2, warm=300, steps=150)[0]
              for _ in range(4)]
    assert abs(np.mean(blocks) - expected) < 0.02 + 5 * np.std(blocks, ddof=1) / 2


def test_stirring_and_finding_back():
    model = swarm.Vicsek(np.random.default_rng(2), birds=200, density=4, noise=0.2)
    model.poke(1, 1, "scatter")
    assert not model.stirred  # there was nothing to stir yet
    for _ in range(400):
        model.step()
    assert model.order() > 0.95
    assert not model.reached()  # nobody has stirred
    assert "the same way" in model.readout()
    for x in np.arange(0.5, model.box, 1):
        for y in np.arange(0.5, model.box, 1):
            model.poke(x, y, "scatter")
    assert model.order() < 0.5
    assert not model.reached()
    model.step()
    assert model.lost
    assert not model.reached()
    for _ in range(600):
        model.step()
    assert model.reached()


def test_only_the_birds_near_the_pointer_are_scattered():
    model = swarm.Vicsek(np.random.default_rng(2), birds=300, density=1, noise=0)
    before = model.heading.copy()
    model.poke(0.2, 3, "scatter")
    apart = model.at - (0.2, 3)
    apart -= model.box * np.rint(apart / model.box)
    near = np.hypot(*apart.T) <= 1.5
    assert near.any()
    np.testing.assert_array_equal(before != model.heading, near)


def test_a_hand_scatters_as_far_as_one_and_a_half():
    model = swarm.Vicsek(np.random.default_rng(2), birds=4, density=0.04)
    model.at = np.array([[9.0, 5], [1.46, 5], [0, 6.54], [0, 3.46]])  # from (0, 5), round the edge, 1, 1.46, 1.54 and 1.54
    before = model.heading.copy()
    model.poke(0, 5, "scatter")
    assert (model.heading != before).tolist() == [True, True, False, False]


@pytest.fixture
def boids():
    model = swarm.Boids(np.random.default_rng(3), birds=150)
    for _ in range(200):
        model.step()
    return model


def test_boids_come_together_and_keep_their_speed(boids):
    before = boids.at.copy()
    boids.step()
    apart = boids.at - before
    apart -= boids.box * np.rint(apart / boids.box)
    np.testing.assert_allclose(np.hypot(*apart.T), boids.speed, atol=1e-9)
    assert swarm.order(boids.toward) > 0.8


def test_one_boid_steered_by_hand():
    model = swarm.Boids(np.random.default_rng(0), birds=2, density=0.02)
    model.at = np.array([[2.0, 2.0], [2.8, 2.0]])
    model.toward = np.array([[0.0, 1.0], [1.0, 0.0]])
    model.found = swarm.pairs(model.at, model.box, model.sight)
    model.step()
    steer = 0.02 * (1 / 0.8 - 1) * np.array([-0.8, 0]) + 0.05 * np.array([1, -1]) + 0.01 * np.array([0.8, 0])
    toward = np.array([0, 1]) + steer
    np.testing.assert_allclose(model.toward[0], toward / np.hypot(*toward), atol=1e-12)


def alone(at, **settings):
    """Boids at these places, all flying north, on a square of 40."""
    model = swarm.Boids(np.random.default_rng(0), birds=len(at), density=len(at) / 1600, **settings)
    model.at = np.array(at, float)
    model.toward = np.tile([0.0, 1.0], (len(at), 1))
    model.found = swarm.pairs(model.at, model.box, model.sight)
    return model


def test_cohesion_alone_turns_birds_to_the_middle_of_their_neighbours():
    model = alone([[10, 10], [11, 10], [11.5, 10], [30, 30]], separation=0, alignment=0, cohesion=0.1)
    model.step()
    # from the first her two neighbours' middle lies 1.25 to the right, from the second 0.25 to the left
    for bird, steer in ((0, 0.125), (1, -0.025), (2, -0.1)):
        np.testing.assert_allclose(model.toward[bird], np.array([steer, 1]) / np.hypot(steer, 1), atol=1e-12)
    np.testing.assert_allclose(model.toward[3], [0, 1], atol=1e-12)


@pytest.mark.parametrize(("distance", "steer"), [(1, 0.225), (2, 0.15), (3.6, 0.03), (4.1, 0)])
def test_a_bird_flees_the_harder_the_nearer_the_hawk(distance, steer):
    """0.3 (1 - distance / 4), away from it."""
    model = alone([[10, 10]], separation=0, alignment=0, cohesion=0)
    model.poke(10 - distance, 10, "hawk")
    model.step()
    np.testing.assert_allclose(model.toward[0], np.array([steer, 1]) / np.hypot(steer, 1), atol=1e-12)


def test_a_hawk_meets_who_flies_within_four_of_it():
    model = alone([[10, 10], [11, 10], [12, 10]])
    for distance, had in ((4.5, None), (3.8, 1), (4.5, None)):
        model.hawk = model.at[0] - (distance, 0)
        model._watch()
        assert model.had == had
    assert "1 group within sight" in model.readout()
    model.found = swarm.pairs(model.at[:1], model.box, 1.0)
    assert "0 groups within sight" in model.readout()


def test_the_words_for_an_order():
    model = swarm.Vicsek(np.random.default_rng(0), birds=100)
    for order, words in ((0.95, "almost every bird goes the same way"), (0.91, "almost every bird goes the same way"),
                         (0.89, "most birds go one way"), (0.61, "most birds go one way"),
                         (0.59, "there are groups, but no common way"), (0.26, "there are groups, but no common way"),
                         (0.24, "every bird goes its own way")):
        angles = np.where(np.arange(100) < 50, 1, -1) * math.acos(order)  # two halves
        model.toward = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        assert model.readout() == f"Step 0: the order parameter is {order:.2f}; {words}."


def test_the_order_curve_is_the_mean_after_the_warming():
    for warm in (0, 3):
        found = swarm.order_curve([0.5], np.random.default_rng(7), birds=30, density=2, steps=4, warm=warm)
        flock, seen = swarm.Vicsek(np.random.default_rng(7), birds=30, density=2, noise=0.5), []
        for _ in range(warm + 4):
            flock.step()
            seen.append(flock.order())
        assert found == pytest.approx([np.mean(seen[-4:])])


def test_flocks_are_connected_components(boids):
    for _ in range(5):
        graph = coo_matrix((np.ones(len(boids.found.i)), (boids.found.i, boids.found.j)), shape=(150, 150))
        sizes = np.bincount(connected_components(graph, directed=False)[1])
        assert boids.flocks() == (sizes >= 3).sum()
        for _ in range(20):
            boids.step()


def test_boids_flee_the_hawk(boids):
    assert np.isnan(boids.scene()["hawk"]).all()
    x, y = boids.at[0]
    boids.poke(x, y, "hawk")
    near = np.hypot(*boids._from_hawk().T) < 2
    assert near.any()
    before = np.hypot(*boids._from_hawk()[near].T).mean()
    for _ in range(25):
        boids.step()
    assert np.hypot(*boids._from_hawk()[near].T).mean() > before + 1
    assert "from the hawk" in boids.readout()


def test_the_hawk_s_challenge_takes_a_flock_met_in_order_and_a_split_that_lasts(boids, monkeypatch):
    groups = 1
    monkeypatch.setattr(boids, "flocks", lambda: groups)
    boids.toward[:] = (1, 0)

    def steps(count):
        for _ in range(count):
            boids.poke(*boids.at[0], "hawk")
            boids.step()
        return boids.reached()

    assert not steps(1)  # it meets one group
    groups = 2
    assert not steps(40)  # one more is not enough
    groups = 3
    assert not steps(29)
    groups = 2
    assert not steps(1)  # they found back
    groups = 3
    assert not steps(29)
    assert steps(1)


def test_a_hawk_out_of_sight_or_among_strangers_splits_nothing():
    birds = swarm.Boids(np.random.default_rng(3), birds=60, density=0.02)
    birds.poke(*birds.at[0], "hawk")
    birds.step()
    assert swarm.order(birds.toward) < 0.8
    assert birds.had is None  # there was no flock to split
    birds.toward[:] = (1, 0)
    birds.step()
    assert birds.had == birds.flocks()
    birds.hawk = birds.at[0] + 1e-9
    birds.at[:] = birds.at[0] + birds.box / 2
    birds._watch()
    assert (birds.had, birds.apart) == (None, 0)


def test_alignment_alone_turns_birds_to_their_neighbours_mean():
    flock = swarm.Boids(np.random.default_rng(4), birds=30, separation=0, cohesion=0, alignment=0.1)
    near = [[j if i == bird else i for i, j in zip(flock.found.i, flock.found.j, strict=True) if bird in (i, j)]
            for bird in range(30)]
    before = flock.toward.copy()
    flock.step()
    for bird, others in enumerate(near):
        toward = before[bird] + (0.1 * (before[others].mean(axis=0) - before[bird]) if others else -0.1 * before[bird])
        np.testing.assert_allclose(flock.toward[bird], toward / np.hypot(*toward), atol=1e-12)


@pytest.mark.parametrize("model", [swarm.Vicsek, swarm.Boids])
def test_the_same_seed_gives_the_same_flight(model):
    scenes = []
    for seed in (1, 1, 2):
        flock = model(np.random.default_rng(seed), birds=40)
        for _ in range(10):
            flock.step()
        scenes.append(flock.scene()["birds"])
    np.testing.assert_array_equal(scenes[0], scenes[1])
    assert (scenes[0] != scenes[2]).any()


@pytest.mark.parametrize(("call", "message"), [
    (lambda rng: swarm.Vicsek(rng, birds=0), "birds=0: must be"),
    (lambda rng: swarm.Vicsek(rng, density=0), "density=0: must be"),
    (lambda rng: swarm.order_curve([0.1], rng, birds=9, density=1e-308), "density=1e-308: must be finite and in"),
    (lambda rng: swarm.Boids(rng, density=1e-308), "density=1e-308: must be finite and in"),
    (lambda rng: swarm.Vicsek(rng, noise=7), "noise=7: must be"),
    (lambda rng: swarm.Vicsek(rng, speed=0.6), r"speed=0.6: must be finite and in \[0, 0.5\]"),
    (lambda rng: swarm.Vicsek(rng, noise=np.nan), "noise=nan: must be"),
    (lambda rng: swarm.order_curve([1], rng, birds=5, density=1, warm=-1), "warm=-1: must be"),
    (lambda rng: swarm.Vicsek(rng, speed=-0.1), "speed=-0.1: must be"),
    (lambda rng: swarm.Vicsek(rng).poke(1, 1, "shoo"), "tool='shoo': must be one of 'scatter'"),
    (lambda rng: swarm.Vicsek(rng).poke(-1, 1, "scatter"), "x=-1: must be"),
    (lambda rng: swarm.Boids(rng, cohesion=2), "cohesion=2: must be"),
    (lambda rng: swarm.Boids(rng, birds=2.5), "birds=2.5: must be whole"),
    (lambda rng: swarm.Boids(rng).poke(1, 1e9, "hawk"), "y=1000000000.0: must be"),
    (lambda rng: swarm.order_curve([-1], rng, birds=5, density=1), r"noises=\[-1\]: must be"),
    (lambda rng: swarm.pairs([[0, 6]], 5, 1), r"at=\[\[0, 6\]\]: must be"),
    (lambda rng: swarm.pairs([0, 1], 5, 1), r"at of shape \(2,\): must be"),
    (lambda rng: swarm.pairs([[0, 1]], 0, 1), "box=0: must be"),
    (lambda rng: swarm.pairs([[0, 1]], 5, 0), "radius=0: must be"),
    (lambda rng: swarm.sums(swarm.pairs([[0, 1], [1, 1]], 5, 1), [1.0]), r"values of shape \(1,\): must be"),
    (lambda rng: swarm.order([]), r"toward of shape \(0,\): must be"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))


def test_noise_is_even_on_both_sides():
    """Of birds alone: turns drawn evenly from (-eta/2, eta/2); five standard errors."""
    model = swarm.Vicsek(np.random.default_rng(0), birds=3000, density=1e-3, noise=1.0)
    met = swarm.pairs(model.at, model.box, 1.0)
    alone = np.ones(3000, bool)
    alone[met.i] = alone[met.j] = False
    before = model.heading.copy()
    model.step()
    turns = (np.mod(model.heading - before + math.pi, 2 * math.pi) - math.pi)[alone]
    assert np.abs(turns).max() <= 0.5 + 1e-9
    assert abs(turns.mean()) < 5 / math.sqrt(12 * turns.size)


def test_two_birds_are_no_flock():
    model = swarm.Boids(np.random.default_rng(0), birds=5, density=5 / 400)
    model.at = np.array([[1.0, 1], [2, 1], [10, 10], [11, 10], [12, 10]])
    model.found = swarm.pairs(model.at, model.box, model.sight)
    assert model.flocks() == 1
