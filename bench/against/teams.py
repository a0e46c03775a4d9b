"""Networked actor-critics as they are written first: an object for each agent, that learns by itself; beside the book's, all at once.

Twenty agents and the world of one seed. An agent asks the world for the features of what all do, and of what they would do if it did
otherwise; the world answers all of them at once. With the same draws the loop must hold the same policies.
"""
import numpy as np
from race import faster, growth, grown, race

from helpers import consensus, marl

AGENTS, RUNS = 20, 64


class Learner:
    """An agent: its policy, its running mean, its critic, what it sees, and those it hears."""

    def __init__(self, number, shares):
        self.turns = np.array([0, 1 << number])[:, None]
        self.theta, self.mu, self.w = np.zeros(marl.POLICY), 0.0, np.zeros(marl.FEATURES)
        self.hears = np.flatnonzero(shares)
        self.shares = shares[self.hears]
        self.acts, self.slope, self.last = False, None, None

    def p(self, slope):
        return 1 / (1 + np.exp(-(self.theta @ slope)))

    def act(self, slope, draw):
        self.last = self.acts, self.slope
        self.acts, self.slope = draw < self.p(slope), slope

    def look(self, world, state, joint):
        """phi(s, a), and that of what it would be if it did otherwise."""
        self.before = self.phi if self.last else None
        keys = marl._keys(world.keys, (joint ^ self.turns) * marl.STATES + state)
        self.phi = marl._uniform(keys, marl.FEATURES)[:, 0]

    def learn(self, reward, b, c):
        """From what it saw before and sees now; returns what it says."""
        (acted, slope), (here, other), there = self.last, self.before, self.phi[0]
        worth = self.w @ here
        own = worth - self.w @ other if acted else self.w @ other - worth
        score = acted - self.p(slope)
        delta = reward - self.mu + self.w @ there - worth
        self.theta = self.theta + c * score * own * score * slope
        self.mu += b * (reward - self.mu)
        return self.w + b * delta * here

    def hear(self, said):
        self.w = self.shares @ said[self.hears]


class Loop:
    """Algorithm 1 with the paper's critics, in the first world of `world`."""

    def __init__(self, world, links):
        self.world, self.time, self.state = world, 0, 0
        W = consensus.matrix(world.n, links, consensus.weights(world.n, links))
        self.agents = [Learner(number, shares) for number, shares in enumerate(W)]
        for agent, slopes in zip(self.agents, world.slopes, strict=True):
            agent.slope = slopes[0, 0]
        self.arrive()

    def arrive(self):
        joint = sum(1 << i for i, agent in enumerate(self.agents) if agent.acts)
        _, chances, means = marl._look(self.world, np.array([self.state]), np.array([[joint]]))
        self.summed, self.means = chances[0].cumsum(), 4 * means[0]
        for agent in self.agents:
            agent.look(self.world, self.state, joint)

    def step(self, draws):
        n = self.world.n
        self.time += 1
        b, c = self.time**-0.65, self.time**-0.85
        self.state = int(np.searchsorted(self.summed, draws[0] * self.summed[-1]))
        rewards = self.means + draws[1:n + 1] - 0.5
        for agent, slopes, draw in zip(self.agents, self.world.slopes, draws[n + 1:], strict=True):
            agent.act(slopes[0, self.state], draw)
        self.arrive()
        said = np.array([agent.learn(reward, b, c) for agent, reward in zip(self.agents, rewards, strict=True)])
        for agent in self.agents:
            agent.hear(said)


def team(agents, runs, links):
    return marl.Team(marl.world(agents, range(runs)), marl.listener(agents, links))


def stepping(model, draws):
    """A function that steps, with draws that go round."""
    turn = iter(())

    def step():
        nonlocal turn
        draw = next(turn, None)
        if draw is None:
            turn = iter(draws)
            draw = next(turn)
        model.step(draw)
    return step


def check(steps=300):
    """The loop learns what the book's agents learn."""
    rng = np.random.default_rng(1)
    links, draws = marl.random_links(AGENTS, rng), rng.random((steps, 1 + 2 * AGENTS, 1))
    book, loop = team(AGENTS, 1, links), Loop(marl.world(AGENTS, [0]), links)
    for draw in draws:
        book.step(draw)
        loop.step(draw[:, 0])
    for name in ("theta", "mu", "w"):
        assert np.allclose([getattr(agent, name) for agent in loop.agents], getattr(book, name)[:, 0], atol=1e-9), name
    assert np.abs(book.theta).max() > 0.01


def rows():
    check()
    rng = np.random.default_rng(1)
    links, draws = marl.random_links(AGENTS, rng), rng.random((500, 1 + 2 * AGENTS, RUNS))
    alone, many, loop = team(AGENTS, 1, links), team(AGENTS, RUNS, links), Loop(marl.world(AGENTS, [0]), links)
    one = draws[:, :, :1].copy()
    times = race({"book": (lambda: stepping(alone, one), 500), "many": (lambda: stepping(many, draws), 300),
                  "a loop over agents": (lambda: stepping(loop, one[:, :, 0]), 100)}, 11)
    yield faster(f"networked actor-critic, {AGENTS} agents, one run, a step", "a loop over agents", times, 12)
    yield faster(f"networked actor-critic, {AGENTS} agents, {RUNS} runs at once, a run's step", "a loop over agents",
                 times | {"book": times["many"] / RUNS}, 150)

    def of(agents):
        return stepping(team(agents, RUNS, marl.random_links(agents, np.random.default_rng(1))),
                        np.random.default_rng(1).random((200, 1 + 2 * agents, RUNS)))
    yield grown(f"networked actor-critic: exponent of a step's time in the agents, 5 to 40, {RUNS} runs at once",
                growth(of, (5, 10, 20, 40)), 1.15)
