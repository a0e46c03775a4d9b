"""Teams that learn to act together: agents tell neighbours what they learn, or are told by one critic who hears all."""
import copy
import functools

import numpy as np

from .. import checks, consensus, marl, networked
from . import Pair

AGENTS, BEST = networked.AGENTS, np.array(networked.BEST)  # of a team; what they could earn, a team in each of `marl`'s worlds 0 to 7
TEAMS = len(BEST)
CRITIC, ACTOR = 0.51, 0.85  # powers of the steps
BOLD, WARM = 3000.0, 100  # factor of the actors' steps; steps before all in which critics learn, and no actor
STEPS, MENDING = 600, 100  # of learning for a quality; of a round
REWARD = np.sqrt((4**2 + 1) / 12)  # standard deviation of one, U(0, 4) + U(-1/2, 1/2)
HUGE = 1e100  # disturbed again and again critics grow without bound; no number gets larger


@functools.cache
def worlds():
    """(World, P, R, J of acting by lot): a run of `marl` for each team; R (TEAMS, S, 2^n), the mean over its agents."""
    world = marl.world(AGENTS, np.arange(TEAMS, dtype=np.int64))
    P, R, _ = marl.tables(world)
    R = R.mean(axis=-1)
    return world, P, R, marl.average_return(P, R, np.full(R.shape, 0.5**AGENTS))


def learned(p):
    """Share of the way from acting by lot to BEST, (TEAMS,), of agents who play 1 with chances p (n, TEAMS, S)."""
    p = checks.probability("p", p)
    if p.shape != (AGENTS, TEAMS, marl.STATES):
        raise ValueError(f"p of shape {p.shape}: must have shape ({AGENTS}, {TEAMS}, {marl.STATES})")
    _, P, R, by_lot = worlds()
    return (marl.average_return(P, R, marl.joint(p)) - by_lot) / (BEST - by_lot)


class Neighbours:
    """Networked actor-critics (Zhang, Yang, Liu, Zhang & Basar 2018): each has its own critic, and in each step all
    average theirs with their neighbours'.

    Who is lost plays 0 for ever, and nobody hears it, or of what it earns; where a team falls apart each part goes on
    by itself. Agent i of team k is part i TEAMS + k.
    """

    parts = AGENTS * TEAMS
    learner = marl.Team

    def __init__(self, rng):
        self.rng = rng
        self.edges = [marl.random_links(AGENTS, rng) for _ in range(TEAMS)]
        self.there = np.ones((AGENTS, TEAMS), bool)
        self.team = self.learner(worlds()[0], None, critic="additive", critic_power=CRITIC, actor_power=ACTOR,
                                 actor_scale=0.0)
        self.bytes = self._bytes()
        self._learn(self.team, WARM, 0.0)
        self.team.scale = BOLD

    def _bytes(self):
        """In a step a critic goes each way over each link: in each state a number, and one more for each agent."""
        return 8 * 2 * sum(map(len, self.edges)) * self.team.w[0, 0].size

    def worst(self, count):
        """Whole teams, since the last agents of a team are missed more than the first; first those who would earn least
        if all of them played 0.
        """
        teams = learned(np.zeros((AGENTS, TEAMS, marl.STATES))).argsort(kind="stable").astype(np.int64)
        return (teams[:, np.newaxis] + TEAMS * np.arange(AGENTS, dtype=np.int64)).ravel()[:count]

    def lose(self, gone):
        self.there[np.unravel_index(gone, self.there.shape)] = False

    def mend(self):
        """They learn on for some steps."""
        self._learn(self.team, MENDING, 0.0)

    def _learn(self, team, steps, noise):
        draws = self.rng.random((steps, 1 + 2 * AGENTS, TEAMS))
        draws[:, 1 + AGENTS:][:, ~self.there] = 1.0  # no chance is as large: who is lost plays 0
        self._tell(team, draws[:, 1:1 + AGENTS], noise)
        for one in draws:
            team.step(one)

    def _tell(self, team, rewards, noise):
        """What is heard while `team` learns."""
        W = self._hears()
        heard = noise * np.sqrt((W**2).sum(axis=2) - W.diagonal(axis1=1, axis2=2) ** 2).T[..., np.newaxis, np.newaxis]
        # The lost do not count for the standard deviation; where nobody is left, and nobody hears, it needs numbers.
        counted = (self.there | ~self.there.any(axis=0))[..., np.newaxis, np.newaxis]

        def listen(w):
            mixed = _mix(W, w)
            if noise:  # of the messages that an agent hears in a step: together one normal number of this size
                mixed += heard * w.std(axis=(0, 2, 3), keepdims=True, where=counted) * self.rng.standard_normal(w.shape)
                np.clip(mixed, -HUGE, HUGE, out=mixed)
            return mixed

        team.listen = listen

    def _hears(self):
        """W (TEAMS, n, n): the weights that neighbours agree on."""
        W = np.tile(np.eye(AGENTS), (TEAMS, 1, 1))
        for one, edges, there in zip(W, self.edges, self.there.T, strict=True):
            links = edges[there[edges].all(axis=1)]
            if len(links):
                one[:] = consensus.matrix(AGENTS, links, consensus.weights(AGENTS, links))
        return W

    def quality(self, noise):
        """Of the policies after STEPS more of learning, on a copy: the share of the way from acting by lot to the best
        that such policies could earn, by their exact return; mean over the teams.
        """
        team = copy.deepcopy(self.team)
        self._learn(team, STEPS, noise)
        return float(learned(marl.play(team.world, team.theta) * self.there[..., np.newaxis]).mean())


def _mix(W, w):
    """Each team's critics w (n, TEAMS, ...) by its weights W (TEAMS, n, n)."""
    return (W @ w.reshape(AGENTS, TEAMS, -1).transpose(1, 0, 2)).transpose(1, 0, 2).reshape(w.shape)


class Told(marl.Team):
    """Agents who do not know their worth: each is told how much better for the team its 1 would be than its 0."""

    def _own(self, worth):
        return self.hear(super()._own(worth))


class Critic(Neighbours):
    """One critic, the last part, hears in each step what each agent of each team earns, and tells each what its actions
    are worth to its team. Without it actors stay as they are.

    As in `marl.run`, the critic of a team is the mean of what its agents would each hold.
    """

    parts = AGENTS * TEAMS + 1
    learner = Told

    def __init__(self, rng):
        self.critic = True
        super().__init__(rng)

    def _bytes(self):
        return 8 * 2 * AGENTS * TEAMS

    def worst(self, count):
        """The critic, then whole teams."""
        return np.append(self.parts - 1, super().worst(count))[:count]

    def lose(self, gone):
        self.critic &= self.parts - 1 not in gone
        super().lose(gone[gone < self.parts - 1])

    def _learn(self, team, steps, noise):
        if self.critic:
            super()._learn(team, steps, noise)

    def _tell(self, team, rewards, noise):
        super()._tell(team, rewards, 0.0)
        counted = self.there | ~self.there.any()

        def hear(worths):
            if noise:
                worths = worths + noise * worths.std(where=counted) * self.rng.standard_normal(worths.shape)
            return worths

        team.hear = hear
        if noise:
            rewards += noise * REWARD * self.rng.standard_normal(rewards.shape)

    def _hears(self):
        left = self.there.T[:, np.newaxis].astype(float)
        return np.repeat(left / np.maximum(left.sum(axis=2, keepdims=True), 1), AGENTS, axis=1)


PAIR = Pair(
    Neighbours, Critic, chapter="07_agents", twin="one critic who hears what all earn",
    task=f"learn to act together, {TEAMS} teams of {AGENTS}", parts="agents, or agents and the one critic",
    signal="a number of a neighbour's critic; a reward that the one critic hears, and the worth that it tells",
    quality=f"return after {STEPS} steps of learning: 0 of acting by lot; 1 of the best known policies of the form",
    round=f"{MENDING} steps of learning; without the one critic nobody learns")
