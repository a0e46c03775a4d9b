"""Hopfield's network in hopfieldnetwork and in neurodynex3, beside the book's, and how near the machine's limits it comes.

2,500 neurons; 125 random patterns, a load of 0.05; recall starts from a pattern with a tenth of its signs turned. Everybody must store the
same weights and, in the same order of neurons, come to the same states.
"""
import time

import numpy as np
from hopfieldnetwork import HopfieldNetwork as Hopfieldnetwork
from neurodynex3.hopfield_network.network import HopfieldNetwork as Neurodynex
from race import brief, faster, growth, grown, race, verdict

from helpers import memory

N, LOAD, TURNED, SWEEPS = 2500, 0.05, 0.1, 10
SUM = 50_000_000  # numbers, 400 MB: far more than a cache holds


def taught(n, p):
    """Patterns, weights, and a first pattern with some signs turned."""
    rng = np.random.default_rng(0)
    patterns = memory.random_patterns(p, n, rng)
    return patterns, memory.hebb(patterns), memory.flip(patterns[:1], TURNED, rng)


def hopfieldnetwork(weights, mode):
    """A function that recalls from a state (1, n) in some sweeps, and gives the state it comes to."""
    net = Hopfieldnetwork(N=len(weights))
    net.w = weights

    def recall(state, sweeps):
        net.set_initial_neurons_state(state[0].astype(np.int8))
        net.update_neurons(sweeps, mode)
        return net.S
    return recall


def neurodynex(weights, mode):
    """The same with neurodynex3."""
    net = Neurodynex(len(weights))
    net.weights = weights
    if mode == "async":
        net.set_dynamics_sign_async()

    def recall(state, sweeps):
        net.set_state_from_pattern(state[0])
        net.run(sweeps)
        return net.state
    return recall


def check(n=121, p=9):
    """All store the same, and come to the same states all at once and, in the same order, one by one."""
    patterns, weights, state = taught(n, p)
    ours, theirs = Hopfieldnetwork(N=n), Neurodynex(n)
    ours.train_pattern(patterns.T.astype(np.int8))
    theirs.store_patterns(list(patterns))
    assert np.allclose(ours.w, weights, atol=1e-12) and np.allclose(theirs.weights, weights, atol=1e-12)
    for peer in (hopfieldnetwork, neurodynex):
        for sweeps in (1, 2, 5):
            assert np.array_equal(peer(weights, "sync")(state, sweeps), memory.recall(state, weights, sweeps)[0]), peer.__name__
            np.random.seed(3)  # their order of neurons
            expected = memory.settle(state, weights, np.random.RandomState(3), sweeps)[0]
            assert np.array_equal(peer(weights, "async")(state, sweeps), expected), peer.__name__


def least(work, rounds=7):
    """Processor seconds of the fastest of some runs."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def product_peak():
    """Operations a second of a product of square matrices."""
    a, b = np.random.default_rng(0).random((2, N, N))
    out = np.zeros_like(a)
    return 2 * N**3 / least(lambda: np.matmul(a, b, out=out))


def bandwidth():
    """Bytes a second that one core reads from memory: a long vector times itself."""
    x = np.ones(SUM)
    return x.nbytes / least(lambda: x @ x)


def share(what, reached, peak, unit, wanted):
    """A row: how much of a limit is reached."""
    return (what, f"{brief(reached / 1e9)} {unit}", f"the limit: {brief(peak / 1e9)} {unit}", f"{reached / peak:.0%} of it",
            verdict(reached / peak >= wanted, f"at least {wanted:.0%}"))


def rows():
    check()
    p = int(LOAD * N)
    patterns, weights, state = taught(N, p)
    told = f"Hopfield, {N:,} neurons:"
    few = patterns.T.astype(np.int8)
    times = race({"book": (lambda: lambda: memory.hebb(patterns), 3),
                  "hopfieldnetwork, one by one": (lambda: lambda net=Hopfieldnetwork(N=N): net.train_pattern(few[:, 0]), 4),
                  "hopfieldnetwork, in one call": (lambda: lambda net=Hopfieldnetwork(N=N): net.train_pattern(few), 1)}, 9)
    times["hopfieldnetwork, one by one"] *= p
    yield faster(f"{told} storing {p} patterns", "hopfieldnetwork, one by one", times, 50)
    yield faster(f"{told} storing {p} patterns", "hopfieldnetwork, in one call", times, None)
    yield share(f"{told} storing, 2 N N p operations, beside a square product's", 2 * N * N * p / times["book"].min(), product_peak(),
                "billion a second", 0.7)

    def recalls(mode, sweeps):
        made = {"hopfieldnetwork": hopfieldnetwork(weights, mode), "neurodynex3": neurodynex(weights, mode)}
        return {name: (lambda recall=recall: lambda: recall(state, sweeps), 1) for name, recall in made.items()}

    times = race({"book": (lambda: lambda: memory.recall(state, weights, SWEEPS), 1), **recalls("sync", SWEEPS),
                  "overlaps": (lambda: lambda: np.sign(memory.hebb_field(state, patterns)), SWEEPS)}, 11)
    for name in ("book", "hopfieldnetwork", "neurodynex3"):
        times[name] /= SWEEPS
    for peer, wanted in (("hopfieldnetwork", 2), ("neurodynex3", 12)):
        yield faster(f"{told} a sweep all at once, by the weights", peer, times, wanted)
        yield faster(f"{told} a sweep all at once, by the overlaps", peer, times | {"book": times["overlaps"]}, wanted)
    yield share(f"{told} a sweep by the weights, N N 8 bytes, beside reading memory", N * N * 8 / times["book"].min(), bandwidth(),
                "GB/s", 0.8)

    def settled(sweeps):
        return memory.settle(state, weights, np.random.RandomState(1), sweeps)

    last = next(sweeps for sweeps in range(2, 50) if np.array_equal(settled(sweeps - 1), settled(sweeps)))  # nothing changes: so it rests
    for sweeps, what in ((1, "the first sweep one by one"), (last, f"all {last} sweeps one by one, to rest")):
        times = race({"book": (lambda sweeps=sweeps: lambda: settled(sweeps), 3), **recalls("async", sweeps)}, 7)
        for peer in ("hopfieldnetwork", "neurodynex3"):
            yield faster(f"{told} {what}", peer, times, 3)

    sizes = (1000, 1500, 2500, 4000, 6000)
    made = {n: taught(n, p) for n in sizes}
    for what, work in (("storing", lambda patterns, weights, state: memory.hebb(patterns)),
                       ("a sweep all at once", lambda patterns, weights, state: memory.recall(state, weights, 1)),
                       ("a sweep one by one", lambda patterns, weights, state: memory.settle(state, weights, np.random.default_rng(1), 1))):
        exponent = growth(lambda n, work=work: lambda: work(*made[n]), sizes, 3) / 2
        yield grown(f"Hopfield, {what}: exponent of the time in the synapses, N N, 1,000 to 6,000 neurons", exponent, 1.15)
