"""Networked actors and critics (Zhang et al. 2018) beside a central critic and beside agents alone: makes networked.csv.

    nice env OMP_NUM_THREADS=1 .venv/bin/python book/data/networked.py

helpers/marl.py has the model. World k is drawn from seed k, 0 to runs - 1; links from the seed n, twice n - 1 of them (three
agents: a path, or they would be the complete graph); all regimes of a setting have the same draws, from seed 100 + n. J is
exact up to eight agents. `gap` is the difference from the central critic's return, world by world: J where it is exact,
otherwise the sampled mean. `se` is the standard error of the mean over the worlds. Same seeds, same file. It took 5 minutes of
one core.
"""
import platform
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers import marl, team_optimum

TABLE = Path(__file__).with_suffix(".csv")
COLUMNS = ("setting,n,algorithm,critic,actor_scale,runs,regime,time,J,J_se,gain,gain_se,gap,gap_se,sampled,sampled_se,"
           "disagreement")


class Setting(NamedTuple):
    name: str
    n: int
    runs: int
    steps: int
    algorithm: int = 1
    critic: str = "random"
    actor_scale: float = 1.0


SETTINGS = (Setting("paper", 5, 24, 20_000), Setting("paper", 8, 24, 20_000), Setting("paper", 20, 20, 20_000),
            Setting("paper", 5, 24, 20_000, 2), Setting("paper", 20, 20, 20_000, 2), Setting("tabular", 3, 20, 200_000, 1, "tabular", 10.0),
            Setting("additive", 3, 20, 50_000, 1, "additive", 100.0), Setting("additive", 5, 20, 50_000, 1, "additive", 100.0),
            Setting("additive", 8, 20, 50_000, 1, "additive", 300.0), Setting("bold", 8, 20, 50_000, 1, "random", 300.0),
            Setting("additive", 20, 20, 20_000, 1, "additive", 300.0))


def rows_of(setting):
    n = setting.n
    world = marl.world(n, np.arange(setting.runs))
    edges = np.array([(0, 1), (1, 2)]) if n == 3 else marl.random_links(n, np.random.default_rng(n))
    runs = {regime: marl.run(world, regime, setting.steps, np.random.default_rng(100 + n), edges=edges, every=setting.steps // 10,
                             algorithm=setting.algorithm, critic=setting.critic, actor_scale=setting.actor_scale)
            for regime in marl.REGIMES}
    told = {regime: run.exact if n <= 8 else run.sampled for regime, run in runs.items()}
    for regime, run in runs.items():
        since = told[regime] - told[regime][:, [0 if n <= 8 else 1]]
        columns = [run.exact, since, told[regime] - told["central"], run.sampled]
        figures = [one for values in columns for one in (values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(setting.runs))]
        for k, at in enumerate(run.times):
            yield ",".join(map(str, [setting.name, n, setting.algorithm, setting.critic, f"{setting.actor_scale:g}", setting.runs, regime, at])
                           ) + "," + ",".join(f"{one[k]:.5f}" for one in figures) + f",{run.disagreement[:, k].mean():.5f}"


def said(name, values):
    return f"#   {name}: {np.mean(values):.4f} +- {np.std(values, ddof=1) / np.sqrt(len(values)):.4f}"


def optima(n, runs):
    """What a team of n could earn, what the paper's critic sees of it, and what the paper's steps would make of a faultless one."""
    worlds = team_optimum.worlds(marl.world(n, np.arange(runs)))
    nothing = np.zeros((n, marl.POLICY))
    start = np.array([team_optimum.slope(one, nothing)[0] for one in worlds])
    best = np.array([team_optimum.best_in_class(one, np.random.default_rng(1))[0] for one in worlds])
    sights = np.array([team_optimum.sight(one, nothing) for one in worlds])
    steps = [some.sum() for some in np.array_split(np.arange(1, 20_001) ** -0.85, np.unique(np.geomspace(1, 19_999, 60).astype(int)))]
    climbed = np.array([team_optimum.climb(one, np.array(steps)) for one in worlds[:10]])
    return [f"# n={n}, {runs} worlds: mean and standard error", said("J at theta = 0", start), said("best in the class", best),
            said("best of all", [team_optimum.best_of_all(one)[0] for one in worlds]),
            said("gain of 20,000 of the paper's steps along the true slope, first ten worlds", climbed - start[:10]),
            *(said(f"critic of ten random features at theta = 0, {what}", sights[:, k])
              for k, what in enumerate(("share of Q's variance", "share of the advantage's variance", "cosine of its slope with the true one",
                                        "its slope's length beside the true one's")))]


def main():
    lines = [f"# By python book/data/networked.py with Python {platform.python_version()}, NumPy {np.__version__}."]
    for n, runs in ((3, 40), (5, 40), (8, 24)):
        lines += optima(n, runs)
        print("\n".join(lines[-9:]), flush=True)
    rows = []
    for setting in SETTINGS:
        begun = time.process_time()
        rows += rows_of(setting)
        print(setting, f"{time.process_time() - begun:.0f} s", *rows[-33:][10::11], sep="\n", flush=True)
    TABLE.write_text("\n".join([*lines, COLUMNS, *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
