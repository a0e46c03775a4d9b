"""Every question of every page: it holds its figure back, answers, and opens it."""
import json
import re

import built
import pytest
from hands import expect_state, figure_of
from playwright.sync_api import expect

ASKED = [page for page in built.PAGES if built.CHECKS[page]]
VIEW = {built.Explorer: ".explore-view svg", built.Stage: ".stage-view canvas"}


def form_of(tab, form):
    return tab.locator(f"form#{form.name}")


def guesses(form):
    """[(number to type, side)] for a question that asks a number: well below, inside, well above."""
    low, high = form.facts["interval"]
    return [(low, "right"), (high, "right")]


def expect_waiting(tab, form):
    if form.opens is not None:
        figure = tab.locator(form.opens.selector)
        expect(figure).to_have_attribute("data-waiting", "true")
        expect(figure.locator(VIEW[type(form.opens)]).first).to_be_hidden()
        expect(figure.locator("figcaption")).to_be_hidden()
        expect(figure.locator(".predict-wait")).to_be_visible()


def expect_open(tab, form):
    if form.opens is not None:
        figure = tab.locator(form.opens.selector)
        expect(figure).not_to_have_attribute("data-waiting", "true")
        expect(figure.locator(VIEW[type(form.opens)]).first).to_be_visible()
        expect(figure.locator("figcaption")).to_be_visible()
        expect(figure.locator(".explore-note")).to_be_hidden()


@pytest.mark.front_end
def test_nothing_opens_before_an_answer_and_to_pass_takes_two_tabs_and_a_key(reader, form, where):
    tab = reader.open(form.page, where=where)
    expect_waiting(tab, form)
    asked = form_of(tab, form)
    asked.locator("[type=submit]").click()  # the browser asks for the missing answer
    assert asked.locator("input:invalid").count() > 0
    expect(asked.locator(".predict-feedback")).to_have_text("")
    expect_waiting(tab, form)
    asked.locator("input").first.focus()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    expect(asked.locator("[data-action=pass]")).to_be_focused()
    tab.keyboard.press("Enter")
    expect(asked.locator(".predict-feedback")).to_have_text(form.facts["told"])
    expect_open(tab, form)
    if isinstance(form.opens, built.Explorer):
        expect_state(tab.locator(form.opens.selector), form.opens.default)


def nearest(form, number):
    """The state in which the figure opens at `number`."""
    explorer = form.opens
    names = [control.name for control in explorer.controls]
    labels = [float(label) for label in explorer.controls[names.index(explorer.sets)].labels]
    distances = [abs(label - number) for label in labels]
    indices = list(explorer.default)
    indices[names.index(explorer.sets)] = distances.index(min(distances))
    return tuple(indices)


@pytest.mark.front_end
def test_each_answer_gets_its_own_word(reader, form, where):
    tab = reader.open(form.page, where=where)
    asked = form_of(tab, form)
    told = asked.locator(".predict-feedback")
    if "interval" in form.facts:
        field = asked.locator("input[type=number]")
        low, high = form.facts["interval"]
        least, most = (float(field.get_attribute(end)) for end in ("min", "max"))
        for number, side in ((low, "right"), (high, "right"), (least, "low"), (most, "high")):
            step = field.get_attribute("step")
            if step != "any":
                number = least + round((number - least) / float(step)) * float(step)
            if (side == "right") != (low <= number <= high):
                continue  # the interval's end is no step, or the range ends inside the interval
            field.fill(f"{number:g}")
            asked.locator("[type=submit]").click()
            expect(told).to_have_text(form.facts["why"][side])
            expect(asked).to_have_attribute("data-right", str(side == "right").lower())
            expect_open(tab, form)
    else:
        for index in reversed(range(len(form.facts["feedback"]))):
            right = index == form.facts["right"]
            asked.locator("input[type=radio]").nth(index).check()
            asked.locator("[type=submit]").click()
            said = f"{'Yes.' if right else 'Not quite.'} {form.facts['feedback'][index]}"
            expect(told).to_have_text(said)
            expect(asked).to_have_attribute("data-right", str(right).lower())
            expect_open(tab, form)
        wrong = [word for index, word in enumerate(form.facts["feedback"])
                 if index != form.facts["right"]]
        assert len(set(wrong)) == len(wrong)
        assert all(wrong)


def test_another_choice_clears_the_verdict(reader):
    """One form of each kind: they share one front end."""
    for kind in ("interval", "right"):
        form = next(form for form in built.FORMS if kind in form.facts)
        asked = form_of(reader.open(form.page), form)
        field = asked.locator("input")
        for number in range(2):
            if kind == "right":
                field.nth(number).check()
            else:
                field.fill(field.get_attribute(("min", "max")[number]))
            expect(asked.locator(".predict-feedback")).to_have_text("")
            expect(asked).not_to_have_attribute("data-right", re.compile(""))
            asked.locator("[type=submit]").click()
            expect(asked).to_have_attribute("data-right", re.compile("true|false"))


def test_the_figure_starts_at_the_reader_s_number(reader, number_gate, where):
    form = number_gate
    for share in (0.1, 0.77):
        tab = reader.open(form.page, where=where)
        asked = form_of(tab, form)
        field = asked.locator("input[type=number]")
        least, most = (float(field.get_attribute(end)) for end in ("min", "max"))
        step = field.get_attribute("step")
        number = least + share * (most - least)
        if step != "any":
            number = least + round((number - least) / float(step)) * float(step)
        field.fill(f"{number:g}")
        asked.locator("[type=submit]").click()
        figure = tab.locator(form.opens.selector)
        indices = nearest(form, number)
        assert indices != form.opens.default
        expect_state(figure, indices)
        expect(figure.locator("figcaption")).to_have_text(form.opens.states()[indices].sentence)


@pytest.mark.front_end
def test_the_keyboard_is_enough(reader, form, where):
    tab = reader.open(form.page, where=where)
    asked = form_of(tab, form)
    told = asked.locator(".predict-feedback")
    first = asked.locator("input").first
    first.focus()
    if "interval" in form.facts:
        tab.keyboard.type(first.get_attribute("max"))
        expected = form.facts["why"]["high" if float(first.get_attribute("max")) > form.facts[
            "interval"][1] else "right"]
        tab.keyboard.press("Enter")
    else:
        tab.keyboard.press("Space")
        tab.keyboard.press("ArrowDown")
        expect(asked.locator("input").nth(1)).to_be_checked()
        expected = form.facts["feedback"][1]
        tab.keyboard.press("Tab")
        expect(asked.locator("[type=submit]")).to_be_focused()
        tab.keyboard.press("Enter")
    expect(told).to_contain_text(expected)
    assert told.inner_text().strip()
    expect_open(tab, form)


@pytest.mark.front_end
def test_an_address_opens_a_figure_that_waits(reader, gate):
    explorer = gate.opens
    tab = reader.open(gate.page, f"#{explorer.name}?{explorer.query(explorer.default)}")
    expect_open(tab, gate)
    expect_state(tab.locator(explorer.selector), explorer.default)


def test_the_facts_are_whole(form):
    assert json.dumps(form.facts)
    assert form.facts["told"].strip()


@pytest.mark.parametrize("page", ASKED)
def test_every_check_answers_each_choice_by_keyboard_alone(reader, page, request):
    """One tab for the whole page: nothing on it waits for these answers. By default one chapter over http and one as a file."""
    if page not in ASKED[:2]:
        request.getfixturevalue("at_length")
    tab = reader.open(page, where=("http", "file")[ASKED.index(page) % 2])
    for check in built.CHECKS[page]:
        asked, feedback = form_of(tab, check), check.facts["feedback"]
        told = asked.locator(".predict-feedback")
        asked.locator("input").first.focus()
        tab.keyboard.press("Space")
        for index, why in enumerate(feedback):
            if index:
                asked.locator("input:checked").focus()
                tab.keyboard.press("ArrowDown")
            tab.keyboard.press("Enter")
            right = index == check.facts["right"]
            expect(told).to_have_text(f"{'Yes.' if right else 'Not quite.'} {why}")
            expect(asked).to_have_attribute("data-right", str(right).lower())
        tab.keyboard.press("Tab")
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        expect(told).to_have_text(check.facts["told"])
        assert len(set(feedback)) == len(feedback) and all(feedback)


@pytest.mark.parametrize("page", ASKED)
def test_a_check_s_answer_can_be_unfolded_without_javascript(reader, page):
    tab = reader.open(page, java_script_enabled=False)
    for check in built.CHECKS[page][:2]:
        asked = form_of(tab, check)
        expect(asked.locator("button").first).to_be_hidden()
        asked.locator("noscript summary").click()
        expect(asked.locator("noscript p")).to_have_text(check.facts["told"])


def test_every_chapter_asks():
    assert len(ASKED) == len([page for page in built.PAGES if page[5:7].isdigit()]) == 8


def test_no_two_questions_of_a_page_have_one_address(page):
    names = [form["id"] for form in built.soup(page).select("form[id]")]
    assert len(set(names)) == len(names)
