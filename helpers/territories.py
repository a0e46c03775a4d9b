"""Dividing work by own rewards alone: agents who harvest bushes, and learn where it pays to go.

Notation
    runs, n, m   independent worlds side by side; agents; bushes, m = 24
    rate         (runs, m): chance that a berry ripens on a bush in a step; it holds FULL, what ripens beyond is lost
    at, places   (runs, n, 2), (runs, m, 2): cells of agents and bushes; an agent walks one cell a step, as a chess
                 king does
    worth        Q (runs, n, m): what trips to a bush have earned an agent, berries a step: Q += STEP (earned - Q)
    visits       (..., n, m): how often each agent came to each bush
A trip ends at the bush, with all its berries; of several who come at once one, by lot, has them all. Then the agent
chooses another bush, with probability ~ exp(Q / exploring): a bandit, each for itself (Sutton & Barto 2018, chapter 2).
The rules:

    "alone"        nobody hears anybody
    "neighbours"   agents within `reach` cells tell one another where they go and how far they have yet to walk. Nobody
                   chooses a bush to which somebody heard is as near or nearer; who hears of such a one on the way gives
                   up, and the trip has earned nothing. A contract net (Smith 1980) with bids alone and no manager
    "planner"      a centre sees all berries, as they hung `delay` steps ago, and where all agents are now. At each step
                   it takes, of all pairs of agent and bush, the one that brings most berries a step, then the best of
                   those left, and so on. It takes its news at its word: it forgets what it had picked meanwhile
    "bookkeeper"   a planner with the same news, but who knows how fast each bush ripened at the beginning, and when it was picked last
"""
from typing import NamedTuple

import numpy as np

from . import checks, information

RULES = ("alone", "neighbours", "planner", "bookkeeper")
PLANNERS = RULES[2:]
ZONES, ZONE = (6, 4), 5  # a bush in each zone of 5 x 5 cells, not at its rim
WIDE, HIGH, BUSHES = ZONES[0] * ZONE, ZONES[1] * ZONE, ZONES[0] * ZONES[1]
RICH, POOR, RICH_ONES = 0.4, 0.1, 8  # rates, and how many of the bushes are rich
FULL = 4  # berries
STEP, HOPE = 0.1, 0.1  # learning rate; what every trip is thought to earn at first
LONGEST = 60  # delay


class Band:
    """Agents and bushes in `runs` worlds at once; live settings: rule, reach, exploring, delay.

    After a `step`: `ripened`, `picked` (runs,): berries; `arrived` (runs, n): who came to a bush; `found` (runs, n): how
    many berries each then had.
    """

    def __init__(self, rng, *, runs=1, agents=12, rule="alone", reach=6, exploring=0.02, delay=0):
        runs, n = checks.count("runs", runs), checks.count("agents", agents)
        if n > BUSHES:
            raise ValueError(f"agents={agents}: must be at most {BUSHES}, one for each bush")
        self.rng, self.runs, self.n, self.time = rng, runs, n, 0
        self.each, self.index = np.arange(runs)[:, np.newaxis], np.arange(n)
        self.others = ~np.eye(n, dtype=bool)
        self.rule, self.reach, self.exploring, self.delay = rule, reach, exploring, delay
        zones = np.stack(np.meshgrid(np.arange(ZONES[0]), np.arange(ZONES[1])), axis=-1).reshape(-1, 2)
        self.places = ZONE * zones.astype(np.int64) + rng.integers(1, ZONE - 1, (runs, BUSHES, 2))
        self.shuffle()
        self.known = self.rate.copy()  # to a bookkeeper
        self.at = rng.integers(0, (WIDE, HIGH), (runs, n, 2))
        self.berries = np.zeros((runs, BUSHES), np.int64)
        self.seen = []
        self.emptied = np.full((runs, BUSHES), -LONGEST - 1)  # when somebody picked there last
        self.worth = np.full((runs, n, BUSHES), HOPE)
        self.alive = np.ones((runs, n), bool)
        self.idle = self.alive.copy()  # must choose
        self.target = np.zeros((runs, n), np.int64)
        self.since = np.zeros((runs, n), np.int64)  # the last trip's end

    def __setattr__(self, name, value):
        if name == "rule":
            checks.one_of("rule", value, RULES)
        elif name == "reach":
            value = checks.count("reach", value, 0)
        elif name == "exploring":
            value = checks.one_number("exploring", value, 0)
        elif name == "delay":
            value = checks.count("delay", value, 0)
            if value > LONGEST:
                raise ValueError(f"delay={value}: must be at most {LONGEST}")
        super().__setattr__(name, value)

    def shuffle(self):
        """Which bushes are rich is drawn anew."""
        lots = self.rng.random((self.runs, BUSHES))
        self.rate = np.where(lots.argsort(axis=1).argsort(axis=1) < RICH_ONES, RICH, POOR)

    def remove(self, agents):
        """Take agents away for good, by index, in every run."""
        self.alive[:, agents] = self.idle[:, agents] = False

    def step(self):
        ripe = self.rng.random((self.runs, BUSHES)) < self.rate
        self.ripened = ripe.sum(axis=1)
        self.berries = np.minimum(self.berries + ripe, FULL)
        self.seen = [*self.seen[-LONGEST:], self.berries.copy()]
        far = np.abs(self.at[:, :, np.newaxis] - self.places[:, np.newaxis]).max(axis=-1)
        if self.rule in PLANNERS:
            self._plan(far)
        else:
            self._choose(far, self._listen(far) if self.rule == "neighbours" else None)
        self.time += 1
        self._walk()

    def _listen(self, far):
        """Give up what somebody heard is nearer to; of two as near the first goes on.

        Returns whose going each then hears of, bool (runs, n, n).
        """
        going = self.alive & ~self.idle
        left = np.where(going, self._at_target(far), WIDE)
        hears = self.hears() & going[:, np.newaxis]
        nearer = (left[:, np.newaxis] < left[:, :, np.newaxis]) | (
            (left[:, np.newaxis] == left[:, :, np.newaxis]) & (self.index < self.index[:, np.newaxis]))
        rivals = self.target[:, np.newaxis] == self.target[:, :, np.newaxis]
        gives_up = going & (hears & nearer & rivals).any(axis=2)
        self._learn(gives_up, np.zeros((self.runs, self.n)))
        return hears & ~gives_up[:, np.newaxis]

    def hears(self):
        """Who is within reach of whom, bool (runs, n, n); nobody of himself."""
        apart = np.abs(self.at[:, :, np.newaxis] - self.at[:, np.newaxis]).max(axis=-1)
        both = self.alive[:, np.newaxis] & self.alive[:, :, np.newaxis]
        return (apart <= self.reach) & self.others & both

    def _at_target(self, values):
        """Of (runs, n, m) what concerns the bush that each agent goes to, (runs, n)."""
        return values[self.each, self.index, self.target]

    def _choose(self, far, hears):
        """The idle choose, with Gumbel's lots: the greatest of Q + exploring * lot is a draw from exp(Q / exploring)."""
        run, agent = np.nonzero(self.idle)
        score = self.worth[run, agent] + self.exploring * self.rng.gumbel(size=(run.size, BUSHES))
        if hears is not None:
            goes = self.target[..., np.newaxis] == np.arange(BUSHES)
            claims = np.where(goes, far, WIDE)
            claims = np.where(hears[run, agent][..., np.newaxis], claims[run], WIDE).min(axis=1, initial=WIDE)
            score[claims <= far[run, agent]] -= 1e6  # only if all are claimed
        score[far[run, agent] == 0] = -np.inf
        self.target[run, agent] = score.argmax(axis=1)
        self.idle[:] = False

    def _plan(self, far):
        age = min(self.delay, len(self.seen) - 1)
        berries = self.seen[-1 - age]
        if self.rule == "bookkeeper":
            since = self.time - self.emptied
            berries = np.minimum(np.where(since < age, self.known * since, berries + self.known * age), FULL)
        gain = (berries[:, np.newaxis] + 1e-3) / np.maximum(far, 0.5)
        gain[(far == 0) & self.idle[..., np.newaxis]] = -1  # just picked
        gain[~self.alive] = -3  # sent last, and nowhere
        every = self.each[:, 0]
        for _ in range(self.n):
            agent, bush = np.divmod(gain.reshape(self.runs, -1).argmax(axis=1), BUSHES)
            self.target[every, agent] = bush
            gain[every, agent] = -4
            gain[every, :, bush] = np.minimum(gain[every, :, bush], -2)
        self.idle[:] = False

    def _walk(self):
        goal = self.places[self.each, self.target]
        self.at = self.at + np.sign(goal - self.at) * self.alive[..., np.newaxis]
        self.arrived = self.alive & (self.at == goal).all(axis=-1)
        lot = np.where(self.arrived, self.rng.random((self.runs, self.n)), 1)
        rivals = self.target[:, np.newaxis] == self.target[:, :, np.newaxis]
        first = self.arrived & ~(rivals & (lot[:, np.newaxis] < lot[:, :, np.newaxis])).any(axis=2)
        self.found = self.berries[self.each, self.target] * first
        self.picked = self.found.sum(axis=1)
        run, agent = np.nonzero(first)
        self.berries[run, self.target[run, agent]] = 0
        self.emptied[run, self.target[run, agent]] = self.time
        self._learn(self.arrived, self.found)

    def _learn(self, who, found):
        """The trips of `who` have ended, with `found` berries (runs, n)."""
        if not who.any():
            return
        run, agent = np.nonzero(who)
        bush = self.target[run, agent]
        earned = found[run, agent] / (self.time - self.since[run, agent])
        self.worth[run, agent, bush] += STEP * (earned - self.worth[run, agent, bush])
        self.since[run, agent] = self.time
        self.idle |= who


class Course(NamedTuple):
    """For each stretch of `every` steps: share of the ripened berries that was picked, share of the trips that ended at
    an empty bush, (runs, stretches); visits (runs, stretches, n, m)."""

    share: np.ndarray
    vain: np.ndarray
    visits: np.ndarray


def course(rng, steps, *, every=100, when=None, removed=0, shuffled=False, **settings):
    """A Course of a Band of those settings.

    Once `when` steps are made the first `removed` agents are taken away (they differ by nothing but what they have
    learnt), and if `shuffled` other bushes are rich.
    """
    band = Band(rng, **settings)
    every, steps = checks.count("every", every), checks.count("steps", steps)
    when = steps if when is None else checks.count("when", when, 0)
    removed, shuffled = checks.count("removed", removed, 0), checks.one_of("shuffled", shuffled, (False, True))
    if removed >= band.n:
        raise ValueError(f"removed={removed}: must be below the number of agents, {band.n}")
    stretches = steps // every
    if stretches == 0:
        raise ValueError(f"steps={steps}: must be at least every={every}")
    picked, ripened, trips, vain = np.zeros((4, band.runs, stretches))
    visits = np.zeros((band.runs, stretches, band.n, BUSHES), np.int64)
    for step in range(stretches * every):
        if step == when:
            band.remove(slice(removed))
            if shuffled:
                band.shuffle()
        band.step()
        now = step // every
        picked[:, now] += band.picked
        ripened[:, now] += band.ripened
        trips[:, now] += band.arrived.sum(axis=1)
        vain[:, now] += (band.arrived & (band.found == 0)).sum(axis=1)
        run, agent = np.nonzero(band.arrived)
        visits[run, now, agent, band.target[run, agent]] += 1
    return Course(picked / np.maximum(ripened, 1), vain / np.maximum(trips, 1), visits)


def division(visits):
    """Division of labour (Gorelick et al. 2004): mutual information of agent and bush over the agents' entropy, (...,).

    1: each bush has one visitor; 0: the visitors are the same everywhere. From few visits it comes out too high: about
    (n - 1) (m - 1) / (2 N log n) for N visits made by lot. nan without visits or with a single visitor.
    """
    visits = _visits(visits)
    told, agents, _ = information.mutual(visits / np.maximum(visits.sum(axis=(-2, -1), keepdims=True), 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return told / agents


def same_visitor(visits):
    """Share of the pairs of visits to one bush that are both by the same agent, (...,).

    1 / n if all bushes are visited by lot, however few the visits; nan if no bush was visited twice.
    """
    visits = _visits(visits)
    pairs = visits.sum(axis=-2)
    with np.errstate(invalid="ignore"):
        return (visits * (visits - 1)).sum(axis=(-2, -1)) / (pairs * (pairs - 1)).sum(axis=-1)


def _visits(visits):
    visits = checks.counts("visits", visits, 0)
    if visits.ndim < 2 or not visits.size:
        raise ValueError(f"visits of shape {visits.shape}: must be (..., agents, bushes), at least one of each")
    return visits
