"""Agents who learn together and tell each other nothing but what they have learned (Zhang, Yang, Liu, Zhang & Basar 2018).

All see the state and everybody's actions; what an action earns each of them it alone sees. They want the mean of what
they earn, the team's return, to be large in the long run.

Notation
    n, S       agents, states; every agent has the actions 0 and 1, so that there are 2^n joint actions a
    runs       random worlds that are learned side by side, each with its own seed: a leading axis of what is returned
    P, R       P(s' | s, a): U(0, 1) + 1e-5, scaled to sum to one; R_i(s, a): U(0, 4); a reward is R_i + U(-1/2, 1/2)
    theta      (n, runs, 5): agent i plays 1 with probability p_i(s) = 1 / (1 + exp(-theta_i . slope_i(s))), the Boltzmann
               policy with features q_i(s, a_i), U(0, 1): slope_i(s) = q_i(s, 1) - q_i(s, 0)
    w_i        what agent i believes of the team: Q(s, a) = w_i . phi(s, a), with its own w_i
    mu_i       its running mean of its own reward
    J          the team's return per step, in the long run, of a policy
Algorithm 1, at time t = 1, 2, ... with steps b = t^-critic_power, c = actor_scale t^-actor_power:
    delta_i = r_i - mu_i + Q(s', a'; w_i) - Q(s, a; w_i);   mu_i <- (1 - b) mu_i + b r_i
    theta_i <- theta_i + c A_i grad log pi_i(a_i | s),  A_i = Q(s, a; w_i) less its mean over the agent's own action
    w_i <- mean over the neighbours j, by the weights of `consensus`, of w_j + b delta_j phi(s, a)
Algorithm 2 has V(s) = v_i . phi(s) in place of Q, and a guess of the team's reward lambda_i . phi(s, a), learned by least
squares from the agent's own rewards; in the actor's step the guess stands in for the reward: lambda . phi - mu_i +
V(s') - V(s). v, lambda and mu go round.
Whatever the links, the mean of all w_i moves exactly as one central critic's would that sees everybody's reward.
"""
from typing import NamedTuple

import numpy as np

from . import checks, consensus

STATES, FEATURES, POLICY = 20, 10, 5  # the paper's
REGIMES = ("networked", "central", "alone")
CRITICS = ("random", "tabular", "additive")
MOST = 10  # agents whose 2^n joint actions are ever written down
DENSE = 64  # agents up to which a round is one product of matrices


class World(NamedTuple):
    """Random worlds of n agents, (runs,) of them; nothing of the size 2^n is kept."""

    n: int
    keys: np.ndarray  # (runs,) uint64
    slopes: np.ndarray  # (n, runs, S, 5)
    about: np.ndarray  # (runs, S, 10): phi(s)


# --- worlds that are drawn where they are looked at -------------------------------------------------------

GAMMA = np.uint64(0x9E3779B97F4A7C15)
MIX = [(np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB))]
LAST = np.uint64(31)
APART = 2**62  # codes from here on are for what depends on the state alone
PLACES = GAMMA * np.arange(1, 257, dtype=np.uint64)
HALF = 2.0**-32


def _mix(z):
    """splitmix64's finaliser (Steele, Lea & Flood 2014) of uint64 z, in place."""
    for shift, factor in MIX:
        z ^= z >> shift
        z *= factor
    z ^= z >> LAST
    return z


def _keys(keys, code):
    """A key for each whole number of `code`, int64 (..., runs), by the runs' own `keys`."""
    return _mix(code.view(np.uint64) * GAMMA ^ keys)


def _uniform(keys, count):
    """`count` numbers, U(0, 1), of every key: (..., count). Two of a word."""
    return _mix(keys[..., np.newaxis] + PLACES[:(count + 1) // 2]).view(np.uint32)[..., :count] * HALF


def world(n, seeds):
    """World of n agents, one for each of the `seeds`, whole numbers (runs,)."""
    n, seeds = checks.count("n", n, 2), np.atleast_1d(checks.counts("seeds", seeds, 0))
    if n > 40:
        raise ValueError(f"n={n}: must be at most 40")
    if seeds.ndim != 1 or not seeds.size:
        raise ValueError(f"seeds of shape {seeds.shape}: must be one number or (runs,), at least one")
    keys = _mix((seeds.astype(np.uint64) + np.uint64(1)) * GAMMA)
    code = APART + np.arange(2 * STATES, dtype=np.int64)[:, np.newaxis]
    apart = _keys(keys, code)  # (2 S, runs)
    q = _uniform(apart[:STATES], 2 * n * POLICY).reshape(STATES, len(keys), n, 2, POLICY)
    return World(n, keys, (q[:, :, :, 1] - q[:, :, :, 0]).transpose(2, 1, 0, 3).copy(),
                 _uniform(apart[STATES:], FEATURES).transpose(1, 0, 2).copy())


def _look(world, state, joint):
    """phi(s, a) (m, runs, 10) of joint actions (m, runs); of the first of them the weights of P, (runs, S), and R / 4, (runs, n)."""
    keys = _keys(world.keys, joint * STATES + state)
    near, far = FEATURES // 2, (STATES + world.n + 1) // 2
    words = np.empty(keys.size * near + keys.shape[1] * far, np.uint64)
    np.add(keys.reshape(-1, 1), PLACES[:near], out=words[:keys.size * near].reshape(-1, near))
    np.add(keys[0][:, np.newaxis], PLACES[near:near + far], out=words[keys.size * near:].reshape(-1, far))
    u = _mix(words).view(np.uint32) * HALF
    answer = u[keys.size * FEATURES:].reshape(-1, 2 * far)
    phi = u[:keys.size * FEATURES].reshape(*keys.shape, FEATURES)
    return phi, answer[:, :STATES] + 1e-5, answer[:, STATES:STATES + world.n]


class Tables(NamedTuple):
    """Everything of a World, for few agents. Joint action a is the number whose bit i is a_i."""

    P: np.ndarray  # (runs, S, 2^n, S)
    R: np.ndarray  # (runs, S, 2^n, n)
    phi: np.ndarray  # (runs, S, 2^n, 10)


def tables(world):
    """Tables of a World; ValueError above ten agents."""
    if world.n > MOST:
        raise ValueError(f"n={world.n}: must be at most {MOST} to write down all 2^n joint actions")
    code = np.arange(2**world.n * STATES, dtype=np.int64)[:, np.newaxis]
    u = _uniform(_keys(world.keys, code), FEATURES + STATES + world.n)
    u = u.reshape(2**world.n, STATES, len(world.keys), -1).transpose(2, 1, 0, 3)
    P = u[..., FEATURES:FEATURES + STATES] + 1e-5
    return Tables(P / P.sum(axis=-1, keepdims=True), 4 * u[..., FEATURES + STATES:], u[..., :FEATURES].copy())


def _logistic(x):
    return 1 / (1 + np.exp(np.minimum(-x, 700.0)))  # e^710 is too large a number


def play(world, theta):
    """p (n, runs, S): each agent's probability of action 1, from theta (n, runs, 5)."""
    theta, shape = checks.finite("theta", theta), (*world.slopes.shape[:2], POLICY)
    if theta.shape != shape:
        raise ValueError(f"theta of shape {theta.shape}: must be {shape}")
    return _logistic(np.matmul(world.slopes, theta[..., np.newaxis])[..., 0])


def joint(p):
    """Probabilities of the joint actions, (..., 2^n), of independent agents; p (n, ...), n at most ten."""
    p = checks.probability("p", p)
    if not p.ndim or len(p) > MOST:
        raise ValueError(f"p of shape {p.shape}: must be (n, ...), n at most {MOST}, to write down all 2^n joint actions")
    found = np.ones((*p.shape[1:], 1))
    for one in p[..., np.newaxis]:
        found = np.concatenate([found * (1 - one), found * one], axis=-1)
    return found


def average_return(P, R, policy):
    """J (runs,) of joint policies (runs, S, 2^n), from the stationary distribution.

    P (runs, S, 2^n, S) and R (runs, S, 2^n), or of one run if all policies are of the same world. `P` and `R` are
    trusted: as in Tables, R the mean over the agents.
    """
    policy = checks.probability("policy", policy)
    if policy.ndim != 3 or policy.shape[1:] != R.shape[1:] or 1 not in (len(policy), len(R)) and len(policy) != len(R):
        raise ValueError(f"policy of shape {policy.shape}: must be ({'' if len(R) == 1 else len(R)}, {R.shape[1]}, {R.shape[2]})")
    if np.any(np.abs(policy.sum(axis=-1) - 1) > 1e-9):
        raise ValueError("policy: the chances of a state's joint actions must sum to 1")
    moves = (policy[:, :, np.newaxis] @ P)[:, :, 0]
    flat = np.eye(P.shape[1]) - moves.transpose(0, 2, 1) + 1
    stay = np.linalg.solve(flat, np.ones((len(P), P.shape[1], 1)))[..., 0]
    return (stay * (policy * R).sum(axis=-1)).sum(axis=-1)


# --- links ------------------------------------------------------------------------------------------------


def random_links(n, rng):
    """2 (n - 1) links by lot, drawn again until the graph hangs together: the paper's connectivity ratio, 4 / n of all pairs."""
    n = checks.count("n", n, 2)
    pairs = np.column_stack(np.triu_indices(n, 1)).astype(np.int64)
    while True:
        edges = pairs[np.sort(rng.permutation(len(pairs))[:2 * (n - 1)])]
        if not consensus.parts(n, edges).any():
            return edges


def listener(n, edges):
    """A function that takes values (n, ...) to what a round of consensus makes of them, with Metropolis weights.

    Up to 64 agents by a matrix, above that link by link. ValueError for links to agents that there are not.
    """
    edges = checks.edges(n, edges)
    if not len(edges):
        return lambda values: values
    weights = consensus.weights(n, edges)
    if n <= DENSE:
        W = consensus.matrix(n, edges, weights)
        return lambda values: (W @ values.reshape(n, -1)).reshape(values.shape)
    own = 1 - np.bincount(edges.ravel(), np.repeat(weights, 2), n)
    hears = np.concatenate([edges[:, 0], edges[:, 1], np.arange(n, dtype=np.int64)])
    order = np.argsort(hears, kind="stable")
    said = np.concatenate([edges[:, 1], edges[:, 0], np.arange(n, dtype=np.int64)])[order]
    share = np.concatenate([weights, weights, own])[order]
    first = np.searchsorted(hears[order], np.arange(n, dtype=np.int64))

    def listen(values):  # number by number, which stays in the cache
        numbers = np.ascontiguousarray(values.reshape(n, -1).T)
        return np.stack([np.add.reduceat(one[said] * share, first) for one in numbers], axis=1).reshape(values.shape)

    return listen


def everybody(values):
    """A round in which all hear all: what one central critic would hold that sees everybody's reward.

    values (n, ...), n at least 1.
    """
    values = checks.numbers("values", values)
    if not values.ndim or not len(values):
        raise ValueError(f"values of shape {values.shape}: must be (n, ...), n at least 1")
    return np.broadcast_to(values.mean(axis=0), values.shape).copy()


# --- learning ---------------------------------------------------------------------------------------------


def steps_allowed(critic_power, actor_power):
    """The two powers, if steps t^-power do what the theorem asks; otherwise a ValueError that says which condition fails."""
    powers = {"critic_power": checks.one_number("critic_power", critic_power),
              "actor_power": checks.one_number("actor_power", actor_power)}
    for name, power in powers.items():
        if power > 1:
            raise ValueError(f"{name}={power:g}: must be at most 1, or the steps t^-{power:g} have a finite sum and learning stalls")
        if power <= 0.5:
            raise ValueError(f"{name}={power:g}: must be above 1/2, or the squares of the steps t^-{power:g} have no finite sum "
                             "and the noise never dies out")
    if actor_power <= critic_power:
        raise ValueError(f"actor_power={actor_power:g}: must be above critic_power={critic_power:g}, or the actor's step does not "
                         "vanish beside the critic's")
    return powers["critic_power"], powers["actor_power"]


class Team:
    """The agents of a World while they learn. `step` takes draws (1 + 2 n, runs), U(0, 1); `listen` is a round of consensus.

    critic: what Q is made of. "random", the paper's, 10 features U(0, 1) of every pair (s, a); "tabular", a number for each
    pair; "additive", in each state a number and one more for each agent who plays 1. For Algorithm 2 V is then phi(s), and
    with the other two a number for each state.
    """

    def __init__(self, world, listen, *, algorithm=1, critic="random", critic_power=0.65, actor_power=0.85, actor_scale=1.0):
        self.powers = steps_allowed(critic_power, actor_power)
        self.scale = checks.one_number("actor_scale", actor_scale, 0)
        self.algorithm = checks.one_of("algorithm", algorithm, (1, 2))
        self.critic = checks.one_of("critic", critic, CRITICS)
        n, runs = world.n, len(world.keys)
        if critic == "tabular" and n > MOST:
            raise ValueError(f"critic='tabular' with n={n}: must be at most {MOST} agents")
        self.world, self.listen, self.time = world, listen, 0
        self.rows, self.every = np.arange(runs, dtype=np.int64), np.arange(n, dtype=np.int64)[:, np.newaxis]
        self.bits = np.int64(1) << self.every
        self.turns = np.vstack([np.zeros((1, 1), np.int64), self.bits])  # nobody, or one agent, does otherwise
        self.theta, self.mu = np.zeros((n, runs, POLICY)), np.zeros((n, runs))
        shape = {"random": (FEATURES,), "tabular": (STATES * 2**n, 1), "additive": (STATES, 1 + n)}[critic]
        self.w = np.zeros((n, runs, *shape))  # lambda in Algorithm 2
        self.v = np.zeros((n, runs, *((FEATURES,) if critic == "random" else (STATES, 1)))) if algorithm == 2 else None
        self.earned = np.zeros(runs)  # the team's mean reward of the last step
        self.everywhere = world.slopes.reshape(n, -1, POLICY)
        self.slopes = world.slopes[:, :, 0]
        self._arrive(np.zeros(runs, np.int64), np.zeros((n, runs), bool))

    def _arrive(self, state, acts):
        """What there is at (s, a): the critics' features there, of Q (or lambda) and of V, and the world's answer."""
        world, self.state, self.acts = self.world, state, acts
        self.number = (acts * self.bits).sum(axis=0)
        flips = self.algorithm == 1 and self.critic == "random"
        phi, self.chances, self.means = _look(world, state, self.number ^ (self.turns if flips else self.turns[:1]))
        if self.critic == "random":
            self.at, self.seen, self.other = ..., phi[0], phi[1:]
        elif self.critic == "tabular":
            self.at, self.seen = (slice(None), self.rows, self.number * STATES + state), np.ones((len(self.rows), 1))
        else:
            self.at, self.seen = (slice(None), self.rows, state), np.vstack([np.ones((1, len(self.rows))), acts]).T
        if self.algorithm == 2:
            random = self.critic == "random"
            self.place = self.at if random else (slice(None), self.rows, state)
            self.about = world.about[self.rows, state] if random else np.ones((len(self.rows), 1))

    def _worth(self):
        """What each critic makes of where they are, (n, runs): Q, or V in Algorithm 2."""
        if self.algorithm == 1:
            return np.einsum("irk,rk->ir", self.w[self.at], self.seen)
        return np.einsum("irk,rk->ir", self.v[self.place], self.about)

    def _own(self, worth):
        """Q of the agent's own action 1 less that of its own action 0, all else as it was, (n, runs)."""
        if self.critic == "additive":
            return self.w[self.every, self.rows, self.state, 1 + self.every]
        if self.critic == "random":
            other = np.einsum("irk,irk->ir", self.w, self.other)
        else:
            other = self.w[self.every, self.rows, (self.number ^ self.bits) * STATES + self.state, 0]
        return np.where(self.acts, worth - other, other - worth)

    def _p(self, slopes):
        return _logistic(np.einsum("irk,irk->ir", self.theta, slopes))

    def step(self, draws):
        n = self.world.n
        self.time += 1
        b, c = self.time ** -self.powers[0], self.scale * self.time ** -self.powers[1]
        summed = self.chances.cumsum(axis=1).T
        arrived = (summed < draws[0] * summed[-1]).sum(axis=0)
        reward = 4 * self.means.T + (draws[1:n + 1] - 0.5)
        self.earned = reward.sum(axis=0) / n

        slopes, at, seen, worth = self.slopes, self.at, self.seen, self._worth()
        score = self.acts - self._p(slopes)
        if self.algorithm == 1:
            advantage = score * self._own(worth)
        else:
            guess = np.einsum("irk,rk->ir", self.w[at], seen)
            place, about = self.place, self.about

        self.slopes = self.everywhere.take(self.rows * STATES + arrived, axis=1)
        self._arrive(arrived, draws[n + 1:] < self._p(self.slopes))
        ahead = self._worth() - worth - self.mu
        if self.algorithm == 1:
            self.w[at] += (b * (reward + ahead))[..., np.newaxis] * seen
        else:
            advantage = guess + ahead
            self.v[place] += (b * (reward + ahead))[..., np.newaxis] * about
            self.w[at] += (b * (reward - guess))[..., np.newaxis] * seen
        self.theta += (c * advantage * score)[..., np.newaxis] * slopes
        self.mu += b * (reward - self.mu)
        self.w = self.listen(self.w)
        if self.algorithm == 2:
            self.v, self.mu = self.listen(self.v), self.listen(self.mu)

    def disagreement(self):
        """Distance of a critic's parameters from the mean critic's: root mean square over the agents, (runs,)."""
        return np.sqrt((self.off() ** 2).mean(axis=0))

    def off(self):
        """The same of each agent, (n, runs)."""
        n, runs = self.mu.shape
        parts = [self.w] if self.algorithm == 1 else [self.w, self.v]
        return np.sqrt(sum(((part - part.mean(axis=0)) ** 2).reshape(n, runs, -1).sum(axis=-1) for part in parts))


class Run(NamedTuple):
    """What happened, at the `times` (k,): arrays (runs, k), and the policies (n, runs, 5) at the end.

    `sampled` is nan at time 0, `exact` for more than eight agents.
    """

    times: np.ndarray
    disagreement: np.ndarray
    sampled: np.ndarray  # the team's mean reward since the time before
    exact: np.ndarray  # J of the policy they hold
    theta: np.ndarray


def run(world, regime, steps, rng, *, edges=None, every=None, **settings):
    """Run of `steps` steps, recorded at 0 and after each `every`; settings as Team has them.

    regime: "networked", over the `edges` (m, 2), or (g, m, 2) for g graphs that take turns; "central", one critic that sees
    everybody's reward (every agent hears everybody); "alone", each with its own reward and no messages.
    """
    checks.one_of("regime", regime, REGIMES)
    steps = checks.count("steps", steps)
    every = steps if every is None else checks.count("every", every)
    n, runs = world.n, len(world.keys)
    if regime == "networked":
        if edges is None:
            raise ValueError("edges=None: a networked team must have links, (m, 2)")
        turns = [listener(n, one) for one in (edges if np.ndim(edges) == 3 else [edges])]
    else:
        turns = [everybody if regime == "central" else listener(n, np.zeros((0, 2), np.int64))]
    team = Team(world, turns[0], **settings)
    known = tables(world) if n <= 8 else None
    team_reward = known.R.mean(axis=-1) if known else None
    found, earned, last = [], np.zeros(runs), 0
    for time in range(steps + 1):
        if time % every == 0:
            exact = average_return(known.P, team_reward, joint(play(world, team.theta))) if known else np.full(runs, np.nan)
            found.append((time, team.disagreement(), earned / max(time - last, 1) if time else np.full(runs, np.nan), exact))
            earned, last = np.zeros(runs), time
        if time < steps:
            if time % 256 == 0:
                draws = rng.random((min(256, steps - time), 1 + 2 * n, runs))
            team.listen = turns[time % len(turns)]
            team.step(draws[time % 256])
            earned = earned + team.earned
    times, *recorded = zip(*found, strict=True)
    return Run(np.array(times, np.int64), *(np.array(one).T for one in recorded), team.theta)
