"""Every pair of the atlas in every test (helpers/atlas.py): makes atlas.csv.

    make atlas

SEEDS seeds for each of both sides, at each level. Finished runs are kept in _build/atlas.jsonl, so that a run that was
stopped goes on where it was; delete that file when a model has changed. A row is a test at a level: mean quality of the
decentralized side (many) and of its twin (one), the mean of their difference seed by seed (gap), each with half of its 95%
interval; what came back, and in how many rounds. Same code, same file, whatever the number of workers.
"""
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np
import scipy
import sklearn

from helpers import atlas
from helpers.sweep import sweep

TABLE = Path(__file__).with_suffix(".csv")
RUNS = Path(__file__).parents[2] / "_build" / "atlas.jsonl"
SEEDS = range(50)


def text(value):
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def main():
    begun = time.perf_counter()
    RUNS.parent.mkdir(exist_ok=True)
    grid = atlas.grid()
    found = sweep(atlas.measure, grid, SEEDS, path=RUNS, workers=os.cpu_count(), progress=True)
    print(f"{len(found.records)} runs in {time.perf_counter() - begun:.0f} s")
    for failure in found.failures:
        print("lost:", failure)
    rows = atlas.compare(found.records)
    lines = [f"# By make atlas (python book/data/atlas.py) with Python {platform.python_version()}, NumPy {np.__version__}, "
             f"SciPy {scipy.__version__}, scikit-learn {sklearn.__version__}; seeds {SEEDS[0]} to {SEEDS[-1]}.",
             f"# {len(found.records)} of {len(grid) * len(SEEDS)} runs; lost: {len(found.failures)}.",
             ",".join(rows[0]), *(",".join(map(text, row.values())) for row in rows)]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return bool(found.failures)


if __name__ == "__main__":
    sys.exit(main())
