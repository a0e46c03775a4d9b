"""A round of bets: what it refuses, its form, its scores, and the explorer that waits."""
import json
import re
from fractions import Fraction
from html import unescape

import pytest

from helpers import bets, explore, figures, predict

SIDES = ("many parts", "neither", "one centre")
ROWS = [("A crowd & its judge", "many parts", "93% <or so> against 80%."),
        ("Ants, or a map", "one centre", "40% against 70%."),
        ("Nets, or a book", "many parts", "9 of 10 against 8."), ("Drivers, or a planner", "neither", "Both 77%.")]


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, in order."""
    found = []
    monkeypatch.setattr(predict, "display", found.append)
    monkeypatch.setattr(explore, "display", found.append)
    monkeypatch.setattr(predict, "_waiting", [])
    return found


@pytest.fixture(params=["kernel", "baked"])
def engine(request, monkeypatch):
    monkeypatch.setenv("EXPLORE_ENGINE", request.param)
    return request.param


def html_of(shown, engine):
    (form,) = shown
    return form.data if engine == "baked" else form.html


def facts_of(html):
    return json.loads(unescape(re.search(r'data-bets="([^"]*)"', html)[1]))


@pytest.mark.parametrize(("argument", "said", "question", "rows", "choices"), [
    ("question", "''", "", ROWS, SIDES),
    ("question", "' '", " ", ROWS, SIDES),
    ("question", "None", None, ROWS, SIDES),
    ("rows", "[]", "Which?", [], SIDES),
    ("rows", "'crowd'", "Which?", "crowd", SIDES),
    ("rows", "('A', 'neither')", "Which?", [*ROWS, ("A", "neither")], SIDES),
    ("rows", "'ABC'", "Which?", ["ABC"], SIDES),
    ("rows", "''", "Which?", [("", "neither", "Why.")], SIDES),
    ("rows", "3", "Which?", [(3, "neither", "Why.")], SIDES),
    ("rows", "'both'", "Which?", [("A", "both", "Why.")], SIDES),
    ("rows", "['neither']", "Which?", [("A", ["neither"], "Why.")], SIDES),
    ("rows", "'many parts', 'neither', 'one centre'", "Which?", [("A", "both", "Why.")], SIDES),
    ("rows", "''", "Which?", [("A", "neither", "")], SIDES),
    ("rows", "None", "Which?", [("A", "neither", None)], SIDES),
    ("rows", "'A' twice", "Which?", [("A", "neither", "So."), *ROWS, ("A", "many parts", "No.")], SIDES),
    ("choices", "('many parts', 'one centre')", "Which?", ROWS, SIDES[::2]),
    ("choices", "('many parts', 'neither', 'one centre', 'all')", "Which?", ROWS, (*SIDES, "all")),
    ("choices", "('many parts', 'neither', 'neither')", "Which?", ROWS, ("many parts", "neither", "neither")),
    ("choices", "('many parts', '', 'one centre')", "Which?", ROWS, ("many parts", "", "one centre")),
    ("choices", "('many parts', 0, 'one centre')", "Which?", ROWS, ("many parts", 0, "one centre")),
    ("choices", "'all'", "Which?", ROWS, "all"),
])
def test_what_cannot_be_bet_on_is_named(shown, engine, argument, said, question, rows, choices):
    with pytest.raises(ValueError, match=f"^{argument} .*{re.escape(said)}"):
        bets.bets(question, rows, choices)
    assert shown == []
    assert predict._waiting == []


@pytest.mark.parametrize(("call", "message"), [
    (lambda: bets.brier(1.5, True), r"confidence is 1.5; allowed is a number from 0 to 1"),
    (lambda: bets.brier(0.5, [True]), r"right is \[True\]; allowed is True or False"),
    (lambda: bets.others([], SIDES), r"answers is \[\]"),
    (lambda: bets.others("neither", SIDES), r"answers is 'neither'"),
    (lambda: bets.others(["both"], SIDES), r"answers has 'both'; it must be one of the choices, 'many parts', 'neither', 'one centre'"),
    (lambda: bets.others(["neither"], SIDES[1:]), r"choices is \('neither', 'one centre'\)"),
])
def test_what_has_no_score(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_form_asks_each_row(shown, engine):
    bets.bets("Which side, <roughly>?", ROWS)
    html = html_of(shown, engine)
    assert html.startswith('<form class="predict bets" id="bets-which-side-roughly" '
                           'aria-labelledby="bets-which-side-roughly-question" novalidate autocomplete="off" ')
    assert '<p class="bets-question" id="bets-which-side-roughly-question">Which side, &lt;roughly&gt;?</p>' in html
    rows = re.findall(r"<fieldset(.*?)</fieldset>", html)
    assert len(rows) == 4
    for number, row in enumerate(rows):
        name = f"bets-which-side-roughly-{number}"
        title = ROWS[number][0].replace("&", "&amp;")
        assert row.startswith(f' aria-describedby="{name}-said"><legend>{title}</legend>')
        assert re.findall(r'<label><input type="radio" name="([^"]*)" value="(\d)" required> (.*?)</label>', row) == [
            (name, str(index), side) for index, side in enumerate(SIDES)]
        assert re.findall(r"<option( selected)?>(\d\d%)(.*?)</option>", row) == [
            ("", "34%", ", a guess"), ("", "45%", ""), (" selected", "60%", ""), ("", "75%", ""), ("", "90%", ""),
            ("", "99%", ", all but certain")]
        assert row.endswith(f'<p class="bets-said" id="{name}-said"></p>')
    assert html.count("<button") == 2
    assert 'type="button" data-action="pass">Pass<' in html
    assert "data-predict" not in html


def test_without_javascript_the_answers_are_a_click_away(shown, engine):
    bets.bets("Which?", ROWS)
    assert ("<noscript><details><summary>What was measured</summary><ul>"
            "<li><strong>A crowd &amp; its judge</strong>: many parts. 93% &lt;or so&gt; against 80%.</li>"
            ) in html_of(shown, engine)


def quadratic(choice, answer, percent):
    """Brier's score of one bet, by its definition."""
    chances = [Fraction(percent, 100) if index == choice else Fraction(100 - percent, 200) for index in range(3)]
    return sum((chance - (index == answer)) ** 2 for index, chance in enumerate(chances))


def test_every_bet_has_its_score(shown, engine):
    bets.bets("Which?", ROWS)
    facts = facts_of(html_of(shown, engine))
    assert facts["names"] == [name for name, _, _ in ROWS]
    assert facts["choices"] == list(SIDES)
    assert facts["answers"] == [0, 2, 0, 1]
    assert facts["why"] == [why for _, _, why in ROWS]
    assert facts["levels"] == [34, 45, 60, 75, 90, 99]
    for level, percent in enumerate(facts["levels"]):
        for answer in range(3):
            for choice in range(3):
                assert facts["scores"][choice == answer][level] == pytest.approx(
                    float(quadratic(choice, answer, percent)), abs=1e-14)


def test_the_score_is_best_served_by_the_truth():
    """Over a grid: who is right with chance p, and wrong either way alike, loses least by saying p."""
    grid = [k / 100 for k in range(101)]
    for p in (0.34, 0.6, 0.99):
        losses = [p * bets.brier(said, True) + (1 - p) * bets.brier(said, False) for said in grid]
        assert grid[losses.index(min(losses))] == p
    assert (bets.brier(1, True), bets.brier(1, False)) == (0, 2)


def test_others_are_scored_as_the_reader_is(shown, engine):
    bets.bets("Which?", ROWS)
    answers = [SIDES.index(answer) for _, answer, _ in ROWS]
    many, centre = (float(sum(quadratic(side, answer, 60) for answer in answers)) / 4 for side in (0, 2))
    assert (f"{many:.2f}", f"{centre:.2f}") == ("0.64", "0.84")
    assert facts_of(html_of(shown, engine))["others"] == [
        "Someone who says one third for each choice scores 0.67.",
        "Someone who always bets on “many parts”, 60% sure, scores 0.64.",
        "Someone who always bets on “one centre”, 60% sure, scores 0.84."]


def test_the_choices_may_be_named_otherwise(shown, engine):
    bets.bets("Which?", [("Ants", "a <tie>", "Both 77%.")], choices=["ants", "a <tie>", "planner"])
    html = html_of(shown, engine)
    assert "required> a &lt;tie&gt;</label>" in html
    facts = facts_of(html)
    assert (facts["choices"], facts["answers"]) == (["ants", "a <tie>", "planner"], [1])
    assert "“planner”" in facts["others"][2]


def make_atlas():
    @explore.explore(lost=(0, 40, 20))
    def atlas(lost=20):
        """What is left."""
        return figures.panel()[0], f"{lost}%"
    return atlas


def test_in_the_page_the_explorer_names_the_bets(shown, monkeypatch):
    monkeypatch.setenv("EXPLORE_ENGINE", "baked")
    bets.bets("Which side?", ROWS)
    make_atlas()
    form, figure = shown
    assert 'id="bets-which-side"' in form.data
    assert 'data-after="bets-which-side"' in figure.data
    assert "data-sets" not in figure.data


def test_in_a_kernel_the_explorer_opens_when_the_bets_are_placed(shown, monkeypatch):
    monkeypatch.delenv("EXPLORE_ENGINE", raising=False)
    assert bets.bets("Which side?", ROWS) is None  # or a notebook would show it twice
    form = bets.bets.form
    assert form is shown[0]
    assert (form.bets, form.done) == ([], False)
    atlas = make_atlas()
    assert atlas.widget.layout.display == "none"
    form.bets = [{"name": "Ants, or a map", "choice": "neither", "confidence": 0.6}]
    assert atlas.widget.layout.display == "none"
    form.done = True
    assert atlas.widget.layout.display == ""
    assert atlas.widget.children[0].value == 20
    assert make_atlas().widget.layout.display != "none"
