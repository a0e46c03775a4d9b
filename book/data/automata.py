"""Rule 30's centre column, and every coarse-graining of every elementary automaton: makes automata.csv and coarse_grainings.csv.

    .venv/bin/python book/data/automata.py

They come from helpers/automata.py and helpers/coarse.py and draw nothing by lot: the same files each time. It took 70 s
of one core, 55 of them for a million cells of rule 30, to which no shortcut is known. Its 500,768 ones are those that
the Rule 30 Prizes publish (rule30prize.org).
"""
import platform
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from helpers import automata
from helpers.coarse import coarse_grainings

HERE = Path(__file__).parent
CELLS = 10**6
BLOCKS = (2, 3, 4)
ALIKE = {  # coarse rules that one may wish to leave out, each line with those before it
    "without constant coarse rules (0, 255)": {0, 255},
    "nor those of each cell by itself (51, 204)": {0, 255, 51, 204},
    "nor those that also shift (15, 85, 170, 240)": {0, 255, 51, 204, 15, 85, 170, 240},
    "nor sums modulo 2 (60, 90, 102, 105, 150, 153, 165, 195)":
        {0, 255, 51, 204, 15, 85, 170, 240, 60, 90, 102, 105, 150, 153, 165, 195},
}
MADE = f"# By python book/data/automata.py with Python {platform.python_version()}, NumPy {np.__version__}."


def write(name, lines):
    (HERE / name).write_text("\n".join([MADE, *lines]) + "\n", encoding="utf-8")
    print("\n".join(lines[:12]), flush=True)


def centre():
    ones = np.cumsum(automata.centre_column(30, CELLS - 1), dtype=np.int64)
    sizes = [10**power for power in range(1, 7)]
    write("automata.csv", ["# Ones among the first cells of rule 30's centre column, that of t = 0 the first, from a single 1.",
                           "cells,ones", *(f"{cells},{ones[cells - 1]}" for cells in sizes)])


def coarse():
    rows, found = [], {}  # found[rule, block]: the coarse rules
    for rule in range(256):
        for block in BLOCKS:
            numbers = defaultdict(list)
            for projection, coarse in coarse_grainings(rule, block):
                numbers[coarse].append(int(projection @ (1 << np.arange(2**block, dtype=np.int64))))
            found[rule, block] = set(numbers)
            rows += [f"{rule},{block},{coarse},{len(numbers[coarse])},{min(numbers[coarse])}" for coarse in sorted(numbers)]
    lines = ["# Elementary rules seen coarsely (Israeli & Goldenfeld 2004): `projections` ways to make one cell of each block of",
             "# `block` cells, not all the same, so that `block` steps of `rule` become one step of the rule `coarse`;",
             "# `projection` is the least of them, whose bit b is what block b becomes. No row where there is none.",
             "# Rules that have any, with blocks of 2, up to 3, up to 4:"]
    for name, left_out in {"all": set(), **ALIKE}.items():
        counts = [sum(any(found[rule, block] - left_out for block in BLOCKS if block <= most) for rule in range(256))
                  for most in BLOCKS]
        lines.append(f"#   {', '.join(map(str, counts))}: {name}")
    write("coarse_grainings.csv", [*lines, "rule,block,coarse,projections,projection", *rows])


def main():
    for make in (coarse, centre):
        begun = time.perf_counter()
        make()
        print(f"{make.__name__}: {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
