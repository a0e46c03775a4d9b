import math

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from helpers import swarm
from helpers.twins import flock


def vicsek(seed=0):
    return flock.Flock(np.random.default_rng(seed))


def led(seed=0):
    return flock.LedFlock(np.random.default_rng(seed))


def kept(noise):
    """sin(eta / 2) / (eta / 2), eta = 2 pi noise: the mean cosine of an angle drawn evenly from (-eta / 2, eta / 2)."""
    return np.sinc(noise)


def order_of(quality, n):
    chance = math.sqrt(math.pi / (4 * n))
    return quality * (1 - chance) + chance


def test_twins_start_alike(monkeypatch):
    monkeypatch.setattr(flock, "WARM", 0)
    one, other = vicsek(4).birds, led(4).birds
    np.testing.assert_array_equal(one.at, other.at)
    np.testing.assert_array_equal(one.heading, other.heading)
    assert one.noise == other.noise == pytest.approx(0.2 * math.pi)


@pytest.mark.parametrize("make", [vicsek, led])
def test_the_same_seed_gives_the_same_numbers(make):
    one, same = make(5), make(5)
    assert [one.quality(noise) for noise in (0.0, 0.5)] == [same.quality(noise) for noise in (0.0, 0.5)]


@pytest.mark.parametrize("make", [vicsek, led])
def test_quality_leaves_the_flock_as_it_was(make):
    model = make()
    before = [model.birds.at.copy(), model.birds.heading.copy(), model.birds.toward.copy()]
    model.quality(1.0)
    for was, what in zip(before, ("at", "heading", "toward"), strict=True):
        np.testing.assert_array_equal(was, getattr(model.birds, what))
    assert model.birds.noise == pytest.approx(0.2 * math.pi)


def test_a_flock_is_vicsek_s():
    """Near the order in the long run of as many birds, as dense, with as much noise."""
    for noise in (0.0, 0.25):
        eta = 2 * math.pi * math.hypot(0.1, noise)
        expected = swarm.order_curve([eta], np.random.default_rng(9), birds=100, density=4, steps=300, warm=200)[0]
        found = np.mean([order_of(vicsek(seed).quality(noise), 100) for seed in range(5)])
        assert found == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_a_led_flock_s_order_is_the_sine_s(seed, noise):
    """n birds, each off the leader's last heading by her own noise: E order^2 = s^2 + (1 - s^2) / n."""
    total = math.hypot(0.1, noise)
    s = kept(total)
    variance = (1 + kept(2 * total)) / 2 - s * s  # of a cosine
    expected = math.sqrt(s * s + (1 - s * s) / 100)
    error = math.sqrt(variance / 100 / flock.COUNTED)
    assert abs(order_of(led(seed).quality(noise), 100) - expected) < 5 * error + 1e-4


@pytest.mark.parametrize("make", [vicsek, led])
@pytest.mark.parametrize("noise", [1.0, 2.0])
def test_0_is_what_chance_shows(seed, make, noise):
    """A whole turn of noise: the order is Rayleigh's, of spread sqrt((4 - pi) / (4 n)), new in each step."""
    spread = math.sqrt((4 - math.pi) / 400 / flock.COUNTED)
    assert abs(order_of(make(seed).quality(noise), 100) - math.sqrt(math.pi / 400)) < 5 * spread + 1e-3


def test_1_is_all_one_way(monkeypatch):
    monkeypatch.setattr(flock, "BASE", 0)
    assert led().quality(0.0) == pytest.approx(1)


def test_without_a_leader_headings_drift_apart(seed):
    """After t steps the mean cosine to the first heading is s^t: E order^2 = s^2t + (1 - s^2t) / n."""
    model = led(seed)
    model.lose(np.array([0]))
    model.birds.heading[:] = 1.0
    left = kept(0.1) ** (2 * 40)
    # the square of a mean of 99 vectors: of its spread, the first part is from the part along the heading
    spread = 2 * math.sqrt(left / 2 / 99) + 1 / 99
    assert abs(model._fly(model.birds, 40)[-1] ** 2 - left - (1 - left) / 99) < 5 * spread
    assert abs(model.birds.heading.mean() - 1) < 5 * 0.2 * math.pi * math.sqrt(40 / 12 / 99)  # and none turns them all


def test_a_lost_leader_is_not_replaced():
    qualities = []
    for seed in range(10):
        model = led(seed)
        before = model.quality(0.0)
        model.lose(np.array([0]))
        for _ in range(10):
            model.mend()
        qualities.append(model.quality(0.0))
        assert before > 0.95
    assert np.mean(qualities) < 0.15


def test_all_take_the_leader_s_heading():
    model = led()
    model.birds.noise, model.birds.heading[:] = 0, np.arange(100) / 50
    model.birds.heading[0] = 3
    model.birds.step()
    assert (model.birds.heading == 3).all()


def test_the_others_do_not_matter_to_a_leader():
    model = led()
    model.lose(np.arange(1, 100))
    first = model.birds.heading[0]
    model.birds.noise = 0
    model._fly(model.birds, 3)
    assert model.birds.heading[0] == first
    assert model.birds.led


@pytest.mark.parametrize("make", [vicsek, led])
def test_what_a_lost_bird_held_does_not_matter(make):
    one, other = make(2), make(2)
    gone = np.array([3, 50, 99])
    other.birds.heading[gone] += 1.0
    other.birds.toward[gone] = (0.0, 1.0)
    other.birds.at[gone] = 0.5
    for model in (one, other):
        model.lose(gone)
    assert one.quality(0.0) == other.quality(0.0)
    assert one.birds.at.shape == (97, 2) and one.names.size == 97
    assert not np.isin(gone, one.worst(97)).any()


@pytest.mark.parametrize("make", [vicsek, led])
def test_without_birds_there_is_no_order(make):
    model = make()
    model.lose(np.arange(100))
    model.mend()
    assert model.quality(0.0) == 0


def largest(model, gone):
    """The share of those left that hang together, by SciPy."""
    left = np.ones(model.names.size, bool)
    left[gone] = False
    apart = model.birds.at[left][:, None] - model.birds.at[left]
    apart -= model.birds.box * np.rint(apart / model.birds.box)
    count, part = connected_components(coo_matrix((apart**2).sum(axis=2) <= 1), directed=False)
    return np.bincount(part).max() / left.sum(), int((np.bincount(part) ** 2).sum())


def test_the_worst_cuts_the_flock(seed):
    model = vicsek(seed)
    rng = np.random.default_rng(seed)
    for count, most in ((55, 0.75), (75, 0.75)):
        gone = model.worst(count)
        assert np.unique(gone).size == count
        assert largest(model, gone)[0] < most
        by_lot = [rng.permutation(100)[:count] for _ in range(10)]
        assert model._together(gone) < 0.8 * np.mean([model._together(lot) for lot in by_lot])
        for some in (gone, by_lot[0]):
            assert model._together(some) == largest(model, some)[1]


def test_the_worst_hurts_more_than_lot():
    cut, lot = [], []
    for seed in range(16):
        one, other = vicsek(seed), vicsek(seed)
        one.lose(one.worst(75))
        other.lose(np.random.default_rng(seed).permutation(100)[:75])
        cut.append(one.quality(0.0))
        lot.append(other.quality(0.0))
    off = np.subtract(lot, cut)
    assert off.mean() > 0.03
    assert np.mean(off > 0) > 0.6


def test_a_cut_by_hand():
    """Two clumps and bridges between them, round the edge and through the middle: the bridges go."""
    model = vicsek()
    rng = np.random.default_rng(1)
    y = rng.uniform(0, 5, 100)
    x = np.concatenate([rng.uniform(0.7, 1.8, 45), rng.uniform(3.2, 4.3, 45), [2.5] * 5, [0.0] * 5])
    model.birds.at = np.column_stack([x, y])
    assert sorted(model.worst(10).tolist()) == list(range(90, 100))
    model.birds.at = np.column_stack([y, x])
    assert sorted(model.worst(10).tolist()) == list(range(90, 100))
    assert model.worst(0).size == 0


def test_four_clumps_by_hand():
    """A cross of four lines between them goes."""
    model = vicsek()
    x, y = np.random.default_rng(2).uniform(0.7, 1.8, (2, 60))
    clumps = np.column_stack([x + 2.5 * (np.arange(60) % 2), y + 2.5 * (np.arange(60) // 30)])
    along = np.linspace(0, 5, 10, endpoint=False)
    cross = np.concatenate([np.column_stack(pair) for line in (0.0, 2.5) for pair in (
        (along, np.full(10, line)), (np.full(10, line), along))])
    model.birds.at = np.concatenate([clumps, cross])
    assert sorted(model.worst(40).tolist()) == list(range(60, 100))


def test_the_worst_of_a_led_flock_is_the_leader():
    assert led().worst(3).tolist() == [0, 1, 2]


@pytest.mark.parametrize("make", [vicsek, led])
def test_mending_is_flying_on(make):
    model, same = make(3), make(3)
    model.mend()
    for _ in range(20):
        same.birds.step()
    np.testing.assert_array_equal(model.birds.heading, same.birds.heading)
    assert (make(3).birds.heading != model.birds.heading).any()


def test_what_is_sent():
    assert (flock.Flock.bytes, flock.LedFlock.bytes) == (800, 8)
