import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.wording import minus, percent, plural, signed


@pytest.mark.parametrize("share, places, text", [
    (0, 1, "0.0%"), (1, 1, "100.0%"), (0.7535, 1, "75.3%"), (0.5, 0, "50%"),
    (0.9999, 1, "more than 99.9%"), (0.9994, 1, "99.9%"), (1e-9, 1, "less than 0.1%"),
    (1e-9, 0, "less than 1%"), (0.999, 0, "more than 99%"),
])
def test_percent(share, places, text):
    assert percent(share, places) == text


@given(st.floats(0, 1), st.integers(0, 3))
def test_percent_claims_certainty_only_of_the_certain(share, places):
    text = percent(share, places)
    exact = f"{100:.{places}f}%", f"{0:.{places}f}%"
    assert (text == exact[0]) == (share == 1) and (text == exact[1]) == (share == 0)


@pytest.mark.parametrize("share, places, text", [(0.214, 0, "+21%"), (-0.5, 0, "−50%"), (-0.0001, 1, "+0.0%"), (3.48, 0, "+348%"), (-0.0123, 1, "−1.2%")])
def test_signed(share, places, text):
    assert signed(share, places) == text


@pytest.mark.parametrize("text, shown", [
    ("-0.5 (+0.1), -.25 or (-3)", "−0.5 (+0.1), −.25 or (−3)"), ("pages 2-3, 1e-05, well-known - 3, --3, x-1, a - b", None), ("10^-3", "10^−3"), ("", None)])
def test_minus(text, shown):
    assert minus(text) == (shown or text)


@pytest.mark.parametrize("number, text", [(1, "1 voter"), (11, "11 voters"), (1001, "1001 voters"), (10_000, "10,000 voters")])
def test_plural(number, text):
    assert plural(number, "voter") == text
    assert plural(1, "person", "people") == "1 person" and plural(2, "person", "people") == "2 people"


@pytest.mark.parametrize("call, message", [
    (lambda: percent("1"), "share='1': must be a number"), (lambda: percent(0.5, 16), "places=16: must be finite and in"),
    (lambda: signed("1"), "share='1': must be a number"), (lambda: signed(0.5, -1), "places=-1: must be finite and in"),
    (lambda: plural(-1, "voter"), "number=-1: must be finite and in"), (lambda: plural(2, 5), "noun=5: must be a word"),
    (lambda: minus(-1), "text=-1: must be a text"),
    (lambda: plural(2, "voter", ["voters"]), r"many=\['voters'\]: must be a word"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
