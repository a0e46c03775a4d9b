"""A Hopfield network and a table, against mean field theory, brute force and counting."""
import math
from statistics import NormalDist

import numpy as np
import pytest

from helpers import memory as hopfield
from helpers.twins import memory
from helpers.twins.memory import COPIES, MEMORIES, NEURONS, PAIR, WRONG, Hopfield, Table

PHI = NormalDist().cdf
KINDS = pytest.mark.parametrize("kind", [Hopfield, Table])


def built(seed, kind=Hopfield):
    return kind(np.random.default_rng(seed))


def test_the_pair():
    assert (PAIR.decentralized, PAIR.centralized) == (Hopfield, Table)
    assert Hopfield.bytes == 10 * 300 * 299 / 8  # steps, neurons, hearers
    assert Table.bytes == 300 * 300 / 8 + 300 * 8 + 300 / 8
    assert (Hopfield.parts, Table.parts) == (300, 301)
    assert MEMORIES / NEURONS < hopfield.critical_load()[0] / 2


@KINDS
def test_same_seed_same_numbers_and_twins_have_one_task(kind):
    assert np.array_equal(built(5).taught, built(5, kind).taught)
    for noise in (0.0, 2.0):
        assert built(5, kind).quality(noise) == built(5, kind).quality(noise)


@KINDS
def test_whole_they_bring_back_everything_and_of_strangers_nothing(kind, seed):
    """A stranger here is another memory than the one that was called up."""
    system = built(seed, kind)
    assert system.quality(0.0) > 0.995
    recalled = system._recalled(hopfield.flip(system.taught, WRONG, system.rng), 0.0)
    assert abs(np.mean(recalled * np.roll(system.taught, 1, axis=0))) < 5 / math.sqrt(NEURONS * MEMORIES) + 0.005


def test_a_dead_neuron_costs_its_bit_of_every_memory(seed):
    system = built(seed)
    system.lose(np.arange(30))
    assert 0.9 - 0.01 < system.quality(0.0) <= 0.9
    recalled = system._recalled(system.taught, 0.0)
    assert not recalled[:, :30].any() and np.all(np.abs(recalled[:, 30:]) == 1)


def test_the_network_settles_where_the_book_s_does(seed):
    """Neuron after neuron or all at once, the neighbourhood of a memory leads to one place."""
    system = built(seed)
    system.lose(np.arange(60))
    cues = hopfield.flip(system.taught, WRONG, system.rng)
    slowly = hopfield.settle(cues * system.there, hopfield.hebb(system.taught), system.rng)
    differ = np.mean(slowly != system._recalled(cues, 0.0))
    assert differ < 0.01


def test_ten_steps_are_enough(seed):
    system = built(seed)
    recalled = system._recalled(hopfield.flip(system.taught, WRONG, system.rng), 0.0)
    once_more = system._recalled(recalled, 0.0)
    assert np.mean(recalled != once_more) < 0.005


@pytest.mark.parametrize("noise", [0.25, 0.5, 0.7])
def test_noise_leaves_of_one_memory_what_theory_says(noise, seed, monkeypatch):
    """Each neuron hears m + noise: m = 1 - 2 Phi(-m / noise) again and again, for a large network with one memory."""
    monkeypatch.setattr(memory, "MEMORIES", 1)
    monkeypatch.setattr(memory, "NEURONS", 20_000)
    monkeypatch.setattr(Hopfield, "parts", 20_000)
    system, m, v = built(seed), 1 - 2 * WRONG, 0.0
    for _ in range(memory.STEPS):
        slope = 2 / noise / math.sqrt(2 * math.pi) * math.exp(-((m / noise) ** 2) / 2)
        m = 1 - 2 * PHI(-m / noise)
        v = slope**2 * v + (1 - m * m) / 20_000  # what chance adds in a step, and what is left of before
    assert system.quality(noise) == pytest.approx(m, abs=5 * math.sqrt(v) + 1e-3)  # the neuron's own tie is missing


def test_noise_without_end_leaves_nothing(seed):
    assert abs(built(seed).quality(1e6)) < 5 / math.sqrt(NEURONS * MEMORIES)


def test_the_adversary_leaves_the_memories_most_alike():
    """Greedy, by brute force: each next loss keeps the sum of the squared overlaps of what is left greatest."""
    system = built(2)
    left = list(range(NEURONS))
    for gone in system.worst(5):
        alike = []
        for k in left:
            rest = system.taught[:, [j for j in left if j != k]]
            alike.append(np.sum((rest @ rest.T) ** 2))
        assert alike[left.index(gone)] == pytest.approx(max(alike))
        left.remove(gone)
    assert sorted(system.worst(NEURONS).tolist()) == list(range(NEURONS))


def test_the_adversary_harms_the_network_more_than_chance(seed):
    worse = []
    for k in range(12):
        one, other = built([seed, k]), built([seed, k])
        one.lose(one.worst(NEURONS // 2))
        other.lose(np.random.default_rng(k).permutation(NEURONS)[:NEURONS // 2])
        worse.append(other.quality(0.0) - one.quality(0.0))
    assert np.mean(worse) > 5 * np.std(worse, ddof=1) / math.sqrt(len(worse))


def test_the_comparator_goes_first_and_with_it_all():
    system = built(0, Table)
    assert system.worst(1).tolist() == [NEURONS]
    system.lose(system.worst(1))
    assert system.quality(0.0) == 0


def test_then_memory_after_memory():
    system = built(0, Table)
    gone = system.worst(1 + 2 * COPIES)
    assert np.bincount(gone[1:] % MEMORIES, minlength=MEMORIES).tolist() == [COPIES, COPIES] + [0] * (MEMORIES - 2)
    assert sorted(system.worst(NEURONS + 1).tolist()) == list(range(NEURONS + 1))


def test_a_memory_goes_with_its_last_copy_alone(seed):
    system = built(seed, Table)
    cells = np.flatnonzero(np.arange(NEURONS) % MEMORIES == 4)
    system.lose(cells[1:])
    assert system.quality(0.0) == 1
    system.lose(cells[:1])
    recalled = system._recalled(system.taught, 0.0)
    assert (recalled == system.taught).all(axis=1).tolist() == [k != 4 for k in range(MEMORIES)]
    # In the place of the lost memory comes a stranger, whichever is most like it.
    alike = hopfield.overlap(system.taught[4], np.delete(system.taught, 4, axis=0)).max()
    assert np.mean(recalled[4] * system.taught[4]) == pytest.approx(alike)


def test_a_table_without_cells_says_nothing():
    system = built(0, Table)
    system.lose(np.arange(NEURONS))
    assert system.quality(0.0) == system.quality(1.0) == 0


@pytest.mark.parametrize("copies", [1, 5])
def test_noise_confuses_two_memories_as_often_as_it_must(copies, seed):
    """The two memories' means differ by d, and by chance by noise (1 - 2 WRONG) sqrt(1 / copies + 1 / COPIES)."""
    system, noise, calls = built(seed, Table), 1.0, 5000
    system.lose(np.flatnonzero(np.arange(NEURONS) % MEMORIES > 1))
    system.lose(np.flatnonzero(np.arange(NEURONS) % MEMORIES == 0)[copies:])
    cues = np.repeat(hopfield.flip(system.taught[:1], 0.4, system.rng), calls, axis=0)
    d = hopfield.overlap(cues[0], system.taught[0]) - hopfield.overlap(cues[0], system.taught[1])
    right = (system._recalled(cues, noise) == system.taught[0]).all(axis=1)
    p = PHI(d / noise / (1 - 2 * WRONG) / math.sqrt(1 / copies + 1 / COPIES))
    assert right.mean() == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / calls))


@KINDS
def test_a_lost_part_no_longer_matters(kind):
    """Whatever a cue says to it, and whatever its ties or its copy were."""
    one, other = built(1, kind), built(1, kind)
    gone = one.rng.permutation(NEURONS)[:100]
    other.rng.permutation(NEURONS)
    for system in (one, other):
        system.lose(gone)
    cues = hopfield.flip(one.taught, WRONG, np.random.default_rng(0))
    if kind is Hopfield:
        before = other._recalled(cues, 0.5)
        cues[:, gone] *= -1
        other.taught[:, gone] *= -1
        assert np.array_equal(one._recalled(cues, 0.5), before)
    else:
        assert np.array_equal(one._recalled(cues, 0.5), other._recalled(cues, 0.5))
        assert one.quality(0.0) == 1


@KINDS
def test_nothing_mends(kind, seed):
    system = built(seed, kind)
    system.lose(system.worst(60))
    before = system._recalled(system.taught, 0.0)
    system.mend()
    assert np.array_equal(before, system._recalled(system.taught, 0.0))


def test_taught_again_the_living_have_the_ties_they_had(seed):
    taught = built(seed).taught
    again, had = hopfield.hebb(taught[:, :200]), hopfield.hebb(taught)[:200, :200]
    np.testing.assert_allclose(again * 200 / NEURONS, had, atol=1e-12)
