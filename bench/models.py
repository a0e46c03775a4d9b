"""How fast the models are, alone on one core, and what a notebook takes.

    make bench        prints the table and writes it to bench/MODELS.md

Processor time is one core's. A notebook is run as for the page, every state of its explorers drawn, and is charged
with the memory of all its processes.
"""
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import table
from scipy.sparse import coo_matrix

from helpers import consensus, fields, foraging, marl, memory, networks, swarm, tours

ROOT = Path(__file__).resolve().parent.parent
SEEDS = 20
NOTEBOOKS = {"03_brain": "60 s, 1000 MB", "04_ensembles": "60 s, 1500 MB", "05_learning": "75 s, 1500 MB", "06_signals": "90 s, 2000 MB", "07_agents": "90 s, 1500 MB", "08_stance": "90 s, 1000 MB"}


def flock_costs(density=0.4):
    """{agents: microseconds an agent-step} of Vicsek's flock at one density."""
    found = {}
    for agents in (100, 300, 1000, 3000, 10_000, 30_000, 100_000):
        model = swarm.Vicsek(np.random.default_rng(1), birds=agents, density=density, noise=1.0)
        steps = max(5, 200_000 // agents)
        for _ in range(3):
            model.step()
        runs = []
        for _ in range(3):
            start = time.process_time()
            for _ in range(steps):
                model.step()
            runs.append((time.process_time() - start) / steps)
        found[agents] = min(runs) / agents * 1e6
    return found


def exponent(costs):
    """Of the cost of a step in the number of agents, by least squares on logarithms."""
    agents = np.array(list(costs))
    return np.polyfit(np.log(agents), np.log(agents * np.array(list(costs.values()))), 1)[0]


def foraging_tick(ants=2000, side=100, ticks=2000):
    """Milliseconds a tick."""
    model = foraging.Foraging(np.random.default_rng(1), ants=ants, side=side)
    for _ in range(200):
        model.step()
    start = time.process_time()
    for _ in range(ticks):
        model.step()
    return (time.process_time() - start) / ticks * 1000


def colonies(name, cycles):
    """(median best length, its best, processor seconds a seed) of Ant Colony System in rounded distances."""
    d = tours.distances(tours.read_tsp(ROOT / "book" / "data" / f"{name}.tsp"), rounded=True)
    start = time.process_time()
    found = tours.ant_colony_system(d, np.random.default_rng(1), cycles=cycles, runs=SEEDS)
    return np.median(found.length), found.length.min(), (time.process_time() - start) / SEEDS


def hopfield(n, steps=10, repeats=15):
    """(recall, through the overlaps): their time over that of the bare matrix products, one state, load 0.05."""
    rng = np.random.default_rng(0)
    patterns = memory.random_patterns(n // 20, n, rng)
    weights, state = memory.hebb(patterns), memory.flip(patterns[:1], 0.1, rng)

    def bare():
        for _ in range(steps):
            state @ weights

    def low_rank():
        now = state
        for _ in range(steps):
            now = np.sign(memory.hebb_field(now, patterns))

    def least(work):
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return min(times)

    base = least(bare)
    return least(lambda: memory.recall(state, weights, steps)) / base, least(low_rank) / base


def chain_costs(sentences=20, repeats=5):
    """{length: microseconds a place} of the likelihood and gradient of a conditional random field."""
    field, rng, found = fields.chain_field(), np.random.default_rng(1), {}
    for length in (100, 300, 1000, 3000, 10_000):
        read, runs = fields.noisy_chain(sentences, length, rng), []
        for _ in range(repeats):
            start = time.process_time()
            fields.log_likelihood(field, read)
            fields.gradient(field, read)
            runs.append(time.process_time() - start)
        found[length] = min(runs) / length * 1e6
    return found


def averaging_costs(repeats=7):
    """{nodes: microseconds a link} of a round in which all listen, of one in which pairs meet, and of SciPy's sparse W x."""
    found = {"all listen": {}, "pairs meet": {}, "sparse": {}}
    for n in (1000, 3000, 10_000, 30_000, 100_000):
        rng = np.random.default_rng(1)
        edges, x = networks.random_network(n, 4 * n, rng), rng.standard_normal(n)
        weights = consensus.weights(n, edges)
        (i, j), degree = edges.T, np.bincount(edges.ravel(), np.repeat(weights, 2), n)
        W = coo_matrix((np.concatenate([weights, weights, 1 - degree]), (np.concatenate([i, j, np.arange(n)]), np.concatenate([j, i, np.arange(n)]))),
                       shape=(n, n)).tocsr()
        assert np.allclose(W @ x, consensus.listen(x, edges, weights))
        rounds = max(3, 300_000 // n)
        for name, act in (("all listen", lambda: consensus.listen(x, edges, weights)), ("pairs meet", lambda: consensus.meetings(n, edges, rng)), ("sparse", lambda: W @ x)):
            runs = []
            for _ in range(repeats):
                start = time.process_time()
                for _ in range(rounds):
                    act()
                runs.append((time.process_time() - start) / rounds)
            found[name][n] = min(runs) / len(edges) * 1e6
    return found


def team_costs(runs, steps=3000, repeats=3):
    """Microseconds a run-step of twenty networked actor-critics, algorithm 1, `runs` worlds side by side."""
    rng = np.random.default_rng(1)
    links, found = marl.random_links(20, rng), []
    team = marl.Team(marl.world(20, range(runs)), marl.listener(20, links))
    for _ in range(repeats):
        draws = rng.random((steps, 41, runs))
        start = time.process_time()
        for draw in draws:
            team.step(draw)
        found.append((time.process_time() - start) / steps / runs * 1e6)
    return min(found)


def message_costs(agents=1000, rounds=300, repeats=5):
    """{links: microseconds a link} of a round of consensus on critics of ten numbers."""
    found, values = {}, np.random.default_rng(1).standard_normal((agents, 1, 10))
    for links in (2000, 4000, 8000, 16_000, 32_000):
        listen, runs = marl.listener(agents, networks.random_network(agents, links, np.random.default_rng(1))), []
        for _ in range(repeats):
            start = time.process_time()
            for _ in range(rounds):
                listen(values)
            runs.append((time.process_time() - start) / rounds)
        found[links] = min(runs) / links * 1e6
    return found


def used(process):
    """Megabytes of a process and all that it started."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            pass  # it has ended meanwhile
    return total / 2**20


def run_alone(notebook):
    """(seconds, most megabytes) of a notebook run as for the page."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        running = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "execute", "--timeout=600", f"--output={folder}/run.ipynb", notebook],
            cwd=notebook.parent, env=os.environ | {"EXPLORE_ENGINE": "baked"}, stderr=subprocess.DEVNULL)
        watched, most = psutil.Process(running.pid), 0.0
        while running.poll() is None:
            most = max(most, used(watched))
            time.sleep(0.2)
        if running.returncode:
            raise RuntimeError(f"{notebook.name} failed")
        return time.perf_counter() - start, most


def main():
    costs = flock_costs()
    rows = [("flock: exponent of a step's cost, 100 to 100,000 birds", f"{exponent(costs):.2f}", "1.15")]
    rows += [(f"flock: {agents} birds", f"{cost:.2f} us an agent-step", "0.6 us") for agents, cost in costs.items()]
    rows += [("foraging: 2000 ants on 100 x 100 cells", f"{foraging_tick():.2f} ms a tick", "0.2 ms")]
    for name, cycles, most in (("oliver30", 8000, "420, 20 s"), ("eil51", 2500, "434.5, 20 s")):
        middle, best, seconds = colonies(name, cycles)
        rows.append((f"Ant Colony System, {name}, {cycles} iterations, {SEEDS} seeds",
                     f"median {middle:g}, best {best:g}, {seconds:.2f} s a seed", most))
    for n in (400, 900, 1600, 2500):
        dense, low_rank = hopfield(n)
        rows.append((f"Hopfield recall, {n} neurons, load 0.05", f"{dense:.2f} times the bare product; through the overlaps {low_rank:.2f}",
                     "1.5 times"))
    rows.append(("conditional random field: exponent of likelihood and gradient, 100 to 10,000 places", f"{exponent(chain_costs()):.2f}", "1.1"))
    for name, per_link in averaging_costs().items():
        rows.append((f"averages without a centre, {name}: exponent of a round's cost, 1000 to 100,000 nodes",
                     f"{exponent(per_link):.2f}; {per_link[100_000] * 4e5 / 1000:.1f} ms at 100,000 nodes, 400,000 links", "1.1" if name != "sparse" else ""))
    rows.append(("networked actor-critic, 20 agents, one run", f"{team_costs(1):.0f} us a step", "60 us"))
    rows.append(("networked actor-critic, 20 agents, 64 runs", f"{team_costs(64):.1f} us a run-step", "4 us"))
    rows.append(("critics who go round among 1000 agents: exponent of a round's cost in the links, 2000 to 32,000", f"{exponent(message_costs()):.2f}", "1"))
    for notebook in sorted((ROOT / "book").glob("0*.ipynb")):
        seconds, most = run_alone(notebook)
        rows.append((f"{notebook.stem}: run, every state drawn", f"{seconds:.0f} s, {most:.0f} MB", NOTEBOOKS.get(notebook.stem, "")))
    table.write("MODELS.md", "Measured: models and notebooks", rows)


if __name__ == "__main__":
    main()
