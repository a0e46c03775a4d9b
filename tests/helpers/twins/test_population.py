import copy
import math

import numpy as np
import pytest
from scipy import integrate, stats
from sklearn.linear_model import Ridge

from helpers.twins import population
from helpers.twins.population import ALIKE, CELLS, COMMON, EXAMPLES, PAIR, QUESTIONS, RIDGE, SPIKES, Population, Table

pytestmark = pytest.mark.usefixtures("one_blas_thread")
RANGE = 2 * np.pi / CELLS
SIDES = [Population, Table]


def built(side, seed=0):
    return side(np.random.default_rng(seed))


def after(side, gone, seed=0):
    system = built(side, seed)
    system.lose(gone)
    return system.quality(0.0)


def exact(table):
    """Of a table with all its cells: the mean cosine of how far the questions are from the middle of their range."""
    return np.mean(np.cos(table.questions % RANGE - RANGE / 2))


def test_what_one_and_nothing_are(seed):
    angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, 50)
    for off in (0.0, 0.3, 2.0, np.pi):
        said = population.circle(angles + off) * np.arange(1, 51)[:, np.newaxis]
        assert population.rightness(said, angles) == pytest.approx(math.cos(off))
    assert population.rightness(np.zeros((50, 2)), angles) == 0
    guesses = np.random.default_rng(seed + 1).standard_normal((20_000, 2))
    assert abs(population.rightness(guesses, np.resize(angles, 20_000))) < 5 * math.sqrt(0.5 / 20_000)


def test_twins_are_asked_the_same():
    one, other, again, another = built(Population, 3), built(Table, 3), built(Population, 3), built(Population, 4)
    assert np.array_equal(one.questions, other.questions) and not np.array_equal(one.questions, another.questions)
    assert np.allclose(np.diff(one.questions), 2 * np.pi / QUESTIONS)
    assert [one.quality(noise) for noise in (0.0, 1.0)] == [again.quality(noise) for noise in (0.0, 1.0)]
    assert built(Table, 3).quality(2.0) == built(Table, 3).quality(2.0) != built(Table, 4).quality(2.0)


@pytest.mark.parametrize("side", SIDES)
def test_both_fire_as_many_spikes(side):
    system = built(side)
    angles = (np.arange(10_000) + 0.5) * 2 * np.pi / 10_000
    rates = system.scale * system._tuning(angles)
    assert rates.sum(axis=1).mean() == pytest.approx(SPIKES, rel=1e-3)
    assert system.spread == pytest.approx(rates.std(), rel=1e-3)
    assert system.bytes == SPIKES / 8 and system.parts == CELLS


def test_a_cell_of_the_table_fires_in_its_range_alone():
    table = built(Table)
    edges = np.arange(CELLS) * RANGE
    for inside in (1e-9, RANGE / 2, RANGE - 1e-9, RANGE / 2 - 2 * np.pi, RANGE / 2 + 2 * np.pi):
        assert np.array_equal(table.scale * table._tuning(edges + inside), SPIKES * np.eye(CELLS))


def test_a_cell_of_the_population_fires_most_at_what_it_prefers():
    one = built(Population)
    np.testing.assert_allclose(one._tuning(one.preferred).diagonal(), one.gains)
    half = np.arccos(1 - math.log(2) / 2)  # where exp(2 (cos - 1)) is a half
    for off in (half, -half):
        np.testing.assert_allclose(one._tuning(one.preferred + off).diagonal(), one.gains / 2)


def test_rates_vary_as_their_mean_and_together(seed):
    one, trials = built(Population, seed), 40_000
    mean = one.scale * one._tuning(np.array([1.0]))[0]
    errors = (one._rates(np.full(trials, 1.0), 0.0) - mean) / np.sqrt(mean)
    expected = COMMON + ALIKE * np.cos(one.preferred[:, np.newaxis] - one.preferred)
    np.fill_diagonal(expected, 1)
    few = np.ix_(np.arange(4), np.arange(4))
    assert np.all(np.abs(errors[:, :4].mean(axis=0)) < 5 / math.sqrt(trials))
    off = errors[:, :4].T @ errors[:, :4] / trials - expected[few]
    assert np.all(np.abs(off) < 5 * np.sqrt((1 + expected[few] ** 2) / trials))
    assert abs(np.mean(errors.mean(axis=1) ** 2) / expected.mean() - 1) < 5 * math.sqrt(2 / trials)
    noisy = (one._rates(np.full(10_000, 1.0), 2.0) - mean)[:, :4]
    variance = mean[:4] + (2 * one.spread) ** 2
    assert np.all(np.abs((noisy**2).mean(axis=0) / variance - 1) < 5 * math.sqrt(2 / 10_000))


# --- readers --------------------------------------------------------------------------------------------


def test_the_population_is_read_by_ridge_regression():
    one = built(Population)
    one.lose(np.arange(30))
    rng = copy.deepcopy(one.rng)
    one.mend()
    one.rng = rng
    angles = (np.arange(EXAMPLES) + 0.5) * 2 * np.pi / EXAMPLES
    fitted = Ridge(alpha=RIDGE, fit_intercept=False).fit(one._rates(angles, 0.0), population.circle(angles))
    np.testing.assert_allclose(one.weights, fitted.coef_.T, atol=1e-9)
    assert not one.weights[:30].any()


def test_a_population_says_what_its_weights_add_up_to():
    one = built(Population)
    rng = copy.deepcopy(one.rng)
    found, one.rng = one.quality(0.5), rng
    said = one._rates(one.questions, 0.5) @ one.weights
    assert found == pytest.approx(np.mean(np.cos(np.arctan2(said[:, 1], said[:, 0]) - one.questions)))


def test_whole_and_quiet_the_table_is_exact_and_the_population_nearly():
    for seed in range(5):
        table = built(Table, seed)
        assert table.quality(0.0) == pytest.approx(exact(table), abs=1e-12) and exact(table) > 0.9998
        assert 0.98 < built(Population, seed).quality(0.0) < table.quality(0.0)


@pytest.mark.parametrize("noise", [2.0, 4.0, 8.0])
def test_a_noisy_table_is_right_as_often_as_its_cell_is_the_most_active(seed, noise):
    table = built(Table, seed)
    own, others = math.sqrt(SPIKES + (noise * table.spread) ** 2), noise * table.spread

    def first(z):  # the right cell is `z` of its standard deviations off, and above all the others
        return stats.norm.pdf(z) * stats.norm.cdf((SPIKES + own * z) / others) ** (CELLS - 1)

    often, _ = integrate.quad(first, -8, 8)
    expected = exact(table) * often - (1 - often) / (CELLS - 1)
    spread = math.sqrt((often + (1 - often) / 2 - expected**2) / QUESTIONS)
    assert abs(table.quality(noise) - expected) < 5 * spread


@pytest.mark.parametrize("side", SIDES)
def test_noise_costs_precision(side):
    systems = [built(side, seed) for seed in range(10)]
    found = np.array([[system.quality(noise) for noise in (0.0, 1.0, 2.0, 4.0)] for system in systems])
    assert np.all(found <= 1) and np.all(np.diff(found.mean(axis=0)) <= 0) and found[:, -1].mean() < found[:, 0].mean() - 0.05


# --- losses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
def test_who_is_gone_does_not_matter(side):
    one, other, gone = built(side), built(side), np.array([0, 17, CELLS - 1])
    for system in (one, other):
        system.lose(gone)
    other.gains[gone], other.preferred[gone], other.weights[gone] = 5.0, 1.0, 9.0
    assert one.quality(0.0) == other.quality(0.0)
    one.mend()
    other.mend()
    assert one.quality(0.0) == other.quality(0.0)


@pytest.mark.parametrize("side", SIDES)
def test_without_cells_there_is_nothing_but_guessing(side):
    system = built(side)
    system.lose(np.arange(CELLS))
    assert system.quality(0.0) == 0
    system.mend()
    assert system.quality(0.0) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("count", [1, 10, 20, 50, 70])
def test_a_table_loses_what_its_cells_stand_for_whichever_they_are(count):
    table = built(Table)
    for gone in (table.worst(count), np.random.default_rng(count).permutation(CELLS)[:count]):
        assert np.unique(gone).size == count
        assert after(Table, gone) == pytest.approx((1 - count / CELLS) * exact(table), abs=1e-12)


def test_of_a_table_the_cells_are_taken_from_all_around():
    assert built(Table).worst(5).tolist() == [0, 20, 40, 60, 80] and built(Table).worst(0).size == 0


@pytest.mark.parametrize("count", [5, 10, 20, 30, 50, 70])
def test_the_adversary_of_a_population_does_more_harm_than_any_of_many_lots(count):
    taken = built(Population, count).worst(count)
    assert np.unique(taken).size == count
    lots = [after(Population, np.random.default_rng(lot).permutation(CELLS)[:count], count) for lot in range(20)]
    assert after(Population, taken, count) < min(lots)


def test_each_cell_taken_does_most_harm_to_the_mean_answers():
    one = built(Population)
    angles, gone = np.arange(CELLS) * RANGE, []
    for cell in one.worst(5):
        right = {}
        for other in set(range(CELLS)) - set(gone):
            left = [each for each in range(CELLS) if each not in [*gone, other]]
            right[other] = population.rightness(one._tuning(angles)[:, left] @ one.weights[left], angles)
        assert cell == min(right, key=right.get)
        gone.append(int(cell))
    assert one.worst(0).size == 0 and np.array_equal(one.worst(CELLS)[:5], gone) and np.unique(one.worst(CELLS)).size == CELLS


# --- what is done about them ----------------------------------------------------------------------------


def test_readers_learn_to_do_with_the_neurons_that_are_left():
    for seed in range(5):
        one = built(Population, seed)
        one.lose(one.worst(20))
        hurt = one.quality(0.0)
        one.mend()
        assert hurt < 0.94 and one.quality(0.0) > 0.96


def test_readers_of_a_table_learn_only_where_silence_comes_from():
    spread, block, single = built(Table), built(Table), built(Table)
    spread.lose(spread.worst(20))
    block.lose(np.arange(40, 60))
    single.lose([7])
    whole = exact(spread)
    for table, silent in ((spread, 0.0), (block, math.sin(0.2 * np.pi) / (0.2 * np.pi)), (single, 1.0)):
        table.mend()
        share = table.there.mean()
        assert table.quality(0.0) == pytest.approx(whole * share + silent * (1 - share), abs=1e-4)


def test_the_pair_is_named():
    assert (PAIR.decentralized, PAIR.centralized) == (Population, Table)
