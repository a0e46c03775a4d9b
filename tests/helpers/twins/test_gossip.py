import numpy as np
import pytest

from helpers import consensus
from helpers.twins import gossip

pytestmark = pytest.mark.usefixtures("one_blas_thread")
BOTH = (gossip.Gossip, gossip.Server)
N = gossip.SENSORS


def built(kind, seed=0):
    return kind(np.random.default_rng(seed))


def on(edges, kind=gossip.Gossip):
    """A system on other links, whose nodes beyond those of the links are lost."""
    system = built(kind)
    system.edges = np.array(edges, np.int64)
    system.lose(np.arange(system.edges.max() + 1, N))
    return system


def spread(values):
    return (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)


# --- the task ------------------------------------------------------------------------------------------------


def test_twins_have_the_same_task():
    one, other = built(gossip.Gossip, 3), built(gossip.Server, 3)
    np.testing.assert_array_equal(one.at, other.at)
    np.testing.assert_array_equal(one.edges, other.edges)
    np.testing.assert_array_equal(one._measured(), other._measured())
    assert one.parts == other.parts == N
    assert one.bytes == 16 * len(one.edges) * gossip.ROUNDS and other.bytes == 16 * (N - 1)


@pytest.mark.parametrize("kind", BOTH)
def test_same_seed_same_numbers(kind):
    one, other = built(kind, 5), built(kind, 5)
    assert one.quality(0.3) == other.quality(0.3)
    np.testing.assert_array_equal(one.worst(20), other.worst(20))
    assert one.quality(0.3) != built(kind, 6).quality(0.3)


def test_the_sensors_hang_together():
    for seed in range(40):
        assert not consensus.parts(N, built(gossip.Gossip, seed).edges).any()


def test_links_are_to_the_nearest(seed):
    at, edges = gossip.sensors(np.random.default_rng(seed))
    apart = ((at[:, np.newaxis] - at) ** 2).sum(axis=-1)
    near = apart.argsort(axis=1)[:, 1:gossip.NEAREST + 1]
    expected = {(min(i, j), max(i, j)) for i in range(N) for j in near[i].tolist()}
    assert {tuple(edge) for edge in edges.tolist()} == expected and len(edges) == len(expected)


def test_what_is_measured(seed):
    """A place's variance is 1 + 6 TREND^2 |place - middle|^2, from day to day; each slope has a variance of 6 TREND^2,
    so that the trend adds TREND^2 for a place drawn by lot.
    """
    system = built(gossip.Gossip, seed)
    values = np.concatenate([system._measured() for _ in range(40)])
    expected = 1 + 6 * gossip.TREND**2 * ((system.at - 0.5) ** 2).sum(axis=1)
    np.testing.assert_allclose((values**2).mean(axis=0) / expected, 1, atol=5 * np.sqrt(2 / len(values)))
    assert abs(expected.mean() - 2) < 5 * gossip.TREND**2 * np.sqrt(6 * 6 * 2 * (1 / 80 - 1 / 144) / N)


# --- the yardstick -------------------------------------------------------------------------------------------


def test_nought_is_to_believe_oneself_and_one_to_know():
    system = built(gossip.Gossip)
    system.rounds = 0
    assert system.quality(0.0) == pytest.approx(0, abs=1e-12)
    assert built(gossip.Server).quality(0.0) == pytest.approx(1, abs=1e-12)
    system.rounds = 4000
    assert system.quality(0.0) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("kind", BOTH)
def test_quality_counts_those_left_against_the_mean_of_all(kind):
    system, twin = built(kind, 2), built(kind, 2)
    gone = np.setdiff1d(np.arange(0, N, 3), built(gossip.Server, 2).server)
    system.lose(gone)
    values = spread(twin._measured())
    twin.lose(gone)
    left = np.setdiff1d(np.arange(N), gone)
    assert system.quality(0.0) == pytest.approx(1 - np.mean(twin._beliefs(values, 0.0)[:, left] ** 2), abs=1e-12)
    if kind is gossip.Server:
        means = values[:, left].mean(axis=1, keepdims=True)
        np.testing.assert_allclose(twin._beliefs(values, 0.0)[:, left] - means, 0, atol=1e-12)


@pytest.mark.parametrize("kind", BOTH)
def test_with_nobody_left_nothing_is_known(kind):
    system = built(kind)
    system.lose(np.arange(N))
    assert system.quality(0.0) == 0


# --- losses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BOTH)
def test_a_lost_part_no_longer_matters(kind):
    system = built(kind)
    gone = np.setdiff1d(np.arange(0, N, 4), built(gossip.Server).server)
    system.lose(gone)
    values = np.random.default_rng(1).standard_normal((3, N))
    other = values.copy()
    other[:, gone] += 100
    left = np.setdiff1d(np.arange(N), gone)
    np.testing.assert_allclose(system._beliefs(values, 0.0)[:, left], system._beliefs(other, 0.0)[:, left])


def test_neighbours_average_as_in_consensus():
    system = built(gossip.Gossip, 4)
    system.lose(np.arange(10))
    values = np.random.default_rng(1).standard_normal(N)
    links = np.array([edge for edge in system.edges.tolist() if min(edge) >= 10])
    expected = values
    for _ in range(gossip.ROUNDS):
        expected = consensus.listen(expected, links, consensus.weights(N, links))
    np.testing.assert_allclose(system._beliefs(values[np.newaxis], 0.0)[0], expected)


def test_without_links_or_server_all_believe_themselves():
    values = np.random.default_rng(1).standard_normal((3, N))
    alone, orphans = on([(0, 1)]), built(gossip.Server)
    alone.lose(np.array([1]))
    orphans.lose(np.array([orphans.server]))
    for system in (alone, orphans):
        np.testing.assert_array_equal(system._beliefs(values, 0.5), values)


def test_the_adversary_finds_the_narrows():
    clique = [(i, j) for i in range(5) for j in range(i)]
    bridged = clique + [(i + 6, j + 6) for i, j in clique] + [(0, 5), (5, 6)]
    assert on(bridged).worst(1).tolist() == [5]
    path = [(i, i + 1) for i in range(10)]
    assert on(path).worst(1).tolist() == [5]
    assert sorted(on(path).worst(3).tolist()[1:]) in ([2, 8], [1, 8], [2, 7])  # then the middles of the halves, or near
    ladder = [(i, i + 2) for i in range(18)] + [(i, i + 1) for i in range(0, 20, 2)]
    cut = sorted(on(ladder).worst(2).tolist())
    assert cut in ([8, 9], [10, 11], [8, 11], [9, 10])


@pytest.mark.parametrize("kind", BOTH)
def test_the_adversary_names_each_once(kind):
    system = built(kind, 1)
    for count in (0, 1, 10, 70, N):
        found = system.worst(count)
        assert found.dtype == np.int64 and found.size == count == np.unique(found).size
    if kind is gossip.Server:
        assert system.worst(1)[0] == system.server == ((system.at - 0.5) ** 2).sum(axis=1).argmin()


def test_the_adversary_does_not_name_who_is_gone():
    system = built(gossip.Gossip, 1)
    system.lose(np.arange(30))
    assert system.worst(40).min() >= 30


@pytest.mark.parametrize("kind, share", [(gossip.Gossip, 0.1), (gossip.Gossip, 0.3), (gossip.Server, 0.3)])
def test_the_adversary_is_worse_than_lot(kind, share):
    gaps = []
    for seed in range(30):
        lot, clever = built(kind, seed), built(kind, seed)
        clever.lose(clever.worst(round(share * N)))
        lot.lose(np.random.default_rng(seed).permutation(N)[:round(share * N)])
        gaps.append(lot.quality(0.0) - clever.quality(0.0))
    assert np.mean(gaps) > 5 * np.std(gaps, ddof=1) / np.sqrt(30)


def test_mending_is_a_round_more():
    system = built(gossip.Gossip, 1)
    values = np.random.default_rng(1).standard_normal((2, N))
    before = system._beliefs(values, 0.0)
    system.mend()
    weights = consensus.weights(N, system.edges)
    expected = [consensus.listen(day, system.edges, weights) for day in before]
    np.testing.assert_allclose(system._beliefs(values, 0.0), expected)
    star = built(gossip.Server, 1)
    star.lose(np.array([star.server]))
    star.mend()
    np.testing.assert_array_equal(star._beliefs(values, 0.0), values)


# --- noise ---------------------------------------------------------------------------------------------------


def test_noise_of_a_star(seed):
    """Each of n - 1 messages to the server adds to its mean, and each answer is disturbed: what the server knows it
    knows better.
    """
    system, noise = built(gossip.Server, seed), 0.5
    found = system._beliefs(np.zeros((400, N)), noise)
    for who, expected in ((system.server, (N - 1) / N**2), ((system.server + 1) % N, 1 + (N - 1) / N**2)):
        assert abs(np.mean(found[:, who] ** 2) / noise**2 / expected - 1) < 5 * np.sqrt(2 / 400)
    last = built(gossip.Server, seed)
    last.lose(np.setdiff1d(np.arange(N), last.server))
    assert last._beliefs(np.ones((1, N)), noise)[0, last.server] == 1  # it sends itself nothing
    quality = [system.quality(noise) for _ in range(20)]
    error = noise**2 * (N - 1) / N * (1 + 1 / N)
    assert abs(1 - np.mean(quality) - error) < 5 * noise**2 * np.sqrt(2 / N * (1 + 1 / N) / (20 * gossip.DAYS))


def test_noise_of_neighbours(seed):
    """What W makes of the messages' noise, round after round: C -> W C W + the noise of a round, that of each message
    apart.
    """
    system, noise = built(gossip.Gossip, seed), 0.5
    weights = consensus.weights(N, system.edges)
    W = consensus.matrix(N, system.edges, weights)
    heard = np.bincount(system.edges.ravel(), np.repeat(weights**2, 2), N)
    C = np.zeros((N, N))
    for _ in range(gossip.ROUNDS):
        C = W @ C @ W + noise**2 * np.diag(heard)
    found = system._beliefs(np.zeros((gossip.DAYS, N)), noise)
    error = np.sqrt(2 * (C**2).sum() / gossip.DAYS) / N
    assert abs(np.mean(found**2) - np.trace(C) / N) < 5 * error


@pytest.mark.parametrize("kind", BOTH)
def test_more_noise_is_worse(kind):
    qualities = [built(kind, 1).quality(noise) for noise in (0.0, 0.25, 0.5, 1.0, 2.0)]
    assert qualities == sorted(qualities, reverse=True)
