"""A network remembering a picture, neuron by neuron in the reader's reach: `memory` as a stage."""
import numpy as np

from . import checks, memory
from .scenes import Field

SCALE = 5  # cells of the plane for one neuron of the large picture
ACROSS = 3  # small pictures in a row
GAP, BAR = 1, 1  # cells between pictures, and under each for its overlap
REACH = 0.75  # neurons: how far from the pointer a tool acts
SHARE = 0.5  # of a neuron's synapses, cut at a touch


class Remembering:
    """A network of neurons, one for each cell of a picture, that falls into one of its memories.

    On the left the network; on the right what it was taught, fainter where it is not, each over a bar that
    shows how much of it is in the large picture. A step updates one neuron. `memories` (p, n) of +1 and -1, square
    pictures row by row from the top; `stored`: how many of them, from the first; `cue`: which is shown.
    Touching the large picture turns pixels ("smear"), kills neurons or cuts half of a neuron's synapses
    ("cut"); touching a small one with "show" shows it.
    """

    layers = {"firing": Field(1), "dead": Field(1), "synapses_lost": Field(1), "likeness": Field(1)}
    tools = {"smear": "stroke", "kill": "stroke", "cut": "stroke", "show": "tap"}
    live = ("rule", "stored")

    def __init__(self, rng, *, memories, rule="projection", stored=10, cue=3):
        memories = memory.signs("memories", memories)
        p, n = memories.shape if memories.ndim == 2 else (0, 0)
        self.side = round(n**0.5)
        if p == 0 or self.side**2 != n:
            raise ValueError(f"memories of shape {memories.shape}: must have shape (p, n), n a square number")
        self.rng, self.memories = rng, memories
        cue = checks.count("cue", cue, 0)
        if cue >= p:
            raise ValueError(f"cue={cue}: must be below the number of memories, {p}")
        self.alive, self.kept = np.ones(n, bool), np.ones((n, n), bool)
        self._rule, self._stored = "projection", p
        self.rule, self.stored = rule, stored
        large = SCALE * self.side
        self.row = self.side + BAR + 2 * GAP  # height of a row of small pictures
        high = max(large, -(-p // ACROSS) * self.row)
        self.plane = (float(large + 2 * GAP + ACROSS * (self.side + GAP)), float(high))
        self.low = (high - large) // 2  # of the large picture
        self.time = 0
        self.show(cue)

    rule = property(lambda self: self._rule)
    stored = property(lambda self: self._stored)

    @rule.setter
    def rule(self, value):
        self._rule = checks.one_of("rule", value, ("Hebb", "projection"))
        self._learn()

    @stored.setter
    def stored(self, value):
        value = checks.count("stored", value)
        if value > len(self.memories):
            raise ValueError(f"stored={value}: must be at most the number of memories, {len(self.memories)}")
        self._stored = value
        self._learn()

    def _learn(self):
        taught = self.memories[:self._stored]
        self.weights = (memory.hebb if self._rule == "Hebb" else memory.projection)(taught) * self.kept

    def show(self, cue):
        """Show memory `cue` to the neurons that live."""
        self.cue, self.smeared = cue, 0
        self.state = np.where(self.alive, self.memories[cue], 0)
        self.order = np.zeros(0, np.int64)

    def step(self):
        """Update the next neuron of a random order."""
        if self.order.size == 0:
            self.order = self.rng.permutation(self.state.size)
        neuron, self.order = self.order[0], self.order[1:]
        field = self.weights[neuron] @ self.state
        if self.alive[neuron] and abs(field) > memory.NOTHING:
            self.state[neuron] = 1 if field > 0 else -1
        self.time += 1

    def energy(self) -> float:
        return float(memory.energy(self.state, self.weights)) + 0.0  # never -0.00

    def likeness(self):
        """Overlap of each memory with the living neurons, (p,)."""
        return self.memories @ self.state / max(np.count_nonzero(self.alive), 1)

    def _corner(self, number):
        """Left and lower edge of a small picture, in cells."""
        row, column = divmod(number, ACROSS)
        return (SCALE * self.side + 3 * GAP + column * (self.side + GAP),
                int(self.plane[1]) - (row + 1) * self.row + BAR + GAP)

    def scene(self):
        wide, high = int(self.plane[0]), int(self.plane[1])
        scene = {name: np.zeros((high, wide)) for name in self.layers}
        large = (slice(self.low, self.low + SCALE * self.side), slice(0, SCALE * self.side))
        lost = 1 - (self.kept.sum(axis=1) - 1) / (self.state.size - 1)
        for name, values in (("firing", self.state > 0), ("dead", ~self.alive), ("synapses_lost", 0.5 * lost)):
            picture = values.reshape(self.side, self.side)[::-1].astype(float)
            scene[name][large] = np.kron(picture, np.ones((SCALE, SCALE)))
        for number, overlap in enumerate(self.likeness()):
            x, y = self._corner(number)
            picture = (self.memories[number] > 0).reshape(self.side, self.side)[::-1]
            scene["firing"][y:y + self.side, x:x + self.side] = picture * (1.0 if number < self._stored else 0.06)
            scene["likeness"][y - BAR:y, x:x + round(max(overlap, 0) * self.side)] = 1
        return scene

    def poke(self, x, y, tool):
        """Smear, kill or cut what lies under the pointer, or show the small picture there; elsewhere nothing."""
        checks.one_of("tool", tool, tuple(self.tools))
        x, y = (checks.one_number(name, value, 0, most) for name, value, most in zip("xy", (x, y), self.plane, strict=True))
        if tool == "show":
            for number in range(self._stored):
                left, low = self._corner(number)
                if left <= x < left + self.side and low <= y < low + self.side:
                    self.show(number)
            return
        if x >= SCALE * self.side or not self.low <= y < self.low + SCALE * self.side:
            return
        column = x / SCALE - 0.5
        row = self.side - (y - self.low) / SCALE - 0.5
        every = np.arange(self.state.size)
        near = np.hypot(every % self.side - column, every // self.side - row) <= REACH
        if tool == "smear":
            self.smeared += np.count_nonzero(near & self.alive)
            self.state[near] *= -1
        elif tool == "kill":
            self.alive &= ~near
            self.state[~self.alive] = 0
        elif near.any():
            loses = near[:, None] & (self.rng.random(self.kept.shape) < SHARE)
            self.kept &= ~(loses | loses.T) | np.eye(self.state.size, dtype=bool)
            self._learn()

    def readout(self):
        n, living = self.state.size, np.count_nonzero(self.alive)
        said = f"Step {self.time}: energy {self.energy():.2f}"
        overlaps = self.likeness()
        best = int(overlaps[:self._stored].argmax())
        worst = int(overlaps[:self._stored].argmin())
        if -overlaps[worst] > overlaps[best]:
            said += f"; nearest to the negative of its memory {worst}, with {100 * (1 - overlaps[worst]) / 2:.0f}% of the neurons so"
        elif overlaps[best] > 1 - 1e-9:
            said += f"; the network shows its memory {best} exactly"
        else:
            said += f"; nearest to its memory {best}, with {100 * (1 + overlaps[best]) / 2:.0f}% of the neurons right"
        lost = 1 - (self.kept.sum() - n) / (n * (n - 1))
        harm = [f"{n - living} of {n} neurons dead"] * bool(living < n) + [f"{100 * lost:.0f}% of the synapses cut"] * bool(lost > 0)
        return said + "".join(f"; {one}" for one in harm) + "."

    def reached(self):
        """A third of the neurons, rounded down, is dead, the picture was smeared, and the memory came back whole."""
        living = np.count_nonzero(self.alive)
        return bool(living and self.state.size - living >= self.state.size // 3 and self.smeared >= 4
                    and self.likeness()[self.cue] > 1 - 1e-9)
