import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from helpers import automata

DATA = Path(__file__).parents[2] / "book" / "data"

# the least of each of 88 kinds, as they are usually listed (Li & Packard 1990)
KINDS = [*range(16), 18, 19, *range(22, 31), *range(32, 39), *range(40, 47), 50, 51, 54, 56, 57, 58, 60, 62, 72, 73, 74,
         76, 77, 78, 90, 94, 104, 105, 106, 108, 110, 122, 126, 128, 130, 132, 134, 136, 138, 140, 142, 146, 150, 152,
         154, 156, 160, 162, 164, 168, 170, 172, 178, 184, 200, 204, 232]


def becomes(rule, left, own, right):
    """By the digits of the rule in writing: its eight outcomes for 111, 110, ..., 000 (Wolfram 1983)."""
    return int(f"{rule:08b}"[["111", "110", "101", "100", "011", "010", "001", "000"].index(f"{left}{own}{right}")])


def turn(cells, rule):
    n = len(cells)
    return [becomes(rule, cells[i - 1], cells[i], cells[(i + 1) % n]) for i in range(n)]


def shrink(cells, rule):
    """The cells whose neighbours are there, one step later."""
    return [becomes(rule, *cells[i - 1:i + 2]) for i in range(1, len(cells) - 1)]


def test_every_rule_steps_as_its_digits_say(seed):
    rng = np.random.default_rng(seed)
    for rule in range(256):
        rings = rng.integers(0, 2, (3, 1 + rule % 9))
        after = automata.step(rings, rule)
        assert after.dtype == np.uint8
        assert after.tolist() == [turn(ring, rule) for ring in rings.tolist()]


def test_known_neighbourhoods():
    assert automata.outcomes(30).tolist() == [0, 1, 1, 1, 1, 0, 0, 0]
    assert automata.step([0, 0, 1, 0, 0], 2).tolist() == [0, 1, 0, 0, 0]  # 001 to 1: moves to the left
    assert automata.step([True, False, False, False], 16).tolist() == [0, 1, 0, 0]
    assert automata.step([1, 0, 0, 0], 2).tolist() == [0, 0, 0, 1]  # round the ring


def test_history_is_step_after_step(seed):
    start = np.random.default_rng(seed).integers(0, 2, (2, 3, 20))
    rows = automata.history(start, 110, 15)
    assert rows.shape == (16, 2, 3, 20) and rows.dtype == np.uint8
    np.testing.assert_array_equal(rows[0], start)
    for before, after in itertools.pairwise(rows):
        np.testing.assert_array_equal(after, automata.step(before, 110))
    assert automata.history([1, 0], 30, 0).tolist() == [[1, 0]]


def test_the_start_is_left_as_it_was():
    start = np.array([0, 1, 0, 0], np.uint8)
    automata.history(start, 30, 3)[0, 0] = 1
    automata.step(start, 255)
    assert start.tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("steps", [0, 1, 2, 7])
def test_from_one_is_an_endless_line_for_every_rule(steps):
    """A line so long that its ends, of which half a cone is lost at each step, never reach what is shown."""
    for rule in range(256):
        line = [0] * 2 * steps + [1] + [0] * 2 * steps
        rows = [line[steps:-steps] if steps else line]
        for t in range(1, steps + 1):
            line = shrink(line, rule)
            rows.append(line[steps - t:len(line) - (steps - t)])
        shown = automata.from_one(rule, steps)
        assert shown.dtype == np.uint8 and shown.tolist() == rows


def test_a_background_that_flickers_and_one_that_stays():
    assert automata.from_one(1, 3)[:, 0].tolist() == [0, 1, 0, 1]
    assert automata.from_one(255, 3)[:, 0].tolist() == [0, 1, 1, 1]
    assert automata.from_one(30, 3).tolist() == [[0, 0, 0, 1, 0, 0, 0], [0, 0, 1, 1, 1, 0, 0], [0, 1, 1, 0, 0, 1, 0],
                                                [1, 1, 0, 1, 1, 1, 1]]


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 20, 41])
def test_the_centre_column_is_that_of_the_picture(steps):
    for rule in range(256):
        column = automata.centre_column(rule, steps)
        assert column.dtype == np.uint8
        np.testing.assert_array_equal(column, automata.from_one(rule, steps)[:, steps])


def test_published_centre_column_t7_1():
    """Rule 30 Prizes (rule30prize.org); OEIS A051023."""
    column = automata.centre_column(30, 9999)
    assert "".join(map(str, column[:64])) == "1101110011000101100100111010111001110101011000011001010110101011"
    assert [int(column[:size].sum()) for size in (10, 100, 1000, 10_000)] == [7, 52, 481, 5032]


def test_the_table_in_the_book():
    cells, ones = np.loadtxt(DATA / "automata.csv", delimiter=",", skiprows=3, unpack=True, dtype=np.int64)
    assert dict(zip(cells.tolist(), ones.tolist(), strict=True)) == {
        10: 7, 100: 52, 1000: 481, 10**4: 5032, 10**5: 50098, 10**6: 500_768}


def test_rule_90_is_the_simulation_t7_2():
    steps = 400
    rows, offset = automata.from_one(90, steps), np.arange(-steps, steps + 1)
    t = np.arange(steps + 1)
    np.testing.assert_array_equal(automata.rule_90_cell(t[:, None], offset), rows)
    np.testing.assert_array_equal(automata.rule_90_ones(t), rows.sum(axis=1, dtype=np.int64))


def test_rule_90_is_pascals_triangle_modulo_2():
    for t in range(70):
        row = [automata.rule_90_cell(t, 2 * k - t) for k in range(t + 1)]
        assert row == [math.comb(t, k) % 2 for k in range(t + 1)]
        assert not any(automata.rule_90_cell(t, 2 * k + 1 - t) for k in range(-1, t + 1))
        assert automata.rule_90_cell(t, t + 2) == automata.rule_90_cell(t, -t - 2) == 0


def test_row_a_million_of_rule_90():
    """(x + 1/x)**t modulo 2 by multiplication: x**a + x**-a for each binary digit a of t."""
    t, row = 10**6, 1
    for power in range(20):
        if t >> power & 1:
            row ^= row << 2 * 2**power
    cells = automata.rule_90_cell(t, np.arange(-t, t + 1))
    assert int(automata.rule_90_ones(t)) == row.bit_count() == int(cells.sum(dtype=np.int64)) == 128
    assert np.flatnonzero(cells).tolist() == [k for k, digit in enumerate(bin(row)[:1:-1]) if digit == "1"]


def test_rule_90_far_away():
    t = 2**60
    assert automata.rule_90_ones(t) == 2 and automata.rule_90_ones(t - 1) == t
    assert automata.rule_90_ones(np.array([0, 2**59 + 5])).tolist() == [1, 8]
    assert [int(automata.rule_90_cell(t, offset)) for offset in (-t, -t + 2, 0, 1, t)] == [1, 0, 0, 0, 1]
    # every other cell of the row before is a 1
    assert [int(automata.rule_90_cell(t - 1, offset)) for offset in (1 - t, -2, -1, 0, 1, 2, t - 1, t)] == [
        1, 0, 1, 0, 1, 0, 1, 0]
    assert automata.rule_90_cell(np.int32(5), np.int32(3)) == 1 and automata.rule_90_ones(np.uint8(255)) == 256


def test_mirrored_and_complemented_rules_do_so(seed):
    ring = np.random.default_rng(seed).integers(0, 2, 64)
    for rule in range(256):
        after = automata.step(ring, rule)
        np.testing.assert_array_equal(automata.step(ring[::-1], automata.mirrored(rule)), after[::-1])
        np.testing.assert_array_equal(automata.step(1 - ring, automata.complemented(rule)), 1 - after)
        assert automata.mirrored(automata.mirrored(rule)) == automata.complemented(automata.complemented(rule)) == rule


def test_the_88_kinds_t7_3():
    assert automata.equivalents(30) == [30, 86, 135, 149]
    assert automata.equivalents(110) == [110, 124, 137, 193]
    assert automata.equivalents(90) == [90, 165]
    assert automata.equivalents(204) == [204]
    assert automata.inequivalent() == KINDS and len(KINDS) == 88
    members = [rule for least in KINDS for rule in automata.equivalents(least)]
    assert sorted(members) == list(range(256))
    assert all(automata.equivalents(rule) == automata.equivalents(least) for least in KINDS
               for rule in automata.equivalents(least))
    # Burnside: 64 rules are their own mirror image, 16 their own complement, 16 both at once
    assert (256 + 64 + 16 + 16) / 4 == 88


@pytest.mark.parametrize(("call", "message"), [
    (lambda: automata.step([0, 1], 256), "rule=256: must be finite and in"),
    (lambda: automata.step([0, 1], -1), "rule=-1: must be"),
    (lambda: automata.step([0, 1], 30.5), "rule=30.5: must be whole"),
    (lambda: automata.from_one(math.nan, 3), "rule=nan: must be"),
    (lambda: automata.equivalents("thirty"), "rule='thirty': must be"),
    (lambda: automata.mirrored([30, 90]), r"rule=\[30, 90\]: must be one number"),
    (lambda: automata.complemented(256), "rule=256: must be"),
    (lambda: automata.centre_column(300, 2), "rule=300: must be"),
    (lambda: automata.step([0, 2, 1], 30), "cells: 2 is neither 0 nor 1"),
    (lambda: automata.step([0, 0.5], 30), "cells: 0.5 is neither 0 nor 1"),
    (lambda: automata.step([0, math.nan], 30), "cells: nan is neither 0 nor 1"),
    (lambda: automata.step([], 30), r"cells of shape \(0,\): must have shape"),
    (lambda: automata.step(np.zeros((3, 0)), 30), r"cells of shape \(3, 0\): must have shape"),
    (lambda: automata.step(1, 30), r"cells of shape \(\): must have shape"),
    (lambda: automata.step("01", 30), "cells='01': must be|cells of shape"),
    (lambda: automata.history([0, -1], 30, 3), "start: -1 is neither 0 nor 1"),
    (lambda: automata.history([0, 1], 30, -1), "steps=-1: must be"),
    (lambda: automata.history([0, 1], 30, 1.5), "steps=1.5: must be whole"),
    (lambda: automata.from_one(30, -1), "steps=-1: must be"),
    (lambda: automata.centre_column(30, -1), "steps=-1: must be"),
    (lambda: automata.centre_column(30, [1, 2]), r"steps=\[1, 2\]: must be one whole number"),
    (lambda: automata.rule_90_cell(-1, 0), r"t=-1: must be of an integer type, from 0 to 2\*\*60"),
    (lambda: automata.rule_90_cell(3, 0.5), "offset=0.5: must be of an integer type"),
    (lambda: automata.rule_90_cell(3, -2**60 - 1), "offset=-1152921504606846977: must be"),
    (lambda: automata.rule_90_cell([[1, 2], [3]], 0), r"t=\[\[1, 2\], \[3\]\]: must be a number"),
    (lambda: automata.rule_90_cell([1, 2], [1, 2, 3]), r"t of shape \(2,\), offset of shape \(3,\): must broadcast together"),
    (lambda: automata.rule_90_ones(2**60 + 1), "t=1152921504606846977: must be"),
    (lambda: automata.rule_90_ones(2**70), "t=1180591620717411303424: must be"),
    (lambda: automata.rule_90_ones(2.0), "t=2.0: must be of an integer type"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
