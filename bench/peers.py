"""The book's models beside what one would take instead, in the same run: how much faster, how cost grows, how far from the limit.

    make bench        prints the table and writes it to bench/RESULTS.md

The peers have an environment of their own, what bench/requirements.txt pins, in _build/peers-env; Linux alone. What races there is in
bench/against: models as a user of each library writes them. A race begins only when everybody has done in it what the book's model does.
"""
import json
import os
import subprocess
import sys
import time

import environment
import table

REQUIREMENTS = environment.ROOT / "bench" / "requirements.txt"
RACES = ("flock", "colony", "trips", "hopfield", "teams", "votes", "redraw")  # modules of bench/against
AT_HOME = ("redraw",)  # in the book's own environment: a kernel is a part of it
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def fill(pip, folder):
    """What is pinned, whatever it says it needs: some of the peers ask for what today's Python cannot install, and do without."""
    subprocess.run([*pip, "--no-deps", "-r", REQUIREMENTS], check=True)


def measure(python):
    """The rows, measured on one core; each race has a process of its own."""
    core = max(os.sched_getaffinity(0))
    alone = os.environ | dict.fromkeys(THREADS, "1") | {"PYTHONPATH": str(environment.ROOT), "MPLBACKEND": "agg"}
    rows = []
    for race in RACES:
        its = sys.executable if race in AT_HOME else python
        with subprocess.Popen([its, environment.ROOT / "bench" / "against", race], env=alone, stdout=subprocess.PIPE, text=True,
                              preexec_fn=lambda: os.sched_setaffinity(0, {core})) as racing:
            for line in racing.stdout:
                rows.append(json.loads(line))
                print(*rows[-1], sep=" | ", flush=True)
        if racing.returncode:
            raise RuntimeError(f"the race {race!r} failed; no table was written")
    return rows


def peers():
    """Names and versions of the libraries that race, as the requirements have them: those that others need follow an empty line."""
    first, _, _ = REQUIREMENTS.read_text(encoding="utf-8").partition("\n\n")
    return ", ".join(line.replace("==", " ") for line in first.splitlines() if not line.startswith("#"))


def main():
    python = environment.python("peers-env", REQUIREMENTS, fill)
    start = time.monotonic()
    rows = measure(python)
    table.write("RESULTS.md", "Measured: the book's models and their peers", rows,
                head=("what", "the book", "peer", "median ratio (95% bootstrap interval)", "wanted"),
                more=f", of which one does it all, in {(time.monotonic() - start) / 60:.0f} minutes; processor time",
                after=("", f"Peers: {peers()}. Mesa's space is `mesa.space`, its new one `mesa.experimental.continuous_space`.",
                       "", "A part of the synapses' 50 MB may stay in the cache from sweep to sweep: then it is read faster than memory."))


if __name__ == "__main__":
    main()
