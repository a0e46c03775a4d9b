"""The atlas: what it does to a system, and what it makes of many runs."""
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from helpers import atlas
from helpers.data import read_rows

TABLE = Path(__file__).parents[2] / "book" / "data" / "atlas.csv"


class Lamps:
    """Ten lamps that burn or not: the quality is the share that burns. A round lights one again."""

    parts, bytes = 10, 3.0
    mends = 1

    def __init__(self, rng):
        self.burning = np.ones(10, bool)
        self.calls = []

    def worst(self, count):
        self.calls.append(count)
        return np.arange(count)

    def lose(self, gone):
        assert len(set(gone.tolist())) == len(gone)
        self.burning[gone] = False

    def mend(self):
        self.burning[np.flatnonzero(~self.burning)[:self.mends]] = True

    def quality(self, noise):
        return self.burning.mean() - noise


class Candle(Lamps):
    """One flame: all is dark if part 0 is lost, and nobody lights it again."""

    mends = 0

    def quality(self, noise):
        return float(self.burning[0]) - 2 * noise


@pytest.fixture(autouse=True)
def lamps(monkeypatch):
    monkeypatch.setitem(atlas.PAIRS, "lamps", atlas.PAIRS["crowd"]._replace(decentralized=Lamps, centralized=Candle))


def measured(test, level, side="decentralized", seed=0):
    return atlas.measure(np.random.default_rng(seed), pair="lamps", side=side, test=test, level=level)


def test_a_share_is_lost_by_lot_and_by_an_adversary():
    assert measured("random", 0.3)["quality"] == pytest.approx(0.7)
    assert measured("adversary", 0.3)["quality"] == pytest.approx(0.7)
    assert measured("adversary", 0.1, "centralized")["quality"] == 0
    assert measured("noise", 0.25) == {"quality": 0.75, "bytes": 3.0, "rounds": None}


def test_the_centre_falls_by_lot_as_often_as_any_part(seed):
    dark = [measured("random", 0.3, "centralized", [seed, k])["quality"] == 0 for k in range(400)]
    assert np.mean(dark) == pytest.approx(0.3, abs=5 * math.sqrt(0.3 * 0.7 / 400))


def test_mending_goes_on_until_all_is_well_again_or_for_most_rounds():
    assert measured("random then mended", 0.1)["rounds"] == 0  # 0.9 is well
    assert measured("random then mended", 0.4) == {"quality": 0.9, "bytes": 3.0, "rounds": 3}
    lost = measured("adversary then mended", 0.2, "centralized")
    assert (lost["quality"], lost["rounds"]) == (0, None)


def test_one_lucky_look_is_not_enough():
    class Lucky(Lamps):
        """Its quality is sometimes read too high."""

        def __init__(self, rng):
            super().__init__(rng)
            self.looks = iter([1.0, 0.5, 0.95, 0.5, 0.5, 0.95, 0.92])

        def quality(self, noise):
            return next(self.looks)

    atlas.PAIRS["lamps"] = atlas.PAIRS["lamps"]._replace(decentralized=Lucky)
    # before 1.0; after the loss 0.5; a round: 0.95, and 0.5 again; a round: 0.5; a round: 0.95, and 0.92 again
    assert measured("random then mended", 0.2) == {"quality": 0.92, "bytes": 3.0, "rounds": 3}


def test_the_grid_is_both_sides_in_every_test_at_every_level():
    cells = atlas.grid(["lamps"])
    assert len(cells) == 2 * sum(map(len, atlas.LEVELS.values()))
    assert len({tuple(cell.values()) for cell in cells}) == len(cells)
    assert atlas.grid(["lamps"], {"noise": (0.0,)}) == [
        {"pair": "lamps", "side": side, "test": "noise", "level": 0.0} for side in atlas.SIDES]


def test_a_row_compares_the_twins_of_the_same_seeds():
    records = [{"pair": "p", "side": side, "test": "noise", "level": 0.5, "seed": seed, "quality": quality, "bytes": sent,
                "rounds": None}
               for side, sent, values in (("decentralized", 10.0, (0.9, 0.7, 0.8, 0.1)), ("centralized", 2.0, (0.5, 0.4, 0.6)))
               for seed, quality in enumerate(values)]
    row, sent = atlas.compare(records[::-1])
    assert row["seeds"] == 3  # the fourth has no twin
    assert (row["many"], row["one"], row["gap"]) == pytest.approx((0.8, 0.5, 0.3))
    half = stats.t.ppf(0.975, 2) * np.std([0.4, 0.3, 0.2], ddof=1) / math.sqrt(3)
    assert row["gap_half"] == pytest.approx(half)
    assert math.isnan(row["many_back"])
    assert (sent["test"], sent["many"], sent["one"], sent["many_half"]) == ("bytes", 10, 2, 0)


def test_a_row_says_what_came_back_and_when():
    records = [{"pair": "p", "side": side, "test": "random then mended", "level": 0.2, "seed": seed, "quality": 1.0,
                "bytes": 1.0, "rounds": rounds}
               for side, values in (("decentralized", (0, 3, 5, None)), ("centralized", (None,) * 4))
               for seed, rounds in enumerate(values)]
    row, _ = atlas.compare(records)
    assert (row["many_back"], row["many_rounds"], row["one_back"]) == (0.75, 3, 0)
    assert math.isnan(row["one_rounds"])


@pytest.mark.parametrize("wrong, named", [
    ({"pair": "bazaar"}, "pair='bazaar'"), ({"side": "left"}, "side='left'"), ({"test": "fire"}, "test='fire'"),
    ({"level": 1.1}, "level=1.1"), ({"level": -0.1}, "level=-0.1"), ({"test": "noise", "level": np.inf}, "level=inf")])
def test_bad_input_is_named(wrong, named):
    with pytest.raises(ValueError, match=f"^{named}"):
        atlas.measure(np.random.default_rng(0), **{"pair": "crowd", "side": "centralized", "test": "random", "level": 0.5} | wrong)


RECORD = {"pair": "p", "side": "centralized", "test": "noise", "level": 0.5, "seed": 0, "quality": 1.0, "bytes": 1.0, "rounds": None}


@pytest.mark.parametrize("call, message", [
    (lambda: atlas.grid("crowd"), r"pairs='crowd': must be a list or tuple"),
    (lambda: atlas.grid(["bazaar"]), r"pairs='bazaar': must be one of 'crowd'"),
    (lambda: atlas.grid(["crowd"], [0.5]), r"levels=\[0.5\]: must be a dict"),
    (lambda: atlas.grid(["crowd"], {"fire": (0.5,)}), r"levels='fire': must be one of 'random'"),
    (lambda: atlas.grid(["crowd"], {"random": (0.5, 1.5)}), r"levels\['random'\]=\(0.5, 1.5\): must be finite and in \[0, 1\]"),
    (lambda: atlas.compare(RECORD), r"records=.*: must be a list or tuple"),
    (lambda: atlas.compare([RECORD, {"pair": "p"}]), r"records\[1\]={'pair': 'p'}: must be a dict of bytes, level, pair"),
    *((lambda wrong=wrong: atlas.compare([RECORD | wrong]), message) for wrong, message in (
        ({"pair": 1}, r"pair of records\[0\]=1: must be a name"), ({"side": "left"}, r"side of records\[0\]='left'"),
        ({"test": "fire"}, r"test of records\[0\]='fire'"), ({"level": "much"}, r"level of records\[0\]='much'"),
        ({"seed": 0.5}, r"seed of records\[0\]=0.5: must be whole"), ({"quality": math.nan}, r"quality of records\[0\]=nan"),
        ({"bytes": None}, r"bytes of records\[0\]=None"), ({"rounds": -1}, r"rounds of records\[0\]=-1"))),
])
def test_no_other_grid_or_record(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


def test_the_table_is_what_the_atlas_asks_for():
    rows = read_rows(TABLE)
    cells = [(row["pair"], row["test"], float(row["level"])) for row in rows if row["test"] != "bytes"]
    pairs = [pair for pair in atlas.PAIRS if pair != "lamps"]
    assert cells == [(pair, test, level) for pair in pairs for test, levels in atlas.LEVELS.items() for level in levels]
    assert min(int(row["seeds"]) for row in rows) >= 30


def test_the_table_is_what_the_code_gives():
    """Two cells of the cheapest pair anew, all seeds; `make atlas` renews the others."""
    levels = {"adversary": (0.2,), "noise": (0.5,)}
    records = [{**cell, "seed": seed, **atlas.measure(np.random.default_rng(seed), **cell)}
               for cell in atlas.grid(["crowd"], levels) for seed in range(50)]
    there = {(row["pair"], row["test"], float(row["level"])): row for row in read_rows(TABLE)}
    for row in atlas.compare(records)[:-1]:
        old = there[row["pair"], row["test"], row["level"]]
        assert {name: float(old[name]) for name in ("many", "one", "gap", "gap_half")} == pytest.approx(
            {name: row[name] for name in ("many", "one", "gap", "gap_half")}, rel=1e-4)
