import itertools
import math

import numpy as np
import pytest

from helpers import credit

pytestmark = pytest.mark.usefixtures("one_blas_thread")
MIXED = np.random.default_rng(3).dirichlet(np.ones(3), 5)  # five agents, three nights
C = 0.7


def phi(x, c=C):
    return x * math.exp(-x / c)


def choices(agents, nights):
    return itertools.product(range(nights), repeat=agents)


def counts(choice, nights):
    return [choice.count(night) for night in range(nights)]


def chance(choice, policies):
    return math.prod(float(policies[agent, night]) for agent, night in enumerate(choice))


def told(kind, choice, agent, nights=3):
    """The definitions: one's own enjoyment; G; G less what it would be had the agent stayed away."""
    x = counts(choice, nights)
    if kind == "local":
        return math.exp(-x[choice[agent]] / C)
    worth = sum(phi(k) for k in x)
    if kind == "common":
        return worth
    x[choice[agent]] -= 1
    return worth - sum(phi(k) for k in x)


@pytest.mark.parametrize("kind", credit.REWARDS)
def test_rewards_are_what_they_are_defined_to_be(kind):
    for choice in choices(4, 3):
        found = credit.rewards(kind, counts(choice, 3), C)
        for agent in range(4):
            assert found[choice[agent]] == pytest.approx(told(kind, choice, agent), abs=1e-12)


def test_the_world_is_the_sum_of_local_rewards_and_a_difference_is_local_less_the_harm_to_others():
    x = np.array([[3.0, 1, 4], [2, 5, 1]])
    local = credit.rewards("local", x, C)
    np.testing.assert_allclose(credit.world(x, C), (x * local).sum(axis=1))
    harm = (x - 1) * (credit.rewards("local", x - (x > 1), C) - local)
    np.testing.assert_allclose(credit.rewards("difference", x, C), local - harm)


@pytest.mark.parametrize("agents, nights, c", [(5, 3, 1.0), (9, 3, 1.0), (12, 4, 1.5), (12, 4, 6.0), (7, 2, 2.0), (1, 3, 1.0), (14, 3, 2.3)])
def test_the_optimum_by_trying_all(agents, nights, c):
    every = [x for x in itertools.product(range(agents + 1), repeat=nights) if sum(x) == agents]
    best, x = credit.optimum(agents, nights, c)
    assert best == pytest.approx(max(sum(phi(k, c) for k in one) for one in every))
    assert credit.world(x, c) == pytest.approx(best) and x.sum() == agents and np.all(np.diff(x) >= 0) and x.dtype == np.int64


def test_seventy_agents_and_seven_nights():
    best, x = credit.optimum(70, 7, 4.0)
    assert x.tolist() == [4] * 6 + [46] and best == pytest.approx(24 / math.e + 46 * math.exp(-11.5))
    assert credit.crowd(70, 7, 4.0) == pytest.approx(70 * math.exp(-2.5))


@pytest.mark.parametrize("agents, nights", [(7, 3), (9, 3), (2, 4)])
def test_a_crowd_where_nobody_gains_by_another_night(agents, nights):
    worth = set()
    for x in itertools.product(range(agents + 1), repeat=nights):
        if sum(x) == agents and all(x[j] + 1 >= x[i] for i in range(nights) if x[i] for j in range(nights) if j != i):
            worth.add(round(sum(phi(k) for k in x), 10))
    assert worth == {round(credit.crowd(agents, nights, C), 10)}


def test_what_is_expected_by_every_joint_choice():
    exact = sum(chance(choice, MIXED) * sum(phi(k) for k in counts(choice, 3)) for choice in choices(5, 3))
    assert credit.expected(MIXED, C) == pytest.approx(exact, rel=1e-12)
    np.testing.assert_allclose(credit.expected(np.stack([MIXED, MIXED[::-1]]), C), exact)
    pure = np.eye(3)[[0, 0, 2, 1, 0]]
    assert credit.expected(pure, C) == pytest.approx(phi(3) + 2 * phi(1))


def test_the_gradient_of_the_one_loss_is_its_slope():
    theta, h = np.log(MIXED), 1e-5

    def worth(theta):
        return credit.expected(np.exp(theta) / np.exp(theta).sum(axis=1, keepdims=True), C)

    found = credit.gradient(MIXED, C)
    for at in np.ndindex(*MIXED.shape):
        step = np.zeros(MIXED.shape)
        step[at] = h
        assert found[at] == pytest.approx((worth(theta + step) - worth(theta - step)) / (2 * h), abs=1e-8)


def test_the_one_loss_teaches_each_agent_its_difference_reward():
    """The identity: exact, by all 243 joint choices. The local reward teaches something else."""
    exact = credit.gradient(MIXED, C)
    for kind in ("difference", "common"):
        np.testing.assert_allclose(credit.lesson(kind, MIXED, C)[0], exact, atol=1e-14)
    crowded = np.tile([0.4, 0.6], (12, 1))  # the local reward says: leave the fuller night; the loss: go there, all is lost there
    assert credit.lesson("local", crowded, 1.5)[0][0, 1] < -0.005 and credit.gradient(crowded, 1.5)[0, 1] > 0.005
    variance = {kind: credit.lesson(kind, MIXED, C)[1].sum() for kind in credit.REWARDS}
    assert variance["difference"] < variance["common"] / 5


@pytest.mark.parametrize("kind", credit.REWARDS)
def test_a_lesson_by_hand(kind):
    agents, nights = 3, 3
    p = MIXED[:agents]
    mean, square = np.zeros((agents, nights)), np.zeros((agents, nights))
    for choice in choices(agents, nights):
        for agent in range(agents):
            for night in range(nights):
                said = told(kind, choice, agent) * ((choice[agent] == night) - p[agent, night])
                mean[agent, night] += chance(choice, p) * said
                square[agent, night] += chance(choice, p) * said**2
    found = credit.lesson(kind, p, C)
    np.testing.assert_allclose(found[0], mean, atol=1e-14)
    np.testing.assert_allclose(found[1], square - mean**2, atol=1e-14)


def exactly_factored(kind, policies):
    agents, nights = policies.shape
    agree = 0.0
    for choice in choices(agents, nights):
        for agent in range(agents):
            for night in set(range(nights)) - {choice[agent]}:
                moved = (*choice[:agent], night, *choice[agent + 1:])
                own = told(kind, moved, agent) - told(kind, choice, agent)
                whole = told("common", moved, agent) - told("common", choice, agent)
                same = abs(own) < 1e-12 and abs(whole) < 1e-12 or own * whole > 1e-24
                agree += same * chance(choice, policies) / agents / (nights - 1)
    return agree


@pytest.mark.parametrize("kind", credit.REWARDS)
def test_factored_by_every_choice_and_move(kind, seed):
    exact, weeks = exactly_factored(kind, MIXED), 4000
    assert exact == pytest.approx(1) if kind != "local" else 0.2 < exact < 0.8
    found = credit.factored(kind, MIXED, C, weeks, np.random.default_rng(seed))
    assert abs(found - exact) <= 5 * math.sqrt(max(0, exact * (1 - exact)) / weeks) + 1e-9


def exactly_learnable(kind, policies):
    """Var E[reward | own choice] / Var reward, on average over the agents."""
    agents, nights = policies.shape
    shares = []
    for agent in range(agents):
        first, second = np.zeros(nights), 0.0
        for choice in choices(agents, nights):
            reward = told(kind, choice, agent)
            first[choice[agent]] += chance(choice, policies) * reward
            second += chance(choice, policies) * reward**2
        mean = first.sum()
        shares.append(((first**2 / policies[agent]).sum() - mean**2) / (second - mean**2))
    return float(np.mean(shares))


@pytest.mark.parametrize("kind", credit.REWARDS)
def test_learnable_by_every_choice(kind, seed):
    weeks = 20_000
    found = credit.learnable(kind, MIXED, C, weeks, np.random.default_rng(seed))
    # The error of a correlation ratio r is at most about 2 sqrt(r (1 - r) / weeks), and the rewards are far from normal.
    exact = exactly_learnable(kind, MIXED)
    assert abs(found - exact) < 5 * 2 * math.sqrt(exact / weeks)


def test_one_s_own_share_of_the_common_reward_is_one_in_n(seed):
    rng = np.random.default_rng(seed)
    for agents, weeks in ((100, 2000), (400, 200)):
        alike = np.tile([0.1, 0.2, 0.7], (agents, 1))
        share = {kind: credit.learnable(kind, alike, agents / 3, weeks, rng) for kind in credit.REWARDS}
        # Each agent's estimate of so small a share has a standard error of about sqrt(2 (nights - 1)) / weeks.
        assert abs(share["common"] * agents - 1) < 0.1 + 5 * agents * (2 / weeks) / math.sqrt(agents)
        assert share["difference"] > 0.85 and share["local"] > 0.9


def slowly(kind, agents, nights, c, weeks, rng, rate):
    """`teach` for one run, one number at a time."""
    theta = rng.normal(0, 0.1, (1, agents, nights))[0]
    baseline = None
    for _ in range(weeks):
        p = np.exp(theta) / np.exp(theta).sum(axis=1, keepdims=True)
        lots = rng.random((1, agents))[0]
        choice = tuple(int(np.searchsorted(p[i].cumsum(), lots[i])) for i in range(agents))
        reward = [told(kind, choice, i, nights) for i in range(agents)]
        baseline = list(reward) if baseline is None else baseline
        for i in range(agents):
            for night in range(nights):
                theta[i, night] += rate * (reward[i] - baseline[i]) * ((choice[i] == night) - p[i, night])
            baseline[i] += 0.05 * (reward[i] - baseline[i])
    return np.exp(theta) / np.exp(theta).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("kind", credit.REWARDS)
def test_thirty_weeks_by_hand(kind):
    found = credit.teach(kind, 6, 4, C, 30, np.random.default_rng(5), rate=0.7, every=10)
    by_hand = slowly(kind, 6, 4, C, 30, np.random.default_rng(5), 0.7)
    np.testing.assert_allclose(found.policies[0], by_hand, atol=1e-10)
    assert found.worth.shape == (1, 4) and found.worth[0, -1] == pytest.approx(credit.expected(by_hand, C))


def test_the_central_twin_takes_exact_steps_uphill():
    start = credit.teach("central", 6, 4, C, 0, np.random.default_rng(5), runs=2)
    found = credit.teach("central", 6, 4, C, 1, np.random.default_rng(5), runs=2, rate=0.3)
    theta = np.log(start.policies) + 0.3 * credit.gradient(start.policies, C)
    np.testing.assert_allclose(found.policies, np.exp(theta) / np.exp(theta).sum(axis=-1, keepdims=True))
    assert np.all(np.diff(credit.teach("central", 6, 4, C, 50, np.random.default_rng(5)).worth) > 0)


def test_who_learns_the_common_task(seed):
    """Seventy agents: difference and central come to the optimum, local falls below what a die would do."""
    best, last = credit.optimum(70, 7, 4.0)[0], {}
    for kind, rate, weeks in (("difference", 8, 400), ("central", 32, 400), ("local", 8, 400), ("common", 1, 100)):
        found = credit.teach(kind, 70, 7, 4.0, weeks, np.random.default_rng(seed), runs=2, rate=rate, every=weeks)
        last[kind] = found.worth[:, -1] / best
        die = found.worth[:, 0] / best
    assert last["difference"].min() > 0.97 and last["central"].min() > 0.97
    assert last["local"].max() < die.min() and last["local"] == pytest.approx(credit.crowd(70, 7, 4.0) / best, abs=0.02)
    assert last["common"].max() < 0.9


@pytest.mark.parametrize("call, message", [
    (lambda: credit.world([-1, 2], 1), r"x=\[-1, 2\]"),
    (lambda: credit.world([1, 2], 0), r"c=0: must be finite and in \[0.01"),
    (lambda: credit.rewards("global", [1], 1), r"kind='global': must be one of 'local', 'common', 'difference'"),
    (lambda: credit.rewards("local", [-1], 1), r"x=\[-1\]"),
    (lambda: credit.rewards("local", [1], -1), r"c=-1"),
    (lambda: credit.optimum(0, 3, 1), r"agents=0"),
    (lambda: credit.optimum(3, 1, 1), r"nights=1"),
    (lambda: credit.optimum(3, 2, 0), r"c=0"),
    (lambda: credit.crowd(3, 1, 1), r"nights=1"),
    (lambda: credit.crowd(0, 2, 1), r"agents=0"),
    (lambda: credit.expected([[0.5, 0.6]], 1), r"policies of shape \(1, 2\): must be \(..., agents, nights\), each summing to one"),
    (lambda: credit.expected([0.5, 0.5], 1), r"policies of shape \(2,\)"),
    (lambda: credit.expected(MIXED, 0), r"c=0"),
    (lambda: credit.gradient(MIXED, -1), r"c=-1"),
    (lambda: credit.lesson("local", np.full((10, 3), 1 / 3), 1), r"there are 59049 joint choices; must be at most 20,000"),
    (lambda: credit.lesson("own", MIXED, 1), r"kind='own'"),
    (lambda: credit.lesson("local", [MIXED], 1), r"policies of shape \(1, .*: must be \(agents, nights\)"),
    (lambda: credit.factored("local", [[1.0]], 1, 9, None), r"policies of shape \(1, 1\): must be .* two nights"),
    (lambda: credit.learnable("local", np.zeros((0, 2)), 1, 9, None), r"policies of shape \(0, 2\): must be .* at least one agent"),
    (lambda: credit.learnable("difference", [[1, 0]], 1, 9, np.random.default_rng(0)), r"policies, c=1: the reward of agent 0 never varies"),
    (lambda: credit.factored("local", MIXED, 1, 0, None), r"weeks=0"),
    (lambda: credit.learnable("local", MIXED, 1, 3, None), r"weeks=3"),
    (lambda: credit.teach("team", 5, 3, 1, 1, None), r"kind='team': must be one of 'local', 'common', 'difference', 'central'"),
    (lambda: credit.teach("local", 0, 3, 1, 1, None), r"agents=0"),
    (lambda: credit.teach("local", 5, 1, 1, 1, None), r"nights=1"),
    (lambda: credit.teach("local", 5, 3, 0, 1, None), r"c=0"),
    (lambda: credit.teach("local", 5, 3, 1, -1, None), r"weeks=-1"),
    (lambda: credit.teach("local", 5, 3, 1, 1, None, rate=0), r"rate=0"),
    (lambda: credit.teach("local", 5, 3, 1, 1, None, every=0), r"every=0"),
    (lambda: credit.teach("local", 5, 3, 1, 1, None, runs=0), r"runs=0"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
