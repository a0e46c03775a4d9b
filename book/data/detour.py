"""Twenty colonies before whom a wall falls, or a door opens, and couriers with a map (helpers/foraging.py): makes detour.csv.

    python book/data/detour.py        (some minutes)

A row is one colony, or the couriers with a map that is renewed in each tick ("right") or never ("stale"), and one of the EVENTS:
the loads brought home in each 100 ticks. Same seeds, same file.
"""
import platform
from pathlib import Path

import joblib
import numpy as np

from helpers import foraging

TABLE = Path(__file__).with_suffix(".csv")
RATES, SEEDS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1], 20
EVENTS = {"a wall falls": {"ticks": 3000, "falls": 1000}, "a door opens": {"ticks": 4000, "falls": 0, "opens": 2500}}
MAPS = {"right": 1, "stale": 10**6}  # ticks from survey to survey


def colony(event, rate, seed):
    """Loads (ticks // 100,) that one colony brought home."""
    return foraging.deliveries([seed], evaporation=rate, **EVENTS[event])[0][0]


def couriers(event, survey):
    return foraging.deliveries([0], ants=1, couriers=200, survey=survey, **EVENTS[event])[1][0]


def main():
    settings = [(event, rate, seed) for event in EVENTS for rate in RATES for seed in range(SEEDS)]
    found = joblib.Parallel(n_jobs=-1)(joblib.delayed(colony)(*setting) for setting in settings)
    rows = [(event, "colony", rate, seed, loads) for (event, rate, seed), loads in zip(settings, found, strict=True)]
    rows += [(event, name, "", "", couriers(event, survey)) for event in EVENTS for name, survey in MAPS.items()]
    lines = [f"# By python book/data/detour.py with Python {platform.python_version()}, NumPy {np.__version__}.",
             "event,who,evaporation,seed,loads",
             *(f"{event},{who},{rate},{seed},{' '.join(map(str, loads))}" for event, who, rate, seed, loads in rows)]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
