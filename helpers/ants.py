"""Two branches between a nest and food: ants that choose by pheromone, and so choose for one another.

Notation
    a, b         pheromone on branches A and B at a fork, in crossings
    k            attraction of a branch without pheromone, in crossings: how much it takes to matter
    n            steepness of the choice: 1 proportional, above 1 the stronger branch gets more than its share
    ends         0 the nest, 1 the food: each has its own fork and its own pheromone
    branches     0 short, 1 long
    ratio        length of the long branch over that of the short one
    evaporation  share of the pheromone that is lost in a minute
"""

import numpy as np

from . import checks

K, N = 20, 2  # Deneubourg et al. 1990, for Argentine ants
SHORT = 20  # seconds that an ant needs for the short branch
LEAVING = 0.5  # probability that an ant sets out from an end in a second
MOST, STEEPEST = 1e12, 20  # crossings, and n: their power is still a number, and so is that of 1 / MOST


def attraction(pheromone, k=K, n=N):
    """(k + pheromone)**n: what the chance of taking a branch, or a cell, is proportional to.

    pheromone, k and n are trusted, since a moving model calls this at every tick. Whole n are multiplied
    out, so that the last digit does not depend on a platform's `pow`.
    """
    base = pheromone + k
    if n != int(n) or n < 1:
        return base**n
    power = base
    for _ in range(int(n) - 1):
        power = power * base
    return power


def choice(a, b, k=K, n=N):
    """Probability of taking A: (k + a)**n / ((k + a)**n + (k + b)**n), Deneubourg et al. 1990.

    a, b and k broadcast, n is one number; a, b from 0 to 1e12, k from 1e-12 to 1e12, n from 0 to 20.
    """
    a, b = checks.finite("a", a, 0, MOST), checks.finite("b", b, 0, MOST)
    k = checks.finite("k", k, 1 / MOST, MOST)
    checks.together(a=a, b=b, k=k)
    return _choice(a, b, k, checks.one_number("n", n, 0, STEEPEST))


def _choice(a, b, k, n):
    to_a = attraction(a, k, n)
    return to_a / (to_a + attraction(b, k, n))


def equal_bridge(ants, runs, rng, k=K, n=N):
    """Crossings of branch A after 0, 1, ..., `ants` ants: int64 (ants + 1, runs).

    The branches are equal and every crossing adds 1 (Deneubourg et al. 1990). After m ants the winner's
    share is max(A, m - A) / m. n = 1 is Polya's urn: A / m tends to a Beta(k, k) number.
    """
    ants, runs = checks.count("ants", ants), checks.count("runs", runs)
    k, n = checks.one_number("k", k, 1 / MOST, MOST), checks.one_number("n", n, 0, STEEPEST)
    crossings = np.zeros((ants + 1, runs), dtype=np.int64)
    for gone in range(ants):
        a = crossings[gone]
        crossings[gone + 1] = a + (rng.random(runs) < _choice(a, gone - a, k, n))
    return crossings


def polya_share(ants, k=K):
    """(mean, variance) of A's share after `ants` ants with n = 1: 1/2 and the beta-binomial's variance.

    (2k + m) / (4m (2k + 1)) for m ants (Eggenberger & Polya 1923), down to Beta(k, k)'s 1 / (4 (2k + 1)).
    """
    ants, k = checks.counts("ants", ants), checks.finite("k", k, 0, open_low=True)
    return 0.5, (2 * k + ants) / (4 * ants * (2 * k + 1))


def double_bridge(runs, seconds, rng, *, ratio, evaporation=0, opened=0, k=K, n=N):
    """Share of the departures that take the short branch, minute by minute: float64 (minutes, runs).

    A second at a time: from each end an ant leaves with probability 1/2, by `choice` on that end's
    pheromone; it marks its branch by 1 there, travels 20 s or 20 * ratio s (rounded), and marks it by 1 at
    the other end. Ants before second `opened` find the long branch only. Evaporation, one number or
    (runs,), acts every second by (1 - evaporation)**(1/60). After Goss et al. 1989, their geometry left
    out. `seconds` must be whole minutes; a minute without departures (probability 2**-120) gives NaN.
    """
    runs, seconds = checks.count("runs", runs), checks.count("seconds", seconds, 60)
    if seconds % 60:
        raise ValueError(f"seconds={seconds}: must be a multiple of 60")
    ratio = checks.one_number("ratio", ratio, 1)
    lost = checks.probability("evaporation", evaporation)
    if lost.shape not in ((), (runs,)):
        raise ValueError(f"evaporation of shape {lost.shape}: must be one number or have shape ({runs},)")
    opened = checks.count("opened", opened, 0)
    k, n = checks.one_number("k", k, 1 / MOST, MOST), checks.one_number("n", n, 0, STEEPEST)
    keep = (1 - lost) ** (1 / 60)
    evaporates = bool(np.any(lost > 0))
    travel = (SHORT, round(SHORT * ratio))
    pheromone = np.zeros((2, 2, runs))  # end, branch, run
    under_way = np.zeros((travel[1] + 1, 2, 2, runs))  # second modulo its length, then as the pheromone
    taken, left = np.zeros((2, seconds // 60, runs))
    for second in range(seconds):
        if evaporates:
            pheromone *= keep
        draws = rng.random((2, 2, runs))
        leaves = draws[0] < LEAVING
        short = leaves & (draws[1] < _choice(pheromone[:, 0], pheromone[:, 1], k, n))
        if second < opened:
            short[:] = False
        now = under_way[second % len(under_way)]
        now[:, 0], now[:, 1] = short, leaves & ~short
        pheromone += now
        for branch, delay in enumerate(travel):
            if second >= delay:  # those who left one end arrive at the other
                pheromone[:, branch] += under_way[(second - delay) % len(under_way), ::-1, branch]
        taken[second // 60] += short.sum(axis=0)
        left[second // 60] += leaves.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return taken / left


def late_shortcut(rates, runs, rng, *, opened=1800, seconds=3600, ratio=2, last=5, **settings):
    """Share of the departures on the short branch in the last minutes, by evaporation: (rates, runs).

    The short branch is opened late, at second `opened` (0: it is there from the start). `rates` (m,) are
    evaporations; `last` counts the minutes averaged over; other settings are those of `double_bridge`.
    """
    rates = checks.vector("rates", rates, 0, 1)
    runs, last = checks.count("runs", runs), checks.count("last", last)
    shares = double_bridge(rates.size * runs, seconds, rng, ratio=ratio, opened=opened,
                           evaporation=np.repeat(rates, runs), **settings)
    return shares[-last:].mean(axis=0).reshape(rates.size, runs)
