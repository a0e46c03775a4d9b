import hashlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import types
from pathlib import Path

import numpy as np
import pytest

from helpers import allreduce

pytestmark = pytest.mark.usefixtures("one_blas_thread")
NUMBERS = 10_007
HOME = Path(allreduce.__file__).parents[1]


@pytest.fixture(scope="module")
def left_alone():
    """A worker whose page is gone, asleep for longer than it may live. It dies while the other tests run."""
    task = {"n": 1, "sizes": [1], "numbers": 1, "seed": 0, "slow": 0, "seconds": 60, "dies": None, "limit": 1, "rank": 0}
    store = Path(os.environ.get("TMPDIR", "/tmp"), f"all_reduce_{os.getpid()}")
    with subprocess.Popen([sys.executable, "-m", "helpers.allreduce", json.dumps(task | {"store": str(store)})], cwd=HOME,
                          stderr=subprocess.DEVNULL) as worker:
        yield worker
        worker.kill()
    store.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def done(left_alone):
    return allreduce.run((1, 2, 3, 4), NUMBERS, seed=5, late=(2, 0.5))


@pytest.fixture
def started(monkeypatch):
    """The worker processes that a run starts."""
    if sys.platform == "emscripten":
        pytest.skip("there are no processes in Pyodide")
    found, start = [], subprocess.Popen

    def remembering(*args, **options):
        found.append(start(*args, **options))
        assert os.getsid(found[-1].pid) == found[-1].pid  # a session of its own: an interrupt from the keyboard is the page's
        return found[-1]

    monkeypatch.setattr(allreduce.subprocess, "Popen", remembering)
    yield found
    assert found and all(one.returncode is not None for one in found)  # none is left, not even as a zombie


class Sending:
    """Waits until the other side has taken it, as a message too long for any buffer would."""

    def __init__(self):
        self.taken = threading.Event()

    def wait(self):
        assert self.taken.wait(10), "a worker waits for one that waits for it"


def by_threads(way, numbers):
    """What workers hold after all-reduce, (N, n), their Posts, and each message (worker, round, bytes): threads for processes."""
    workers = len(numbers)
    lines = {(a, b): queue.Queue() for a in range(workers) for b in range(workers)}
    held, posts, messages, failures = numbers.copy(), [], [], []

    def post(rank):
        def send(array, to):
            sending = Sending()
            messages.append((rank, posts[rank].rounds, array.nbytes))
            lines[rank, to].put((array.copy(), sending.taken))
            return sending

        def receive(array, sender):
            def fill():
                message, taken = lines[sender, rank].get(timeout=10)
                array[:] = message
                taken.set()

            filling = threading.Thread(target=fill)
            filling.start()
            return types.SimpleNamespace(wait=filling.join)

        return allreduce.Post(send, receive)

    def work(rank):
        try:
            allreduce.WAYS[way](held[rank], rank, workers, posts[rank])
        except AssertionError as failure:
            failures.append(failure)

    posts.extend(post(rank) for rank in range(workers))
    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(workers)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not failures
    return held, posts, messages


def in_its_order(way, numbers):
    """The float32 sums, (n,), added as that way adds."""
    workers = len(numbers)
    if way == "tree":
        rows = list(numbers)
        while len(rows) > 1:
            rows = [sum(rows[k + 1:k + 2], rows[k]) for k in range(0, len(rows), 2)]
        return rows[0]
    chunks = np.array_split(np.arange(numbers.shape[1]), workers if way == "ring" else 1)
    summed = np.empty(numbers.shape[1], np.float32)
    for first, chunk in enumerate(chunks):
        summed[chunk] = 0
        for k in range(workers):
            summed[chunk] += numbers[(first + k) % workers, chunk]
    return summed


@pytest.mark.skipif(sys.platform == "emscripten", reason="there are no threads in Pyodide")
@pytest.mark.parametrize("way", allreduce.WAYS)
@pytest.mark.parametrize("workers, n", [(1, 3), (2, 1), (2, 5), (3, 2), (3, 7), (4, 8), (5, 3), (5, 9), (6, 23), (8, 16), (9, 20)])
def test_every_way_for_any_number_of_workers(way, workers, n):
    numbers = allreduce.held(workers, n, 1)
    held, posts, messages = by_threads(way, numbers)
    assert all(row.tobytes() == in_its_order(way, numbers).tobytes() for row in held)
    cost = allreduce.theory(way, workers, n)
    sent = np.array([post.bytes for post in posts])
    assert sent.mean() == pytest.approx(cost.mean) and sent.max() == cost.busiest
    assert sum(post.messages for post in posts) == cost.messages == len(messages)
    assert {post.rounds for post in posts} == {cost.rounds}
    longest = np.zeros(cost.rounds + 1)
    for _, turn, size in messages:
        longest[turn] = max(longest[turn], size)
    assert longest.sum() == cost.path
    assert len({message[:2] for message in messages}) == len(messages)  # a worker sends one message a round


@pytest.mark.parametrize("workers, times", [(2, 1), (4, 1.5), (8, 1.75), (64, 1.96875), (1024, 1.998)])
def test_bytes_of_the_ring(workers, times):
    """Target T9.4 (Patarasuk & Yuan 2009), n a multiple of N."""
    cost = allreduce.theory("ring", workers, 2**20)
    assert cost.mean / 2**22 == cost.busiest / 2**22 == pytest.approx(times, abs=1e-4)
    assert cost.rounds == 2 * (workers - 1) and cost.messages == 2 * workers * (workers - 1)


def test_theory_of_many_at_once():
    workers = np.array([[1], [2], [5], [1025]])
    tree = allreduce.theory("tree", workers, [10, 30])
    assert tree.busiest.tolist() == [[0, 0], [40, 120], [120, 360], [440, 1320]]
    assert tree.rounds.ravel().tolist() == [0, 0, 2, 2, 6, 6, 22, 22] and tree.path[2].tolist() == [240, 720]
    server = allreduce.theory("server", workers, [10, 30])
    assert server.busiest[2].tolist() == [160, 480] and np.array_equal(server.path, 2 * server.busiest)
    for way in allreduce.WAYS:
        np.testing.assert_allclose(allreduce.theory(way, workers, 10).mean, 2 * (workers - 1) / workers * 40)


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
@pytest.mark.parametrize("way", allreduce.WAYS)
def test_real_processes_agree(done, way, workers):
    """With one another to the bit, with the order of adding that the way has, and with torch up to rounding."""
    outcome, numbers = done.outcomes[way, workers], allreduce.held(4, NUMBERS, 5)[:workers]
    right = in_its_order(way, numbers)
    assert outcome.alike and outcome.digest == hashlib.sha256(right.tobytes()).hexdigest()
    exact = numbers.astype(np.float64).sum(axis=0)
    assert outcome.off_exact == np.abs(right - exact).max()
    rounding = (workers - 1) * 2**-24 * np.abs(numbers).sum(axis=0).max()
    assert outcome.off_exact <= rounding and outcome.off_torch <= 2 * rounding
    cost = allreduce.theory(way, workers, NUMBERS)
    assert outcome.bytes.mean() == pytest.approx(cost.mean) and outcome.bytes.max() == cost.busiest
    assert outcome.messages.sum() == cost.messages and outcome.rounds == cost.rounds
    assert outcome.bytes.shape == outcome.messages.shape == (workers,)
    assert done.ending == "workers 0, 1, 2 and 3 finished"


def test_ways_differ_in_the_last_bits(done):
    """Three workers' chunks are added in three orders by the ring, in one by the others."""
    digests = {way: done.outcomes[way, 3].digest for way in allreduce.WAYS}
    assert digests["ring"] != digests["tree"] == digests["server"]
    assert len({done.outcomes[way, 4].digest for way in allreduce.WAYS}) == 3
    assert done.outcomes["ring", 4].off_torch > 0


def test_nobody_is_done_before_the_slow_one(done):
    assert set(done.late) == set(allreduce.WAYS)
    for joined, end in done.late.values():
        assert joined.argmax() == 2 and joined[2] >= 0.5 and np.delete(joined, 2).min() < 0.5
        assert end.shape == (4,) and end.min() >= joined[2] and end.max() < 30


def test_a_worker_dies_half_way(started):
    """Here with fewer numbers than workers, too."""
    run = allreduce.run(np.array([3, 4]), 2, dies=np.int64(2))
    assert run.ending == "worker 2 died after 3 of 6 rounds of the ring; workers 0, 1 and 3 lost a neighbour and stopped"
    assert run.late == {} and set(run.outcomes) == {(way, size) for way in allreduce.WAYS for size in (3, 4)}
    assert all(outcome.alike for outcome in run.outcomes.values())
    # of the chunks 1, 1, 0, 0 long worker r leaves out r + 1 and r + 2, once each
    assert run.outcomes["ring", 4].bytes.tolist() == [12, 16, 12, 8] and run.outcomes["ring", 4].messages.tolist() == [6] * 4
    assert [one.returncode for one in started] == [allreduce.LOST, allreduce.LOST, allreduce.DIED, allreduce.LOST]


def test_time_is_up(started):
    with pytest.raises(TimeoutError, match=r"^after 0.2 s: workers 0 and 1 had not finished and had to be stopped$"):
        allreduce.run(2, limit=0.2)
    assert [one.returncode for one in started] == [-signal.SIGKILL] * 2


def test_a_worker_is_killed(started, monkeypatch):
    monkeypatch.setattr(allreduce, "GRACE", 0.2)
    killer = threading.Thread(target=lambda: (wait_for(lambda: len(started) == 3), started[1].send_signal(signal.SIGKILL)))
    killer.start()
    start = time.monotonic()
    with pytest.raises(RuntimeError, match=r"^worker 1 failed with code -9; workers 0 and 2 had not finished and had to be stopped$"):
        allreduce.run(3)
    assert time.monotonic() - start < 30  # far less than the limit: the others are not waited for
    killer.join()


def wait_for(what):
    waiting = threading.Event()
    while not what():
        waiting.wait(0.01)


def test_a_worker_that_fails_says_why(started, monkeypatch, tmp_path):
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho no such thing >&2\nexit 3\n")
    script.chmod(0o755)
    monkeypatch.setattr(allreduce.sys, "executable", str(script))
    with pytest.raises(RuntimeError, match=r"^workers 0 and 1 failed with code 3 \(0: no such thing\) \(1: no such thing\)$"):
        allreduce.run(2)


def test_an_interrupt_leaves_nobody_behind(started, monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(allreduce, "time", types.SimpleNamespace(monotonic=allreduce.time.monotonic, sleep=interrupt))
    with pytest.raises(KeyboardInterrupt):
        allreduce.run(2)


def test_who_calls_needs_no_torch():
    script = "import sys, helpers.allreduce as it; it.theory('ring', 4, 8); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], cwd=HOME, check=True)


def test_sums_in_their_order():
    numbers = np.random.default_rng(3).standard_normal(1003) * 10.0**np.random.default_rng(4).integers(-3, 4, 1003)
    single = numbers.astype(np.float32)

    def added(some):
        total = np.float32(0)
        for number in some:
            total = np.float32(total + number)
        return total

    def in_pairs(some):
        while len(some) > 1:
            some = [np.float32(sum(some[k + 1:k + 2], some[k])) for k in range(0, len(some), 2)]
        return some[0]

    found = allreduce.summed(numbers, 7)
    parts = [added(single[a:b]) for a, b in zip([0, 144, 288, 431, 574, 717, 860], [144, 288, 431, 574, 717, 860, 1003], strict=True)]
    assert found == {"forward": added(single), "reversed": added(single[::-1]), "blocks": added(parts), "pairs": in_pairs(single),
                     "double": pytest.approx(single.astype(np.longdouble).sum(), rel=1e-15)}
    assert len(set(found.values())) == 5
    # beside 2^24 one is lost, two are kept, three become four
    assert list(allreduce.summed([2**24, 1, 1, 1], 2).values()) == [2**24, 2**24 + 4, 2**24 + 2, 2**24 + 2, 2**24 + 3]
    assert set(allreduce.summed([0.5], 1).values()) == {0.5}


def test_a_million_normal_numbers():
    """Target T9.5: the sums differ, by less than 0.1; and pairs are nearest."""
    found = allreduce.summed(np.random.default_rng(0).standard_normal(10**6))
    off = {name: abs(value - found["double"]) for name, value in found.items()}
    assert len(set(found.values())) == 5 and max(off.values()) < 0.1
    assert 0 < off["pairs"] < 1e-3 < min(off["forward"], off["reversed"], off["blocks"])


def test_a_worker_whose_page_is_gone_ends_by_itself(left_alone):
    assert left_alone.wait(timeout=30) == -signal.SIGALRM


@pytest.mark.parametrize("call, message", [
    (lambda: allreduce.theory("star", 2, 2), r"way='star': must be one of 'ring', 'tree', 'server'"),
    (lambda: allreduce.theory("ring", 0, 2), r"workers=0: must be finite and in \[1"),
    (lambda: allreduce.theory("ring", 2, 0), r"numbers=0: must be finite and in \[1"),
    (lambda: allreduce.theory("ring", 2**21, 2), r"workers=.*2097152.*: must be at most 1048576"),
    (lambda: allreduce.theory("ring", 2, 2**31), r"numbers=.*2147483648.*: must be at most 1073741824"),
    (lambda: allreduce.theory("ring", [1, 2], [1, 2, 3]), r"workers, numbers of shapes \(2,\), \(3,\): must be alike"),
    (lambda: allreduce.held(0, 2, 1), r"workers=0: must be finite and in \[1"),
    (lambda: allreduce.held(2, "2", 1), r"numbers='2': must be a number"),
    (lambda: allreduce.held(2, 2, -1), r"seed=-1: must be finite and in \[0"),
    (lambda: allreduce.summed([]), r"numbers of shape \(0,\): must have shape \(n,\)"),
    (lambda: allreduce.summed([1e38]), r"numbers=.*: must be finite and in \[-1e\+30, 1e\+30\]"),
    (lambda: allreduce.summed([1, 2]), r"blocks=8: must be at most the number of numbers, 2"),
    (lambda: allreduce.run(5), r"workers=5, numbers=100003: must be from 1 to 4 and at most 2097152"),
    (lambda: allreduce.run(()), r"workers=\(\), numbers=100003: must be from 1 to 4"),
    (lambda: allreduce.run(2, 2**22), r"workers=2, numbers=4194304: must be from 1 to 4 and at most 2097152"),
    (lambda: allreduce.run(2, seed=-1), r"seed=-1: must be finite and in \[0"),
    (lambda: allreduce.run(2, limit=0), r"limit=0: must be finite and in \(0, 3600\]"),
    (lambda: allreduce.run(2, late=(2, 1)), r"late: worker 2; must be one of the 2, numbered from 0"),
    (lambda: allreduce.run(2, late=(0.5, 1)), r"late=0.5: must be whole"),
    (lambda: allreduce.run(2, late=(0, 100)), r"late=\(0, 100\): must be finite and in \[0, 60\]"),
    (lambda: allreduce.run(2, late=(0, 1, 2)), r"late=\(0, 1, 2\): must be a worker and seconds"),
    (lambda: allreduce.run(2, dies=2), r"dies: worker 2; must be one of the 2, numbered from 0"),
    (lambda: allreduce.run(1, dies=0), r"dies: worker 0; must be one of the 1, numbered from 0, of at least 2"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_in_a_browser_it_says_what_it_lacks(monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    with pytest.raises(OSError, match="does not support processes"):
        allreduce.run(1, 10)
