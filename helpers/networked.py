"""A team that shares what it learns with its neighbours, and whose links can be cut: `marl` as a stage."""
import math

import numpy as np

from . import checks, consensus, marl
from .scenes import Edges, Points, touched

SIZE, AGENTS = 100.0, 6
LINKS = np.array([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 5), (0, 2), (3, 5), (1, 4)], np.int64)  # a ring, three chords
REACH, RADIUS = 2.5, 21.0
CUTS, LEAST, NEAR = 3, 3, 0.01  # of the challenge: links, agents of a part, share of the return
OFF, FAR = 0.05, 0.5  # distance of a critic from the mean critic, in that one's length
COLUMNS, EVERY = 100, 6  # of the charts; steps of the stage for each column
WARM = 800  # steps of learning in which the actors are not bold: the critics know nothing yet
RETURNS, APART = (24.5, 47.0, 1.9, 2.85), (1.5, 18.5, -4.0, 1.0)  # charts: y from, to; J from, to; log10 of disagreement
# What they could earn in worlds 0 to 7: the best that `team_optimum.best_in_class` finds from 1200 starts (rng of seed 0 to
# 47, 25 starts each). There may be better; best_of_all, a bound, is 3.03 to 3.15.
BEST = (2.7300, 2.7711, 2.7270, 2.8168, 2.7360, 2.6809, 2.8251, 2.7657)
CRITICS = {"the paper's": "random", "additive": "additive"}


class Networked:
    """Agents who share what they learn with their neighbours, and whose links can be cut.

    Six agents of a random world learn by Algorithm 1; a twin of theirs, in the same world and with the same chances, has
    one central critic that sees everybody's reward. Below the team its return and the twin's, exact, and the best that such
    agents could earn; at the foot the disagreement of the critics, each line up a factor of ten. `critic`: "the paper's" ten
    random features, or "additive", a number for each agent in each state; `boldness` multiplies the actors' steps, once the critics
    have had 800 to learn; `speed`, steps of learning in a step of the stage.
    """

    layers = {"links": Edges("agents", width=2.5), "agents": Points("x y kind"), "history": Points("x y kind")}
    words = ((3.0, 51.0, "what they earn"), (3.0, 21.5, "how far apart their critics are"))
    tools = {"cut": "stroke", "mend": "stroke"}
    live = ("boldness", "speed")

    def __init__(self, rng, *, critic="the paper's", boldness=1.0, speed=8):
        self.plane, self.rng = (SIZE, SIZE), rng
        self.critic, self.boldness, self.speed = checks.one_of("critic", critic, tuple(CRITICS)), boldness, speed
        seed = int(rng.integers(len(BEST)))
        self.best, self.world = BEST[seed], marl.world(AGENTS, seed)
        known = marl.tables(self.world)
        self.P, self.R = known.P, known.R.mean(axis=-1)
        self.teams = tuple(marl.Team(self.world, listen, critic=CRITICS[critic])
                           for listen in (None, marl.everybody))
        angle = 2 * math.pi * (np.arange(AGENTS, dtype=np.int64) + 0.5) / AGENTS
        self.at = np.column_stack([50 + 1.6 * RADIUS * np.cos(angle), 76 + RADIUS * np.sin(angle)])
        self.whole, self.before, self.steps = np.ones(len(LINKS), bool), None, 0
        self.history = np.full((COLUMNS, 3), np.nan)  # the twin's J, the team's, log10 of the disagreement
        self._tied()
        self._measure()

    def __setattr__(self, name, value):
        if name == "boldness":
            value = checks.one_number("boldness", value, 0, 3000)
        elif name == "speed" and checks.count("speed", value) > 50:
            raise ValueError(f"speed={value}: must be at most 50")
        super().__setattr__(name, value)

    def _tied(self):
        """What depends on which links are whole."""
        links = LINKS[self.whole]
        self.teams[0].listen = marl.listener(AGENTS, links)
        self.sizes = np.unique(consensus.parts(AGENTS, links), return_counts=True)[1]
        if self.sizes.size == 1:
            self.before = None
        elif self.before is None:
            self.before = float(self.teams[0].disagreement()[0])  # when it fell apart

    def _measure(self):
        policies = np.concatenate([marl.joint(marl.play(self.world, team.theta)) for team in self.teams])
        self.returns = marl.average_return(self.P, self.R, policies)
        self.apart = float(self.teams[0].disagreement()[0])

    def step(self):
        for draws in self.rng.random((self.speed, 1 + 2 * AGENTS, 1)):
            for team in self.teams:
                team.scale = self.boldness if team.time >= WARM else 1.0
                team.step(draws)
        self._measure()
        self.steps += 1
        if self.steps % EVERY == 1:
            at = (self.steps - 1) // EVERY
            if at >= COLUMNS:
                self.history[:-1] = self.history[1:]
            self.history[min(at, COLUMNS - 1)] = self.returns[1], self.returns[0], math.log10(max(self.apart, 1e-9))

    def poke(self, x, y, tool):
        checks.one_of("tool", tool, tuple(self.tools))
        at = np.array([checks.one_number("x", x, 0, SIZE), checks.one_number("y", y, 0, SIZE)])
        self.whole[touched(at, *self.at[LINKS.T], REACH)] = tool == "mend"
        self._tied()

    def scene(self):
        length = np.sqrt((self.teams[0].w.mean(axis=0) ** 2).sum())
        off = self.teams[0].off()[:, 0]
        kind = (off > OFF * length).astype(float) + (off > FAR * length)
        x = np.linspace(3, 97, COLUMNS)
        heights = [low + (high - low) * np.clip((values - least) / (most - least), 0, 1) for values, (low, high, least, most) in
                   zip((np.full(COLUMNS, self.best), *self.history.T), (RETURNS, RETURNS, RETURNS, APART), strict=True)]
        chart = np.column_stack([np.tile(x, 4), np.concatenate(heights), np.repeat(np.arange(4.0), COLUMNS)])
        chart[np.isnan(chart[:, 1])] = np.nan
        return {"links": np.column_stack([LINKS, self.whole]), "agents": np.column_stack([self.at, kind]), "history": chart}

    def readout(self):
        parts = self.sizes.size
        cut = int(np.count_nonzero(~self.whole))
        state = "All links are whole" if not cut else f"{cut} of {len(LINKS)} links {'is' if cut == 1 else 'are'} cut"
        state += f", and the team is in {parts} parts" if parts > 1 else ", and news reaches everybody" if cut else ""
        grown = f", {self.apart / self.before:.1f} times as much as when it fell apart" if self.before else ""
        return (f"Step {self.teams[0].time:,}: {state}. Critics are {self.apart:.2g} from their mean{grown}. The team earns "
                f"{self.returns[0]:.4f} a step, its central twin {self.returns[1]:.4f}; the best that such agents could is {self.best:.2f}.")

    def reached(self):
        """Two parts by few cuts, critics ten times as far apart as when they fell apart, and the return as good as the twin's."""
        return bool(self.before and np.count_nonzero(~self.whole) <= CUTS and self.sizes.size == 2 and self.sizes.min() >= LEAST
                    and self.apart >= 10 * self.before and abs(self.returns[0] / self.returns[1] - 1) <= NEAR)
