import copy

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import shortest_path

from helpers import foraging
from helpers.twins import ants


def colony(seed=0):
    return ants.Colony(np.random.default_rng(seed))


def couriers(seed=0):
    return ants.Couriers(np.random.default_rng(seed))


BOTH = pytest.mark.parametrize("make", [colony, couriers])


def walkers(system):
    return system._walkers(system.ground)


def test_twins_have_the_same_wall():
    heights = set()
    for seed in range(5):
        one, other = colony(seed), couriers(seed)
        np.testing.assert_array_equal(one.wall, other.wall)
        assert one.most == other.most
        heights.add(one.wall.size // 3)
    assert 14 <= min(heights) < max(heights) <= 19


@BOTH
def test_the_same_seed_gives_the_same_numbers(make):
    one, same = make(5), make(5)
    assert [one.quality(noise) for noise in (0.0, 0.5)] == [same.quality(noise) for noise in (0.0, 0.5)]


def test_the_most_is_what_shortest_paths_allow():
    system = colony(2)
    walls = foraging.ground(24)
    walls[system.wall] = True
    free = np.flatnonzero(~walls)
    links = [(a, b) for a in free for b in free if a != b and max(abs(a // 26 - b // 26), abs(a % 26 - b % 26)) == 1]
    far = shortest_path(coo_matrix((np.ones(len(links)), np.transpose(links)), shape=(676, 676)), unweighted=True,
                        indices=system.ground.colony.nest)[:, system.ground.colony.food].min()
    assert system.most == pytest.approx(100 * 200 / (2 * far))


def test_1_is_a_hundred_who_always_know_the_way(seed):
    """Ninety-nine with a map that is right in every tick; whoever was past the wall may bring half a load more."""
    system = couriers(seed)
    system.ground.survey = 1
    half = 0.5 * 99 / system.most
    assert 0.99 - 1.5 * half < system.quality(0.0) < 0.99 + half


@BOTH
def test_0_is_nobody(make):
    system = make()
    system.lose(np.arange(100))
    system.mend()
    assert system.quality(0.0) == 0


@BOTH
def test_quality_leaves_the_ground_as_it_was(make):
    system = make(1)
    before = copy.deepcopy(system.ground)
    system.quality(0.5)
    now = walkers(system)
    was = before.colony if make is colony else before.couriers
    for what in system.holds:
        np.testing.assert_array_equal(getattr(was, what), getattr(now, what))
    np.testing.assert_array_equal(before.walls, system.ground.walls)
    assert (now.noise, now.delivered) == (0, was.delivered)


def test_a_wall_makes_a_trail_wrong():
    """Before the wall a colony of an open ground brings home more."""
    open_ground = [np.mean(colony(seed).ground.colony.delivered[-100:]) * 2 * 7 / 100 for seed in range(8)]
    walled = [colony(seed).quality(0.0) for seed in range(8)]
    assert np.mean(open_ground) > 0.35 > np.mean(walled) > 0.1


def test_a_surveyor_makes_the_map_right(seed):
    system = couriers(seed)
    assert system.quality(0.0) > 0.75
    assert system.ground.couriers.age == 20  # midway between two surveys
    system.lose(np.array([0]))
    assert walkers(system).cell.size == 99
    assert system.quality(0.0) < 0.1  # of those past the wall already
    for _ in range(3):
        system.mend()
    assert system.ground.couriers.age == 170
    assert system.quality(0.0) < 0.1


def test_couriers_go_on_without_some(seed):
    """Each of them carries alone."""
    whole, half = couriers(seed), couriers(seed)
    gone = 1 + np.random.default_rng(seed).permutation(99)[:49]
    half.lose(gone)
    loads = [system.quality(0.0) * system.most for system in (whole, half)]
    assert walkers(half).cell.size == 50
    assert abs(loads[1] - loads[0] * 50 / 99) < 50  # never off by more than a load a courier


@BOTH
def test_what_a_lost_walker_held_does_not_matter(make):
    one, other = make(2), make(2)
    gone = np.array([3, 50, 99])
    for name in gone:
        at = name - 100 + walkers(other).cell.size
        walkers(other).carrying[at] ^= True
        walkers(other).cell[at] = walkers(other).nest[0]
    for system in (one, other):
        system.lose(gone)
    assert one.quality(0.0) == other.quality(0.0)
    assert not np.isin(gone, one.worst(97)).any()


def test_noise_disturbs_both():
    """Couriers stray; and colonies, over 16 seeds, bring home less."""
    for seed in range(4):
        found = [couriers(seed).quality(noise) for noise in (0.0, 0.25, 1.0)]
        assert found == sorted(found, reverse=True) and found[2] < 0.2
    loss = [colony(seed).quality(0.0) - colony(seed).quality(2.0) for seed in range(16)]
    assert np.mean(loss) > 4 * np.std(loss, ddof=1) / 4 and np.mean(loss) > 0.05


@BOTH
def test_the_worst_carry(make):
    system = make(1)
    carrying = np.flatnonzero(walkers(system).carrying) + 100 - walkers(system).cell.size
    first = system.worst(100).tolist()
    assert sorted(first) == list(range(100))
    if make is couriers:
        assert first.pop(0) == 0
    assert sorted(first[:carrying.size]) == carrying.tolist()
    assert 0 < carrying.size < 99
    system.lose(system.worst(carrying.size + 1))
    assert not walkers(system).carrying.any()


@BOTH
def test_mending_is_going_on(make):
    system, same = make(3), make(3)
    system.mend()
    for _ in range(50):
        walkers(same).tick()
    np.testing.assert_array_equal(walkers(system).cell, walkers(same).cell)
    assert len(walkers(system).delivered) == 270


def test_what_is_sent():
    """A number an ant a tick; five maps of 576 cells, two numbers each."""
    assert (ants.Colony.bytes, ants.Couriers.bytes) == (160_000, 5 * 576 * 2 * 8)
