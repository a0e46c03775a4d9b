import math

import numpy as np
import pytest

from helpers import networks


def parts(n, edges, alive=None):
    """The components' nodes, by a search by hand."""
    alive = np.ones(n, bool) if alive is None else alive
    ties = {node: set() for node in range(n) if alive[node]}
    for a, b in edges.tolist():
        if alive[a] and alive[b]:
            ties[a].add(b)
            ties[b].add(a)
    pieces = []
    while ties:
        found, edge = set(), {next(iter(ties))}
        while edge:
            found |= edge
            edge = set().union(*(ties[node] for node in edge)) - found
        pieces.append(sorted(found))
        for node in found:
            del ties[node]
    return pieces


def components(n, edges, alive):
    return [len(part) for part in parts(n, edges, alive)]


def test_the_largest_component_is_that_of_a_search(seed):
    rng = np.random.default_rng(seed)
    edges = networks.random_network(60, 50, rng)
    for share in (0, 0.3, 0.9):
        alive = rng.random(60) >= share
        assert networks.largest_component(60, edges, alive) == max(components(60, edges, alive))
    assert networks.largest_component(60, edges, np.zeros(60, bool)) == 0
    assert networks.largest_component(3, np.zeros((0, 2), np.int64)) == 1


def test_a_random_network_has_its_pairs_by_lot(seed):
    rng = np.random.default_rng(seed)
    edges = networks.random_network(200, 900, rng)
    assert len({frozenset(pair) for pair in edges.tolist()}) == 900
    degree = networks.degrees(200, edges)
    assert degree.sum() == 1800
    # hypergeometric, so hardly less than Poisson's variance of 9; 200 nodes
    assert abs(degree.var() - 9) < 5 * 9 * math.sqrt(2.2 / 200)
    full = networks.random_network(6, 15, rng)
    assert len({frozenset(pair) for pair in full.tolist()}) == 15


def test_a_network_without_edges_and_nodes_without_any():
    assert networks.random_network(5, 0, np.random.default_rng(0)).shape == (0, 2)
    assert networks.degrees(5, np.array([[0, 2], [2, 1]])).tolist() == [1, 1, 2, 0, 0]


def test_a_scale_free_network_grows_as_it_says(seed):
    n, m = 3000, 2
    edges = networks.scale_free(n, m, np.random.default_rng(seed))
    assert len(edges) == 3 + m * (n - 3)
    assert len({frozenset(pair) for pair in edges.tolist()}) == len(edges)
    assert networks.largest_component(n, edges) == n
    degree = networks.degrees(n, edges)
    assert degree.min() == m
    # degree k has the share 2 m (m + 1) / (k (k + 1) (k + 2)) in the long run (Bollobas et al. 2001)
    for k in (2, 3, 4):
        share = 2 * m * (m + 1) / (k * (k + 1) * (k + 2))
        assert abs((degree == k).mean() - share) < 5 * math.sqrt(share * (1 - share) / n) + 0.005
    assert degree.max() > 40  # a random network of this size hardly has 15


def giant(degree, kept):
    """Share of the nodes in the giant component of an endless Poisson network whose nodes of degree k stay with
    probability kept[k]: generating functions (Callaway et al. 2000)."""
    k = np.arange(kept.size)
    stays = kept * np.exp(-degree) * np.cumprod(np.concatenate([[1], degree / k[1:]]))
    u = 0.0
    for _ in range(500):
        u = 1 - stays @ (k / degree) + stays @ (k / degree * u ** np.maximum(k - 1, 0))
    return stays.sum() - stays @ u**k


def spread_of(mean, c, n):
    """Standard error of the largest component's share of n nodes of a random network of mean degree c, where
    `mean` is the giant's (Stepanov 1970)."""
    return math.sqrt(mean * (1 - mean) / n) / (1 - c * (1 - mean))


def hubs_left(rng, n=10_000):
    hubs = networks.scale_free(n, 2, rng)
    return np.array([*networks.reach(n, hubs, networks.attack(n, hubs, rng), [0.02, 0.05, 0.10, 0.18]),
                     *networks.reach(n, hubs, rng.permutation(n), [0.18, 0.5])])


@pytest.fixture(scope="module")
def spread():
    """Standard deviation of each share from one scale-free network to another."""
    rng = np.random.default_rng(1999)
    return np.std([hubs_left(rng) for _ in range(16)], axis=0, ddof=1)


def test_published_and_computed_reach_t4_6(seed, spread):
    """The target is one network's, as ours is: five standard errors of their difference, and its last digit."""
    expected = np.array([0.943, 0.830, 0.567, 0.005, 0.806, 0.393])
    assert (np.abs(hubs_left(np.random.default_rng(seed)) - expected) < 5 * math.sqrt(2) * spread + 0.0005).all()


def test_an_attacked_random_network_falls_apart_as_generating_functions_say(seed):
    """Poisson degrees of mean 4: 0.6288 of the nodes have at most 4, so that an attack on 28% takes all others of
    6 and more, and 0.0651 of 0.1563 of those with 5."""
    n, rng = 10_000, np.random.default_rng(seed)
    share = [math.exp(-4) * 4**k / math.factorial(k) for k in range(60)]
    kept = np.array([min(max((1 - sum(share[:k]) - 0.28) / share[k], 0), 1) for k in range(60)])
    found = []
    for _ in range(20):
        edges = networks.random_network(n, 2 * n, rng)
        found.append(networks.reach(n, edges, networks.attack(n, edges, rng), [0.28, 0.40]))
    at_28, at_40 = np.transpose(found)
    assert abs(at_28.mean() - giant(4, kept)) < 5 * at_28.std(ddof=1) / math.sqrt(20)
    # by then there is no giant: the largest is at most of the order of n**(2 / 3), where it is about to vanish
    assert at_40.mean() < n ** (-1 / 3)


def test_a_random_network_breaks_where_percolation_says(seed):
    """1 - 1 / <k> = 0.75: what is left beyond is of the order of log n, before of the order of n."""
    rng, n = np.random.default_rng(seed), 20_000
    edges = networks.random_network(n, 2 * n, rng)
    assert networks.failure_threshold(networks.degrees(n, edges)) == pytest.approx(0.75, abs=0.005)
    *before, beyond = networks.reach(n, edges, rng.permutation(n), [0.3, 0.5, 0.68, 0.82])
    for found, stays in zip(before, (0.7, 0.5, 0.32), strict=True):
        whole = giant(4 * stays, np.ones(60))  # what is left is a random network of mean degree 4 * stays
        assert abs(found / stays - whole) < 5 * spread_of(whole, 4 * stays, n * stays)
    assert beyond < 0.01


def test_a_star_dies_with_its_middle():
    edges = networks.star(50)
    degree = networks.degrees(50, edges)
    assert degree.tolist() == [49] + [1] * 49
    rng = np.random.default_rng(0)
    order = networks.attack(50, edges, rng)
    assert order[0] == 0
    np.testing.assert_allclose(networks.reach(50, edges, order, [0, 0.02, 1]), [1, 0.02, 0])


def test_by_lot_a_star_keeps_the_square_of_what_is_spared_on_average(seed):
    """(1 - f)^2: the middle is spared with chance 1 - f, and then so are as many of the leaves."""
    n, draws = 200, 400
    rng, edges = np.random.default_rng(seed), networks.star(200)
    for gone in (0.1, 0.5):
        left = [networks.reach(n, edges, rng.permutation(n), [gone])[0] for _ in range(draws)]
        spread = (1 - gone) * np.sqrt(gone * (1 - gone))  # all that are spared, or one of n
        assert abs(np.mean(left) - (1 - gone) ** 2) < 5 * spread / np.sqrt(draws) + 1 / n


def test_the_giant_is_the_largest_component(seed):
    rng = np.random.default_rng(seed)
    edges = networks.random_network(120, 90, rng)
    size, ties = networks.giant(120, edges)
    assert size == max(components(120, edges, np.ones(120, bool)))
    assert components(size, ties, np.ones(size, bool)) == [size]
    # as many nodes of each degree as the search finds in a component of this size
    alone = [found for found in parts(120, edges) if len(found) == size]
    degree = networks.degrees(120, edges)
    assert sorted(networks.degrees(size, ties)) in [sorted(degree[found]) for found in alone]


def test_reach_by_hand():
    """A path of seven: without the three in the middle two pairs are left."""
    path = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [5, 6]])
    order = np.array([3, 2, 4, 0, 1, 5, 6])
    # 0, 1.05, 2.59, 3.5 and 7 of the seven, rounded; half is rounded to even
    np.testing.assert_allclose(networks.reach(7, path, order, [0, 0.15, 0.37, 0.5, 1]), np.array([7, 3, 2, 2, 0]) / 7)


def test_equals_are_attacked_by_lot(seed):
    rng = np.random.default_rng(seed)
    first = np.array([networks.attack(3, networks.star(3), rng)[1] for _ in range(400)])
    assert abs((first == 1).mean() - 0.5) < 5 * 0.5 / 20


def test_the_threshold_by_hand():
    assert networks.failure_threshold([3, 3, 3, 3]) == pytest.approx(1 / 2)  # kappa 3
    assert networks.failure_threshold([2, 2, 2, 4]) == pytest.approx(1 - 1 / 1.8)  # kappa 7 / 2.5
    assert networks.failure_threshold([2, 2, 2, 2]) == 0  # a ring breaks at once
    assert networks.failure_threshold([1, 1, 2]) == 0
    assert networks.failure_threshold([1, 1]) == 0


def test_attack_goes_by_degree():
    rng = np.random.default_rng(1)
    edges = networks.scale_free(100, 2, rng)
    assert (np.diff(networks.degrees(100, edges)[networks.attack(100, edges, rng)]) <= 0).all()
    assert sorted(networks.attack(100, edges, rng)) == list(range(100))


def test_mean_distance():
    assert networks.mean_distance(50, networks.star(50)) == pytest.approx((49 + 49 * (1 + 2 * 48)) / (50 * 49))
    path = np.array([[0, 1], [1, 2], [2, 3]])
    assert networks.mean_distance(4, path, [0]) == pytest.approx(2)


@pytest.mark.parametrize(("call", "message"), [
    (lambda rng: networks.mean_distance(4, np.array([[0, 1], [2, 3]])), "edges: the network has 2 components; distances need one"),
    (lambda rng: networks.mean_distance(3, np.array([[0, 1]])), "edges: the network has 2 components; distances need one"),
    (lambda rng: networks.mean_distance(1, np.zeros((0, 2), np.int64)), "n=1: must be"),
    (lambda rng: networks.degrees(3, np.array([[-1, 0]])), "edges: node -1 is not one of 3, from 0"),
    (lambda rng: networks.degrees(3, np.array([[0, 1, 2]], np.int64)), r"edges of shape \(1, 3\) and type int64: must be"),
    (lambda rng: networks.degrees(3, np.array([0, 1], np.int64)), r"edges of shape \(2,\) and type int64: must be"),
    (lambda rng: networks.reach(3, networks.star(3), np.arange(3), [-0.1]), r"removed=\[-0.1\]: must be"),
    (lambda rng: networks.reach(3, networks.star(3), np.arange(3), [np.nan]), r"removed=\[nan\]: must be"),
    (lambda rng: networks.failure_threshold([2, -1]), r"degree=\[2, -1\]: must be"),
    (lambda rng: networks.scale_free(5, 0, rng), "m=0: must be"),
    (lambda rng: networks.random_network(1, 0, rng), "n=1: must be"),
    (lambda rng: networks.star(1), "n=1: must be"),
    (lambda rng: networks.random_network(4, 7, rng), "m=7: must be at most 6, the number of pairs of 4 nodes"),
    (lambda rng: networks.random_network(4, -1, rng), "m=-1: must be"),
    (lambda rng: networks.scale_free(3, 3, rng), "m=3: must be below the number of nodes, 3"),
    (lambda rng: networks.largest_component(3, np.array([[0, 3]])), "edges: node 3 is not one of 3, from 0"),
    (lambda rng: networks.largest_component(3, np.array([[1, 1]])), "edges: node 1 is tied to itself"),
    (lambda rng: networks.largest_component(3, np.array([[0.5, 1]])), "must be whole numbers"),
    (lambda rng: networks.reach(3, networks.star(3), np.arange(3), [1.5]), r"removed=\[1.5\]: must be"),
    (lambda rng: networks.failure_threshold([0, 0]), "degree: all are 0"),
    (lambda rng: networks.attack(-2, networks.star(3), rng), "n=-2: must be"),
    (lambda rng: networks.giant(0, np.zeros((0, 2), np.int64)), "n=0: must be"),
    (lambda rng: networks.largest_component(3, networks.star(3), np.array([0, 1, 1], np.int64)), r"alive of shape \(3,\) and type int64: must be bool of shape \(3,\)"),
    (lambda rng: networks.largest_component(3, networks.star(3), [True]), r"alive of shape \(1,\) and type bool: must be bool of shape \(3,\)"),
    (lambda rng: networks.reach(3, networks.star(3), [0, 1], [0.5]), r"order of shape \(2,\): must hold each of 3 nodes"),
    (lambda rng: networks.reach(3, networks.star(3), [0, 1, 1], [0.5]), r"order of shape \(3,\): must hold each of 3 nodes"),
    (lambda rng: networks.mean_distance(3, networks.star(3), []), r"sources of shape \(0,\): must be nodes from 0 to 2"),
    (lambda rng: networks.mean_distance(3, networks.star(3), 3), r"sources of shape \(\): must be nodes from 0 to 2"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
