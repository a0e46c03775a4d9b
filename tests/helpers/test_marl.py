import numpy as np
import pytest
from scipy.optimize import linprog

from helpers import consensus, marl, team_optimum

pytestmark = pytest.mark.usefixtures("one_blas_thread")
PATH = np.array([(0, 1), (1, 2)])


# --- the worlds -------------------------------------------------------------------------------------------


def test_splitmix64():
    """The first numbers of the generator from seed 1234567, as Rosetta Code lists them."""
    state = np.uint64(1234567) + marl.GAMMA * np.arange(1, 6, dtype=np.uint64)
    assert marl._mix(state).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]


def test_tables_have_the_paper_s_laws(seed):
    world = marl.world(4, [seed, seed + 1000])
    P, R, phi = marl.tables(world)
    assert P.shape == (2, 20, 16, 20) and R.shape == (2, 20, 16, 4) and phi.shape == (2, 20, 16, 10)
    np.testing.assert_allclose(P.sum(axis=-1), 1)
    weights = P / P.max(axis=-1, keepdims=True)
    assert P.min() > 0 and weights.min() < 0.01
    for u in (R / 4, phi, world.about):
        off = np.array([u.mean() - 1 / 2, (u * u).mean() - 1 / 3, (u**3).mean() - 1 / 4])
        sd = np.sqrt(np.array([1 / 12, 4 / 45, 9 / 112]) / u.size)
        assert np.all(np.abs(off) < 5 * sd) and u.min() >= 0 and u.max() < 1
        flat = u.reshape(-1, u.shape[-1])
        assert np.abs(np.corrcoef(flat.T)[np.triu_indices(u.shape[-1], 1)]).max() < 5 / np.sqrt(len(flat))  # columns do not repeat
    assert abs((world.slopes**2).mean() - 1 / 6) < 5 * np.sqrt(7 / 180 / world.slopes.size)
    assert abs(np.corrcoef(R[0].ravel(), R[1].ravel())[0, 1]) < 5 / np.sqrt(R[0].size)


def test_a_world_does_not_know_its_company():
    alone, among = marl.world(3, 7), marl.world(3, [5, 6, 7])
    for one, many in zip(marl.tables(alone), marl.tables(among), strict=True):
        assert np.array_equal(one[0], many[2])
    assert np.array_equal(alone.slopes[:, 0], among.slopes[:, 2])


def test_the_surest_play_is_still_a_number():
    world = marl.world(2, 0)
    theta = 1e5 * np.sign(world.slopes[:, :, 0])
    np.testing.assert_allclose(marl.play(world, theta)[:, :, 0], 1)
    np.testing.assert_allclose(marl.play(world, -theta)[:, :, 0], 0, atol=1e-12)


def test_joint_actions_are_numbered_by_their_bits():
    p = np.array([0.9, 0.2, 0.6])
    acts = (np.arange(8)[:, None] >> np.arange(3)) & 1
    np.testing.assert_allclose(marl.joint(p), np.prod(np.where(acts, p, 1 - p), axis=1))


def test_the_return_is_what_a_long_run_earns():
    world = marl.world(3, 2)
    theta = np.random.default_rng(0).normal(0, 2, (3, 1, 5))
    one = team_optimum.worlds(world)[0]
    policy = marl.joint(marl.play(world, theta))
    moves = np.einsum("sa,sat->st", policy[0], one.P)
    found = marl.average_return(one.P[None], one.R[None], policy)[0]
    stay = np.linalg.matrix_power(moves, 200)[0]  # by hand: the chain after a long time
    assert found == pytest.approx(stay @ (policy[0] * one.R).sum(axis=1)) == pytest.approx(team_optimum.evaluate(one.P, one.R, policy[0])[0])


# --- the algorithms, written out agent by agent -------------------------------------------------------------


def literal(world, W, draws, algorithm, critic, scale):
    """One world (its first), an agent at a time, from the tables."""
    n = world.n
    P, R, phi = (table[0] for table in marl.tables(world))
    acts_of = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    if critic == "tabular":
        phi = np.stack([[np.eye(20 * 2**n)[a * 20 + s] for a in range(2**n)] for s in range(20)])
    elif critic == "additive":
        phi = np.stack([[np.outer(np.eye(20)[s], [1, *acts_of[a]]).ravel() for a in range(2**n)] for s in range(20)])
    about = world.about[0] if critic == "random" else np.eye(20)
    theta, mu, w, v = np.zeros((n, 5)), np.zeros(n), np.zeros((n, phi.shape[-1])), np.zeros((n, about.shape[-1]))
    s, a = 0, 0

    def p(i, state):
        return 1 / (1 + np.exp(-theta[i] @ world.slopes[i, 0, state]))

    for t, u in enumerate(draws, 1):
        b, c = t**-0.65, scale * t**-0.85
        s2 = int(np.searchsorted(np.cumsum(P[s, a]), u[0]))
        r = R[s, a] + u[1:n + 1] - 0.5
        a2 = sum(int(u[n + 1 + i] < p(i, s2)) << i for i in range(n))
        new_theta, new_w, new_v = theta.copy(), w.copy(), v.copy()
        for i in range(n):
            ai = acts_of[a, i]
            psi = (ai - p(i, s)) * world.slopes[i, 0, s]
            if algorithm == 1:
                delta = r[i] - mu[i] + w[i] @ phi[s2, a2] - w[i] @ phi[s, a]
                on, off = a | 1 << i, a & ~(1 << i)
                advantage = w[i] @ phi[s, a] - p(i, s) * (w[i] @ phi[s, on]) - (1 - p(i, s)) * (w[i] @ phi[s, off])
                new_w[i] += b * delta * phi[s, a]
            else:
                delta = r[i] - mu[i] + v[i] @ about[s2] - v[i] @ about[s]
                advantage = w[i] @ phi[s, a] - mu[i] + v[i] @ about[s2] - v[i] @ about[s]
                new_v[i] += b * delta * about[s]
                new_w[i] += b * (r[i] - w[i] @ phi[s, a]) * phi[s, a]
            new_theta[i] += c * advantage * psi
        theta, w, v, mu = new_theta, W @ new_w, W @ new_v, (1 - b) * mu + b * r
        if algorithm == 2:
            mu = W @ mu
        s, a = s2, a2
    return theta, mu, w, v


@pytest.mark.parametrize("algorithm", [1, 2])
@pytest.mark.parametrize("critic", marl.CRITICS)
def test_a_team_is_the_algorithm_written_out(algorithm, critic):
    world = marl.world(3, [11, 12])
    draws = np.random.default_rng(3).random((150, 7, 2))
    listen = {"networked": marl.listener(3, PATH), "central": marl.everybody, "alone": marl.listener(3, np.zeros((0, 2), int))}
    W = {"networked": consensus.matrix(3, PATH, np.full(2, 1 / 3)), "central": np.full((3, 3), 1 / 3), "alone": np.eye(3)}
    for regime in marl.REGIMES:
        team = marl.Team(world, listen[regime], algorithm=algorithm, critic=critic, actor_scale=4.0)
        for some in draws:
            team.step(some)
        theta, mu, w, v = literal(world, W[regime], draws[:, :, 0], algorithm, critic, 4.0)
        np.testing.assert_allclose(team.theta[:, 0], theta, atol=1e-9)
        np.testing.assert_allclose(team.mu[:, 0], mu, atol=1e-9)
        np.testing.assert_allclose(team.w[:, 0].reshape(3, -1), w, atol=1e-9)
        parts = w
        if algorithm == 2:
            np.testing.assert_allclose(team.v[:, 0].reshape(3, -1), v, atol=1e-9)
            parts = np.hstack([w, v])
        off = np.sqrt(((parts - parts.mean(axis=0)) ** 2).sum(axis=1))
        np.testing.assert_allclose(team.off()[:, 0], off, atol=1e-9)
        assert team.disagreement()[0] == pytest.approx(np.sqrt((off**2).mean()), abs=1e-9)
        assert np.abs(theta).max() > 0.01 and not np.array_equal(team.w[:, 0], team.w[:, 1])


@pytest.mark.parametrize("algorithm", [1, 2])
def test_whatever_the_links_the_mean_critic_is_the_central_one(algorithm, seed):
    """As long as the actors do the same: the update is linear, and every round keeps the mean."""
    world = marl.world(12, [seed])
    draws = np.random.default_rng(seed).random((300, 25, 1))
    teams = [marl.Team(world, listen, algorithm=algorithm, actor_scale=0.0)
             for listen in (marl.everybody, marl.listener(12, marl.random_links(12, np.random.default_rng(seed))), lambda values: values)]
    for some in draws:
        for team in teams:
            team.step(some)
    for team in teams[1:]:
        np.testing.assert_allclose(team.w.mean(axis=0), teams[0].w[0], atol=1e-9)
    assert teams[0].disagreement()[0] < 1e-12 < teams[1].disagreement()[0] < teams[2].disagreement()[0]


# --- links ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [10, 100])
def test_a_round_is_the_matrix(n):
    rng = np.random.default_rng(n)
    edges = marl.random_links(n, rng)[:n]  # perhaps in parts, perhaps with some that hear nobody
    x = rng.standard_normal((n, 3, 4))
    W = consensus.matrix(n, edges, consensus.weights(n, edges))
    np.testing.assert_allclose(marl.listener(n, edges)(x), np.einsum("ij,jrk->irk", W, x), atol=1e-12)


def test_random_links():
    """Connectivity ratio 2 m / (n (n - 1)) = 4 / n."""
    edges = marl.random_links(20, np.random.default_rng(0))
    assert 2 * len(edges) / (20 * 19) == pytest.approx(4 / 20) and not consensus.parts(20, edges).any()
    for seed in range(30):
        assert not consensus.parts(12, marl.random_links(12, np.random.default_rng(seed))).any()
    assert len(np.unique(edges[:, 0] * 20 + edges[:, 1])) == 38 and len(marl.random_links(3, np.random.default_rng(0))) == 3


# --- runs -------------------------------------------------------------------------------------------------


def test_run_records():
    world = marl.world(3, [0, 1])
    found = marl.run(world, "networked", 600, np.random.default_rng(1), edges=PATH, every=300)
    assert found.times.tolist() == [0, 300, 600] and found.exact.shape == found.sampled.shape == (2, 3)
    one = team_optimum.worlds(world)
    assert found.exact[1, 0] == pytest.approx(team_optimum.slope(one[1], np.zeros((3, 5)))[0])
    assert found.exact[1, 2] == pytest.approx(team_optimum.slope(one[1], found.theta[:, 1])[0])
    assert np.isnan(found.sampled[:, 0]).all() and np.all(np.abs(found.sampled[:, 1:] - found.exact[:, 1:]) < 5 * 0.8 / np.sqrt(300))
    team, earned = marl.Team(world, marl.listener(3, PATH)), np.zeros(2)
    rng = np.random.default_rng(1)
    for some in np.concatenate([rng.random((256, 7, 2)), rng.random((256, 7, 2)), rng.random((88, 7, 2))]):
        team.step(some)
        earned += team.earned if team.time > 300 else 0
    assert np.array_equal(team.theta, found.theta) and np.allclose(earned / 300, found.sampled[:, 2])
    assert np.isnan(marl.run(marl.world(9, 0), "alone", 2, np.random.default_rng(0)).exact).all()


def test_graphs_that_take_turns():
    """No graph hangs together, and yet they agree; with the first alone they do not."""
    world, turns = marl.world(3, [4]), np.array([[(0, 1)], [(1, 2)]])
    both = marl.run(world, "networked", 2000, np.random.default_rng(1), edges=turns)
    first = marl.run(world, "networked", 2000, np.random.default_rng(1), edges=turns[0])
    assert both.disagreement[0, -1] < 0.03 < 10 * both.disagreement[0, -1] < first.disagreement[0, -1]


def test_consensus_is_central_and_does_not_climb():
    """Target T13.1, in the paper's setting: the regimes end alike, near where they began and far from the best."""
    world = marl.world(5, np.arange(24))
    edges = marl.random_links(5, np.random.default_rng(5))
    ends = {regime: marl.run(world, regime, 3000, np.random.default_rng(1), edges=edges) for regime in marl.REGIMES}
    for found in ends.values():
        assert np.abs(found.exact[:, -1] - found.exact[:, 0]).max() < 0.02
    assert np.abs(ends["networked"].exact[:, -1] - ends["central"].exact[:, -1]).max() < 0.005
    apart = {regime: found.disagreement[:, -1].mean() for regime, found in ends.items()}
    assert apart["central"] < 1e-12 and 50 * apart["networked"] < apart["alone"]


def test_with_a_critic_that_sees_they_climb():
    world = marl.world(3, np.arange(8))
    for critic in ("tabular", "additive"):
        found = marl.run(world, "networked", 4000, np.random.default_rng(1), edges=PATH, critic=critic, actor_scale=30.0)
        assert np.mean(found.exact[:, -1] - found.exact[:, 0]) > 0.05
    found = marl.run(world, "networked", 4000, np.random.default_rng(1), edges=PATH, critic="additive", algorithm=2, actor_scale=30.0)
    assert np.mean(found.exact[:, -1] - found.exact[:, 0]) > 0.03


# --- what they could do -----------------------------------------------------------------------------------


def test_slope_is_that_of_the_return(seed):
    one = team_optimum.worlds(marl.world(3, seed))[0]
    theta = np.random.default_rng(seed).normal(0, 1, (3, 5))
    J, up = team_optimum.slope(one, theta)
    for i, k in ((0, 0), (1, 3), (2, 4)):
        step = np.zeros((3, 5))
        step[i, k] = 1e-5
        rise = team_optimum.slope(one, theta + step)[0] - team_optimum.slope(one, theta - step)[0]
        assert up[i, k] == pytest.approx(rise / 2e-5, abs=1e-8)


def test_best_of_all_is_the_linear_programme_s(seed):
    """max sum x R over x >= 0 with flows in = flows out and sum one (Puterman 1994, section 8.8)."""
    one = team_optimum.worlds(marl.world(3, seed))[0]
    flows = np.einsum("st,a->tsa", np.eye(20), np.ones(8)) - one.P.transpose(2, 0, 1)
    found = linprog(-one.R.ravel(), A_eq=np.vstack([flows.reshape(20, -1), np.ones(160)]), b_eq=np.append(np.zeros(20), 1))
    assert team_optimum.best_of_all(one)[0] == pytest.approx(-found.fun, abs=1e-8)


def test_optima_are_the_target_s():
    """T13.1: N=3 class 2.601 2.782 2.650, of all 3.022 3.071 2.905; N=5 2.628 2.664 2.700 and 3.052 3.041 3.033, other worlds; of 4 starts."""
    for n, in_class, of_all in ((3, [2.601, 2.782, 2.650], [3.022, 3.071, 2.905]), (5, [2.628, 2.664, 2.700], [3.052, 3.041, 3.033])):
        worlds = team_optimum.worlds(marl.world(n, np.arange(20)))
        found = np.array([team_optimum.best_in_class(one, np.random.default_rng(0), starts=4)[0] for one in worlds])
        best = np.array([team_optimum.best_of_all(one)[0] for one in worlds])
        for mine, theirs in ((found, in_class), (best, of_all)):
            assert abs(mine.mean() - np.mean(theirs)) < 3.5 * mine.std() * np.sqrt(1 / 20 + 1 / 3)
        assert np.all(best > found)


def test_nothing_near_the_best_in_the_class_is_better():
    rng = np.random.default_rng(0)
    one = team_optimum.worlds(marl.world(3, 1))[0]
    J, theta = team_optimum.best_in_class(one, rng, starts=6)
    assert np.abs(theta).max() <= 50 and J == pytest.approx(team_optimum.slope(one, theta)[0])
    near = [team_optimum.slope(one, np.clip(theta + rng.normal(0, 0.3, theta.shape), -50, 50))[0] for _ in range(200)]
    assert max(near) <= J + 1e-6 and J > team_optimum.climb(one, np.full(50, 10.0)) > team_optimum.slope(one, np.zeros((3, 5)))[0] + 0.2


def test_climbing_is_by_the_slope():
    one = team_optimum.worlds(marl.world(3, 1))[0]
    assert team_optimum.climb(one, np.array([0.7])) == pytest.approx(team_optimum.slope(one, 0.7 * team_optimum.slope(one, np.zeros((3, 5)))[1])[0])


def test_what_a_critic_sees():
    one = team_optimum.worlds(marl.world(3, 5))[0]
    theta = np.random.default_rng(1).normal(0, 1, (3, 5))
    full = team_optimum.sight(one, theta, np.eye(160).reshape(20, 8, 160))
    assert full == pytest.approx((1, 1, 1, 1), abs=1e-6)
    acts = (np.arange(8)[:, None] >> np.arange(3)) & 1
    additive = np.einsum("st,ak->satk", np.eye(20), np.column_stack([np.ones(8), acts])).reshape(20, 8, -1)
    seen = team_optimum.sight(one, theta, additive)  # compatible features (Sutton et al. 2000): a true slope from a poor critic
    assert seen[2:] == pytest.approx((1, 1), abs=1e-8) and 0.1 < seen.advantage < 0.9 and 0.1 < seen.variance < 0.9
    poor = team_optimum.sight(one, theta)
    assert poor.variance < 0.25 and poor.advantage < 0.25 and poor.length < 0.8


def test_the_critic_comes_to_its_fixed_point():
    """TD(0) with fixed actors ends at what `sight` solves for, so that its cosine is the run's."""
    world = marl.world(2, [3] * 100)
    one, theta = team_optimum.worlds(marl.world(2, 3))[0], np.zeros((2, 5))
    team = marl.Team(world, marl.everybody, actor_scale=0.0)
    mean, late = 0.0, 0
    for some in np.random.default_rng(0).random((2000, 5, 100)):
        team.step(some)
        if team.time > 1000:
            mean, late = mean + team.w[0].mean(axis=0), late + 1
    guess = one.phi @ (mean / late)
    p = np.full((2, 20), 0.5)
    policy = marl.joint(p)
    J, stay, Q = team_optimum.evaluate(one.P, one.R, policy)
    told = team_optimum.expected_score(one, p, policy * stay[:, None] * guess).ravel()
    true = team_optimum.slope(one, theta)[1].ravel()
    seen = team_optimum.sight(one, theta)
    assert told @ true / np.linalg.norm(told) / np.linalg.norm(true) == pytest.approx(seen.cosine, abs=0.1)
    assert np.linalg.norm(told) / np.linalg.norm(true) == pytest.approx(seen.length, abs=0.1)


def test_steps_that_are_allowed():
    assert marl.steps_allowed(0.65, 1) == (0.65, 1) and marl.steps_allowed(0.51, 0.52) == (0.51, 0.52)


def small(**settings):
    return marl.run(marl.world(3, 0), "networked", 2, np.random.default_rng(0), **{"edges": PATH, **settings})


@pytest.mark.parametrize("call, message", [
    (lambda: small(critic_power=1.1, actor_power=1.2), r"critic_power=1.1: must be at most 1, or the steps t\^-1.1 have a finite sum"),
    (lambda: small(actor_power=1.2), r"actor_power=1.2: must be at most 1, .* finite sum"),
    (lambda: small(critic_power=0.5), r"critic_power=0.5: must be above 1/2, or the squares of the steps t\^-0.5 have no finite sum"),
    (lambda: small(critic_power=0.6, actor_power=0.4), r"actor_power=0.4: must be above 1/2"),
    (lambda: small(critic_power=0.85), r"actor_power=0.85: must be above critic_power=0.85, or the actor's step does not vanish beside"),
    (lambda: small(edges=np.array([(0, 3)])), r"edges: node 3 is not one of 3"),
    (lambda: small(edges=np.array([(1, 1)])), r"edges: node 1 is tied to itself"),
    (lambda: small(edges=None), r"edges=None: a networked team must have links"),
    (lambda: small(algorithm=3), r"algorithm=3: must be one of 1, 2"),
    (lambda: small(critic="deep"), r"critic='deep': must be one of"),
    (lambda: small(actor_scale=-1), r"actor_scale=-1"),
    (lambda: small(every=0), r"every=0"),
    (lambda: marl.run(marl.world(3, 0), "anarchy", 2, None), r"regime='anarchy': must be one of 'networked', 'central', 'alone'"),
    (lambda: marl.run(marl.world(3, 0), "alone", 0, None), r"steps=0"),
    (lambda: marl.world(1, 0), r"n=1"),
    (lambda: marl.world(41, 0), r"n=41: must be at most 40"),
    (lambda: marl.world(3, -1), r"seeds=-1"),
    (lambda: marl.world(3, []), r"seeds of shape \(0,\)"),
    (lambda: marl.world(3, [[1]]), r"seeds of shape \(1, 1\)"),
    (lambda: marl.play(marl.world(3, 0), np.zeros((2, 1, 5))), r"theta of shape \(2, 1, 5\): must be \(3, 1, 5\)"),
    (lambda: marl.play(marl.world(3, 0), np.full((3, 1, 5), np.nan)), r"(?s)theta=.*must be finite"),
    (lambda: marl.joint(np.ones((11, 1))), r"p of shape \(11, 1\): must be \(n, ...\), n at most 10"),
    (lambda: marl.joint([1.5]), r"p=\[1.5\]"),
    (lambda: marl.average_return(np.ones((1, 2, 4, 2)) / 2, np.ones((1, 2, 4)), np.ones((1, 2, 3)) / 3), r"policy of shape \(1, 2, 3\)"),
    (lambda: marl.average_return(np.ones((1, 2, 4, 2)) / 2, np.ones((1, 2, 4)), np.ones((1, 2, 4)) / 3), r"policy: .* must sum to 1"),
    (lambda: marl.everybody(1), r"values of shape \(\)"),
    (lambda: marl.everybody(np.zeros((0, 2))), r"values of shape \(0, 2\)"),
    (lambda: marl.tables(marl.world(11, 0)), r"n=11: must be at most 10"),
    (lambda: marl.Team(marl.world(11, 0), marl.everybody, critic="tabular"), r"critic='tabular' with n=11: must be at most 10"),
    (lambda: team_optimum.best_in_class(None, None, starts=0), r"starts=0"),
    (lambda: team_optimum.best_in_class(None, None, bound=0), r"bound=0"),
    (lambda: team_optimum.climb(team_optimum.worlds(marl.world(2, 0))[0], [-1.0]), r"steps=\[-1.0\]"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
