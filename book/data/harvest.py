"""What agents harvest alone, with neighbours' messages, and sent by a planner (helpers/territories.py): makes harvest.csv.

    nice env OMP_NUM_THREADS=1 .venv/bin/python book/data/harvest.py

RUNS worlds for each setting, STEPS steps, in stretches of EVERY. After CHANGE steps, where there is a change, the first three
of twelve agents are taken away, or other bushes become rich. A row is a stretch: the share of the ripened berries that was
picked, mean of the worlds and its standard error; the share of trips in vain; how many of the pairs of visits to one bush
within the stretch were by the same agent. Same seed, same file. It took four minutes of one core.
"""
import platform
import time
from pathlib import Path

import numpy as np

from helpers import territories

TABLE = Path(__file__).with_suffix(".csv")
RUNS, STEPS, EVERY, CHANGE, SEED = 20, 3000, 100, 2000, 1
DEFAULT = {"rule": "alone", "reach": 6, "delay": 0, "agents": 12, "exploring": 0.02, "change": "none"}
CHANGES = {"none": {}, "three leave": {"when": CHANGE, "removed": 3}, "others rich": {"when": CHANGE, "shuffled": True}}
TALKING = {"rule": "neighbours", "reach": 12}
SETTINGS = (
    [{}, *({"rule": "neighbours", "reach": reach} for reach in (0, 2, 4, 6, 8, 10, 12, 30))]
    + [{"rule": rule, "delay": delay} for rule in territories.PLANNERS for delay in (0, 2, 5, 10, 15, 20, 30, 60)]
    + [{**rule, "agents": n} for n in (6, 9, 16, 20) for rule in ({}, {"rule": "neighbours"}, TALKING, {"rule": "planner"})]
    + [{**rule, "change": change} for change in ("three leave", "others rich")
       for rule in ({}, {"rule": "neighbours"}, TALKING, {"rule": "planner"}, {"rule": "planner", "delay": 10},
                    {"rule": "bookkeeper", "delay": 10})]
    + [{**rule, "exploring": exploring} for exploring in (0.005, 0.05, 10) for rule in ({}, TALKING)]
)


def main():
    rows, summary = [], []
    for setting in SETTINGS:
        setting, begun = {**DEFAULT, **setting}, time.perf_counter()
        name = ",".join(f"{setting[key]}" for key in DEFAULT)
        found = territories.course(np.random.default_rng(SEED), STEPS, every=EVERY, runs=RUNS, **CHANGES[setting["change"]],
                                   **{key: value for key, value in setting.items() if key != "change"})
        error = found.share.std(axis=0, ddof=1) / np.sqrt(RUNS)
        same = territories.same_visitor(found.visits).mean(axis=0)
        rows += [f"{name},{EVERY * (k + 1)},{found.share[:, k].mean():.4f},{error[k]:.4f},{found.vain[:, k].mean():.3f},{same[k]:.3f}"
                 for k in range(STEPS // EVERY)]
        late = found.share[:, -5:].mean(axis=1)
        visits = found.visits[:, -10:].sum(axis=1)
        summary.append(f"#   {name}: {late.mean():.4f} +- {late.std(ddof=1) / np.sqrt(RUNS):.4f}, "
                       f"division {territories.division(visits).mean():.3f}, same visitor {territories.same_visitor(visits).mean():.3f}")
        print(f"{summary[-1]}, {time.perf_counter() - begun:.1f} s", flush=True)
    lines = [f"# By python book/data/harvest.py with Python {platform.python_version()}, NumPy {np.__version__}; {RUNS} worlds each.",
             f"# {','.join(DEFAULT)}: share picked in the last 500 steps +- its standard error; territories in the last 1000",
             *summary, f"{','.join(DEFAULT)},step,share,error,vain,same", *rows]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
