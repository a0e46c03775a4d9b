"""Elementary cellular automata: what must be run, and what can be known without running it.

Notation
    l, c, r      a cell's left neighbour, the cell, its right neighbour: 0 or 1
    rule         0 to 255 (Wolfram 1983): its bit 4 l + 2 c + r is what the cell becomes
    cells        (..., n) of 0 and 1, a ring for each of the leading shape
    t, offset    steps since the start; cells to the right of the centre, where a single 1 stood at t = 0
"""
import numpy as np

from . import checks

LARGEST = 2**60  # time that int64 holds with room for offsets


def _rule(rule):
    number = checks.one_number("rule", rule, 0, 255)
    if number != int(number):
        raise ValueError(f"rule={rule!r}: must be whole")
    return int(number)


def bits(name, value):
    """`value` as uint8 (..., n) of 0 and 1, n at least 1; `name`, which is trusted, stands in the ValueError otherwise."""
    array = checks.numbers(name, value)
    bad = (array != 0) & (array != 1)
    if bad.any():
        raise ValueError(f"{name}: {array[bad][0]:g} is neither 0 nor 1")
    if array.ndim == 0 or array.size == 0:
        raise ValueError(f"{name} of shape {array.shape}: must have shape (..., n), n at least 1")
    return array.astype(np.uint8)


def outcomes(rule):
    """What a cell becomes, uint8 (8,), by 4 l + 2 c + r."""
    return ((_rule(rule) >> np.arange(8, dtype=np.int64)) & 1).astype(np.uint8)


def inner(cells, table):
    """The next state of all cells but the two at the ends, which do not know what is beyond.

    `cells` and `table` are trusted: as bits() and outcomes() make them.
    """
    return table[4 * cells[..., :-2] + 2 * cells[..., 1:-1] + cells[..., 2:]]


def _ring(cells, table):
    return inner(np.concatenate([cells[..., -1:], cells, cells[..., :1]], axis=-1), table)


def step(cells, rule):
    """The rings `cells` (..., n) one step later, uint8."""
    return _ring(bits("cells", cells), outcomes(rule))


def history(start, rule, steps):
    """The rings `start` (..., n) and `steps` steps after it: uint8 (steps + 1, ..., n)."""
    start, table, steps = bits("start", start), outcomes(rule), checks.count("steps", steps, 0)
    rows = np.empty((steps + 1, *start.shape), np.uint8)
    rows[0] = start
    for t in range(steps):
        rows[t + 1] = _ring(rows[t], table)
    return rows


def from_one(rule, steps):
    """A single 1 on an endless line of 0s and what becomes of it: uint8 (steps + 1, 2 steps + 1), the centre amid.

    The line beyond is not always 0: an odd rule turns it to 1, and then bit 7 says whether it stays.
    """
    table, steps = outcomes(rule), checks.count("steps", steps, 0)
    rows = np.zeros((steps + 1, 2 * steps + 1), np.uint8)
    rows[0, steps] = 1
    beyond = np.uint8(0)
    for t in range(steps):
        rows[t + 1] = inner(np.pad(rows[t], 1, constant_values=beyond), table)
        beyond = table[7 * beyond]
    return rows


def _polynomial(table):
    """Coefficients (8,) of 1, r, c, cr, l, lr, lc, lcr in the polynomial modulo 2 that equals the rule."""
    by = table.reshape(2, 2, 2).copy()
    by[1] ^= by[0]
    by[:, 1] ^= by[:, 0]
    by[:, :, 1] ^= by[:, :, 0]
    return by.ravel().tolist()


def centre_column(rule, steps):
    """The centre cell at t = 0, ..., steps when a single 1 starts: column `steps` of `from_one`, uint8 (steps + 1,).

    No shortcut, only less work: a row is one Python integer, and of it only the cells are kept that the 1 has
    reached and that can still reach the centre. Time grows with steps**2.
    """
    table, steps = outcomes(rule), checks.count("steps", steps, 0)
    one, of_r, of_c, of_cr, of_l, of_lr, of_lc, of_lcr = _polynomial(table)
    row, reach, mask, beyond = 1, 0, 1, 0  # the cells from -reach to reach, the leftmost the highest bit
    column = np.empty(steps + 1, np.uint8)
    column[0] = 1
    for t in range(1, steps + 1):
        if reach <= steps - t:  # it grows: two cells of the background join at each end
            row <<= 2
            if beyond:
                row |= 3 | 3 << 2 * reach + 3
            reach, mask = reach + 1, mask << 2 | 3
        else:
            reach, mask = reach - 1, mask >> 2
        r, c, left = row, row >> 1, row >> 2
        row = mask if one else 0
        if of_r:
            row ^= r
        if of_c:
            row ^= c
        if of_cr:
            row ^= c & r
        if of_l:
            row ^= left
        if of_lr:
            row ^= left & r
        if of_lc:
            row ^= left & c
        if of_lcr:
            row ^= left & c & r
        row &= mask
        beyond = table[7 * beyond]
        column[t] = row >> reach & 1
    return column


def _whole(name, value, least):
    checks.numbers(name, value)
    array = np.asarray(value)
    if array.dtype.kind not in "iu" or np.any(array < least) or np.any(array > LARGEST):
        raise ValueError(f"{name}={value!r}: must be of an integer type, from {least} to 2**60")
    return array.astype(np.int64)


def rule_90_cell(t, offset):
    """The cell of rule 90, l + r modulo 2, at time t and offset from a single 1, without running it: uint8.

    It is the binomial coefficient of t over k = (t + offset) / 2, modulo 2: 1 where k and t - k share no binary
    digit (Kummer 1852). t and offset are integers up to 2**60, or arrays of them.
    """
    t, offset = _whole("t", t, 0), _whole("offset", offset, -LARGEST)
    checks.together(t=t, offset=offset)
    inside = (np.abs(offset) <= t) & ((t + offset) % 2 == 0)
    return (inside & (((t + offset) // 2 & (t - offset) // 2) == 0)).astype(np.uint8)


def rule_90_ones(t):
    """Ones in row t of rule 90 from a single 1: 2 to the number of ones among t's binary digits (Glaisher 1899).

    t is an integer from 0 to 2**60, or an array of them; int64.
    """
    return np.left_shift(np.int64(1), np.bitwise_count(_whole("t", t, 0)).astype(np.int64))


def mirrored(rule):
    """The rule that does what `rule` does with left and right exchanged."""
    return int(outcomes(rule).reshape(2, 2, 2).T.ravel() @ (1 << np.arange(8, dtype=np.int64)))


def complemented(rule):
    """The rule that does what `rule` does with 0 and 1 exchanged."""
    return int((1 - outcomes(rule)[::-1]) @ (1 << np.arange(8, dtype=np.int64)))


def equivalents(rule):
    """The one, two or four rules that differ from `rule` by names only, itself among them, in ascending order."""
    rule = _rule(rule)
    return sorted({rule, mirrored(rule), complemented(rule), mirrored(complemented(rule))})


def inequivalent():
    """The least rule of each kind, of which there are 88 (Li & Packard 1990)."""
    return [rule for rule in range(256) if rule == equivalents(rule)[0]]
