"""Numbers in words, for the sentences of the figures."""

import re

from . import checks


def percent(share: float, places: int = 1) -> str:
    """`share` of one as a percentage that never claims certainty it has not: 'more than 99.9%'."""
    share = checks.one_number("share", share)
    places = checks.count("places", checks.one_number("places", places, 0, 15), 0)
    step = 10.0 ** -places
    shown = round(100 * share, places)
    if shown >= 100 and share < 1:
        return f"more than {100 - step:.{places}f}%"
    if shown <= 0 < share:
        return f"less than {step:.{places}f}%"
    return f"{shown:.{places}f}%"


def signed(share: float, places: int = 0) -> str:
    """`share` of one as a percentage with its sign: '+21%', '−50%', and '+0%' for what rounds to nothing."""
    share = checks.one_number("share", share)
    places = checks.count("places", checks.one_number("places", places, 0, 15), 0)
    return minus(f"{round(100 * share, places) + 0:+.{places}f}%")


def minus(text: str) -> str:
    """`text` with a minus sign where a hyphen stands before a number: '−0.5'; '2-3', '1e-05' and '--3' stay as they are."""
    if not isinstance(text, str):
        raise ValueError(f"text={text!r}: must be a text")
    return re.sub(r"(?<![\w-])-(?=\.?\d)", "\N{MINUS SIGN}", text)


def plural(number: int, noun: str, many: str | None = None) -> str:
    """'1 voter', '1001 voters', '10,000 people'."""
    number = checks.count("number", number, 0)
    for name, word in (("noun", noun), ("many", many)):
        if not (isinstance(word, str) or name == "many" and word is None):
            raise ValueError(f"{name}={word!r}: must be a word")
    digits = f"{number:,}" if number >= 10_000 else str(number)
    return f"{digits} {noun if number == 1 else many or noun + 's'}"
