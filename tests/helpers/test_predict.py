"""The question before an explorer: what it refuses, its form, and the explorer that waits."""
import json
import re
from html import unescape

import numpy as np
import pytest

from helpers import bets, explore, figures, predict
from helpers.controls import controls_of

CHOICES = ["60%", "75%", "98% & more"]
WHY = {"60%": "One member alone.", "75%": "A jury of <eleven>."}
SIDES = {"low": "More.", "high": "Less.", "right": "So it is.", "pass": "It is so."}


@pytest.fixture(autouse=True)
def nobody_waits():
    predict._waiting.clear()
    yield
    predict._waiting.clear()


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, in order."""
    found = []
    monkeypatch.setattr(predict, "display", found.append)
    monkeypatch.setattr(explore, "display", found.append)
    return found


@pytest.fixture(params=["kernel", "baked"])
def engine(request, monkeypatch):
    monkeypatch.setenv("EXPLORE_ENGINE", request.param)
    return request.param


@pytest.mark.parametrize(("argument", "choices", "answer", "why", "options"), [
    ("choices_or_range", [], "60%", {}, {}),
    ("choices_or_range", ["60%"], "60%", {}, {}),
    ("choices_or_range", ["60%", "60%"], "60%", {}, {}),
    ("choices_or_range", [60, 75], 60, {75: "no"}, {}),
    ("choices_or_range", "60%", "60%", {}, {}),
    ("choices_or_range", {"60%": 1, "75%": 2}, "60%", {"75%": "no"}, {}),
    ("choices_or_range", ("60%", "75%"), "60%", {"75%": "no"}, {}),
    ("choices_or_range", (0,), 0, SIDES, {}),
    ("choices_or_range", (0, 1, 1, 1), 0, SIDES, {}),
    ("choices_or_range", (1, 1), 1, SIDES, {}),
    ("choices_or_range", (2, 1), 1, SIDES, {}),
    ("choices_or_range", (0, float("inf")), 1, SIDES, {}),
    ("choices_or_range", (float("nan"), 1), 1, SIDES, {}),
    ("choices_or_range", (0, 1, 0), 1, SIDES, {}),
    ("choices_or_range", (0, 1, -1), 1, SIDES, {}),
    ("answer", CHOICES, "61%", WHY, {}),
    ("answer", (0, 10), 11, SIDES, {}),
    ("answer", (0, 10), (-1, 3), SIDES, {}),
    ("answer", (0, 10), (4, 3), SIDES, {}),
    ("answer", (0, 10), (1, 2, 3), SIDES, {}),
    ("answer", (0, 10), "5", SIDES, {}),
    ("answer", (0, 10), float("nan"), SIDES, {}),
    ("why", CHOICES, "60%", {}, {}),
    ("why", CHOICES, "60%", {"75%": "no"}, {}),
    ("why", CHOICES, "60%", {"75%": "no", "98% & more": ""}, {}),
    ("why", CHOICES, "98% & more", WHY | {"61%": "not asked"}, {}),
    ("why", (0, 10), 5, {"low": "More.", "right": "Yes."}, {}),
    ("why", (0, 10), 5, SIDES | {"left": "?"}, {}),
    ("why", (0, 10), 5, SIDES | {"low": ""}, {}),
    ("why", CHOICES, "60%", WHY | {"75%": b"bytes"}, {}),
    ("why", (0, 10), 5, 1, {}),
    ("sets", CHOICES, "98% & more", WHY, {"sets": "voters"}),
    ("sets", (0, 10), 5, SIDES, {"sets": 1}),
])
def test_what_cannot_be_asked_is_named(shown, engine, argument, choices, answer, why, options):
    with pytest.raises(ValueError, match=f"^{argument} "):
        predict.predict("How often?", choices, answer, why, **options)
    assert shown == []
    assert predict._waiting == []


def html_of(shown, engine):
    (form,) = shown
    return form.data if engine == "baked" else form.html


def facts_of(html):
    return json.loads(unescape(re.search(r'data-predict="([^"]*)"', html)[1]))


def test_the_form_of_a_choice(shown, engine):
    predict.predict("How often, <roughly>?", CHOICES, "98% & more", WHY)
    html = html_of(shown, engine)
    assert html.startswith('<form class="predict" id="predict-how-often-roughly" ')
    assert "<legend>How often, &lt;roughly&gt;?</legend>" in html
    radios = re.findall(r'<label><input type="radio" name="([^"]*)" value="(\d)" required> (.*?)</label>',
                        html)
    assert radios == [("predict-how-often-roughly", str(number), choice) for number, choice in
                      enumerate(["60%", "75%", "98% &amp; more"])]
    assert facts_of(html) == {
        "right": 2, "feedback": ["One member alone.", "A jury of <eleven>.", ""],
        "told": "The answer: 98% & more."}
    assert "<noscript><p>The answer: 98% &amp; more.</p></noscript>" in html
    assert html.count("<button") == 2
    assert 'type="button" data-action="pass"' in html


def test_the_right_choice_may_have_its_own_word(shown, engine):
    predict.predict("How often?", CHOICES, "60%", {
        "60%": "Indeed.", "75%": "No.", "98% & more": "Never."})
    assert facts_of(html_of(shown, engine)) == {
        "right": 0, "feedback": ["Indeed.", "No.", "Never."], "told": "The answer: 60%. Indeed."}


@pytest.mark.parametrize(("bounds", "step"), [((400, 2000, 10), "10"), ((0.5, 2.5), "any")])
@pytest.mark.parametrize(("answer", "interval"), [(2, [2, 2]), ((1, 2), [1, 2])])
def test_the_form_of_a_number(shown, engine, bounds, step, answer, interval):
    if step == "10":
        answer, interval = (600, [600, 600]) if answer == 2 else ((500, 600), [500, 600])
    predict.predict("How heavy?", bounds, answer, SIDES)
    html = html_of(shown, engine)
    low, high, *_ = bounds
    assert (f'<input type="number" name="predict-how-heavy" min="{low}" max="{high}" step="{step}" '
            "required>") in html
    assert facts_of(html) == {"interval": interval, "why": SIDES, "told": "It is so."}
    assert "<noscript><p>It is so.</p></noscript>" in html


def test_a_check_has_the_same_form_and_nothing_waits_for_it(shown, engine):
    predict.checkpoint("How often?", CHOICES, "98% & more", WHY | {"98% & more": "As a hundred."})
    html = html_of(shown, engine)
    assert html.startswith('<form class="predict check" id="check-how-often" ')
    assert facts_of(html)["feedback"] == ["One member alone.", "A jury of <eleven>.", "As a hundred."]
    assert "<noscript><details><summary>The answer</summary><p>The answer: 98% &amp; more. As a hundred.</p>" in html
    assert predict.take_gate("jury", controls()) is None


@pytest.mark.parametrize(("call", "argument"), [
    (lambda: predict.address(1, "How often?"), "kind"), (lambda: predict.address("predict", b"How often?"), "question"),
    (lambda: predict.ask(1, "", predict.Form), "name"), (lambda: predict.ask("a", 1, predict.Form), "html"),
    (lambda: predict.predict(1, CHOICES, "60%", WHY), "question"), (lambda: predict.checkpoint(1, CHOICES, "60%", WHY), "question")])
def test_what_must_be_a_text(shown, engine, call, argument):
    with pytest.raises(ValueError, match=f"^{argument} is .*; it must be a text"):
        call()
    assert shown == [] and predict._waiting == []


@pytest.mark.parametrize(("argument", "choices", "answer", "why"), [
    ("choices", ["60%"], "60%", {"60%": "yes"}), ("answer", CHOICES, "61%", WHY), ("why", CHOICES, "60%", WHY),
    ("answer", CHOICES, np.ones(2), WHY), ("why", CHOICES, "60%", 1), ("why", CHOICES, "98% & more", WHY), ("why", CHOICES, "98% & more", WHY | {"98% & more": ""})])
def test_what_cannot_be_checked_is_named(shown, engine, argument, choices, answer, why):
    with pytest.raises(ValueError, match=f"^{argument} "):
        predict.checkpoint("How often?", choices, answer, why)
    assert shown == []


def controls(**abbreviations):
    def jury(voters=3, kind="peers", stops=5):
        pass
    return controls_of(jury, {"voters": (1, 9, 2), "kind": ["peers", "lords"], "stops": [1, 5, 9]})


def test_without_a_question_nothing_waits():
    assert predict.take_gate("jury", controls()) is None


def test_the_last_question_is_taken_once(shown, engine):
    predict.predict("First?", CHOICES, "98% & more", WHY)
    predict.predict("Second?", (1, 9), 5, SIDES, sets="voters")
    gate = predict.take_gate("jury", controls())
    assert (gate.name, gate.control) == ("predict-second", "voters")
    assert (gate.form is None) == (engine == "baked")
    assert predict.take_gate("jury", controls()) is None


@pytest.mark.parametrize("control", ["nobody", "kind", "stops"])
def test_an_answer_sets_a_slider_or_is_refused(shown, engine, control):
    predict.predict("How many?", (1, 9), 5, SIDES, sets=control)
    with pytest.raises(ValueError, match=f"jury: .*{control!r}.*its sliders are voters"):
        predict.take_gate("jury", controls())
    assert predict.take_gate("jury", controls()) is None  # a second run of the cell starts afresh


def make_jury():
    @explore.explore(voters=(1, 9, 2), share_of_peers=(0.0, 1.0, 0.1))
    def jury(voters=3, share_of_peers=0.5):
        """A jury."""
        return figures.panel()[0], f"{voters} voters, {share_of_peers}"
    return jury


def test_in_the_page_the_explorer_names_its_question(shown, monkeypatch):
    monkeypatch.setenv("EXPLORE_ENGINE", "baked")
    predict.predict("How many?", (1, 9), 5, SIDES, sets="voters")
    make_jury()
    form, figure = shown
    assert 'id="predict-how-many"' in form.data
    assert 'data-after="predict-how-many" data-sets="voters"' in figure.data


@pytest.mark.parametrize(("sets", "answer", "voters", "share"), [
    (None, None, 3, 0.5), ("voters", None, 3, 0.5),  # passed
    ("voters", object(), 3, 0.5),  # passed in a browser, where JavaScript's null is an object of its own
    ("voters", 5, 5, 0.5), ("voters", 6.8, 7, 0.5), ("voters", 4.2, 5, 0.5),
    ("voters", -40, 1, 0.5), ("voters", 900, 9, 0.5),
    ("share_of_peers", 0.71, 3, 0.7), ("share_of_peers", 3, 3, 1.0),
])
def test_in_a_kernel_the_explorer_opens_at_the_answer(
        shown, monkeypatch, sets, answer, voters, share):
    monkeypatch.delenv("EXPLORE_ENGINE", raising=False)
    predict.predict("How many?", (-100, 1000), 5, SIDES, sets=sets)
    form = shown[0]
    jury = make_jury()
    assert jury.widget.layout.display == "none"
    form.answer = answer
    assert jury.widget.layout.display == "none"  # the answer opens nothing before it is done
    assert jury.widget.children[0].value == 3
    form.done = True
    assert jury.widget.layout.display == ""
    assert jury.widget.children[0].value == voters
    assert jury.widget.children[1].value == pytest.approx(share, abs=1e-9)


def test_an_explorer_run_after_the_answer_is_open_at_once(shown, monkeypatch):
    monkeypatch.delenv("EXPLORE_ENGINE", raising=False)
    predict.predict("How many?", (1, 9), 5, SIDES, sets="voters")
    shown[0].answer, shown[0].done = 7, True
    jury = make_jury()
    assert jury.widget.layout.display == "" and jury.widget.children[0].value == 7


def test_what_waits_names_the_button_that_opens_it(shown, monkeypatch):
    monkeypatch.delenv("EXPLORE_ENGINE", raising=False)
    predict.predict("How many?", (1, 9), 5, SIDES)
    make_jury()
    bets.bets("Which side?", [("A crowd", "many parts", "It kept 93%.")])
    make_jury()
    waits = [widget.value for widget in shown if "above" in getattr(widget, "value", "")]
    assert [re.findall("“(.*)”", text) for text in waits] == [["Show me"], ["Pass"]]


def test_a_question_asked_of_one_explorer_leaves_the_next_open(shown, monkeypatch):
    monkeypatch.delenv("EXPLORE_ENGINE", raising=False)
    predict.predict("How many?", (1, 9), 5, SIDES)
    assert make_jury().widget.layout.display == "none"
    assert make_jury().widget.layout.display != "none"
