"""Ants on the papers' problems, as long as in the papers (helpers/tours.py): makes ant_tours.csv.

    python book/data/ant_tours.py        (two minutes)

A row is a run, and the length of the best tour that it found. The Ant Colony System as in Dorigo & Gambardella 1997, with whole
numbers for distances; the Ant System, without and with eight elitist ants, as in Dorigo, Maniezzo & Colorni 1996. Same file again.
"""
import platform
from pathlib import Path

import joblib
import numpy as np

from helpers import tours

HERE = Path(__file__).parent
TABLE = Path(__file__).with_suffix(".csv")


def problem(name, *, rounded):
    return tours.distances(tours.read_tsp(HERE / f"{name}.tsp"), rounded=rounded)


RUNS = {
    ("Ant Colony System", "eil51"): lambda: tours.ant_colony_system(
        problem("eil51", rounded=True), np.random.default_rng(51), cycles=2500, runs=20),
    ("Ant Colony System", "oliver30"): lambda: tours.ant_colony_system(
        problem("oliver30", rounded=True), np.random.default_rng(30), cycles=2500, runs=20),
    ("Ant System", "oliver30"): lambda: tours.ant_system(
        problem("oliver30", rounded=False), np.random.default_rng(1996), cycles=5000, runs=10, elitists=0),
    ("elitist Ant System", "oliver30"): lambda: tours.ant_system(
        problem("oliver30", rounded=False), np.random.default_rng(1996), cycles=5000, runs=10, elitists=8),
}


def lengths(method, name):
    return RUNS[method, name]().length


def main():
    found = joblib.Parallel(n_jobs=-1)(joblib.delayed(lengths)(*key) for key in RUNS)
    lines = [f"# By python book/data/ant_tours.py with Python {platform.python_version()}, NumPy {np.__version__}.", "method,problem,run,length",
             *(f"{method},{name},{run},{length!r}" for (method, name), runs in zip(RUNS, found, strict=True)
               for run, length in enumerate(runs.tolist()))]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
