"""A game of N players who feel one another through their mean only, and its limit, where the mean needs no telling.

Notation
    x_i          state of player i: dx_i = (a (m - x_i) + u_i) dt + sigma dW_i, W_i independent
    m            mean of the states of all N; at the start the states are independent normal, of mean 0 and sd `spread`
    z_i          gap m - x_i, what a player acts on
    u_i          the player's action; `Nash`, `limit`: gain(t) z_i. `silent`: gain(t) (0 - x_i), with the mean predicted
    cost         of player i: E of the integral of u^2/2 - q u z + eps z^2/2 over [0, horizon], plus c z^2/2 at its end
    players      N from 2, or np.inf, the limit
    phi          curvature of a player's cost to go, phi z^2/2 + a number
    d            0 - m, by how much the prediction is off
The game is that of Carmona, Fouque & Sun 2015 (systemic risk), without common noise: q^2 <= eps, times from 0 to horizon.
"""
from typing import NamedTuple

import numpy as np
from scipy.integrate import solve_ivp

from . import checks, signals

STRATEGIES = ("Nash", "limit", "silent")
EXACT = dict(method="DOP853", rtol=1e-10)


class Game(NamedTuple):
    """What all players share; the numbers are those of target T11.1."""

    a: float = 1.0
    q: float = 1.0
    eps: float = 10.0
    c: float = 0.0
    sigma: float = 1.0
    spread: float = 0.0
    horizon: float = 1.0


class Play(NamedTuple):
    """mean (runs, steps + 1); of the players shown their paths and the gaps they acted on, (runs, shown, steps + 1);
    the cost of a run per player, (runs,); bytes sent in a run by all."""

    mean: np.ndarray
    paths: np.ndarray
    heard: np.ndarray
    cost: np.ndarray
    bytes: int


def _game(game):
    number = {name: checks.one_number(name, getattr(game, name), 0, 100) for name in ("a", "q", "c", "sigma", "spread")}
    eps = checks.one_number("eps", game.eps, number["q"]**2, 1e4)  # from q^2 the cost is convex
    return Game(eps=eps, horizon=checks.one_number("horizon", game.horizon, 0, 10, open_low=True), **number)


def _share(players):
    """1 / N, 0 in the limit."""
    players = checks.numbers("players", players)
    whole = checks.counts("players", np.where(players == np.inf, 2, players).tolist(), 2).reshape(players.shape)  # which no empty list keeps
    return np.where(players == np.inf, 0.0, 1 / whole)


def _times(game, players, times):
    """`times`, if there are some and they go together with `players`."""
    times = checks.finite("times", times, 0, game.horizon)
    if not times.size:
        raise ValueError(f"times of shape {times.shape}: must hold one at least")
    checks.together(players=players, times=times)
    return times


def _curve(game, share, left):
    """phi, and its integral over the time `left`. With b = a + q, K = 1 - share^2, R^2 = b^2 + K (eps - q^2) and
    V = cosh(R s) + (b + K c) sinh(R s) / R, V'' = R^2 V, phi = (V' / V - b) / K solves the equation in `riccati`."""
    b, curve, excess = game.a + game.q, 1 - share**2, game.eps - game.q**2
    root = np.sqrt(b * b + curve * excess)
    u = np.where(root > 0, np.tanh(root * left) / np.where(root > 0, root, 1), left)
    phi = (excess * u + game.c * (1 - b * u)) / (1 + (b + curve * game.c) * u)
    log_cosh = root * left + np.log1p(np.exp(-2 * root * left)) - np.log(2)
    return phi, (log_cosh + np.log1p((b + curve * game.c) * u) - b * left) / curve


def riccati(game, players, times):
    """phi of the closed-loop Nash equilibrium: phi' = 2 (a+q) phi + (1 - 1/N^2) phi^2 - (eps - q^2), phi(horizon) = c.

    In a closed-loop equilibrium each knows every state, and that the others will answer to what it does. For a cost to go
    phi z^2/2 the best action is (q + (1 - 1/N) phi) z, since an action moves the player's own gap by -(1 - 1/N); the
    others' same gain moves it by -gain z/N, as their gaps sum to -z; what is left of the Hamilton-Jacobi-Bellman equation is
    this (Carmona, Fouque & Sun 2015). players and times broadcast; ValueError outside the game's range.
    """
    game, share = _game(game), _share(players)
    return _curve(game, share, game.horizon - _times(game, players, times))[0]


def gain(game, players, times):
    """The action per gap at equilibrium, q + (1 - 1/N) phi. For players=np.inf also the central planner's, for every N.

    The planner, who minimises the sum of costs: actions' mean moves no gap and costs, so it is 0; then each gap is a problem
    of its own, dz = -(a z + u) dt + noise, whose Riccati equation is the limit's. So `limit` is the social optimum.
    """
    return game.q + (1 - _share(players)) * riccati(game, players, times)


def _silent(game, times):
    """When all are silent: the variance of a gap over (1 - 1/N), that of the mean times N, and what silence has cost till then
    times N, (3, ...) at the times."""
    def slope(t, y):
        k = game.q + _curve(game, 0.0, game.horizon - t)[0]
        return [game.sigma**2 - 2 * (game.a + k) * y[0], game.sigma**2 - 2 * k * y[1], k * k * y[1] / 2]

    size = game.spread**2 + game.sigma**2 * game.horizon
    path = solve_ivp(slope, (0, game.horizon), [game.spread**2, game.spread**2, 0.0], dense_output=True,
                     atol=1e-13 * max(size, 1e-300), **EXACT).sol
    return path(times.ravel()).reshape(3, *times.shape)


def expected_cost(game, players, strategy):
    """Of a player when all play the strategy, of the shape of players. `limit` is the planner's, the least there is.

    (1 - 1/N) / 2 (phi_0 spread^2 + sigma^2 times the integral of phi), phi that of the strategy. `silent` costs more, by half the
    integral of gain^2 E d^2: d' = -gain d + noise of variance sigma^2/N, and the gaps are those of `limit` and independent of d.
    """
    game, share = _game(game), _share(players)
    checks.one_of("strategy", strategy, STRATEGIES)
    phi, total = _curve(game, share if strategy == "Nash" else 0 * share, game.horizon)
    silence = share * _silent(game, np.array(game.horizon))[2] if strategy == "silent" else 0
    return (1 - share) / 2 * (phi * game.spread**2 + game.sigma**2 * total) + silence


def mean_variance(game, players, times, strategy):
    """Variance of the mean: (spread^2 + sigma^2 t) / N while all act on gaps, which sum to 0. players and times broadcast."""
    game, share = _game(game), _share(players)
    times = _times(game, players, times)
    if checks.one_of("strategy", strategy, STRATEGIES) == "silent":
        return share * _silent(game, times)[1]
    return share * (game.spread**2 + game.sigma**2 * times)


def gap_fidelity(game, players, times):
    """Correlation of the true gap with the predicted one, -x_i, over runs, all silent. players and times broadcast.

    (The predicted mean itself never varies: its fidelity is 0 by definition.)
    """
    game, share = _game(game), _share(players)
    own, mean, _ = _silent(game, _times(game, players, times))
    own, mean = (1 - share) * own, share * mean
    whole = own + mean
    return np.sqrt(np.where(whole > 0, own / np.where(whole > 0, whole, 1), 1 - share))  # at time 0 the limit t -> 0


def regret(game, players, strategy):
    """What one player saves who alone leaves the strategy for its best reply, knowing every state: 0 at equilibrium.

    Its state y = (z, d): y' = F y + B u + noise. Its own best reply is G'y, G = (q, 0) - P B, by the Riccati equation
    -P' = F'P + PF + diag(eps, 0) - GG'; what the strategy's action H'y costs above it, y'Dy/2, obeys
    -D' = A'D + DA + (G-H)(G-H)' with A = F + BH', so that the least regret keeps its digits. Shape of players.
    """
    game, share = _game(game), _share(players)
    silent = float(checks.one_of("strategy", strategy, STRATEGIES) == "silent")
    n = share.ravel()
    others = n if strategy == "Nash" else 0 * n
    pushes = np.stack([n - 1, -n], axis=-1)
    noise = game.sigma**2 * np.stack([1 - n, n], axis=-1)

    def slope(left, flat):
        costs = flat.reshape(3, n.size, 2, 2)
        best, lost = costs[:2]
        k = game.q + (1 - others) * _curve(game, others, left)[0]
        led = silent * k * (1 - n)  # by the others, who answer to d only while silent
        drift = np.stack([-game.a - k * n, led, k * n, -led], axis=-1).reshape(-1, 2, 2)
        wanted = np.array([game.q, 0]) - np.einsum("nij,nj->ni", best, pushes)
        done = k[:, None] * np.array([1, silent])
        moved = drift + pushes[:, :, None] * done[:, None, :]
        off = wanted - done
        out = np.zeros_like(costs)
        out[0] = _both(best @ drift) + np.diag([game.eps, 0]) - wanted[:, :, None] * wanted[:, None, :]
        out[1] = _both(lost @ moved) + off[:, :, None] * off[:, None, :]
        out[2, :, 0, 0] = (lost[:, [0, 1], [0, 1]] * noise).sum(axis=-1)
        return out.ravel()

    start = np.zeros((3, n.size, 2, 2))
    start[0, :, 0, 0] = game.c
    least = 1e-17 * (1 + _fastest(game)**2)  # what the rounding of gains may seem to cost, not to be followed
    end = solve_ivp(slope, (0, game.horizon), start.ravel(), atol=least, **EXACT).y[:, -1].reshape(start.shape)
    first = game.spread**2 * ((1 - n) * end[1, :, 0, 0] + n * end[1, :, 1, 1])
    return ((first + end[2, :, 0, 0]) / 2).reshape(share.shape)


def _both(matrix):
    return matrix + np.swapaxes(matrix, -1, -2)


def _fastest(game):
    """Rate at which a gap closes where it does so fastest: phi is monotone in time, and the gain the greatest in the limit."""
    return game.a + gain(game, np.inf, np.array([0, game.horizon])).max()


def exponent(players, errors):
    """Slope of log errors over log players, least squares: -1 for what falls as 1/N."""
    players, errors = checks.vector("players", players, 2, least=2), checks.vector("errors", errors, 0, least=2, open_low=True)
    if players.shape != errors.shape or np.ptp(players) == 0:
        raise ValueError(f"players, errors of shapes {players.shape}, {errors.shape}: must be alike, players not all the same")
    return float(np.polyfit(np.log(players), np.log(errors), 1)[0])


def simulate(game, players, runs, steps, rng, *, shown=3):
    """{strategy: Play} by Euler-Maruyama in `steps` steps, all three from the same starts and with the same noise.

    While all act on the true mean each hears N - 1 numbers a step; silent, none. ValueError if a step is too
    long: (a + gain) horizon / steps must be below 1.
    """
    game, n = _game(game), checks.count("players", players, 2)
    runs, steps, shown = checks.count("runs", runs), checks.count("steps", steps), min(checks.count("shown", shown), n)
    dt = game.horizon / steps
    times = dt * np.arange(steps)
    if _fastest(game) * dt >= 1:
        raise ValueError(f"steps={steps}: must be above {_fastest(game) * game.horizon:.3g}, (a + gain) horizon")
    start = game.spread * rng.standard_normal((runs, n))
    states = {name: start.copy() for name in STRATEGIES}
    gains = {name: gain(game, n if name == "Nash" else np.inf, times) for name in STRATEGIES}
    plays = {}
    for name in STRATEGIES:
        paths, told = np.zeros((2, runs, shown, steps + 1)), 0 if name == "silent" else signals.NUMBER * n * (n - 1) * steps
        plays[name] = Play(np.zeros((runs, steps + 1)), *paths, np.zeros(runs), told)
    for step in range(steps + 1):
        noise = game.sigma * np.sqrt(dt) * rng.standard_normal((runs, n)) if step < steps else None
        for name, play in plays.items():
            x = states[name]
            mean = x.mean(axis=1)
            z = mean[:, None] - x
            heard = -x if name == "silent" else z
            play.mean[:, step], play.paths[:, :, step], play.heard[:, :, step] = mean, x[:, :shown], heard[:, :shown]
            if step == steps:
                play.cost[:] += game.c / 2 * (z * z).mean(axis=1)
            else:
                u = gains[name][step] * heard
                play.cost[:] += dt * (u * u / 2 - game.q * u * z + game.eps / 2 * z * z).mean(axis=1)
                x += dt * (game.a * z + u) + noise
    return plays


def contest_nash(targets, kappa):
    """Beauty contest: each minimises (a_i - target_i)^2 + kappa (a_i - mean of all a)^2. The equilibrium exactly, (..., N).

    One's own weight in the mean leaves k = kappa (1 - 1/N) in the first-order condition; the mean of a is that of the
    targets, so a_i = (target_i + k mean) / (1 + k).
    """
    targets, kappa = _contest(targets, kappa)
    return contest_limit(targets, kappa * (1 - 1 / targets.shape[-1]), targets.mean(axis=-1, keepdims=True))


def contest_limit(targets, kappa, mean):
    """The limit's actions, (target + kappa mean) / (1 + kappa), the mean told or predicted; broadcasts with the targets."""
    targets, kappa = _contest(targets, kappa)
    mean = checks.finite("mean", mean, -1e100, 1e100)
    checks.together(targets=targets, mean=mean)
    return (targets + kappa * mean) / (1 + kappa)


def contest_rounds(targets, kappa, start, rounds):
    """Best replies of all to all, round after round: (rounds + 1, ..., N). start broadcasts to the targets.

    With k = kappa (1 - 1/N)^2, what the mean is off shrinks by k / (1 + k) a round, and what the gaps are off by that over N - 1,
    changing sign.
    """
    targets, kappa = _contest(targets, kappa)
    start = checks.finite("start", start, -1e100, 1e100)
    try:
        history = [np.broadcast_to(start, targets.shape)]
    except ValueError:
        raise ValueError(f"start of shape {start.shape}: must broadcast to that of targets, {targets.shape}") from None
    n = targets.shape[-1]
    for _ in range(checks.count("rounds", rounds, 0)):
        others = history[-1].mean(axis=-1, keepdims=True) - history[-1] / n
        history.append((targets + kappa * (1 - 1 / n) * others) / (1 + kappa * (1 - 1 / n)**2))
    return np.array(history)


def _contest(targets, kappa):
    targets = checks.finite("targets", targets, -1e100, 1e100)
    if targets.ndim == 0 or targets.shape[-1] < 2:
        raise ValueError(f"targets of shape {targets.shape}: must be (..., players), at least two")
    return targets, checks.one_number("kappa", kappa, 0, 1e100)
