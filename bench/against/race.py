"""A race: contenders take turns on one core, round after round, and each is charged with its own processor time.

A contender is (prepare, units): in every round prepare() gives a function without arguments that does one unit of work; it is called
once off the clock, and `units` times on it. So all start every round from the same state, and what slows the machine slows them all.
"""
import time

import numpy as np


def race(contenders, rounds):
    """{name: seconds a unit took (rounds,)} of the contenders {name: (prepare, units)}."""
    seconds = {name: np.empty(rounds) for name in contenders}
    for turn in range(rounds):
        for name, (prepare, units) in contenders.items():
            work = prepare()
            work()
            start = time.process_time()
            for _ in range(units):
                work()
            seconds[name][turn] = (time.process_time() - start) / units
    return seconds


def ratio(slow, fast, draws=2000):
    """How often `fast` fits into `slow`, both (rounds,): the median of the rounds' ratios, and 2.5% and 97.5% of its bootstrap."""
    each = slow / fast
    again = np.median(np.random.default_rng(0).choice(each, (draws, each.size)), axis=1)
    return np.median(each), *np.quantile(again, (0.025, 0.975))


def growth(prepare, sizes, rounds=5, least=0.02):
    """The exponent with which the time of a unit grows, by least squares on logarithms; prepare(size) gives the unit's function.

    A round takes at least `least` seconds; the least of the rounds counts.
    """
    found = []
    for size in sizes:
        work, units = prepare(size), 1
        work()
        while True:
            start = time.process_time()
            for _ in range(units):
                work()
            if time.process_time() - start >= least:
                break
            units *= 2
        found.append(race({size: (lambda work=work: work, units)}, rounds)[size].min())
    return np.polyfit(np.log(sizes), np.log(found), 1)[0]


def brief(number):
    """Three digits, no power of ten."""
    return f"{number:,.0f}" if number >= 100 else f"{number:#.3g}".rstrip(".")


def duration(seconds):
    unit, name = next((unit for unit in ((1, "s"), (1e-3, "ms"), (1e-6, "us")) if seconds >= unit[0]), (1e-9, "ns"))
    return f"{brief(seconds / unit)} {name}"


def verdict(met, wanted):
    return f"{wanted}: {'met' if met else 'not met'}"


def _beside(what, peer, times, middle, low, high, words):
    return (what, duration(np.median(times["book"])), f"{peer}: {duration(np.median(times[peer]))}",
            f"{brief(middle)} ({brief(low)} to {brief(high)}) times as {words}")


def faster(what, peer, times, least):
    """A row: how many times as fast as the peer the book is. `times`: {"book", the peer's name}; `least`: what is wanted, or None."""
    middle, low, high = ratio(times[peer], times["book"])
    return *_beside(what, peer, times, middle, low, high, "fast"), "" if least is None else verdict(middle >= least, f"at least {least:g}")


def slower(what, peer, times, most):
    """A row: how many times as long as the peer the book takes, wanted at most `most`, or None."""
    middle, low, high = ratio(times["book"], times[peer])
    return *_beside(what, peer, times, middle, low, high, "long"), "" if most is None else verdict(middle <= most, f"at most {most:g}")


def grown(what, exponent, most, peers=""):
    """A row: an exponent of growth."""
    return what, f"{exponent:.2f}", peers, "", verdict(exponent <= most, f"at most {most:g}")
