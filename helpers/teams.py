"""Hong and Page's problem solvers (2004, PNAS 101:16385): does diversity trump ability?

Notation
    values     (n,) worth of each position on a ring, 0 to 100; the landscape
    heuristic  k different steps of 1..steps_max, in order. From position i an agent looks steps
               ahead, one after the other and over again, moves wherever the value is higher, and
               stops when no step helps.
    H          number of heuristics; a team is an array (H, k), in the order in which agents act
An agent's ability is the mean value where it stops, over all n starts. A search never goes down,
so its end is a fixed point of one pass through the steps, and squaring that map finds it for all
starts at once.
"""

from itertools import permutations
from typing import NamedTuple

import numpy as np

from . import checks

HIGHEST = 100.0
AT_ONCE = 64  # heuristics searched together: their maps stay in the processor's cache


class Contest(NamedTuple):
    best: float
    random: float
    best_diversity: float
    random_diversity: float
    best_agent: float
    mean_agent: float


def landscape(rng, n=2000, smoothness=1):
    """Values (n,) on a ring: uniform on (0, 100) at random places, straight lines between them.

    Gaps between those places are uniform on 1..2 * smoothness - 1, so `smoothness` on average, and
    smoothness=1 is Hong and Page's fully random landscape. After Grim et al. 2019; the replication
    by Wallrich draws the gaps from 1..2 * smoothness, half a position more on average.
    """
    n, smoothness = checks.count("n", n), checks.count("smoothness", smoothness)
    gaps = rng.integers(1, 2 * smoothness, size=n, dtype=np.int64)
    places = np.r_[np.zeros(1, dtype=np.int64), np.cumsum(gaps)]
    places = places[places < n]
    heights = rng.uniform(0, HIGHEST, places.size)
    return np.interp(np.arange(n), places, heights, period=n)


def heuristics(steps_max, k=3):
    """All ordered choices of k different steps of 1..steps_max: int64 (H, k)."""
    steps_max, k = checks.count("steps_max", steps_max), checks.count("k", k)
    if k > steps_max:
        raise ValueError(f"k={k}: must be at most steps_max={steps_max}")
    return np.array(list(permutations(range(1, steps_max + 1), k)), dtype=np.int64)


def _team(name, team):
    team = checks.counts(name, team)
    if team.ndim != 2 or team.size == 0:
        raise ValueError(f"{name} of shape {team.shape}: must be (heuristics, steps), none empty")
    return team


def _settle(moves):
    """The fixed points (..., n) reached by following the maps `moves` (..., n) again and again."""
    while True:
        further = np.take_along_axis(moves, moves, axis=-1)
        if np.array_equal(further, moves):
            return moves
        moves = further


def end_points(values, heuristics):
    """Position int64 (H, n) where each heuristic, alone, stops from each start."""
    values = checks.vector("values", values)
    heuristics = _team("heuristics", heuristics)
    position = np.tile(np.arange(values.size, dtype=np.int64), (len(heuristics), 1))
    for steps in heuristics.T:
        ahead = (position + steps[:, np.newaxis]) % values.size
        position = np.where(values[ahead] > values[position], ahead, position)
    return _settle(position)


def abilities(values, heuristics):
    """Mean value (H,) where each heuristic, alone, stops."""
    values, heuristics = checks.vector("values", values), _team("heuristics", heuristics)
    blocks = [heuristics[i : i + AT_ONCE] for i in range(0, len(heuristics), AT_ONCE)]
    return np.concatenate([values[end_points(values, block)].mean(axis=1) for block in blocks])


def relay(values, team):
    """Value (n,) that a team reaches from each start.

    Each agent in turn goes on from where the one before stopped, until nobody can move.
    """
    values = checks.vector("values", values)
    position = np.arange(values.size, dtype=np.int64)
    for ends in end_points(values, _team("team", team)):
        position = ends[position]
    return values[_settle(position)]


def heuristic_diversity(team):
    """Mean percentage of places at which two of the team's heuristics differ; team (H, k), H >= 2."""
    team = _team("team", team)
    size = len(team)
    if size < 2:
        raise ValueError(f"team of shape {team.shape}: diversity needs two heuristics")
    differ = np.mean(team[:, np.newaxis] != team, axis=-1)
    return 100 * differ.sum() / (size * (size - 1))


def contest(values, size, steps_max, rng, k=3):
    """The `size` ablest heuristics, ablest first, against as many drawn at random, on one landscape."""
    values, every = checks.vector("values", values), heuristics(steps_max, k)
    size = checks.count("size", size, 2)
    if size > len(every):
        raise ValueError(f"size={size}: must be at most the number of heuristics, {len(every)}")
    ability = abilities(values, every)
    best = every[np.argsort(-ability, kind="stable")[:size]]
    chosen = every[rng.choice(len(every), size, replace=False)]
    return Contest(
        relay(values, best).mean(),
        relay(values, chosen).mean(),
        heuristic_diversity(best),
        heuristic_diversity(chosen),
        ability.max(),
        ability.mean(),
    )
