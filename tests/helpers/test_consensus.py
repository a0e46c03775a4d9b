import math

import numpy as np
import pytest

from helpers import consensus, fastest, networks, signals

pytestmark = pytest.mark.usefixtures("one_blas_thread")
EIGHT = consensus.EIGHT


def rho(n, edges, weights):
    return consensus.rho(consensus.matrix(n, edges, weights))


# --- target T9.1: the small graph of Boyd's lecture -----------------------------------------------------


@pytest.mark.parametrize("rule, expected, tau", [("greatest degree", 0.7793, 4.009), ("Metropolis-Hastings", 0.7743, 3.909)])
def test_local_rules_on_boyd_s_graph(rule, expected, tau):
    found = rho(8, EIGHT, consensus.weights(8, EIGHT, rule))
    assert found == pytest.approx(expected, abs=5e-5) and 1 / math.log(1 / found) == pytest.approx(tau, abs=5e-4)


def test_best_weights_on_boyd_s_graph():
    found = fastest.best_weights(8, EIGHT)
    assert found.rho == pytest.approx(0.6433, abs=5e-5) and 1 / math.log(1 / found.rho) == pytest.approx(2.267, abs=5e-4)
    assert found.weights[-1] == pytest.approx(-0.0342, abs=2e-4) and (found.weights < 0).sum() == 1  # the link of 1 and 6
    assert found.rho == pytest.approx(rho(8, EIGHT, found.weights)) and found.bound <= found.rho <= found.bound + 1e-6


def test_the_fastest_markov_chain_has_no_weight_below_zero():
    found = fastest.best_weights(8, EIGHT, markov=True)
    W = consensus.matrix(8, EIGHT, found.weights)
    assert W.min() > -1e-9 and found.bound <= found.rho <= found.bound + 1e-6
    assert fastest.best_weights(8, EIGHT).rho < found.rho < rho(8, EIGHT, consensus.weights(8, EIGHT))


def test_no_nearby_weights_are_better():
    """Both problems are convex, so a step in any direction may only harm (within the programmes' accuracy)."""
    rng = np.random.default_rng(0)
    for markov in (False, True):
        best = fastest.best_weights(8, EIGHT, markov=markov)
        for _ in range(200):
            near = best.weights + 0.02 * rng.standard_normal(13)
            if not markov or consensus.matrix(8, EIGHT, near).min() >= 0:
                assert rho(8, EIGHT, near) > best.rho - 2e-6


def test_best_weights_where_symmetry_knows_them():
    """On the complete graph 1 / n agrees at once; on a path of three the best are 1/2 each (by hand: rho = 1/2)."""
    assert fastest.best_weights(5, consensus.complete(5)).rho < 1e-5
    path = np.array([[0, 1], [1, 2]])
    found = fastest.best_weights(3, path)
    np.testing.assert_allclose(found.weights, 0.5, atol=1e-3)
    assert found.rho == pytest.approx(0.5, abs=1e-5)


def test_the_best_on_a_star():
    """By hand: from hub to k leaves 2 / (k + 2) each, rho = k / (k + 2); a hub that may keep no less than nothing
    gives 1 / k to each, and two leaves differ by 1 - 1 / k of what they did."""
    for k in (3, 5):
        star = np.array([[0, leaf] for leaf in range(1, k + 1)])
        assert fastest.best_constant(k + 1, star) == pytest.approx(2 / (k + 2))
        free, markov = (fastest.best_weights(k + 1, star, markov=markov) for markov in (False, True))
        assert free.rho == pytest.approx(k / (k + 2), abs=2e-6) and free.bound <= free.rho + 1e-9
        assert markov.rho == pytest.approx(1 - 1 / k, abs=2e-6) and markov.bound <= markov.rho + 1e-9
        assert consensus.matrix(k + 1, star, markov.weights).min() > -1e-9


@pytest.mark.parametrize("markov", [False, True])
def test_the_best_of_one_link(markov):
    found = fastest.best_weights(2, [[0, 1]], markov=markov)
    np.testing.assert_allclose(found.weights, 0.5)
    assert found.rho == pytest.approx(0, abs=1e-9) and found.bound == pytest.approx(0, abs=1e-9)


def test_too_few_programmes_are_said():
    with pytest.raises(RuntimeError, match="after 1 programmes rho is 0.7"):
        fastest.best_weights(8, EIGHT, most=1)


def test_the_best_constant():
    for n, edges in ((8, EIGHT), (9, consensus.grid(3))):
        best = fastest.best_constant(n, edges)
        tried = [rho(n, edges, np.full(len(edges), best + off)) for off in (-1e-3, 0, 1e-3)]
        assert tried[1] < min(tried[0], tried[2])


# --- rounds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n, expected, rounds", [(10, 0.872678, 51), (32, 0.987190, 536), (100, 0.998684, 5248)])
def test_the_ring(n, expected, rounds):
    """Target T9.2, and what the rounds really leave of the worst disagreement."""
    found = rho(n, consensus.ring(n), np.full(n, 1 / 3))
    assert found == pytest.approx((1 + 2 * math.cos(2 * math.pi / n)) / 3) == pytest.approx(expected, abs=5e-7)
    assert consensus.rounds_for(found, 1e-3) == rounds
    x = np.cos(2 * math.pi * np.arange(n) / n)
    size = np.linalg.norm(x)
    for _ in range(rounds - 1):
        x = consensus.listen(x, consensus.ring(n), np.full(n, 1 / 3))
    assert np.linalg.norm(x) > 1e-3 * size
    assert np.linalg.norm(consensus.listen(x, consensus.ring(n), np.full(n, 1 / 3))) <= 1e-3 * size


def test_a_round_is_the_matrix_and_keeps_the_mean(seed):
    rng = np.random.default_rng(seed)
    edges = networks.random_network(30, 60, rng)
    x, w = rng.standard_normal(30), rng.normal(0, 0.3, 60)
    np.testing.assert_allclose(consensus.listen(x, edges, w), consensus.matrix(30, edges, w) @ x, atol=1e-12)
    assert consensus.listen(x, edges, w).mean() == pytest.approx(x.mean())


def test_fidelity_is_the_correlation_that_is_measured(seed):
    rng = np.random.default_rng(seed)
    W = consensus.matrix(8, EIGHT, consensus.weights(8, EIGHT))
    x = rng.standard_normal((4000, 8))
    for rounds in (0, 1, 3):
        held = x @ np.linalg.matrix_power(W, rounds).T
        r = consensus.fidelity(W, rounds)
        measured = signals.fidelity(np.repeat(x.mean(axis=1)[np.newaxis], 8, 0), held.T)
        assert np.all(np.abs(measured - r) <= 5 * (1 - r * r) / math.sqrt(4000) + 1e-3)
    np.testing.assert_allclose(consensus.fidelity(W, 0), 1 / math.sqrt(8))
    np.testing.assert_allclose(consensus.fidelity(W, 200), 1)


def test_each_part_comes_to_its_own_mean():
    edges = np.array([[0, 1], [1, 2], [3, 4]])
    x = np.array([1.0, 2, 6, 10, 20, 7])
    assert consensus.parts(6, edges).tolist() == [0, 0, 0, 3, 3, 5]
    np.testing.assert_allclose(consensus.limits(x, edges), [3, 3, 3, 15, 15, 7])
    held = x
    for _ in range(100):
        held = consensus.listen(held, edges, consensus.weights(6, edges))
    np.testing.assert_allclose(held, consensus.limits(x, edges), atol=1e-9)
    assert rho(6, edges, consensus.weights(6, edges)) == pytest.approx(1)
    assert consensus.rounds_for(1.0, 0.1) == math.inf


def test_parts_are_scipy_s(seed):
    rng = np.random.default_rng(seed)
    edges = networks.random_network(200, 150, rng)
    part = consensus.parts(200, edges)
    _, member = networks.connected_components(networks._links(200, edges), directed=False)
    assert np.array_equal(part[:, None] == part, member[:, None] == member)
    chain = np.column_stack([np.arange(999), np.arange(1, 1000)])
    assert np.all(consensus.parts(1000, rng.permutation(1000)[chain]) == 0)


def test_two_nodes_and_one_link():
    link = np.array([[0, 1]])
    assert rho(2, link, consensus.weights(2, link, "Metropolis-Hastings")) == pytest.approx(1)  # they exchange, for ever
    assert rho(2, link, consensus.weights(2, link)) == pytest.approx(0)


def test_graphs():
    assert len(consensus.ring(5)) == 5 and np.all(consensus.degrees(5, consensus.ring(5)) == 2)
    assert len(consensus.complete(6)) == 15 and len(consensus.grid(4)) == 24
    assert sorted(consensus.degrees(9, consensus.grid(3)).tolist()) == [2] * 4 + [3] * 4 + [4]


# --- gossip ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n, graph, least, most", [(100, consensus.complete, 227, 1361), (100, consensus.ring, 116_688, 700_125),
                                                   (10, consensus.ring, 119, 717)])
def test_boyd_s_bounds(n, graph, least, most):
    """Target T9.3."""
    found = consensus.gossip_bounds(n, graph(n), 0.01)
    assert found == (pytest.approx(least, abs=1), pytest.approx(most, abs=1))


def test_gossip_between_parts_has_no_bounds():
    assert consensus.gossip_bounds(4, [[0, 1], [2, 3]], 0.01) == (math.inf, math.inf)


def test_two_nodes_agree_once_they_have_met():
    assert consensus.gossip_bounds(2, [[0, 1]], 0.01) == (0, 0)


def test_gossip_keeps_between_its_bounds():
    """From the worst start: at the lower bound more than a hundredth of the runs are off, at the upper one fewer."""
    edges = consensus.ring(10)
    least, most = consensus.gossip_bounds(10, edges, 0.01)
    x = np.tile(np.cos(2 * np.pi * np.arange(10) / 10), (2000, 1))
    off = consensus.gossip(x, edges, math.floor(most), np.random.default_rng(1))
    late = (off >= 0.01).mean(axis=0)
    assert late[math.floor(least) - 1] > 0.01 and late[-1] < 0.01
    assert off[:, 0] == pytest.approx(1) and np.all(np.diff(off, axis=1) < 1e-12)


def test_a_tick_on_average_is_the_matrix(seed):
    rng, edges = np.random.default_rng(seed), np.array([[0, 1], [1, 2], [1, 3]])
    x = np.array([1.0, -2, 0.5, 3])
    W = consensus.gossip_matrix(4, edges)
    by_hand = np.eye(4)
    for caller in range(4):
        near = [j for pair in edges.tolist() if caller in pair for j in pair if j != caller]
        for called in near:
            e = np.eye(4)[caller] - np.eye(4)[called]
            by_hand -= np.outer(e, e) / 2 / 4 / len(near)
    np.testing.assert_allclose(W, by_hand, atol=1e-12)
    # E |x(1) - mean|^2 = x' (W - J) x, since each tick's matrix is a projection.
    off = consensus.gossip(np.tile(x, (20_000, 1)), edges, 1, rng)[:, 1] ** 2 * (x @ x)
    expected = x @ (W - 0.25) @ x
    assert abs(off.mean() - expected) < 5 * off.std() / math.sqrt(20_000)


def test_nobody_meets_two(seed):
    rng = np.random.default_rng(seed)
    edges = networks.random_network(50, 120, rng)
    used = consensus.meetings(50, edges, rng)
    assert used.any() and np.bincount(edges[used].ravel(), minlength=50).max() == 1


@pytest.mark.parametrize("call, message", [
    (lambda: consensus.rho(np.array([[0.5, 0.5], [0.5, 0.4]])), r"W: row 1 sums to 0.9; must sum to one"),
    (lambda: consensus.rho(np.array([[0.2, 0.8], [0.6, 0.4]])), r"W: column [01] sums to (0.8|1.2); must sum to one"),
    (lambda: fastest.best_weights(3, consensus.ring(3), markov=np.array([0.5, np.nan])), r"markov=array\(.*: must be one of False, True"),
    (lambda: consensus.rho(np.roll(np.eye(3), 1, axis=0)), r"W: must be symmetric"),
    (lambda: consensus.fidelity(np.ones((2, 3)), 1), r"W of shape \(2, 3\): must be \(n, n\)"),
    (lambda: consensus.matrix(8, EIGHT, np.ones(3)), r"weights of shape \(3,\): must be \(13,\)"),
    (lambda: consensus.matrix(2, [[0, 1]], [-1_000_001]), r"weights=\[-1000001\]: must be finite and in \[-1e\+06, 1e\+06\]"),
    (lambda: consensus.matrix(2, [[0, 1]], [1_000_001]), r"weights=\[1000001\]: must be finite and in \[-1e\+06, 1e\+06\]"),
    (lambda: consensus.weights(8, EIGHT, "best"), r"rule='best': must be one of"),
    (lambda: consensus.weights(3, np.zeros((0, 2), int)), r"edges: there are none"),
    (lambda: consensus.parts(3, [[0, 3]]), r"edges: node 3 is not one of 3"),
    (lambda: consensus.parts(3, [[1, 1]]), r"edges: node 1 is tied to itself"),
    (lambda: consensus.ring(2), r"n=2"),
    (lambda: consensus.complete(1), r"n=1"),
    (lambda: consensus.grid(1), r"side=1"),
    (lambda: consensus.grid(10_001), r"side=10001: must be at most 10000"),
    (lambda: consensus.degrees("3", [[0, 1]]), r"n='3': must be a number"),
    (lambda: consensus.listen([[1, 2]], [[0, 1]], 0.5), r"values of shape \(1, 2\)"),
    (lambda: consensus.listen([1, 2], [[0, -1]], 0.5), r"edges: node -1 is not one of 2"),
    (lambda: consensus.listen([1, 2], [[0, 1]], [0.5, 0.5]), r"weights of shape \(2,\): must be one number or have shape \(1,\)"),
    (lambda: consensus.meetings(3, [[0, 3]], None), r"edges: node 3 is not one of 3"),
    (lambda: consensus.fidelity(np.zeros((0, 0)), 1), r"W of shape \(0, 0\): must be \(n, n\), n at least 1"),
    (lambda: consensus.fidelity([[3, -2], [-2, 3]], 1000), r"rounds=1000: W has grown beyond all numbers"),
    (lambda: consensus.rounds_for(0.5, 0), r"within=0"),
    (lambda: consensus.gossip_matrix(3, [[0, 1]]), r"edges: node 2 has no neighbour to call"),
    (lambda: consensus.gossip(np.ones(3), EIGHT, 1, None), r"values of shape \(3,\): must be \(runs, n\)"),
    (lambda: consensus.gossip(np.ones((1, 8)), EIGHT, 1, None, every=0), "every=0: must be"),
    (lambda: consensus.gossip(np.zeros((1, 8)), EIGHT, 1, None), r"values: a run holds nothing but zeros"),
    (lambda: consensus.limits([], np.zeros((0, 2), int)), r"values of shape \(0,\)"),
    (lambda: fastest.best_weights(4, [[0, 1], [2, 3]]), r"edges: the graph falls into parts"),
    (lambda: fastest.best_weights(4, [[0, 1], [2, 3]], markov=True), r"edges: the graph falls into parts"),
    (lambda: fastest.best_weights(1, np.zeros((0, 2), int)), r"edges: the graph falls into parts"),
    (lambda: fastest.best_weights(3, np.zeros((0, 2), int)), r"edges: the graph falls into parts"),
    (lambda: fastest.best_constant(4, [[0, 1], [2, 3]]), r"edges: the graph falls into parts"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
