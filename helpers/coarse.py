"""Elementary cellular automata seen coarsely: rules of blocks that are rules again.

Notation
    rule         0 to 255, as in `automata`
    cells        (..., n) of 0 and 1, a ring for each of the leading shape
    block        N cells side by side, read as a number from 0 to 2**N - 1, the leftmost cell its highest bit
    projection   (2**N,) of 0 and 1: the one coarse cell that each block becomes
"""
from typing import NamedTuple

import numpy as np

from . import automata, checks


class Coarse(NamedTuple):
    """A projection, uint8 (2**block,), and the rule that the projected cells follow."""

    projection: np.ndarray
    rule: int


def project(cells, projection):
    """`cells` (..., n) seen coarsely: each block of N cells becomes what `projection` (2**N,) says; uint8 (..., n / N)."""
    cells, projection = automata.bits("cells", cells), automata.bits("projection", projection)
    block = projection.size.bit_length() - 1
    if projection.shape != (2**block,) or block < 1:
        raise ValueError(f"projection of shape {projection.shape}: must have shape (2**N,), N at least 1")
    if cells.shape[-1] % block:
        raise ValueError(f"cells of shape {cells.shape}: must be a whole number of blocks of {block}")
    blocks = cells.reshape(*cells.shape[:-1], -1, block)
    return projection[blocks @ (1 << np.arange(block, dtype=np.int64)[::-1])]


def coarse_grainings(rule, block):
    """All ways to see `rule` coarsely, as another elementary rule (Israeli & Goldenfeld 2004): a list of `Coarse`.

    What counts: any projection of blocks of N = `block` cells, 1 to 4, to 0 and 1 that is not constant and
    commutes with time: to project and take one step of the coarse rule is to take N steps of `rule` and project,
    whatever the cells. Every such projection has just one coarse rule, which may be any of 256, the constant rules
    0 and 255 among them. With N = 1 every rule is found, as itself and as its complement; counts of what can be
    coarse-grained start from N = 2. First come those that make block 0 a 0, in the order of the number whose bit b is
    the projection of block b; then, in the same order, their complements.

    The first half is tried all at once, a bit for each projection.
    """
    table, block = automata.outcomes(rule), checks.count("block", block)
    if block > 4:
        raise ValueError(f"block={block}: must be at most 4, since there are 2**2**block projections")
    blocks = 2**block
    number = np.arange(blocks**3, dtype=np.int64)  # of three blocks side by side
    cells = ((number[:, None] >> np.arange(3 * block, dtype=np.int64)[::-1]) & 1).astype(np.uint8)
    for _ in range(block):
        cells = automata.inner(cells, table)
    after = (cells @ (1 << np.arange(block, dtype=np.int64)[::-1])).reshape(blocks, blocks, blocks)

    which = 2 * np.arange(2 ** (blocks - 1), dtype=np.int64)
    lit = np.packbits((which >> np.arange(blocks, dtype=np.int64)[:, None]).astype(np.uint8) & 1, axis=1)
    seen = np.zeros((8, 2, lit.shape[1]), np.uint8)  # where l, c, r project to so much: was 0 seen to follow, was 1
    for left in range(blocks):
        to = np.stack([~lit, lit])  # [value, block]: which projections give the block this value
        follows = to[:, after[left]]
        for k in range(8):
            here = to[k >> 2, left] & to[k >> 1 & 1][:, None] & to[k & 1]
            seen[k] |= np.bitwise_or.reduce(here & follows, axis=(1, 2))
        commute = ~np.bitwise_or.reduce(seen[:, 0] & seen[:, 1], axis=0)
        some = commute != 0  # most projections fail at once and need not be carried on
        lit, seen, commute = lit[:, some], seen[..., some], commute[some]

    found = np.unpackbits(commute).astype(bool)
    projections = np.unpackbits(lit, axis=1).T[found]
    rules = np.packbits(np.unpackbits(seen[:, 1], axis=1)[:, found], axis=0, bitorder="little")[0]
    varied = projections.any(axis=1)
    half = [Coarse(*pair) for pair in zip(projections[varied], rules[varied].tolist(), strict=True)]
    return half + [Coarse(1 - projection, automata.complemented(rule)) for projection, rule in half]
