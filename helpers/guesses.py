"""A class's own guesses, as people write them: read from pasted text or a table, and weighed as chapter 1 weighs Galton's.

Nothing that cannot be read stops the rest: it is counted, under the reason why it is left out.

Notation
    guesses     (n,) in the order in which they stand
    far out     beyond Tukey's outer fences, three interquartile ranges outside the quartiles (Tukey 1977, chapter 2)
"""
import csv
import re
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from . import checks, crowd

LONGEST = 200  # characters of an entry: a longer one is an essay
FENCE = 3.0  # interquartile ranges
TOO_LARGE = 1e100
FEWEST_BINS, MOST_BINS = 5, 30
MARKS = " '’\u00a0\u202f"  # that part thousands, beside . and ,
NUMBER = re.compile(  # "Ann,1200" holds one, but a comma that follows a word is no decimal one
    rf"(?<![\w.])(?<!\d,)[-+−]?(?:\d(?:[\d.,{MARKS}]*\d)?|\.\d+|(?<![^\s+−-]),\d+)(?:[eE][-+]?\d+)?(?!\d)")
GROUPED = re.compile(rf"\d{{1,3}}(?:([.,{MARKS}])\d{{3}})(?:\1\d{{3}})*")
TIMES = {"k": 1e3, "thousand": 1e3, "million": 1e6, "billion": 1e9}
EMPTY, WORDS, SEVERAL, HUGE = "empty", "without a number", "with more than one number", "too large to be a number"
HEADER, RAGGED = "taken as header", "with other columns than the rest"
PARTINGS = "\t;,"  # of a table's columns, in the order in which they are tried
FITTING = 0.75  # of a table's rows: so many at least have equally many cells
IN_NUMBER = re.compile(r"(?:^|[^\d.,:/-])\d{1,3},\d{3}(?!\d)")  # commas, as in 1,150; not in 9:01:22,150
IN_PROSE = re.compile(r",\s")


class Read(NamedTuple):
    guesses: np.ndarray  # (n,) float64
    left_out: dict  # {reason: how many entries}


def read(text):
    """The guesses in `text`: one a line, or in a column of a table, or in one row. Returns Read.

    A guess may carry words and units ("about 1,200 lb", "£12.50", "3 thousand"). A comma before exactly three digits parts
    thousands, before others a decimal part. A point is decimal if it is the number's only one and no comma follows it: 1.150 is
    less than two. Spaces part thousands (1 150), so they never part guesses.

    The text is a table if nearly all of its lines have equally many cells, parted by tabs, by semicolons, or by commas; what is
    quoted is one cell, as in CSV. Commas part cells only under a line of names, or if they stand neither within numbers nor
    before spaces; and only if more guesses are read so than line by line, or under names as many. Of a table the column with
    the most numbers is taken, the last of equals; one that counts the rows only if no other has any. A line alone is a row of
    guesses if such a mark parts it into several numbers.

    What is no one number is left out and counted, in lines (of one row, in cells): without a number, with several, too large,
    empty, with other columns than the rest of the table, or its header. Empty lines before and after all others do not count.

    Raises ValueError if `text` is not a text, or if no guess is left.
    """
    if not isinstance(text, str):
        raise ValueError(f"text={text!r}: must be a text")
    guesses, left_out = [], {}
    for value in _values(text):
        if isinstance(value, str):
            left_out[value] = left_out.get(value, 0) + 1
        else:
            guesses.append(value)
    if not guesses:
        shown = text if len(text) <= 40 else text[:40] + "..."
        wrong = ("more than one number in a line; must have each guess on a line of its own" if SEVERAL in left_out else
                 "no number in it but too large ones; must have at least one guess" if HUGE in left_out else
                 "no number in it; must have at least one guess")
        raise ValueError(f"text={shown!r}: {wrong}, such as 1200")
    return Read(np.array(guesses), left_out)


def far_out(guesses):
    """Which of the guesses (n,) lie beyond Tukey's outer fences: bool (n,); none does where the quartiles are one number."""
    guesses = checks.vector("guesses", guesses)
    low, high = np.quantile(guesses, [0.25, 0.75])
    width = high - low
    return (guesses < low - FENCE * width) | (guesses > high + FENCE * width) if width > 0 else np.zeros(len(guesses), bool)


def bins(guesses):
    """Edges of round, equal bins for guesses (n,): as wide as Freedman and Diaconis's (1981), 5 to 30 of them."""
    guesses = checks.vector("guesses", guesses)
    low, high = float(np.min(guesses)), float(np.max(guesses))
    spread = np.subtract(*np.quantile(guesses, [0.75, 0.25]))
    span = max(high - low or abs(high) or 1.0, 1e-9 * max(abs(low), abs(high)), 1e-300)  # so that floats can tell the edges apart
    wanted = np.clip(2 * spread / len(guesses) ** (1 / 3), span / MOST_BINS, span / FEWEST_BINS)
    power = 10.0 ** np.floor(np.log10(wanted))
    width = power * min(step for step in (1, 2, 2.5, 5, 10) if step * power >= wanted * (1 - 1e-9))
    first = np.floor(low / width)
    first -= width * first > low  # where the quotient was too small for a float
    return width * np.arange(first, first + int(np.floor(high / width) - first) + 2)


class Pasted:
    """What a page says of pasted guesses: `paste` asks it, here or in the reader's browser."""

    def answer(self, message):
        """(facts, numbers) for {"text", "truth" (a text, perhaps empty), "leave_out" (what is far out?)}.

        facts: {"sentences", "count" of guesses, "ticks": [{"at", "label"}], "marks": [{"name", "at", "color"}], "refused"}; what
        cannot be read at all stands in "refused", alone. numbers: the histogram's k + 1 edges, then its k counts.
        """
        try:
            guesses, left_out = read(message["text"])
            truth = _truth(message["truth"])
        except ValueError as error:
            return {"refused": [str(error)]}, np.empty(0)
        far = far_out(guesses) if message["leave_out"] else np.zeros(len(guesses), bool)
        if far.any():
            left_out = left_out | {f"far out ({_some(guesses[far])})": int(far.sum())}
        guesses = guesses[~far]
        marks = [("mean", float(guesses.mean()), "orange"), ("median", float(np.median(guesses)), "green")]
        if truth is not None:
            marks.append(("truth", truth, "ink"))
        edges = bins(guesses)
        counts = np.histogram(guesses, edges)[0]
        ticks = edges[::max(1, len(edges) // 6)]
        return {"sentences": _sentences(guesses, left_out, truth), "count": len(guesses), "refused": [],
                "ticks": [{"at": float(tick), "label": _said(tick)} for tick in ticks],
                "marks": [{"name": f"{name} {_said(at)}", "at": at, "color": color} for name, at, color in marks],
                }, np.concatenate([edges, counts])


def _truth(written):
    """The truth as a number; None if nothing is written. Raises ValueError, naming it, if it is no one number."""
    value = _number(written)
    if value == EMPTY:
        return None
    if isinstance(value, str):
        raise ValueError(f"truth={written!r}: is {value}; must be one number, or empty")
    return value


def _said(value):
    """A number as people say it: no more than four figures after its first."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _some(values):
    shown = ", ".join(_said(value) for value in values[:3])
    return shown + (", ..." if len(values) > 3 else "")


def _identity(*squares):
    """Three mean squares, with as many decimals as the least needs to be seen."""
    least = min((square for square in squares if square > 0), default=1.0)
    places = int(np.clip(1 - np.floor(np.log10(least) + 1e-9), 0, 6))  # a mean that rounding left just below one is one
    crowd_error, average_error, diversity = (f"{square:,.{places}f}" for square in squares)
    return f"{crowd_error} = {average_error} \u2212 {diversity}"


def _sentences(guesses, left_out, truth):
    n, mean, median = len(guesses), guesses.mean(), np.median(guesses)
    said = [f"{n} guess{'es' * (n > 1)}, from {_said(guesses.min())} to {_said(guesses.max())}. "
            f"The mean is {_said(mean)}, the median {_said(median)}."]
    if truth is not None:
        crowd_error, average_error, diversity = map(float, crowd.diversity_prediction(guesses, truth))
        farther = int(np.sum(np.abs(guesses - truth) > abs(mean - truth)))
        said += [f"The truth is {_said(truth)}. The mean is {_said(abs(mean - truth))} off, the median {_said(abs(median - truth))}; "
                 f"a single guess is typically {_said(average_error**0.5)} off (root mean square). "
                 f"Farther off than the mean: {farther} of {n}.",
                 f"Crowd error = average error \u2212 diversity: {_identity(crowd_error, average_error, diversity)}, in squares."]
    if left_out:
        said.append(f"Left out: {'; '.join(f'{count} {reason}' for reason, count in left_out.items())}.")
    return said


def _values(text):
    """The guess of each line of `text`, or the reason why there is none; of each cell, if the text is one row."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    filled = [i for i, line in enumerate(lines) if line.strip()]
    lines = lines[filled[0]:filled[-1] + 1] if filled else []
    alone = None
    for mark in PARTINGS:
        rows = _rows(lines, mark) if mark in text else []
        if len(lines) == 1:
            cells = [_number(cell) for row in rows for cell in row]
            if isinstance(_number(text), str) and _numbers(cells) > 1 and not (mark == "," and _mostly(IN_NUMBER, rows)):
                return cells
            continue
        width = _width(rows)
        named = mark == "," and _named(rows, width)
        if width < 2 or mark == "," and not named and (_mostly(IN_NUMBER, rows) or _mostly(IN_PROSE, rows)):
            continue
        column = _column(rows, width)
        if mark == ",":
            alone = [_number(line) for line in lines]
            if (_numbers(column), named) <= (_numbers(alone), False):
                continue
        if _numbers(column):
            return [HEADER, *column[1:]] if column[0] == WORDS else column
    return alone or [_number(line) for line in lines]


def _rows(lines, mark):
    """The cells of `lines`, parted by `mark` as in CSV; where its quotes do not match they are like any other sign."""
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        try:
            return list(csv.reader(lines, delimiter=mark, quoting=quoting, strict=True))
        except csv.Error:  # of a cell that is too long, too
            pass
    return []


def _width(rows):
    """How many cells nearly every row has that is not empty; 0 if there is no such number."""
    filled = [len(row) for row in rows if "".join(row).strip()]
    width, fitting = Counter(filled).most_common(1)[0] if filled else (0, 0)
    return width if fitting >= FITTING * len(filled) else 0


def _column(rows, width):
    """What each row has in the column of the guesses."""
    reasons = [RAGGED if "".join(row[width:]).strip() else None if "".join(row).strip() else EMPTY for row in rows]
    return max(([reason or (_number(row[i]) if i < len(row) else RAGGED) for row, reason in zip(rows, reasons, strict=True)]
                for i in reversed(range(width))), key=_likely)


def _numbers(values):
    return sum(not isinstance(value, str) for value in values)


def _likely(column):
    """How well a column may be that of the guesses, to be compared: numbers that go up by one, as in 1, 2, 3, count the rows."""
    found = [value for value in column if not isinstance(value, str)]
    counts_rows = len(found) > 1 and all(after - before == 1 for before, after in pairwise(found))
    return bool(found) and not counts_rows, len(found)


def _mostly(pattern, rows):
    """Whether a comma of most of the rows that have one fits the pattern."""
    parted = [row for row in rows if len(row) > 1]
    return 2 * sum(any(pattern.search(f"{left},{right}") for left, right in pairwise(row)) for row in parted) > len(parted)


def _named(rows, width):
    """Whether the first row looks like the columns' names as a program writes them: words, with no space beside the commas."""
    return bool(rows) and len(rows[0]) == width and all(
        cell and cell == cell.strip() and not any(map(str.isdigit, cell)) for cell in rows[0])


def _number(entry):
    """The one number in an entry, or the reason why there is none."""
    entry = entry.strip().strip("\"'")
    if not entry:
        return EMPTY
    found = list(NUMBER.finditer(entry)) if len(entry) <= LONGEST else []
    if not found:
        return WORDS
    value = _value(found[0][0].replace("−", "-")) if len(found) == 1 else None
    if value is None:
        return SEVERAL
    unit = re.match(r"\s*([A-Za-z]+)", entry[found[0].end():])
    value *= TIMES.get(unit[1].lower(), 1) if unit else 1
    return value if abs(value) < TOO_LARGE else HUGE


def _value(written):
    """The number that digits and marks stand for; None if they are no one number."""
    body, _, exponent = written.lower().partition("e")
    sign, digits = (body[0], body[1:]) if body[0] in "+-" else ("", body)
    marks = [mark for mark in digits if not mark.isdigit()]
    point = ""
    if marks and marks[-1] in ".," and digits.count(marks[-1]) == 1:
        rest = digits.partition(marks[-1])
        if marks[-1] == "." or len(marks) > 1 or len(rest[2]) != 3 or not rest[0].strip("0") or len(rest[0]) > 3:
            digits, _, point = rest
    grouped = GROUPED.fullmatch(digits)
    if grouped:
        digits = digits.replace(grouped[1], "")
    if not digits.isdigit() and (digits or not point):
        return None
    return float(f"{sign}{digits}.{point}" + (f"e{exponent}" if exponent else "")) + 0.0  # which makes of -0 a 0
