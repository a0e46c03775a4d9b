"""An orchestra without a conductor: oscillators that fall into step.

Notation
    n          oscillators
    phase      theta, radians
    own        omega, each one's own frequency, radians in a unit of time
    spread     sigma (normal) or half-width gamma (Lorentzian) of the own frequencies
    coupling   K: how hard each is drawn to the others
    r, psi     order parameter: r exp(i psi) = mean of exp(i theta)
"""
import math
from statistics import NormalDist

import numpy as np

from . import checks
from .scenes import Points

STEEPEST = 700.0  # bend: e to a higher power is no number
MOST_STEPS = 10**6


def _phases(name, value):
    """`value` as finite phases (..., n), n at least 1."""
    phases = checks.finite(name, value)
    if not phases.ndim or not phases.shape[-1]:
        raise ValueError(f"{name} of shape {phases.shape}: must be (..., n), n at least 1")
    return phases


def order(phase):
    """r of phases (..., n): 0 for no common beat, 1 for one beat."""
    phase = _phases("phase", phase)
    return np.hypot(np.cos(phase).mean(axis=-1), np.sin(phase).mean(axis=-1))


def pull(phase):
    """r sin(psi - theta) for each, (n,): the mean of sin(theta_j - theta_i) over all j, from the mean field."""
    phase = _phases("phase", phase)
    across, up = np.cos(phase), np.sin(phase)
    return up.mean(axis=-1, keepdims=True) * across - across.mean(axis=-1, keepdims=True) * up


def advance(phase, own, coupling, dt):
    """Phases after dt of d theta / dt = omega + K r sin(psi - theta) (Kuramoto 1975), by Heun's step."""
    phase, own = _phases("phase", phase), checks.finite("own", own)
    coupling, dt = checks.finite("coupling", coupling), checks.finite("dt", dt)
    checks.together(phase=phase, own=own, coupling=coupling, dt=dt)
    first = own + coupling * pull(phase)
    second = own + coupling * pull(phase + dt * first)
    return phase + dt / 2 * (first + second)


def critical_coupling(spread, kind="normal"):
    """K_c = 2 / (pi g(0)), g the density of the own frequencies (Kuramoto 1975; Strogatz 2000)."""
    spread = checks.finite("spread", spread, 0, open_low=True)
    checks.one_of("kind", kind, ("normal", "lorentzian"))
    return spread * (math.sqrt(8 / math.pi) if kind == "normal" else 2)


def steady_order(coupling, spread=1.0, kind="normal"):
    """r for n without end, at each of `coupling`: 0 up to K_c, then where r = K r times the integral of
    cos(u)**2 g(K r sin u) over |u| < pi / 2. For Lorentzian g it is sqrt(1 - K_c / K)."""
    coupling, spread = checks.finite("coupling", coupling, 0), checks.one_number("spread", spread, 0, open_low=True)
    brink = critical_coupling(spread, kind)
    if kind == "lorentzian":
        return np.sqrt(np.maximum(1 - brink / np.maximum(coupling, brink), 0))
    u = (np.arange(400) + 0.5) * math.pi / 400 - math.pi / 2

    def held(k, r):  # share of the beat that the locked ones make
        g = np.exp(-0.5 * (k * r * np.sin(u) / spread) ** 2) / (spread * math.sqrt(2 * math.pi))
        return k * (np.cos(u) ** 2 * g).sum() * math.pi / 400

    def solve(k):
        if k <= brink:
            return 0.0
        low, high = 0.0, 1.0
        for _ in range(60):
            r = (low + high) / 2
            low, high = (r, high) if held(k, r) > 1 else (low, r)
        return low
    return np.vectorize(solve, otypes=[float])(coupling)


def even_frequencies(n, spread=1.0, kind="normal"):
    """n own frequencies at the even quantiles of their law, (n,): the mean is 0, and no chance is in them."""
    n = checks.count("n", n, 2)
    spread = checks.one_number("spread", spread, 0, open_low=True)
    checks.one_of("kind", kind, ("normal", "lorentzian"))
    share = (np.arange(n) + 0.5) / n
    if kind == "lorentzian":
        return spread * np.tan(math.pi * (share - 0.5))
    return spread * np.array([NormalDist().inv_cdf(one) for one in share])


def measured_order(couplings, own, rng, *, time=60.0, warm=40.0, dt=0.05):
    """Mean r over `time` after `warm`, at each of `couplings` (m,), from phases drawn by lot: (m,)."""
    couplings = checks.vector("couplings", couplings, 0)
    own = checks.vector("own", own, least=2)
    dt = checks.one_number("dt", dt, 0, open_low=True)
    phase = rng.uniform(-math.pi, math.pi, (couplings.size, own.size))
    steps, skip = (round(checks.one_number(name, value, 0, open_low=True) / dt)
                   for name, value in (("time", time), ("warm", warm)))
    if steps == 0:
        raise ValueError(f"time={time}: must be at least dt={dt:g}")
    if skip + steps > MOST_STEPS:
        raise ValueError(f"dt={dt:g}: time={time} and warm={warm} must be at most {MOST_STEPS} such steps")
    total = np.zeros(couplings.size)
    for step in range(skip + steps):
        phase = advance(phase, own, couplings[:, None], dt)
        if step >= skip:
            total += order(phase)
    return total / steps


class Orchestra:
    """Players, each with a tempo of her own, who listen to one another, or to a conductor.

    Kuramoto's oscillators on the circle of their phases, one turn a bar; the slow play further in and the
    quick further out. `coupling` K draws them to the beat of all; `conductor` draws them to the beat of one,
    who stands on the rim, and who can be sacked. Touching startles the players near the pointer.
    """

    layers = {"players": Points("x y"), "common_beat": Points("x y"), "conductor": Points("x y")}
    tools = {"startle": "stroke", "sack the conductor": "tap"}
    live = ("coupling", "conductor", "spread")
    dt = 0.05

    def __init__(self, rng, *, players=120, coupling=1.0, conductor=0.0, spread=0.5):
        players = checks.count("players", players, 2)
        self.rng, self.plane = rng, (2.4, 2.4)
        self.tempo = even_frequencies(players)
        self.coupling, self.conductor, self.spread = coupling, conductor, spread
        self.phase = rng.uniform(-math.pi, math.pi, players)
        self.beat, self.time = 0.0, 0
        self.together = self.startled = False

    def __setattr__(self, name, value):
        if name in self.live:
            value = checks.one_number(name, value, 0, 20)
        super().__setattr__(name, value)

    def step(self):
        own = self.spread * self.tempo
        self.phase = advance(self.phase, own, self.coupling, self.dt)
        if self.conductor:
            self.phase += self.dt * self.conductor * np.sin(self.beat - self.phase)
        self.phase = np.mod(self.phase, 2 * math.pi)
        self.time += 1
        self.together = self.together or self.order() > 0.8

    def order(self) -> float:
        return float(order(self.phase))

    def _places(self):
        out = 0.92 + 0.08 * self.tempo / np.abs(self.tempo).max()
        turn = self.phase + 0.5 * self.dt * self.time  # all go round, as the music does
        return np.column_stack([1.2 + out * np.cos(turn), 1.2 + out * np.sin(turn)])

    def scene(self):
        beat = self._places().mean(axis=0)
        turn = self.beat + 0.5 * self.dt * self.time
        baton = (1.2 + 1.1 * math.cos(turn), 1.2 + 1.1 * math.sin(turn)) if self.conductor else (np.nan, np.nan)
        return {"players": self._places(), "common_beat": beat[None], "conductor": np.array([baton])}

    def poke(self, x, y, tool):
        """Startle who plays within 0.35 of the pointer, or sack the conductor."""
        checks.one_of("tool", tool, tuple(self.tools))
        x, y = (checks.one_number(name, value, 0, 2.4) for name, value in (("x", x), ("y", y)))
        if tool == "sack the conductor":
            self.conductor = 0
            return
        near = ((self._places() - (x, y)) ** 2).sum(axis=1) < 0.35**2
        self.phase = np.where(near, self.rng.uniform(0, 2 * math.pi, self.phase.size), self.phase)
        self.startled = self.startled or bool(near.any() and self.together and self.order() < 0.5)

    def readout(self):
        brink = critical_coupling(self.spread) if self.spread else 0.0
        led = f"conductor {self.conductor:g}" if self.conductor else "no conductor"
        return (f"Step {self.time}: the common beat r is {self.order():.2f}; coupling {self.coupling:g} "
                f"(critical: {brink:.2f}), {led}.")

    def reached(self):
        """With no conductor they played together, were startled out of it, and found it again."""
        return self.startled and not self.conductor and self.order() > 0.8


def rise(phase, bend):
    """Voltage (0 to 1) at a phase (0 to 1): ln(1 + (e**b - 1) phase) / b, quick first, then slower; b above 0, at most STEEPEST."""
    phase, bend = checks.probability("phase", phase), checks.finite("bend", bend, 0, STEEPEST, open_low=True)
    checks.together(phase=phase, bend=bend)
    return np.log1p(np.expm1(bend) * phase) / bend


def pulses(n, rng, *, kick, bend=3.0, firings=4000, own=None):
    """Phases at the moments of firing of n neurons that kick one another: (times (k,), phases (k, n)).

    Mirollo & Strogatz 1990: each charges along `rise` in one unit of time; when one fires, all others'
    voltages go up by `kick`, and who thereby reaches 1 fires with her, kicks as well, and from then on stays
    with her.
    It ends after `firings` moments, or when all fire at once.
    """
    n, firings = checks.count("n", n, 2), checks.count("firings", firings)
    kick = checks.one_number("kick", kick, 0)
    bend = checks.one_number("bend", bend, 0, STEEPEST, open_low=True)
    phase, now = rng.random(n), 0.0
    times, seen = [], []
    for _ in range(firings):
        wait = 1 - phase.max()
        now += wait
        phase = phase + wait
        fired = phase >= 1 - 1e-12
        while True:  # who is kicked over the edge fires, and adds her kick
            lifted = rise(np.where(fired, 0, phase), bend) + kick * np.count_nonzero(fired)
            over = ~fired & (lifted >= 1)
            if not over.any():
                break
            fired |= over
        phase = np.where(fired, 0, np.expm1(bend * np.minimum(lifted, 1)) / np.expm1(bend))
        times.append(now)
        seen.append(phase)
        if fired.all():
            break
    return np.array(times), np.array(seen)


def groups(phases):
    """How many different phases there are in each row of (k, n): neurons that fire together count once."""
    return 1 + (np.diff(np.sort(_phases("phases", phases), axis=-1), axis=-1) > 1e-9).sum(axis=-1)
