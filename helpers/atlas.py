"""The atlas: systems without a centre and their centralized twins, hurt and disturbed alike, on common axes.

Notation
    pair      a name of PAIRS; what its two systems offer stands in helpers/twins
    side      "decentralized" or "centralized"
    test      "random": a share of the parts is lost by lot; "adversary": a share is taken by one who knows the system;
              "noise": the signals are disturbed; "random then mended", "adversary then mended": the same share is lost,
              and the system does what it can about it
    level     of the test: the share of the parts that is lost, or the noise as a share of the signal
    quality   1 the best that could be had with all parts, 0 what guessing, or doing nothing, would give
    rounds    until the quality is back at WELL of what it was, twice measured, a `mend` each; None if it is not within MOST
    gap       quality of the decentralized side less that of its twin, of the same seed: with the same task
"""
import numpy as np

from . import checks
from .sweep import summary
from .twins import ants, bees, crowd, flock, forest, gossip, market, memory, network, population, roads, team

PAIRS = {"crowd": crowd.PAIR, "market": market.PAIR, "ants": ants.PAIR, "bees": bees.PAIR, "flock": flock.PAIR,
         "memory": memory.PAIR, "population": population.PAIR, "forest": forest.PAIR, "network": network.PAIR,
         "gossip": gossip.PAIR, "roads": roads.PAIR, "team": team.PAIR}
SIDES = ("decentralized", "centralized")
SHARES, NOISES = (0.1, 0.2, 0.3, 0.5, 0.7), (0.25, 0.5, 1.0, 2.0)
HURT, WELL, MOST = 0.2, 0.9, 30
MENDED = " then mended"
RECORD = {"pair", "side", "test", "level", "seed", "quality", "bytes", "rounds"}
LEVELS = {"random": SHARES, "adversary": SHARES, "noise": (0.0, *NOISES), "random" + MENDED: (HURT,), "adversary" + MENDED: (HURT,)}


def measure(rng, *, pair, side, test, level):
    """One system, built by `rng`, in one test: {"quality", "bytes" sent for a decision, "rounds"}. A model for `sweep`."""
    checks.one_of("pair", pair, tuple(PAIRS))
    checks.one_of("side", side, SIDES)
    checks.one_of("test", test, tuple(LEVELS))
    level = checks.one_number("level", level, 0, _highest(test))
    building, losing = rng.spawn(2)
    system = getattr(PAIRS[pair], side)(building)
    rounds = None
    if test == "noise":
        quality = system.quality(level)
    else:
        before = system.quality(0.0)
        count = round(level * system.parts)
        by_lot = losing.permutation(system.parts)[:count]
        system.lose(system.worst(count) if test.startswith("adversary") else by_lot)
        quality = system.quality(0.0)
        if test.endswith(MENDED):
            quality, rounds = _mended(system, quality, WELL * before)
    return {"quality": float(quality), "bytes": float(system.bytes), "rounds": rounds}


def _highest(test):
    """The highest level there is of a test."""
    return np.inf if test == "noise" else 1


def _mended(system, quality, enough):
    """(quality, rounds) once it is enough, at a first look and at a second, since one may be luck."""
    for rounds in range(MOST + 1):
        if quality >= enough and (quality := system.quality(0.0)) >= enough:
            return quality, rounds
        system.mend()
        quality = system.quality(0.0)
    return quality, None


def grid(pairs=None, levels=None):
    """Settings for `sweep`: both sides of the pairs (all of them if None) in every test, at the levels {test: (level, ...)}.

    Raises ValueError unless `pairs` is a list or tuple of names of PAIRS, and `levels` a dict of tests of LEVELS and levels that
    `measure` takes.
    """
    pairs, levels = tuple(PAIRS) if pairs is None else pairs, LEVELS if levels is None else levels
    if not isinstance(pairs, (list, tuple)):
        raise ValueError(f"pairs={pairs!r}: must be a list or tuple of names")
    if not isinstance(levels, dict):
        raise ValueError(f"levels={levels!r}: must be a dict, {{test: (level, ...)}}")
    for pair in pairs:
        checks.one_of("pairs", pair, tuple(PAIRS))
    for test, some in levels.items():
        checks.vector(f"levels[{checks.one_of('levels', test, tuple(LEVELS))!r}]", some, 0, _highest(test))
    return [{"pair": pair, "side": side, "test": test, "level": level}
            for pair in pairs for test, some in levels.items() for level in some for side in SIDES]


def compare(records):
    """Rows {pair, test, level, seeds, many, many_half, one, one_half, gap, gap_half, many_back, ...} of `measure`'s records.

    `many` is the decentralized side's mean quality, `one` its twin's, `gap` the mean difference; *_half is half of the
    95% interval (Student's t). Seeds that lack one of the sides are left out. many_back and one_back are the shares of the
    seeds in which the quality came back, *_rounds the median rounds of those; nan where nothing was mended. A last row a
    pair, test "bytes", has what a decision costs. Raises ValueError unless `records` is a list or tuple of dicts that hold all of
    RECORD, finite numbers among them.
    """
    if not isinstance(records, (list, tuple)):
        raise ValueError(f"records={records!r}: must be a list or tuple of records")
    sides = {}
    for at, record in enumerate(records):
        key, seed = _key(f"records[{at}]", record)
        sides.setdefault(key, {side: {} for side in SIDES})[record["side"]][seed] = record
    rows, sent = [], {}
    for (pair, test, level), found in sides.items():
        many, one = (found[side] for side in SIDES)
        seeds = sorted(many.keys() & one.keys())
        both = [[each[seed] for seed in seeds] for each in (many, one)]
        sent.setdefault(pair, [[], []])
        row = {"pair": pair, "test": test, "level": level, "seeds": len(seeds)}
        quality = np.array([[record["quality"] for record in each] for each in both])
        for name, values in zip(("many", "one", "gap"), (*quality, quality[0] - quality[1]), strict=True):
            row[name], row[name + "_half"] = _interval(values)
        for name, each, bytes_sent in zip(("many", "one"), both, sent[pair], strict=True):
            rounds = [record["rounds"] for record in each if record["rounds"] is not None]
            row[name + "_back"] = len(rounds) / len(seeds) if test.endswith(MENDED) and seeds else np.nan
            row[name + "_rounds"] = float(np.median(rounds)) if rounds else np.nan
            bytes_sent += [record["bytes"] for record in each]
        rows.append(row)
    for pair, (many, one) in sent.items():
        costs = dict(zip(("many", "many_half", "one", "one_half"), (*_interval(many), *_interval(one)), strict=True))
        rows.append(dict.fromkeys(rows[0], np.nan) | {"pair": pair, "test": "bytes", "level": 0.0, "seeds": len(many)} | costs)
    return rows


def _key(name, record):
    """((pair, test, level), seed) of a record of this name, once all that it holds has been looked at."""
    if not isinstance(record, dict) or not record.keys() >= RECORD:
        raise ValueError(f"{name}={record!r}: must be a dict of {', '.join(sorted(RECORD))}")
    if not isinstance(record["pair"], str):
        raise ValueError(f"pair of {name}={record['pair']!r}: must be a name")
    checks.one_of(f"side of {name}", record["side"], SIDES)
    checks.one_of(f"test of {name}", record["test"], tuple(LEVELS))
    for what in ("quality", "bytes"):
        checks.one_number(f"{what} of {name}", record[what])
    if record["rounds"] is not None:
        checks.count(f"rounds of {name}", record["rounds"], 0)
    level = checks.one_number(f"level of {name}", record["level"])
    return (record["pair"], record["test"], level), checks.count(f"seed of {name}", record["seed"], 0)


def _interval(values):
    """Mean and half of its 95% interval."""
    row, = summary([{"value": float(value)} for value in values], [], "value") if len(values) else ({"mean": None, "high": None},)
    if row["high"] is None:
        return np.nan if row["mean"] is None else row["mean"], np.nan
    return row["mean"], row["high"] - row["mean"]
