import numpy as np
import pytest
from scipy import integrate, stats

from helpers import bees as model
from helpers.twins import bees


def swarm(seed=0):
    return bees.Swarm(np.random.default_rng(seed))


def inspector(seed=0):
    return bees.Inspector(np.random.default_rng(seed))


def test_twins_have_the_same_sites():
    np.testing.assert_array_equal(swarm(3).sites, inspector(3).sites)
    assert (swarm(3).sites != swarm(4).sites).all()
    every = np.concatenate([swarm(seed).sites for seed in range(200)])
    assert 1 <= every.min() < 1.1 < 9.9 < every.max() <= 10


@pytest.mark.parametrize("make", [swarm, inspector])
def test_the_same_seed_gives_the_same_numbers(make):
    one, same = make(5), make(5)
    assert [one.quality(noise) for noise in (0.0, 1.0)] == [same.quality(noise) for noise in (0.0, 1.0)]


@pytest.mark.parametrize(("chosen", "quality"), [
    ([0, 1, 2, 3, 4], 0), ([3], 1), ([-1, -1], 0), ([3, -1], 0.5), ([0], (2 - 4.8) / 4.2)])
def test_0_is_a_site_by_lot_or_none_and_1_the_best(monkeypatch, chosen, quality):
    hive = swarm()
    hive.sites = np.array([2.0, 5, 3, 9, 5])
    monkeypatch.setattr(hive, "_chosen", lambda error: np.array(chosen))
    assert hive.quality(0.0) == pytest.approx(quality)


def test_the_noise_is_a_share_of_the_sites_own_spread(monkeypatch):
    hive, errors = swarm(), []
    hive.sites = np.array([1.0, 5, 5, 5, 9])
    monkeypatch.setattr(hive, "_chosen", lambda error: errors.append(error) or np.array([0]))
    hive.quality(0.5)
    assert errors == pytest.approx([0.5 * np.sqrt(32 / 5)])


def test_a_swarm_is_chapter_2_s_at_its_best(seed):
    """At interdependence 0.8, of the chapter's five sites, hardly a swarm misses the best."""
    hive = swarm(seed)
    hive.sites = np.array([3.0, 5, 7, 9, 10])
    assert np.mean([hive.quality(0.0) for _ in range(3)]) > 0.9


def test_a_swarm_averages_errors_away_and_an_inspector_does_not():
    gaps = [swarm(seed).quality(1.0) - inspector(seed).quality(1.0) for seed in range(12)]
    assert np.mean(gaps) > 5 * np.std(gaps, ddof=1) / np.sqrt(12)
    assert np.mean([swarm(seed).quality(1.0) for seed in range(12)]) > 0.85


@pytest.mark.parametrize("noise", [0.25, 1.0, 2.0])
def test_an_inspector_s_quality_is_the_integral(seed, noise):
    """Site i is chosen if her judgement of it, normal about its quality, is the highest of all."""
    one = inspector(seed)
    q, s = one.sites, noise * one.sites.std()

    def highest(i):
        others = np.delete(q, i)
        return integrate.quad(lambda z: stats.norm.pdf(z) * stats.norm.cdf(z + (q[i] - others) / s).prod(), -9, 9)[0]

    chances = np.array([highest(i) for i in range(5)])
    gains = (q - q.mean()) / (q.max() - q.mean())
    mean = chances @ gains
    error = np.sqrt((chances @ gains**2 - mean**2) / bees.TOURS)
    assert abs(one.quality(noise) - mean) < 5 * error + 1e-9


def test_an_inspector_without_errors_is_always_right(seed):
    assert inspector(seed).quality(0.0) == pytest.approx(1)


def test_a_swarm_is_of_those_who_are_left(monkeypatch):
    hive, seen = swarm(), []
    monkeypatch.setattr(model, "scouts_agree", lambda runs, rng, **said: seen.append(said) or np.ones((runs, 5), int))
    hive.quality(0.0)
    hive.lose(hive.worst(60))
    hive.lose(np.array([0, 199]))
    hive.quality(0.5)
    assert [said["bees"] for said in seen] == [200, 139]
    assert [said["error"] for said in seen] == [0, 0.5 * hive.sites.std()]
    assert seen[0]["interdependence"] == 0.8


def test_whom_all_follow_does_not_need_them():
    one, same = inspector(), inspector()
    one.lose(np.arange(1, 200))
    assert one.quality(1.0) == same.quality(1.0)


@pytest.mark.parametrize("make", [swarm, inspector])
def test_nobody_chooses_nothing(make):
    hive = make()
    hive.lose(np.arange(hive.parts))
    hive.mend()
    assert hive.quality(0.0) == 0


def test_the_worst_is_the_inspector():
    one = inspector()
    assert one.worst(1).tolist() == [0]
    one.lose(one.worst(3))
    assert one.quality(0.0) == 0
    one.mend()
    assert one.worst(1).tolist() == [3]
    assert sorted(one.worst(200).tolist()) == sorted(swarm().worst(200).tolist()) == list(range(200))


def test_another_inspector_needs_a_round_a_site():
    one = inspector()
    one.mend()
    assert one.quality(0.0) == pytest.approx(1)
    one.lose(np.array([0]))
    for _ in range(4):
        one.mend()
        assert one.quality(0.0) == 0
    one.lose(np.array([1]))  # the second dies on her way
    for _ in range(4):
        one.mend()
        assert one.quality(0.0) == 0
    one.mend()
    assert one.quality(0.0) == pytest.approx(1)
    one.mend()
    assert one.quality(0.0) == pytest.approx(1)


def test_a_swarm_has_nothing_to_mend():
    hive, same = swarm(), swarm()
    hive.mend()
    assert hive.quality(0.0) == same.quality(0.0)


def test_what_is_sent():
    assert (bees.Swarm.bytes, bees.Inspector.bytes) == (8 * 200 * 300, 8)
