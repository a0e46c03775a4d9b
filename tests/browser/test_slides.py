"""The decks: every figure and question of a chapter on a slide that holds it, alive, with the prose as notes."""
from pathlib import Path

import built
import pytest
from playwright.sync_api import expect

CHAPTERS = [page for page in built.PAGES if Path(page).stem[:2].isdigit()]


def deck_of(page):
    return f"slides/{Path(page).name}"


@pytest.fixture(params=CHAPTERS, ids=lambda page: Path(page).stem)
def chapter(request):
    return request.param


def wanted(page):
    return built.soup(page).select("figure.explore, figure.stage, figure.paste, form.predict")


def test_a_deck_has_every_figure_and_question_once_and_notes(chapter):
    deck = built.soup(deck_of(chapter))
    shown = [element["id"] for element in deck.select("section figure[id], section form[id]:not(figure form)")]
    assert shown == [element["id"] for element in wanted(chapter)]
    notes = [note for note in deck.select("aside.notes") if note.text.strip()]
    assert len(notes) >= len(deck.select(".slides > section"))
    prose = built.soup(chapter).select_one("article section section > p").text[:80]
    assert prose in "".join(note.text for note in notes)
    assert not deck.select("aside.notes figure, aside.notes form")


# Walks through the deck as a teacher does; returns how many slides it met, and what of them the screen does not hold.
WALK = """async () => {
  const cut = [];
  let seen = 1;
  for (;; seen += 1) {
    const slide = document.querySelector("section.present:not(.stack)");
    for (const figure of slide.querySelectorAll("[data-waiting]")) {
      document.getElementById(figure.dataset.after).querySelector("[data-action=pass]").click();
    }
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const scrolls = getComputedStyle(slide).overflowY === "auto"; // a long table, or many bets
    if (scrolls && slide.getBoundingClientRect().bottom > innerHeight) cut.push(`${slide.textContent.slice(0, 40)} does not scroll`);
    for (const shown of slide.querySelectorAll("h1, h2, .lead, .formula, figure, form.predict")) {
      const { left, right, top, bottom } = shown.getBoundingClientRect();
      if (left < 0 || right > innerWidth || (!scrolls && (top < 0 || bottom > innerHeight))) {
        cut.push(`${shown.id || shown.textContent.slice(0, 40)}: ${Math.round(right)}, ${Math.round(bottom)}`);
      }
    }
    for (const formula of slide.querySelectorAll("div.formula")) {
      if (formula.scrollWidth > formula.clientWidth) cut.push(`formula ${formula.textContent.slice(0, 40)}: ${formula.scrollWidth} in ${formula.clientWidth}`);
    }
    if (Reveal.isLastSlide() && Reveal.isLastVerticalSlide()) return { seen, cut };
    Reveal.next();
  }
}"""


def test_every_slide_can_be_reached_and_holds_what_it_shows(reader, chapter):
    turn = CHAPTERS.index(chapter) % 2
    tab = reader.open(deck_of(chapter), where=("http", "file")[turn], viewport={"width": 1280, "height": 800},
                      color_scheme=("light", "dark")[turn], reduced_motion="reduce")
    tab.wait_for_function("() => window.Reveal?.isReady()")
    found = tab.evaluate(WALK)
    assert found["cut"] == []
    assert found["seen"] == tab.evaluate("Reveal.getTotalSlides()")


def shown(reader, page):
    tab = reader.open(deck_of(page), viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    tab.wait_for_function("() => window.Reveal?.isReady()")
    return tab


def past(tab):
    """How many slides lie before the one that is shown."""
    return tab.evaluate("Reveal.getSlidePastCount()")


def turn_to(tab, selector):
    tab.evaluate("""selector => {
      const at = Reveal.getIndices(document.querySelector(selector).closest("section"));
      Reveal.slide(at.h, at.v);
    }""", selector)


@pytest.mark.parametrize("key", ["ArrowRight", "PageDown", "Space", "n"])
def test_a_key_turns_through_all_slides(reader, key):
    tab = shown(reader, CHAPTERS[0])
    for number in range(1, 8):
        tab.keyboard.press(key)
        assert past(tab) == number
    for key in ("ArrowLeft", "PageUp"):
        number = past(tab)
        tab.keyboard.press(key)
        assert past(tab) == number - 1


def test_the_presenter_s_keys_are_alive_in_a_control_and_leave_it_alone(reader):
    tab = shown(reader, CHAPTERS[0])
    explorer = next(one for one in built.EXPLORERS if one.page == CHAPTERS[0] and one.after is None)
    slider = tab.locator(f"{explorer.selector} [type=range]").first
    for key, step in (("PageDown", 1), ("PageUp", -1), ("n", 1), ("Space", 1)):
        turn_to(tab, explorer.selector)
        slider.focus()
        tab.keyboard.press("Home")
        tab.keyboard.press("ArrowRight")
        value, number = slider.input_value(), past(tab)
        tab.keyboard.press(key)
        assert past(tab) == number + step, key
        assert slider.input_value() == value, key
    turn_to(tab, explorer.selector)
    slider.focus()
    tab.keyboard.press("Escape")
    assert tab.evaluate("Reveal.isOverview()")
    tab.keyboard.press("Escape")
    slider.focus()
    with tab.expect_popup():
        tab.keyboard.press("s")


def test_a_control_keeps_the_keys_that_it_needs(reader):
    tab = shown(reader, CHAPTERS[0])
    tab.evaluate("document.querySelectorAll('[data-action=pass]').forEach((button) => button.click())")  # the figures open
    for kind, keys in (("[type=range]", ["ArrowRight", "ArrowLeft", "Home", "End", "Tab"]), ("[type=checkbox]", ["Space"]),
                       ("button", ["Space", "Enter"]), ("[type=radio]", ["ArrowDown", "Space"]), ("select", ["ArrowDown", "Home"]),
                       ("textarea", ["n", "s", "Space", "ArrowDown", "Home", "End"])):
        selector = f".slides {kind}"
        turn_to(tab, selector)
        number = past(tab)
        for key in keys:
            tab.locator(selector).first.focus()
            tab.keyboard.press(key)
            assert past(tab) == number, (kind, key)
            assert not tab.evaluate("document.activeElement === document.body"), (kind, key)


def test_who_has_answered_turns_on_with_any_key(reader):
    form = next(one for one in built.FORMS if one.page == CHAPTERS[0] and "interval" in one.facts)
    tab = shown(reader, CHAPTERS[0])
    field = tab.locator(f"#{form.name} input")
    for answer in ("Enter", "Space"):
        turn_to(tab, f"#{form.name}")
        number = past(tab)
        field.fill(field.get_attribute("min"))
        if answer == "Space":  # on "Show me"
            tab.locator(f"#{form.name} [data-action=pass]").focus()
        tab.keyboard.press(answer)
        expect(tab.locator(f"#{form.name} .predict-feedback")).not_to_have_text("")
        tab.keyboard.press("ArrowDown")
        assert past(tab) == number + 1
        assert field.input_value() == field.get_attribute("min")


def test_what_scrolls_within_a_slide_fades_below(reader):
    tab = shown(reader, CHAPTERS[-1])
    turn_to(tab, ".slides form.bets")
    edge = tab.evaluate("""() => {
      const slide = Reveal.getCurrentSlide();
      const edge = getComputedStyle(slide, "::after");
      return [slide.scrollHeight > slide.clientHeight, edge.position, edge.bottom, edge.backgroundImage.includes("gradient")];
    }""")
    assert edge == [True, "sticky", "0px", True]


def test_a_figure_answers_on_its_slide_and_the_slide_is_kept(reader):
    page = CHAPTERS[0]
    explorer = next(one for one in built.EXPLORERS if one.page == page and one.after is None)
    tab = shown(reader, page)
    turn_to(tab, explorer.selector)
    figure = tab.locator(explorer.selector)
    assert figure.get_by_role("button").count() == 0  # a deck's address opens no state
    slider = figure.locator("[name]").first
    slider.focus()
    before, place = figure.get_attribute("data-state"), tab.evaluate("JSON.stringify(Reveal.getIndices())")
    tab.keyboard.press("ArrowRight" if explorer.default[0] < explorer.sizes[0] - 1 else "ArrowLeft")
    expect(figure).not_to_have_attribute("data-state", before or "")
    state = tuple(map(int, figure.get_attribute("data-state").split(",")))
    expect(figure.locator("figcaption")).to_have_text(explorer.states()[state].sentence)
    assert tab.evaluate("JSON.stringify(Reveal.getIndices())") == place


def test_notes_open_in_a_window_of_their_own(reader):
    tab = reader.open(deck_of(CHAPTERS[0]), viewport={"width": 1280, "height": 800})
    tab.wait_for_function("() => window.Reveal?.isReady()")
    with tab.expect_popup() as opened:
        tab.keyboard.press("s")
    opened.value.wait_for_function("() => document.querySelector('.speaker-controls-notes .value')?.textContent.trim().length > 20")
