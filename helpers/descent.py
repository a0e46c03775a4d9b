"""Balls that roll on the map of a real loss: gradient descent on two parameters as a stage.

Notation
    places     (k, 2): the two parameters, a to the right and b upwards on the map
    inputs     (m,), targets (m,): the data; the loss is half the mean squared error
    cell       the map's unit of length: it is CELLS across and CELLS high
"""
import numpy as np

from . import checks
from .scenes import Field, Points

CELLS = 96
BALLS = 12  # on the map; one more takes the place of the oldest
TRAIL = 48  # points of a ball's trail, at least a cell apart
STILL = 1e-4  # a ball lies still where neither slope nor speed, in parameters a step, is above it
FAR = 24.0  # cells from where it ends, and from its mirror image, that a ball for the challenge is dropped
LEAST = 1e-100  # that inputs must differ by, for their squares not to vanish
INPUTS = np.linspace(-4, 4, 40)


def _line(a, b, x):
    return a * x + b, (x, np.ones_like(x))


def _tanh(a, b, x):
    left, right = np.tanh(a * x), np.tanh(b * x)
    return left + right, (x * (1 - left * left), x * (1 - right * right))


def _sine(a, b, x):
    return np.sin(a * x) + np.sin(b * x), (x * np.cos(a * x), x * np.cos(b * x))


WIGGLE = 0.15 * np.cos(11 * INPUTS + 1)  # in place of noise, so that no model fits the data wholly
LANDSCAPES = {  # f and its derivatives by a and b, the map's corners, and the targets if none are given
    "a straight line": (_line, -3.0, 3.0, 0.8 * INPUTS - 1 + WIGGLE),
    "two tanh units": (_tanh, -3.0, 3.0, _tanh(2.0, -0.5, INPUTS)[0] + WIGGLE),
    "two sine units": (_sine, 0.0, 8.0, _sine(2.0, 5.0, INPUTS)[0] + WIGGLE),
}


def _data(inputs, targets):
    inputs, targets = checks.vector("inputs", inputs, -1e3, 1e3), checks.vector("targets", targets, -1e3, 1e3)
    if inputs.shape != targets.shape:
        raise ValueError(f"inputs, targets of shapes {inputs.shape}, {targets.shape}: must be alike")
    return inputs, targets


def _asked(landscape, places, inputs, targets):
    """The model of that landscape, both parameters (k, 1) of the places, the inputs and targets."""
    checks.one_of("landscape", landscape, tuple(LANDSCAPES))
    places = checks.finite("places", places)
    if places.ndim != 2 or places.shape[1] != 2:
        raise ValueError(f"places of shape {places.shape}: must be (k, 2)")
    return LANDSCAPES[landscape][0], *places.T[:, :, None], *_data(inputs, targets)


def losses(landscape, places, inputs, targets):
    """Half the mean squared error at each place, (k,)."""
    model, a, b, inputs, targets = _asked(landscape, places, inputs, targets)
    return ((model(a, b, inputs)[0] - targets) ** 2).mean(axis=1) / 2


def slopes(landscape, places, inputs, targets, seen=None):
    """Gradient of the loss at each place, (k, 2); over the `seen` cases only, bool (k, m), if given."""
    model, a, b, inputs, targets = _asked(landscape, places, inputs, targets)
    said, by = model(a, b, inputs)
    off = said - targets
    if seen is not None:
        seen = checks.numbers("seen", seen)
        if seen.shape != off.shape or not np.isin(seen, (0, 1)).all() or not seen.any(axis=1).all():
            raise ValueError(f"seen of shape {seen.shape}: must be bool of shape {off.shape}, at least one case of each place")
        off = off * seen * (inputs.size / seen.sum(axis=1, keepdims=True))
    return np.stack([(off * one).mean(axis=1) for one in by], axis=1)


def best_line(inputs, targets):
    """Slope and intercept of least squares, by their formula (2,); ValueError if all inputs are one."""
    inputs, targets = _data(inputs, targets)
    if not np.ptp(inputs) > LEAST:
        raise ValueError(f"inputs: all are {float(inputs[0])!r}; must not all be the same")
    off = inputs - inputs.mean()
    slope = (off * targets).sum() / (off * off).sum()
    return np.array([slope, targets.mean() - slope * inputs.mean()])


class Descent:
    """A ball on a loss surface.

    A map of a loss, the stronger the shade, the greater; to the right and upwards the two parameters of a model of `inputs`
    (m,) and `targets` (m,), by default data of the landscape's own. `landscape`: a straight line (slope and intercept;
    a mark at the formula's minimum), tanh(a x) + tanh(b x), or sin(a x) + sin(b x). A tap drops a ball; a step moves
    each by v = `momentum` v - `rate` slope. `noise`: share of the cases that each step leaves out, by lot. A ball that
    leaves the map is taken off; one whose numbers overflow has diverged.
    """

    layers = {"loss": Field(1), "trails": Points(), "minimum": Points(), "balls": Points("x y kind")}
    tools = {"drop": "tap"}
    live = ("rate", "momentum", "noise")

    def __init__(self, rng, *, landscape="a straight line", rate=0.05, momentum=0.0, noise=0.0, inputs=None, targets=None):
        checks.one_of("landscape", landscape, tuple(LANDSCAPES))
        if (inputs is None) != (targets is None):
            raise ValueError("inputs, targets: must be given both, or neither")
        self.rng, self.landscape, self.plane = rng, landscape, (float(CELLS), float(CELLS))
        self.low, self.high = LANDSCAPES[landscape][1:3]
        self.inputs, self.targets = (INPUTS, LANDSCAPES[landscape][3]) if inputs is None else _data(inputs, targets)
        self.rate, self.momentum, self.noise = rate, momentum, noise
        middles = np.arange(CELLS) + 0.5
        b, a = np.meshgrid(middles, middles, indexing="ij")
        loss = self.losses(self.parameters(np.column_stack([a.ravel(), b.ravel()]))).reshape(CELLS, CELLS)
        self.least = float(loss.min())
        span = loss.max() - loss.min()
        self.shade = np.sqrt((loss - loss.min()) / span) if span > 0 else np.zeros_like(loss)
        self.minimum = np.full((1, 2), np.nan)
        if landscape == "a straight line":
            best = best_line(self.inputs, self.targets)
            if np.all((best >= self.low) & (best <= self.high)):
                self.minimum[0] = self.cells(best)
        self.time = self.dropped = self.left = self.diverged = 0
        self.places, self.speeds, self.starts = (np.zeros((0, 2)) for _ in range(3))
        self.slots = np.zeros(0, np.int64)  # each ball's rows in the scene
        self.trails = np.full((BALLS, TRAIL, 2), np.nan)
        self.points = np.zeros(BALLS, np.int64)  # of each trail so far

    def __setattr__(self, name, value):
        if name == "rate":
            value = checks.one_number("rate", value, 0, open_low=True)
        elif name == "momentum":
            value = checks.one_number("momentum", value, 0, 1, open_high=True)
        elif name == "noise":
            value = checks.one_number("noise", value, 0, 1, open_high=True)
        super().__setattr__(name, value)

    def parameters(self, cells):
        """The parameters at a point of the plane, (..., 2)."""
        return self.low + (self.high - self.low) * np.asarray(cells, np.float64) / CELLS

    def cells(self, places):
        """Where on the plane parameters are, (..., 2)."""
        return CELLS * (np.asarray(places) - self.low) / (self.high - self.low)

    def losses(self, places):
        return losses(self.landscape, places, self.inputs, self.targets)

    def still(self):
        """Which balls lie still, bool (k,): nothing pulls or carries them."""
        pull = np.abs(slopes(self.landscape, self.places, self.inputs, self.targets))
        return (np.maximum(pull, np.abs(self.speeds)) <= STILL).all(axis=1)

    def step(self):
        self.time += 1
        m, seen = self.inputs.size, None
        left_out = min(round(self.noise * m), m - 1)
        if left_out and len(self.places):
            ranks = self.rng.random((len(self.places), m)).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
            seen = ranks >= left_out
        slope = slopes(self.landscape, self.places, self.inputs, self.targets, seen)
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is off the map
            self.speeds = self.momentum * self.speeds - self.rate * slope
            self.places = self.places + self.speeds
        on = np.all((self.places >= self.low) & (self.places <= self.high), axis=1)
        overflowed = ~np.isfinite(self.places).all(axis=1)
        self.diverged += int(np.count_nonzero(overflowed))
        self.left += int(np.count_nonzero(~on & ~overflowed))
        self._keep(on)
        for slot, at in zip(self.slots, self.cells(self.places), strict=True):
            last = self.trails[slot, (self.points[slot] - 1) % TRAIL]
            if ((at - last) * (at - last)).sum() >= 1:
                self._trace(slot, at)

    def _trace(self, slot, at):
        self.trails[slot, self.points[slot] % TRAIL] = at
        self.points[slot] += 1

    def _keep(self, on):
        """Take the other balls off, with their trails."""
        self.trails[self.slots[~on]] = np.nan
        self.places, self.speeds, self.starts, self.slots = (one[on] for one in (self.places, self.speeds, self.starts, self.slots))

    def poke(self, x, y, tool):
        """Drop a ball there; ValueError off the map. When the map is full the oldest ball makes room."""
        checks.one_of("tool", tool, tuple(self.tools))
        at = np.array([checks.one_number("x", x, 0, CELLS), checks.one_number("y", y, 0, CELLS)])
        if len(self.places) == BALLS:
            self._keep(np.arange(BALLS, dtype=np.int64) > 0)
        slot = min(set(range(BALLS)) - set(self.slots.tolist()))
        self.slots = np.append(self.slots, np.int64(slot))
        self.places = np.vstack([self.places, self.parameters(at)])
        self.speeds, self.starts = np.vstack([self.speeds, np.zeros(2)]), np.vstack([self.starts, at])
        self.points[slot] = 0
        self._trace(slot, at)
        self.dropped += 1

    def scene(self):
        balls = np.full((BALLS, 3), np.nan)
        balls[self.slots] = np.column_stack([self.cells(self.places), self.still()])
        return {"loss": self.shade, "trails": self.trails.reshape(-1, 2), "minimum": self.minimum, "balls": balls}

    def readout(self):
        said = f"Step {self.time}: "
        if not self.dropped:
            return said + "no ball on the map yet."
        found, still = self.losses(self.places), self.still()
        for is_still, what in ((True, "lying still"), (False, "rolling")):
            some = np.sort(found[still == is_still])
            if some.size:
                low, high = f"{some[0]:.4f}", f"{some[-1]:.4f}"
                said += f"{some.size} {what} at loss {low}{f' to {high}' * (low != high)}; "
        if not found.size:
            said += "no ball is left; "
        for number, what in ((self.left, "left the map"), (self.diverged, "diverged")):
            if number:
                said += f"{number} {what} and {'was' if number == 1 else 'were'} taken off; "
        return said + f"the lowest point of the map's grid is at {self.least:.4f}."

    def reached(self):
        """On the mountain range a ball lies still in a lowest valley, far from where it or its mirror image was dropped."""
        if self.landscape != "two sine units":
            return False
        lowest = self.still() & (self.losses(self.places) <= self.least)
        end = self.cells(self.places)
        far = [((self.starts - at) * (self.starts - at)).sum(axis=1) >= FAR * FAR for at in (end, end[:, ::-1])]
        return bool(np.any(lowest & far[0] & far[1]))
