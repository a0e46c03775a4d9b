"""A class's guesses: what is read, what is left out and counted, and what is said of the rest."""
import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import crowd, guesses


def read(text):
    found = guesses.read(text)
    return found.guesses.tolist(), found.left_out


@pytest.mark.parametrize(("written", "number"), [
    ("1200", 1200), ("1,198", 1198), (" 1 300 ", 1300), ("1\u00a0300", 1300), ("1'200", 1200), ("1.200.300", 1200300), ("1,234,567", 1234567),
    ("12,5", 12.5), ("0,125", 0.125), ("1234,567", 1234.567), ("1.5", 1.5), (".5", 0.5), (",5", 0.5), ("1,234.56", 1234.56), ("1.234,56", 1234.56),
    ("-5", -5), ("\u22127", -7), ("+3", 3), ("1e3", 1000), ("1.5E-2", 0.015), ("about 1,100 lb", 1100), ("£12.50", 12.5), ("95%", 95),
    ("3 thousand", 3000), ("1.2k", 1200), ("2 million sweets", 2e6), ('"1200"', 1200), ("1200.", 1200), ("<b>7</b>", 7),
    ("Ann,1200", 1200), ("Ann, 1,150", 1150), ('"Ann",5', 5), ("1300, I think", 1300), ("1,3 thousand", 1300), ("1 200,5", 1200.5)])
def test_a_guess_is_read_as_people_write_it(written, number):
    assert read(written) == ([number], {})


@pytest.mark.parametrize(("written", "reason"), [
    ("", guesses.EMPTY), ("   ", guesses.EMPTY), ("no idea", guesses.WORDS), ("nan", guesses.WORDS), ("inf", guesses.WORDS), ("-", guesses.WORDS),
    ("x" * 300 + " 5", guesses.WORDS), ("1200-1300", guesses.SEVERAL), ("2026/11/27", guesses.SEVERAL), ("10:30", guesses.SEVERAL), ("12 34", guesses.SEVERAL),
    ("12,345,6", guesses.SEVERAL), ("1.2.3", guesses.SEVERAL), ("1,x,2", guesses.SEVERAL), ("192.168.0.1", guesses.SEVERAL), ("1e999", guesses.HUGE), ("9" * 150, guesses.HUGE)])
def test_what_is_no_one_number_is_counted_under_its_reason(written, reason):
    assert read(f"7\n{written}\n8") == ([7, 8], {reason: 1})


@pytest.mark.parametrize(("table", "numbers", "left_out"), [
    ("name,guess\nAnn,1200\nBob,1300", [1200, 1300], {guesses.HEADER: 1}),
    ("Timestamp\tYour guess\n2026/11/27 10:00:01\t1200\n2026/11/27 10:01:01\t1,300", [1200, 1300], {guesses.HEADER: 1}),
    ("name\tguess\nAnna\t1200\nBen\t1150\nCara\t", [1200, 1150], {guesses.HEADER: 1, guesses.EMPTY: 1}),
    ("name\tguess\nAnna\t1200\n\nBen\t1150\nCara", [1200, 1150], {guesses.HEADER: 1, guesses.EMPTY: 1, guesses.RAGGED: 1}),
    ('name,guess,comment\nAnna,1200,"sure, really"\nBen,"1,150",\nCara,,forgot', [1200, 1150], {guesses.HEADER: 1, guesses.EMPTY: 1}),
    ('Timestamp,Your guess\n2026/11/20 9:01:22,"1,150"\n2026/11/20 9:01:30,950', [1150, 950], {guesses.HEADER: 1}),
    ('\ufeff"Timestamp","Your guess"\r\n"2026/11/20","1,150"\r\n"2026/11/21","950"\r\n', [1150, 950], {guesses.HEADER: 1}),
    ("2026-11-20 9:01:22,150\n2026-11-20 9:01:30,625", [150, 625], {}),  # not 22,150
    ('guess,comment\n1200,"two lines:\n1300 at most, 1100 at least"\n1150,sure', [1200, 1150], {guesses.HEADER: 1}),
    ("id,guess\n1,625\n3,710\n2,480", [625, 710, 480], {guesses.HEADER: 1}),
    ("id\tguess\n1\t1200\n2\t1150\n3\t", [1200, 1150], {guesses.HEADER: 1, guesses.EMPTY: 1}),  # not 1, 2, 3
    ("Ann;4\nBob;5", [4, 5], {}), ("9:01;4;sure\n9:02;5;no", [4, 5], {}), ("4;sure\n5;perhaps", [4, 5], {}),
    ("Name;Schätzung\nAnna;1200,5\nBen;1.150,0\nCara;", [1200.5, 1150], {guesses.HEADER: 1, guesses.EMPTY: 1}),
    ("1;1.234,5\n2;99", [1234.5, 99], {}),
    ("1200, 1300, 1250", [1200, 1300, 1250], {}), ("1200,1300,1250", [1200, 1300, 1250], {}), ("\n150, 200, 250\n", [150, 200, 250], {}),
    ("1200\tno idea\t1300", [1200, 1300], {guesses.WORDS: 1}),
    ("a;5\nb;\nc;x", [5], {guesses.EMPTY: 1, guesses.WORDS: 1}),
    ("5\r\n6\r7\n\n\n", [5, 6, 7], {})])
def test_a_table_gives_the_column_with_the_most_numbers(table, numbers, left_out):
    assert read(table) == (numbers, left_out)


@pytest.mark.parametrize(("lines", "numbers", "left_out"), [
    ("1200\n1,150 lb\nno idea, sorry", [1200, 1150], {guesses.WORDS: 1}),
    ("1200\n1,150\n1300, I think", [1200, 1150, 1300], {}),
    ("1200\n1,150 lb\n1300\n1,3 thousand", [1200, 1150, 1300, 1300], {}),
    ("guess, in lb\n1,150\n1,200", [1150, 1200], {guesses.WORDS: 1}),
    ("12,5\n13,25", [12.5, 13.25], {}), ("1,150\n1,200", [1150, 1200], {}), ("1,150", [1150], {}),
    ('"1,150"\n"1,200"', [1150, 1200], {}),
    ('"1200\n1150 "sure"\n"1300', [1200, 1150, 1300], {}),
    ("1200\n1150\tsure\n1300; no\n950", [1200, 1150, 1300, 950], {}),
    ("Anna,1200\nBen,1,150\nCara,950", [1200, 1150, 950], {}), ("Anna,12,5\nBen,13,5", [12.5, 13.5], {}),
    ("1200, but 2 legs\n1150, with 4\n1300", [1300], {guesses.SEVERAL: 2}),
    ("1,150-1,200\n1,100-1,300\n1,200-1,400\n1,250", [1250], {guesses.SEVERAL: 3})])
def test_commas_of_numbers_and_of_prose_part_nothing(lines, numbers, left_out):
    assert read(lines) == (numbers, left_out)


def test_a_table_as_a_program_writes_it():
    written = io.StringIO()
    csv.writer(written).writerows([["who", "guess"], *(([f"student {i}", 1000 + i]) for i in range(40))])
    assert read(written.getvalue())[0] == [1000 + i for i in range(40)]


def test_a_hundred_thousand_lines():
    found, left_out = read("\n".join(["oops" if i % 10 == 0 else f"{i} lb" for i in range(100_000)]))
    assert len(found) == 90_000
    assert left_out == {guesses.WORDS: 10_000}


@pytest.mark.parametrize("text", [None, 5, b"1200", ["1200"], "", "\n\n", "no idea", "1e999", "a" * 1000])
def test_without_a_guess_the_text_is_named(text):
    with pytest.raises(ValueError, match="^text="):
        guesses.read(text)


@pytest.mark.parametrize(("text", "why"), [
    ("1200 1150 1300", "more than one number in a line; must have each guess on a line of its own"),
    ("1,150, 1,200", "more than one number in a line; must have each guess on a line of its own"),
    ("1e999", "no number in it but too large ones"), ("no idea", "no number in it; must have at least one guess")])
def test_a_refusal_says_what_is_true(text, why):
    with pytest.raises(ValueError, match=f"^text='{text}': {why}"):
        guesses.read(text)


@given(st.text(max_size=300) | st.text('19,;\t"\n\r .ax', max_size=60) | st.lists(
    st.sampled_from(["1,150", '"1,150"', "Ann,5", "Bob;6", "7", ",", "\t", "no, no", '"', "", "a,b"]), max_size=12).map("\n".join))
@settings(max_examples=900, deadline=None)
def test_whatever_is_pasted_is_read_or_refused_and_every_line_counted(text):
    try:
        found = guesses.read(text)
    except ValueError as error:
        assert str(error).startswith("text=")
        return
    assert np.isfinite(found.guesses).all()
    assert len(found.guesses) > 0
    assert all(count > 0 for count in found.left_out.values())
    filled = [bool(line.strip()) for line in text.splitlines()]
    lines = len(filled) - filled.index(True) - filled[::-1].index(True)
    counted = len(found.guesses) + sum(found.left_out.values())
    if lines > 1 and '"' not in text:
        assert counted == lines
    elif lines > 1:  # a quoted cell may have several
        assert counted <= lines


@given(st.lists(st.floats(-1e9, 1e9).map(lambda number: round(number, 3)), min_size=1, max_size=50))
@settings(max_examples=200, deadline=None)
def test_plain_numbers_come_back_as_they_are(numbers):
    assert read("\n".join(map(repr, numbers))) == (numbers, {})


def test_far_out_is_beyond_three_interquartile_ranges():
    usual = np.arange(1.0, 102.0)  # quartiles 26 and 76: fences at -124 and 226
    odd = np.concatenate([usual, [226, 227, -124, -125]])
    low, high = np.quantile(odd, [0.25, 0.75])
    expected = (odd < low - 3 * (high - low)) | (odd > high + 3 * (high - low))
    assert np.array_equal(guesses.far_out(odd), expected)
    assert not guesses.far_out(usual).any()
    assert guesses.far_out(np.append(usual, 1e6)).tolist() == [False] * 101 + [True]
    assert not guesses.far_out([7, 7, 7, 7, 1000]).any()  # no spread to measure by


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200))
@settings(max_examples=200, deadline=None)
def test_bins_are_round_equal_few_and_hold_every_guess(numbers):
    edges = guesses.bins(np.array(numbers))
    assert np.histogram(numbers, edges)[0].sum() == len(numbers)
    assert 1 <= len(edges) - 1 <= guesses.MOST_BINS + 2
    widths = np.diff(edges)
    assert np.allclose(widths, widths[0], rtol=1e-6, atol=1e-9 * np.abs(edges).max())


def answer(text, truth="", leave_out=True):
    return guesses.Pasted().answer({"text": text, "truth": truth, "leave_out": leave_out})


@pytest.mark.parametrize("text", ["5e-324", "0\n5e-324", "1e99\n-1e99", "1e16\n10000000000000002", "1000000\n1000000.0000000001", "-0", "6\n-5e-324"])
@pytest.mark.parametrize("truth", ["", "1e-99", "9e99"])
def test_tiny_huge_and_nearly_equal_guesses_are_weighed_too(text, truth):
    facts, numbers = answer(text, truth)
    bins = (len(numbers) - 1) // 2
    assert facts["refused"] == []
    assert np.isfinite(numbers).all()
    assert np.all(np.diff(numbers[:bins + 1]) > 0)
    assert numbers[bins + 1:].sum() == facts["count"] == len(text.split())


def test_what_is_said_is_the_chapter_s_identity():
    facts, numbers = answer("10\n16 lb\n19\nnobody knows\n", "14")
    errors = crowd.diversity_prediction(np.array([10.0, 16, 19]), 14)
    assert [float(error) for error in errors] == pytest.approx([1, 15, 14])
    assert facts["sentences"] == [
        "3 guesses, from 10 to 19. The mean is 15, the median 16.",
        "The truth is 14. The mean is 1 off, the median 2; a single guess is typically 3.873 off (root mean square). "
        "Farther off than the mean: 3 of 3.",
        "Crowd error = average error \u2212 diversity: 1.0 = 15.0 \u2212 14.0, in squares.",
        "Left out: 1 without a number."]
    assert facts["refused"] == []
    assert [(mark["name"], mark["at"]) for mark in facts["marks"]] == [("mean 15", 15), ("median 16", 16), ("truth 14", 14)]
    bins = (len(numbers) - 1) // 2
    assert numbers[bins + 1:].sum() == facts["count"] == 3
    assert numbers[0] <= 10 and numbers[bins] >= 19


def test_far_out_guesses_are_left_out_and_named_or_kept():
    text = "\n".join(map(str, [*range(100, 120), 1_000_000]))
    with_it, without = answer(text, leave_out=False)[0], answer(text)[0]
    assert (with_it["count"], without["count"]) == (21, 20)
    assert without["sentences"][-1] == "Left out: 1 far out (1,000,000)."
    assert [mark["at"] for mark in without["marks"]] == [109.5, 109.5]


def test_without_the_truth_nothing_is_said_of_errors():
    facts, _ = answer("5")
    assert facts["sentences"] == ["1 guess, from 5 to 5. The mean is 5, the median 5."]
    assert len(facts["marks"]) == 2


@pytest.mark.parametrize(("text", "truth", "named"), [("nothing", "", "text="), ("5", "a lot", "truth="), ("5", "1-2", "truth=")])
def test_what_cannot_be_weighed_is_refused_and_named(text, truth, named):
    facts, numbers = answer(text, truth)
    assert facts.keys() == {"refused"}
    assert facts["refused"][0].startswith(named)
    assert len(numbers) == 0
