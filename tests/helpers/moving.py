"""A small model that moves, to test what runs, records and shows one."""
import numpy as np

from helpers.scenes import Edges, Field, Points


class Drift:
    """Walkers that drift over a plain.

    They do nothing else.
    """

    layers = {"warmth": Field(top=2), "ties": Edges("walkers"), "walkers": Points("x y heading kind")}
    tools = {"push": "stroke"}
    live = ("speed",)

    def __init__(self, rng, *, walkers=5, speed=0.1, size=(4, 3)):
        if walkers < 1:
            raise ValueError(f"walkers={walkers}: must be at least 1")
        self.plane, self.speed = tuple(size), speed
        self.at = rng.random((walkers, 2)) * self.plane
        self.heading = rng.uniform(0, 2 * np.pi, walkers)
        self.pushed = np.zeros(walkers)
        self.steps = 0

    @property
    def speed(self):
        return self._speed

    @speed.setter
    def speed(self, value):
        if not 0 <= value <= 1:
            raise ValueError(f"speed={value}: must be in [0, 1]")
        self._speed = value

    def step(self):
        self.steps += 1
        turn = np.column_stack([np.cos(self.heading), np.sin(self.heading)])
        self.at = np.mod(self.at + self.speed * turn, self.plane)

    def scene(self):
        n = len(self.at)
        return {"warmth": np.full((3, 4), min(self.steps / 10, 2)),
                "ties": np.column_stack([np.arange(n), np.roll(np.arange(n), 1), np.full(n, 0.5)]),
                "walkers": np.column_stack([self.at, self.heading, self.pushed])}

    def poke(self, x, y, tool):
        if x < 1:
            raise ValueError(f"x={x}: the shore may not be pushed")
        self.pushed[:] = 1

    def readout(self):
        return f"After {self.steps} steps {self.pushed.sum():.0f} walkers are pushed."

    def reached(self):
        return bool(self.pushed.all())


class Called(Drift):
    """Walkers who have a name."""

    live = ("speed", "tribe")

    def __init__(self, rng, *, tribe="ants", walkers=5, speed=0.1):
        super().__init__(rng, walkers=walkers, speed=speed)
        self.tribe = tribe

    @property
    def tribe(self):
        return self._tribe

    @tribe.setter
    def tribe(self, value):
        if not value.isalpha():
            raise ValueError(f"tribe={value!r}: must be letters")
        self._tribe = value

    def readout(self):
        return f"{self.tribe}: {super().readout()}"


class Shrinking(Drift):
    """Walkers that leave."""

    def step(self):
        super().step()
        self.at, self.heading, self.pushed = self.at[1:], self.heading[1:], self.pushed[1:]


class Misnamed(Drift):
    """Walkers under another name."""

    def scene(self):
        return {"walkers": self.at}
