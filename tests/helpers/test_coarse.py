import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from helpers import automata
from helpers.coarse import coarse_grainings, project

DATA = Path(__file__).parents[2] / "book" / "data"
SOME = (0, 1, 18, 30, 45, 54, 73, 90, 105, 106, 110, 127, 128, 129, 146, 150, 154, 170, 184, 204, 225, 255)
FEW = (18, 30, 54, 90, 105, 110, 126, 146, 150, 184)  # with few coarse-grainings, or none, for blocks of 4
NOT_FOUND = (30, 45, 106, 154)  # never, with their symmetries, say Israeli & Goldenfeld


def becomes(rule, left, own, right):
    """By the digits of the rule in writing: its eight outcomes for 111, 110, ..., 000 (Wolfram 1983)."""
    return int(f"{rule:08b}"[["111", "110", "101", "100", "011", "010", "001", "000"].index(f"{left}{own}{right}")])


def shrink(cells, rule):
    """The cells whose neighbours are there, one step later."""
    return [becomes(rule, *cells[i - 1:i + 2]) for i in range(1, len(cells) - 1)]


def by_hand(rule, block):
    """Every coarse-graining by trying each projection on each three blocks."""
    found, words = [], list(itertools.product((0, 1), repeat=block))
    for projection in itertools.product((0, 1), repeat=len(words)):
        if len(set(projection)) == 1:
            continue
        to, coarse = dict(zip(words, projection, strict=True)), {}
        for three in itertools.product(words, repeat=3):
            after = [cell for word in three for cell in word]
            for _ in range(block):
                after = shrink(after, rule)
            if coarse.setdefault(tuple(to[word] for word in three), to[tuple(after)]) != to[tuple(after)]:
                break
        else:
            found.append((projection, sum(coarse[a, b, c] << 4 * a + 2 * b + c for a, b, c in coarse)))
    return found


def plain(found):
    return [(tuple(projection.tolist()), rule) for projection, rule in found]


@pytest.fixture(scope="module")
def least():
    """The rules that have coarse-grainings, by size of block, and all coarse-grainings of blocks of 2 and 3."""
    return {(rule, block): coarse_grainings(rule, block) for rule in range(256) for block in (1, 2, 3)}


def test_coarse_grainings_are_those_found_by_hand(least):
    for rule in range(256):
        for block in (1, 2):
            assert sorted(plain(least[rule, block])) == sorted(by_hand(rule, block))
    for rule in (146, 30, 1):
        assert sorted(plain(least[rule, 3])) == sorted(by_hand(rule, 3))


def test_how_many_rules_can_be_seen_coarsely_t7_4(least):
    assert all(least[rule, 1] for rule in range(256))
    assert [sum(any(least[rule, block] for block in range(2, most + 1)) for rule in range(256)) for most in (2, 3)] == [
        92, 151]


def test_published_coarse_grainings_t7_4(least):
    """Israeli & Goldenfeld (2004): 105 to 150 and 146 to 128; blocks whose two cells differ, and blocks all 1."""
    for rule, coarse, projection in ((105, 150, (0, 1, 1, 0)), (150, 150, (0, 1, 1, 0)), (90, 90, (0, 1, 1, 0))):
        assert (projection, coarse) in plain(least[rule, 2])
    assert plain(least[146, 2]) == []
    assert plain(least[146, 3]) == [((0,) * 7 + (1,), 128), ((1,) * 7 + (0,), 254)]
    assert {one.rule for one in coarse_grainings(105, 4)} == {150, automata.complemented(150)}


@pytest.mark.parametrize("rule", NOT_FOUND)
def test_where_none_is_found(rule, least):
    for like in automata.equivalents(rule):
        assert least[like, 2] == least[like, 3] == []
    assert coarse_grainings(rule, 4) == []


@pytest.mark.parametrize(("rule", "number"), [(90, 30), (146, 2), (110, 0), (126, 30), (204, 65534)])
def test_blocks_of_four(rule, number):
    found = coarse_grainings(rule, 4)
    assert len(found) == number
    assert len({projection.tobytes() for projection, _ in found}) == number


def test_all_come_in_order_then_their_complements_and_none_is_constant(least):
    for block in (1, 2, 3):
        for rule in range(256):
            found = least[rule, block]
            numbers = [sum(bit << b for b, bit in enumerate(projection)) for projection, _ in plain(found)]
            half, constant = len(numbers) // 2, 2**2**block - 1
            assert numbers[:half] == sorted({number for number in numbers if number % 2 == 0}) and 0 not in numbers
            assert numbers[half:] == [constant - number for number in numbers[:half]]
            assert all(projection.dtype == np.uint8 and isinstance(coarse, int) for projection, coarse in found)


def test_symmetric_rules_have_symmetric_coarse_grainings(least):
    for rule in range(256):
        for block in (2, 3):
            coarse = Counter(one.rule for one in least[rule, block])
            assert coarse == Counter(automata.complemented(one) for one in coarse.elements())
            assert coarse == Counter(one.rule for one in least[automata.complemented(rule), block])
            assert coarse == Counter(automata.mirrored(one.rule) for one in least[automata.mirrored(rule), block])


@pytest.mark.parametrize("block", [2, 3, 4])
def test_to_project_commutes_with_time(seed, block):
    rng = np.random.default_rng(seed)
    ring = rng.integers(0, 2, (5, 12 * block))
    checked = 0
    for rule in SOME if block < 4 else FEW:
        found = coarse_grainings(rule, block)
        after = automata.history(ring, rule, 3 * block)[::block]
        for at in rng.permutation(len(found))[:20]:
            projection, coarse = found[at]
            seen = automata.history(project(ring, projection), coarse, 3)
            np.testing.assert_array_equal(project(after, projection), seen)
            checked += 1
    assert checked > 70


def test_project_by_hand():
    cells = np.array([[0, 0, 0, 1, 1, 0, 1, 1], [1, 1, 1, 0, 0, 1, 0, 0]])
    assert project(cells, [0, 1, 0, 1]).tolist() == [[0, 1, 0, 1], [1, 0, 1, 0]]
    assert project(cells[0], [0, 0, 1, 0]).tolist() == [0, 0, 1, 0]
    assert project([1, 1, 0], [0, 0, 0, 0, 0, 0, 1, 0]).tolist() == [1]
    assert project([1, 0], [1, 0]).tolist() == [0, 1]


def test_the_table_in_the_book(least):
    table = [tuple(map(int, line.split(","))) for line in (DATA / "coarse_grainings.csv").read_text("utf-8").splitlines()
             if line[0].isdigit()]
    assert [len({row[0] for row in table if row[1] <= most}) for most in (2, 3, 4)] == [92, 151, 202]
    trivial = {0, 255}
    assert [len({row[0] for row in table if row[1] <= most and row[2] not in trivial}) for most in (2, 3, 4)] == [72, 97, 112]
    made = []
    for rule in range(256):
        for block in (2, 3, 4) if rule in FEW else (2, 3):
            found = coarse_grainings(rule, 4) if block == 4 else least[rule, block]
            numbers = {}
            for projection, coarse in plain(found):
                numbers.setdefault(coarse, []).append(sum(bit << b for b, bit in enumerate(projection)))
            made += [(rule, block, coarse, len(numbers[coarse]), min(numbers[coarse])) for coarse in sorted(numbers)]
    assert made == [row for row in table if row[1] < 4 or row[0] in FEW]
    assert not {row[0] for row in table} & {like for rule in NOT_FOUND for like in automata.equivalents(rule)}


@pytest.mark.parametrize(("call", "message"), [
    (lambda: coarse_grainings(256, 2), "rule=256: must be"),
    (lambda: coarse_grainings(30, 0), "block=0: must be"),
    (lambda: coarse_grainings(30, 5), "block=5: must be at most 4"),
    (lambda: coarse_grainings(30, 1.5), "block=1.5: must be whole"),
    (lambda: project([0, 1, 0], [0, 1, 1, 0]), r"cells of shape \(3,\): must be a whole number of blocks of 2"),
    (lambda: project([0, 1], [0, 1, 1]), r"projection of shape \(3,\): must have shape"),
    (lambda: project([0, 1], [1]), r"projection of shape \(1,\): must have shape"),
    (lambda: project([0, 1], [[0, 1], [1, 0]]), r"projection of shape \(2, 2\): must have shape"),
    (lambda: project([0, 1], [0, 1, 2, 0]), "projection: 2 is neither 0 nor 1"),
    (lambda: project([0, 3], [0, 1, 1, 0]), "cells: 3 is neither 0 nor 1"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
