"""All-reduce for real: processes on this machine that each hold numbers and shall all hold the sum.

Notation
    workers   N processes, numbered 0 to N - 1, that share no memory; at most 4 here
    numbers   n, how many float32 each worker holds: (n,)
    round     in it a worker sends at most one message and receives at most one
    ring      each sends to the next, a chunk of n / N a round: chunks are summed on their way round, then passed round again
    tree      halves in pairs, up to worker 0 in ceil(log2 N) rounds, and down again
    server    worker 0 takes all, one by one, and sends the sums back, one by one

`run` starts the workers, each a `python -m helpers.allreduce` with torch; the page that calls it needs no torch itself.
"""
import hashlib
import json
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers import checks

NUMBER = 4  # bytes of a float32
MOST_WORKERS, MOST_NUMBERS = 4, 2**21  # so that all together stay far below 2 GB
DIED, LOST = 17, 18  # exit codes of a worker: it was told to die; a neighbour was gone
GRACE = 15  # seconds to end by themselves that the others have when one has failed


class Post:
    """A worker's messages, counted as they are sent. `send(array, to)` and `receive(array, sender)` only start; wait() ends."""

    def __init__(self, send, receive, last=None):
        self.send, self.receive, self.last = send, receive, last
        self.rounds = self.messages = self.bytes = 0

    def __call__(self, out=None, to=None, into=None, sender=None):
        """A round: `out` goes to worker `to` while `into` is filled by `sender`, either or neither if None."""
        if self.rounds == self.last:
            os._exit(DIED)
        self.rounds += 1
        under_way = []  # both are started before either is waited for: in a ring all send at once, and none may block
        if to is not None:
            self.messages, self.bytes = self.messages + 1, self.bytes + out.nbytes
            under_way.append(self.send(out, to))
        if sender is not None:
            under_way.append(self.receive(into, sender))
        for one in under_way:
            one.wait()


def ring(numbers, rank, workers, post):
    """Sum in place by reduce-scatter and all-gather, 2 (N - 1) rounds (Patarasuk & Yuan 2009)."""
    chunks = np.array_split(numbers, workers)  # views; the first may be longer by one, the last may be empty
    after, before = (rank + 1) % workers, (rank - 1) % workers
    for step in range(workers - 1):
        mine = chunks[(rank - step - 1) % workers]
        heard = np.empty_like(mine)
        post(chunks[(rank - step) % workers], after, heard, before)
        mine += heard
    for step in range(workers - 1):
        post(chunks[(rank - step + 1) % workers], after, chunks[(rank - step) % workers], before)


def tree(numbers, rank, workers, post):
    """Sum in place by a binomial tree, 2 ceil(log2 N) rounds."""
    heard = np.empty_like(numbers)
    spans = [2**level for level in range((workers - 1).bit_length())]
    for span in spans:
        if rank % (2 * span) == span:
            post(numbers, rank - span)
        elif rank % (2 * span) == 0 and rank + span < workers:
            post(into=heard, sender=rank + span)
            numbers += heard
        else:
            post()
    for span in reversed(spans):
        if rank % (2 * span) == span:
            post(into=numbers, sender=rank - span)
        elif rank % (2 * span) == 0 and rank + span < workers:
            post(numbers, rank + span)
        else:
            post()


def server(numbers, rank, workers, post):
    """Sum in place by a parameter server, worker 0, in 2 (N - 1) rounds."""
    heard = np.empty_like(numbers)
    for other in range(1, workers):
        if rank == 0:
            post(into=heard, sender=other)
            numbers += heard
        elif rank == other:
            post(numbers, 0)
        else:
            post()
    for other in range(1, workers):
        if rank == 0:
            post(numbers, other)
        elif rank == other:
            post(into=numbers, sender=0)
        else:
            post()


WAYS = {"ring": ring, "tree": tree, "server": server}


class Cost(NamedTuple):
    """Bytes sent by a worker on average and by the busiest, messages by all, rounds, and bytes that go one after
    another: over the rounds the sum of the longest message."""

    mean: np.ndarray
    busiest: np.ndarray
    messages: np.ndarray
    rounds: np.ndarray
    path: np.ndarray


def theory(way, workers, numbers):
    """The Cost of summing n numbers by N workers, arrays that go together, up to 2**20 workers and 2**30 numbers.

    All ways send 2 (N - 1) n numbers in all, the least there is (Patarasuk & Yuan 2009): they differ in who sends them.
    """
    checks.one_of("way", way, tuple(WAYS))
    workers, numbers = checks.counts("workers", workers), checks.counts("numbers", numbers)
    for name, value, most in (("workers", workers, 2**20), ("numbers", numbers, 2**30)):
        if np.any(value > most):
            raise ValueError(f"{name}={value!r}: must be at most {most}")
    try:
        workers, numbers = np.broadcast_arrays(workers, numbers)
    except ValueError:
        raise ValueError(f"workers, numbers of shapes {workers.shape}, {numbers.shape}: must be alike, or single numbers") from None
    others, size = workers - 1, NUMBER * numbers
    levels = np.frexp(others)[1].astype(np.int64)
    if way == "ring":
        # all but one chunk, twice: the busiest leaves out the two shortest that are neighbours
        short, longer = numbers // workers, numbers % workers
        busiest = np.where(others > 0, 2 * size - NUMBER * (2 * short + (workers - longer == 1)), 0)
        messages, rounds, longest = 2 * workers * others, 2 * others, NUMBER * -(-numbers // workers)
    elif way == "tree":
        busiest, messages, rounds, longest = levels * size, 2 * others, 2 * levels, size
    else:
        busiest, messages, rounds, longest = others * size, 2 * others, 2 * others, size
    return Cost(2 * others / workers * size, busiest, messages, rounds, rounds * longest)


def summed(numbers, blocks=8):
    """The sum of numbers (n,) in float32, by the order of adding: forward, reversed, in `blocks` as so many workers would,
    in pairs, pairs of pairs and so on; and in double, which is exact but for one rounding."""
    single = checks.vector("numbers", numbers, -1e30, 1e30).astype(np.float32)
    if checks.count("blocks", blocks) > single.size:
        raise ValueError(f"blocks={blocks}: must be at most the number of numbers, {single.size}")

    def in_a_row(some):
        return np.cumsum(some, dtype=np.float32)[-1]  # one by one, where np.sum would add in pairs of its own

    pairs = single
    while pairs.size > 1:
        pairs = np.append(pairs[:-1:2] + pairs[1::2], pairs[pairs.size - pairs.size % 2:])
    found = {"forward": in_a_row(single), "reversed": in_a_row(single[::-1]),
             "blocks": in_a_row([in_a_row(block) for block in np.array_split(single, blocks)]), "pairs": pairs[0]}
    return {name: float(value) for name, value in found.items()} | {"double": math.fsum(single.tolist())}


def held(workers, numbers, seed):
    """What each worker holds at the start, float32 (N, n): normal numbers, the same for the same seed."""
    shape = checks.count("workers", workers), checks.count("numbers", numbers)
    return np.random.default_rng(checks.count("seed", seed, 0)).standard_normal(shape, dtype=np.float32)


class Outcome(NamedTuple):
    """One way by N workers: messages and bytes sent (N,), rounds; the greatest difference of any sum from that of
    torch.distributed.all_reduce and from the sum in double; whether all hold the same bytes, and SHA-256 of those of worker 0."""

    messages: np.ndarray
    bytes: np.ndarray
    rounds: int
    off_torch: float
    off_exact: float
    alike: bool
    digest: str


class Run(NamedTuple):
    """outcomes {(way, N): Outcome}; late {way: seconds (2, N) from when the slow worker lay down to when each joined, and
    was done}; ending, a sentence that says who finished."""

    outcomes: dict
    late: dict
    ending: str


def run(workers=4, numbers=100_003, *, seed=0, late=None, dies=None, limit=60.0):
    """All-reduce in every way by so many workers, one number or several from 1 to 4, in one launch: a Run.

    late: (worker, seconds), who then sleeps so long before joining, once in every way. dies: who at the end dies half-way
    round a ring. Both are of the most workers asked for. When `run` returns or raises, no worker is left.
    Raises TimeoutError if they are not done after `limit` seconds, RuntimeError if one fails that was not told to, OSError in a
    browser, which has no processes.
    """
    sizes = np.atleast_1d(checks.counts("workers", workers))
    numbers, seed = checks.count("numbers", numbers), checks.count("seed", seed, 0)
    limit = checks.one_number("limit", limit, 0, 3600, open_low=True)
    if sizes.ndim > 1 or not sizes.size or sizes.max() > MOST_WORKERS or numbers > MOST_NUMBERS:
        raise ValueError(f"workers={workers!r}, numbers={numbers}: must be from 1 to {MOST_WORKERS} and at most {MOST_NUMBERS}")
    n = int(sizes.max())
    if late is not None and np.shape(late) != (2,):
        raise ValueError(f"late={late!r}: must be a worker and seconds")
    slow, seconds = (None, 0.0) if late is None else checks.vector("late", late, 0, 60).tolist()
    for name, one, least in (("late", slow, 1), ("dies", dies, 2)):
        if one is not None and not checks.count(name, one, 0) < n >= least:
            raise ValueError(f"{name}: worker {one:g}; must be one of the {n}, numbered from 0, of at least {least}")
    task = {"n": n, "sizes": sorted({int(size) for size in sizes}), "numbers": numbers, "seed": seed, "slow": slow,
            "seconds": seconds, "dies": None if dies is None else int(dies), "limit": limit}
    with tempfile.TemporaryDirectory() as folder:
        codes = _launched(task, folder)
        said, errors = ([Path(folder, f"{rank}.{name}").read_text("utf-8", "replace") for rank in range(n)] for name in ("out", "err"))
    ending = _ending(codes, dies, n)
    if codes != [0 if dies is None else DIED if rank == dies else LOST for rank in range(n)]:
        if set(codes) <= {None, 0}:
            raise TimeoutError(f"after {limit:g} s: {ending}")
        raise RuntimeError(" ".join([ending, *(f"({rank}: {error.strip()[-200:]})" for rank, error in enumerate(errors) if error)]))
    said = [json.loads(line) for line in said]
    outcomes, rows = {}, [row for one in said for row in one["did"]]
    for way, size, *_ in said[0]["did"]:
        messages, sent, rounds, *off, digests = zip(*(row[2:] for row in rows if row[:2] == [way, size]), strict=True)
        outcomes[way, size] = Outcome(np.array(messages, np.int64), np.array(sent, np.int64), max(rounds), *map(max, off),
                                      len(set(digests)) == 1, digests[0])
    times = np.array([one["times"] for one in said]).reshape(n, -1, 3)
    seconds = {} if slow is None else {way: times[:, k, 1:].T - times[int(slow), k, 0] for k, way in enumerate(WAYS)}
    return Run(outcomes, seconds, ending)


def _launched(task, folder):
    """Exit codes of the workers, None of those that had to be stopped. Whatever happens, all are ended and reaped."""
    if sys.platform == "emscripten":  # before its sockets fail, which say less
        raise OSError("a browser does not support processes")
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    here = os.pathsep.join(filter(None, [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH")]))
    # the loopback, by name: without one, gloo looks up this machine's address, which needs a network
    loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")
    environment = os.environ | threads | {"PYTHONPATH": here, "GLOO_SOCKET_IFNAME": loopback}
    at_work, end = [], time.monotonic() + task["limit"]
    try:
        for rank in range(task["n"]):
            asked = json.dumps(task | {"rank": rank, "store": str(Path(folder, "store"))})
            with open(Path(folder, f"{rank}.out"), "wb") as out, open(Path(folder, f"{rank}.err"), "wb") as err:
                at_work.append(subprocess.Popen([sys.executable, "-m", "helpers.allreduce", asked], stdin=subprocess.DEVNULL,
                                                stdout=out, stderr=err, env=environment, start_new_session=True))
        while True:
            codes = [one.poll() for one in at_work]
            if None not in codes or time.monotonic() > end:
                return codes
            if any(codes):
                end = min(end, time.monotonic() + GRACE)
            time.sleep(0.01)
    finally:
        for one in at_work:
            one.kill()
        for one in at_work:
            one.wait()


def _ending(codes, dies, n):
    """What became of the workers, in a sentence."""
    fates = {0: "finished", DIED: f"died after {n - 1} of {2 * (n - 1)} rounds of the ring", LOST: "lost a neighbour and stopped",
             None: "had not finished and had to be stopped"}
    became = [fates.get(code, f"failed with code {code}") for code in codes]
    said = []
    for fate in sorted(set(became)):
        some = [str(rank) for rank in range(n) if became[rank] == fate]
        said.append(f"worker{'s' * (len(some) > 1)} {' and '.join(filter(None, [', '.join(some[:-1]), some[-1]]))} {fate}")
    return "; ".join(said)


def _work(rank, n, store, sizes, numbers, seed, slow, seconds, dies, limit):
    """What a worker does."""
    import torch  # here alone: `theory`, and the page that starts workers, do without its 200 MB
    import torch.distributed as dist

    def post(last=None):
        return Post(lambda array, to: dist.isend(torch.from_numpy(array), to),
                    lambda array, sender: dist.irecv(torch.from_numpy(array), sender), last)

    torch.set_num_threads(1)
    dist.init_process_group("gloo", store=dist.FileStore(store, n), rank=rank, world_size=n, timeout=timedelta(seconds=limit))
    all_held, did, times = held(n, numbers, seed), [], []
    for size in sizes:
        group = dist.new_group(list(range(size)))  # which all must ask for, also those that are not in it
        if rank >= size:
            continue
        by_torch = all_held[rank].copy()
        dist.all_reduce(torch.from_numpy(by_torch), group=group)
        exact = all_held[:size].sum(axis=0, dtype=np.float64)
        for way, sum_up in WAYS.items():
            mine, counted = all_held[rank].copy(), post()
            sum_up(mine, rank, size, counted)
            did.append([way, size, counted.messages, counted.bytes, counted.rounds, float(np.abs(mine - by_torch).max()),
                        float(np.abs(mine - exact).max()), hashlib.sha256(mine.tobytes()).hexdigest()])
    for sum_up in WAYS.values() if slow is not None else ():
        mine = all_held[rank].copy()
        dist.barrier()
        start = time.monotonic()  # a clock that all processes of a machine share
        if rank == slow:
            time.sleep(seconds)
        joined = time.monotonic()
        sum_up(mine, rank, n, post())
        times.append((start, joined, time.monotonic()))
    print(json.dumps({"did": did, "times": times}), flush=True)
    dist.barrier()
    if dies is not None:
        ring(all_held[rank].copy(), rank, n, post(n - 1 if rank == dies else None))
        dist.barrier()


def _worker(task):
    """A worker's life: it ends when its work is done, when a neighbour is gone, or, alone, a little after its time."""
    if hasattr(signal, "alarm"):
        signal.alarm(math.ceil(task["limit"]) + 5)  # even if the page that started it was itself killed
    try:
        _work(**task)
    except RuntimeError as error:  # what torch raises when a connection is closed
        print(error, file=sys.stderr, flush=True)
        os._exit(LOST)
    os._exit(0)  # at once: torch would tidy up connections that are others' too


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _worker(json.loads(sys.argv[1]))
    done = run(range(1, MOST_WORKERS + 1))
    print(json.dumps({"outcomes": [[*key, *one] for key, one in done.outcomes.items()], "ending": done.ending},
                     default=np.ndarray.tolist))
