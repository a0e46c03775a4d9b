"""How a sweep scales (helpers/sweep.py): on two processes, in short runs, and with a hundred thousand runs on a cluster.

    make bench        prints the table and writes it to bench/SWEEPS.md

How to read it. All times are of whole calls, with the start of their processes, on the wall; other programs on the machine
make them longer. "Two halves without a sweep" is what the machine itself can do: the same runs in two plain processes, half of
them each. A run beside its model's own time is measured with a model that does nothing. Memory is the most that the calling
process held, its modules included, which are most of it: what counts is how little it grows from a thousand runs to a hundred
thousand; of these some 20,000 are at work on a cluster at once, so that it has something to do. Scheduler and workers are processes of their own. One worker is killed when a fifth of the runs is done; then every
run is looked for in what came back, and in the file.
"""
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import table

from helpers import swarm
from helpers.sweep import sweep

ROOT = Path(__file__).resolve().parent.parent
ENOUGH, MANY, SHORT = 1200, 100_000, 10_000
CALL = """
import json, sys, time
import sweeps
name, count, options = json.loads(sys.argv[1])
begun = time.perf_counter()
found = sweeps.asked(name, count, **options)
seconds = time.perf_counter() - begun
with open("/proc/self/status") as status:  # not getrusage, which begins with what the parent held
    (most,) = [int(line.split()[1]) for line in status if line.startswith("VmHWM")]
print(json.dumps([seconds, most / 1024, len(found.records), len(found.failures)]))
"""
BY_HAND = """
import sys
import numpy as np
import sweeps
for seed in range(int(sys.argv[1]), int(sys.argv[2])):
    sweeps.flock(np.random.default_rng(seed), a=0)
"""


def flock(rng, *, a):
    """A run of the book's: how much order 400 birds have (chapter 2)."""
    return {"order": swarm.order_curve([3.0], rng, birds=400, density=4, steps=30, warm=30)[0]}


def nothing(rng, *, a):
    return {"y": a}


def asked(name, count, **options):
    """A sweep of `count` runs, a hundred settings if there are as many."""
    settings = min(count, 100)
    return sweep(globals()[name], {"a": range(settings)}, range(count // settings), **options)


def environment():
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "bench"))), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def calling(name, count, **options):
    """The process that makes a sweep."""
    return subprocess.Popen([sys.executable, "-c", CALL, json.dumps([name, count, options])], env=environment(), stdout=subprocess.PIPE, text=True)


def called(process, count):
    """(seconds, megabytes) of the call, once it has ended and if all is there."""
    said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError("a sweep failed")
    seconds, memory, records, failures = json.loads(said)
    if (records, failures) != (count, 0):
        raise RuntimeError(f"{records} records and {failures} failures of {count} runs")
    return seconds, memory


def two_halves(count):
    """Seconds of `count` runs in two processes without a sweep."""
    begun = time.perf_counter()
    halves = [subprocess.Popen([sys.executable, "-c", BY_HAND, *map(str, half)], env=environment())
              for half in ((0, count // 2), (count // 2, count))]
    if any([half.wait() for half in halves]):
        raise RuntimeError("a half failed")
    return time.perf_counter() - begun


@contextlib.contextmanager
def cluster(folder):
    """(address, workers) of a scheduler and two workers of one thread, three processes."""
    where, options = Path(folder) / "cluster.json", {"env": environment(), "cwd": folder, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-m", "dask"]
    started = [subprocess.Popen([*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", where], **options)]
    try:
        started += [subprocess.Popen([*dask, "worker", "--scheduler-file", where, "--nthreads", "1", "--no-nanny", "--no-dashboard"], **options)
                    for _ in range(2)]
        address = None
        while address is None:
            time.sleep(0.1)
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):  # not yet there, half written
                address = json.loads(where.read_text())["address"]
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2)
        yield address, started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def killing(folder, address, workers):
    """(seconds, megabytes, runs done when the worker was killed) of MANY runs, of which none is missing or there twice."""
    path = Path(folder) / "killed"
    process = calling("nothing", MANY, cluster=address, path=str(path))
    while lines(path) < MANY // 5:
        if process.poll() is not None:
            raise RuntimeError("it ended before a worker could be killed")
        time.sleep(0.05)
    done = lines(path) - 1
    workers[0].send_signal(signal.SIGKILL)
    seconds, memory = called(process, MANY)
    with path.open() as file:
        next(file)
        found = [(run["setting"]["a"], run["seed"]) for run in map(json.loads, file)]
    if sorted(found) != [(a, seed) for a in range(100) for seed in range(MANY // 100)]:
        raise RuntimeError("a run is missing, or there twice")
    return seconds, memory, done


def main():
    rows = []
    one, two = (called(calling("flock", ENOUGH, workers=workers), ENOUGH)[0] for workers in (1, 2))
    rows.append((f"{ENOUGH:,} runs of a flock, {one / ENOUGH * 1000:.0f} ms each, two processes against one", f"{one / two:.2f} times as fast", "at least 1.8 times"))
    rows.append(("the same in two halves without a sweep", f"{one / two_halves(ENOUGH):.2f} times as fast", ""))
    with tempfile.TemporaryDirectory() as folder, cluster(folder) as (address, workers):
        spread = called(calling("flock", ENOUGH, cluster=address), ENOUGH)[0]
        rows.append(("the same on a cluster of two worker processes", f"{one / spread:.2f} times as fast", "at least 1.8 times"))
        for where, options in (("one process", {"workers": 1}), ("two processes", {"workers": 2}), ("a cluster of two workers", {"cluster": address})):
            seconds = called(calling("nothing", SHORT, path=os.path.join(folder, where), **options), SHORT)[0]
            rows.append((f"a run beside its model's own time: {SHORT:,} runs, {where}, into a file", f"{seconds / SHORT * 1000:.3f} ms", "2 ms"))
        for count in (MANY // 100, MANY // 10, MANY):
            seconds, memory = called(calling("nothing", count, cluster=address, path=os.path.join(folder, str(count))), count)
            rows.append((f"{count:,} runs on the cluster: the caller", f"{memory:.0f} MB at most, {seconds:.1f} s", "steady"))
        seconds, memory = called(calling("nothing", MANY, workers=1, path=os.path.join(folder, str(MANY))), MANY)
        rows.append((f"the same call again: all {MANY:,} found in the file", f"{memory:.0f} MB at most, {seconds:.1f} s", "steady"))
        seconds, memory, done = killing(folder, address, workers)
        rows.append((f"{MANY:,} runs on the cluster, a worker killed after {done:,}", f"every run there, none twice; the caller {memory:.0f} MB at most, {seconds:.1f} s",
                     "every run, none twice"))
    table.write("SWEEPS.md", "Measured: many runs", rows)


if __name__ == "__main__":
    main()
