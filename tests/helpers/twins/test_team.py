import numpy as np
import pytest

from helpers import marl, team_optimum
from helpers.twins import team

pytestmark = pytest.mark.usefixtures("one_blas_thread")
BOTH = (team.Neighbours, team.Critic)
N, K = team.AGENTS, team.TEAMS


def built(kind, seed=0):
    return kind(np.random.default_rng(seed))


def part(agent, of):
    return np.atleast_1d(np.asarray(agent, np.int64) * K + of)


def holds(system):
    return system.team.theta, system.team.w, system.team.mu


# --- the task ------------------------------------------------------------------------------------------------


def test_twins_have_the_same_task():
    one, other = built(team.Neighbours, 3), built(team.Critic, 3)
    np.testing.assert_array_equal(one.edges, other.edges)
    assert one.rng.random() == other.rng.random() and one.team.time == other.team.time == team.WARM
    assert one.parts == 48 and other.parts == 49
    assert one.bytes == 8 * K * 20 * 20 * 7  # 10 links a team, each two ways; 20 states, 1 + 6 numbers in each
    assert other.bytes == 8 * (48 + 48)


@pytest.mark.parametrize("kind", BOTH)
def test_same_seed_same_numbers(kind):
    one, other = built(kind, 5), built(kind, 5)
    assert one.quality(0.3) == other.quality(0.3)
    np.testing.assert_array_equal(one.worst(20), other.worst(20))
    assert one.quality(0.3) != built(kind, 6).quality(0.3)


@pytest.mark.parametrize("kind, lost", [(team.Neighbours, []), (team.Critic, []), (team.Critic, [1, 4])])
def test_each_team_is_a_run_of_the_model(kind, lost, monkeypatch):
    """And one that loses agents is a run of those left, told of the mean of their rewards, among others who play 0."""
    monkeypatch.setattr(team, "STEPS", 200)
    system, rng = built(kind, 2), np.random.default_rng(2)
    for _ in range(K):
        marl.random_links(N, rng)
    warm, later = (rng.random((steps, 1 + 2 * N, K)) for steps in (team.WARM, team.STEPS))
    system.lose((part(lost, 0)[:, np.newaxis] + np.arange(K)).ravel())
    left = np.setdiff1d(np.arange(N), lost)
    later[:, 1 + N + np.array(lost, int)] = 1

    def of_those_left(values):
        return np.broadcast_to(values[left].mean(axis=0), values.shape).copy()

    found = []
    for k in range(K):
        world = marl.world(N, k)
        listen = marl.listener(N, system.edges[k]) if kind is team.Neighbours else marl.everybody
        same = marl.Team(world, listen, critic="additive", critic_power=0.51, actor_power=0.85)
        for draws, scale in ((warm, 0), (later, 3000)):
            same.scale = scale
            if lost and scale:
                same.listen = of_those_left
            for some in draws[..., k:k + 1]:
                same.step(some)
        known, p = marl.tables(world), marl.play(world, same.theta)
        p[lost] = 0
        both = np.concatenate([marl.joint(p), np.full((1, 20, 64), 1 / 64)])
        J, by_lot = marl.average_return(known.P, known.R.mean(axis=-1), both)
        found.append((J - by_lot) / (team.BEST[k] - by_lot))
    assert system.quality(0.0) == pytest.approx(np.mean(found), abs=1e-6)


# --- the yardstick -------------------------------------------------------------------------------------------


def test_nought_is_to_act_by_lot_and_one_the_best_of_such_policies():
    world = team.worlds()[0]
    np.testing.assert_allclose(team.learned(np.full((N, K, marl.STATES), 0.5)), 0, atol=1e-12)
    ones = team_optimum.worlds(world)
    for k, one in enumerate(ones[:3]):
        J, theta = team_optimum.best_in_class(one, np.random.default_rng(1), starts=2)
        by_lot = team_optimum.slope(one, np.zeros((N, marl.POLICY)))[0]
        p = np.full((N, K, marl.STATES), 0.5)
        p[:, k] = marl.play(world, np.repeat(theta[:, np.newaxis], K, axis=1))[:, k]
        found = team.learned(p)
        assert found[k] == pytest.approx((J - by_lot) / (team.BEST[k] - by_lot), abs=1e-6) and 0.5 < found[k] < 1.01


@pytest.mark.parametrize("kind", BOTH)
def test_with_nobody_left_all_play_nought(kind):
    system = built(kind)
    system.lose(np.arange(N * K))
    expected = team.learned(np.zeros((N, K, marl.STATES))).mean()
    assert system.quality(0.5) == system.quality(0.0) == pytest.approx(expected)


@pytest.mark.parametrize("kind", BOTH)
def test_quality_is_measured_on_a_copy(kind):
    system = built(kind, 1)
    before = [held.copy() for held in holds(system)]
    system.quality(0.5)
    assert system.team.time == team.WARM
    for held, was in zip(holds(system), before, strict=True):
        np.testing.assert_array_equal(held, was)
    assert not system.team.theta.any() and system.team.w.any()  # at first critics have learned, and no actor


def test_who_hears_somebody_learns_more_than_who_hears_nobody():
    gaps = []
    for seed in range(12):
        alone = built(team.Neighbours, seed)
        alone.edges = [np.zeros((0, 2), np.int64)] * K
        gaps.append(built(team.Neighbours, seed).quality(0.0) - alone.quality(0.0))
    assert np.mean(gaps) > 5 * np.std(gaps, ddof=1) / np.sqrt(12)


# --- losses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_a_lost_part_no_longer_matters(kind, noise, monkeypatch):
    monkeypatch.setattr(team, "STEPS", 200)
    one, other = built(kind, 4), built(kind, 4)
    gone = np.append(part([0, 3], 2), np.arange(N) * K + 5)  # two of one team, and the whole of another
    for system in (one, other):
        system.lose(gone)
    for held in holds(other):
        held[~other.there] += 7.0
    assert one.quality(noise) == other.quality(noise)
    for held in holds(other):
        held[1, 2] += 7.0  # of one who is left
    assert one.quality(noise) != other.quality(noise)


def test_what_a_lost_agent_earns_still_counts_but_is_not_heard():
    system = built(team.Critic, 4)
    system.lose(part(2, np.arange(K)))
    draws = np.random.default_rng(1).random((1 + 2 * N, K))
    earned, learned = [], []
    for reward in (0.0, 1.0):
        one = built(team.Critic, 4)
        one.there = system.there
        one._tell(one.team, np.zeros((1, N, K)), 0.0)
        draws[1 + 2] = reward
        one.team.step(draws)
        earned.append(one.team.earned)
        learned.append(one.team.w[0])
    np.testing.assert_allclose(earned[1] - earned[0], 1 / N)
    np.testing.assert_array_equal(learned[0], learned[1])


def test_neighbours_listen_as_in_the_model_and_parts_of_a_team_go_on_by_themselves():
    system = built(team.Neighbours, 4)
    system.edges[3] = np.array([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)], np.int64)
    system.lose(part([2], 3))
    system.edges[5] = np.array([(0, 5)], np.int64)
    W = system._hears()
    values = np.random.default_rng(1).standard_normal((N, 2))
    np.testing.assert_allclose(W[1] @ values, marl.listener(N, system.edges[1])(values))
    np.testing.assert_allclose(W[3] @ values, marl.listener(N, np.array([(0, 1), (3, 4), (4, 5)]))(values))
    np.testing.assert_allclose(W[5] @ values, marl.listener(N, system.edges[5])(values))
    w = np.random.default_rng(2).standard_normal((N, K, 20, 7))
    np.testing.assert_allclose(team._mix(W, w), np.einsum("kij,jkst->ikst", W, w))


@pytest.mark.parametrize("kind", BOTH)
def test_who_is_lost_plays_nought(kind):
    system = built(kind, 1)
    system.lose(part([1, 2], 6))
    played = []
    system.team.step = lambda draws: (marl.Team.step(system.team, draws), played.append(system.team.acts.copy()))
    system.mend()
    shares = np.mean(played, axis=0)
    assert not shares[[1, 2], 6].any() and np.all(shares[system.there] > 0.01) and len(played) == team.MENDING


def test_without_the_critic_actors_stay_as_they_are():
    system = built(team.Critic, 1)
    system.mend()
    theta = system.team.theta.copy()
    assert theta.any()
    system.lose(np.array([48, 3], np.int64))
    system.mend()
    np.testing.assert_array_equal(system.team.theta, theta)
    p = marl.play(team.worlds()[0], theta)
    p[0, 3] = 0
    assert system.quality(0.0) == system.quality(1.0) == pytest.approx(team.learned(p).mean())
    other = built(team.Critic, 1)
    other.lose(np.array([48], np.int64))
    assert other.quality(0.0) == pytest.approx(0, abs=1e-12)  # none had begun
    other.lose(np.array([3], np.int64))
    assert not other.critic


@pytest.mark.parametrize("kind", BOTH)
def test_the_adversary_takes_whole_teams(kind):
    system = built(kind, 1)
    for count in (0, 1, 10, 48, kind.parts):
        found = system.worst(count)
        assert found.dtype == np.int64 and found.size == count == np.unique(found).size
    found = system.worst(kind.parts)
    if kind is team.Critic:
        assert found[0] == 48
        found = found[1:]
    teams = (found % K).reshape(K, N)
    assert np.all(teams == teams[:, :1])
    idle = []
    for k in teams[:, 0]:
        one = team_optimum.worlds(marl.world(N, int(k)))[0]
        J = team_optimum.evaluate(one.P, one.R, np.eye(64)[np.zeros(20, int)])[0]
        by_lot = team_optimum.slope(one, np.zeros((N, marl.POLICY)))[0]
        idle.append((J - by_lot) / (team.BEST[k] - by_lot))
    assert idle == sorted(idle)


@pytest.mark.parametrize("kind, seeds", [(team.Neighbours, 12), (team.Critic, 8)])
def test_the_adversary_is_worse_than_lot(kind, seeds):
    gaps = []
    for seed in range(seeds):
        lot, clever = built(kind, seed), built(kind, seed)
        clever.lose(clever.worst(24))
        by_lot = np.random.default_rng(seed).permutation(48)[:24]  # which spares the critic
        lot.lose(by_lot)
        gaps.append(lot.quality(0.0) - clever.quality(0.0))
    assert np.mean(gaps) > 5 * np.std(gaps, ddof=1) / np.sqrt(seeds)


@pytest.mark.parametrize("kind", BOTH)
def test_mending_is_to_learn_on_for_good(kind, monkeypatch):
    monkeypatch.setattr(team, "MENDING", 50)
    system, other = built(kind, 1), built(kind, 1)
    system.mend()
    assert system.team.time == team.WARM + 50
    monkeypatch.setattr(team, "STEPS", 50)
    assert team.learned(marl.play(team.worlds()[0], system.team.theta)).mean() == pytest.approx(other.quality(0.0))


# --- noise ---------------------------------------------------------------------------------------------------


def test_noise_of_neighbours(seed):
    """A message is disturbed by `noise` standard deviations of the team's numbers: of those left."""
    system, noise, times = built(team.Neighbours, seed), 0.5, 20
    gone = np.append(part(2, 3), np.arange(N) * K + 5)
    system.lose(gone)
    rng = np.random.default_rng(seed)
    w = rng.standard_normal((N, K, 20, 7)) * np.arange(1, K + 1)[:, np.newaxis, np.newaxis] + 3
    w[2, 3] += 1000  # who is lost
    system._tell(system.team, None, 0.0)
    clean = system.team.listen(w)
    system._tell(system.team, None, noise)
    off = np.array([system.team.listen(w) - clean for _ in range(times)])
    W = system._hears()
    for k in range(K):
        spread = w[system.there[:, k], k].std() if k != 5 else 0
        expected = noise**2 * spread**2 * ((W[k] ** 2).sum(axis=1) - np.diag(W[k]) ** 2)
        found = (off[:, :, k] ** 2).mean(axis=(0, 2, 3))
        np.testing.assert_allclose(found, expected, rtol=5 * np.sqrt(2 / (140 * times)), atol=1e-9)
        if k != 5:  # and each number by itself
            x, y = off[:, 0, k, :, :3].ravel(), off[:, 1, k, :, :3].ravel()
            assert abs(np.mean(x * y)) <= 5 * np.sqrt(expected[0] * expected[1] / x.size)


def test_noise_of_the_critic(seed):
    system, noise, times = built(team.Critic, seed), 0.5, 400
    system.lose(part([2, 3], 3))
    rewards = np.zeros((times, N, K))
    system._tell(system.team, rewards, noise)
    rng = np.random.default_rng(seed)
    told = rng.uniform(0, 4, 10**5) + rng.uniform(-0.5, 0.5, 10**5)
    assert abs(team.REWARD / told.std() - 1) < 5 / np.sqrt(10**5)  # flatter than a normal number, and so surer
    assert abs((rewards**2).mean() / (noise * team.REWARD) ** 2 - 1) < 5 * np.sqrt(2 / rewards.size)
    assert abs((rewards.sum(axis=0) ** 2).mean() / times / (noise * team.REWARD) ** 2 - 1) < 5 * np.sqrt(2 / (N * K))
    worths = 3 * rng.standard_normal((N, K)) + 2
    worths[2, 3] = 1000
    off = np.array([system.team.hear(worths) - worths for _ in range(times)])
    assert abs((off**2).mean() / (noise * worths[system.there].std()) ** 2 - 1) < 5 * np.sqrt(2 / off.size)
    both = (off.sum(axis=(1, 2)) ** 2).mean() / (off**2).mean()  # each by itself
    assert abs(both / (N * K) - 1) < 5 * np.sqrt(2 / times)
    w = rng.standard_normal((N, K, 20, 7))
    system.there[:] = True
    system._tell(system.team, rewards, noise)
    np.testing.assert_allclose(system.team.listen(w), marl.everybody(w))  # within the critic nothing is said
    system._tell(system.team, rewards, 0.0)
    np.testing.assert_array_equal(system.team.hear(worths), worths)


def test_the_worth_told_is_what_actors_follow():
    """c A score slope, with A = score x what is told; at first a score is 1/2 or -1/2."""
    system = built(team.Critic, 1)
    system._tell(system.team, np.zeros((1, N, K)), 0.0)
    system.team.hear = np.ones_like
    slopes = system.team.world.slopes[:, np.arange(K), system.team.state]
    system.team.step(np.random.default_rng(1).random((1 + 2 * N, K)))
    step = team.BOLD * (team.WARM + 1) ** -0.85
    np.testing.assert_allclose(system.team.theta, step / 4 * slopes)


@pytest.mark.parametrize("kind, noise", [(team.Neighbours, 1.0), (team.Critic, 4.0)])
def test_noise_makes_it_worse(kind, noise):
    gaps = [built(kind, seed).quality(0.0) - built(kind, seed).quality(noise) for seed in range(6)]
    assert np.mean(gaps) > 5 * np.std(gaps, ddof=1) / np.sqrt(6)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", BOTH)
def test_whatever_the_noise_numbers_stay_numbers(kind):
    assert -1 < built(kind, 1).quality(30.0) < 1
