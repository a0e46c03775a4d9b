"""A society of bidders: at each state the moves themselves bid for the right to act, and no centre chooses.

Notation
    moves      (S, A): where action a leads from state s; END, that the episode is over
    rewards    (S, A): r, which the winner collects
    gamma      discount, in [0, 1): of what a buyer pays its seller gets the share gamma
    agents     n = A x clones; agent i makes the move i % A, so that i and i + A are twins
    values     q (runs, S, n): what agent i believes that acting at s is worth to it
    price      of a state: what the winner of its auction pays
    Q*         (S, A) of value iteration, the centre's optimum
The winner at s acts, and sells the next state to the winner there. It earns r + gamma (what the next winner's auction
brings the seller) less the price it paid; losers get 0. Chang, Kaushik, Weinberg, Griffiths & Levine 2020; the three ways
to pay are those of their code: "second price" (credit-conserving Vickrey: paid and received is the second bid), "first
price" (bucket brigade: the first), "unbalanced" (Vickrey: the second is paid, the first received). Their bidders are nets
trained by PPO; ours are tables. The worlds `bandit`, `chain` and `duality` have the
moves and rewards of their code; gamma is ours.
"""
from typing import NamedTuple

import numpy as np

from . import checks

END = -1
AUCTIONS = ("second price", "first price", "unbalanced")
SPREAD = 0.01  # of the values at the start, so that no two are equal
EXACT = 1e-10  # how far from its fixed point an iteration may end


class World(NamedTuple):
    """A decision process whose moves are certain: moves, rewards (S, A), the state to start from, gamma."""

    moves: np.ndarray
    rewards: np.ndarray
    start: int
    gamma: float


def world(moves, rewards, start=0, gamma=0.9):
    """A World. Raises ValueError for shapes that do not fit, moves to no state, gamma not in [0, 1)."""
    moves, rewards = checks.counts("moves", moves, END), checks.finite("rewards", rewards, -1e6, 1e6)
    if moves.ndim != 2 or moves.size == 0 or moves.shape != rewards.shape:
        raise ValueError(f"moves, rewards of shapes {moves.shape}, {rewards.shape}: must be alike, (S, A)")
    start = checks.count("start", start, 0)
    if max(start, moves.max()) >= len(moves):
        raise ValueError(f"start={start}, moves up to {moves.max()}: there are {len(moves)} states, from 0; {END} is the end")
    return World(moves, rewards, start, checks.one_number("gamma", gamma, 0, 1, open_high=True))


def bandit(gamma=0.9):
    """One state, four actions that end the episode, rewards 0.2, 0.4, 0.6 and 0.8."""
    return world([[END] * 4], [[0.2, 0.4, 0.6, 0.8]], gamma=gamma)


def chain(length=6, gamma=0.9):
    """Left or right along `length` places from the first; reaching the last brings 0.8 and ends the episode."""
    length = checks.count("length", length, 2)
    place = np.arange(length - 1, dtype=np.int64)
    moves, rewards = np.column_stack([np.maximum(place - 1, 0), place + 1]), np.zeros((length - 1, 2))
    moves[-1, 1], rewards[-1, 1] = END, 0.8
    return world(moves, rewards, gamma=gamma)


def duality(gamma=0.9):
    """Two states; each agent sells to the other or ruins it. 0.5 a step for taking turns, 0.3 for one that stays.

    In state 0 action 1 leads to state 1 (0.5), action 0 for good into state 2 (-1 a step); in state 1 action 0 leads to
    state 0 (0.5), action 1 stays (0.3).
    """
    return world([[2, 1], [0, 1], [2, 2]], [[0, 0.5], [0.5, 0.3], [-1, -1]], gamma=gamma)


def fixed_point(world, *, able=None, rank=1):
    """Q (S, A) with Q = r + gamma (the rank-th greatest of the bids at the next state), by iteration.

    able (n,), n a multiple of A, by default A agents who are all there: agent i bids Q of the move i % A. rank=1 is Q*
    (Bellman), whoever bids. rank=2 is what honest bidders come to believe under a second price: the next state is worth
    to its seller what the runner-up there would pay, if there is one, and 0 if not.
    """
    able, rank = _able(able, world.moves.shape[1]), checks.count("rank", rank)
    agents, q = np.flatnonzero(able) % world.moves.shape[1], np.zeros(world.moves.shape)
    while True:
        # END, which is -1, finds the 0 at the end
        price = np.append(np.sort(q[:, agents], axis=1)[:, -rank] if rank <= agents.size else np.zeros(len(q)), 0.0)
        after = world.rewards + world.gamma * price[world.moves]
        if np.abs(after - q).max() <= EXACT * (1 - world.gamma):
            return after
        q = after


def _able(able, actions):
    if able is not None:
        checks.numbers("able", able)
    able = np.ones(actions, bool) if able is None else np.asarray(able)
    if able.dtype != bool or able.ndim != 1 or able.size == 0 or able.size % actions or not able.any():
        raise ValueError(f"able={able!r}: must be (n,) truth values, n a multiple of {actions}, one of them true")
    return able


def returns(world, policy):
    """Discounted return from the start of each policy: actions (..., S), exactly; shape (...,)."""
    policy = checks.counts("policy", policy, 0)
    if policy.ndim == 0 or policy.shape[-1] != len(world.moves) or policy.max(initial=0) >= world.moves.shape[1]:
        raise ValueError(f"policy of shape {policy.shape}: must hold an action below {world.moves.shape[1]} for each of {len(world.moves)} states")
    state, total, left = np.full(policy.shape[:-1], world.start, np.int64), np.zeros(policy.shape[:-1]), 1.0
    most = max(np.abs(world.rewards).max(), EXACT) / (1 - world.gamma)
    while left * most > EXACT and np.any(state != END):
        there = state != END
        action = np.take_along_axis(policy, np.where(there, state, 0)[..., np.newaxis], axis=-1)[..., 0]
        total += np.where(there, left * world.rewards[state, action], 0.0)
        state = np.where(there, world.moves[state, action], END)
        left *= world.gamma
    return total


class Sale(NamedTuple):
    """For each row of bids: who won, what the winner pays, what the seller receives, the best losing bid; (...,)."""

    winner: np.ndarray
    paid: np.ndarray
    received: np.ndarray
    second: np.ndarray


def sell(bids, auction, lots=None, slips=None):
    """The auctions of bids (..., n), -inf for who may not bid. A winner without rivals has 0 for the second bid.

    lots (..., n): of equal best bids the one with the greatest lot wins; without lots the first. slips (...,): agents
    who win all the same by overbidding, as much as the best bid; -1 for none.
    """
    checks.one_of("auction", auction, AUCTIONS)
    bids = checks.numbers("bids", bids)
    if not bids.ndim or not bids.shape[-1]:
        raise ValueError(f"bids of shape {bids.shape}: must be (..., n), n at least 1")
    if lots is not None:
        lots = checks.numbers("lots", lots)
        if lots.shape != bids.shape:
            raise ValueError(f"lots of shape {lots.shape}: must be {bids.shape}, that of bids")
    if slips is not None:
        slips = checks.counts("slips", slips, -1)
        if slips.shape != bids.shape[:-1] or slips.max(initial=-1) >= bids.shape[-1]:
            raise ValueError(f"slips of shape {slips.shape}: must be {bids.shape[:-1]}, of agents below {bids.shape[-1]}, or -1")
    winner = bids.argmax(axis=-1) if lots is None else np.where(bids == bids.max(axis=-1, keepdims=True), lots, -1.0).argmax(axis=-1)
    if slips is not None:
        winner = np.where(slips >= 0, slips, winner)
    own = winner[..., np.newaxis] == np.arange(bids.shape[-1])
    second = np.where(own, -np.inf, bids).max(axis=-1)
    second = np.where(second == -np.inf, 0.0, second)
    first = np.maximum(np.where(own, bids, -np.inf).max(axis=-1), second) if bids.shape[-1] > 1 else bids[..., 0]
    return Sale(winner, first if auction == "first price" else second, second if auction == "second price" else first, second)


class Society:
    """`runs` societies side by side that learn to bid, in `world`, from what each agent itself earns.

    When the winner at s is paid, its value there moves by the share `alpha` towards what came in, r + gamma (received).
    Nobody else's value moves, but that of its twins if they learn "together", as clones do in Chang et al., whose nets
    are one; twins that learn "apart" start from other guesses, and each learns from what it wins. With probability `explore` a bidder drawn by lot overbids. Under a second or unbalanced
    price each bids its value, as is best against any rivals (Vickrey 1961). Under a first price it bids less, by a
    margin: a winner takes the share `shade` of what it bid more than was needed off its next bid there; a loser who would
    have gained at the price gives the share `shade` of its margin up; shade=0 is honest. At first
    all values lie a little above `hope`: if it is high, every move is tried until it disappoints. Episodes are cut at `limit` steps.

    able (n,): who may bid; profits, takings (runs, n): all that each earned, and all it took in; episodes, last_return
    (runs,): how many have ended, and the discounted return of the last (0 for one that was cut and brought nothing).
    """

    def __init__(self, world, runs, rng, *, clones=2, twins="together", auction="second price", alpha=0.5, explore=0.1, shade=0.3, hope=0.0, limit=100):
        self.world, self.rng, self.auction = world, rng, checks.one_of("auction", auction, AUCTIONS)
        self.alpha, self.explore = checks.one_number("alpha", alpha, 0, 1), checks.one_number("explore", explore, 0, 1)
        self.shade, self.limit = checks.one_number("shade", shade, 0, 1), checks.count("limit", limit)
        self.runs, self.actions = checks.count("runs", runs), world.moves.shape[1]
        self.clones, self.twins = checks.count("clones", clones), checks.one_of("twins", twins, ("together", "apart"))
        self.n = self.actions * self.clones
        shape = (self.runs, len(world.moves), self.n)
        guesses = checks.one_number("hope", hope) + rng.uniform(0, SPREAD, (*shape[:2], self.actions if twins == "together" else self.n))
        self.values, self.margins = np.tile(guesses, self.n // guesses.shape[2]), np.zeros(shape)
        self.able = np.ones(self.n, bool)
        self.profits, self.takings = np.zeros((self.runs, self.n)), np.zeros((self.runs, self.n))
        self.at, self.age = np.full(self.runs, world.start, np.int64), np.zeros(self.runs, np.int64)
        self.seller = np.full(self.runs, -1, np.int64)  # who acted last, or -1 at an episode's start
        self.sold, self.earned = np.zeros(self.runs, np.int64), np.zeros(self.runs)  # where, and its reward
        self.so_far, self.last_return = np.zeros(self.runs), np.zeros(self.runs)
        self.left = np.ones(self.runs)  # gamma to the power of the age
        self.episodes = np.zeros(self.runs, np.int64)
        self.sale = None

    def bids(self):
        """(runs, S, n), -inf for who may not bid."""
        return np.where(self.able, self.values - self.margins if self.auction == "first price" else self.values, -np.inf)

    def policy(self):
        """The move (runs, S) that wins each state."""
        return self.bids().argmax(axis=-1) % self.actions

    def step(self):
        """One auction in every run, and the winner's move."""
        world, run, at = self.world, np.arange(self.runs), self.at
        _able(self.able, self.actions)
        held, margins = self.values[run, at], self.margins[run, at]
        bids = np.where(self.able, held - margins if self.auction == "first price" else held, -np.inf)
        slip = self.rng.random(self.runs) < self.explore
        drawn = np.flatnonzero(self.able)[self.rng.integers(0, np.count_nonzero(self.able), self.runs)]
        lots = self.rng.random((self.runs, self.n)) if self.clones > 1 else None
        self.sale = sale = sell(bids, self.auction, lots, np.where(slip, drawn, -1))
        winner, action = sale.winner, sale.winner % self.actions
        if self.auction == "first price":
            won = winner[:, np.newaxis] == np.arange(self.n)
            gives = (held > sale.paid[:, np.newaxis]) & ~won
            margins = np.where(gives, (1 - self.shade) * margins, margins)
            overbid = self.shade * (sale.paid - sale.second)
            self.margins[run, at] = np.where(won & ~slip[:, np.newaxis], margins + overbid[:, np.newaxis], margins)
        self._pay(self.seller >= 0, self.seller, self.sold, self.earned, world.gamma * sale.received)
        self.profits[run, winner] -= sale.paid
        reward, after = world.rewards[at, action], world.moves[at, action]
        self.so_far += self.left * reward
        self.left = world.gamma * self.left
        self.age += 1
        over = after == END
        self._pay(over, winner, at, reward, 0.0)
        cut = ~over & (self.age >= self.limit)
        self._pay(cut, winner, at, reward, 0.0, learn=False)
        ended = over | cut
        self.episodes += ended
        self.last_return = np.where(ended, self.so_far, self.last_return)
        self.so_far, self.left = np.where(ended, 0.0, self.so_far), np.where(ended, 1.0, self.left)
        self.age = np.where(ended, 0, self.age)
        self.seller, self.sold, self.earned = np.where(ended, -1, winner), at, reward
        self.at = np.where(ended, world.start, after)

    def _pay(self, who, agent, state, reward, received, learn=True):
        """In the runs `who` the agent that acted at the state takes in its reward and its price, and learns from it."""
        run = np.flatnonzero(who)
        agent, state, came = agent[run], state[run], (reward + received)[run]
        self.profits[run, agent] += came
        self.takings[run, agent] += came
        if learn:
            for twin in range(self.clones) if self.twins == "together" else (0,):
                place = run, state, (agent + twin * self.actions) % self.n
                self.values[place] += self.alpha * (came - self.values[place])


class Centre:
    """`runs` central learners: Q-learning (Watkins 1989), one table for all moves, that slips as a Society does.

    Like a Society it learns of a move when it has chosen the next. able (A,): the moves that can still be made.
    """

    def __init__(self, world, runs, rng, *, alpha=0.5, explore=0.1, hope=0.0, limit=100):
        self.world, self.rng, self.runs = world, rng, checks.count("runs", runs)
        self.alpha, self.explore = checks.one_number("alpha", alpha, 0, 1), checks.one_number("explore", explore, 0, 1)
        self.limit = checks.count("limit", limit)
        self.values = checks.one_number("hope", hope) + rng.uniform(0, SPREAD, (self.runs, *world.moves.shape))
        self.able = np.ones(world.moves.shape[1], bool)
        self.at, self.age = np.full(self.runs, world.start, np.int64), np.zeros(self.runs, np.int64)
        self.was = None  # (state, action, reward, whether it goes on) of the move before

    def policy(self):
        """The best move (runs, S) by the table."""
        return np.where(self.able, self.values, -np.inf).argmax(axis=-1)

    def step(self):
        """One move in every run."""
        world, run = self.world, np.arange(self.runs)
        _able(self.able, len(self.able))
        known = np.where(self.able, self.values[run, self.at], -np.inf)
        slip = self.rng.random(self.runs) < self.explore
        drawn = np.flatnonzero(self.able)[self.rng.integers(0, np.count_nonzero(self.able), self.runs)]
        action = np.where(slip, drawn, known.argmax(axis=1))
        if self.was is not None:
            state, move, reward, goes_on = self.was
            self._learn(goes_on, state, move, reward + world.gamma * known.max(axis=1))
        reward, after = world.rewards[self.at, action], world.moves[self.at, action]
        self.age += 1
        over = after == END
        self._learn(over, self.at, action, reward)
        ended = over | (self.age >= self.limit)
        self.was = self.at, action, reward, ~ended
        self.at, self.age = np.where(ended, world.start, after), np.where(ended, 0, self.age)

    def _learn(self, who, state, action, target):
        run = np.flatnonzero(who)
        place = run, state[run], action[run]
        self.values[place] += self.alpha * (target[run] - self.values[place])


def curve(learner, steps, every):
    """Return (k, runs) of the moves a learner would now make without slips, after every `every` of `steps` steps."""
    steps, every = checks.count("steps", steps), checks.count("every", every)
    if not isinstance(learner, (Society, Centre)):
        raise ValueError(f"learner={learner!r}: must be a Society or a Centre")
    found = []
    for time in range(1, steps + 1):
        learner.step()
        if time % every == 0:
            found.append(returns(learner.world, learner.policy()))
    return np.array(found)


def temptation(world, bids, auction):
    """What each agent could gain, at best and from the state where it is most, by other bids than these: (n,).

    bids (S, n), all agents' for good; "second price" or "first price". Exact: against fixed bids an agent faces a
    decision process. At s the best bid of the others is m: it wins for m (under a first price for a trifle more), and
    if it loses its bid can still lift the price up to m, which helps it if it is itself the seller. So its best is
    W(s) = max(r - m(s) + gamma (m(s') + W(s')), gamma W(s'')), s'' being where the others go. All 0: a Nash equilibrium.
    """
    checks.one_of("auction", auction, AUCTIONS[:2])
    bids = checks.finite("bids", bids)
    states, actions = world.moves.shape
    if bids.ndim != 2 or bids.shape[0] != states or bids.shape[1] % actions or bids.shape[1] < 2:
        raise ValueError(f"bids of shape {bids.shape}: must be ({states}, n), n a multiple of {actions}, at least 2")
    sale = sell(bids, auction)
    gains = np.empty(bids.shape[1])
    for agent in range(bids.shape[1]):
        others = bids.copy()
        others[:, agent] = -np.inf
        lead, move = others.argmax(axis=1) % actions, agent % actions
        highest = np.append(others.max(axis=1), 0.0)  # and END, which sells for 0
        received = np.append(sale.received, 0.0)
        mine, theirs = world.moves[:, move], world.moves[np.arange(states), lead]
        reward, wins = world.rewards[:, move], sale.winner == agent
        best = now = np.zeros(states + 1)
        while True:
            to_win = reward - highest[:-1] + world.gamma * (highest + best)[mine]
            best_after = np.append(np.maximum(to_win, world.gamma * best[theirs]), 0.0)
            as_bid = reward - sale.paid + world.gamma * (received + now)[mine]
            now_after = np.append(np.where(wins, as_bid, world.gamma * now[theirs]), 0.0)
            moved = max(np.abs(best_after - best).max(), np.abs(now_after - now).max())
            best, now = best_after, now_after
            if moved <= EXACT * (1 - world.gamma):
                break
        gains[agent] = (best - now).max()
    return gains
