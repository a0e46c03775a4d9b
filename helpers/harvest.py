"""Agents who divide a country of bushes among themselves, or are sent about by a planner: `territories` as a stage."""
import numpy as np

from . import checks, territories
from .scenes import Edges, Field, Points
from .territories import BUSHES, FULL, HIGH, PLANNERS, POOR, RICH, WIDE, Band

WINDOW = 500  # steps over which harvest and visits are counted
FEW = 100  # steps, too few to look for territories
HOPS = 4  # of each agent, drawn as paths
GONE = 3  # how many the challenge takes away
NEAR = 2.5  # cells
AROUND = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)], np.int64)  # where the berries of a bush are drawn


class Harvest(Band):
    """Twelve agents and twenty-four bushes whose berries ripen at random.

    Each picks for itself and learns which trips pay. The rule: "alone", nobody hears anybody; "neighbours", agents within
    `reach` cells tell where they go, and a listener leaves that bush to who is nearer; "planner", a centre that sees
    all berries, as they hung `delay` steps ago, sends everybody; "bookkeeper", one that also keeps books. Tap an agent with "remove" and it is gone; "plant" makes
    bushes rich, "parch" makes them poor.
    """

    layers = {"paths": Edges("bodies", width=7), "berries": Field(1), "messages": Edges("bodies", width=1),
              "aims": Edges("bodies", width=1.6), "bodies": Points("x y kind")}
    tools = {"remove": "tap", "plant": "stroke", "parch": "stroke"}
    live = ("rule", "reach", "exploring", "delay")

    def __init__(self, rng, *, agents=12, rule="alone", reach=6, exploring=0.02, delay=0):
        super().__init__(rng, agents=agents, rule=rule, reach=reach, exploring=exploring, delay=delay)
        self.plane = (float(WIDE), float(HIGH))
        self.log = np.zeros((WINDOW, 4), np.int64)  # of the last steps: picked, ripened, trips, of them in vain
        self.sums = np.zeros(4, np.int64)
        self.came = np.full((WINDOW, self.n), -1)  # the bush that an agent came to in each of them, -1: to none
        self.hops = np.full((self.n, HOPS + 1), -1)  # the bushes that each came to last, the latest first
        self.vain = np.zeros(self.n, bool)  # was the last trip?
        self.pairs = np.array(np.triu_indices(self.n, 1), np.int64)
        self.calm, self.state = 0, None  # steps since the rule, the planner's delay or the number of agents changed
        self.tended = False  # has the reader planted or parched?
        self.planned = None  # the share that all of them had last under the planner, over WINDOW steps of calm

    def step(self):
        super().step()
        arrived, found = self.arrived[0], self.found[0]
        who = np.flatnonzero(arrived)
        if who.size:
            self.hops[who, 1:] = self.hops[who, :-1]
            self.hops[who, 0] = self.target[0, who]
            self.vain[who] = found[who] == 0
        oldest = self.time % WINDOW
        self.came[oldest] = np.where(arrived, self.target[0], -1)
        self.sums -= self.log[oldest]
        self.log[oldest] = self.picked[0], self.ripened[0], who.size, np.count_nonzero(self.vain[who])
        self.sums += self.log[oldest]
        state = self.rule, self.left(), self.delay
        self.calm, self.state = (self.calm + 1 if state == self.state else 1), state
        if state[:2] == ("planner", self.n) and self.calm >= WINDOW:
            self.planned = self.share()

    def left(self):
        """How many agents there are."""
        return int(np.count_nonzero(self.alive))

    def share(self):
        """Of what ripened in the last WINDOW steps, what was picked; 0 before anything ripened."""
        return float(self.sums[0] / max(self.sums[1], 1))

    def visits(self):
        """How often each agent came to each bush in the last WINDOW steps, int64 (n, m)."""
        visits = np.bincount((self.came + 1 + self.index * (BUSHES + 1)).ravel(), minlength=self.n * (BUSHES + 1))
        return visits.reshape(self.n, BUSHES + 1)[:, 1:].astype(np.int64)

    def poke(self, x, y, tool):
        checks.one_of("tool", tool, tuple(self.tools))
        at = np.array([checks.one_number("x", x, 0, WIDE), checks.one_number("y", y, 0, HIGH)])
        if tool == "remove":
            off = np.where(self.alive[0], np.abs(self._drawn() - at).max(axis=1), np.inf)
            if off.min() > NEAR:
                raise ValueError("no agent is near; tap one")
            if self.left() == 1:
                raise ValueError("this is the last agent; somebody must stay")
            self.remove(int(off.argmin()))
            return
        near = np.abs(self.places[0] + 0.5 - at).max(axis=1) <= NEAR / 2
        self.tended |= bool(near.any())
        self.rate[0, near] = RICH if tool == "plant" else POOR

    def _drawn(self):
        """Where agents are drawn, (n, 2): in their cells, each a little aside in its own direction."""
        turn = 2 * np.pi * np.arange(self.n) / self.n
        return self.at[0] + 0.5 + 0.3 * np.column_stack([np.cos(turn), np.sin(turn)])

    def scene(self):
        berries = np.zeros((HIGH, WIDE))
        cells = self.places[0][:, np.newaxis] + AROUND
        berries[cells[..., 1], cells[..., 0]] = np.arange(FULL) < self.berries[0][:, np.newaxis]
        here, before = self.hops[:, :-1], self.hops[:, 1:]
        walked = np.where(self.alive[0][:, np.newaxis] & (before >= 0), 1 - np.arange(HOPS) / HOPS, 0)
        paths = np.stack([self.n + np.maximum(before, 0), self.n + np.maximum(here, 0), walked], axis=-1)
        a, b = self.pairs
        speaking = self.hears()[0, a, b] & (self.rule == "neighbours")
        going = self.alive[0] & (self.time > 0)
        agents = np.where(self.alive[0][:, np.newaxis], self._drawn(), np.nan)
        return {"paths": paths.reshape(-1, 3), "berries": berries, "messages": np.column_stack([a, b, speaking]),
                "aims": np.column_stack([np.arange(self.n), self.n + self.target[0], going]),
                "bodies": np.concatenate([np.column_stack([agents, 2 + self.vain]),
                                          np.column_stack([self.places[0] + 0.5, self.rate[0] == RICH])])}

    def readout(self):
        how = {"alone": "each alone", "neighbours": f"hearing neighbours within {self.reach} cells",
               "planner": f"sent by a planner who sees berries {f'of {self.delay} steps ago' if self.delay else 'as they hang'}"}
        how["bookkeeper"] = how["planner"] + " and keeps books"
        left = self.left()
        said = f"Step {self.time}: {left} {'agent' if left == 1 else 'agents'}, {how[self.rule]}"
        if self.time == 0:
            return said + "."
        _, _, trips, vain = self.sums
        said += (f", picked {100 * self.share():.0f}% of what ripened in the last {min(self.time, WINDOW)} steps; "
                 f"{100 * vain / max(trips, 1):.0f}% of the trips were in vain. ")
        same = territories.same_visitor(self.visits())
        if self.time >= FEW and left > 1:
            said += f"Two visits to a bush are by the same agent in {100 * same:.0f} of 100 cases (by lot: {100 / left:.0f}). "
        if self.planned is not None and self.rule not in PLANNERS:
            said += f"Sent by the planner all {self.n} picked {100 * self.planned:.0f}%."
        return said.rstrip()

    def reached(self):
        """Fewer by GONE or more, for WINDOW steps without the planner, pick a greater share than it let all of them pick."""
        return bool(self.planned is not None and not self.tended and self.rule not in PLANNERS and self.left() <= self.n - GONE
                    and self.calm >= WINDOW and self.share() > self.planned)
